// keras.ops.ctc_loss, ctc_decode: keras/src/backend/tensorflow/nn.py, the kernel of
// tf.nn.ctc_greedy_decoder
#include "frontend/builder/ctc.h"
#include "frontend/keras/operations/operations.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

mlir::Type integerType(OperationCall &call) {
  return IntegerType::get(call.emit().getContext(), 32);
}

/// Logits of rows x steps x classes.
Tensor readLogits(OperationCall &call, const char *key) {
  Tensor x = call.floatTensor(key);
  if (x.rank() != 3)
    call.fail(fmt::format("'{}' must have the shape rows x steps x classes, not {}", key,
                          describeShape(x.shape())));
  return x;
}

/// A whole number for each row.
Tensor readCounts(OperationCall &call, const char *key, Tensor like) {
  Tensor x = call.tensor(key);
  if (x.rank() != 1 || x.dim(0) != like.dim(0))
    call.fail(fmt::format("'{}' must have one number for each row, not the shape {}", key,
                          describeShape(x.shape())));
  return x.convert(integerType(call));
}

int64_t readBlank(OperationCall &call, int64_t classes) {
  int64_t blank = call.settings.integer("mask_index", 0);
  if (blank < -classes || blank >= classes)
    call.fail(fmt::format("'mask_index' is {}, but there are {} classes", blank, classes));
  return blank < 0 ? blank + classes : blank;
}

/// In f32, as Keras on TensorFlow.
Tensors alignmentLoss(OperationCall &call) {
  Tensor logits = readLogits(call, "output");
  Tensor labels = call.tensor("target");
  if (labels.rank() != 2)
    call.fail(fmt::format("'target' must have the shape rows x labels, not {}",
                          describeShape(labels.shape())));
  Alignment alignment;
  alignment.labels = labels.convert(integerType(call));
  alignment.labelCounts = readCounts(call, "target_length", labels);
  alignment.stepCounts = readCounts(call, "output_length", labels);
  alignment.logits = logits.convert(Float32Type::get(call.emit().getContext()));
  alignment.blank = readBlank(call, logits.dim(2));
  if (alignment.blank > 0) { // TensorFlow takes a label that is the blank for the one before
    Tensor blank = alignment.labels.like(static_cast<double>(alignment.blank));
    Tensor isBlank = equal(alignment.labels, blank);
    alignment.labels = where(isBlank, alignment.labels - 1.0, alignment.labels);
  }
  return {ctcLoss(alignment).convert(logits.elementType())};
}

/// How many of the steps up to each one are true.
Tensor countUpTo(Tensor flags) {
  int64_t steps = flags.dim(1);
  Emitter &emit = flags.emit();
  Tensor isBefore = compare(ir::ComparisonDirection::LE, emit.iota({steps, steps}, 0),
                            emit.iota({steps, steps}, 1));
  return dot(flags.toFloat(), isBefore.toFloat(), 1, 0).convert(emit.getBuilder().getI32Type());
}

/// The values of the steps where `flags` are true, moved to the front; -1 behind them.
Tensor moveToFront(Tensor values, Tensor flags) {
  Tensor places = countUpTo(flags) - 1.0;
  int64_t steps = values.dim(1);
  Tensor goesTo = isLabel(where(flags, places, -1.0), steps); // rows x steps x places
  Tensor moved = where(goesTo, values.broadcastInDim(goesTo.shape(), {0, 1}), 0.0);
  Tensor isFilled = any(goesTo, {1});
  return where(isFilled, sum(moved, {1}), -1.0);
}

/// The largest class of each step, without repetitions and blanks, and the negative sum of the
/// logits of those, which has no gradient on TensorFlow.
Tensors greedyDecode(OperationCall &call) {
  if (call.settings.text("strategy", "greedy") != "greedy")
    call.fail("decodes by beam search, which is not supported; use the strategy greedy");
  call.settings.ignore({"beam_width", "top_paths"});
  Tensor logits = readLogits(call, "inputs");
  Tensor lengths = readCounts(call, "sequence_lengths", logits);
  double blank = static_cast<double>(readBlank(call, logits.dim(2)));
  Tensor labels = argmax(logits, 2);
  Tensor step = labels.emit().iota(labels.shape(), 1);
  Tensor counts = compare(ir::ComparisonDirection::LT, step, spread(lengths, {1}, step));
  Tensor isKept = logicalAnd(counts, notEqual(labels, labels.like(blank)));
  if (call.settings.boolean("merge_repeated", true)) {
    Tensor before = pad(labels, -1, {0, 1}, {0, 0}).slice(1, 0, labels.dim(1));
    isKept = logicalAnd(isKept, notEqual(labels, before));
  }
  Tensor decoded = moveToFront(labels, isKept);
  Tensor score = -sum(where(counts, max(stopGradient(logits), {2}), 0.0), {1});
  return {decoded.broadcastInDim({1, decoded.dim(0), decoded.dim(1)}, {1, 2}),
          score.reshape({score.dim(0), 1})};
}

} // namespace

llvm::ArrayRef<OperationEntry> alignmentOperations() {
  static const OperationEntry entries[] = {
      {"CTCDecode", {"inputs", "sequence_lengths"}, greedyDecode},
      {"CTCLoss", {"target", "output", "target_length", "output_length"}, alignmentLoss},
  };
  return entries;
}

} // namespace lamina::frontend::keras
