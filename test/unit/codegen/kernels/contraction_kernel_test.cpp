// Kernels of contractions compute what the interpreter says for operands and schedules of all
// kinds: several blocks of the contracted index, copied operands, remainders of rows and columns.
#include <gtest/gtest.h>

#include "passes/families/contraction.h"
#include "test/unit/codegen/kernels/kernel_fixture.h"

using namespace mlir;

namespace lamina::codegen {
namespace {

constexpr int64_t kBatchSize = 7;

/// Dimensions of both operands by role, in any order; the rows of a batch may be one of them.
struct Contraction {
  enum Role { Batching, Contracting, Free };
  struct Dimension {
    Role role;
    int64_t number, extent;
  };
  llvm::SmallVector<Dimension> left, right;

  explicit Contraction(Random &random) {
    addShared(random, Batching, random.oneOf({0, 0, 1, 2}));
    addShared(random, Contracting, random.oneOf({0, 1, 1, 1, 2, 3}));
    addFree(random, left, random.oneOf({0, 1, 1, 2}));
    addFree(random, right, random.oneOf({0, 1, 1, 1, 2}));
    random.shuffle(left);
    random.shuffle(right);
    if (random.chance(60))
      makeDynamic(random.chance(50) ? left : right);
  }

  RankedTensorType typeOf(ArrayRef<Dimension> operand, Type element) const {
    Extents shape;
    for (const Dimension &dimension : operand)
      shape.push_back(dimension.extent);
    return RankedTensorType::get(shape, element);
  }

  Value create(OpBuilder &builder, Value x, Value y) const {
    return builder.create<ir::DotGeneralOp>(
        builder.getUnknownLoc(), x, y, positions(left, Batching), positions(right, Batching),
        positions(left, Contracting), positions(right, Contracting));
  }

private:
  static int64_t someExtent(Random &random) {
    return random.oneOf<int64_t>({1, 2, 3, 5, 8, 13, 16, 20, 33});
  }

  void addShared(Random &random, Role role, int count) {
    for (int64_t number = 0; number < count; ++number) {
      int64_t extent = role == Batching || count > 2 ? random.between(1, 3) : someExtent(random);
      if (count == 1 && role == Contracting && random.chance(40))
        extent = random.between(30, 150);
      left.push_back({role, number, extent});
      right.push_back({role, number, extent});
    }
  }

  static void addFree(Random &random, llvm::SmallVector<Dimension> &operand, int count) {
    for (int64_t number = 0; number < count; ++number)
      operand.push_back({Free, number, number ? random.between(1, 3) : someExtent(random)});
  }

  /// The leading dimension, if it leads wherever it occurs: in the other operand and in the result.
  void makeDynamic(llvm::SmallVector<Dimension> &operand) {
    if (operand.empty())
      return;
    Dimension first = operand.front();
    auto &other = &operand == &left ? right : left;
    if (first.role == Free) {
      bool leads = llvm::none_of(left, [](const Dimension &d) { return d.role == Batching; }) &&
                   (&operand == &left ||
                    llvm::none_of(left, [](const Dimension &d) { return d.role == Free; }));
      if (leads)
        operand.front().extent = ShapedType::kDynamic;
      return;
    }
    bool leads = other.front().role == first.role && other.front().number == first.number &&
                 (first.role == Contracting || first.number == 0);
    if (leads)
      operand.front().extent = other.front().extent = ShapedType::kDynamic;
  }

