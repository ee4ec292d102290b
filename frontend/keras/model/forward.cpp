#include "frontend/keras/model/forward.h"

#include <map>
#include <set>

#include "frontend/builder/random_numbers.h"
#include "frontend/keras/initializer.h"
#include "frontend/keras/model/definitions.h"
#include "ir/host_tensor.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace mlir;

namespace lamina::frontend::keras {

namespace {

/// Streams of random bits below this number belong to the initializers, those above to layers.
constexpr int64_t kFirstLayerStream = int64_t(1) << 30;

/// Whether those who use the layer's inputs after it find them without masks. Keras' layer takes
/// the masks off the tensors themselves.
bool takesMasks(const Layer &called) {
  const Layer &layer = called.original ? *called.original : called;
  return layer.meaning && layer.meaning->maskUse == MaskUse::Takes;
}

bool isAmong(const MaskedTensor &tensor, ArrayRef<MaskedTensor> tensors) {
  return llvm::any_of(tensors, [&](const MaskedTensor &other) {
    return Value(other.value) == Value(tensor.value);
  });
}

} // namespace

RandomState::RandomState() {
  for (auto [variable, name] : {std::pair{&seed, "seed"}, std::pair{&step, "step"}}) {
    variable->symbol = std::string("random/") + name;
    variable->type = ElementType::I64;
  }
  seed.initializer = SeedInitializer();
}

/// One call of one layer in one function.
class WrittenCall : public LayerCall {
public:
  WrittenCall(Forward &forward, Layer &layer, Emitter &emitter, const Node &node,
              ArrayRef<MaskedTensor> inputs)
      : forward(forward), layer(layer), emitter(emitter), node(node), inputs(inputs) {
    if (layer.meaning->maskUse == MaskUse::Passes && inputs.size() == 1)
      outputMask = mask(0);
  }

  Emitter &emit() override { return emitter; }
  bool isTraining() const override { return forward.isTraining; }
  const Place &place() const override { return layer.place; }
  Tensor variable(size_t index) override {
    return Tensor(emitter, forward.writer.read(layer.variables.at(index)));
  }
  bool isTrainable() const override { return layer.isTrainable; }
  void assign(size_t index, Tensor value) override {
    forward.assign(layer.variables.at(index), value);
  }
  Tensor uniform(ArrayRef<int64_t> shape) override {
    return uniformFromBits(forward.drawBits(emitter, shape));
  }
  Tensor normal(ArrayRef<int64_t> shape) override {
    return normalFromBits(forward.drawBits(emitter, shape));
  }
  void setLogits(Tensor result, Tensor source) override { forward.logits[result] = source; }
  Tensor logits(Tensor result) const override {
    Tensor source = forward.findLogits(result);
    return source ? Tensor(emitter, source) : source;
  }
  void limitIndices(Tensor indices, int64_t count) override {
    auto [limit, isNew] = forward.indexLimits.try_emplace(indices, count);
    if (!isNew)
      limit->second = std::min(limit->second, count);
  }
  Tensor mask(size_t input) override {
    Tensor mask = inputs[input].mask;
    return mask ? Tensor(emitter, mask).convert(IntegerType::get(emitter.getContext(), 1)) : mask;
  }
  bool namesMask(size_t input) const override { return node.masks.count(input) > 0; }
  void setMask(Tensor mask, size_t outputs) override {
    outputMask = mask;
    maskedOutputs = outputs;
  }
  void penalize(const std::optional<Regularizer> &regularizer, Tensor activity) override {
    forward.addPenalty(layer.place, regularizer, activity);
  }
  void addLoss(Tensor loss) override { forward.penalties.push_back(loss); }
  const nlohmann::json &arguments() const override { return node.arguments; }

