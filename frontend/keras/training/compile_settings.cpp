#include "frontend/keras/training/compile_settings.h"

#include "frontend/keras/config/problems.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace lamina::frontend::keras {

using nlohmann::json;

namespace {

bool isSerializedObject(const json &value) {
  return value.is_object() && value.contains("class_name");
}

/// One entry per output from an argument of `compile`: a single value stands for all outputs, a
/// list goes by position, a dict by name.
std::vector<json> distribute(const Place &place, const char *what, const json &value,
                             const std::vector<OutputSettings> &outputs) {
  size_t count = outputs.size();
  if (value.is_null() || value.is_string() || value.is_number() || isSerializedObject(value))
    return std::vector<json>(count, value);
  if (value.is_array()) {
    if (value.size() != count)
      place.fail(fmt::format("{} lists {} entries but the model has {} outputs", what, value.size(),
                             count));
    return std::vector<json>(value.begin(), value.end());
  }
  std::vector<json> result(count);
  std::vector<std::string> names;
  for (const OutputSettings &output : outputs)
    names.push_back(output.name);
  for (const auto &[key, item] : value.items()) {
    auto position = llvm::find(names, key);
    if (position == names.end())
      place.fail(fmt::format("{} names output '{}', which the model does not have; it has {}", what,
                             printable(key), fmt::join(names, ", ")));
    result[position - names.begin()] = item;
  }
  return result;
}

/// The metrics of one output as a flat list.
void appendMetrics(const json &value, std::vector<json> &metrics) {
  if (value.is_null())
    return;
  if (value.is_array())
    for (const json &item : value)
      appendMetrics(item, metrics);
  else if (value.is_object() && !isSerializedObject(value))
    for (const json &item : value)
      appendMetrics(item, metrics);
  else
    metrics.push_back(value);
}

/// The outputs' metrics: with one output all belong to it, however they are nested.
std::vector<std::vector<json>> distributeMetrics(const Place &place, const char *what,
                                                 const json &value,
                                                 const std::vector<OutputSettings> &outputs) {
  std::vector<std::vector<json>> result(outputs.size());
  if (outputs.size() == 1) {
    appendMetrics(value, result[0]);
    return result;
  }
  if (value.is_null() || (value.is_array() && value.empty()))
    return result;
  for (auto [metrics, item] : llvm::zip_equal(result, distribute(place, what, value, outputs)))
    appendMetrics(item, metrics);
  return result;
}

/// A member of compile_config; null when there is none.
json setting(const KerasFile &file, const char *key) {
  return file.compileConfig && file.compileConfig->is_object()
             ? file.compileConfig->value(key, json())
             : json();
}

class Resolver {
public:
  Resolver(const KerasFile &file, const ImportOptions &options, ArrayRef<RankedTensorType> types,
           PassedOver passedOver, std::vector<std::string> &notes,
           std::vector<std::string> *problems)
      : file(file), options(options), predictions(types), passedOver(passedOver), notes(notes),
        problems(problems), place{file.path, ""}, areShapesKnown(!problems || problems->empty()) {}

  CompileSettings resolve(const Model &model) {
    nameOutputs(model);
    if (passedOver != PassedOver::LossesAndMetrics)
      areLossesRead &= attempt(problems, [&] { readLosses(); });
    if (passedOver == PassedOver::Nothing)
      attempt(problems, [&] { readAllMetrics(); });
    settings.optimizer =
        options.optimizer.empty() ? setting(file, "optimizer") : json(options.optimizer);
    return std::move(settings);
  }

  std::vector<DeclaredTarget> declareTargets(const Model &model) {
    nameOutputs(model);
    std::vector<DeclaredTarget> targets;
    std::vector<std::string> notUnderstood;
    attempt(&notUnderstood, [&] {
      for (auto [output, loss, type] :
           llvm::zip_equal(settings.outputs, distributeLosses(), predictions))
        if (!loss.is_null())
          targets.push_back({output.name, readLoss(place, loss, type).getOpenRank()});
    });
    return targets;
  }

private:
  void nameOutputs(const Model &model) {
    bool hasKeys =
        llvm::all_of(model.outputs, [](const ModelPort &port) { return !port.key.empty(); });
    for (const ModelPort &port : model.outputs) {
      OutputSettings output;
      output.name = hasKeys ? port.key : port.name;
      settings.outputs.push_back(std::move(output));
    }
  }

  /// By output, null for none.
  std::vector<json> distributeLosses() const {
    json value = options.loss.empty() ? setting(file, "loss") : json(options.loss);
    auto losses = distribute(place, "the loss", value, settings.outputs);
    for (json &loss : losses)
      if (loss.is_array() && loss.size() == 1) // as it may be given
        loss = json(loss[0]);
    return losses;
  }

