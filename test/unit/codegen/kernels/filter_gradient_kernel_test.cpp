// Kernels of gradients of convolutions by their filters, of all three families, compute what the
// interpreter says for geometries and schedules of all kinds.
#include <gtest/gtest.h>

#include "passes/families/families.h"
#include "passes/schedule/convolution_geometry.h"
#include "test/unit/codegen/kernels/random_convolution.h"

using namespace mlir;

namespace lamina::codegen {
namespace {

class FilterGradientKernel : public KernelTest {
protected:
  static constexpr int64_t kBatchSize = 4;

  /// A block: some positions of the first axis, or all of them in several images.
  struct Block {
    int64_t part, images;

    explicit Block(Random &random) : part(random.between(1, 12)), images(random.between(1, 4)) {}

    std::pair<int64_t, int64_t> extents(ir::KernelOp kernel) const {
      auto geometry =
          passes::ConvolutionGeometry::of(passes::anchorAs<ir::FilterGradientOp>(kernel));
      int64_t all = passes::FilterWalkAxis(geometry.axes.front()).walk.output;
      return part < all ? std::pair(part, int64_t(1)) : std::pair(all, images);
    }
  };

  ScheduleMaker dense(Random &random) {
    Block block(random);
    int64_t rows = random.between(1, 8), vectors = random.between(1, 3);
    int64_t rowTiles = random.between(1, 4), columnTiles = random.between(1, 3);
    return [=, this](ir::KernelOp kernel, int64_t lanes) {
      auto [positions, images] = block.extents(kernel);
      return ir::FilterGradientScheduleAttr::get(&context, lanes, rows, vectors, rows * rowTiles,
                                                 vectors * lanes * columnTiles, positions, images,
                                                 /*cost=*/0);
    };
  }

  ScheduleMaker fewChannels(Random &random) {
    Block block(random);
    int64_t rows = random.between(1, 10), vectors = random.between(1, 3);
    int64_t columnTiles = random.between(1, 3);
    return [=, this](ir::KernelOp kernel, int64_t lanes) {
      return ir::FewChannelsGradientScheduleAttr::get(&context, lanes, rows, vectors,
                                                      vectors * lanes * columnTiles,
                                                      block.extents(kernel).first, /*cost=*/0);
    };
  }

  ScheduleMaker depthwise(Random &random) {
    Block block(random);
    int64_t vectors = random.between(1, 3), columnTiles = random.between(1, 3);
    return [=, this](ir::KernelOp kernel, int64_t lanes) {
      auto [positions, images] = block.extents(kernel);
      return ir::DepthwiseGradientScheduleAttr::get(
          &context, lanes, vectors, vectors * lanes * columnTiles, positions, images, /*cost=*/0);
    };
  }

  /// Some operands are computed.
  void expectGradient(const RandomConvolution &convolution, Random &random,
                      const ScheduleMaker &schedule) {
    RankedTensorType channels = RandomConvolution::channelsOf(convolution.image);
    RankedTensorType filters = RandomConvolution::channelsOf(convolution.result);
    bool computesImage = random.chance(40), computesResult = random.chance(40);
    auto body = [&](OpBuilder &builder, ValueRange arguments) {
      Value gradient = convolution.gradient(builder, arguments[0], arguments[1]);
      if (computesImage)
        RandomConvolution::computeImage(gradient.getDefiningOp(), 0, arguments[2]);
      if (computesResult)
        RandomConvolution::computeImage(gradient.getDefiningOp(), 1, arguments[3]);
      return llvm::SmallVector<Value>{gradient};
    };
    OwningOpRef<ModuleOp> module = makeKernelModule(
        context, kBatchSize, {convolution.image, convolution.result, channels, filters}, target,
        schedule, body);
    int64_t rows = random.between(1, kBatchSize);
    expectInterpreted(*module, target,
                      {random.tensor(convolution.image, rows),
                       random.tensor(convolution.result, rows), random.tensor(channels, rows),
                       random.tensor(filters, rows)},
                      rows);
  }

  /// The family of the gradient of such a convolution.
  ir::KernelFamily familyOf(const RandomConvolution &convolution) {
    mlir::Block block;
    Location loc = UnknownLoc::get(&context);
    block.addArguments({convolution.image, convolution.result}, {loc, loc});
    OpBuilder builder(&context);
    builder.setInsertionPointToEnd(&block);
    Value gradient = convolution.gradient(builder, block.getArgument(0), block.getArgument(1));
    return passes::familyOf(gradient.getDefiningOp());
  }
};

TEST_P(FilterGradientKernel, OfManyChannels) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    Random random(seed);
    RandomConvolution convolution(context, random, random.oneOf<int64_t>({1, 1, 2, 3}),
                                  random.between(5, 24), random.between(1, 40));
    ASSERT_EQ(familyOf(convolution), ir::KernelFamily::filter_gradient);
    expectGradient(convolution, random, dense(random));
    if (HasFailure())
      FAIL() << "seed " << seed;
  }
}

TEST_P(FilterGradientKernel, OfFewChannels) {
  int tested = 0;
  for (unsigned seed = 0; tested < 40; ++seed) {
    ASSERT_LT(seed, 1000u);
    Random random(seed);
    RandomConvolution convolution(context, random, 1, random.between(1, 4), random.between(1, 40));
    if (familyOf(convolution) != ir::KernelFamily::few_channels_gradient)
      continue;
    ++tested;
    expectGradient(convolution, random, fewChannels(random));
    if (HasFailure())
      FAIL() << "seed " << seed;
  }
}

TEST_P(FilterGradientKernel, ChannelByChannel) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    Random random(seed);
    RandomConvolution convolution(context, random, random.between(2, 70), 1, 1);
    ASSERT_EQ(familyOf(convolution), ir::KernelFamily::depthwise_gradient);
    expectGradient(convolution, random, depthwise(random));
    if (HasFailure())
      FAIL() << "seed " << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, FilterGradientKernel, testing::ValuesIn(kKernelTargets),
                         nameTarget);

} // namespace
} // namespace lamina::codegen
