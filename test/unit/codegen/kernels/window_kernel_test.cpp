// Kernels of windows and lookups compute what the interpreter says, bit for bit, for geometries and
// schedules of all kinds.
#include <gtest/gtest.h>

#include "test/unit/codegen/kernels/kernel_fixture.h"

using namespace mlir;

namespace lamina::codegen {
namespace {

using ir::HostTensor;

constexpr int64_t kBatchSize = 3;

/// Windows along one to three dimensions, some with gaps between them or padding on both sides.
struct Windows {
  Extents input, window, strides, low, high;
  int64_t channels;

  explicit Windows(Random &random) {
    for (int64_t rank = random.between(1, 3); rank > 0; --rank)
      addDimension(random, rank == 3);
    channels = random.oneOf<int64_t>({1, 3, 4, 8, 15, 16, 17, 40, 64, 70});
  }

  RankedTensorType type(Type element, bool dynamic) const {
    Extents shape = {dynamic ? ShapedType::kDynamic : kBatchSize};
    shape.append(input);
    shape.push_back(channels);
    return RankedTensorType::get(shape, element);
  }

private:
  void addDimension(Random &random, bool small) {
    window.push_back(random.between(1, small ? 2 : 4));
    strides.push_back(random.between(1, 4));
    low.push_back(random.between(0, window.back() - 1));
    high.push_back(random.between(0, window.back() - 1));
    int64_t least = std::max<int64_t>(1, window.back() - low.back() - high.back());
    input.push_back(random.between(least, least + (small ? 2 : 9)));
    if (!small && random.chance(10)) {
      window.back() = 20;
      input.back() = random.between(20 - low.back() - high.back(), 24);
    }
  }
};

class WindowKernel : public KernelTest {
protected:
  Type pickElement(Random &random, bool floats) {
    Builder builder(&context);
    if (floats)
      return random.oneOf<Type>({builder.getF32Type(), builder.getF32Type(), builder.getF64Type()});
    return random.oneOf<Type>({builder.getF32Type(), builder.getF32Type(), builder.getF64Type(),
                               builder.getI32Type(), builder.getI64Type(), builder.getI8Type(),
                               builder.getIntegerType(8, false)});
  }

  /// Drawn when it is made, so that equal seeds give equal tests.
  ScheduleMaker randomSchedule(Random &random) {
    int64_t vectors = random.between(1, 4), pixels = random.between(1, 40);
    return [this, vectors, pixels](ir::KernelOp, int64_t lanes) {
      return ir::WindowScheduleAttr::get(&context, lanes, vectors, pixels, 0);
    };
  }
};

TEST_P(WindowKernel, ReducesAndFindsPlaces) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    Random random(seed);
    Windows w(random);
    Type element = pickElement(random, false);
    RankedTensorType type = w.type(element, random.chance(70));
    int64_t which = random.between(0, 3);
    bool follows = random.chance(50) && isa<FloatType>(element);
    auto body = [&](OpBuilder &builder, ValueRange arguments) {
      Location loc = builder.getUnknownLoc();
      llvm::SmallVector<Value> results;
      auto kind = which == 0 ? ir::ReductionKind::add : ir::ReductionKind::maximum;
      if (which != 1)
        results.push_back(builder.create<ir::ReduceWindowOp>(loc, arguments[0], kind, w.window,
                                                             w.strides, w.low, w.high));
      if (follows && which != 1)
        results.push_back(builder.create<ir::AbsOp>(loc, results.front()));
      if (which == 1 || which == 2)
        results.push_back(builder.create<ir::ArgmaxWindowOp>(loc, arguments[0], w.window, w.strides,
                                                             w.low, w.high));
      return results;
    };
    OwningOpRef<ModuleOp> module =
        makeKernelModule(context, kBatchSize, {type}, target, randomSchedule(random), body);
    int64_t rows = type.isDynamicDim(0) ? random.between(1, kBatchSize) : kBatchSize;
    expectInterpreted(*module, target, {random.specialTensor(type, rows)}, rows);
    if (HasFatalFailure())
      FAIL() << "seed " << seed;
  }
}

