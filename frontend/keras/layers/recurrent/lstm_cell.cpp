// keras.layers.LSTMCell: keras/src/layers/rnn/lstm.py (Hochreiter and Schmidhuber 1997)
#include "frontend/keras/layers/recurrent/dense_cell.h"
#include "frontend/keras/layers/recurrent/gates.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

class LstmCell : public DenseCell {
public:
  explicit LstmCell(Config &config)
      : DenseCell(config, 4, 2),
        gateActivation(readActivation(config, "recurrent_activation", "sigmoid")) {
    bias = readGateBias(config, units);
  }

  CellStep step(CellCall &call, Tensor projected, ArrayRef<Tensor> states) const override {
    Tensor z = projected + recur(call, states[0], 0, 4);
    return stepLongShortTerm(call.layer, z, states[1], activation, gateActivation);
  }

private:
  Activation gateActivation;
};

} // namespace

std::unique_ptr<Cell> createLstmCell(Config &config) {
  return std::make_unique<LstmCell>(config);
}

} // namespace lamina::frontend::keras
