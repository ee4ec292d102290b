// Convolutions of 3 x 3 taps with so many channels that passes make them by minimal filtering.
#include "test/random_graph/steps/random_steps.h"

using namespace mlir;
using namespace lamina::ir;

namespace lamina::test {
namespace {

constexpr int64_t kLeastChannels = 16;

bool isImage(Value value) {
  ArrayRef<int64_t> shape = shapeOf(value);
  return isFloat(value) && shape.size() == 4 && ShapedType::isDynamic(shape[0]) && shape[1] >= 3 &&
         shape[2] >= 3 && shape[3] >= kLeastChannels;
}

bool isFilterOf(Value value, int64_t channels) {
  ArrayRef<int64_t> shape = shapeOf(value);
  return isFloat(value) && shape.size() == 4 && shape[0] == 3 && shape[1] == 3 &&
         shape[2] == channels;
}

void addSquareConvolution(GraphBuilder &graph) {
  Value x = graph.pick(isImage);
  if (!x)
    return;
  int64_t channels = shapeOf(x).back();
  Value filter = graph.pick([&](Value value) { return isFilterOf(value, channels); });
  if (!filter)
    return;
  x = graph.limited(x, 2);
  filter = graph.limited(filter, 2);
  llvm::SmallVector<int64_t> ones = {1, 1}, low, high;
  for (int i = 0; i < 2; ++i) {
    low.push_back(graph.choose(3));
    high.push_back(2 - low.back()); // the image keeps its size
  }
  double bound =
      graph.facts(x).bound * graph.facts(filter).bound * 9 * static_cast<double>(channels);
  graph.keep(graph.make<ConvolutionOp>(x, filter, ones, low, high, ones, ones, /*groups=*/1,
                                       /*reversed=*/graph.chance(50)),
             {bound, false});
}

/// The gradient by a filter of two images of one size.
void addSquareGradient(GraphBuilder &graph) {
  Value x = graph.pick(isImage);
  if (!x)
    return;
  ArrayRef<int64_t> size = shapeOf(x).drop_back();
  Value y =
      graph.pick([&](Value value) { return isImage(value) && shapeOf(value).drop_back() == size; });
  llvm::SmallVector<int64_t> ones = {1, 1};
  x = graph.make<StopGradientOp>(graph.limited(x, 2));
  y = graph.make<StopGradientOp>(graph.limited(y, 2));
  double count = static_cast<double>(graph.batchSize() * size[1] * size[2]);
  graph.keep(graph.make<FilterGradientOp>(
                 graph.typeOf({3, 3, shapeOf(x).back(), shapeOf(y).back()}, graph.floatType()), x,
                 y, ones, ones, ones, ones, ones, /*groups=*/1, /*reversed=*/false,
                 /*slice=*/IntegerAttr(), /*winograd=*/IntegerAttr()),
             {4 * count, false});
}

constexpr Step kSteps[] = {addSquareConvolution, addSquareConvolution, addSquareGradient};

} // namespace

llvm::ArrayRef<Step> squareSteps() {
  return kSteps;
}

} // namespace lamina::test
