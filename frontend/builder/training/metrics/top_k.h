#pragma once

#include "frontend/builder/tensor.h"

namespace lamina::frontend::builder {

/// Where fewer than k classes, along the last dimension, have a larger prediction than the one that
/// `classes` names (tf.math.in_top_k: a tie counts for it, predictions that are not finite do not
/// count); i1.
Tensor isInTopK(Tensor classes, Tensor prediction, int64_t k);

} // namespace lamina::frontend::builder
