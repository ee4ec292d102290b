// keras.optimizers.Muon: keras/src/optimizers/muon.py (Jordan et al. 2024; scaled as in Liu et al.
// 2025)
#include <cmath>

#include "frontend/keras/optimizers/optimizers.h"

namespace lamina::frontend::keras {
namespace {

/// Matrices: m = momentum m + g, s = g + momentum m (without Nesterov momentum s = m),
/// w -= lr rms_rate sqrt(max(rows, columns)) orthogonalized(s). Other variables, embeddings and
/// excluded layers: Adam, whose velocity is the mark of such a variable in the file.
class Muon : public OptimizerMeaning {
public:
  explicit Muon(Config &config);

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

  double beta1, beta2, epsilon, a, b, c, adamRateRatio, momentum;
  std::optional<double> adamWeightDecay, rmsRate;
  int64_t steps;
  bool isNesterov, excludesEmbeddings;
  std::vector<std::string> excludedLayers;
};

/// Keras takes the keywords as regular expressions; only plain text is understood here.
std::vector<std::string> readKeywords(Config &config, const char *key) {
  std::vector<std::string> keywords;
  const nlohmann::json &value = config.raw(key);
  bool isPlain = value.is_null() || value.is_array();
  for (const nlohmann::json &keyword : value) {
    isPlain &= keyword.is_string();
    if (isPlain)
      keywords.push_back(keyword.get<std::string>());
  }
  for (const std::string &keyword : keywords)
    isPlain &= keyword.find_first_of("^$.*+?{}[]\\|()") == std::string::npos;
  if (!isPlain)
    config.fail(fmt::format("'{}' must be a list of plain parts of layer names; regular "
                            "expressions are not supported",
                            key));
  return keywords;
}

Muon::Muon(Config &config)
    : beta1(config.number("adam_beta_1", 0.9)), beta2(config.number("adam_beta_2", 0.999)),
      epsilon(config.number("epsilon", 1e-7)), a(config.number("muon_a", 3.4445)),
      b(config.number("muon_b", -4.7750)), c(config.number("muon_c", 2.0315)),
      adamRateRatio(config.number("adam_lr_ratio", 1)), momentum(config.number("momentum", 0.95)),
      adamWeightDecay(config.optionalNumber("adam_weight_decay")),
      rmsRate(config.optionalNumber("rms_rate")), steps(config.integer("ns_steps", 5)),
      isNesterov(config.boolean("nesterov", true)),
      excludesEmbeddings(config.boolean("exclude_embeddings", true)),
      excludedLayers(readKeywords(config, "exclude_layers")) {
  constexpr int64_t kMostSteps = 100;
  if (steps < 0 || steps > kMostSteps)
    config.fail(fmt::format("'ns_steps' must be from 0 to {}, not {}", kMostSteps, steps));
}

bool Muon::usesAdam(const Variable &variable) const {
  llvm::StringRef name = variable.symbol;
  return variable.shape.size() != 2 ||
         (excludesEmbeddings && name.contains_insensitive("embedding")) ||
         llvm::any_of(excludedLayers,
                      [&](const std::string &keyword) { return name.contains(keyword); });
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

const OptimizerEntry muonOptimizer = {
    {"Muon", "muon"},
    0.001,
    {{"weight_decay", 0.004}, {"adam_weight_decay", 0.004}, {"rms_rate", 0.2}},
    createOptimizer<Muon>};

} // namespace lamina::frontend::keras
