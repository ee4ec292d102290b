// lamina train
#include <memory>

#include <unistd.h>

#include "ir/module.h"
#include "session/compile_config.h"
#include "session/tune.h"
#include "support/error.h"
#include "support/output.h"
#include "tools/lamina/commands/commands.h"
#include "tools/lamina/commands/data.h"
#include "tools/lamina/commands/non_finite.h"
#include "tools/lamina/model_output.h"
#include "tools/lamina/statistics.h"
#include "tools/lamina/usage/callback_options.h"
#include "trainer/callbacks/csv_log.h"
#include "trainer/callbacks/progress.h"
#include "trainer/callbacks/tensorboard.h"
#include "trainer/checkpoint.h"
#include "trainer/finite.h"
#include "trainer/fit.h"
#include "trainer/rewind.h"

namespace lamina::tools {

namespace {

struct TrainOptions {
  ModelOptions model;
  DataOptions data;
  CallbackOptions callbacks;
  int64_t epochs = 1;
  uint64_t seed = 0;
  bool noShuffle = false, resume = false, cacheFrozen = false, checkFinite = false;
  std::string validationData, log, tensorBoard, checkpoint, replay, out;
  double validationSplit = 0;
  int64_t checkpointSteps = 0;
  int verbose = -1;
};

trainer::Verbosity verbosity(int wanted) {
  if (wanted >= 0)
    return static_cast<trainer::Verbosity>(wanted);
  return isatty(STDERR_FILENO) ? trainer::Verbosity::Bar : trainer::Verbosity::Lines;
}

void requireTrainable(Session &session) {
  if (session.importedSignature().targets.empty())
    fail("{}: the model has no loss; compile it in Keras, or give --loss (and --optimizer)",
         session.name());
  if (!session.module().lookupSymbol(ir::kOptimizer))
    fail("{}: the model has no optimizer; compile it in Keras, or give --optimizer",
         session.name());
}

/// Everything that watches the training, in the order in which it is told.
struct Observers {
  std::vector<std::unique_ptr<trainer::FitObserver>> owned;
  std::vector<trainer::FitObserver *> all;

  template <typename Observer, typename... Args> Observer *add(Args &&...args) {
    auto observer = std::make_unique<Observer>(std::forward<Args>(args)...);
    Observer *pointer = observer.get();
    all.push_back(pointer);
    owned.push_back(std::move(observer));
    return pointer;
  }
};

class Training {
public:
  explicit Training(const TrainOptions &options)
      : options_(options), pendingData_(options.data.data, options.data),
        session_(pendingData_.open(options.model.forSession(), true)) {
    if (!options.validationData.empty())
      pendingValidation_.emplace(options.validationData, options.data);
    requireModelOutput();
    requireTrainable(session_);
    readCallbacks();
    requireOutputsOfTheirOwn();
  }

  void run() {
    if (isFrozen())
      return evaluateInstead();
    bindData();
    if (options_.cacheFrozen)
      cacheFrozen();
    if (options_.model.tune)
      session::tuneAloud(session_, ir::kTrainStep.str(), data_);
    trainer::ModelRunner &runner = session_.compile(options_.seed);
    Observers observers;
    trainer::FitPosition start = addObservers(observers, runner);
    trainer::FitOptions fitOptions{options_.epochs, options_.seed, !options_.noShuffle,
                                   options_.checkFinite};
    trainer::WriteFailure saved;
    auto callbacks = callbacks_->create(runner, [&](const std::string &path) {
      auto weights = finiteWeights();
      saved.attempt([&] {
        requireDistinct(inputs(), {{"--model-checkpoint", path}});
        write(path, weights);
      });
    });
    std::vector<trainer::FitCallback *> called;
    for (const auto &callback : callbacks)
      called.push_back(callback.get());
    tellMemory(runner.signature());
    try {
      trainer::fit(runner, data_, validation_ ? &*validation_ : nullptr, fitOptions, observers.all,
                   start, called);
    } catch (const trainer::NonFiniteError &error) {
      explainNonFinite(session_, error, {replayPath(), options_.checkpoint, options_.cacheFrozen});
    }
    if (!options_.out.empty())
      write(options_.out, finiteWeights());
    saved.raise();
    for (const trainer::FitObserver *observer : observers.all)
      observer->requireWritten();
  }

private:
  bool isFrozen() const {
    return llvm::none_of(session_.importedSignature().variables,
                         [](const codegen::VariableSpec &variable) { return variable.trainable; });
  }

