// Activation functions as nodes: keras/src/ops/nn.py
#include "frontend/builder/functions.h"
#include "frontend/keras/operations/operations.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

Tensors sigmoidWithLogits(OperationCall &call) {
  Tensor x = call.floatTensor("x"), y = sigmoid(x);
  call.layer.setLogits(y, x);
  return {y};
}

Tensors leakyReluWith(OperationCall &call) {
  return {leakyRelu(call.floatTensor("x"), call.settings.number("negative_slope", 0.2))};
}

Tensors eluWith(OperationCall &call) {
  return {elu(call.floatTensor("x"), call.settings.number("alpha", 1))};
}

Tensors celuWith(OperationCall &call) {
  return {celu(call.floatTensor("x"), call.settings.number("alpha", 1))};
}

Tensors geluWith(OperationCall &call) {
  Tensor x = call.floatTensor("x");
  return {call.settings.boolean("approximate", true) ? geluByTanh(x) : gelu(x)};
}

Tensors hardShrinkWith(OperationCall &call) {
  return {hardShrink(call.floatTensor("x"), call.settings.number("threshold", 0.5))};
}

Tensors softShrinkWith(OperationCall &call) {
  return {softShrink(call.floatTensor("x"), call.settings.number("threshold", 0.5))};
}

Tensors squareplusWith(OperationCall &call) {
  return {squareplus(call.floatTensor("x"), call.settings.number("b", 4))};
}

Tensors threshold(OperationCall &call) {
  Tensor x = call.floatTensor("x");
  return {
      where(x > call.settings.number("threshold", 0), x, call.settings.number("default_value", 0))};
}

/// Refuses an axis that is the rows'.
int64_t rowAxis(OperationCall &call, int64_t rank) {
  int64_t axis = call.axis("axis", -1, rank);
  if (axis == 0)
    call.fail("works along the rows of the batch, which is not supported");
  return axis;
}

Tensors softmaxWith(OperationCall &call) {
  Tensor x = call.floatTensor("x");
  Tensor y = softmax(x, {rowAxis(call, x.rank())});
  call.layer.setLogits(y, x);
  return {y};
}

Tensors logSoftmaxWith(OperationCall &call) {
  Tensor x = call.floatTensor("x");
  return {logSoftmax(x, {rowAxis(call, x.rank())})};
}

Tensors gluAlong(OperationCall &call) {
  Tensor x = call.floatTensor("x");
  return {glu(call.layer.place(), x, rowAxis(call, x.rank()))};
}

Tensors sparsemaxAlong(OperationCall &call) {
  Tensor x = call.floatTensor("x");
  return {sparsemax(x, rowAxis(call, x.rank()))};
}

} // namespace

llvm::ArrayRef<OperationEntry> activationOperations() {
  static const OperationEntry entries[] = {
      {"Celu", {"x"}, celuWith},
      {"Elu", {"x"}, eluWith},
      {"Gelu", {"x"}, geluWith},
      {"Glu", {"x"}, gluAlong},
      {"HardShrink", {"x"}, hardShrinkWith},
      {"HardSigmoid", {"x"}, unary<hardSigmoid>},
      {"HardSilu", {"x"}, unary<hardSilu>},
      {"HardTanh", {"x"}, unary<hardTanh>},
      {"LeakyRelu", {"x"}, leakyReluWith},
      {"LogSigmoid", {"x"}, unary<logSigmoid>},
      {"LogSoftmax", {"x"}, logSoftmaxWith},
      {"Relu", {"x"}, unary<relu>},
      {"Relu6", {"x"}, unary<relu6>},
      {"Selu", {"x"}, unary<selu>},
      {"Sigmoid", {"x"}, sigmoidWithLogits},
      {"Silu", {"x"}, unary<silu>},
      {"SoftShrink", {"x"}, softShrinkWith},
      {"Softmax", {"x"}, softmaxWith},
      {"Softplus", {"x"}, unary<softplus>},
      {"Softsign", {"x"}, unary<softsign>},
      {"SparsePlus", {"x"}, unary<sparsePlus>},
      {"SparseSigmoid", {"x"}, unary<sparseSigmoid>},
      {"Sparsemax", {"x"}, sparsemaxAlong},
      {"Squareplus", {"x"}, squareplusWith},
      {"TanhShrink", {"x"}, unary<tanhShrink>},
      {"Threshold", {"x"}, threshold},
  };
  return entries;
}

} // namespace lamina::frontend::keras
