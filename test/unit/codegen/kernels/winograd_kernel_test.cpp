// Kernels of minimal filtering, of all three families, compute what the interpreter says for shapes
// and schedules of all kinds. Their transforms round, in another order than the interpreter's.
#include <gtest/gtest.h>

#include "ir/operations/winograd.h"
#include "test/unit/codegen/kernels/kernel_fixture.h"

using namespace mlir;

namespace lamina::codegen {
namespace {

/// Filters at the points are never external: kernels move whole aligned vectors of them.
constexpr KernelRun kRun{.tolerance = 1e-5, .isAligned = true};

/// A convolution of 3 x 3 taps.
struct SquareConvolution {
  int64_t tile, channels, filters;
  Extents size, low, high;
  bool isReversed;

  explicit SquareConvolution(Random &random)
      : tile(random.oneOf<int64_t>({2, 4})), channels(random.between(1, 70)),
        filters(random.between(1, 70)), isReversed(random.chance(50)) {
    for (int i = 0; i < 2; ++i) {
      size.push_back(random.between(3, 11));
      low.push_back(random.between(0, 2));
      high.push_back(random.between(0, 2));
    }
  }

  RankedTensorType image(Type element) const {
    return RankedTensorType::get({ShapedType::kDynamic, size[0], size[1], channels}, element);
  }
  RankedTensorType filter(Type element) const {
    return RankedTensorType::get({3, 3, channels, filters}, element);
  }
  RankedTensorType result(Type element) const {
    return RankedTensorType::get({ShapedType::kDynamic, size[0] + low[0] + high[0] - 2,
                                  size[1] + low[1] + high[1] - 2, filters},
                                 element);
  }
  /// The type of the filter at the points.
  RankedTensorType atPoints(MLIRContext &context, Type element) const {
    Block block;
    block.addArgument(filter(element), UnknownLoc::get(&context));
    OpBuilder builder(&context);
    builder.setInsertionPointToEnd(&block);
    Value value = builder.create<ir::WinogradFilterOp>(builder.getUnknownLoc(),
                                                       block.getArgument(0), tile, isReversed);
    return cast<RankedTensorType>(value.getType());
  }
};

class WinogradKernel : public KernelTest {
protected:
  static constexpr int64_t kBatchSize = 3;

  Type element() { return Float32Type::get(&context); }

  /// Vectors of one or two panels, which divide those that the filters fill.
  int64_t drawTileVectors(Random &random, const SquareConvolution &convolution) {
    int64_t ofPanel = ir::kWinogradPanel / target.vectorLanes(sizeof(float));
    int64_t panels = llvm::divideCeil(convolution.filters, ir::kWinogradPanel);
    return panels % 2 == 0 ? ofPanel * random.between(1, 2) : ofPanel;
  }

  /// Compares kernels of random convolutions with the interpreter, twenty times.
  void forRandomConvolutions(
      const std::function<void(Random &random, const SquareConvolution &convolution)> &expect) {
    for (unsigned seed = 0; seed < 20; ++seed) {
      Random random(seed);
      expect(random, SquareConvolution(random));
      if (HasFailure())
        FAIL() << "seed " << seed;
    }
  }

  void expectComputed(Random &random, ArrayRef<Type> inputs, const ScheduleMaker &schedule,
                      const KernelBody &body) {
    OwningOpRef<ModuleOp> module =
        makeKernelModule(context, kBatchSize, inputs, target, schedule, body);
    int64_t images = random.between(1, kBatchSize);
    std::vector<ir::HostTensor> arguments;
    for (Type input : inputs)
      arguments.push_back(random.tensor(input, images));
    expectInterpreted(*module, target, arguments, images, kRun);
  }
};

TEST_P(WinogradKernel, BringsFiltersToThePoints) {
  forRandomConvolutions([&](Random &random, const SquareConvolution &convolution) {
    int64_t blocks = random.between(1, 5);
    bool isStreamed = random.chance(50);
    auto schedule = [&](ir::KernelOp, int64_t lanes) {
      return ir::WinogradFilterScheduleAttr::get(&context, lanes, blocks, isStreamed, /*cost=*/0);
    };
    auto body = [&](OpBuilder &builder, ValueRange arguments) {
      return llvm::SmallVector<Value>{builder.create<ir::WinogradFilterOp>(
          builder.getUnknownLoc(), arguments[0], convolution.tile, convolution.isReversed)};
    };
    expectComputed(random, {convolution.filter(element())}, schedule, body);
  });
}

TEST_P(WinogradKernel, Convolves) {
  forRandomConvolutions([&](Random &random, const SquareConvolution &convolution) {
    int64_t rows = random.between(1, 6), vectors = drawTileVectors(random, convolution);
    int64_t squareTiles = random.between(1, 4), filterTiles = random.between(1, 3);
    bool follows = random.chance(50);
    auto schedule = [&](ir::KernelOp, int64_t lanes) {
      return ir::WinogradScheduleAttr::get(&context, lanes, rows, vectors, rows * squareTiles,
                                           vectors * lanes * filterTiles, /*cost=*/0);
    };
    auto body = [&](OpBuilder &builder, ValueRange arguments) {
      Location loc = builder.getUnknownLoc();
      Value y = builder.create<ir::WinogradConvolutionOp>(loc, arguments[0], arguments[1],
                                                          convolution.tile, convolution.filters,
                                                          convolution.low, convolution.high);
      if (follows)
        y = builder.create<ir::AbsOp>(loc, y);
      return llvm::SmallVector<Value>{y};
    };
    llvm::SmallVector<Type> inputs = {convolution.image(element()),
                                      convolution.atPoints(context, element())};
    expectComputed(random, inputs, schedule, body);
  });
}

TEST_P(WinogradKernel, FindsGradientsByFilters) {
  forRandomConvolutions([&](Random &random, const SquareConvolution &convolution) {
    int64_t rows = random.between(1, 6), vectors = drawTileVectors(random, convolution);
    int64_t channelVectors = random.between(1, 4), filterTiles = random.between(1, 3);
    int64_t squares = random.between(1, 20);
    auto schedule = [&](ir::KernelOp, int64_t lanes) {
      return ir::WinogradGradientScheduleAttr::get(&context, lanes, rows, vectors,
                                                   channelVectors * lanes,
                                                   vectors * lanes * filterTiles, squares,
                                                   /*cost=*/0);
    };
    auto body = [&](OpBuilder &builder, ValueRange arguments) {
      Extents ones = {1, 1};
      return llvm::SmallVector<Value>{builder.create<ir::FilterGradientOp>(
          builder.getUnknownLoc(), convolution.filter(element()), arguments[0], arguments[1], ones,
          convolution.low, convolution.high, ones, ones, /*groups=*/1, /*reversed=*/false,
          /*slice=*/IntegerAttr(), builder.getI64IntegerAttr(convolution.tile))};
    };
    llvm::SmallVector<Type> inputs = {convolution.image(element()), convolution.result(element())};
    expectComputed(random, inputs, schedule, body);
  });
}

INSTANTIATE_TEST_SUITE_P(Targets, WinogradKernel, testing::ValuesIn(kKernelTargets), nameTarget);

} // namespace
} // namespace lamina::codegen
