#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "trainer/fit.h"

namespace lamina::trainer {

/// One line for every epoch, in the form of keras.callbacks.CSVLogger: columns `epoch` (from 0) and
/// the logs sorted by name (CSVLogger's columns of "NA" for validation that never ran are left
/// out). Numbers are written in the shortest form that reads back to the same double. A resumed run
/// writes the epochs before again.
class CsvLog : public FitObserver {
public:
  /// Throws UserError `cannot write PATH: reason`.
  explicit CsvLog(const std::string &path);
  ~CsvLog() override;
  CsvLog(const CsvLog &) = delete;
  CsvLog &operator=(const CsvLog &) = delete;

  void onTrainBegin(const FitPlan &plan) override;
  void onEpochEnd(int64_t epoch, const Logs &logs) override;

private:
  void writeLine(const std::string &line);

  std::string path_;
  std::FILE *file_;
  std::vector<std::string> columns_;
};

} // namespace lamina::trainer
