#include "frontend/keras/training/traced/program.h"

#include "ir/host_tensor.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace lamina::frontend::keras {

namespace {

/// The one layer besides: it says how many rows there are.
constexpr char kRowCount[] = "lamina>RowCount";

/// A call of an operation, which has neither variables nor random numbers.
class OperationOnly : public LayerCall {
public:
  OperationOnly(Emitter &emitter, const Layer &layer, const Node &node)
      : emitter(emitter), layer(layer), node(node) {}

  Emitter &emit() override { return emitter; }
  bool isTraining() const override { return true; }
  bool isTrainable() const override { return false; }
  const Place &place() const override { return layer.place; }
  Tensor variable(size_t) override { refuse(); }
  void assign(size_t, Tensor) override { refuse(); }
  Tensor uniform(ArrayRef<int64_t>) override { refuse(); }
  Tensor normal(ArrayRef<int64_t>) override { refuse(); }
  void setLogits(Tensor, Tensor) override {}
  Tensor logits(Tensor result) const override {
    return logitsOf && Value(result) == Value(logitsOf) ? knownLogits : Tensor();
  }
  void limitIndices(Tensor, int64_t) override {}
  Tensor mask(size_t) override { return {}; }
  bool namesMask(size_t) const override { return false; }
  void setMask(Tensor, size_t) override {}
  void penalize(const std::optional<Regularizer> &, Tensor) override {}
  void addLoss(Tensor) override { refuse(); }
  const nlohmann::json &arguments() const override { return node.arguments; }

  Tensor logitsOf, knownLogits;

private:
  [[noreturn]] void refuse() const {
    layer.place.fail("keeps state or draws random numbers, which a loss or a metric cannot do");
  }

  Emitter &emitter;
  const Layer &layer;
  const Node &node;
};

} // namespace

TracedProgram::TracedProgram(Config &config, const std::string &key, size_t least, size_t most)
    : place(config.where()) {
  KerasFile program;
  program.path = place.file;
  program.config = config.raw(key);
  if (!program.config.is_object())
    place.fail(fmt::format("its program '{}' is missing", key));
  model = parseModel(program, {});
  if (model->inputs.size() < least || model->inputs.size() > most)
    place.fail(fmt::format("its program '{}' has {} inputs", key, model->inputs.size()));
  for (const std::unique_ptr<Layer> &layer : model->layers)
    if (!layer->input && !layer->isOperation && layer->className != kRowCount)
      layer->place.fail(
          fmt::format("{}: only operations of keras.ops can be in its program", place.part));
}

std::vector<int64_t> TracedProgram::inputShape(size_t input) const {
  const InputDeclaration &declared = *model->layers[model->inputs[input].tensor.layer]->input;
  if (declared.isScalar)
    return {};
  std::vector<int64_t> shape = {declared.batch.value_or(ShapedType::kDynamic)};
  for (int64_t extent : declared.rowShape) {
    if (extent < 1)
      place.fail("its program has an input of unknown shape");
    shape.push_back(extent);
  }
  return shape;
}

ElementType TracedProgram::inputType(size_t input) const {
  return model->layers[model->inputs[input].tensor.layer]->input->type;
}

Tensor TracedProgram::fit(Tensor value, size_t input) const {
  std::vector<int64_t> wanted = inputShape(input);
  auto isOne = [](int64_t extent) { return extent == 1; };
  auto squeezed = [&](ArrayRef<int64_t> shape) {
    std::vector<int64_t> extents = shape.vec();
    llvm::erase_if(extents, isOne);
    return extents;
  };
  if (squeezed(value.shape()) != squeezed(wanted))
    place.fail(fmt::format("was traced for a tensor of shape {}, not {}",
                           describeShape(ArrayRef<int64_t>(wanted)), describeShape(value.shape())));
  Type type = ir::toMlirType(value.emit().getContext(), inputType(input));
  bool keepsType = value.isFloat() && isa<FloatType>(type);
  Tensor typed = keepsType ? value : value.convert(type);
  return typed.shape() == ArrayRef<int64_t>(wanted) ? typed : typed.reshape(wanted);
}

Tensors TracedProgram::run(ArrayRef<Tensor> inputs, Tensor logitsOf, Tensor logits) const {
  std::map<std::pair<size_t, size_t>, Tensors> values;
  for (auto [i, input] : llvm::enumerate(inputs)) {
    Tensor value = fit(input, i);
    if (logitsOf && Value(input) == Value(logitsOf) && Value(value) != Value(input))
      logitsOf = {};
    values[{model->inputs[i].tensor.layer, 0}] = {value};
  }
  auto valueOf = [&](const TensorReference &reference) {
    auto value = values.find({reference.layer, reference.node});
    if (value == values.end() || reference.tensor >= value->second.size())
      place.fail("its program uses a tensor that nothing computes");
    return value->second[reference.tensor];
  };
  for (auto [index, number] : model->order) {
    const Layer &layer = *model->layers[index];
    const Node &node = layer.nodes[number];
    Tensors arguments = llvm::map_to_vector<2>(node.inputs, valueOf);
    OperationOnly call(inputs[0].emit(), layer, node);
    call.logitsOf = logitsOf;
    call.knownLogits = logits;
    const Layer &home = layer.original ? *layer.original : layer;
    values[{index, number}] = home.meaning->call(call, arguments);
    for (Tensor value : values[{index, number}])
      checkSize(layer.place, value.shape());
  }
  Tensors outputs;
  for (const ModelPort &port : model->outputs)
    outputs.push_back(valueOf(port.tensor));
  return outputs;
}

} // namespace lamina::frontend::keras
