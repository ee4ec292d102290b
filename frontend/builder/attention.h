#pragma once

#include "frontend/builder/place.h"
#include "frontend/builder/tensor.h"

/// Scaled dot-product attention (Vaswani et al. 2017), as keras/src/backend/tensorflow/nn.py has
/// it.
namespace lamina::frontend::builder {

struct AttentionSettings {
  double scale = 1;      ///< of the scores
  Tensor bias = {};      ///< added to the scores; null for none
  Tensor mask = {};      ///< i1, where scores count; null for everywhere
  bool isCausal = false; ///< whether queries see the keys up to their own step alone
};

/// Whether a key's step is not behind the query's: i1, queries x keys.
Tensor causalMask(Emitter &emitter, int64_t queries, int64_t keys);

/// softmax(scale * query key^T + bias) value. Queries, keys and values are rows x steps x heads x
/// features, the scores rows x heads x queries x keys; bias and mask broadcast to these. A query
/// that no key counts for gets the mean of all values. Extents that do not fit are reported through
/// `place`.
Tensor dotProductAttention(const Place &place, Tensor query, Tensor key, Tensor value,
                           const AttentionSettings &settings);

} // namespace lamina::frontend::builder
