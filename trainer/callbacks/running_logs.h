#pragma once

#include <cstdint>
#include <vector>

#include "trainer/model_runner.h"

namespace lamina::trainer {

/// Sums over the batches so far of an epoch or an evaluation, and the logs that follow from
/// it, as each log's LogMean says: means weighted by rows, plain means over batches, or the value
/// of sums (a metric like AUC is none of its batches' values).
class RunningLogs {
public:
  /// `logs` are the signature's trainLogs or evaluateLogs; they and `runner` must live longer.
  RunningLogs(ModelRunner &runner, const std::vector<codegen::LogSpec> &logs);

  void add(const BatchLogs &batch, uint32_t batchRows);
  /// Values by name; 0 before the first batch.
  Logs values() const;

  double rows = 0;
  int64_t batches = 0;
  /// Per log its values times the weights of the batches, then the sums of the signature.
  std::vector<double> sums;

private:
  ModelRunner *runner_;
  const std::vector<codegen::LogSpec> *logs_;
};

} // namespace lamina::trainer
