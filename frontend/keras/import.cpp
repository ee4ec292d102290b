#include "frontend/keras/import.h"

#include "frontend/builder/init_function.h"
#include "frontend/builder/training/optimizer.h"
#include "frontend/keras/config/problems.h"
#include "frontend/keras/model/definitions.h"
#include "frontend/keras/model/forward.h"
#include "frontend/keras/training/compile_settings.h"
#include "frontend/keras/training/log_writer.h"
#include "frontend/keras/training/optimizer.h"
#include "frontend/keras/training/regularizers.h"
#include "frontend/keras/training/scores.h"
#include "ir/host_tensor.h"
#include "ir/logs.h"
#include "ir/signature.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"
#include "support/error.h"

using namespace mlir;

namespace lamina::frontend {

using namespace keras;

namespace {

/// Writes a module's functions one after the other from the parsed model.
class Importer {
public:
  Importer(MLIRContext &context, const KerasFile &file, const ImportOptions &options,
           PassedOver passedOver = PassedOver::Nothing)
      : context(context), file(file), options(options), passedOver(passedOver) {}

  OwningOpRef<ModuleOp> run();
  /// Everything but the functions; settings that are not understood are reported in `problems`.
  void check(std::vector<std::string> &problems);
  /// Tells the options' `notes` what was left out, and `lookups` what stands before the module.
  void tellResults() const {
    if (options.notes)
      llvm::append_range(*options.notes, notes);
    if (options.lookups)
      *options.lookups = model->lookups;
  }

private:
  void startModule();
  MaskedTensors addInputs(FunctionWriter &writer, Forward &forward);
  Tensors addTargets(FunctionWriter &writer, Forward &forward);
  void buildLayers();
  void declareVariables();
  void writeReset();
  void declareOptimizer(llvm::ArrayRef<const LayerVariable *> trainable);
  void writePredict();
  /// @loss or @evaluate.
  void writeLoss(llvm::StringRef name, bool isTraining);
  void writeOptimizer();
  void verifyModule();

