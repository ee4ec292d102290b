// keras.layers.SimpleRNNCell: keras/src/layers/rnn/simple_rnn.py
#include "frontend/keras/layers/recurrent/dense_cell.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

/// activation(input @ kernel + bias + state @ recurrent_kernel), which is the state and the output.
class SimpleRnnCell : public DenseCell {
public:
  explicit SimpleRnnCell(Config &config) : DenseCell(config, 1, 1) {
    bias = readVariable(config, "bias", "zeros");
    bias.shape = {units};
    dropout.dropsAll = true;
  }

  CellStep step(CellCall &call, Tensor projected, ArrayRef<Tensor> states) const override {
    Tensor h = activation(call.layer, projected + recur(call, states[0], 0, 1));
    return {h, {h}};
  }
};

} // namespace

std::unique_ptr<Cell> createSimpleRnnCell(Config &config) {
  return std::make_unique<SimpleRnnCell>(config);
}

} // namespace lamina::frontend::keras
