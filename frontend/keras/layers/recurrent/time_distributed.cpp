// keras.layers.TimeDistributed: keras/src/layers/rnn/time_distributed.py
#include "frontend/builder/loop.h"
#include "frontend/keras/layers/layers.h"
#include "frontend/keras/layers/recurrent/recurrent.h"
#include "frontend/keras/model/inner_layer.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

/// The wrapped layer's call. What it remembers of its result is lost behind the steps, as in Keras,
/// which does not look at its regularizer of activities either. Masks pass on.
class WrappedCall : public InnerCall {
public:
  WrappedCall(LayerCall &outer, bool isTrainable) : InnerCall(outer), trains(isTrainable) {}

  bool isTrainable() const override { return trains; }
  void setLogits(Tensor, Tensor) override {}
  void setMask(Tensor, size_t) override {}
  void penalize(const std::optional<Regularizer> &, Tensor) override {}

private:
  bool trains;
};

/// The same within the loop over the steps. What it assigns goes from step to step, its random
/// numbers are drawn for all steps before.
class StepCall : public WrappedCall {
public:
  StepCall(LayerCall &outer, bool isTrainable, LoopBody &body, Tensor sequences)
      : WrappedCall(outer, isTrainable), body(body), sequences(sequences),
        slices(body.values().stacked) {}

  Tensor input() const { return slices[0]; }
  Tensor variable(size_t index) override {
    auto value = assigned.find(index);
    return value == assigned.end() ? InnerCall::variable(index) : value->second;
  }
  void assign(size_t index, Tensor value) override { assigned[index] = value; }
  Tensor uniform(ArrayRef<int64_t> shape) override {
    return body.take(body.before([&] { return outer.uniform(ofAllSteps(shape)); }));
  }
  Tensor normal(ArrayRef<int64_t> shape) override {
    return body.take(body.before([&] { return outer.normal(ofAllSteps(shape)); }));
  }
  Tensor logits(Tensor) const override { return {}; }
  void limitIndices(Tensor indices, int64_t count) override {
    if (Value(indices) == Value(input()))
      outer.limitIndices(sequences, count);
  }
  Tensor mask(size_t) override { return slices.size() > 1 ? slices[1] : Tensor(); }

  /// Carries what was assigned; the next values, in the order of the variables.
  Tensors carryAssigned() {
    Tensors next;
    for (auto [index, value] : assigned) {
      body.carry(outer.variable(index));
      next.push_back(value);
    }
    return next;
  }

  std::map<size_t, Tensor> assigned;

private:
  Shape ofAllSteps(ArrayRef<int64_t> shape) const {
    Shape all = {sequences.dim(1)};
    llvm::append_range(all, shape);
    return all;
  }

  LoopBody &body;
  Tensor sequences;
  Tensors slices;
};

/// Calls the wrapped layer with each step of a sequence.
class TimeDistributed : public LayerMeaning {
public:
  explicit TimeDistributed(Config &config)
      : layer(InnerLayer::read(config.where(), "TimeDistributed", "the wrapped layer",
                               config.raw("layer"),
                               readPolicy(config.where(), config.raw("dtype")))) {}

  std::vector<VariableDeclaration> build(const Place &place,
                                         ArrayRef<RankedTensorType> inputs) const override {
    return layer.build({inputs[0].clone(stepOf(place, inputs[0].getShape()))}, "layer");
  }

  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    Tensor x = singleInput(call, inputs);
    stepOf(call.place(), x.shape()); // refuses another rank
    if (layer.meaning->takesAnyDimensions()) {
      WrappedCall whole(call, layer.isTrainable);
      return layer.meaning->call(whole, {x});
    }
    LoopValues operands = {{}, {exchangeTime(x)}};
    if (Tensor mask = call.mask(0))
      operands.stacked.push_back(exchangeTime(mask));
    std::vector<size_t> assigned;
    LoopValues result = runLoop(call.emit(), x.dim(1), false, operands, [&](LoopBody &body) {
      StepCall step(call, layer.isTrainable, body, x);
      Tensors outputs = layer.meaning->call(step, {step.input()});
      if (outputs.size() != 1)
        call.fail(fmt::format("the wrapped layer gives {} outputs; one is supported, as in Keras",
                              outputs.size()));
      for (const auto &[index, value] : step.assigned)
        assigned.push_back(index);
      return LoopValues{step.carryAssigned(), outputs};
    });
    for (auto [index, value] : llvm::zip_equal(assigned, result.carried))
      call.assign(index, value);
    return {exchangeTime(result.stacked[0])};
  }

private:
  InnerLayer layer;
};

} // namespace

const LayerEntry timeDistributedLayer = {"TimeDistributed", createFromConfig<TimeDistributed>,
                                         MaskUse::Passes};

} // namespace lamina::frontend::keras