  MLIRContext &context;
  const KerasFile &file;
  const ImportOptions &options;
  PassedOver passedOver;
  std::vector<std::string> notes;
  OwningOpRef<ModuleOp> module;
  std::unique_ptr<Model> model;
  RandomState random;
  llvm::SmallVector<RankedTensorType> predictions;
  llvm::StringMap<int64_t> inputEntries; ///< by input, where an embedding reads it
  CompileSettings settings;
  std::vector<WeightPenalty> penalties;
  std::unique_ptr<Optimizer> optimizer;
  llvm::SmallVector<Variable *> variables; ///< in the module's order
};

void Importer::startModule() {
  OpBuilder builder(&context);
  module = ModuleOp::create(NameLoc::get(builder.getStringAttr(model->name)));
  (*module)->setAttr(ir::kModelAttr, builder.getStringAttr(model->name));
  (*module)->setAttr(ir::kBatchSizeAttr, builder.getI64IntegerAttr(options.batchSize));
}

void Importer::check(std::vector<std::string> &problems) {
  ir::loadDialects(context);
  attempt(&problems, [&] { model = parseModel(file, options.inputShapes, &problems); });
  if (!model)
    return;
  startModule();
  if (problems.empty())
    attempt(&problems, [&] { buildLayers(); });
  if (!problems.empty())
    // Losses and metrics look at the predictions' rank and last dimension at most, to choose one.
    predictions.assign(model->outputs.size(), RankedTensorType::get({ShapedType::kDynamic, 2},
                                                                    Float32Type::get(&context)));
  if (options.forwardOnly)
    return;
  settings =
      resolveCompileSettings(file, options, *model, predictions, passedOver, notes, &problems);
  bool hasLoss = settings.hasLoss() || !problems.empty();
  if (options.training && hasLoss && !settings.optimizer.is_null())
    attempt(&problems,
            [&] { readOptimizer(Place{file.path, ""}, settings.optimizer, options.learningRate); });
}

OwningOpRef<ModuleOp> Importer::run() {
  ir::loadDialects(context);
  if (options.batchSize < 1)
    fail("the batch size must be positive, not {}", options.batchSize);
  model = parseModel(file, options.inputShapes);
  startModule();
  buildLayers();
  settings = resolveCompileSettings(file, options, *model, predictions, passedOver, notes);
  declareVariables();
  writeInit(*module, variables, file.path);
  writeReset();
  writePredict();
  if (settings.hasLoss()) {
    penalties = readPenalties(*model);
    if (options.training)
      writeLoss(ir::kLoss, true);
    writeLoss(ir::kEvaluate, false);
    if (optimizer)
      writeOptimizer();
  }
  verifyModule();
  return std::move(module);
}

MaskedTensors Importer::addInputs(FunctionWriter &writer, Forward &forward) {
  Emitter &emitter = forward.emitterAt("inputs");
  MaskedTensors inputs;
  for (const ModelPort &port : model->inputs) {
    const Layer &layer = *model->layers[port.tensor.layer];
    llvm::SmallVector<int64_t> shape = {ShapedType::kDynamic};
    for (int64_t extent : layer.input->rowShape) {
      if (extent < 1)
        layer.place.fail("the input's shape is not known; give it with --input-shape");
      shape.push_back(extent);
    }
    checkSize(layer.place, shape);
    auto type = RankedTensorType::get(shape, ir::toMlirType(&context, layer.input->type));
    Value input = writer.addArgument(type, ir::kInputAttr, StringAttr::get(&context, layer.name));
    Tensor value(emitter, input);
    inputs.push_back({layer.input->isHalf ? roundToHalf(value) : value});
    if (auto entries = inputEntries.find(layer.name); entries != inputEntries.end())
      writer.annotateArgument(ir::kEntriesAttr,
                              writer.getBuilder().getI64IntegerAttr(entries->second));
  }
  return inputs;
}

/// Runs the model once into a function that is thrown away: afterwards all variables, the outputs'
/// shapes and the embeddings of inputs are known.
void Importer::buildLayers() {
  FunctionWriter writer(*module, "");
  Forward forward(writer, random, options.training);
  forward.writesAll = true;
  MaskedTensors inputs = addInputs(writer, forward);
  for (const ModelPort &port : model->inputs)
    if (auto batch = model->layers[port.tensor.layer]->input->batch)
      forward.fixedBatch = batch;
  for (auto [output, mask] : forward.run(*model, inputs)) {
    if (output.rank() < 1 || !output.type().isDynamicDim(0))
      fail("{}: an output of shape {} does not have the batch's rows", file.path,
           describeShape(output.shape()));
    predictions.push_back(output.type());
  }
  for (auto [port, input] : llvm::zip_equal(model->inputs, inputs))
    if (auto entries = forward.findIndexLimit(input.value))
      inputEntries[model->layers[port.tensor.layer]->name] = *entries;
  writer.erase();
  placeDefinedVariables(*model, file);
}

void Importer::declareVariables() {
  llvm::SmallVector<const LayerVariable *> trainable;
  bool isTrainable = file.config["config"].value("trainable", nlohmann::json()) != false;
  for (Layer *layer : model->flattenLayers())
    for (LayerVariable &variable : layer->variables) {
      variable.isTrainable &= isTrainable;
      variables.push_back(&variable);
      if (variable.isTrainable)
        trainable.push_back(&variable);
    }
  if (random.isUsed)
    variables.append({&random.seed, &random.step});
  declareOptimizer(trainable);
  for (auto [index, variable] : llvm::enumerate(variables)) {
    variable->index = index;
    declareVariable(*module, *variable);
  }
  if (!optimizer)
    return;
  for (auto [variable, average] : optimizer->getAverages())
    module->lookupSymbol(variable->symbol)
        ->setAttr(ir::kAverageAttr, FlatSymbolRefAttr::get(&context, average->symbol));
}

/// The states that layers hand from batch to batch are those of their variables that no file has.
void Importer::writeReset() {
  llvm::SmallVector<const Variable *> states;
  for (Layer *layer : model->flattenLayers())
    for (const LayerVariable &variable : layer->variables)
      if (variable.path.empty())
        states.push_back(&variable);
  if (!states.empty())
    writeResetStates(*module, states, file.path);
}

/// The variables with their constraints, unless the optimizer is there for its state only; messages
/// are about the optimizer.
std::vector<TrainableVariable> withConstraints(const Place &optimizer, bool onlyState,
                                               llvm::ArrayRef<const LayerVariable *> variables) {
  std::vector<TrainableVariable> result;
  for (const LayerVariable *variable : variables) {
    TrainableVariable &trainable = result.emplace_back(TrainableVariable{variable});
    if (!onlyState && !variable->constraint.is_null())
      trainable.constraint = readConstraint(optimizer, variable->constraint);
  }
  return result;
}

/// An optimizer without a loss, which was passed over, is there for its state.
void Importer::declareOptimizer(llvm::ArrayRef<const LayerVariable *> trainable) {
  bool isPassedOver = passedOver == PassedOver::LossesAndMetrics;
  if (!options.training || settings.optimizer.is_null() || !(settings.hasLoss() || isPassedOver))
    return;
  std::vector<std::string> unknown;
  std::optional<OptimizerSettings> read;
  attempt(isPassedOver ? &unknown : nullptr, [&] {
    read = readOptimizer(Place{file.path, ""}, settings.optimizer, options.learningRate,
                         /*onlyState=*/isPassedOver);
  });
  if (!read)
    return;
  optimizer = std::make_unique<Optimizer>(*read);
  optimizer->declareVariables(withConstraints(read->place, isPassedOver, trainable));
  for (const std::unique_ptr<Variable> &variable : optimizer->getVariables())
    variables.push_back(variable.get());
}

void Importer::writePredict() {
  FunctionWriter writer(*module, ir::kPredict);
  Forward forward(writer, random, false);
  MaskedTensors outputs = forward.run(*model, addInputs(writer, forward));
  for (auto [output, setting] : llvm::zip_equal(outputs, settings.outputs))
    writer.addResult(output.value, ir::kOutputAttr, StringAttr::get(&context, setting.name));
  writer.finish();
}

Tensors Importer::addTargets(FunctionWriter &writer, Forward &forward) {
  Emitter &emitter = forward.emitterAt("targets");
  Tensors targets;
  for (const OutputSettings &output : settings.outputs) {
    if (!output.loss) {
      targets.push_back({});
      continue;
    }
    auto type =
        RankedTensorType::get(output.target.shape, ir::toMlirType(&context, output.target.type));
    targets.push_back(Tensor(emitter, writer.addArgument(type, ir::kTargetAttr,
                                                         StringAttr::get(&context, output.name))));
    if (output.target.isProbability)
      writer.annotateArgument(ir::kProbabilityAttr, writer.getBuilder().getUnitAttr());
    if (output.target.classes)
      writer.annotateArgument(ir::kClassesAttr,
                              writer.getBuilder().getI64IntegerAttr(output.target.classes));
  }
  return targets;
}

void Importer::writeLoss(llvm::StringRef name, bool isTraining) {
  FunctionWriter writer(*module, name);
  Forward forward(writer, random, isTraining);
  MaskedTensors inputs = addInputs(writer, forward);
  Tensors targets = addTargets(writer, forward);
  std::vector<OutputScores> scores =
      collectScores(settings.outputs, forward, forward.run(*model, inputs), targets);
  LogWriter logs(settings.outputs.size() > 1);
  Tensor losses = addLosses(scores, options.sampleWeights, logs, writer);
  if (isTraining)
    losses = minimizeAll(file.path, scores, losses);
  Tensor total = addPenalties(penalties, forward, losses, writer);
  bool isReduced = llvm::all_of(
      scores, [](const OutputScores &output) { return output.setting.loss->isReduced(); });
  if (!isReduced && Value(total) != Value(losses))
    fail("{}: penalties of weights or activities cannot be added to a loss without reduction (nor "
         "can Keras on TensorFlow); use the reduction sum",
         file.path);
  for (const OutputScores &output : scores)
    addMetrics(output, false, logs);
  for (const OutputScores &output : scores)
    addMetrics(output, true, logs);
  logs.writeLogs(writer, total);
  forward.advanceRandomStep();
  writer.finish();
  if (!isTraining)
    logs.writeResults(*module);
}

void Importer::writeOptimizer() {
  FunctionWriter writer(*module, ir::kOptimizer);
  optimizer->write(writer);
  writer.finish();
}

/// An error here is a mistake of an entry of the registry; it still comes out as one line.
void Importer::verifyModule() {
  std::string message;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    if (message.empty())
      message = diagnostic.str();
    return success();
  });
  if (failed(verify(*module)))
    fail("{}: the imported model is not valid: {}", file.path, printable(message, 400));
}

} // namespace

