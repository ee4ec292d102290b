// @optimizer: clipping, accumulation, weight decay, the update rule, moving averages, constraints,
// in Keras' order.
#include "frontend/builder/training/optimizer.h"

using namespace mlir;

namespace lamina::frontend::builder {
namespace {

/// tf.clip_by_norm: x * limit / max(norm, limit), 0 where the norm is 0.
Tensor clipByNorm(Tensor x, double limit) {
  Tensor squares = sumAll(square(x));
  Tensor isPositive = squares > 0.0;
  Tensor norm = where(isPositive, sqrt(where(isPositive, squares, 1.0)), squares);
  return x * limit / maximum(norm, limit);
}

/// Scales all by the same factor, so that the norm of all together is at most `limit`. An infinite
/// or NaN norm makes every gradient NaN instead of zero.
void clipByGlobalNorm(Tensors &gradients, double limit) {
  Tensor squares;
  for (Tensor gradient : gradients) {
    Tensor part = sumAll(square(gradient));
    squares = squares ? squares + part : part;
  }
  Tensor norm = sqrt(squares);
  Tensor scale = limit * minimum(1.0 / norm, 1 / limit) + (norm - norm);
  for (Tensor &gradient : gradients)
    gradient = gradient * scale;
}

/// Whether a count is a multiple of `divisor`, i1.
Tensor isMultiple(Tensor count, int64_t divisor) {
  Tensor by = count.like(static_cast<double>(divisor));
  Tensor rest = count.with(count.emit().create<ir::RemainderOp>(Value(count), Value(by)));
  return equal(rest, count.like(0));
}

} // namespace

/// One call of the optimizer while it is written.
class OptimizerStep {
public:
  OptimizerStep(const Optimizer &optimizer, FunctionWriter &writer)
      : optimizer(optimizer), settings(optimizer.settings), writer(writer),
        emitter(writer.getBuilder(),
                NameLoc::get(writer.getBuilder().getStringAttr(settings.name))) {}

  void write();

private:
  using Trained = Optimizer::Trained;

  Tensor read(const Variable *variable) { return Tensor(emitter, writer.read(*variable)); }
  /// `value` in an update, the variable's own value in batches that only add their gradients.
  Tensor inUpdate(const Variable *variable, Tensor value) {
    return isUpdate ? where(isUpdate, value, read(variable)) : value;
  }
  void countIterations();
  Tensors takeGradients();
  void accumulate(Tensors &gradients);
  void clip(Tensors &gradients) const;
  Tensor readLearningRate();
  void updateShared();
  Tensor update(const Trained &entry, Tensor gradient);
  Tensor average(const Trained &entry, Tensor value);

