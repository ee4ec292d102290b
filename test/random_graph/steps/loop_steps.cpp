// Loops over random bodies, loops in loops among them.
#include "ir/operations/scan.h"
#include "test/random_graph/steps/random_steps.h"

using namespace mlir;
using namespace lamina::ir;

namespace lamina::test {
namespace {

/// Steps of a body; each makes one to four operations.
constexpr int64_t kMostBodySteps = 5;
constexpr int64_t kMostTrips = 4;
/// Bound of a carried value: sums of many iterations would be anything.
constexpr double kCarriedBound = 2;

/// A tensor whose first dimension can be the loop's time; null when there is none.
Value pickStacked(GraphBuilder &graph, int64_t trips) {
  if (graph.chance(20))
    return nullptr;
  Value same = graph.pick(
      [&](Value value) { return !shapeOf(value).empty() && shapeOf(value).front() == trips; });
  if (same && graph.chance(60))
    return same;
  Value slice = graph.pickFloat();
  llvm::SmallVector<int64_t> shape = {trips};
  llvm::append_range(shape, shapeOf(slice));
  return shape.size() <= 4 && graph.fits(shape) ? graph.matching(shape, elementTypeOf(slice))
                                                : Value();
}

/// Values of the body, some of those around it, and operations on them.
void fillBody(GraphBuilder &graph, GraphBuilder &body, ScanOp scan, ArrayRef<ValueFacts> facts) {
  for (auto [argument, known] : llvm::zip(scan.getBlock().getArguments(), facts))
    body.keep(argument, known);
  for (int64_t i = graph.choose(3); i > 0; --i) {
    Value outside = graph.pick([](Value) { return true; });
    if (outside)
      body.keep(outside, graph.facts(outside));
  }
  for (int64_t i = 1 + graph.choose(kMostBodySteps); i > 0; --i)
    addRandomStep(body);
}

void addScan(GraphBuilder &graph) {
  OpBuilder &builder = graph.mlirBuilder();
  Location loc = builder.getUnknownLoc();
  ScanOperands operands;
  operands.trips = 1 + graph.choose(kMostTrips);
  llvm::SmallVector<ValueFacts> facts;
  for (int64_t i = graph.choose(3); i > 0; --i) {
    operands.carried.push_back(graph.limited(graph.pickFloat(), kCarriedBound));
    facts.push_back({kCarriedBound, false});
  }
  for (int64_t i = graph.choose(3); i > 0; --i)
    if (Value stacked = pickStacked(graph, operands.trips)) {
      operands.stacked.push_back(stacked);
      facts.push_back(graph.facts(stacked));
    }
  llvm::SmallVector<ValueFacts> yieldedFacts;
  auto makeBody = [&](OpBuilder &inside, ScanOp scan) {
    GraphBuilder body(inside, static_cast<uint64_t>(graph.choose(1 << 30)), graph.floatType(),
                      graph.batchSize());
    fillBody(graph, body, scan, facts);
    llvm::SmallVector<Value> yielded;
    for (Value carried : operands.carried) {
      Value next = body.matching(shapeOf(carried), elementTypeOf(carried));
      yielded.push_back(body.limited(next, kCarriedBound));
      yieldedFacts.push_back({kCarriedBound, false});
    }
    for (int64_t i = operands.carried.empty() + graph.choose(3); i > 0; --i) {
      Value slice = body.pickFloat();
      if (shapeOf(slice).size() > 3 ||
          !graph.fits(getStackedType(slice, operands.trips).getShape()))
        slice = body.filled({}, graph.floatType(), 0.5);
      yielded.push_back(slice);
      yieldedFacts.push_back({body.facts(slice).bound, false});
    }
    return yielded;
  };
  ScanOp scan = buildScan(builder, loc, operands, graph.chance(40), makeBody);
  for (auto [result, known] : llvm::zip_equal(scan.getResults(), yieldedFacts))
    graph.keep(result, known);
}

constexpr Step kSteps[] = {addScan};

} // namespace

llvm::ArrayRef<Step> loopSteps() {
  return kSteps;
}

} // namespace lamina::test
