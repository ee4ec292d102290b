#pragma once

#include "frontend/keras/loss.h"

/// The loss entries, one per Keras class.
namespace lamina::frontend::keras {

extern const LossEntry binaryCrossentropyLoss, categoricalCrossentropyLoss,
    sparseCategoricalCrossentropyLoss;
extern const LossEntry meanSquaredErrorLoss, meanAbsoluteErrorLoss;

template <typename Meaning> std::unique_ptr<LossMeaning> createLoss(Config &config) {
  return std::make_unique<Meaning>(config);
}

} // namespace lamina::frontend::keras
