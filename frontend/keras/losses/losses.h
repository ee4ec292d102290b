#pragma once

#include "frontend/keras/loss.h"

/// The loss entries, one per Keras class.
namespace lamina::frontend::keras {

extern const LossEntry binaryCrossentropyLoss, categoricalCrossentropyLoss,
    sparseCategoricalCrossentropyLoss, binaryFocalCrossentropyLoss,
    categoricalFocalCrossentropyLoss, categoricalGeneralizedCrossEntropyLoss;
extern const LossEntry klDivergenceLoss, poissonLoss;
extern const LossEntry meanSquaredErrorLoss, meanAbsoluteErrorLoss, meanAbsolutePercentageErrorLoss,
    meanSquaredLogarithmicErrorLoss, huberLoss, logCoshLoss;
extern const LossEntry hingeLoss, squaredHingeLoss, categoricalHingeLoss;
extern const LossEntry cosineSimilarityLoss, diceLoss, tverskyLoss;

template <typename Meaning> std::unique_ptr<LossMeaning> createLoss(Config &config) {
  return std::make_unique<Meaning>(config);
}

} // namespace lamina::frontend::keras
