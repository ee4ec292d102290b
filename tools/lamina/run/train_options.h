#pragma once

#include "tools/lamina/usage/callback_options.h"
#include "tools/lamina/usage/options.h"
#include "trainer/callbacks/progress.h"

namespace lamina::tools {

/// What `lamina train` is asked for.
struct TrainOptions {
  ModelOptions model;
  DataOptions data;
  CallbackOptions callbacks;
  int64_t epochs = 1;
  uint64_t seed = 0;
  bool noShuffle = false, resume = false, cacheFrozen = false, checkFinite = false;
  std::string validationData, log, tensorBoard, checkpoint, replay, run, out;
  double validationSplit = 0;
  std::string split = "last", splitColumn;
  int64_t checkpointSteps = 0, keepCheckpoints = 0;
  std::optional<int64_t> histogramEpochs;
  int verbose = -1;

  void add(CLI::App &command);
  /// To be called when the options are read: those that follow from others, such as the files of
  /// --run.
  void complete();

  trainer::Verbosity verbosity() const;
  /// Takes the rows for validation out of the training's, as --validation-split asks.
  trainer::Dataset splitOff(trainer::Dataset &data,
                            const std::vector<codegen::TensorSpec> &inputs) const;
  /// Where a step is kept that is not finite; empty: nowhere.
  std::string replayPath() const;
  /// Histograms for TensorBoard after so many epochs each; 0: none. Those of a run are about fifty.
  int64_t histogramPeriod() const;

private:
  void addTraining(CLI::App &command);
  void addOutputs(CLI::App &command);
};

} // namespace lamina::tools
