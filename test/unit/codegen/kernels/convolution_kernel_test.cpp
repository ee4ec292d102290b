// Kernels of convolutions, dense and depthwise, compute what the interpreter says for geometries
// and schedules of all kinds.
#include <gtest/gtest.h>

#include "passes/families/families.h"
#include "passes/schedule/convolution_geometry.h"
#include "test/unit/codegen/kernels/random_convolution.h"

using namespace mlir;

namespace lamina::codegen {
namespace {

class ConvolutionKernel : public KernelTest {
protected:
  static constexpr int64_t kBatchSize = 3;

  /// Extents of tiles and tasks, drawn when they are made, so that equal seeds give equal tests.
  struct Parts {
    int64_t tileRows, tileVectors, columnTiles, lines, part;
    bool cutsLines, ahead;

    explicit Parts(Random &random)
        : tileRows(random.between(1, 8)), tileVectors(random.between(1, 3)),
          columnTiles(random.between(1, 3)), lines(random.between(1, 9)),
          part(tileRows * random.between(1, 4)), cutsLines(random.chance(50)),
          ahead(random.chance(50)) {}

    /// Lines and positions of a task: a line without borders that is not summed up may be cut.
    std::pair<int64_t, int64_t> extents(ir::KernelOp kernel) const {
      auto geometry = passes::ConvolutionGeometry::of(passes::anchorAs<ir::ConvolutionOp>(kernel),
                                                      passes::canMergeAxes(kernel));
      int64_t positions = geometry.lastAxis().phases().front().count;
      bool sums = !kernel.getBlock().getOps<ir::ReduceOp>().empty();
      if (cutsLines && !sums && geometry.lastAxis().isIdentity() && part < positions)
        return {1, part};
      return {lines, positions};
    }
  };

  ScheduleMaker dense(Random &random) {
    Parts parts(random);
    int64_t channels = random.oneOf<int64_t>({0, 0, 1, 3, 8});
    return [=, this](ir::KernelOp kernel, int64_t lanes) {
      auto [lines, positions] = parts.extents(kernel);
      int64_t columns = parts.tileVectors * lanes * parts.columnTiles;
      return ir::ConvolutionScheduleAttr::get(&context, lanes, parts.tileRows, parts.tileVectors,
                                              channels, lines, positions, columns, parts.ahead,
                                              /*cost=*/0);
    };
  }

  ScheduleMaker depthwise(Random &random) {
    Parts parts(random);
    return [=, this](ir::KernelOp kernel, int64_t lanes) {
      auto [lines, positions] = parts.extents(kernel);
      int64_t columns = parts.tileVectors * lanes * parts.columnTiles;
      return ir::DepthwiseScheduleAttr::get(&context, lanes, parts.tileRows, parts.tileVectors,
                                            lines, positions, columns, parts.ahead, /*cost=*/0);
    };
  }

  /// The sums of the lines of images, and of the distances from them, which are known behind these.
  static llvm::SmallVector<Value> sumLines(OpBuilder &builder, Value images) {
    Location loc = builder.getUnknownLoc();
    auto type = cast<RankedTensorType>(images.getType());
    int64_t line = type.getRank() - 2;
    auto sum = [&](Value values) {
      return builder.create<ir::ReduceOp>(loc, values, ir::ReductionKind::add,
                                          ArrayRef<int64_t>{line});
    };
    auto dimensions = llvm::to_vector(llvm::seq<int64_t>(0, type.getRank()));
    dimensions.erase(dimensions.begin() + line);
    Value sums = sum(images);
    Value repeated = builder.create<ir::BroadcastInDimOp>(loc, type, sums, dimensions);
    Value distance = builder.create<ir::SubtractOp>(loc, images, repeated);
    return {sums, sum(builder.create<ir::AbsOp>(loc, distance))};
  }

  /// Some images are computed, some results are the convolution's absolute value, with sums of the
  /// lines.
  void expectConvolved(const RandomConvolution &convolution, Random &random,
                       const ScheduleMaker &schedule, ir::KernelFamily family) {
    bool follows = random.chance(50), sums = random.chance(50), computes = random.chance(50);
    RankedTensorType channels = RandomConvolution::channelsOf(convolution.image);
    auto body = [&](OpBuilder &builder, ValueRange arguments) {
      Value y = convolution.convolve(builder, arguments[0], arguments[1]);
      if (computes)
        RandomConvolution::computeImage(y.getDefiningOp(), 0, arguments[2]);
      if (follows)
        y = builder.create<ir::AbsOp>(builder.getUnknownLoc(), y);
      llvm::SmallVector<Value> results{y};
      if (sums)
        results.append(sumLines(builder, y));
      return results;
    };
    OwningOpRef<ModuleOp> module =
        makeKernelModule(context, kBatchSize, {convolution.image, convolution.filter, channels},
                         target, schedule, body);
    module->walk([&](ir::KernelOp kernel) { EXPECT_EQ(kernel.getFamily(), family); });
    int64_t rows = random.between(1, kBatchSize);
    expectInterpreted(*module, target,
                      {random.tensor(convolution.image, rows),
                       random.tensor(convolution.filter, rows), random.tensor(channels, rows)},
                      rows);
  }
};

TEST_P(ConvolutionKernel, Convolves) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    Random random(seed);
    RandomConvolution convolution(context, random, random.oneOf<int64_t>({1, 1, 2, 3}),
                                  random.between(2, 20), random.between(1, 40));
    expectConvolved(convolution, random, dense(random), ir::KernelFamily::convolution);
    if (HasFailure())
      FAIL() << "seed " << seed;
  }
}

TEST_P(ConvolutionKernel, ConvolvesChannelByChannel) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    Random random(seed);
    RandomConvolution convolution(context, random, random.between(2, 70), 1, 1);
    expectConvolved(convolution, random, depthwise(random), ir::KernelFamily::depthwise);
    if (HasFailure())
      FAIL() << "seed " << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, ConvolutionKernel, testing::ValuesIn(kKernelTargets), nameTarget);

} // namespace
} // namespace lamina::codegen
