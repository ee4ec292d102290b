// Convolutions, windows and lookups.
#include "test/random_graph/steps/random_steps.h"

#include <algorithm>

using namespace mlir;
using namespace lamina::ir;

namespace lamina::test {
namespace {

using Extents = llvm::SmallVector<int64_t>;

int64_t between(GraphBuilder &graph, int64_t low, int64_t high) {
  return low + graph.choose(high - low + 1);
}

/// `value` reshaped to rows, one or more spatial dimensions and channels; null where that cannot
/// be.
Value asImage(GraphBuilder &graph, Value value) {
  Extents shape(shapeOf(value));
  if (llvm::any_of(llvm::drop_begin(shape, shape.empty() ? 0 : 1), ShapedType::isDynamic))
    return nullptr;
  if (shape.size() < 2)
    return nullptr;
  // A matrix of rows becomes a line of elements with one or more channels.
  if (shape.size() == 2) {
    int64_t channels = shape[1] % 2 == 0 && graph.chance(50) ? 2 : 1;
    shape = {shape[0], shape[1] / channels, channels};
    value = graph.makeWith<ReshapeOp>(graph.facts(value), graph.typeOf(shape, elementTypeOf(value)),
                                      value);
  } else if (shape.size() <= 4 && graph.chance(30)) {
    shape.insert(shape.begin() + 1 + graph.choose(static_cast<int64_t>(shape.size()) - 1), 1);
    value = graph.makeWith<ReshapeOp>(graph.facts(value), graph.typeOf(shape, elementTypeOf(value)),
                                      value);
  }
  return value;
}

Value pickImage(GraphBuilder &graph, llvm::function_ref<Value()> pick) {
  for (int attempt = 0; attempt < 4; ++attempt)
    if (Value image = asImage(graph, pick()))
      return image;
  return nullptr;
}

/// The attributes of a convolution of `image`, and the shape of its filter.
struct Convolution {
  Extents filter, strides, low, high, lhsDilation, rhsDilation, result;
  int64_t groups = 1, taps = 1;
  bool reversed, valid = true;

  Convolution(GraphBuilder &graph, ArrayRef<int64_t> image) : reversed(graph.chance(40)) {
    result.push_back(image[0]);
    for (int64_t extent : image.drop_front().drop_back())
      addDimension(graph, extent);
    int64_t channels = image.back(), filters = between(graph, 1, 4);
    if (graph.chance(40))
      for (int64_t divisor : {channels, int64_t(4), int64_t(3), int64_t(2)})
        if (channels % divisor == 0 && graph.chance(50)) {
          groups = divisor;
          break;
        }
    filter.append({channels / groups, filters * groups});
    taps *= channels / groups;
    result.push_back(filters * groups);
  }

private:
  void addDimension(GraphBuilder &graph, int64_t extent) {
    int64_t window = between(graph, 1, 3);
    int64_t stride = 1, lhs = 1, rhs = graph.chance(25) ? 2 : 1;
    (graph.chance(75) ? stride : lhs) = between(graph, 1, 3);
    filter.push_back(window);
    strides.push_back(stride);
    lhsDilation.push_back(lhs);
    rhsDilation.push_back(rhs);
    low.push_back(between(graph, -1, 3));
    high.push_back(between(graph, -1, 3));
    int64_t span = (window - 1) * rhs + 1;
    int64_t padded = (extent - 1) * lhs + 1 + low.back() + high.back();
    valid &= padded >= span;
    result.push_back(valid ? (padded - span) / stride + 1 : 1);
    taps *= window;
  }
};

void addConvolution(GraphBuilder &graph) {
  Value x = pickImage(graph, [&] { return graph.limited(graph.pickFloat(), 2); });
  if (!x)
    return;
  Convolution c(graph, shapeOf(x));
  if (!c.valid || !graph.fits(c.result) || !graph.fits(c.filter))
    return;
  Value filter = graph.limited(graph.matching(c.filter, graph.floatType()), 2);
  double bound = graph.facts(x).bound * graph.facts(filter).bound * static_cast<double>(c.taps);
  graph.keep(graph.make<ConvolutionOp>(x, filter, c.strides, c.low, c.high, c.lhsDilation,
                                       c.rhsDilation, c.groups, c.reversed),
             {bound, false});
}

/// What gradients of convolutions are made of; it has no gradient rule itself, so it takes values
/// that no trainable variable reaches.
void addFilterGradient(GraphBuilder &graph) {
  Value x = pickImage(graph, [&] { return graph.limited(graph.pickExact(graph.floatType()), 2); });
  if (!x)
    return;
  Convolution c(graph, shapeOf(x));
  if (!c.valid || !graph.fits(c.result) || !graph.fits(c.filter))
    return;
  Value gradient = graph.make<StopGradientOp>(
      graph.limited(graph.matching(c.result, graph.floatType(), true), 2));
  double count = 1;
  for (int64_t extent : ArrayRef<int64_t>(c.result).drop_back())
    count *= static_cast<double>(ShapedType::isDynamic(extent) ? graph.batchSize() : extent);
  graph.keep(graph.make<FilterGradientOp>(
                 graph.typeOf(c.filter, graph.floatType()), graph.make<StopGradientOp>(x), gradient,
                 c.strides, c.low, c.high, c.lhsDilation, c.rhsDilation, c.groups, c.reversed,
                 /*slice=*/IntegerAttr(), /*winograd=*/IntegerAttr()),
             {4 * count, false});
}

/// Windows over `image`; every one has an element.
struct Windows {
  Extents window, strides, low, high, result;
  bool valid = true;
  int64_t elements = 1;

