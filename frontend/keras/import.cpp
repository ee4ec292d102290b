#include "frontend/keras/import.h"

#include "frontend/builder/init_function.h"
#include "frontend/builder/training/optimizer.h"
#include "frontend/keras/config/problems.h"
#include "frontend/keras/model/forward.h"
#include "frontend/keras/training/compile_settings.h"
#include "frontend/keras/training/log_writer.h"
#include "frontend/keras/training/optimizer.h"
#include "frontend/keras/training/regularizers.h"
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
  /// Everything but the functions, with what is not understood reported in `problems`.
  void check(std::vector<std::string> &problems);
  /// Tells the options' `notes` what was left out.
  void tellNotes() const {
    if (options.notes)
      llvm::append_range(*options.notes, notes);
  }

private:
  void startModule();
  /// An output with a loss, and what that and the metrics are computed from.
  struct OutputScores {
    const OutputSettings &setting;
    Tensor target, prediction, logits, mask;
    Tensor weights = {}; ///< null for none
    Tensor losses = {};  ///< the values of the loss before they are reduced
  };

  MaskedTensors addInputs(FunctionWriter &writer, Forward &forward);
  Tensors addTargets(FunctionWriter &writer, Forward &forward);
  void buildLayers();
  void declareVariables();
  void declareOptimizer(llvm::ArrayRef<const LayerVariable *> trainable);
  void writePredict();
  /// @loss or @evaluate.
  void writeLoss(llvm::StringRef name, bool isTraining);
  std::vector<OutputScores> collectScores(Forward &forward, const MaskedTensors &outputs,
                                          const Tensors &targets);
  Tensor addLosses(llvm::MutableArrayRef<OutputScores> scores, LogWriter &logs,
                   FunctionWriter &writer);
  Tensor addPenalties(Forward &forward, Tensor loss, FunctionWriter &writer);
  Tensor minimizeAll(llvm::ArrayRef<OutputScores> scores, Tensor total) const;
  void addMetrics(const OutputScores &output, bool isWeighted, LogWriter &logs);
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
  writePredict();
  if (settings.hasLoss()) {
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

/// The variables with what their constraints do to new values; messages are about the optimizer.
std::vector<TrainableVariable> withConstraints(const Place &optimizer,
                                               llvm::ArrayRef<const LayerVariable *> variables) {
  std::vector<TrainableVariable> result;
  for (const LayerVariable *variable : variables) {
    TrainableVariable &trainable = result.emplace_back(TrainableVariable{variable});
    if (!variable->constraint.is_null())
      trainable.constraint = [optimizer, variable](Tensor value) {
        return constrain(optimizer, variable->constraint, value);
      };
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
  optimizer->declareVariables(withConstraints(read->place, trainable));
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
  std::vector<OutputScores> scores = collectScores(forward, forward.run(*model, inputs), targets);
  LogWriter logs(settings.outputs.size() > 1);
  Tensor losses = addLosses(scores, logs, writer);
  if (isTraining)
    losses = minimizeAll(scores, losses);
  Tensor total = addPenalties(forward, losses, writer);
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

/// Which steps of an output count (null for all): one element of each says it for the step.
Tensor maskOfSteps(Emitter &emitter, const MaskedTensor &output) {
  if (!output.mask)
    return {};
  Tensor mask(emitter, output.mask);
  bool isOfElements = mask.rank() == output.value.rank() && mask.shape().back() == 1;
  return isOfElements ? mask.reshape(mask.shape().drop_back()) : mask;
}

/// What the outputs that have a loss are measured by.
std::vector<Importer::OutputScores>
Importer::collectScores(Forward &forward, const MaskedTensors &outputs, const Tensors &targets) {
  std::vector<OutputScores> result;
  for (auto [setting, output, target] : llvm::zip_equal(settings.outputs, outputs, targets)) {
    if (!setting.loss)
      continue;
    Emitter &emitter = forward.emitterAt("loss");
    Tensor source = forward.findLogits(output.value);
    mlir::Type type = emitter.getFloatType();
    result.push_back({setting, Tensor(emitter, target), Tensor(emitter, output.value).convert(type),
                      source ? Tensor(emitter, source).convert(type) : Tensor(),
                      maskOfSteps(emitter, output)});
  }
  return result;
}

/// The total of the outputs' losses times their weights.
Tensor Importer::addLosses(llvm::MutableArrayRef<OutputScores> scores, LogWriter &logs,
                           FunctionWriter &writer) {
  Tensor total;
  for (OutputScores &output : scores) {
    const OutputSettings &setting = output.setting;
    ElementValues values =
        setting.loss->compute(output.target, output.prediction, output.logits, output.mask);
    if (options.sampleWeights)
      output.weights = values.values.with(writer.addArgument(
          values.values.type(), ir::kWeightAttr, StringAttr::get(&context, setting.name)));
    Tensor value = setting.loss->reduce(values, output.weights);
    output.losses = values.values;
    logs.addLoss(setting.name, value, setting.loss->isReduced());
    Tensor weighted = setting.lossWeight ? value * *setting.lossWeight : value;
    total = total ? total + weighted : weighted;
  }
  return total;
}

void Importer::addMetrics(const OutputScores &output, bool isWeighted, LogWriter &logs) {
  const OutputSettings &setting = output.setting;
  for (const Metric &metric : isWeighted ? setting.weightedMetrics : setting.metrics)
    logs.addMetric(setting.name, metric,
                   metric.compute(output.target, output.prediction, output.logits,
                                  isWeighted ? output.weights : Tensor(), output.mask),
                   isWeighted);
}

/// Adds activity and weight regularizers' penalties; those of weights that are not trained do not
/// count.
Tensor Importer::addPenalties(Forward &forward, Tensor loss, FunctionWriter &writer) {
  for (Tensor penalty : forward.getPenalties())
    loss = loss + penalty.convert(loss.elementType());
  for (Layer *layer : model->flattenLayers())
    for (const LayerVariable &variable : layer->variables) {
      if (!variable.isTrainable || variable.regularizer.is_null())
        continue;
      Tensor value(forward.emitterAt(layer->scope), writer.read(variable));
      loss =
          loss + regularize(layer->place, variable.regularizer, value).convert(loss.elementType());
    }
  return loss;
}

/// To the single values of a loss without reduction Keras on TensorFlow adds the other losses, and
/// minimizes the sum over them: `total`, which is their mean, with the gradient of that sum.
Tensor Importer::minimizeAll(llvm::ArrayRef<OutputScores> scores, Tensor total) const {
  Tensor values;
  for (const OutputScores &output : scores) {
    if (output.setting.loss->isReduced())
      continue;
    if (values && values.shape() != output.losses.shape())
      fail("{}: losses without reduction give values of shapes {} and {}, which cannot be added; "
           "use the reduction sum",
           file.path, describeShape(values.shape()), describeShape(output.losses.shape()));
    values = output.losses;
  }
  if (!values)
    return total;
  Tensor count = total.like(static_cast<double>(values.elementsPerRow()));
  if (values.type().isDynamicDim(0))
    count = count * values.emit().rows();
  return total + (count - 1.0) * (total - stopGradient(total));
}

void Importer::writeOptimizer() {
  FunctionWriter writer(*module, ir::kOptimizer);
  optimizer->write(writer);
  writer.finish();
}

/// What is wrong here is a mistake of an entry of the registry; it still comes out as one line.
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
    importer.tellNotes();
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