  static Extents positions(ArrayRef<Dimension> operand, Role role) {
    Extents result;
    for (int64_t number = 0; number < static_cast<int64_t>(operand.size()); ++number)
      for (auto [position, dimension] : llvm::enumerate(operand))
        if (dimension.role == role && dimension.number == number)
          result.push_back(static_cast<int64_t>(position));
    return result;
  }
};

class ContractionKernel : public KernelTest {
protected:
  /// Drawn when it is made, so that equal seeds give equal tests.
  ScheduleMaker randomSchedule(Random &random) {
    int64_t rows = random.between(1, 9), vectors = random.between(1, 3);
    int64_t depthVectors = random.oneOf<int64_t>({1, 2, 5, 0});
    int64_t rowTiles = random.between(1, 6), columnTiles = random.oneOf<int64_t>({1, 2, 4, 6});
    return [=](ir::KernelOp kernel, int64_t lanes) -> ir::Schedule {
      return passes::makeContractionSchedule(kernel, kBatchSize, lanes,
                                             {rows, vectors,
                                              depthVectors ? depthVectors * lanes : 1000,
                                              rows * rowTiles, vectors * lanes * columnTiles},
                                             /*cost=*/0);
    };
  }
};

/// Some operands are computed, some results are the contraction plus something.
TEST_P(ContractionKernel, Contracts) {
  for (unsigned seed = 0; seed < 100; ++seed) {
    Random random(seed);
    Contraction contraction(random);
    Builder types(&context);
    Type element = random.chance(80) ? Type(types.getF32Type()) : Type(types.getF64Type());
    llvm::SmallVector<Type> inputs = {contraction.typeOf(contraction.left, element),
                                      contraction.typeOf(contraction.right, element)};
    bool computesLeft = random.chance(30), computesRight = random.chance(30),
         follows = random.chance(50);
    auto body = [&](OpBuilder &builder, ValueRange arguments) {
      auto maybeNegate = [&](Value value, bool negate) -> Value {
        return negate ? builder.create<ir::NegateOp>(builder.getUnknownLoc(), value) : value;
      };
      Value product = contraction.create(builder, maybeNegate(arguments[0], computesLeft),
                                         maybeNegate(arguments[1], computesRight));
      return llvm::SmallVector<Value>{maybeNegate(product, follows)};
    };
    OwningOpRef<ModuleOp> module =
        makeKernelModule(context, kBatchSize, inputs, target, randomSchedule(random), body);
    int64_t rows = random.between(1, kBatchSize);
    expectInterpreted(*module, target,
                      {random.tensor(inputs[0], rows), random.tensor(inputs[1], rows)}, rows);
    if (HasFatalFailure())
      FAIL() << "seed " << seed;
  }
}

/// Long panels of the right operand, which are copied while the tile of columns before is at work:
/// with and without a tile of rows that is whole, several blocks, a last tile that is narrow.
TEST_P(ContractionKernel, CopiesPanelsAhead) {
  for (unsigned seed = 0; seed < 30; ++seed) {
    Random random(seed);
    int64_t lanes = target.vectorLanes(4), depth = random.between(300, 500);
    int64_t width = lanes * random.between(1, 2), tiles = random.between(2, 4);
    Extents right = {depth, width * tiles + random.oneOf<int64_t>({0, 0, 1, width - 1})};
    bool stepsLead = random.chance(50), isBatch = random.chance(50);
    int64_t rows = isBatch ? ShapedType::kDynamic : random.between(1, 40);
    Type element = Builder(&context).getF32Type();
    llvm::SmallVector<Type> inputs = {
        RankedTensorType::get(stepsLead && !isBatch ? Extents{depth, rows} : Extents{rows, depth},
                              element),
        RankedTensorType::get(right, element)};
    int64_t contracted = stepsLead && !isBatch ? 0 : 1;
    bool computesRight = random.chance(50);
    auto body = [&](OpBuilder &builder, ValueRange arguments) {
      Location location = builder.getUnknownLoc();
      Value y = arguments[1];
      if (computesRight)
        y = builder.create<ir::NegateOp>(location, y);
      Value product = builder.create<ir::DotGeneralOp>(location, arguments[0], y, Extents{},
                                                       Extents{}, Extents{contracted}, Extents{0});
      return llvm::SmallVector<Value>{product};
    };
    int64_t tileRows = random.between(1, 6);
    passes::ContractionExtents extents{tileRows, width / lanes, random.oneOf<int64_t>({256, 1000}),
                                       tileRows * random.between(4, 8),
                                       width * random.between(2, 4)};
    auto schedule = [&](ir::KernelOp kernel, int64_t) -> ir::Schedule {
      return passes::makeContractionSchedule(kernel, kBatchSize, lanes, extents, /*cost=*/0);
    };
    OwningOpRef<ModuleOp> module =
        makeKernelModule(context, kBatchSize, inputs, target, schedule, body);
    int64_t batch = random.between(1, kBatchSize);
    expectInterpreted(*module, target,
                      {random.tensor(inputs[0], batch), random.tensor(inputs[1], batch)}, batch);
    if (HasFatalFailure())
      FAIL() << "seed " << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, ContractionKernel, testing::ValuesIn(kKernelTargets), nameTarget);

} // namespace
} // namespace lamina::codegen