  /// What there is to do where no layer is trained.
  void evaluateInstead() {
    note("note: {}: all layers are frozen, so nothing is trained; the model is evaluated\n",
         session_.name());
    Session session(options_.model.forSession(), /*training=*/false);
    trainer::BindOptions binding = options_.data.binding();
    binding.known = session.recipe();
    trainer::Dataset data = pendingData_.bindAloud(session, binding);
    trainer::ModelRunner &runner = session.compile(options_.seed);
    trainer::Logs logs = trainer::evaluate(runner, data);
    if (!options_.out.empty())
      write(options_.out, session.weights());
    for (const codegen::LogSpec &log : runner.signature().evaluateLogs)
      output("{}: {:#.9g}\n", log.name, logs.at(log.name));
  }

  void cacheFrozen() {
    std::vector<trainer::Dataset *> data = {&data_};
    if (validation_)
      data.push_back(&*validation_);
    if (!session_.cacheFrozen(data, options_.seed)) {
      note("note: {}: --cache-frozen has no effect: the first layers are trained, or what they "
           "give depends on random numbers or on other rows\n",
           session_.name());
      return;
    }
    int64_t bytes = 0;
    for (const trainer::Dataset *rows : data)
      for (const frontend::Array &array : rows->inputs)
        bytes += static_cast<int64_t>(array.bytes.size());
    if (verbosity(options_.verbose) != trainer::Verbosity::Silent)
      note("Frozen layers: computed for {} rows, {} kept in memory\n",
           data_.rows + (validation_ ? validation_->rows : 0), formatBytes(bytes));
  }

  /// The memory of training beside its data: planned, so known before it begins.
  void tellMemory(const codegen::Signature &signature) const {
    if (verbosity(options_.verbose) != trainer::Verbosity::Silent)
      note("Memory: {} of state, {} for a step\n",
           formatBytes(static_cast<int64_t>(signature.stateBytes)),
           formatBytes(static_cast<int64_t>(signature.workspaceBytes)));
  }

  void readCallbacks() {
    bool validates = pendingValidation_ || options_.validationSplit > 0;
    std::vector<std::string> logs;
    for (const codegen::LogSpec &log : session_.importedSignature().evaluateLogs) {
      logs.push_back(log.name);
      if (validates)
        logs.push_back("val_" + log.name);
    }
    bool reports = verbosity(options_.verbose) != trainer::Verbosity::Silent;
    callbacks_.emplace(options_.callbacks, logs, reports);
    if (options_.resume && callbacks_->restoresBest())
      fail("--resume: a checkpoint does not hold the best weights that --early-stopping "
           "restore-best asks for; use --model-checkpoint with save-best-only instead");
  }

  void bindData() {
    trainer::BindOptions binding = options_.data.binding();
    binding.known = session_.recipe();
    data_ = pendingData_.bindAloud(session_, binding);
    session::keepRecipe(session_.file(), data_.recipe, session_.importedSignature().targets);
    // Class weights are for training alone; validation data may come without weights.
    bool hasClassWeights = !binding.weighting.classes.empty();
    binding.weighting.classes.clear();
    binding.weighting.mayBeAbsent = true;
    if (pendingValidation_) {
      // The training data decide which column is which, and which class a label is.
      binding.known = session_.recipe();
      binding.numbersLabels = false;
      validation_ = pendingValidation_->bind(session_, binding);
    } else if (options_.validationSplit > 0) {
      validation_ = trainer::splitLast(data_, options_.validationSplit);
      if (hasClassWeights)
        trainer::setWeights(*validation_, 1);
    }
  }

  trainer::FitPosition addObservers(Observers &observers, trainer::ModelRunner &runner) {
    trainer::FitPosition start;
    // First, so that it has ended its line when others have something to say.
    observers.add<trainer::Progress>(stderr, verbosity(options_.verbose));
    trainer::Checkpoints *checkpoints = nullptr;
    if (!options_.checkpoint.empty()) {
      trainer::CheckpointIdentity identity{options_.seed, !options_.noShuffle,
                                           options_.model.import.batchSize, data_.rows,
                                           validation_ ? validation_->rows : 0};
      trainer::CheckpointSettings settings{options_.checkpointSteps,
                                           options_.model.import.learningRate};
      checkpoints = observers.add<trainer::Checkpoints>(options_.checkpoint, identity, settings);
    }
    if (checkpoints && options_.resume)
      start = checkpoints->restore(runner).value_or(start);
    if (!options_.log.empty())
      observers.add<trainer::CsvLog>(options_.log);
    if (!options_.tensorBoard.empty())
      observers.add<trainer::TensorBoardLog>(options_.tensorBoard);
    return start;
  }

  std::map<std::string, frontend::Array> finiteWeights() const {
    auto weights = session_.weights();
    trainer::requireFinite(session_.name(), weights);
    return weights;
  }

