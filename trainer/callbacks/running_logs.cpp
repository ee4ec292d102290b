#include "trainer/callbacks/running_logs.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace lamina::trainer {

using codegen::LogMean;
using codegen::LogSpec;

RunningLogs::RunningLogs(ModelRunner &runner, const std::vector<LogSpec> &logs)
    : sums(logs.size() + static_cast<size_t>(runner.signature().sums), 0.0), runner_(&runner),
      logs_(&logs) {}

void RunningLogs::add(const BatchLogs &batch, uint32_t batchRows) {
  size_t index = 0;
  for (const LogSpec &log : *logs_) {
    double weight = log.mean == LogMean::Batches ? 1.0 : static_cast<double>(batchRows);
    sums[index] += weight * batch.logs[index];
    ++index;
  }
  for (float sum : batch.sums)
    sums[index++] += sum;
  rows += batchRows;
  ++batches;
}

Logs RunningLogs::values() const {
  std::vector<double> results(logs_->size());
  bool hasResults = std::any_of(logs_->begin(), logs_->end(),
                                [](const LogSpec &log) { return log.mean == LogMean::Sums; });
  if (hasResults)
    runner_->results(sums.data() + logs_->size(), results.data());
  Logs values;
  size_t index = 0, result = 0;
  for (const LogSpec &log : *logs_) {
    double weight = log.mean == LogMean::Batches ? static_cast<double>(batches) : rows;
    double mean = weight > 0 ? sums[index] / weight : 0.0;
    double value = log.mean == LogMean::Sums ? results[result++] : mean;
    // The sign of a NaN says nothing, but would be printed.
    values[log.name] = std::isnan(value) ? std::numeric_limits<double>::quiet_NaN() : value;
    ++index;
  }
  return values;
}

} // namespace lamina::trainer