  const Optimizer &optimizer;
  const OptimizerSettings &settings;
  FunctionWriter &writer;
  Emitter emitter;
  Tensor updates;  ///< i64: updates done before
  Tensor isUpdate; ///< i1, where gradients are accumulated: whether this batch completes an update
  Tensor rate, step;
  Tensors shared;
};

void OptimizerStep::countIterations() {
  Tensor done = read(optimizer.iteration);
  Tensor next = done + 1.0;
  updates = done;
  if (std::optional<int64_t> steps = settings.accumulationSteps) {
    updates = done / static_cast<double>(*steps);
    isUpdate = isMultiple(next, *steps);
  }
  step = (updates + 1.0).toFloat();
  writer.assign(*optimizer.iteration, next);
}

Tensors OptimizerStep::takeGradients() {
  MLIRContext *context = emitter.getContext();
  Tensors gradients;
  for (const Trained &entry : optimizer.trained) {
    Value argument = writer.addArgument(variableType(context, entry.variable()), ir::kGradientAttr,
                                        FlatSymbolRefAttr::get(context, entry.variable().symbol));
    gradients.push_back(Tensor(emitter, argument));
  }
  return gradients;
}

/// The mean of the gradients since the last update; only the batch that completes an update uses
/// it, the others keep the sum.
void OptimizerStep::accumulate(Tensors &gradients) {
  if (!settings.accumulationSteps)
    return;
  double steps = static_cast<double>(*settings.accumulationSteps);
  for (auto [entry, gradient] : llvm::zip_equal(optimizer.trained, gradients)) {
    Tensor sum = gradient + read(entry.accumulator);
    writer.assign(*entry.accumulator, where(isUpdate, sum.like(0), sum));
    gradient = sum / steps;
  }
}

void OptimizerStep::clip(Tensors &gradients) const {
  if (settings.globalClipNorm && !gradients.empty()) {
    for (Tensor gradient : gradients)
      if (gradient.elementType() != gradients[0].elementType())
        settings.place.fail("'global_clipnorm' over layers of float32 and float64 together is not "
                            "supported (nor by Keras on TensorFlow); use 'clipnorm'");
    clipByGlobalNorm(gradients, *settings.globalClipNorm);
  }
  for (Tensor &gradient : gradients) {
    if (settings.clipNorm)
      gradient = clipByNorm(gradient, *settings.clipNorm);
    if (settings.clipValue)
      gradient = builder::clip(gradient, -*settings.clipValue, *settings.clipValue);
  }
}

/// Schedules count batches, also where several of them make one update.
Tensor OptimizerStep::readLearningRate() {
  if (!settings.schedule)
    return read(optimizer.learningRateVariable);
  Tensor done = read(optimizer.iteration).toFloat();
  return scheduledLearningRate(*settings.schedule, done);
}

void OptimizerStep::updateShared() {
  for (const Variable *variable : optimizer.shared)
    shared.push_back(read(variable));
  if (!shared.empty())
    optimizer.rule->updateShared(shared, step.convert(shared[0].elementType()));
  for (auto [variable, value] : llvm::zip_equal(optimizer.shared, shared))
    writer.assign(*variable, inUpdate(variable, value));
}

Tensor OptimizerStep::update(const Trained &entry, Tensor gradient) {
  Tensor old = read(&entry.variable());
  Type type = old.elementType();
  UpdateCall call{entry.variable(),   gradient,          old, old, {}, {},
                  rate.convert(type), step.convert(type)};
  for (Tensor value : shared)
    call.shared.push_back(value.convert(type));
  if (auto decay = optimizer.rule->getWeightDecay(entry.variable(), settings.weightDecay))
    call.value = call.value - call.value * *decay * call.learningRate;
  for (const Variable *slot : entry.slots)
    call.slots.push_back(read(slot));
  optimizer.rule->update(call);
  for (auto [slot, value] : llvm::zip_equal(entry.slots, call.slots))
    writer.assign(*slot, inUpdate(slot, value));
  return inUpdate(&entry.variable(), call.value);
}

/// average = momentum average + (1 - momentum) value, the value itself in the first update. Returns
/// the value that the variable goes on with: every so many updates that is the average.
Tensor OptimizerStep::average(const Trained &entry, Tensor value) {
  if (!settings.movingAverage)
    return value;
  Tensor isFirst = equal(updates, updates.like(0));
  Tensor momentum = where(isFirst, value.like(0), value.like(settings.movingAverage->momentum));
  Tensor average = momentum * read(entry.average) + (1.0 - momentum) * value;
  writer.assign(*entry.average, average);
  if (!settings.movingAverage->overwriteFrequency)
    return value;
  return where(isMultiple(updates + 1.0, *settings.movingAverage->overwriteFrequency), average,
               value);
}

void OptimizerStep::write() {
  for (const Trained &entry : optimizer.trained)
    writer.read(entry.variable());
  Tensors gradients = takeGradients();
  rate = readLearningRate();
  countIterations();
  accumulate(gradients);
  clip(gradients);
  updateShared();
  for (auto [entry, gradient] : llvm::zip_equal(optimizer.trained, gradients)) {
    Tensor value = average(entry, update(entry, gradient));
    if (const std::optional<Constraint> &constraint = entry.trainable.constraint)
      value = constrain(*constraint, optimizer.settings.place, value);
    writer.assign(entry.variable(), value);
  }
}

void Optimizer::write(FunctionWriter &writer) const {
  OptimizerStep(*this, writer).write();
}

} // namespace lamina::frontend::builder
