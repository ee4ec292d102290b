#pragma once

#include "frontend/builder/training/metric.h"
#include "frontend/keras/config/config.h"

namespace lamina::frontend::keras {

struct MetricEntry {
  std::vector<std::string> names; ///< class name first, then the names that Keras takes in strings
  MetricFormulaSettings (*read)(Config &config);
};

/// All metrics; losses serve as metrics besides.
const std::vector<MetricEntry> &metricEntries();

/// From a name or a serialized metric. "accuracy" becomes binary, sparse categorical or categorical
/// accuracy by the shapes, as in Keras.
Metric readMetric(const Place &place, const nlohmann::json &value, const TargetType &target,
                  mlir::RankedTensorType prediction);

} // namespace lamina::frontend::keras
