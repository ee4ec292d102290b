// keras.optimizers.Muon: keras/src/optimizers/muon.py (Jordan et al. 2024; scaled as in Liu et al.
// 2025)
#include <cmath>

#include "frontend/builder/training/optimizers/optimizers.h"

namespace lamina::frontend::builder {
namespace {

/// Matrices: m = momentum m + g, s = g + momentum m (without Nesterov momentum s = m),
/// w -= lr rms_rate sqrt(max(rows, columns)) orthogonalized(s). Other variables, embeddings and
/// excluded names: Adam, whose velocity is the mark of such a variable in the file.
class Muon : public UpdateRule, MuonSettings {
public:
  explicit Muon(const MuonSettings &settings) : MuonSettings(settings) {}

  SlotGroups getSlotGroups(const Variable &variable) const override {
    return usesAdam(variable) ? slotsLike(variable, {"momentum", "velocity"})
                              : slotsLike(variable, {"momentum"});
  }

  std::optional<double> getWeightDecay(const Variable &variable,
                                       std::optional<double> configured) const override {
    return usesAdam(variable) ? adamWeightDecay : configured;
  }

  void update(UpdateCall &call) const override {
    if (usesAdam(call.variable))
      updateByAdam(call);
    else
      updateMatrix(call);
  }

private:
  bool usesAdam(const Variable &variable) const;
  void updateByAdam(UpdateCall &call) const;
  void updateMatrix(UpdateCall &call) const;
  Tensor orthogonalize(Tensor x) const;
};

bool Muon::usesAdam(const Variable &variable) const {
  llvm::StringRef name = variable.symbol;
  return variable.shape.size() != 2 ||
         (excludesEmbeddings && name.contains_insensitive("embedding")) ||
         llvm::any_of(excludedNames, [&](const std::string &part) { return name.contains(part); });
}

void Muon::updateByAdam(UpdateCall &call) const {
  Tensor alpha = call.learningRate * adamRateRatio * sqrt(1.0 - powerOf(beta2, call.step)) /
                 (1.0 - powerOf(beta1, call.step));
  Tensor m = call.slots[0] = moveTowards(call.slots[0], call.gradient, beta1);
  Tensor v = call.slots[1] = moveTowards(call.slots[1], square(call.gradient), beta2);
  call.value = call.value - (m * alpha) / (sqrt(v) + epsilon);
}

void Muon::updateMatrix(UpdateCall &call) const {
  Tensor m = call.slots[0] = call.slots[0] + (call.gradient + call.slots[0] * (momentum - 1));
  Tensor direction = orthogonalize(isNesterov ? call.gradient + momentum * m : m);
  Tensor rate = call.learningRate;
  if (rmsRate)
    rate = rate * (*rmsRate * std::sqrt(static_cast<double>(std::max(m.dim(0), m.dim(1)))));
  call.value = call.value - rate * direction;
}

/// Newton-Schulz steps of fifth order towards the matrix's polar factor, on the short side.
Tensor Muon::orthogonalize(Tensor x) const {
  bool isTall = x.dim(0) > x.dim(1);
  if (isTall)
    x = x.transpose({1, 0});
  x = x / (sqrt(sumAll(square(x))) + 1e-7);
  for (int64_t step = 0; step < steps; ++step) {
    Tensor product = dot(x, x, 1, 1);
    Tensor factor = b * product + dot(c * product, product, 1, 0);
    x = a * x + dot(factor, x, 1, 0);
  }
  return isTall ? x.transpose({1, 0}) : x;
}

} // namespace

std::unique_ptr<UpdateRule> createRule(const MuonSettings &settings) {
  return std::make_unique<Muon>(settings);
}

} // namespace lamina::frontend::builder
