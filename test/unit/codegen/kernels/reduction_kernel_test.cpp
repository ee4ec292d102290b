// Kernels of reductions, by rows and by columns, compute what the interpreter says for shapes and
// schedules of all kinds.
#include <gtest/gtest.h>

#include "test/unit/codegen/kernels/kernel_fixture.h"

using namespace mlir;

namespace lamina::codegen {
namespace {

/// A tensor, the dimensions that a reduction takes away, and how.
struct Reduction {
  RankedTensorType type;
  Extents dimensions;
  ir::ReductionKind kind;
  bool isSearch; ///< for the place of the maximum, along one dimension

  Value create(OpBuilder &builder, Value x) const {
    Location loc = builder.getUnknownLoc();
    if (isSearch)
      return builder.create<ir::ArgmaxOp>(loc, x, dimensions.front());
    return builder.create<ir::ReduceOp>(loc, x, kind, dimensions);
  }
};

class ReductionKernel : public KernelTest {
protected:
  static constexpr int64_t kBatchSize = 5;

  Reduction draw(Random &random, int64_t rank, Extents dimensions) {
    Builder builder(&context);
    Extents shape = {random.chance(70) ? ShapedType::kDynamic : kBatchSize};
    for (int64_t i = 1; i < rank; ++i)
      shape.push_back(random.oneOf<int64_t>({1, 2, 3, 7, 16, 19, 40, 70}));
    Type element = random.chance(80) ? Type(builder.getF32Type()) : Type(builder.getF64Type());
    bool mayBeSearch = dimensions.size() == 1 && !ShapedType::isDynamic(shape[dimensions[0]]);
    return {RankedTensorType::get(shape, element), std::move(dimensions),
            random.oneOf({ir::ReductionKind::add, ir::ReductionKind::maximum}),
            mayBeSearch && random.chance(30)};
  }

  void expectReduced(Random &random, const Reduction &reduction, const ScheduleMaker &schedule,
                     ir::KernelFamily family, const KernelBody &body) {
    OwningOpRef<ModuleOp> module =
        makeKernelModule(context, kBatchSize, {reduction.type}, target, schedule, body);
    module->walk([&](ir::KernelOp kernel) { EXPECT_EQ(kernel.getFamily(), family); });
    int64_t rows = reduction.type.isDynamicDim(0) ? random.between(1, kBatchSize) : kBatchSize;
    expectInterpreted(*module, target, {random.tensor(reduction.type, rows)}, rows);
  }

  /// The reduction of x, computed or read, and sometimes something behind it. Columns may be stored
  /// where they are computed.
  KernelBody reduceAlone(Random &random, const Reduction &reduction, bool mayStore = false) {
    bool computes = random.chance(50), follows = random.chance(50) && !reduction.isSearch;
    bool stores = mayStore && computes && random.chance(50);
    return [=](OpBuilder &builder, ValueRange arguments) {
      Location loc = builder.getUnknownLoc();
      Value x = arguments[0];
      if (computes)
        x = builder.create<ir::NegateOp>(loc, x);
      Value result = reduction.create(builder, x);
      if (follows)
        result = builder.create<ir::AbsOp>(loc, result);
      llvm::SmallVector<Value> results{result};
      if (stores)
        results.push_back(x);
      return results;
    };
  }

