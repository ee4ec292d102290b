// lamina train
#include <memory>

#include "ir/module.h"
#include "session/compile_config.h"
#include "session/tune.h"
#include "support/error.h"
#include "support/output.h"
#include "tools/lamina/commands/commands.h"
#include "tools/lamina/commands/data.h"
#include "tools/lamina/commands/non_finite.h"
#include "tools/lamina/cost.h"
#include "tools/lamina/model_output.h"
#include "tools/lamina/run/interruption.h"
#include "tools/lamina/run/layer_graph.h"
#include "tools/lamina/run/run_folder.h"
#include "tools/lamina/run/train_options.h"
#include "tools/lamina/statistics.h"
#include "trainer/callbacks/csv_log.h"
#include "trainer/callbacks/json_log.h"
#include "trainer/callbacks/progress.h"
#include "trainer/callbacks/tensorboard.h"
#include "trainer/checkpoint.h"
#include "trainer/data/rows/split.h"
#include "trainer/finite.h"
#include "trainer/fit.h"
#include "trainer/rewind.h"

namespace lamina::tools {

namespace {

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

/// The options and arguments of the command line, so that they can be read again.
std::vector<std::string> givenArguments(const CLI::App &command) {
  std::vector<std::string> arguments;
  for (const CLI::Option *option : command.get_options()) {
    std::string name = option->get_positional() ? "" : "--" + option->get_single_name();
    bool isFlag = option->get_items_expected_max() == 0;
    if (option->count() && isFlag)
      arguments.push_back(name);
    if (option->count() == 0 || isFlag)
      continue;
    std::vector<std::string> values = option->results();
    if (option->get_delimiter())
      values = {fmt::format("{}", fmt::join(values, std::string(1, option->get_delimiter())))};
    for (const std::string &value : values)
      arguments.push_back(name.empty() ? value : name + "=" + value);
  }
  return arguments;
}

class Training {
public:
  Training(const TrainOptions &options, std::vector<std::string> arguments)
      : options_(options), arguments_(std::move(arguments)),
        pendingData_(options.data.data, options.data),
        session_(pendingData_.open(options.model.forSession(), true)) {
    if (!options.validationData.empty())
      pendingValidation_.emplace(options.validationData, options.data);
    if (!options.run.empty())
      folder_.emplace(options.run, options.resume);
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
    if (!folder_)
      return train(runner);
    beginRun();
    try {
      train(runner);
    } catch (const UserError &error) {
      folder_->end(Interruption::isRequested() ? "interrupted" : "failed", error.what());
      throw;
    }
    folder_->end("finished");
  }

private:
  void train(trainer::ModelRunner &runner) {
    Observers observers;
    trainer::FitPosition start = addObservers(observers, runner);
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
    trainer::History history = fit(runner, observers, start, called);
    if (!options_.out.empty())
      write(options_.out, finiteWeights());
    saved.raise();
    for (const trainer::FitObserver *observer : observers.all)
      observer->requireWritten();
    if (Interruption::isRequested())
      tellInterrupted(history.size());
  }

  trainer::History fit(trainer::ModelRunner &runner, const Observers &observers,
                       const trainer::FitPosition &start,
                       const std::vector<trainer::FitCallback *> &callbacks) {
    Interruption interruption;
    trainer::FitOptions fitOptions{options_.epochs, options_.seed, !options_.noShuffle,
                                   options_.checkFinite, &Interruption::isRequested()};
    if (validationSession_)
      fitOptions.validator = &validationSession_->compile(options_.seed);
    try {
      return trainer::fit(runner, data_, validation_ ? &*validation_ : nullptr, fitOptions,
                          observers.all, start, callbacks);
    } catch (const trainer::NonFiniteError &error) {
      explainNonFinite(session_, error,
                       {options_.replayPath(), options_.checkpoint, options_.cacheFrozen});
    }
  }

  /// A training that was asked to end before its last epoch has not done what it was to do.
  void tellInterrupted(size_t epochs) const {
    if (static_cast<int64_t>(epochs) >= options_.epochs)
      return;
    std::string written, goOn;
    if (!options_.out.empty())
      written = fmt::format("; {} has the model", printable(options_.out, 4096));
    if (!options_.checkpoint.empty())
      goOn = fmt::format("; the same command with --resume goes on from {}",
                         printable(options_.checkpoint, 4096));
    fail("{}: interrupted after {} of {} epochs{}{}", session_.name(), epochs, options_.epochs,
         written, goOn);
  }

  void beginRun() {
    RunDescription run;
    run.arguments = arguments_;
    run.model = options_.model.model;
    run.data = options_.data.data;
    run.validationData = options_.validationData;
    run.rows = data_.rows;
    run.validationRows = validation_ ? validation_->rows : 0;
    run.batchSize = options_.model.import.batchSize;
    run.seed = options_.seed;
    run.threads = session_.threads();
    folder_->begin(run);
  }

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
    if (options_.verbosity() != trainer::Verbosity::Silent)
      note("Frozen layers: computed for {} rows, {} kept in memory\n",
           data_.rows + (validation_ ? validation_->rows : 0), formatBytes(bytes));
  }

