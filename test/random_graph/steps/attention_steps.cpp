// Attention over random steps, heads and masks.
#include <array>

#include "test/random_graph/steps/random_steps.h"

using namespace mlir;
using namespace lamina::ir;

namespace lamina::test {
namespace {

/// Queries, keys, values and masks that fit each other; no query where a tensor would be too large.
struct Operands {
  /// Exact ones depend on no variable.
  Operands(GraphBuilder &graph, bool exact) {
    int64_t queries = 1 + graph.choose(7), keys = 1 + graph.choose(7), heads = 1 + graph.choose(3);
    features = graph.randomExtent();
    valueFeatures = graph.randomExtent();
    int64_t rows = graph.chance(70) ? ShapedType::kDynamic : 1 + graph.choose(3);
    output = {rows, queries, heads, valueFeatures};
    llvm::SmallVector<int64_t> shapes[] = {{rows, queries, heads, features},
                                           {rows, keys, heads, features},
                                           {rows, keys, heads, valueFeatures}};
    if (!graph.fits(output) || !llvm::all_of(shapes, [&](auto &s) { return graph.fits(s); }))
      return;
    for (auto [operand, shape] : llvm::zip(std::array{&query, &key, &value}, shapes))
      *operand = graph.limited(graph.matching(shape, graph.floatType(), exact), kLargest);
    if (graph.chance(40))
      masks.push_back(graph.matching({1, graph.chance(50) ? heads : 1, queries, keys},
                                     graph.boolType(), /*exact=*/true));
    scale = graph.mlirBuilder().getF64FloatAttr(1 / static_cast<double>(features));
    if (graph.chance(40))
      causal = graph.mlirBuilder().getUnitAttr();
  }

  static constexpr double kLargest = 2;
  Value query, key, value;
  llvm::SmallVector<Value> masks;
  llvm::SmallVector<int64_t> output;
  int64_t features, valueFeatures;
  FloatAttr scale;
  UnitAttr causal;
};

AttentionOp makeAttention(GraphBuilder &graph, const Operands &of) {
  OpBuilder &builder = graph.mlirBuilder();
  return builder.create<AttentionOp>(builder.getUnknownLoc(), of.query, of.key, of.value, of.masks,
                                     of.scale, of.causal);
}

void addAttention(GraphBuilder &graph) {
  Operands of(graph, /*exact=*/false);
  if (of.query)
    graph.keep(makeAttention(graph, of).getOutput(), {Operands::kLargest, false});
}

/// The weights of a query sum up to 1, so no gradient is larger than products of the operands
/// allow, times the number of queries. Terms may cancel out, all of them where there is one key:
/// what is left is rounding, which only says something beside a number.
void addAttentionGradient(GraphBuilder &graph) {
  Operands of(graph, /*exact=*/true);
  if (!of.query)
    return;
  // There are no second derivatives.
  for (Value *operand : {&of.query, &of.key, &of.value})
    *operand = graph.make<StopGradientOp>(*operand);
  AttentionOp forward = makeAttention(graph, of);
  Value gradient = graph.make<StopGradientOp>(
      graph.limited(graph.matching(of.output, graph.floatType(), true), Operands::kLargest));
  OpBuilder &builder = graph.mlirBuilder();
  auto backward = builder.create<AttentionGradientOp>(
      builder.getUnknownLoc(), of.query, of.key, of.value, forward.getOutput(),
      forward.getMaximum(), forward.getSum(), gradient, of.masks, of.scale, of.causal);
  double products = static_cast<double>(of.valueFeatures) * Operands::kLargest * Operands::kLargest;
  double bound = 2 * products * Operands::kLargest * static_cast<double>(of.output[1]);
  for (Value result : backward->getResults())
    graph.keep(graph.make<AddOp>(result, graph.filled(shapeOf(result), graph.floatType(), 1)),
               {bound + 1, false});
}

constexpr Step kSteps[] = {addAttention, addAttentionGradient};

} // namespace

llvm::ArrayRef<Step> attentionSteps() {
  return kSteps;
}

} // namespace lamina::test
