#include "frontend/keras/optimizer.h"

#include "frontend/keras/optimizers/optimizers.h"
#include "frontend/keras/regularizers.h"
#include "frontend/keras/schedule.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

const OptimizerEntry &findOptimizer(const Place &where, const std::string &className) {
  std::vector<std::string> names;
  for (const OptimizerEntry &entry : optimizerEntries()) {
    if (llvm::is_contained(entry.names, className) ||
        llvm::is_contained(entry.names, llvm::StringRef(className).lower()))
      return entry;
    names.push_back(entry.names.front());
  }
  where.fail(fmt::format("optimizer '{}' is not supported; the nearest supported is {}",
                         printable(className), nearestName(className, names)));
}

/// tf.clip_by_norm: x * limit / max(norm, limit), 0 where the norm is 0.
Tensor clipByNorm(Tensor x, double limit) {
  Tensor squares = sumAll(square(x));
  Tensor isPositive = squares > 0.0;
  Tensor norm = where(isPositive, sqrt(where(isPositive, squares, 1.0)), squares);
  return x * limit / maximum(norm, limit);
}

std::string underscored(std::string path) {
  std::replace(path.begin(), path.end(), '/', '_');
  return path;
}

} // namespace

const std::vector<OptimizerEntry> &optimizerEntries() {
  static const std::vector<OptimizerEntry> entries = {sgdOptimizer, rmspropOptimizer, adamOptimizer,
                                                      adamWOptimizer};
  return entries;
}

Optimizer::Optimizer(const Place &where, const nlohmann::json &value,
                     std::optional<double> rateOverride)
    : place(where) {
  ObjectConfig object = ObjectConfig::read(where, "the optimizer", value);
  place.part = fmt::format("optimizer '{}'", printable(object.className));
  const OptimizerEntry &entry = findOptimizer(where, object.className);
  Config config(object.config, place);
  name = config.text("name", entry.names.back());
  const nlohmann::json &rate = config.raw("learning_rate");
  if (rate.is_object() && !rateOverride)
    schedule = rate;
  else
    learningRate =
        rateOverride ? *rateOverride : config.number("learning_rate", entry.learningRate);
  weightDecay = object.config.contains("weight_decay") ? config.optionalNumber("weight_decay")
                                                       : entry.weightDecay;
  readClipping(config);
  config.ignore({"ema_momentum"}); // speaks only with use_ema, which is refused
  meaning = entry.create(config);
  config.finish(entry.names.front());
}

void Optimizer::readClipping(Config &config) {
  auto positive = [&](const char *key) {
    std::optional<double> limit = config.optionalNumber(key);
    return limit && *limit > 0 ? limit : std::nullopt;
  };
  clipNorm = positive("clipnorm");
  globalClipNorm = positive("global_clipnorm");
  clipValue = positive("clipvalue");
  if (int(clipNorm.has_value()) + globalClipNorm.has_value() + clipValue.has_value() > 1)
    config.fail("only one of 'clipnorm', 'clipvalue' and 'global_clipnorm' can be set");
}

Variable &Optimizer::declare(const std::string &role, std::vector<int64_t> shape) {
  auto variable = std::make_unique<Variable>();
  variable->symbol = name + "/" + role;
  variable->path = fmt::format("optimizer/vars/{}", variables.size());
  variable->owner = place.part;
  variable->role = role;
  variable->declaration = {role, std::move(shape), "zeros", nullptr, nullptr, false};
  return *variables.emplace_back(std::move(variable));
}

void Optimizer::declareVariables(ArrayRef<const Variable *> trainable) {
  Variable &counter = declare("iteration", {});
  counter.type = ElementType::I64;
  iteration = &counter;
  if (schedule.is_null()) {
    Variable &rate = declare("learning_rate", {});
    rate.declaration.initializer = {{"class_name", "Constant"},
                                    {"config", {{"value", learningRate}}}};
    learningRateVariable = &rate;
  }
  for (const Variable *variable : trainable)
    trained.push_back({variable, {}});
  for (const std::vector<std::string> &group : meaning->getSlotGroups())
    for (Trained &entry : trained)
      for (const std::string &slot : group)
        entry.slots.push_back(&declare(underscored(entry.variable->symbol) + "_" + slot,
                                       entry.variable->declaration.shape));
}

Tensor Optimizer::readLearningRate(FunctionWriter &writer, Emitter &emitter) const {
  if (schedule.is_null())
    return Tensor(emitter, writer.read(*learningRateVariable));
  Tensor done = Tensor(emitter, writer.read(*iteration)).toFloat();
  return scheduledLearningRate(place, schedule, done);
}

Tensors Optimizer::clipGradients(Emitter &emitter, ArrayRef<Tensor> gradients) const {
  Tensors clipped(gradients.begin(), gradients.end());
  if (clipNorm)
    for (Tensor &gradient : clipped)
      gradient = clipByNorm(gradient, *clipNorm);
  if (clipValue)
    for (Tensor &gradient : clipped)
      gradient = clip(gradient, -*clipValue, *clipValue);
  if (!globalClipNorm || gradients.empty())
    return clipped;
  Tensor squares;
  for (Tensor gradient : gradients) {
    Tensor part = sumAll(square(gradient));
    squares = squares ? squares + part : part;
  }
  // An infinite or NaN norm makes every gradient NaN instead of zero.
  Tensor norm = sqrt(squares);
  Tensor scale = *globalClipNorm * minimum(1.0 / norm, 1 / *globalClipNorm) + (norm - norm);
  for (Tensor &gradient : clipped)
    gradient = gradient * scale;
  return clipped;
}

void Optimizer::write(FunctionWriter &writer) const {
  OpBuilder &builder = writer.getBuilder();
  Emitter emitter(builder, NameLoc::get(builder.getStringAttr(name)));
  for (const Trained &entry : trained)
    writer.read(*entry.variable);
  Tensors gradients;
  for (const Trained &entry : trained)
    gradients.push_back(Tensor(
        emitter,
        writer.addArgument(variableType(builder.getContext(), *entry.variable), ir::kGradientAttr,
                           FlatSymbolRefAttr::get(builder.getContext(), entry.variable->symbol))));
  gradients = clipGradients(emitter, gradients);
  Tensor rate = readLearningRate(writer, emitter);
  Tensor next = Tensor(emitter, writer.read(*iteration)) + 1.0;
  Tensor step = next.toFloat();
  for (auto [entry, gradient] : llvm::zip_equal(trained, gradients)) {
    UpdateCall call{gradient, Tensor(emitter, writer.read(*entry.variable)), {}, rate, step};
    if (weightDecay)
      call.value = call.value - call.value * *weightDecay * rate;
    for (const Variable *slot : entry.slots)
      call.slots.push_back(Tensor(emitter, writer.read(*slot)));
    meaning->update(call);
    const VariableDeclaration &declaration = entry.variable->declaration;
    if (!declaration.constraint.is_null())
      call.value = constrain(place, declaration.constraint, call.value);
    writer.assign(*entry.variable, call.value);
    for (auto [slot, value] : llvm::zip_equal(entry.slots, call.slots))
      writer.assign(*slot, value);
  }
  writer.assign(*iteration, next);
}

} // namespace lamina::frontend::keras
