#pragma once

#include <map>

#include "frontend/builder/function_writer.h"
#include "frontend/keras/training/metric.h"

namespace lamina::frontend::keras {

/// The logs of a batch while a model is trained or evaluated, under the names that Keras'
/// logs have: collected in Keras' order, then written as results of @loss and @evaluate and as the
/// function @results.
class LogWriter {
public:
  /// `hasSeveralOutputs`: names begin with the output's.
  explicit LogWriter(bool hasSeveralOutputs) : hasSeveralOutputs(hasSeveralOutputs) {}

  /// The loss of one output. Over several batches it is averaged by batches, or by rows where the
  /// rows' losses are not reduced.
  void addLoss(const std::string &output, Tensor value, bool isReduced);
  /// A metric of one output; those of `metrics` first, then those of `weighted_metrics`.
  void addMetric(const std::string &output, const Metric &metric, Metric::Value value,
                 bool isWeighted);

  /// Adds the results of a function: the total loss, with several losses each of them, the metrics,
  /// and what their sums need.
  void writeLogs(FunctionWriter &writer, Tensor total) const;
  /// Writes @results, which makes logs of sums over batches, all f64; nothing if no log needs sums.
  void writeResults(mlir::ModuleOp module) const;

private:
  struct LoggedLoss {
    std::string name;
    Tensor value;
    bool isReduced;
  };
  struct Entry {
    std::string name;
    const Metric *metric;
    Metric::Value value;
  };

  std::string chooseName(const std::string &output, const std::string &metric, bool isWeighted);

  bool hasSeveralOutputs;
  std::vector<LoggedLoss> losses;
  std::vector<Entry> entries;
  std::map<std::string, int> used{{"loss", 1}}; ///< names, and how often they were asked for
};

} // namespace lamina::frontend::keras