OwningOpRef<ModuleOp> importModel(MLIRContext &context, const KerasFile &file,
                                  const ImportOptions &options) {
  auto run = [&](PassedOver passedOver) {
    Importer importer(context, file, options, passedOver);
    OwningOpRef<ModuleOp> module = importer.run();
    importer.tellResults();
    return module;
  };
  bool ownLoss = !options.loss.empty() && options.metrics.empty();
  if (!options.forwardOnly && !ownLoss)
    return run(PassedOver::Nothing);
  try {
    return run(PassedOver::Nothing);
  } catch (const UserError &error) {
    // Whatever is wrong with the model itself is found again.
    auto module = run(options.forwardOnly ? PassedOver::LossesAndMetrics : PassedOver::Metrics);
    llvm::StringRef reason = error.what();
    reason.consume_front(file.path + ": ");
    if (options.notes)
      options.notes->push_back(fmt::format("{}: {}",
                                           options.forwardOnly
                                               ? "losses and metrics are not looked at"
                                               : "the file's metrics are left out",
                                           reason.str()));
    return module;
  }
}

std::vector<std::string> findProblems(MLIRContext &context, const KerasFile &file,
                                      const ImportOptions &options) {
  std::vector<std::string> problems;
  Importer(context, file, options).check(problems);
  if (problems.empty())
    attempt(&problems, [&] { importModel(context, file, options); });
  return problems;
}

} // namespace lamina::frontend
