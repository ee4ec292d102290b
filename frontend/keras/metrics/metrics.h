#pragma once

#include "frontend/keras/metric.h"

/// The metric entries, one per Keras class.
namespace lamina::frontend::keras {

extern const MetricEntry accuracyMetric, binaryAccuracyMetric, categoricalAccuracyMetric,
    sparseCategoricalAccuracyMetric;

template <typename Meaning> std::unique_ptr<MetricMeaning> createMetric(Config &config) {
  return std::make_unique<Meaning>(config);
}

} // namespace lamina::frontend::keras
