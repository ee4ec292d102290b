// keras.layers.TimeDistributed around a model: keras/src/layers/rnn/time_distributed.py
#include "frontend/builder/loop.h"
#include "frontend/keras/layers/recurrent/recurrent.h"
#include "frontend/keras/model/forward.h"

using namespace mlir;

namespace lamina::frontend::keras {

Tensor StepScope::drawForAllSteps(ArrayRef<int64_t> shape,
                                  llvm::function_ref<Tensor(ArrayRef<int64_t>)> draw) {
  llvm::SmallVector<int64_t> all = {trips};
  llvm::append_range(all, shape);
  return body.take(body.before([&] { return draw(all); }));
}

/// What the step's layers have assigned goes from step to step.
Tensors Forward::carryAssigned(StepScope &scope, Emitter &emitter) {
  Tensors next;
  for (auto &[variable, before] : scope.assigned) {
    scope.body.carry(Tensor(emitter, before));
    next.push_back(Tensor(emitter, writer.read(*variable)));
  }
  return next;
}

/// Penalties of all steps are added up, as Keras does.
void Forward::carryPenalties(StepScope &scope, size_t first, Tensors &next) {
  for (Tensor penalty : llvm::drop_begin(penalties, first)) {
    Tensor none = scope.body.before([&] { return penalty.like(0); });
    next.push_back(scope.body.carry(none) + penalty);
  }
}

MaskedTensors Forward::callInSteps(Layer &layer, Emitter &emitter, ArrayRef<MaskedTensor> inputs) {
  if (inputs.size() != 1 || layer.model->inputs.size() != 1 || layer.model->outputs.size() != 1)
    layer.place.fail(fmt::format("wraps a model with {} inputs and {} outputs; one of each is "
                                 "supported, as in Keras",
                                 layer.model->inputs.size(), layer.model->outputs.size()));
  Tensor x(emitter, inputs[0].value);
  stepOf(layer.place, x.shape()); // refuses another rank
  LoopValues operands = {{}, {exchangeTime(x)}};
  if (inputs[0].mask)
    operands.stacked.push_back(exchangeTime(Tensor(emitter, inputs[0].mask)));
  llvm::MapVector<const Variable *, Value> assigned;
  size_t firstPenalty = penalties.size();
  LoopValues result = runLoop(emitter, x.dim(1), false, operands, [&](LoopBody &body) {
    StepScope scope = {body, x.dim(1), steps, {}};
    steps = &scope;
    Tensors slices = body.values().stacked;
    MaskedTensor step = {slices[0], slices.size() > 1 ? slices[1] : Tensor()};
    Tensor output(emitter, run(*layer.model, {step})[0].value);
    steps = scope.outer;
    if (auto limit = findIndexLimit(slices[0]))
      indexLimits.try_emplace(x, *limit);
    LoopValues next = {carryAssigned(scope, emitter), {output}};
    carryPenalties(scope, firstPenalty, next.carried);
    assigned = std::move(scope.assigned);
    return next;
  });
  for (auto [entry, value] : llvm::zip(assigned, result.carried))
    assign(*entry.first, value);
  for (auto [penalty, sum] : llvm::zip_equal(llvm::drop_begin(penalties, firstPenalty),
                                             llvm::drop_begin(result.carried, assigned.size())))
    penalty = sum;
  return {{exchangeTime(result.stacked[0]), inputs[0].mask}};
}

} // namespace lamina::frontend::keras
