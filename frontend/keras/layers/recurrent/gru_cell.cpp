// keras.layers.GRUCell: keras/src/layers/rnn/gru.py (Cho et al. 2014)
#include "frontend/keras/layers/recurrent/dense_cell.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

/// The gates are update, reset and candidate. With `resetAfter` the reset gate is applied to the
/// state's contraction, which has a bias of its own, otherwise to the state.
class GruCell : public DenseCell {
public:
  explicit GruCell(Config &config)
      : DenseCell(config, 3, 1),
        gateActivation(readActivation(config, "recurrent_activation", "sigmoid")),
        resetAfter(config.boolean("reset_after", true)) {
    bias = readVariable(config, "bias", "zeros");
    bias.shape = {3 * units};
    if (resetAfter)
      bias.shape.insert(bias.shape.begin(), 2);
  }

  CellStep step(CellCall &call, Tensor projected, ArrayRef<Tensor> states) const override {
    Tensor h = states[0];
    Tensor inner = recur(call, h, 0, resetAfter ? 3 : 2);
    if (resetAfter && useBias)
      inner = inner + biasRow(call, 1);
    int64_t computed = resetAfter ? 3 : 2;
    auto gate = [&](int64_t i) {
      return gateActivation(call.layer, takeGate(projected, i, 3) + takeGate(inner, i, computed));
    };
    Tensor update = gate(0), reset = gate(1);
    Tensor past = resetAfter ? reset * takeGate(inner, 2, 3) : recur(call, reset * h, 2, 3);
    Tensor candidate = activation(call.layer, takeGate(projected, 2, 3) + past);
    Tensor next = update * h + (1.0 - update) * candidate;
    return {next, {next}};
  }

protected:
  Tensor inputBias(CellCall &call) const override {
    return resetAfter ? biasRow(call, 0) : call.variable(2);
  }

private:
  Tensor biasRow(CellCall &call, int64_t row) const {
    return call.variable(2).slice(0, row, row + 1).reshape({3 * units});
  }

  Activation gateActivation;
  bool resetAfter;
};

} // namespace

std::unique_ptr<Cell> createGruCell(Config &config) {
  return std::make_unique<GruCell>(config);
}

} // namespace lamina::frontend::keras