  void readLosses() {
    std::vector<json> losses = distributeLosses();
    // Weights are in the file for the losses in the file.
    json weights = options.loss.empty() ? setting(file, "loss_weights") : json();
    auto weightOf = distribute(place, "loss_weights", weights, settings.outputs);
    for (auto [output, loss, weight, type] :
         llvm::zip_equal(settings.outputs, losses, weightOf, predictions)) {
      if (loss.is_null())
        continue;
      bool isRead = attempt(problems, [&] {
        output.loss = std::make_unique<Loss>(readLoss(place, loss, type));
        if (options.inParts)
          output.loss->requireMeanOverRows(options.sampleWeights);
      });
      // Shapes that are not known, for the layers have problems, are no problem of the loss.
      std::vector<std::string> ofUnknownShapes;
      areLossesRead &= isRead && attempt(areShapesKnown ? problems : &ofUnknownShapes, [&] {
                         output.target = output.loss->getTargetType(type);
                         closeTarget(output);
                       });
      if (weight.is_number())
        output.lossWeight = weight.get<double>();
      else if (!weight.is_null())
        place.fail("loss_weights must be numbers");
    }
  }

  /// Gives open extents of the targets those of the options.
  void closeTarget(OutputSettings &output) {
    llvm::MutableArrayRef<int64_t> row = llvm::MutableArrayRef(output.target.shape).drop_front();
    if (!llvm::is_contained(row, ShapedType::kDynamic))
      return;
    auto given = options.targetShapes.find(output.name);
    if (given == options.targetShapes.end())
      place.fail(fmt::format("output '{0}': how many values a row of its targets has is known from "
                             "data alone; give it with --target-shape {0}=N",
                             printable(output.name)));
    if (given->second.size() != row.size())
      place.fail(fmt::format("--target-shape {}: rows of these targets have {} dimension{}, not {}",
                             printable(output.name), row.size(), row.size() == 1 ? "" : "s",
                             given->second.size()));
    llvm::copy(given->second, row.begin());
  }

  void readAllMetrics() {
    if (!options.metrics.empty()) {
      readMetrics("metrics", std::vector<json>(settings.outputs.size(), json(options.metrics)),
                  &OutputSettings::metrics);
      return;
    }
    readMetrics("metrics", setting(file, "metrics"), &OutputSettings::metrics);
    readMetrics("weighted_metrics", setting(file, "weighted_metrics"),
                &OutputSettings::weightedMetrics);
  }

  void readMetrics(const char *key, const json &value, std::vector<Metric> OutputSettings::*list) {
    auto metrics = distributeMetrics(place, key, value, settings.outputs);
    for (auto [output, items, type] : llvm::zip_equal(settings.outputs, metrics, predictions)) {
      if (!items.empty() && !output.loss && areLossesRead)
        place.fail(fmt::format("output '{}' has metrics but no loss; a metric needs the targets of "
                               "a loss",
                               printable(output.name)));
      for (const json &item : items) {
        std::vector<std::string> reasons;
        attempt(isFileSecondary() ? &reasons : problems,
                [&] { (output.*list).push_back(readMetric(place, item, output.target, type)); });
        for (const std::string &reason : reasons)
          notes.push_back("a metric is left out: " + withoutFile(reason));
      }
    }
  }

  /// Whether the file's metrics were made for another loss than the one at hand.
  bool isFileSecondary() const { return !options.loss.empty() && options.metrics.empty(); }

  std::string withoutFile(llvm::StringRef reason) const {
    reason.consume_front(file.path + ": ");
    return reason.str();
  }

  const KerasFile &file;
  const ImportOptions &options;
  ArrayRef<RankedTensorType> predictions;
  PassedOver passedOver;
  std::vector<std::string> &notes;
  std::vector<std::string> *problems;
  Place place;
  bool areShapesKnown;
  bool areLossesRead = true; ///< false only where problems are collected
  CompileSettings settings;
};

} // namespace

bool CompileSettings::hasLoss() const {
  return llvm::any_of(outputs, [](const OutputSettings &output) { return output.loss != nullptr; });
}

CompileSettings resolveCompileSettings(const KerasFile &file, const ImportOptions &options,
                                       const Model &model, ArrayRef<RankedTensorType> predictions,
                                       PassedOver passedOver, std::vector<std::string> &notes,
                                       std::vector<std::string> *problems) {
  return Resolver(file, options, predictions, passedOver, notes, problems).resolve(model);
}

std::vector<DeclaredTarget> declareTargets(const KerasFile &file, const ImportOptions &options,
                                           const Model &model) {
  MLIRContext context(MLIRContext::Threading::DISABLED);
  // Of the predictions' shapes losses look at the last dimension at most, to choose one.
  std::vector<RankedTensorType> unknown(
      model.outputs.size(),
      RankedTensorType::get({ShapedType::kDynamic, 2}, Float32Type::get(&context)));
  std::vector<std::string> notes;
  return Resolver(file, options, unknown, PassedOver::Nothing, notes, nullptr)
      .declareTargets(model);
}

} // namespace lamina::frontend::keras
