#pragma once

#include "frontend/builder/training/loss.h"

/// Steps that losses of probabilities share; formulas of keras/src/backend/tensorflow/nn.py.
namespace lamina::frontend::builder {

inline Tensor clipProbability(Tensor p) {
  return clip(p, kEpsilon, 1 - kEpsilon);
}

/// The logits where they are known or the prediction is declared to be logits, else nothing.
inline Tensor chooseLogits(const Scores &scores, bool isOfLogits) {
  return scores.logits ? scores.logits : isOfLogits ? scores.prediction : Tensor();
}

/// The cross-entropy of each element with a target between 0 and 1: on the logits `x`, where there
/// are some, max(x, 0) - x z + log(1 + exp(-|x|)), else the clipped logarithms of `prediction`.
Tensor binaryCrossentropy(Tensor target, Tensor prediction, Tensor x);

/// sum(z (logsumexp(x) - x)) along one axis on the logits `x`, where there are some; else the
/// probabilities `prediction` are scaled to sum to 1 and clipped first.
Tensor categoricalCrossentropy(Tensor target, Tensor prediction, Tensor x, int64_t axis);

/// logsumexp(x) - x[label] along the last dimension; probabilities, where there are no logits `x`,
/// enter as the logarithm of what is clipped of them.
Tensor sparseCategoricalCrossentropy(Tensor label, Tensor prediction, Tensor x);

/// Targets moved towards the uniform distribution over `classes`.
inline Tensor smoothLabels(Tensor target, double smoothing, int64_t classes) {
  return smoothing == 0 ? target
                        : target * (1 - smoothing) + smoothing / static_cast<double>(classes);
}

} // namespace lamina::frontend::builder
