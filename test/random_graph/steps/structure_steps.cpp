// Shapes, reductions of numbers and contractions.
#include "test/random_graph/steps/random_steps.h"

#include <algorithm>

using namespace mlir;
using namespace lamina::ir;

namespace lamina::test {
namespace {

using Dimensions = llvm::SmallVector<int64_t>;

Value pickAny(GraphBuilder &graph) {
  Value value = graph.chance(70) ? graph.pickFloat() : graph.pick([](Value) { return true; });
  return value ? value : graph.pickFloat();
}

Dimensions randomPermutation(GraphBuilder &graph, int64_t rank) {
  Dimensions permutation;
  for (int64_t i = 0; i < rank; ++i)
    permutation.insert(permutation.begin() + graph.choose(i + 1), i);
  return permutation;
}

void addBroadcast(GraphBuilder &graph) {
  Value x = pickAny(graph);
  Dimensions shape, dimensions;
  for (int64_t extent : shapeOf(x)) {
    if (graph.chance(30))
      shape.push_back(graph.chance(30) ? ShapedType::kDynamic : graph.randomExtent());
    dimensions.push_back(static_cast<int64_t>(shape.size()));
    shape.push_back(extent == 1 && graph.chance(50) ? graph.randomExtent() : extent);
  }
  if (graph.chance(30))
    shape.push_back(graph.randomExtent());
  if (shape.size() <= 4 && graph.fits(shape))
    graph.keep(graph.make<BroadcastInDimOp>(graph.typeOf(shape, elementTypeOf(x)), x, dimensions),
               graph.facts(x));
}

/// Merges two neighbours or splits one dimension; the rows stay in front.
void addReshape(GraphBuilder &graph) {
  Value x = pickAny(graph);
  Dimensions shape(shapeOf(x));
  bool hasRows = llvm::is_contained(shape, ShapedType::kDynamic);
  if (hasRows && !ShapedType::isDynamic(shape[0]))
    return;
  size_t first = hasRows ? 1 : 0;
  if (shape.size() >= first + 2 && graph.chance(50)) {
    size_t at = first + graph.choose(static_cast<int64_t>(shape.size() - first - 1));
    shape[at] *= shape[at + 1];
    shape.erase(shape.begin() + at + 1);
  } else if (shape.size() > first && shape[first] % 2 == 0 && graph.chance(60)) {
    shape[first] /= 2;
    shape.insert(shape.begin() + first, 2);
  } else {
    shape.insert(shape.begin() + first, 1);
  }
  if (shape.size() <= 4)
    graph.keep(graph.make<ReshapeOp>(graph.typeOf(shape, elementTypeOf(x)), x), graph.facts(x));
}

void addTranspose(GraphBuilder &graph) {
  Value x = pickAny(graph);
  graph.keep(graph.make<TransposeOp>(x, randomPermutation(graph, shapeOf(x).size())),
             graph.facts(x));
}

void addSlice(GraphBuilder &graph) {
  Value x = pickAny(graph);
  Dimensions start, limit, strides;
  for (int64_t extent : shapeOf(x)) {
    bool rows = ShapedType::isDynamic(extent);
    start.push_back(rows ? 0 : graph.choose(extent));
    limit.push_back(rows ? -1 : start.back() + 1 + graph.choose(extent - start.back()));
    strides.push_back(rows ? 1 : 1 + graph.choose(3));
  }
  graph.keep(graph.make<SliceOp>(x, start, limit, strides), graph.facts(x));
}

void addPad(GraphBuilder &graph) {
  Value x = pickAny(graph);
  Dimensions low, high, interior, shape;
  for (int64_t extent : shapeOf(x)) {
    bool rows = ShapedType::isDynamic(extent);
    low.push_back(rows ? 0 : graph.choose(3));
    high.push_back(rows ? 0 : graph.choose(3));
    interior.push_back(rows ? 0 : graph.choose(2));
    shape.push_back(rows ? extent : extent * (1 + interior.back()) + low.back() + high.back());
  }
  if (!graph.fits(shape))
    return;
  Value padding = graph.filled({}, elementTypeOf(x), static_cast<double>(graph.choose(2)));
  ValueFacts facts = graph.facts(x);
  graph.keep(graph.make<PadOp>(x, padding, low, high, interior),
             {std::max(facts.bound, 1.0), facts.exact});
}

void addConcatenate(GraphBuilder &graph) {
  Value x = pickAny(graph);
  Dimensions shape(shapeOf(x));
  int64_t dimension = graph.choose(static_cast<int64_t>(shape.size()) + 1);
  if (dimension == static_cast<int64_t>(shape.size()) || ShapedType::isDynamic(shape[dimension]))
    return;
  llvm::SmallVector<Value> operands{x};
  ValueFacts facts = graph.facts(x);
  int64_t total = shape[dimension];
  for (int64_t more = graph.choose(3); more > 0; --more) {
    int64_t extent = graph.chance(50) ? shapeOf(x)[dimension] : graph.randomExtent();
    shape[dimension] = total + extent;
    if (!graph.fits(shape))
      continue;
    total += extent;
    shape[dimension] = extent;
    Value operand = graph.matching(shape, elementTypeOf(x));
    facts.bound = std::max(facts.bound, graph.facts(operand).bound);
    facts.exact = facts.exact && graph.facts(operand).exact;
    operands.push_back(operand);
  }
  graph.keep(graph.make<ConcatenateOp>(ValueRange(operands), dimension), facts);
}

void addReduce(GraphBuilder &graph) {
  Value x = graph.limited(graph.pickFloat(), 2);
  Dimensions dimensions;
  int64_t count = 1;
  for (auto [dimension, extent] : llvm::enumerate(shapeOf(x)))
    if (graph.chance(60)) {
      dimensions.push_back(static_cast<int64_t>(dimension));
      count *= ShapedType::isDynamic(extent) ? graph.batchSize() : extent;
    }
  ValueFacts facts = graph.facts(x);
  static constexpr ReductionKind kinds[] = {ReductionKind::add, ReductionKind::add,
                                            ReductionKind::maximum, ReductionKind::minimum,
                                            ReductionKind::multiply};
  ReductionKind kind = kinds[graph.choose(5)];
  if (kind == ReductionKind::add)
    facts = {facts.bound * static_cast<double>(count), false};
  if (kind == ReductionKind::multiply) {
    // Of numbers not above 1 in magnitude, or the product could be anything.
    x = graph.limited(x, 1);
    facts = {1, false};
  }
  graph.keep(graph.make<ReduceOp>(x, kind, dimensions), facts);
}

/// Shares up to two dimensions of `lhs` as batching or contracting ones; the rows may be either.
void addDotGeneral(GraphBuilder &graph) {
  Value lhs = graph.limited(graph.pickFloat(), 2);
  Dimensions lhsBatching, lhsContracting, lhsOrder = randomPermutation(graph, shapeOf(lhs).size());
  for (int64_t dimension : lhsOrder)
    if (graph.chance(50))
      (graph.chance(30) ? lhsBatching : lhsContracting).push_back(dimension);
  Dimensions rhsShape;
  for (int64_t dimension : lhsBatching)
    rhsShape.push_back(shapeOf(lhs)[dimension]);
  for (int64_t dimension : lhsContracting)
    rhsShape.push_back(shapeOf(lhs)[dimension]);
  if (graph.chance(70))
    rhsShape.push_back(graph.randomExtent());
  // Dimension i of the shape so far becomes dimension position[i] of the operand.
  Dimensions position = randomPermutation(graph, rhsShape.size()), shuffled(rhsShape);
  for (auto [i, target] : llvm::enumerate(position))
    shuffled[target] = rhsShape[i];
  Dimensions result;
  int64_t count = 1;
  for (auto [dimension, extent] : llvm::enumerate(shapeOf(lhs)))
    if (!llvm::is_contained(lhsContracting, static_cast<int64_t>(dimension)))
      result.push_back(extent);
    else
      count *= ShapedType::isDynamic(extent) ? graph.batchSize() : extent;
  if (rhsShape.size() > lhsBatching.size() + lhsContracting.size())
    result.push_back(rhsShape.back());
  if (shuffled.size() > 4 || result.size() > 4 || !graph.fits(shuffled) || !graph.fits(result))
    return;
  Value rhs = graph.limited(graph.matching(shuffled, graph.floatType()), 2);
  llvm::ArrayRef<int64_t> positions = position;
  double bound = graph.facts(lhs).bound * graph.facts(rhs).bound * static_cast<double>(count);
  graph.keep(graph.make<DotGeneralOp>(lhs, rhs, lhsBatching,
                                      positions.take_front(lhsBatching.size()), lhsContracting,
                                      positions.slice(lhsBatching.size(), lhsContracting.size())),
             {bound, false});
}

constexpr Step kSteps[] = {addBroadcast,  addReshape,     addTranspose, addSlice,
                           addPad,        addConcatenate, addReduce,    addReduce,
                           addDotGeneral, addDotGeneral,  addDotGeneral};

} // namespace

llvm::ArrayRef<Step> structureSteps() {
  return kSteps;
}

} // namespace lamina::test
