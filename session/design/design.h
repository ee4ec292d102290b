#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "frontend/files/models/keras_file.h"
#include "session/design/problem.h"

namespace lamina::session {

/// A model made for a problem.
struct Design {
  frontend::KerasFile file;        ///< a compiled Sequential model without weights, with the recipe
  std::vector<std::string> layers; ///< in words, with the rule that sized each
  std::string training;            ///< optimizer, loss and metrics in words
  int64_t batchSize = 0, epochs = 0; ///< that are a good start
};

/// Makes a model of Keras' own layers by fixed rules, said in the words of `layers`:
///
/// - Values are scaled within the model: by Normalization to mean 0 and deviation 1, those of
/// images by
///   Rescaling to at most 1. Numbers to learn are scaled back by a Rescaling at the end.
/// - Features: two Dense layers, the first as wide as the next power of two from twice the inputs
///   and outputs together, 16 to 256, the second half of it.
/// - Images: 3 x 3 convolutions with 32 filters, twice as many after each halving (at most 128),
/// until
///   the smaller side is below 8; then a Dense layer of 64.
/// - Series: above 128 steps a convolution that leaves a quarter of them, then a GRU of 32, or of
/// 64
///   for more than 8 values a step.
/// - Classes: softmax, of two a sigmoid, and cross-entropy; numbers: mean squared error.
Design designModel(const Problem &problem);

} // namespace lamina::session
