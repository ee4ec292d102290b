// Kernels of convolutions against the interpreter, over random geometries and register tiles that
// do not divide them.
#include <random>

#include <gtest/gtest.h>

#include "ir/module.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "test/random_graph/compiled_runner.h"
#include "test/random_graph/single_function.h"

using namespace mlir;
using namespace lamina::ir;

namespace lamina::test {
namespace {

using Extents = llvm::SmallVector<int64_t>;

/// A random convolution: its types and attributes.
struct Geometry {
  RankedTensorType image, filter;
  Extents strides, low, high, inputDilation, filterDilation;
  int64_t groups = 1;
  bool reversed = false;

  Geometry(MLIRContext &context, std::mt19937_64 &random, int64_t largestChannels,
           int64_t leastChannels = 1) {
    auto choose = [&](int64_t low, int64_t high) {
      return low + static_cast<int64_t>(random() % (high - low + 1));
    };
    int64_t rank = choose(1, 3);
    Type element =
        choose(0, 5) == 0 ? Type(Float64Type::get(&context)) : Float32Type::get(&context);
    int64_t channels = choose(leastChannels, largestChannels), filters = choose(1, 40);
    switch (leastChannels > 1 ? 2 : choose(0, 4)) {
    case 0: // depthwise
      groups = choose(2, largestChannels);
      channels = filters = 1;
      break;
    case 1:
      groups = choose(2, 4);
      channels = choose(1, 5), filters = choose(1, 20);
      break;
    default:
      break;
    }
    reversed = choose(0, 1);
    bool pointwise = choose(0, 3) == 0;
    Extents imageShape{ShapedType::kDynamic}, filterShape;
    for (int64_t i = 0; i < rank; ++i) {
      int64_t window = pointwise ? 1 : choose(1, 4);
      filterShape.push_back(window);
      filterDilation.push_back(choose(1, 4) == 1 ? 2 : 1);
      int64_t stride = pointwise ? 1 : choose(1, 3), dilation = 1;
      if (choose(0, 3) == 0)
        std::swap(stride, dilation);
      strides.push_back(stride);
      inputDilation.push_back(dilation);
      int64_t span = (window - 1) * filterDilation.back() + 1;
      low.push_back(pointwise ? 0 : choose(-1, span));
      high.push_back(pointwise ? 0 : choose(-1, span));
      int64_t least = std::max<int64_t>(1, span - low.back() - high.back());
      imageShape.push_back(std::max(least, choose(1, i + 1 == rank ? 19 : 7)));
    }
    imageShape.push_back(groups * channels);
    filterShape.append({channels, groups * filters});
    image = RankedTensorType::get(imageShape, element);
    filter = RankedTensorType::get(filterShape, element);
  }

  Value convolve(OpBuilder &builder, Value x, Value weights) const {
    return builder.create<ConvolutionOp>(builder.getUnknownLoc(), x, weights, strides, low, high,
                                         inputDilation, filterDilation, groups, reversed);
  }
  Value gradient(OpBuilder &builder, Value x, Value y) const {
    return builder.create<FilterGradientOp>(builder.getUnknownLoc(), filter, x, y, strides, low,
                                            high, inputDilation, filterDilation, groups, reversed,
                                            /*slice=*/IntegerAttr(),
                                            /*winograd=*/IntegerAttr());
  }
};

/// A convolution, of two of three seeds with a bias, in one kernel.
OwningOpRef<ModuleOp> makeConvolution(MLIRContext &context, uint64_t seed) {
  loadDialects(context);
  std::mt19937_64 random(seed);
  Geometry geometry(context, random, 40);
  Type bias =
      RankedTensorType::get({geometry.filter.getShape().back()}, geometry.image.getElementType());
  return makeModule(context, {geometry.image, geometry.filter, bias},
                    [&](OpBuilder &builder, ValueRange arguments) {
                      Value y = geometry.convolve(builder, arguments[0], arguments[1]);
                      if (seed % 3 == 0)
                        return y;
                      Location loc = builder.getUnknownLoc();
                      auto type = cast<RankedTensorType>(y.getType());
                      Value shift = builder.create<BroadcastInDimOp>(
                          loc, type, arguments[2], ArrayRef<int64_t>{type.getRank() - 1});
                      return Value(builder.create<AddOp>(loc, y, shift));
                    });
}

OwningOpRef<ModuleOp> makeFilterGradient(MLIRContext &context, uint64_t seed,
                                         int64_t largestChannels = 40) {
  loadDialects(context);
  std::mt19937_64 random(seed);
  Geometry geometry(context, random, largestChannels);
  auto forward = makeModule(context, {geometry.image, geometry.filter},
                            [&](OpBuilder &builder, ValueRange arguments) {
                              return geometry.convolve(builder, arguments[0], arguments[1]);
                            });
  Type result = forward->lookupSymbol<func::FuncOp>("main").getResultTypes()[0];
  return makeModule(context, {geometry.image, result},
                    [&](OpBuilder &builder, ValueRange arguments) {
                      return geometry.gradient(builder, arguments[0], arguments[1]);
                    });
}

class Convolutions : public TargetTest {};

TEST_P(Convolutions, WithWhatFollows) {
  MLIRContext context;
  for (uint64_t seed = 0; seed < 60; ++seed)
    expectInterpreted(compiledFor(GetParam(), true), *makeConvolution(context, seed), seed);
}

/// Filters that no first-level cache holds: the sums of a task are made in blocks.
TEST_P(Convolutions, OfManyChannels) {
  MLIRContext context;
  loadDialects(context);
  int64_t tested = 0;
  for (uint64_t seed = 2000; tested < 8; ++seed) {
    std::mt19937_64 random(seed);
    Geometry geometry(context, random, 700, 200);
    int64_t elements = geometry.filter.getNumElements();
    for (int64_t extent : geometry.image.getShape().drop_front().drop_back())
      elements *= extent;
    if (elements > 10'000'000) // more than the interpreter can do in time
      continue;
    ++tested;
    auto module = makeModule(context, {geometry.image, geometry.filter},
                             [&](OpBuilder &builder, ValueRange arguments) {
                               return geometry.convolve(builder, arguments[0], arguments[1]);
                             });
    expectInterpreted(compiledFor(GetParam(), true), *module, seed);
  }
}

TEST_P(Convolutions, GradientByFilter) {
  MLIRContext context;
  for (uint64_t seed = 1000; seed < 1060; ++seed)
    expectInterpreted(compiledFor(GetParam(), true), *makeFilterGradient(context, seed), seed);
}

/// Most of them have kernels of their own, where all taps of a task are rows of register tiles.
TEST_P(Convolutions, GradientByFilterOfFewChannels) {
  MLIRContext context;
  for (uint64_t seed = 4000; seed < 4060; ++seed)
    expectInterpreted(compiledFor(GetParam(), true), *makeFilterGradient(context, seed, 4), seed);
}

TEST_P(Convolutions, OtherSchedulesGiveTheSameBits) {
  MLIRContext context;
  Runner runner = compiledWithOtherSchedules(GetParam());
  for (uint64_t seed = 3000; seed < 3006; ++seed) {
    expectInterpreted(runner, *makeConvolution(context, seed), seed);
    expectInterpreted(runner, *makeFilterGradient(context, seed), seed);
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, Convolutions, testing::ValuesIn(kTargets), nameTarget);

} // namespace
} // namespace lamina::test
