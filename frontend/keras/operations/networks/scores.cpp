// Operations of keras.ops that score predictions: keras/src/ops/nn.py, math.py
#include <cmath>
#include <numbers>

#include "frontend/builder/training/losses/probabilities.h"
#include "frontend/builder/training/metrics/top_k.h"
#include "frontend/keras/operations/operations.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

/// The operands of a cross-entropy.
struct Prediction {
  Tensor values, logits; ///< the logits are null where only probabilities are known
};

Prediction readPrediction(OperationCall &call) {
  Tensor given = call.tensor("output"), logits = call.layer.logits(given);
  if (call.settings.boolean("from_logits", false) && !logits)
    logits = given.toFloat();
  return {given.toFloat(), logits};
}

/// Refuses targets of another shape than `fitting`, which that of the output asks for.
void checkTarget(OperationCall &call, Tensor target, ArrayRef<int64_t> fitting, Tensor output) {
  if (target.shape() != fitting)
    call.fail(fmt::format("a target of shape {} does not fit an output of shape {}",
                          describeShape(target.shape()), describeShape(output.shape())));
}

Tensor readTarget(OperationCall &call, Tensor values) {
  Tensor target = call.tensor("target").convert(values.elementType());
  checkTarget(call, target, values.shape(), values);
  return target;
}

/// Of each element.
Tensors binary(OperationCall &call) {
  auto [values, logits] = readPrediction(call);
  return {binaryCrossentropy(readTarget(call, values), values, logits)};
}

int64_t readClassAxis(OperationCall &call, Tensor values) {
  int64_t axis = call.axis("axis", -1, values.rank());
  if (axis == 0)
    call.fail("works along the rows of the batch, which is not supported");
  return axis;
}

Tensors categorical(OperationCall &call) {
  auto [values, logits] = readPrediction(call);
  int64_t axis = readClassAxis(call, values);
  return {categoricalCrossentropy(readTarget(call, values), values, logits, axis)};
}

/// A target may have a last dimension of 1.
Tensors sparseCategorical(OperationCall &call) {
  auto [values, logits] = readPrediction(call);
  if (readClassAxis(call, values) != values.rank() - 1)
    call.fail("has an 'axis' other than the last, which Keras does not support either");
  Tensor target = call.tensor("target");
  if (target.rank() == values.rank() && target.shape().back() == 1)
    target = target.reshape(target.shape().drop_back());
  checkTarget(call, target, values.shape().drop_back(), values);
  target = target.convert(IntegerType::get(call.emit().getContext(), 32));
  return {sparseCategoricalCrossentropy(target, values, logits)};
}

Tensors inTopK(OperationCall &call) {
  Tensor predictions = call.floatTensor("predictions"), targets = call.tensor("targets");
  if (targets.isFloat() || predictions.rank() < 2 ||
      targets.shape() != predictions.shape().drop_back())
    call.fail(fmt::format("targets of shape {} are no classes of predictions of shape {}",
                          describeShape(targets.shape()), describeShape(predictions.shape())));
  return {isInTopK(targets, predictions, call.settings.integer("k", 1))};
}

/// 20 log10(max_val) - 10 log10(the mean squared difference), over all rows.
Tensors peakSignalToNoise(OperationCall &call) {
  auto [a, b] = call.promotedFloats("x1", "x2");
  if (a.shape() != b.shape())
    call.fail(fmt::format("compares shapes {} and {}, which must be the same",
                          describeShape(a.shape()), describeShape(b.shape())));
  double peak = call.settings.number("max_val", 1);
  if (!(peak > 0))
    call.fail("'max_val' must be positive");
  return {20 * std::log10(peak) - log(meanAll(square(a - b))) * (10 / std::numbers::ln10)};
}

} // namespace

llvm::ArrayRef<OperationEntry> scoreOperations() {
  static const OperationEntry entries[] = {
      {"BinaryCrossentropy", {"target", "output"}, binary},
      {"CategoricalCrossentropy", {"target", "output"}, categorical},
      {"InTopK", {"targets", "predictions"}, inTopK},
      {"PSNR", {"x1", "x2"}, peakSignalToNoise},
      {"SparseCategoricalCrossentropy", {"target", "output"}, sparseCategorical},
  };
  return entries;
}

} // namespace lamina::frontend::keras
