#include "frontend/builder/attention.h"

#include "frontend/builder/einsum.h"
#include "frontend/builder/functions.h"
#include "ir/operations/attention.h"

namespace lamina::frontend::builder {

Tensor causalMask(Emitter &emitter, int64_t queries, int64_t keys) {
  return compare(ir::ComparisonDirection::LE, emitter.iota({queries, keys}, 1),
                 emitter.iota({queries, keys}, 0));
}

Tensor dotProductAttention(const Place &place, Tensor query, Tensor key, Tensor value,
                           const AttentionSettings &settings) {
  Tensor scores = einsum(place, "btnh,bsnh->bnts", {query, key}) * settings.scale;
  if (settings.bias)
    scores = scores + settings.bias.convert(scores.elementType());
  if (settings.mask)
    scores = where(settings.mask, scores, ir::kMaskedScore);
  if (settings.isCausal)
    scores =
        where(causalMask(scores.emit(), scores.dim(2), scores.dim(3)), scores, ir::kMaskedScore);
  return einsum(place, "bnts,bsnh->btnh", {softmax(scores, {3}), value});
}

} // namespace lamina::frontend::builder
