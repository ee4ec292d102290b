#include "frontend/keras/training/loss.h"

#include "frontend/keras/training/traced/formulas.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringRef.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

/// "crossentropy" or "ce": which one it is depends on the prediction. Targets of class indices are
/// the common case of more than one class; whoever has one-hot rows names the loss.
std::string resolveCrossentropy(const std::string &name, RankedTensorType prediction) {
  std::string lower = llvm::StringRef(name).lower();
  if (lower != "crossentropy" && lower != "ce")
    return name;
  return prediction.getShape().back() == 1 ? "binary_crossentropy"
                                           : "sparse_categorical_crossentropy";
}

constexpr std::pair<llvm::StringLiteral, LossReduction> kReductions[] = {
    {"sum_over_batch_size", LossReduction::MeanOverElements},
    {"mean", LossReduction::MeanOverElements},
    {"mean_with_sample_weight", LossReduction::MeanOverWeights},
    {"sum", LossReduction::Sum},
    {"none", LossReduction::None}};

/// Losses that are refused for what they are, not for want of an entry.
struct RefusedLoss {
  std::vector<std::string> names;
  const char *reason;
};
const std::vector<RefusedLoss> &refusedLosses() {
  static const std::vector<RefusedLoss> losses = {
      {{"Circle", "circle"},
       "it compares every row of a batch with every other, but a compiled step keeps rows apart; "
       "use a loss on single rows, such as CosineSimilarity"}};
  return losses;
}

/// A loss that says null has none; one that says nothing has Keras' default.
LossReduction readReduction(Config &config, bool isGiven) {
  std::string text = config.text("reduction", isGiven ? "none" : "sum_over_batch_size");
  std::vector<std::string_view> names;
  for (const auto &[name, reduction] : kReductions) {
    names.push_back(name);
    if (name == text)
      return reduction;
  }
  config.fail(fmt::format("the reduction '{}' is not one of Keras', which are {}", printable(text),
                          fmt::join(names, ", ")));
}

[[noreturn]] void failUnknown(const Place &where, const Place &loss, const std::string &name) {
  for (const RefusedLoss &refused : refusedLosses())
    if (llvm::is_contained(refused.names, name))
      loss.refuse(fmt::format("it is refused: {}", refused.reason));
  std::vector<std::string> names;
  for (const LossEntry &known : lossEntries())
    names.insert(names.end(), known.names.begin(), known.names.end());
  where.refuse(notSupported(loss.part, name, names));
}

} // namespace

const LossEntry *findLoss(const std::string &name) {
  for (const LossEntry &entry : lossEntries())
    if (llvm::is_contained(entry.names, name))
      return &entry;
  return nullptr;
}

Loss readLoss(const Place &where, const nlohmann::json &value, RankedTensorType prediction) {
  ObjectConfig object = ObjectConfig::read(where, "the loss", value);
  object.className = resolveCrossentropy(object.className, prediction);
  Place place{where.file, fmt::format("loss '{}'", printable(object.className))};
  // A loss function handed over as such is wrapped: {"fn": function, ...its arguments}.
  if (object.className == "LossFunctionWrapper" && object.config.contains("fn")) {
    object.className =
        ObjectConfig::read(place, "the loss function", object.config["fn"]).className;
    object.config.erase("fn");
  }
  const bool isTraced = object.className == kTracedLossClass;
  const LossEntry *entry = findLoss(object.className);
  if (!entry && !isTraced)
    failUnknown(where, place, object.className);
  if (isTraced)
    place.part = fmt::format("loss '{}'", printable(textOf(object.config, "name")));
  Config config(object.config, place);
  config.ignore({"name"});
  ElementType type = readPolicy(place, config.raw("dtype"));
  LossReduction reduction = readReduction(config, object.config.contains("reduction"));
  if (isTraced)
    return Loss(place, readTracedLoss(config), reduction, type);
  LossFormulaSettings settings = entry->read(config);
  config.finish(entry->names.front());
  return Loss(place, settings, reduction, type);
}

} // namespace lamina::frontend::keras
