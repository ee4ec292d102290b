#include "frontend/keras/layers/attention/projections.h"

#include "frontend/builder/einsum.h"
#include "frontend/keras/training/regularizers.h"

using namespace mlir;

namespace lamina::frontend::keras {

Projections::Projections(Config &config)
    : kernel(readVariable(config, "kernel", "glorot_uniform")),
      bias(readVariable(config, "bias", "zeros")), useBias(config.boolean("use_bias", true)),
      activityRegularizer(
          readOptionalRegularizer(config.where(), config.raw("activity_regularizer"))) {
  // Layers inside of a frozen one are made trainable when the model is read.
  kernel.ofInnerLayer = bias.ofInnerLayer = true;
}

void Projections::declare(std::vector<VariableDeclaration> &variables, const std::string &place,
                          const char *name, ArrayRef<int64_t> from, ArrayRef<int64_t> to) const {
  VariableDeclaration &weights = variables.emplace_back(kernel);
  weights.name = fmt::format("{}/kernel", name);
  weights.path = fmt::format("{}/vars/0", place);
  weights.shape.assign(from.begin(), from.end());
  weights.shape.insert(weights.shape.end(), to.begin(), to.end());
  FanAxes axes;
  for (size_t axis = 0; axis < weights.shape.size(); ++axis)
    (axis < from.size() ? axes.inputs : axes.outputs).push_back(static_cast<int64_t>(axis));
  weights.fanAxes = axes;
  if (!useBias)
    return;
  VariableDeclaration &shift = variables.emplace_back(bias);
  shift.name = fmt::format("{}/bias", name);
  shift.path = fmt::format("{}/vars/1", place);
  shift.shape.assign(to.begin(), to.end());
}

Tensor Projections::apply(LayerCall &call, Tensor x, size_t index, int64_t bound,
                          Tensor (*activation)(Tensor)) const {
  size_t first = index * (useBias ? 2 : 1);
  Tensor weights = call.variable(first);
  std::string input, free;
  for (int64_t i = 0; i < x.rank(); ++i)
    input += static_cast<char>('a' + i);
  for (int64_t i = bound; i < weights.rank(); ++i)
    free += static_cast<char>('A' + i);
  std::string batch = input.substr(0, input.size() - static_cast<size_t>(bound));
  Tensor y =
      einsum(call.place(), {input, input.substr(batch.size()) + free}, batch + free, {x, weights});
  if (useBias)
    y = y + call.variable(first + 1);
  if (activation)
    y = activation(y);
  call.penalize(activityRegularizer, y);
  return y;
}

} // namespace lamina::frontend::keras
