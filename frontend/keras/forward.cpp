#include "frontend/keras/forward.h"

#include <map>

#include "frontend/keras/random_numbers.h"
#include "frontend/keras/regularizers.h"
#include "ir/tensor.h"

using namespace mlir;

namespace lamina::frontend::keras {

namespace {

/// Streams of random bits below this number belong to the initializers, those above to layers.
constexpr int64_t kFirstLayerStream = int64_t(1) << 30;

} // namespace

RandomState::RandomState() {
  for (auto [variable, name] : {std::pair{&seed, "seed"}, std::pair{&step, "step"}}) {
    variable->symbol = std::string("random/") + name;
    variable->role = name;
    variable->type = ElementType::I64;
    variable->declaration = {name, {}, "zeros", nullptr, nullptr, false};
  }
}

/// One call of one layer in one function.
class WrittenCall : public LayerCall {
public:
  WrittenCall(Forward &forward, Layer &layer, Emitter &emitter, const Node &node)
      : forward(forward), layer(layer), emitter(emitter), node(node) {}

  Emitter &emit() override { return emitter; }
  bool isTraining() const override { return forward.isTraining; }
  const Place &place() const override { return layer.place; }
  Tensor variable(size_t index) override {
    return Tensor(emitter, forward.writer.read(layer.variables.at(index)));
  }
  bool isTrainable() const override { return layer.isTrainable; }
  void assign(size_t index, Tensor value) override {
    forward.writer.assign(layer.variables.at(index), value);
  }
  Tensor uniform(ArrayRef<int64_t> shape) override {
    return uniformFromBits(forward.drawBits(emitter, shape));
  }
  Tensor normal(ArrayRef<int64_t> shape) override {
    return normalFromBits(forward.drawBits(emitter, shape));
  }
  void setLogits(Tensor result, Tensor source) override { forward.logits[result] = source; }
  void limitIndices(Tensor indices, int64_t count) override {
    auto [limit, isNew] = forward.indexLimits.try_emplace(indices, count);
    if (!isNew)
      limit->second = std::min(limit->second, count);
  }
  void setMask(Tensor output, Tensor mask) override { forward.masks[output] = mask; }
  const nlohmann::json &arguments() const override { return node.arguments; }

private:
  Forward &forward;
  Layer &layer;
  Emitter &emitter;
  const Node &node;
};

Emitter &Forward::emitterAt(llvm::StringRef name, ElementType type) {
  OpBuilder &builder = writer.getBuilder();
  return emitters.emplace_back(builder, NameLoc::get(builder.getStringAttr(name)),
                               ir::toMlirType(builder.getContext(), type));
}

Tensors Forward::run(Model &model, ArrayRef<Tensor> inputs) {
  std::map<std::pair<size_t, size_t>, Tensors> values;
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
    Layer &layer = *model.layers[layerIndex];
    const Node &node = layer.nodes[nodeIndex];
    Tensors arguments;
    for (const TensorReference &input : node.inputs)
      arguments.push_back(valueOf(input, layer));
    values[{layerIndex, nodeIndex}] = callLayer(layer, node, arguments);
  }
  Tensors outputs;
  for (const ModelPort &port : model.outputs)
    outputs.push_back(valueOf(port.tensor, *model.layers[port.tensor.layer]));
  return outputs;
}

Tensors Forward::callLayer(Layer &called, const Node &node, ArrayRef<Tensor> inputs) {
  Layer &layer = called.original ? *called.original : called;
  Emitter &emitter = emitterAt(called.scope, layer.type);
  Tensors placed;
  for (Tensor input : inputs) {
    Tensor x(emitter, input);
    // Keras casts the floating-point inputs of layers to the layer's type.
    bool isCast = layer.meaning && !layer.isOperation && x.isFloat();
    placed.push_back(isCast ? x.convert(emitter.getFloatType()) : x);
  }
  Tensors outputs;
  if (layer.model) {
    if (inputs.size() != layer.model->inputs.size())
      layer.place.fail(fmt::format("is a model with {} inputs but is called with {}",
                                   layer.model->inputs.size(), inputs.size()));
    outputs = run(*layer.model, placed);
  } else {
    build(layer, placed);
    WrittenCall call(*this, layer, emitter, node);
    outputs = layer.meaning->call(call, placed);
    passMask(layer, inputs, outputs);
  }
  for (Tensor output : outputs)
    checkSize(layer.place, output.shape());
  addPenalty(layer, emitter, outputs);
  return outputs;
}

void Forward::passMask(Layer &layer, ArrayRef<Tensor> inputs, ArrayRef<Tensor> outputs) {
  for (Tensor input : inputs) {
    Tensor mask = findMask(input);
    if (!mask || layer.meaning->maskUse == MaskUse::Drops)
      continue;
    if (layer.meaning->maskUse == MaskUse::Reads)
      layer.place.fail(fmt::format("{} leaves out the steps that a Masking or Embedding layer "
                                   "before it masks, which is not supported",
                                   layer.className));
    for (Tensor output : outputs)
      masks.try_emplace(output, mask);
  }
}

void Forward::build(Layer &layer, ArrayRef<Tensor> inputs) {
  if (layer.isBuilt)
    return;
  auto types = llvm::map_to_vector(inputs, [](Tensor input) { return input.type(); });
  for (VariableDeclaration &declaration : layer.meaning->build(layer.place, types)) {
    Variable variable;
    variable.symbol = layer.scope + "/" + declaration.name;
    variable.path = fmt::format("{}/vars/{}", layer.path, layer.variables.size());
    variable.type = declaration.type.value_or(layer.type);
    variable.owner = layer.place.part;
    variable.role = declaration.name;
    variable.isTrainable = declaration.trainable && layer.isTrainable;
    checkSize(layer.place, declaration.shape);
    variable.declaration = std::move(declaration);
    layer.variables.push_back(std::move(variable));
  }
  layer.isBuilt = true;
}

Tensor Forward::drawBits(Emitter &emitter, ArrayRef<int64_t> shape) {
  random.isUsed = drewRandom = true;
  auto bitsType = RankedTensorType::get(shape, IntegerType::get(emitter.getContext(), 32));
  auto stream = writer.getBuilder().getI64IntegerAttr(kFirstLayerStream + drawCount++);
  return Tensor(emitter, emitter.create<ir::RngBitsOp>(bitsType, writer.read(random.seed),
                                                       writer.read(random.step), stream));
}

void Forward::addPenalty(Layer &layer, Emitter &emitter, ArrayRef<Tensor> outputs) {
  if (layer.activityRegularizer.is_null())
    return;
  for (Tensor output : outputs)
    penalties.push_back(regularize(layer.place, layer.activityRegularizer, output.toFloat()) /
                        emitter.rows());
}

void Forward::advanceRandomStep() {
  if (!drewRandom)
    return;
  Tensor step(emitterAt("random"), writer.read(random.step));
  writer.assign(random.step, step + 1.0);
}

} // namespace lamina::frontend::keras