  Tensor getMask(size_t output) const { return output < maskedOutputs ? outputMask : Tensor(); }

private:
  Forward &forward;
  Layer &layer;
  Emitter &emitter;
  const Node &node;
  ArrayRef<MaskedTensor> inputs;
  Tensor outputMask;
  size_t maskedOutputs = SIZE_MAX;
};

Emitter &Forward::emitterAt(llvm::StringRef name, ElementType type) {
  OpBuilder &builder = writer.getBuilder();
  return emitters.emplace_back(builder, NameLoc::get(builder.getStringAttr(name)),
                               ir::toMlirType(builder.getContext(), type));
}

/// The calls that only inputs which layers do not choose (LayerMeaning::chooseInput) ask for.
static std::set<std::pair<size_t, size_t>> findIdleCalls(const Model &model, bool isTraining) {
  auto collect = [&](bool all) {
    std::set<std::pair<size_t, size_t>> needed;
    llvm::SmallVector<std::pair<size_t, size_t>> open;
    auto visit = [&](const TensorReference &tensor) {
      if (needed.insert({tensor.layer, tensor.node}).second)
        open.push_back({tensor.layer, tensor.node});
    };
    for (const ModelPort &output : model.outputs)
      visit(output.tensor);
    while (!open.empty()) {
      auto [index, node] = open.pop_back_val();
      const Layer &layer = *model.layers[index];
      if (layer.input)
        continue;
      std::optional<size_t> chosen = all ? std::nullopt : layer.chooseInput(isTraining);
      if (chosen && *chosen < layer.nodes[node].inputs.size())
        visit(layer.nodes[node].inputs[*chosen]);
      else
        llvm::for_each(layer.nodes[node].references(), visit);
    }
    return needed;
  };
  std::set<std::pair<size_t, size_t>> idle = collect(true), needed = collect(false);
  std::erase_if(idle, [&](const auto &call) { return needed.contains(call); });
  return idle;
}

MaskedTensors Forward::run(Model &model, ArrayRef<MaskedTensor> inputs) {
  std::set<std::pair<size_t, size_t>> idle;
  bool chooses = llvm::any_of(model.layers, [&](const std::unique_ptr<Layer> &layer) {
    return layer->chooseInput(isTraining).has_value();
  });
  if (chooses && !writesAll)
    idle = findIdleCalls(model, isTraining);
  std::map<std::pair<size_t, size_t>, MaskedTensors> values;
  for (auto [port, input] : llvm::zip_equal(model.inputs, inputs))
    values[{port.tensor.layer, 0}] = {input};
  auto valueOf = [&](const TensorReference &reference, const Layer &user) {
    auto value = values.find({reference.layer, reference.node});
    if (value == values.end() || reference.tensor >= value->second.size())
      user.place.fail(fmt::format("uses output {} of layer '{}', which does not give it",
                                  reference.tensor,
                                  printable(model.layers[reference.layer]->name)));
    return value->second[reference.tensor];
  };
  for (auto [layerIndex, nodeIndex] : model.order) {
    if (idle.contains({layerIndex, nodeIndex}))
      continue;
    Layer &layer = *model.layers[layerIndex];
    const Node &node = layer.nodes[nodeIndex];
    if (std::optional<size_t> chosen = layer.chooseInput(isTraining)) {
      if (*chosen >= node.inputs.size())
        layer.place.fail("needs two inputs");
      values[{layerIndex, nodeIndex}] = {valueOf(node.inputs[*chosen], layer)};
      continue;
    }
    MaskedTensors arguments;
    for (const TensorReference &input : node.inputs)
      arguments.push_back(valueOf(input, layer));
    for (const auto &[input, mask] : node.masks)
      arguments[input].mask = valueOf(mask, layer).value;
    values[{layerIndex, nodeIndex}] = callLayer(layer, node, arguments);
    if (takesMasks(layer))
      for (auto &[place, outputs] : values)
        for (MaskedTensor &output : outputs)
          if (isAmong(output, arguments))
            output.mask = Tensor();
  }
  MaskedTensors outputs;
  for (const ModelPort &port : model.outputs)
    outputs.push_back(valueOf(port.tensor, *model.layers[port.tensor.layer]));
  return outputs;
}

MaskedTensors Forward::callLayer(Layer &called, const Node &node, ArrayRef<MaskedTensor> inputs) {
  Layer &layer = called.original ? *called.original : called;
  Emitter &emitter = emitterAt(called.scope, layer.type);
  llvm::SaveAndRestore training(isTraining, node.training.value_or(isTraining));
  MaskedTensors outputs;
  if (layer.model) {
    MaskedTensors all = completeInputs(layer, emitter, inputs);
    if (all.size() != layer.model->inputs.size() && !layer.isInSteps)
      layer.place.fail(fmt::format("is a model with {} inputs but is called with {}",
                                   layer.model->inputs.size(), all.size()));
    outputs = layer.isInSteps ? callInSteps(layer, emitter, all) : run(*layer.model, all);
  } else {
    outputs = callMeaning(layer, emitter, node, inputs);
  }
  for (const MaskedTensor &output : outputs) {
    checkSize(layer.place, output.value.shape());
    addPenalty(layer.place, layer.activityRegularizer, Tensor(emitter, output.value));
  }
  return outputs;
}

MaskedTensors Forward::completeInputs(const Layer &layer, Emitter &emitter,
                                      ArrayRef<MaskedTensor> inputs) {
  if (!layer.parameters)
    return MaskedTensors(inputs);
  MaskedTensors all;
  for (size_t i = 0; i < layer.model->inputs.size(); ++i)
    if (Tensor parameter = makeParameter(emitter, layer, i)) {
      all.push_back({parameter});
    } else if (!inputs.empty()) {
      all.push_back(inputs.front());
      inputs = inputs.drop_front();
    }
  all.append(inputs.begin(), inputs.end());
  return all;
}

MaskedTensors Forward::callMeaning(Layer &layer, Emitter &emitter, const Node &node,
                                   ArrayRef<MaskedTensor> inputs) {
  Tensors placed;
  for (const MaskedTensor &input : inputs) {
    Tensor x(emitter, input.value);
    // Keras casts the floating-point inputs of layers to the layer's type.
    placed.push_back(!layer.isOperation && x.isFloat() ? x.convert(emitter.getFloatType()) : x);
    if (input.mask && inputs.size() == 1 && layer.meaning->maskUse == MaskUse::Refuses)
      layer.place.fail(fmt::format("{} with a mask is not supported (nor by Keras with one of "
                                   "steps, as Masking and Embedding layers set it); use "
                                   "Activation with the function of this name",
                                   layer.className));
  }
  build(layer, placed);
  WrittenCall call(*this, layer, emitter, node, inputs);
  MaskedTensors outputs;
  for (auto [i, output] : llvm::enumerate(layer.meaning->call(call, placed)))
    outputs.push_back({output, call.getMask(i)});
  return outputs;
}

void Forward::build(Layer &layer, ArrayRef<Tensor> inputs) {
  if (layer.isBuilt)
    return;
  auto types = llvm::map_to_vector(inputs, [](Tensor input) { return input.type(); });
  for (const VariableDeclaration &declaration : layer.meaning->build(layer.place, types)) {
    LayerVariable variable;
    variable.symbol = layer.scope + "/" + declaration.name;
    if (declaration.isStored)
      variable.path = layer.path + "/" +
                      (declaration.path.empty() ? fmt::format("vars/{}", layer.variables.size())
                                                : declaration.path);
    if (!declaration.copyPath.empty())
      variable.copyPath = layer.path + "/" + declaration.copyPath;
    variable.type = declaration.type.value_or(layer.type);
    variable.owner = layer.place.part;
    variable.isTrainable =
        declaration.trainable && !layer.isFrozen && (layer.isTrainable || declaration.ofInnerLayer);
    checkSize(layer.place, declaration.shape);
    variable.shape = declaration.shape;
    for (int64_t &extent : variable.shape)
      extent = ShapedType::isDynamic(extent) ? takeWholeBatch(layer.place) : extent;
    variable.initializer = declaration.firstValue
                               ? *declaration.firstValue
                               : readInitializer(layer.place, declaration.initializer);
    auto *scaling = std::get_if<VarianceScalingInitializer>(&variable.initializer);
    if (scaling && !scaling->fanAxes)
      scaling->fanAxes = declaration.fanAxes;
    variable.regularizer = declaration.regularizer;
    variable.constraint = declaration.constraint;
    layer.variables.push_back(std::move(variable));
  }
  layer.isBuilt = true;
}

int64_t Forward::takeWholeBatch(const Place &place) {
  auto module = writer.getBuilder().getBlock()->getParentOp()->getParentOfType<ModuleOp>();
  int64_t rows = module->getAttrOfType<IntegerAttr>(ir::kBatchSizeAttr).getInt();
  if (fixedBatch && *fixedBatch != rows)
    place.fail(fmt::format("keeps states of batches of {} rows, as the model's inputs say, not of "
                           "{}; use --batch-size {}",
                           *fixedBatch, rows, *fixedBatch));
  return rows;
}

void Forward::assign(const Variable &variable, Value value) {
  if (steps)
    steps->assigned.try_emplace(&variable, writer.read(variable));
  writer.assign(variable, value);
}

Tensor Forward::drawBits(Emitter &emitter, ArrayRef<int64_t> shape) {
  if (StepScope *scope = steps)
    return scope->drawForAllSteps(shape, [&](ArrayRef<int64_t> all) {
      steps = scope->outer;
      Tensor bits = drawBits(emitter, all);
      steps = scope;
      return bits;
    });
  random.isUsed = drewRandom = true;
  auto bitsType = RankedTensorType::get(shape, IntegerType::get(emitter.getContext(), 32));
  auto stream = writer.getBuilder().getI64IntegerAttr(kFirstLayerStream + drawCount++);
  return Tensor(emitter, emitter.create<ir::RngBitsOp>(bitsType, writer.read(random.seed),
                                                       writer.read(random.step), stream));
}

void Forward::addPenalty(const Place &place, const std::optional<Regularizer> &regularizer,
                         Tensor activity) {
  if (!regularizer)
    return;
  Tensor penalty = regularize(*regularizer, place, activity.toFloat());
  penalties.push_back(penalty / activity.emit().rows());
}

void Forward::advanceRandomStep() {
  if (!drewRandom)
    return;
  Tensor step(emitterAt("random"), writer.read(random.step));
  writer.assign(random.step, step + 1.0);
}

} // namespace lamina::frontend::keras
