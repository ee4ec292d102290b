#pragma once

#include "frontend/builder/training/metric.h"

/// The metrics, one for each kind of settings, and what they share.
namespace lamina::frontend::builder {

std::unique_ptr<MetricFormula> createMetric(const MeanLossSettings &settings);
std::unique_ptr<MetricFormula> createMetric(const AccuracySettings &settings);
std::unique_ptr<MetricFormula> createMetric(const BinaryAccuracySettings &settings);
std::unique_ptr<MetricFormula> createMetric(const TopKAccuracySettings &settings);
std::unique_ptr<MetricFormula> createMetric(const DecisionCountSettings &settings);
std::unique_ptr<MetricFormula> createMetric(const PrecisionSettings &settings);
std::unique_ptr<MetricFormula> createMetric(const RecallSettings &settings);
std::unique_ptr<MetricFormula> createMetric(const AucSettings &settings);
std::unique_ptr<MetricFormula> createMetric(const RateAtRateSettings &settings);
std::unique_ptr<MetricFormula> createMetric(const FBetaScoreSettings &settings);
std::unique_ptr<MetricFormula> createMetric(const IouSettings &settings);
std::unique_ptr<MetricFormula> createMetric(const MeanAlongAxisSettings &settings);
std::unique_ptr<MetricFormula> createMetric(const RootMeanSquaredErrorSettings &settings);
std::unique_ptr<MetricFormula> createMetric(const R2ScoreSettings &settings);

/// Refuses targets of another shape than the prediction's.
void needTargetsLikePrediction(const Scores &scores);
/// The targets as class indices, of the prediction's shape without the last dimension; refuses
/// others.
Tensor classIndices(const Scores &scores);

} // namespace lamina::frontend::builder