  /// The memory of training beside its data: planned, so known before it begins.
  void tellMemory(const codegen::Signature &signature) {
    if (options_.verbosity() == trainer::Verbosity::Silent)
      return;
    note("Memory: {} of state, {} for a step\n",
         formatBytes(static_cast<int64_t>(signature.stateBytes)),
         formatBytes(static_cast<int64_t>(signature.workspaceBytes)));
    if (auto step = session_.module().lookupSymbol<mlir::func::FuncOp>(ir::kTrainStep))
      if (std::string again = describe(countRecomputed(step)); !again.empty())
        note("To fit into the memory limit {}\n", again);
    if (options_.model.accumulate > 1)
      note("Batches go through the model in parts of {} rows: updates are those of whole batches "
           "but "
           "for rounding, and for layers that look at a batch as a whole\n",
           ir::getBatchSize(session_.module()));
  }

  void readCallbacks() {
    bool validates = pendingValidation_ || options_.validationSplit > 0;
    std::vector<std::string> logs;
    for (const codegen::LogSpec &log : session_.importedSignature().evaluateLogs) {
      logs.push_back(log.name);
      if (validates)
        logs.push_back("val_" + log.name);
    }
    bool reports = options_.verbosity() != trainer::Verbosity::Silent;
    callbacks_.emplace(options_.callbacks, logs, reports);
    if (options_.resume && callbacks_->restoresBest())
      fail("--resume: a checkpoint does not hold the best weights that --early-stopping "
           "restore-best asks for; use --model-checkpoint with save-best-only instead");
  }

  void bindData() {
    trainer::BindOptions binding = options_.data.binding();
    binding.known = session_.recipe();
    binding.keyColumn = options_.splitColumn;
    binding.splitsRows = options_.validationSplit > 0;
    data_ = pendingData_.bindAloud(session_, binding);
    session::keepRecipe(session_.file(), data_.recipe, session_.importedSignature().targets);
    // Class weights are for training alone; validation data may come without weights.
    bool hasClassWeights = !binding.weighting.classes.empty();
    binding.weighting.classes.clear();
    binding.weighting.mayBeAbsent = true;
    binding.keyColumn.clear();
    binding.splitsRows = false;
    if (pendingValidation_) {
      // The training data decide which column is which, and which class a label is.
      binding.known = session_.recipe();
      binding.numbersLabels = false;
      validation_ = pendingValidation_->bind(validationSession(), binding);
    } else if (options_.validationSplit > 0) {
      validation_ = options_.splitOff(data_, session_.importedSignature().inputs);
      if (hasClassWeights)
        trainer::setWeights(*validation_, 1);
    }
  }

  /// The session that evaluates the validation data: one of its own where the model leaves lengths
  /// open and they differ from those of the training data.
  Session &validationSession() {
    session::Options own =
        pendingValidation_->complete(options_.model.forSession(), session_.file());
    const frontend::ImportOptions &trained = session_.options().import;
    if (own.import.inputShapes == trained.inputShapes &&
        own.import.targetShapes == trained.targetShapes)
      return session_;
    if (options_.cacheFrozen)
      fail("{}: --cache-frozen keeps rows of one length, but those of --validation-data have "
           "another one than those of --data; give both the same, or leave the option out",
           options_.validationData);
    own.tell = nullptr; // what there is to say of the model has been said
    return validationSession_.emplace(session_.file(), own, /*training=*/false);
  }

  trainer::FitPosition addObservers(Observers &observers, trainer::ModelRunner &runner) {
    trainer::FitPosition start;
    // First, so that it has ended its line when others have something to say.
    observers.add<trainer::Progress>(stderr, options_.verbosity());
    trainer::Checkpoints *checkpoints = nullptr;
    if (!options_.checkpoint.empty()) {
      trainer::CheckpointIdentity identity{options_.seed,
                                           !options_.noShuffle,
                                           options_.model.import.batchSize,
                                           data_.rows,
                                           validation_ ? validation_->rows : 0,
                                           *trainer::findSplitKind(options_.split)};
      trainer::CheckpointSettings settings{
          options_.checkpointSteps, options_.model.import.learningRate, options_.keepCheckpoints};
      checkpoints = observers.add<trainer::Checkpoints>(options_.checkpoint, identity, settings);
    }
    if (checkpoints && options_.resume)
      start = checkpoints->restore(runner).value_or(start);
    if (options_.log.ends_with(".jsonl"))
      observers.add<trainer::JsonLog>(options_.log);
    else if (!options_.log.empty())
      observers.add<trainer::CsvLog>(options_.log);
    if (!options_.run.empty()) {
      observers.add<trainer::CsvLog>(RunPaths(options_.run).csv);
      observers.add<trainer::JsonLog>(RunPaths(options_.run).lines);
    }
    if (!options_.tensorBoard.empty())
      observers.add<trainer::TensorBoardLog>(
          options_.tensorBoard,
          trainer::TensorBoardOptions{
              options_.histogramPeriod(),
              layerGraph(session_.file(), session_.options().import.inputShapes)});
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
  std::vector<std::string> arguments_; ///< of the command line
  std::optional<RunFolder> folder_;
  PendingData pendingData_;
  Session session_;
  std::optional<PendingData> pendingValidation_;
  std::optional<Session> validationSession_; ///< of rows of another length
  std::optional<Callbacks> callbacks_;
  trainer::Dataset data_;
  std::optional<trainer::Dataset> validation_;
};

} // namespace

void addTrain(CLI::App &command, Action &action) {
  auto options = std::make_shared<TrainOptions>();
  options->add(command);
  command.callback([&action, &command, options] {
    options->complete();
    action = [options, arguments = givenArguments(command)] {
      Training(*options, arguments).run();
    };
  });
}

} // namespace lamina::tools
