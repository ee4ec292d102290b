#include "session/session.h"

#include "frontend/keras/import.h"
#include "frontend/keras/model/model.h"
#include "frontend/keras/model/trainability.h"
#include "frontend/keras/training/compile_settings.h"
#include "frontend/keras/weights/legacy_weights.h"
#include "frontend/keras/weights/weights.h"
#include "ir/signature.h"
#include "passes/training/frozen_prefix.h"
#include "runtime/lamina_runtime.h"
#include "session/micro_batches.h"
#include "support/error.h"
#include "support/threads.h"
#include "trainer/data/cast.h"
#include "trainer/fit.h"

namespace lamina::session {

namespace {

/// The session's options for the importer, with or without step and optimizer, losses and metrics.
frontend::ImportOptions importOptions(const Options &options, bool training, bool forwardOnly) {
  frontend::ImportOptions import = options.import;
  import.batchSize = (import.batchSize + options.accumulate - 1) / options.accumulate;
  import.inParts = options.accumulate > 1;
  import.training = training;
  import.forwardOnly = forwardOnly;
  return import;
}

/// Whether the file's value of an optimizer variable gives way to what the command line says. The
/// variables of different optimizers may look alike, and a stored learning rate would win over the
/// one asked for.
bool isOverridden(ir::VariableOp variable, const frontend::ImportOptions &options) {
  ir::VariableRole role = ir::roleOf(variable);
  if (role == ir::VariableRole::Model)
    return false;
  return !options.optimizer.empty() ||
         (options.learningRate && role == ir::VariableRole::LearningRate);
}

/// The process's pool with so many threads, or as many as CPUs may be used for 0; fewer, with a
/// word, where no more can be started.
std::shared_ptr<trainer::ThreadPool> choosePool(const Options &options) {
  if (hasSharedPool())
    return sharePool(options.threads);
  uint32_t wanted = options.threads ? options.threads : lamina_available_cpus();
  uint32_t count = countStartableThreads(wanted);
  if (count < wanted && options.tell)
    options.tell(fmt::format("warning: only {} of {} threads can be started; a limit on processes "
                             "or memory allows no more",
                             count, wanted));
  return sharePool(count);
}

/// Errors of the passes name the layer, not the file.
template <typename Call> auto withFileName(const std::string &path, Call call) {
  try {
    return call();
  } catch (const UserError &error) {
    std::string message = error.what();
    if (message.starts_with(path + ":"))
      throw;
    throw UserError(path + ": " + message);
  }
}

} // namespace

frontend::KerasFile readModel(const Options &options) {
  frontend::KerasFile file = frontend::readKerasFile(options.model);
  if (!options.weights.empty())
    frontend::readWeights(file, options.weights);
  for (const auto &[name, path] : options.definitions)
    file.definitions.emplace(
        name, std::make_shared<const frontend::KerasFile>(frontend::readKerasFile(path)));
  frontend::setTrainability(file, options.frozen, options.unfrozen);
  return file;
}

trainer::DeclaredTensors declaredTensors(const frontend::KerasFile &file, const Options &options) {
  auto model = frontend::keras::parseModel(file, options.import.inputShapes);
  trainer::DeclaredTensors tensors;
  for (const frontend::keras::ModelPort &port : model->inputs) {
    const frontend::keras::Layer &layer = *model->layers[port.tensor.layer];
    codegen::TensorSpec &input = tensors.inputs.emplace_back();
    input.name = layer.name;
    input.type = layer.input->type;
    input.shape = {-1};
    input.shape.insert(input.shape.end(), layer.input->rowShape.begin(),
                       layer.input->rowShape.end());
  }
  for (const auto &declared : frontend::keras::declareTargets(file, options.import, *model)) {
    codegen::TensorSpec &target = tensors.targets.emplace_back();
    target.name = declared.name;
    bool isGiven = options.import.targetShapes.contains(declared.name);
    target.shape.assign(static_cast<size_t>(1 + (isGiven ? 0 : declared.openRank)), -1);
  }
  for (const frontend::keras::ModelPort &port : model->outputs)
    tensors.outputs.push_back(port.key.empty() ? port.name : port.key);
  tensors.lookups = model->lookups;
  return tensors;
}

std::vector<std::string> findProblems(const frontend::KerasFile &file, const Options &options,
                                      bool forwardOnly) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  return frontend::findProblems(context, file, importOptions(options, true, forwardOnly));
}

Session::Session(const Options &options, bool training, bool forwardOnly)
    : Session(readModel(options), options, training, forwardOnly) {}

