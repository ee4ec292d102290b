#pragma once

#include "frontend/builder/training/loss.h"

/// The losses, one for each kind of settings.
namespace lamina::frontend::builder {

std::unique_ptr<LossFormula> createFormula(PlainLoss loss);
std::unique_ptr<LossFormula> createFormula(const BinaryCrossentropySettings &settings);
std::unique_ptr<LossFormula> createFormula(const CategoricalCrossentropySettings &settings);
std::unique_ptr<LossFormula> createFormula(const SparseCategoricalCrossentropySettings &settings);
std::unique_ptr<LossFormula> createFormula(const BinaryFocalCrossentropySettings &settings);
std::unique_ptr<LossFormula> createFormula(const CategoricalFocalCrossentropySettings &settings);
std::unique_ptr<LossFormula> createFormula(const GeneralizedCrossentropySettings &settings);
std::unique_ptr<LossFormula> createFormula(const HuberSettings &settings);
std::unique_ptr<LossFormula> createFormula(const CosineSimilaritySettings &settings);
std::unique_ptr<LossFormula> createFormula(const DiceSettings &settings);
std::unique_ptr<LossFormula> createFormula(const TverskySettings &settings);
std::unique_ptr<LossFormula> createFormula(const CtcSettings &settings);

} // namespace lamina::frontend::builder
