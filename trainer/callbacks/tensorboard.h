#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "trainer/callbacks/tensorboard_events.h"
#include "trainer/callbacks/write_failure.h"
#include "trainer/fit.h"

namespace lamina::trainer {

/// What goes to TensorBoard beside the logs.
struct TensorBoardOptions {
  int64_t histogramEpochs = 0;  ///< histograms of the variables after so many epochs each; 0: none
  std::vector<GraphNode> graph; ///< the model's layers; empty: no graph
};

/// Writes the epochs' logs as TensorBoard reads them and Keras names them: event files below
/// DIR/train and DIR/validation, scalars epoch_loss and so on, the step being the epoch from 0;
/// histograms LAYER/VARIABLE/histogram of the model's variables, and a graph of its layers.
class TensorBoardLog : public FitObserver {
public:
  /// Throws UserError `cannot write PATH: reason`.
  explicit TensorBoardLog(std::string directory, TensorBoardOptions options = {});
  ~TensorBoardLog() override;

  void onEpochEnd(int64_t epoch, const Logs &logs) override;
  void onPosition(const ModelRunner &runner, const FitPosition &position) override;
  void requireWritten() const override { failure_.raise(); }

private:
  class EventFile;
  void writeEpoch(int64_t epoch, const Logs &logs);
  EventFile &file(std::unique_ptr<EventFile> &slot, const char *part);

  std::string directory_;
  TensorBoardOptions options_;
  std::unique_ptr<EventFile> training_, validation_;
  WriteFailure failure_;
};

} // namespace lamina::trainer
