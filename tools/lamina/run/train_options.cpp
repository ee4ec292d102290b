#include "tools/lamina/run/train_options.h"

#include <unistd.h>

#include "support/error.h"
#include "tools/lamina/run/run_folder.h"
#include "trainer/data/rows/split.h"
#include "trainer/data/rows/windows.h"

namespace lamina::tools {

void TrainOptions::add(CLI::App &command) {
  model.addModel(command);
  data.add(command);
  data.addSampleWeight(command);
  data.addClassWeight(command);
  data.addStandardize(command);
  addTraining(command);
  addOutputs(command);
}

void TrainOptions::addTraining(CLI::App &command) {
  command.add_option("--epochs", epochs, "Times to go through the data")
      ->check(CLI::Range(int64_t(1), int64_t(1) << 40))
      ->capture_default_str();
  model.addBatchSize(command);
  model.addAccumulation(command);
  model.addFreezing(command);
  command.add_flag("--cache-frozen", cacheFrozen,
                   "Compute what the first, frozen layers give once for every row, and keep it in "
                   "memory");
  model.addPasses(command);
  command.add_option("--seed", seed, "Seed of shuffling, dropout and initial weights")
      ->capture_default_str();
  command.add_flag("--no-shuffle", noShuffle, "Take the rows in the file's order");
  auto *validation = addPath(command, "--validation-data", validationData, "Data for validation");
  command
      .add_option("--validation-split", validationSplit,
                  "Part of the rows to keep for validation (which: --split)")
      ->excludes(validation)
      ->check(CLI::Range(0.0, 1.0));
  command
      .add_option(
          "--split", split,
          "Rows that --validation-split keeps: the last ones, shuffled, stratified (of each "
          "class the same part), grouped (whole groups of --split-column) or time (the "
          "latest by --split-column); drawn by the seed")
      ->check(CLI::IsMember({"last", "shuffled", "stratified", "grouped", "time"}))
      ->capture_default_str();
  command.add_option("--split-column", splitColumn,
                     "Column or array of groups or times to split by; it is no input");
  model.addOptimizer(command);
  model.addLoss(command);
  model.addThreads(command);
  model.addTune(command);
  callbacks.add(command);
}

void TrainOptions::addOutputs(CLI::App &command) {
  addPath(
      command, "--log", log,
      "Losses and metrics, one row an epoch: CSV, or JSON lines for a name that ends in .jsonl");
  addPath(command, "--tensorboard", tensorBoard, "Folder for TensorBoard events", "DIR");
  command
      .add_option("--histogram-epochs", histogramEpochs,
                  "Histograms of the weights for TensorBoard after every so many epochs (default: "
                  "none; of a run about fifty)")
      ->check(CLI::NonNegativeNumber);
  addPath(command, "--checkpoint", checkpoint, "Folder that keeps the state of the training",
          "DIR");
  addPath(command, "--run", run,
          "Folder that keeps the run: settings, versions, hashes, logs, TensorBoard events, "
          "checkpoints and the model, for lamina report",
          "DIR");
  command.add_flag("--resume", resume,
                   "Go on from the checkpoint of --checkpoint or --run, if there is one");
  command
      .add_option("--keep-checkpoints", keepCheckpoints,
                  "Also keep the last so many checkpoints under names of their own")
      ->check(CLI::PositiveNumber);
  command
      .add_option("--checkpoint-steps", checkpointSteps,
                  "Also keep the state after every so many steps of an epoch")
      ->check(CLI::PositiveNumber);
  command.add_flag("--check-finite", checkFinite,
                   "Look for values that are not finite in all variables after every step, not in "
                   "the loss alone");
  addPath(command, "--replay", replay,
          "Where to keep a step whose loss or variables are not finite, for lamina replay "
          "(default: replay.npz in the folder of --checkpoint)");
  command
      .add_option("--verbose", verbose,
                  "0 silent, 1 progress bar, 2 a line an epoch (default: by terminal)")
      ->check(CLI::Range(0, 2));
  addPath(command, "-o,--output", out, "The trained model: .keras, .lamina, .h5 or .weights.h5");
}

void TrainOptions::complete() {
  model.import.sampleWeights = data.hasWeights();
  if (!run.empty()) {
    RunPaths paths(run);
    for (auto [path, own] : {std::pair(&checkpoint, &paths.checkpoint),
                             {&tensorBoard, &paths.tensorBoard},
                             {&out, &paths.model}})
      if (path->empty())
        *path = *own;
  }
  auto needFolder = [&](bool isGiven, const char *option) {
    if (isGiven && checkpoint.empty())
      throw CLI::RequiresError(option, "--checkpoint or --run");
  };
  needFolder(resume, "--resume");
  needFolder(checkpointSteps > 0, "--checkpoint-steps");
  needFolder(keepCheckpoints > 0, "--keep-checkpoints");
  if (split != "last" && validationSplit == 0)
    throw CLI::RequiresError("--split", "--validation-split");
  if (trainer::needsKeys(*trainer::findSplitKind(split)) && splitColumn.empty())
    throw CLI::RequiresError("--split " + split, "--split-column");
  if (histogramEpochs && tensorBoard.empty())
    throw CLI::RequiresError("--histogram-epochs", "--tensorboard or --run");
}

trainer::Dataset TrainOptions::splitOff(trainer::Dataset &data,
                                        const std::vector<codegen::TensorSpec> &inputs) const {
  trainer::SplitKind kind = *trainer::findSplitKind(split);
  if (!data.recipe.window)
    return trainer::splitRows(data, kind, validationSplit, seed);
  if (kind != trainer::SplitKind::Last && kind != trainer::SplitKind::Time)
    fail("--split {}: windows are of rows in a row, and rows that are drawn are none; use --split "
         "time, or leave it out",
         split);
  if (kind == trainer::SplitKind::Time)
    trainer::sortByKeys(data);
  trainer::Dataset validation = trainer::splitLast(data, validationSplit);
  trainer::Window window = data.recipe.window;
  window.stride = this->data.stride;
  data = trainer::makeWindows(data, inputs, window);
  return trainer::makeWindows(validation, inputs, window);
}

trainer::Verbosity TrainOptions::verbosity() const {
  if (verbose >= 0)
    return static_cast<trainer::Verbosity>(verbose);
  return isatty(STDERR_FILENO) ? trainer::Verbosity::Bar : trainer::Verbosity::Lines;
}

std::string TrainOptions::replayPath() const {
  if (!replay.empty() || checkpoint.empty())
    return replay;
  return checkpoint + "/replay.npz";
}

int64_t TrainOptions::histogramPeriod() const {
  constexpr int64_t kHistograms = 50;
  return histogramEpochs.value_or(run.empty() ? 0 : (epochs + kHistograms - 1) / kHistograms);
}

} // namespace lamina::tools