  /// The largest elements, and the sum of how far the others are below.
  static KernelBody reduceInStages(const Reduction &reduction) {
    return [=](OpBuilder &builder, ValueRange arguments) {
      Location loc = builder.getUnknownLoc();
      Value largest = builder.create<ir::ReduceOp>(loc, arguments[0], ir::ReductionKind::maximum,
                                                   reduction.dimensions);
      auto kept = llvm::to_vector(
          llvm::make_filter_range(llvm::seq<int64_t>(0, reduction.type.getRank()), [&](int64_t d) {
            return !llvm::is_contained(reduction.dimensions, d);
          }));
      Value wide = builder.create<ir::BroadcastInDimOp>(loc, reduction.type, largest, kept);
      Value less = builder.create<ir::SubtractOp>(loc, arguments[0], wide);
      Value sum =
          builder.create<ir::ReduceOp>(loc, less, ir::ReductionKind::add, reduction.dimensions);
      return llvm::SmallVector<Value>{sum, largest};
    };
  }
};

TEST_P(ReductionKernel, ByRows) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    Random random(seed);
    int64_t rank = random.between(2, 4), count = random.between(1, rank - 1);
    Extents dimensions;
    for (int64_t i = rank - count; i < rank; ++i)
      dimensions.push_back(i);
    Reduction reduction = draw(random, rank, dimensions);
    int64_t rows = random.between(1, 9);
    bool isUnrolled = count == 1 && random.chance(50);
    auto schedule = [&](ir::KernelOp, int64_t lanes) {
      return ir::RowScheduleAttr::get(&context, lanes, rows, isUnrolled, /*cost=*/0);
    };
    expectReduced(random, reduction, schedule, ir::KernelFamily::row,
                  reduceAlone(random, reduction));
    if (HasFailure())
      FAIL() << "seed " << seed;
  }
}

/// Rows less their maximum, and the sum of that: every stage needs the one before.
TEST_P(ReductionKernel, ByRowsInStages) {
  for (unsigned seed = 0; seed < 40; ++seed) {
    Random random(seed);
    Reduction reduction = draw(random, 2, {1});
    int64_t rows = random.between(1, 9);
    bool isUnrolled = random.chance(50);
    auto schedule = [&](ir::KernelOp, int64_t lanes) {
      return ir::RowScheduleAttr::get(&context, lanes, rows, isUnrolled, /*cost=*/0);
    };
    auto body = [&](OpBuilder &builder, ValueRange arguments) {
      Location loc = builder.getUnknownLoc();
      Value largest = builder.create<ir::ReduceOp>(loc, arguments[0], ir::ReductionKind::maximum,
                                                   reduction.dimensions);
      Value wide =
          builder.create<ir::BroadcastInDimOp>(loc, reduction.type, largest, ArrayRef<int64_t>{0});
      Value less = builder.create<ir::SubtractOp>(loc, arguments[0], wide);
      Value sum =
          builder.create<ir::ReduceOp>(loc, less, ir::ReductionKind::add, reduction.dimensions);
      return llvm::SmallVector<Value>{less, sum};
    };
    expectReduced(random, reduction, schedule, ir::KernelFamily::row, body);
    if (HasFailure())
      FAIL() << "seed " << seed;
  }
}

TEST_P(ReductionKernel, ByColumns) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    Random random(seed);
    int64_t rank = random.between(2, 4);
    Extents dimensions;
    for (int64_t i = 0; i + 1 < rank; ++i)
      if (random.chance(60))
        dimensions.push_back(i);
    if (dimensions.empty())
      dimensions.push_back(random.between(0, rank - 2));
    Reduction reduction = draw(random, rank, dimensions);
    int64_t vectors = random.between(1, 5), blocks = random.between(1, 4);
    bool readsInOrder = dimensions.back() + 2 == rank;
    int64_t ahead = readsInOrder ? random.oneOf<int64_t>({0, 1, 16}) : 0;
    auto schedule = [&](ir::KernelOp, int64_t lanes) {
      return ir::ColumnScheduleAttr::get(&context, lanes, vectors, blocks, ahead, /*cost=*/0);
    };
    KernelBody body =
        random.chance(50) ? reduceInStages(reduction) : reduceAlone(random, reduction);
    expectReduced(random, reduction, schedule, ir::KernelFamily::column, body);
    if (HasFailure())
      FAIL() << "seed " << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, ReductionKernel, testing::ValuesIn(kKernelTargets), nameTarget);

} // namespace
} // namespace lamina::codegen