Session::Session(frontend::KerasFile file, const Options &options, bool training, bool forwardOnly)
    : options_(options), file_(std::move(file)), context_(mlir::MLIRContext::Threading::DISABLED),
      pool_(choosePool(options)) {
  if (options.accumulate > options.import.batchSize)
    fail("{}: a batch of {} rows cannot be taken in {} parts; --accumulate may be {} at the most",
         name(), options.import.batchSize, options.accumulate, options.import.batchSize);
  frontend::ImportOptions import = importOptions(options, training, forwardOnly);
  // Who does not train does not miss them.
  import.notes = training ? &file_.notes : nullptr;
  import.lookups = &lookups_;
  module_ = withFileName(name(), [&] { return frontend::importModel(context_, file_, import); });
  frontend::placeLegacyWeights(*module_, file_);
  if (std::string lost = frontend::describeLostState(*module_, file_);
      !lost.empty() && options.import.optimizer.empty())
    file_.notes.push_back(lost);
  for (const std::string &note : file_.notes)
    tell(fmt::format("note: {}: {}", name(), note));
  auto binding = frontend::bindWeights(*module_, file_);
  size_t index = 0;
  for (ir::VariableOp variable : module_->getOps<ir::VariableOp>())
    if (binding.arrays[index++] && !isOverridden(variable, options.import))
      stored_.emplace(variable.getSymName().str(), variable.getPath().str());
  plain_ = findPlainInitialValues(*module_);
  options_.compile.compileThreads = pool_->threads();
  options_.compile.passes.accumulate = options_.accumulate > 1;
  imported_ = withFileName(name(), [&] { return codegen::makeSignature(*module_); });
  imported_.batchSize = options_.import.batchSize;
}

void Session::tell(const std::string &line) const {
  if (options_.tell)
    options_.tell(line);
}

void Session::lower(passes::Stage stage) {
  withFileName(name(), [&] { codegen::lower(*module_, stage, options_.compile); });
  stage_ = stage;
}

bool Session::cacheFrozen(llvm::ArrayRef<trainer::Dataset *> data, uint64_t seed) {
  passes::FrozenPrefix prefix = passes::splitFrozenPrefix(*module_, options_.compile.passes);
  if (!prefix.module)
    return false;
  options_.compile.passes.stateFunctions = false; // the state is read and written without code
  mlir::ModuleOp module = *prefix.module;
  auto compiled = withFileName(name(), [&] {
    codegen::lower(module, passes::Stage::Memory, options_.compile);
    return codegen::compileJit(module, options_.compile);
  });
  trainer::ModelRunner runner(name(), *compiled, pool_->env());
  runner.start(seed, initialValues(seed, FileWeights::Keep));
  for (trainer::Dataset *rows : data) {
    std::vector<frontend::Array> inputs;
    std::vector<frontend::Array> values = trainer::predict(runner, *rows);
    for (size_t kept : prefix.keptInputs)
      inputs.push_back(std::move(rows->inputs[kept]));
    std::move(values.begin(), values.end(), std::back_inserter(inputs));
    rows->inputs = std::move(inputs);
  }
  return true;
}

trainer::ModelRunner &Session::compile(uint64_t seed, FileWeights weights) {
  options_.compile.passes.stateFunctions = false; // the state is read and written without code
  if (stage_ != passes::Stage::Memory)
    lower(passes::Stage::Memory);
  runner_.reset();
  compiled_ = withFileName(name(), [&] { return codegen::compileJit(*module_, options_.compile); });
  if (options_.accumulate > 1)
    compiled_ = std::make_unique<MicroBatches>(std::move(compiled_), options_.import.batchSize);
  runner_ = std::make_unique<trainer::ModelRunner>(name(), *compiled_, pool_->env());
  runner_->start(seed, initialValues(seed, weights));
  return *runner_;
}

trainer::InitialValues Session::initialValues(uint64_t seed, FileWeights weights) {
  trainer::InitialValues values;
  for (const auto &[symbol, path] : stored_) {
    auto stored = file_.weights.find(path);
    if (stored == file_.weights.end())
      continue;
    if (weights == FileWeights::Keep)
      values.arrays.emplace(symbol, stored->second);
    else
      values.arrays.emplace(symbol, std::move(file_.weights.extract(stored).mapped()));
  }
  if (weights == FileWeights::Take)
    file_.hasWeights = false;
  values.numbers = plain_.numbers;
  frontend::Array seedArray = frontend::makeArray(ElementType::I64, {});
  seedArray.values<int64_t>()[0] = static_cast<int64_t>(seed);
  for (const std::string &variable : plain_.seeds)
    values.arrays.emplace(variable, seedArray);
  return values;
}

std::map<std::string, frontend::Array> Session::weights() const {
  auto weights = runner_->save();
  frontend::addCopies(*module_, weights);
  for (const auto &[path, array] : file_.weights)
    if (!frontend::isOptimizerPath(path))
      weights.emplace(path, array);
  return weights;
}

std::map<std::string, std::vector<std::byte>> storedValues(Session &session) {
  frontend::WeightBinding binding = frontend::bindWeights(session.module(), session.file());
  std::map<std::string, std::vector<std::byte>> values;
  size_t index = 0;
  for (const codegen::VariableSpec &variable : session.importedSignature().variables) {
    const frontend::Array *array = binding.arrays[index++];
    if (!array)
      continue;
    frontend::Array cast = trainer::castArray(*array, variable.type, [&](size_t, double value) {
      fail("{}: weights '{}' hold {}, which is no value of type {}", session.name(), variable.path,
           value, typeName(variable.type));
    });
    values.emplace(variable.name, std::move(cast.bytes));
  }
  return values;
}

} // namespace lamina::session
