// Attention over random steps, heads and masks.
#include <array>

#include "test/random_graph/random_steps.h"

using namespace mlir;
using namespace lamina::ir;

namespace lamina::test {
namespace {

/// Queries, keys, values and masks that fit each other; no query where a tensor would be too large.
struct Operands {
  explicit Operands(GraphBuilder &graph) {
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
      *operand = graph.limited(graph.matching(shape, graph.floatType()), kLargest);
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
  Operands of(graph);
  if (of.query)
    graph.keep(makeAttention(graph, of).getOutput(), {Operands::kLargest, false});
}

/// The weights of a query sum up to 1, so its gradient is bounded whatever the number of keys.
void addAttentionGradient(GraphBuilder &graph) {
  Operands of(graph);
  if (!of.query)
    return;
  // There are no second derivatives.
  for (Value *operand : {&of.query, &of.key, &of.value})
    *operand = graph.make<StopGradientOp>(*operand);
  AttentionOp forward = makeAttention(graph, of);
  Value gradient = graph.make<StopGradientOp>(
      graph.limited(graph.matching(of.output, graph.floatType()), Operands::kLargest));
  double products = static_cast<double>(of.valueFeatures) * Operands::kLargest * Operands::kLargest;
  graph.keep(graph.make<AttentionGradientOp>(of.query, of.key, of.value, forward.getOutput(),
                                             forward.getMaximum(), forward.getSum(), gradient,
                                             of.masks, of.scale, of.causal),
             {2 * products * Operands::kLargest / static_cast<double>(of.features), false});
}

constexpr Step kSteps[] = {addAttention, addAttentionGradient};

} // namespace

llvm::ArrayRef<Step> attentionSteps() {
  return kSteps;
}

} // namespace lamina::test