  void write(const std::string &path, const std::map<std::string, frontend::Array> &weights) {
    writeModel(path, session_.file(), session_.module(), weights,
               session::changedCompileConfig(session_.file(), options_.model.import));
  }

  /// Where a step is kept that is not finite.
  std::string replayPath() const {
    if (!options_.replay.empty() || options_.checkpoint.empty())
      return options_.replay;
    return options_.checkpoint + "/replay.npz";
  }

  std::vector<NamedPath> inputs() const {
    std::vector<NamedPath> inputs = options_.model.inputs();
    inputs.push_back({"--data", options_.data.data});
    inputs.push_back({"--validation-data", options_.validationData});
    return inputs;
  }

  void requireOutputsOfTheirOwn() const {
    std::string state = options_.checkpoint;
    if (!state.empty())
      state = trainer::Checkpoints::pathIn(state);
    requireDistinct(inputs(), {{"--output", options_.out},
                               {"--log", options_.log},
                               {"--checkpoint", state},
                               {"--replay", options_.replay},
                               {"--model-checkpoint", callbacks_->checkpointPath()}});
  }

  void requireModelOutput() const {
    if (options_.out.empty())
      return;
    if (requireModelFormat(options_.out) == frontend::ModelFormat::ConfigJson)
      fail("cannot write {}: JSON has no place for the trained weights; write a .keras file",
           printable(options_.out, 4096));
    requireWritable(options_.out);
  }

  const TrainOptions &options_;
  PendingData pendingData_;
  Session session_;
  std::optional<PendingData> pendingValidation_;
  std::optional<Callbacks> callbacks_;
  trainer::Dataset data_;
  std::optional<trainer::Dataset> validation_;
};

void addOutputs(CLI::App &command, TrainOptions &options) {
  addPath(command, "--log", options.log, "CSV file of losses and metrics, one row an epoch");
  addPath(command, "--tensorboard", options.tensorBoard, "Folder for TensorBoard events", "DIR");
  auto *checkpoint = addPath(command, "--checkpoint", options.checkpoint,
                             "Folder that keeps the state of the training", "DIR");
  command.add_flag("--resume", options.resume, "Go on from the checkpoint, if there is one")
      ->needs(checkpoint);
  command
      .add_option("--checkpoint-steps", options.checkpointSteps,
                  "Also keep the state after every so many steps of an epoch")
      ->needs(checkpoint)
      ->check(CLI::PositiveNumber);
  command.add_flag("--check-finite", options.checkFinite,
                   "Look for values that are not finite in all variables after every step, not in "
                   "the loss alone");
  addPath(command, "--replay", options.replay,
          "Where to keep a step whose loss or variables are not finite, for lamina replay "
          "(default: replay.npz in the folder of --checkpoint)");
  command
      .add_option("--verbose", options.verbose,
                  "0 silent, 1 progress bar, 2 a line an epoch (default: by terminal)")
      ->check(CLI::Range(0, 2));
  addPath(command, "-o,--output", options.out, "The trained model: .keras, .h5 or .weights.h5");
}

} // namespace

void addTrain(CLI::App &command, Action &action) {
  auto options = std::make_shared<TrainOptions>();
  options->model.addModel(command);
  options->data.add(command);
  options->data.addSampleWeight(command);
  options->data.addClassWeight(command);
  options->data.addStandardize(command);
  command.add_option("--epochs", options->epochs, "Times to go through the data")
      ->check(CLI::Range(int64_t(1), int64_t(1) << 40))
      ->capture_default_str();
  options->model.addBatchSize(command);
  options->model.addFreezing(command);
  command.add_flag("--cache-frozen", options->cacheFrozen,
                   "Compute what the first, frozen layers give once for every row, and keep it in "
                   "memory");
  options->model.addPasses(command);
  command.add_option("--seed", options->seed, "Seed of shuffling, dropout and initial weights")
      ->capture_default_str();
  command.add_flag("--no-shuffle", options->noShuffle, "Take the rows in the file's order");
  auto *validation =
      addPath(command, "--validation-data", options->validationData, "Data for validation");
  command
      .add_option("--validation-split", options->validationSplit,
                  "Part of the rows, the last ones, to keep for validation")
      ->excludes(validation)
      ->check(CLI::Range(0.0, 1.0));
  options->model.addOptimizer(command);
  options->model.addLoss(command);
  options->model.addThreads(command);
  options->model.addTune(command);
  options->callbacks.add(command);
  addOutputs(command, *options);
  command.callback([&action, options] {
    options->model.import.sampleWeights = options->data.hasWeights();
    action = [options] { Training(*options).run(); };
  });
}

} // namespace lamina::tools
