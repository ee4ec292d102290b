#include "test/random_graph/steps/random_steps.h"

#include <cmath>

using namespace mlir;
using namespace lamina::ir;

namespace lamina::test {
namespace {

/// Values larger than this are scaled down before they are used.
constexpr double kLimit = 4;

/// Another value of the same type.
Value partner(GraphBuilder &graph, Value value) {
  return graph.limited(graph.matching(shapeOf(value), elementTypeOf(value)), kLimit);
}

Value pickLimited(GraphBuilder &graph) {
  return graph.limited(graph.pickFloat(), kLimit);
}

/// Functions with values of magnitude one at most.
void addBoundedFunction(GraphBuilder &graph) {
  Value x = pickLimited(graph);
  ValueFacts facts{1, false};
  switch (graph.choose(5)) {
  case 0:
    graph.keep(graph.make<TanhOp>(x), facts);
    return;
  case 1:
    graph.keep(graph.make<LogisticOp>(x), facts);
    return;
  case 2:
    graph.keep(graph.make<ErfOp>(x), facts);
    return;
  case 3:
    graph.keep(graph.make<SineOp>(x), facts);
    return;
  default:
    graph.keep(graph.make<CosineOp>(x), facts);
  }
}

void addExponential(GraphBuilder &graph) {
  Value x = graph.limited(graph.pickFloat(), 2);
  if (graph.chance(50))
    graph.keep(graph.make<ExponentialOp>(x), {8, false});
  else
    graph.keep(graph.make<ExponentialMinusOneOp>(x), {7, false});
}

void addTangent(GraphBuilder &graph) {
  graph.keep(graph.make<TanOp>(graph.limited(graph.pickFloat(), 1)), {2, false});
}

/// Functions of positive numbers, at 0.5 and more.
void addFunctionOfPositive(GraphBuilder &graph) {
  Value x = pickLimited(graph);
  switch (graph.choose(5)) {
  case 0:
    graph.keep(graph.make<LogOp>(graph.positive(x)), {2, false});
    return;
  case 1:
    graph.keep(graph.make<SqrtOp>(graph.positive(x)), {3, false});
    return;
  case 2:
    graph.keep(graph.make<RsqrtOp>(graph.positive(x)), {1.5, false});
    return;
  case 3:
    graph.keep(graph.make<LogPlusOneOp>(graph.positive(x)), {2, false});
    return;
  default: {
    Value exponent = graph.limited(graph.matching(shapeOf(x), elementTypeOf(x)), 1.5);
    graph.keep(graph.make<PowerOp>(graph.positive(x), exponent), {10, false});
  }
  }
}

void addSum(GraphBuilder &graph) {
  Value a = pickLimited(graph), b = partner(graph, a);
  double bound = graph.facts(a).bound + graph.facts(b).bound;
  if (graph.chance(50))
    graph.keep(graph.make<AddOp>(a, b), {bound, false});
  else
    graph.keep(graph.make<SubtractOp>(a, b), {bound, false});
}

void addProduct(GraphBuilder &graph) {
  Value a = pickLimited(graph), b = partner(graph, a);
  double bound = graph.facts(a).bound * graph.facts(b).bound;
  if (graph.chance(60)) {
    graph.keep(graph.make<MultiplyOp>(a, b), {bound, false});
    return;
  }
  Value c = partner(graph, a);
  graph.keep(graph.make<FmaOp>(a, b, c), {bound + graph.facts(c).bound, false});
}

void addQuotient(GraphBuilder &graph) {
  Value a = pickLimited(graph), b = partner(graph, a);
  graph.keep(graph.make<DivideOp>(a, graph.positive(b)), {2 * graph.facts(a).bound, false});
}

/// Kinks without jumps: they may meet rounding errors.
void addExtremum(GraphBuilder &graph) {
  Value a = pickLimited(graph), b = partner(graph, a);
  ValueFacts facts{std::max(graph.facts(a).bound, graph.facts(b).bound),
                   graph.facts(a).exact && graph.facts(b).exact};
  if (graph.chance(50))
    graph.keep(graph.make<MaximumOp>(a, b), facts);
  else
    graph.keep(graph.make<MinimumOp>(a, b), facts);
}

void addExactUnary(GraphBuilder &graph) {
  Value x = pickLimited(graph);
  if (graph.chance(50))
    graph.keep(graph.make<AbsOp>(x), graph.facts(x));
  else
    graph.keep(graph.make<NegateOp>(x), graph.facts(x));
}

/// The predicate is exact, so the choice is certain; the branches need not be.
void addSelect(GraphBuilder &graph) {
  Value a = pickLimited(graph), b = partner(graph, a);
  Value predicate = graph.matching(shapeOf(a), graph.boolType(), true);
  graph.keep(graph.make<SelectOp>(predicate, a, b),
             {std::max(graph.facts(a).bound, graph.facts(b).bound),
              graph.facts(a).exact && graph.facts(b).exact});
}

/// max(x, 0) as frontends write it: continuous, so x may have rounding errors.
void addRelu(GraphBuilder &graph) {
  Value x = pickLimited(graph);
  Value zero = graph.filled(shapeOf(x), elementTypeOf(x), 0);
  Value isNegative = graph.make<CompareOp>(ComparisonDirection::LE, x, zero);
  graph.keep(graph.make<SelectOp>(isNegative, zero, x), graph.facts(x));
}

constexpr Step kSteps[] = {addBoundedFunction,
                           addExponential,
                           addTangent,
                           addFunctionOfPositive,
                           addSum,
                           addSum,
                           addProduct,
                           addProduct,
                           addQuotient,
                           addExtremum,
                           addExactUnary,
                           addSelect,
                           addRelu};

} // namespace

llvm::ArrayRef<Step> elementwiseSteps() {
  return kSteps;
}

} // namespace lamina::test
