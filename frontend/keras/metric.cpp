#include "frontend/keras/metric.h"

#include "frontend/keras/layer.h"
#include "frontend/keras/metrics/metrics.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

/// A loss used as a metric: the mean of its values.
class LossMetric : public MetricMeaning {
public:
  explicit LossMetric(std::unique_ptr<LossMeaning> loss) : loss(std::move(loss)) {}

  Tensor compute(const Scores &scores) const override {
    TargetType expected = loss->getTargetType(scores.place, scores.prediction.type());
    if (expected.shape != scores.target.shape().vec())
      scores.place.fail(fmt::format("needs targets of shape {}, but the loss takes targets of "
                                    "shape {}",
                                    describeShape(ArrayRef<int64_t>(expected.shape)),
                                    describeShape(scores.target.shape())));
    return loss->compute(scores).values;
  }

private:
  std::unique_ptr<LossMeaning> loss;
};

/// keras/src/trainers/compile_utils.py, get_metric.
std::string resolveAccuracy(const TargetType &target, RankedTensorType prediction) {
  if (prediction.getShape().back() == 1)
    return "BinaryAccuracy";
  bool isSparse =
      static_cast<int64_t>(target.shape.size()) < prediction.getRank() || target.shape.back() == 1;
  return isSparse ? "SparseCategoricalAccuracy" : "CategoricalAccuracy";
}

std::unique_ptr<MetricMeaning> createMeaning(const Place &where, const std::string &className,
                                             Config &config) {
  for (const MetricEntry &entry : metricEntries())
    if (llvm::is_contained(entry.names, className))
      return entry.create(config);
  if (const LossEntry *loss = findLoss(className))
    return std::make_unique<LossMetric>(loss->create(config));
  std::vector<std::string> names;
  for (const MetricEntry &entry : metricEntries())
    names.insert(names.end(), entry.names.begin(), entry.names.end());
  for (const LossEntry &entry : lossEntries())
    names.insert(names.end(), entry.names.begin(), entry.names.end());
  where.fail(fmt::format("{} is not supported; the nearest supported is {}", config.where().part,
                         nearestName(className, names)));
}

} // namespace

const std::vector<MetricEntry> &metricEntries() {
  static const std::vector<MetricEntry> entries = {accuracyMetric,
                                                   binaryAccuracyMetric,
                                                   categoricalAccuracyMetric,
                                                   sparseCategoricalAccuracyMetric,
                                                   topKCategoricalAccuracyMetric,
                                                   sparseTopKCategoricalAccuracyMetric};
  return entries;
}

Metric::Metric(const Place &where, const nlohmann::json &value, const TargetType &target,
               RankedTensorType prediction)
    : place(where) {
  ObjectConfig object = ObjectConfig::read(where, "the metric", value);
  name = object.className;
  // A function handed over as such is wrapped: {"fn": function, "name": ...}.
  if (object.className == "MeanMetricWrapper" && object.config.contains("fn")) {
    object.className =
        ObjectConfig::read(place, "the metric function", object.config["fn"]).className;
    object.config.erase("fn");
  }
  place.part = fmt::format("metric '{}'", printable(object.className));
  std::string lower = llvm::StringRef(object.className).lower();
  if (value.is_string() && (lower == "accuracy" || lower == "acc"))
    object.className = resolveAccuracy(target, prediction);
  Config config(object.config, place);
  name = config.text("name", name);
  config.ignore({"dtype"});
  meaning = createMeaning(where, object.className, config);
  config.finish(object.className);
}

Tensor Metric::compute(Tensor target, Tensor prediction, Tensor logits) const {
  return meanAll(meaning->compute({target, prediction, logits, place}));
}

} // namespace lamina::frontend::keras
