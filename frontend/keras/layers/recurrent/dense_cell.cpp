#include "frontend/keras/layers/recurrent/dense_cell.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

/// x @ kernel for some gates, where the factors of dropout may be one for each gate.
Tensor contract(Tensor x, Tensor kernel, ArrayRef<Tensor> factors, int64_t first, int64_t last,
                int64_t gates) {
  int64_t units = kernel.dim(1) / gates;
  auto contractGates = [&](Tensor input, int64_t from, int64_t to) {
    bool isWhole = from == 0 && to == gates;
    Tensor columns = isWhole ? kernel : kernel.slice(1, from * units, to * units);
    return dot(input, columns, input.rank() - 1, 0);
  };
  if (factors.size() <= 1)
    return contractGates(factors.empty() ? x : x * factors[0], first, last);
  Tensors parts;
  for (int64_t gate = first; gate < last; ++gate)
    parts.push_back(contractGates(x * factors[gate], gate, gate + 1));
  return concatenate(parts, x.rank() - 1);
}

} // namespace

DenseCell::DenseCell(Config &config, int64_t gates, size_t states)
    : units(config.positive("units")), gates(gates), useBias(config.boolean("use_bias", true)),
      activation(readActivation(config, "activation", "tanh")), dropout(config, gates),
      states(states), kernel(readVariable(config, "kernel", "glorot_uniform")),
      recurrentKernel(readVariable(config, "recurrent_kernel", "orthogonal", "recurrent")) {}

std::vector<VariableDeclaration> DenseCell::build(const Place &place,
                                                  ArrayRef<int64_t> step) const {
  if (step.size() != 2)
    place.fail(fmt::format("takes one vector of features in each step, got steps of shape {}",
                           describeShape(step)));
  std::vector<VariableDeclaration> variables = {kernel, recurrentKernel};
  variables[0].shape = {step.back(), gates * units};
  variables[1].shape = {units, gates * units};
  if (useBias)
    variables.push_back(bias);
  for (VariableDeclaration &variable : variables)
    variable.trainable = isTrainable;
  return variables;
}

std::vector<Shape> DenseCell::stateShapes(ArrayRef<int64_t> step) const {
  return std::vector<Shape>(states, Shape{step[0], units});
}

CellCall DenseCell::begin(LayerCall &layer, size_t firstVariable, ArrayRef<int64_t> step) const {
  CellCall call{layer, firstVariable};
  dropout.draw(call, step, stateShapes(step)[0]);
  return call;
}

Tensor DenseCell::project(CellCall &call, Tensor input) const {
  Tensor z = contract(input, call.variable(0), call.inputFactors, 0, gates, gates);
  return useBias ? z + inputBias(call) : z;
}

Tensor DenseCell::recur(CellCall &call, Tensor state, int64_t first, int64_t last) const {
  return contract(state, call.variable(1), call.stateFactors, first, last, gates);
}

} // namespace lamina::frontend::keras
