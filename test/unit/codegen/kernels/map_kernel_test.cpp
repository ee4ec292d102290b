// Kernels without anchor compute what the interpreter says, flat and line by line, for schedules of
// all kinds.
#include <gtest/gtest.h>

#include "test/unit/codegen/kernels/kernel_fixture.h"

using namespace mlir;

namespace lamina::codegen {
namespace {

/// Tensors of rows x one or two dimensions.
class MapKernel : public KernelTest {
protected:
  static constexpr int64_t kBatchSize = 4;

  RankedTensorType drawType(Random &random) {
    Extents shape = {ShapedType::kDynamic};
    for (int64_t rank = random.between(1, 2); rank > 0; --rank)
      shape.push_back(random.oneOf<int64_t>({1, 2, 5, 8, 16, 17, 40, 67}));
    Builder builder(&context);
    return RankedTensorType::get(shape, random.chance(70) ? Type(builder.getF32Type())
                                                          : Type(builder.getF64Type()));
  }

  /// Drawn when it is made, so that equal seeds give equal tests. `mayJoinLines`: lines of the
  /// result may be taken together.
  ScheduleMaker randomSchedule(Random &random, bool mayJoinLines) {
    int64_t vectors = random.oneOf<int64_t>({1, 2, 7, 40}), lines = random.between(1, 5);
    return [=, this](ir::KernelOp, int64_t lanes) {
      return ir::MapScheduleAttr::get(&context, lanes, vectors * lanes, mayJoinLines ? lines : 1,
                                      /*cost=*/0);
    };
  }

  void expectMapped(Random &random, ArrayRef<Type> inputs, bool mayJoinLines,
                    const KernelBody &body) {
    OwningOpRef<ModuleOp> module = makeKernelModule(context, kBatchSize, inputs, target,
                                                    randomSchedule(random, mayJoinLines), body);
    int64_t rows = random.between(1, kBatchSize);
    std::vector<ir::HostTensor> arguments;
    for (Type input : inputs)
      arguments.push_back(random.specialTensor(input, rows));
    expectInterpreted(*module, target, arguments, rows);
  }
};

TEST_P(MapKernel, RunsOverFlatMemory) {
  for (unsigned seed = 0; seed < 40; ++seed) {
    Random random(seed);
    RankedTensorType type = drawType(random);
    bool hasTwoResults = random.chance(50);
    expectMapped(random, {type, type}, false, [&](OpBuilder &builder, ValueRange arguments) {
      Location loc = builder.getUnknownLoc();
      Value sum = builder.create<ir::AddOp>(loc, arguments[0], arguments[1]);
      llvm::SmallVector<Value> results = {builder.create<ir::AbsOp>(loc, sum)};
      if (hasTwoResults)
        results.push_back(builder.create<ir::MaximumOp>(loc, sum, arguments[1]));
      return results;
    });
    if (HasFailure())
      FAIL() << "seed " << seed;
  }
}

/// A vector repeated along the rows, and a tensor of other order in memory.
TEST_P(MapKernel, RunsLineByLine) {
  for (unsigned seed = 0; seed < 40; ++seed) {
    Random random(seed);
    RankedTensorType type = drawType(random);
    int64_t rank = type.getRank();
    auto vector = RankedTensorType::get({type.getShape().back()}, type.getElementType());
    Extents permutation, turned;
    for (int64_t i = 0; i < rank; ++i)
      permutation.push_back(i);
    if (rank == 3)
      std::swap(permutation[1], permutation[2]);
    for (int64_t i : permutation)
      turned.push_back(type.getDimSize(i));
    auto turnedType = RankedTensorType::get(turned, type.getElementType());
    expectMapped(
        random, {type, vector, turnedType}, true, [&](OpBuilder &builder, ValueRange arguments) {
          Location loc = builder.getUnknownLoc();
          Value wide = builder.create<ir::BroadcastInDimOp>(loc, type, arguments[1],
                                                            ArrayRef<int64_t>{rank - 1});
          Value turnedBack = builder.create<ir::TransposeOp>(loc, arguments[2], permutation);
          Value sum = builder.create<ir::AddOp>(loc, arguments[0], wide);
          return llvm::SmallVector<Value>{builder.create<ir::SubtractOp>(loc, sum, turnedBack)};
        });
    if (HasFailure())
      FAIL() << "seed " << seed;
  }
}

/// A variable's new value that is a transpose, and the mirror of that: the second result is stored
/// as the first one is computed, in the other order.
TEST_P(MapKernel, StoresTheMirrorOfATranspose) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    Random random(seed);
    Builder builder(&context);
    auto type =
        RankedTensorType::get({random.between(1, 40), random.between(1, 40)}, builder.getF32Type());
    expectMapped(random, {type}, true, [&](OpBuilder &builder, ValueRange arguments) {
      Location loc = builder.getUnknownLoc();
      constexpr int64_t turned[] = {1, 0};
      Value value = builder.create<ir::TransposeOp>(loc, arguments[0], turned);
      Value mirror = builder.create<ir::TransposeOp>(loc, value, turned);
      return llvm::SmallVector<Value>{value, mirror};
    });
    if (HasFailure())
      FAIL() << "seed " << seed;
  }
}

/// Parts of tensors, put together along the last dimension, with padding behind.
TEST_P(MapKernel, MovesElements) {
  for (unsigned seed = 0; seed < 40; ++seed) {
    Random random(seed);
    RankedTensorType type = drawType(random);
    int64_t rank = type.getRank(), columns = type.getShape().back();
    int64_t first = random.between(0, columns - 1), step = random.between(1, 2);
    Extents starts(rank, 0), limits(type.getShape()), strides(rank, 1), none(rank, 0),
        after(rank, 0);
    limits[0] = -1; // the rows are taken whole
    starts.back() = first;
    strides.back() = step;
    after.back() = random.between(0, 3);
    expectMapped(random, {type, type}, false, [&](OpBuilder &builder, ValueRange arguments) {
      Location loc = builder.getUnknownLoc();
      Value part = builder.create<ir::SliceOp>(loc, arguments[0], starts, limits, strides);
      Value zero = builder.create<ir::ConstantOp>(
          loc, DenseElementsAttr::get(RankedTensorType::get({}, type.getElementType()),
                                      Attribute(builder.getFloatAttr(type.getElementType(), 0))));
      Value padded = builder.create<ir::PadOp>(loc, part, zero, none, after, none);
      return llvm::SmallVector<Value>{builder.create<ir::ConcatenateOp>(
          loc, ValueRange{padded, arguments[1]}, static_cast<uint64_t>(rank - 1))};
    });
    if (HasFailure())
      FAIL() << "seed " << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, MapKernel, testing::ValuesIn(kKernelTargets), nameTarget);

} // namespace
} // namespace lamina::codegen