  Windows(GraphBuilder &graph, ArrayRef<int64_t> image) {
    result.push_back(image[0]);
    for (int64_t extent : image.drop_front().drop_back()) {
      window.push_back(between(graph, 1, 3));
      strides.push_back(between(graph, 1, 3));
      low.push_back(graph.choose(window.back()));
      high.push_back(graph.choose(window.back()));
      int64_t padded = extent + low.back() + high.back();
      valid &= padded >= window.back();
      result.push_back(valid ? (padded - window.back()) / strides.back() + 1 : 1);
      elements *= window.back();
    }
    result.push_back(image.back());
  }
};

void addReduceWindow(GraphBuilder &graph) {
  bool exact = graph.chance(30);
  Value x = pickImage(
      graph, [&] { return exact ? graph.pickInteger() : graph.limited(graph.pickFloat(), 2); });
  if (!x)
    return;
  Windows w(graph, shapeOf(x));
  if (!w.valid || !graph.fits(w.result))
    return;
  bool sum = graph.chance(50);
  ValueFacts facts = graph.facts(x);
  if (sum)
    facts = {facts.bound * static_cast<double>(w.elements), isInteger(x)};
  graph.keep(graph.make<ReduceWindowOp>(x, sum ? ReductionKind::add : ReductionKind::maximum,
                                        w.window, w.strides, w.low, w.high),
             facts);
}

/// The places of maxima and their gradient; sometimes next to the maxima themselves.
void addArgmaxWindow(GraphBuilder &graph) {
  Value x = pickImage(graph, [&] { return graph.pickExact(graph.floatType()); });
  if (!x)
    return;
  Windows w(graph, shapeOf(x));
  if (!w.valid || !graph.fits(w.result))
    return;
  if (graph.chance(50))
    graph.keep(
        graph.make<ReduceWindowOp>(x, ReductionKind::maximum, w.window, w.strides, w.low, w.high),
        graph.facts(x));
  Value places = graph.make<ArgmaxWindowOp>(x, w.window, w.strides, w.low, w.high);
  graph.keep(places, {128, true});
  bool chosen = graph.chance(60);
  Value source = graph.make<StopGradientOp>(
      graph.limited(graph.matching(w.result, graph.floatType(), true), 2));
  graph.keep(graph.make<WindowScatterOp>(x.getType(), source, chosen ? places : Value(), w.window,
                                         w.strides, w.low, w.high),
             {2.0 * static_cast<double>(w.elements), false});
}

/// Indices may lie outside; those that would need a second dimension of rows are left out.
struct Lookup {
  Value indices; ///< null: there are none that fit
  int64_t batching = 0;
  Extents result;
};

Lookup pickLookup(GraphBuilder &graph, ArrayRef<int64_t> table, int64_t dimension) {
  Lookup lookup{graph.pickInteger(), graph.choose(dimension + 1), {}};
  ArrayRef<int64_t> indices = shapeOf(lookup.indices);
  auto same = [&](int64_t count) {
    return count <= static_cast<int64_t>(indices.size()) &&
           table.take_front(count) == indices.take_front(count);
  };
  while (!same(lookup.batching))
    --lookup.batching;
  lookup.result.append(table.begin(), table.begin() + dimension);
  lookup.result.append(indices.begin() + lookup.batching, indices.end());
  lookup.result.append(table.begin() + dimension + 1, table.end());
  if (indices.size() > 2 || lookup.result.size() > 4 || !graph.fits(lookup.result))
    lookup.indices = nullptr;
  return lookup;
}

void addGather(GraphBuilder &graph) {
  Value table = graph.chance(70) ? graph.pickFloat() : graph.pickInteger();
  ArrayRef<int64_t> shape = shapeOf(table);
  if (shape.empty())
    return;
  int64_t dimension = graph.choose(static_cast<int64_t>(shape.size()));
  if (ShapedType::isDynamic(shape[dimension]))
    return;
  Lookup lookup = pickLookup(graph, shape, dimension);
  if (lookup.indices)
    graph.keep(graph.make<GatherOp>(table, lookup.indices, dimension, lookup.batching),
               graph.facts(table));
}

void addScatter(GraphBuilder &graph) {
  Extents shape = graph.randomShape();
  if (shape.empty())
    return;
  int64_t dimension = graph.choose(static_cast<int64_t>(shape.size()));
  if (ShapedType::isDynamic(shape[dimension]))
    return;
  Lookup lookup = pickLookup(graph, shape, dimension);
  if (!lookup.indices)
    return;
  Value updates = graph.limited(graph.matching(lookup.result, graph.floatType()), 2);
  double count = 1;
  for (int64_t extent : shapeOf(lookup.indices).drop_front(lookup.batching))
    count *= static_cast<double>(ShapedType::isDynamic(extent) ? graph.batchSize() : extent);
  graph.keep(graph.make<ScatterOp>(graph.typeOf(shape, graph.floatType()), lookup.indices, updates,
                                   dimension, lookup.batching),
             {2 * count, false});
}

constexpr Step kSteps[] = {addConvolution,    addConvolution,  addConvolution,
                           addFilterGradient, addReduceWindow, addReduceWindow,
                           addArgmaxWindow,   addGather,       addScatter};

} // namespace

llvm::ArrayRef<Step> windowSteps() {
  return kSteps;
}

} // namespace lamina::test