TEST_P(WindowKernel, SendsBack) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    Random random(seed);
    Windows w(random);
    RankedTensorType type = w.type(pickElement(random, true), random.chance(70));
    // The places' type comes from the operation that finds them.
    OpBuilder builder(&context);
    OwningOpRef<ModuleOp> scratch = ModuleOp::create(builder.getUnknownLoc());
    builder.setInsertionPointToEnd(scratch->getBody());
    Value zero = builder.create<ir::ConstantOp>(
        builder.getUnknownLoc(),
        DenseElementsAttr::get(w.type(type.getElementType(), false),
                               Attribute(builder.getFloatAttr(type.getElementType(), 0))));
    auto argmax = builder.create<ir::ArgmaxWindowOp>(builder.getUnknownLoc(), zero, w.window,
                                                     w.strides, w.low, w.high);
    Extents windows(argmax.getType().getShape());
    windows[0] = type.getDimSize(0);
    auto source = RankedTensorType::get(windows, type.getElementType());
    auto places = RankedTensorType::get(windows, argmax.getType().getElementType());
    bool chosen = random.chance(60);
    auto body = [&](OpBuilder &builder, ValueRange arguments) {
      Value sent = builder.create<ir::WindowScatterOp>(builder.getUnknownLoc(), type, arguments[0],
                                                       chosen ? arguments[1] : Value(), w.window,
                                                       w.strides, w.low, w.high);
      return llvm::SmallVector<Value>{sent};
    };
    llvm::SmallVector<Type> inputs = {source};
    if (chosen)
      inputs.push_back(places);
    OwningOpRef<ModuleOp> module =
        makeKernelModule(context, kBatchSize, inputs, target, randomSchedule(random), body);
    int64_t rows = type.isDynamicDim(0) ? random.between(1, kBatchSize) : kBatchSize;
    std::vector<HostTensor> arguments;
    for (Type input : inputs)
      arguments.push_back(random.specialTensor(input, rows));
    expectInterpreted(*module, target, arguments, rows);
    if (HasFatalFailure())
      FAIL() << "seed " << seed;
  }
}

/// A table and indices, some of them outside, with the rows in either or in neither.
struct Lookup {
  RankedTensorType table, indices, slices;
  int64_t dimension, batching = 0;

  Lookup(Random &random, MLIRContext &context, Type element) {
    Builder builder(&context);
    Extents shape, lookup;
    for (int64_t rank = random.between(1, 3); rank > 0; --rank)
      shape.push_back(random.oneOf<int64_t>({1, 2, 3, 5, 16, 19, 40}));
    for (int64_t rank = random.between(0, 2); rank > 0; --rank)
      lookup.push_back(random.between(1, 9));
    dimension = random.between(0, static_cast<int64_t>(shape.size()) - 1);
    if (dimension > 0 && random.chance(40))
      shape[0] = ShapedType::kDynamic;
    if (dimension > 0 && random.chance(50)) {
      batching = random.between(1, dimension);
      lookup.insert(lookup.begin(), shape.begin(), shape.begin() + batching);
    } else if (dimension == 0 && !lookup.empty() && random.chance(60))
      lookup[0] = ShapedType::kDynamic;
    table = RankedTensorType::get(shape, element);
    indices = RankedTensorType::get(
        lookup, random.oneOf<Type>({builder.getI32Type(), builder.getI64Type(), builder.getI8Type(),
                                    builder.getIntegerType(8, false)}));
    Extents result(shape.begin(), shape.begin() + dimension);
    result.append(lookup.begin() + batching, lookup.end());
    result.append(shape.begin() + dimension + 1, shape.end());
    slices = RankedTensorType::get(result, element);
  }
};

TEST_P(WindowKernel, GathersSlices) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    Random random(seed);
    Lookup lookup(random, context, pickElement(random, false));
    auto body = [&](OpBuilder &builder, ValueRange arguments) {
      return llvm::SmallVector<Value>{builder.create<ir::GatherOp>(
          builder.getUnknownLoc(), arguments[0], arguments[1], lookup.dimension, lookup.batching)};
    };
    OwningOpRef<ModuleOp> module = makeKernelModule(
        context, kBatchSize, {lookup.table, lookup.indices}, target,
        [&](ir::KernelOp, int64_t lanes) {
          return ir::MapScheduleAttr::get(&context, lanes, 64, 1, 0);
        },
        body);
    int64_t rows = random.between(1, kBatchSize);
    expectInterpreted(
        *module, target,
        {random.specialTensor(lookup.table, rows), random.specialTensor(lookup.indices, rows)},
        rows);
    if (HasFatalFailure())
      FAIL() << "seed " << seed;
  }
}

TEST_P(WindowKernel, ScattersSlices) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    Random random(seed);
    Lookup lookup(random, context, pickElement(random, true));
    auto body = [&](OpBuilder &builder, ValueRange arguments) {
      return llvm::SmallVector<Value>{
          builder.create<ir::ScatterOp>(builder.getUnknownLoc(), lookup.table, arguments[0],
                                        arguments[1], lookup.dimension, lookup.batching)};
    };
    int64_t columns = random.between(1, 50);
    OwningOpRef<ModuleOp> module = makeKernelModule(
        context, kBatchSize, {lookup.indices, lookup.slices}, target,
        [&](ir::KernelOp, int64_t lanes) {
          return ir::ScatterScheduleAttr::get(&context, lanes, columns, 0);
        },
        body);
    int64_t rows = random.between(1, kBatchSize);
    expectInterpreted(
        *module, target,
        {random.specialTensor(lookup.indices, rows), random.specialTensor(lookup.slices, rows)},
        rows);
    if (HasFatalFailure())
      FAIL() << "seed " << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, WindowKernel, testing::ValuesIn(kKernelTargets), nameTarget);

} // namespace
} // namespace lamina::codegen
