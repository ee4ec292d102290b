// keras.optimizers.Adafactor: keras/src/optimizers/adafactor.py (Shazeer and Stern 2018)
#include "frontend/builder/training/optimizers/optimizers.h"

namespace lamina::frontend::builder {
namespace {

/// The second moment v of a matrix (the last two dimensions) is kept as means over its rows and
/// columns: v = r c / mean(r). With b(t) = 1 - t^decay and rms(x) = sqrt(mean(x^2)):
/// w -= max(epsilon_2, rms(w)) min(lr, 1 / sqrt(t)) u / max(1, rms(u) / threshold), u = g /
/// sqrt(v).
class Adafactor : public UpdateRule, AdafactorSettings {
public:
  explicit Adafactor(const AdafactorSettings &settings) : AdafactorSettings(settings) {}

  /// Variables of less than two dimensions have two integers in the file that nothing uses.
  SlotGroups getSlotGroups(const Variable &variable) const override {
    Slot rows{"row_mean", {}, 0, ElementType::I32}, columns{"column_mean", {}, 0, ElementType::I32};
    const std::vector<int64_t> &shape = variable.shape;
    if (isFactored(variable)) {
      rows = {"row_mean", {shape.begin(), shape.end() - 1}};
      columns = {"column_mean", {shape.begin(), shape.end() - 2}};
      columns.shape.push_back(shape.back());
    }
    return {{rows, columns, {"velocity", shape}}};
  }

  void update(UpdateCall &call) const override {
    Tensor rate = minimum(call.learningRate, 1.0 / sqrt(call.step));
    Tensor scale = maximum(rms(call.value), epsilon2) * rate;
    Tensor kept = 1.0 - power(call.step, call.step.like(decay));
    Tensor squares = square(call.gradient) + epsilon1;
    if (isFactored(call.variable))
      factor(call.slots, kept, squares);
    else
      call.slots[2] = mix(call.slots[2], squares, kept);
    Tensor step = call.gradient / sqrt(call.slots[2]);
    call.value = call.value - scale * (step / maximum(rms(step) / threshold, 1.0));
  }

private:
  static bool isFactored(const Variable &variable) { return variable.shape.size() >= 2; }
  static Tensor mix(Tensor average, Tensor value, Tensor kept) {
    return kept * average + (1.0 - kept) * value;
  }
  static Tensor rms(Tensor x) { return sqrt(meanAll(square(x))); }

  static void factor(Tensors &slots, Tensor kept, Tensor squares) {
    Tensor &rows = slots[0], &columns = slots[1];
    rows = mix(rows, mean(squares, {-1}), kept);
    columns = mix(columns, mean(squares, {-2}), kept);
    Tensor share = rows / spread(mean(rows, {-1}), {-1}, rows);
    slots[2] = spread(share, {-1}, squares) * spread(columns, {-2}, squares);
  }
};

} // namespace

std::unique_ptr<UpdateRule> createRule(const AdafactorSettings &settings) {
  return std::make_unique<Adafactor>(settings);
}

} // namespace lamina::frontend::builder
