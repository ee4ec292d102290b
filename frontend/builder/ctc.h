#pragma once

#include "frontend/builder/tensor.h"

namespace lamina::frontend::builder {

/// What connectionist temporal classification compares.
struct Alignment {
  Tensor labels;      ///< i32, rows x labels; what stands behind a row's own labels is ignored
  Tensor labelCounts; ///< i32, rows: how many labels each row has
  Tensor logits;      ///< f32, rows x steps x classes: not normalized
  Tensor stepCounts;  ///< i32, rows: how many steps count; null for all
  int64_t blank = 0;  ///< the class that stands for no label
};

/// The negative logarithm of the probability that the steps spell the labels, summed over all
/// alignments: f32, one value a row (Graves et al. 2006; keras.ops.ctc_loss).
///
/// Follows TensorFlow's ctc_loss_dense to its values for labels that do not fit the steps: every
/// state may also be the first or the last one, with a probability of 1e-307, so the loss of such
/// a row is about 707 and its gradient is finite.
Tensor ctcLoss(const Alignment &alignment);

} // namespace lamina::frontend::builder
