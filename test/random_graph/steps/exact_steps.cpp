// Integers, booleans, indices and random bits, and jumps of exact floating-point values.
#include "test/random_graph/steps/random_steps.h"

using namespace mlir;
using namespace lamina::ir;

namespace lamina::test {
namespace {

constexpr ValueFacts kExactInteger{1e18, true};

Value partner(GraphBuilder &graph, Value value) {
  return graph.matching(shapeOf(value), elementTypeOf(value), true);
}

void addJump(GraphBuilder &graph) {
  Value x = graph.pickExact(graph.floatType());
  ValueFacts facts{graph.facts(x).bound + 1, true};
  switch (graph.choose(5)) {
  case 0:
    graph.keep(graph.make<FloorOp>(x), facts);
    return;
  case 1:
    graph.keep(graph.make<CeilOp>(x), facts);
    return;
  case 2:
    graph.keep(graph.make<RoundNearestEvenOp>(x), facts);
    return;
  case 3:
    graph.keep(graph.make<SignOp>(x), {1, true});
    return;
  default:
    graph.keep(graph.make<RemainderOp>(x, graph.filled(shapeOf(x), elementTypeOf(x), 0.75)),
               {0.75, true});
  }
}

void addIntegerArithmetic(GraphBuilder &graph) {
  Value a = graph.pickInteger(), b = partner(graph, a);
  switch (graph.choose(8)) {
  case 0:
    graph.keep(graph.make<AddOp>(a, b), kExactInteger);
    return;
  case 1:
    graph.keep(graph.make<SubtractOp>(a, b), kExactInteger);
    return;
  case 2:
    graph.keep(graph.make<MultiplyOp>(a, b), kExactInteger);
    return;
  case 3:
    graph.keep(graph.make<DivideOp>(a, b), kExactInteger);
    return;
  case 4:
    graph.keep(graph.make<RemainderOp>(a, b), kExactInteger);
    return;
  case 5:
    graph.keep(graph.make<MaximumOp>(a, b), kExactInteger);
    return;
  case 6:
    graph.keep(graph.make<MinimumOp>(a, b), kExactInteger);
    return;
  default:
    graph.keep(graph.make<SignOp>(graph.make<NegateOp>(a)), {1, true});
  }
}

void addLogic(GraphBuilder &graph) {
  Value a = graph.chance(50) ? graph.pickInteger() : graph.pickExact(graph.boolType());
  Value b = partner(graph, a);
  switch (graph.choose(5)) {
  case 0:
    graph.keep(graph.make<AndOp>(a, b), kExactInteger);
    return;
  case 1:
    graph.keep(graph.make<OrOp>(a, b), kExactInteger);
    return;
  case 2:
    graph.keep(graph.make<XorOp>(a, b), kExactInteger);
    return;
  case 3:
    graph.keep(graph.make<NotOp>(a), kExactInteger);
    return;
  default:
    if (isInteger(a))
      graph.keep(graph.make<ShiftRightLogicalOp>(a, b), kExactInteger);
  }
}

void addCompare(GraphBuilder &graph) {
  Value a = graph.chance(60) ? graph.pickExact(graph.floatType()) : graph.pickInteger();
  auto direction = static_cast<ComparisonDirection>(graph.choose(6));
  graph.keep(graph.make<CompareOp>(direction, a, partner(graph, a)), {1, true});
}

void addArgmax(GraphBuilder &graph) {
  Value x = graph.chance(60) ? graph.pickExact(graph.floatType()) : graph.pickInteger();
  for (auto [dimension, extent] : llvm::enumerate(shapeOf(x)))
    if (!ShapedType::isDynamic(extent) && graph.chance(70)) {
      graph.keep(graph.make<ArgmaxOp>(x, dimension), {static_cast<double>(extent), true});
      return;
    }
}

/// Small whole numbers as floating-point numbers.
void addIntegerToFloat(GraphBuilder &graph) {
  Value x = graph.pickInteger();
  Value five = graph.filled(shapeOf(x), elementTypeOf(x), 5);
  Value small = graph.make<RemainderOp>(x, five);
  graph.keep(graph.make<ConvertOp>(graph.typeOf(shapeOf(x), graph.floatType()), small), {4, true});
}

void addConvert(GraphBuilder &graph) {
  switch (graph.choose(3)) {
  case 0: {
    Value x = graph.pickExact(graph.floatType());
    graph.keep(graph.make<ConvertOp>(graph.typeOf(shapeOf(x), graph.randomIntegerType()), x),
               kExactInteger);
    return;
  }
  case 1: {
    Value x = graph.pickExact(graph.boolType());
    graph.keep(graph.make<ConvertOp>(graph.typeOf(shapeOf(x), graph.floatType()), x), {1, true});
    return;
  }
  default: {
    Value x = graph.pickInteger();
    graph.keep(graph.make<ConvertOp>(graph.typeOf(shapeOf(x), graph.boolType()), x), {1, true});
  }
  }
}

void addLeaf(GraphBuilder &graph) {
  llvm::SmallVector<int64_t> shape = graph.randomShape();
  Type type = graph.chance(50) ? graph.floatType() : graph.randomIntegerType();
  if (shape.empty()) {
    graph.keep(graph.make<RowsOp>(graph.typeOf(shape, type)),
               {static_cast<double>(graph.batchSize()), true});
    return;
  }
  if (graph.chance(60)) {
    graph.keep(graph.make<IotaOp>(graph.typeOf(shape, type), graph.choose(shape.size())),
               {17, true});
    return;
  }
  Type i64 = graph.mlirBuilder().getI64Type();
  Value seed = graph.filled({}, i64, static_cast<double>(graph.choose(1000)));
  Value step = graph.filled({}, i64, static_cast<double>(graph.choose(10)));
  graph.keep(graph.make<RngBitsOp>(graph.typeOf(shape, graph.mlirBuilder().getI32Type()), seed,
                                   step, graph.choose(20)),
             kExactInteger);
}

/// Reductions of values whose order does not matter.
void addExactReduce(GraphBuilder &graph) {
  Value x = graph.chance(50) ? graph.pickExact(graph.boolType()) : graph.pickInteger();
  llvm::SmallVector<int64_t> dimensions;
  for (size_t i = 0; i < shapeOf(x).size(); ++i)
    if (graph.chance(60))
      dimensions.push_back(static_cast<int64_t>(i));
  static constexpr ReductionKind numeric[] = {ReductionKind::add, ReductionKind::multiply,
                                              ReductionKind::maximum, ReductionKind::minimum};
  static constexpr ReductionKind logical[] = {ReductionKind::and_, ReductionKind::or_};
  ReductionKind kind = isBool(x) ? logical[graph.choose(2)] : numeric[graph.choose(4)];
  graph.keep(graph.make<ReduceOp>(x, kind, dimensions), kExactInteger);
}

constexpr Step kSteps[] = {addJump,   addIntegerArithmetic, addLogic,   addCompare, addCompare,
                           addArgmax, addIntegerToFloat,    addConvert, addLeaf,    addExactReduce};

} // namespace

llvm::ArrayRef<Step> exactSteps() {
  return kSteps;
}

} // namespace lamina::test
