#pragma once

#include <string>
#include <vector>

#include "support/append_file.h"
#include "trainer/callbacks/write_failure.h"
#include "trainer/fit.h"

namespace lamina::trainer {

/// One line for every epoch, in the form of keras.callbacks.CSVLogger: columns `epoch` (from 0) and
/// the logs sorted by name (CSVLogger's columns of "NA" for validation that never ran are left
/// out). Numbers are written in the shortest form that reads back to the same double. A resumed run
/// writes the epochs before again. A line that cannot be written comes with a later one.
class CsvLog : public FitObserver {
public:
  /// Throws UserError `cannot write PATH: reason`.
  explicit CsvLog(const std::string &path);

  void onTrainBegin(const FitPlan &plan) override;
  void onEpochEnd(int64_t epoch, const Logs &logs) override;
  void requireWritten() const override { failure_.raise(); }

private:
  void writeLine(const std::string &line);

  AppendFile file_;
  WriteFailure failure_;
  std::vector<std::string> columns_;
};

} // namespace lamina::trainer
