#pragma once

#include "frontend/keras/training/metric.h"

/// The metric entries, one per Keras class.
namespace lamina::frontend::keras {

extern const MetricEntry accuracyMetric, binaryAccuracyMetric, categoricalAccuracyMetric,
    sparseCategoricalAccuracyMetric, topKCategoricalAccuracyMetric,
    sparseTopKCategoricalAccuracyMetric;
extern const MetricEntry precisionMetric, recallMetric, truePositivesMetric, falsePositivesMetric,
    trueNegativesMetric, falseNegativesMetric, aucMetric;
extern const MetricEntry sensitivityAtSpecificityMetric, specificityAtSensitivityMetric,
    precisionAtRecallMetric, recallAtPrecisionMetric;
extern const MetricEntry iouMetric, binaryIouMetric, meanIouMetric, oneHotIouMetric,
    oneHotMeanIouMetric;
extern const MetricEntry f1ScoreMetric, fBetaScoreMetric;
extern const MetricEntry rootMeanSquaredErrorMetric, cosineSimilarityMetric, r2ScoreMetric,
    pearsonCorrelationMetric, concordanceCorrelationMetric;

/// Refuses targets of another shape than the prediction's.
void needTargetsLikePrediction(const Scores &scores);
/// The targets as class indices, of the prediction's shape without the last dimension; refuses
/// others.
Tensor classIndices(const Scores &scores);

template <typename Meaning> std::unique_ptr<MetricMeaning> createMetric(Config &config) {
  return std::make_unique<Meaning>(config);
}

} // namespace lamina::frontend::keras
