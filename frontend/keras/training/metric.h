#pragma once

#include "frontend/keras/model/layer.h"
#include "frontend/keras/training/loss.h"

namespace lamina::frontend::keras {

/// A metric as sums over batches (Keras' variables of a metric) and a formula over them.
class MetricMeaning {
public:
  virtual ~MetricMeaning() = default;
  /// What a batch adds to the sums (Keras: `update_state`): f32, without rows.
  virtual Tensors accumulate(const Scores &scores) const = 0;
  /// The metric's value from such sums (Keras: `result`): a scalar or a vector of their element
  /// type.
  virtual Tensor result(llvm::ArrayRef<Tensor> sums) const = 0;
  /// The batch's value where the metric of several batches is the mean of theirs weighted by rows,
  /// so that no sums are needed; null elsewhere.
  virtual Tensor meanOverRows(const Scores &) const { return {}; }
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

  /// What a metric says about a batch.
  struct Value {
    Tensor value; ///< of the batch alone: a scalar or a vector
    Tensors sums; ///< empty when the value's mean over rows is the metric
  };

  const std::string &getName() const { return name; }
  /// `weights` are null for a metric that is not weighted, `mask` where all steps count.
  Value compute(Tensor target, Tensor prediction, Tensor logits, Tensor weights, Tensor mask) const;
  Tensor result(llvm::ArrayRef<Tensor> sums) const { return meaning->result(sums); }

private:
  Place place;
  std::string name;
  std::unique_ptr<MetricMeaning> meaning;
};

/// All metrics; losses serve as metrics besides.
const std::vector<MetricEntry> &metricEntries();

} // namespace lamina::frontend::keras
