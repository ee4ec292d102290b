#pragma once

#include "frontend/keras/loss.h"

namespace lamina::frontend::keras {

/// A metric whose value over an epoch is the mean of its values over batches, weighted by rows.
class MetricMeaning {
public:
  virtual ~MetricMeaning() = default;
  /// One number per element; the metric is their mean.
  virtual Tensor compute(const Scores &scores) const = 0;
};

struct MetricEntry {
  std::vector<std::string> names; ///< class name first, then the names that Keras takes in strings
  std::unique_ptr<MetricMeaning> (*create)(Config &config);
};

/// A metric with its name in logs.
class Metric {
public:
  /// From a name or a serialized metric. "accuracy" becomes binary, sparse categorical or
  /// categorical accuracy by the shapes, as in Keras.
  Metric(const Place &place, const nlohmann::json &value, const TargetType &target,
         mlir::RankedTensorType prediction);

  const std::string &getName() const { return name; }
  /// The batch's value, a scalar.
  Tensor compute(Tensor target, Tensor prediction, Tensor logits) const;

private:
  Place place;
  std::string name;
  std::unique_ptr<MetricMeaning> meaning;
};

/// All metrics; losses serve as metrics besides.
const std::vector<MetricEntry> &metricEntries();

} // namespace lamina::frontend::keras
