// Blocks and tasks of attention and its gradient. Lanes are queries; the scores of a block of
// queries with a block of keys stay in the caches.
#include "passes/families/families.h"
#include "passes/families/tools.h"

using namespace mlir;

namespace lamina::passes {
namespace {

/// About so many keys in a block: their scores with a block of queries are in the first-level
/// cache. The gradient holds two numbers for each pair.
constexpr int64_t kKeys = 96, kGradientKeys = 48;

/// Tiles of four vectors of queries, two where there are 16 registers; fewer where there are fewer
/// queries. As many rows as stay in registers.
RegisterTile chooseTile(int64_t queries, const VectorTarget &target) {
  RegisterTile tile;
  tile.vectors =
      std::min<int64_t>(target.registers >= 32 ? 4 : 2, llvm::divideCeil(queries, target.lanes));
  while (tile.rows < 14 && fitsRegisters({tile.rows + 1, tile.vectors}, target))
    ++tile.rows;
  return tile;
}

/// Cycles of the products and of all weights on one thread.
template <typename Op>
int64_t countCycles(Op op, RegisterTile tile, int64_t batchSize, int64_t lanes) {
  double products = op.getMultiplyAdds(batchSize) / static_cast<double>(lanes);
  double steps = products / static_cast<double>(tile.rows * tile.vectors);
  return static_cast<int64_t>(steps) * tileCycles(tile.rows, tile.vectors) / 2 +
         static_cast<int64_t>(op.getTransformCycles(batchSize, lanes));
}

ir::Schedule scheduleAttention(ir::KernelOp kernel, int64_t batchSize, const VectorTarget &target) {
  auto op = anchorAs<ir::AttentionOp>(kernel);
  RankedTensorType query = op.getQuery().getType();
  RegisterTile tile = chooseTile(query.getDimSize(1), target);
  int64_t blocks = capacity(query.getDimSize(0), batchSize) * query.getDimSize(2) *
                   llvm::divideCeil(query.getDimSize(1), tile.vectors * target.lanes);
  int64_t cost = countCycles(op, tile, batchSize, target.lanes);
  return ir::AttentionScheduleAttr::get(kernel.getContext(), target.lanes, tile.rows, tile.vectors,
                                        wholeTiles(kKeys, tile.rows), unitsPerTask(blocks, cost),
                                        cost);
}

Schedules equivalentAttentions(ir::KernelOp kernel, int64_t, const VectorTarget &) {
  auto chosen = scheduleAs<ir::AttentionScheduleAttr>(kernel);
  return otherExtents(chosen.getBlocks(), 1, /*mayGrow=*/true, [&](int64_t blocks) {
    return ir::AttentionScheduleAttr::get(kernel.getContext(), chosen.getLanes(),
                                          chosen.getTileRows(), chosen.getTileVectors(),
                                          chosen.getKeys(), blocks, chosen.getCost());
  });
}

ir::Schedule scheduleGradient(ir::KernelOp kernel, int64_t batchSize, const VectorTarget &target) {
  auto op = anchorAs<ir::AttentionGradientOp>(kernel);
  RankedTensorType query = op.getQuery().getType();
  RegisterTile tile = chooseTile(query.getDimSize(1), target);
  int64_t heads = capacity(query.getDimSize(0), batchSize) * query.getDimSize(2);
  int64_t cost = countCycles(op, tile, batchSize, target.lanes);
  return ir::AttentionGradientScheduleAttr::get(kernel.getContext(), target.lanes, tile.rows,
                                                tile.vectors, wholeTiles(kGradientKeys, tile.rows),
                                                unitsPerTask(heads, cost), cost);
}

Schedules equivalentGradients(ir::KernelOp kernel, int64_t, const VectorTarget &) {
  auto chosen = scheduleAs<ir::AttentionGradientScheduleAttr>(kernel);
  return otherExtents(chosen.getHeads(), 1, /*mayGrow=*/true, [&](int64_t heads) {
    return ir::AttentionGradientScheduleAttr::get(kernel.getContext(), chosen.getLanes(),
                                                  chosen.getTileRows(), chosen.getTileVectors(),
                                                  chosen.getKeys(), heads, chosen.getCost());
  });
}

} // namespace

const FamilyRules kAttentionFamily = {[](Operation *op) { return isa<ir::AttentionOp>(op); },
                                      /*takesFollowers=*/false,
                                      /*storesTransposedCopies=*/false,
                                      scheduleAttention,
                                      equivalentAttentions,
                                      acceptAny};

const FamilyRules kAttentionGradientFamily = {
    [](Operation *op) { return isa<ir::AttentionGradientOp>(op); },
    /*takesFollowers=*/false,
    /*storesTransposedCopies=*/false,
    scheduleGradient,
    equivalentGradients,
    acceptAny};

} // namespace lamina::passes
