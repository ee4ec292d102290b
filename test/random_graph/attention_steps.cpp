// Attention over random steps, heads and masks.
#include "test/random_graph/random_steps.h"

using namespace mlir;
using namespace lamina::ir;

namespace lamina::test {
namespace {

void addAttention(GraphBuilder &graph) {
  int64_t queries = 1 + graph.choose(7), keys = 1 + graph.choose(7), heads = 1 + graph.choose(3);
  int64_t features = graph.randomExtent(), valueFeatures = graph.randomExtent();
  int64_t rows = graph.chance(70) ? ShapedType::kDynamic : 1 + graph.choose(3);
  llvm::SmallVector<Value> operands;
  for (auto [steps, width] :
       {std::pair(queries, features), std::pair(keys, features), std::pair(keys, valueFeatures)}) {
    llvm::SmallVector<int64_t> shape = {rows, steps, heads, width};
    if (!graph.fits(shape))
      return;
    operands.push_back(graph.limited(graph.matching(shape, graph.floatType()), 2));
  }
  llvm::SmallVector<Value> masks;
  if (graph.chance(40))
    masks.push_back(graph.matching({1, graph.chance(50) ? heads : 1, queries, keys},
                                   graph.boolType(), /*exact=*/true));
  OpBuilder &builder = graph.mlirBuilder();
  double scale = 1 / static_cast<double>(features);
  graph.keep(graph.make<AttentionOp>(operands[0], operands[1], operands[2], masks,
                                     builder.getF64FloatAttr(scale),
                                     graph.chance(40) ? builder.getUnitAttr() : UnitAttr()),
             {graph.facts(operands[2]).bound, false});
}

constexpr Step kSteps[] = {addAttention};

} // namespace

llvm::ArrayRef<Step> attentionSteps() {
  return kSteps;
}

} // namespace lamina::test
