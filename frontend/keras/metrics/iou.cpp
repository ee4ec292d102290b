// keras.metrics.IoU, BinaryIoU, MeanIoU, OneHotIoU, OneHotMeanIoU: keras/src/metrics/iou_metrics.py
#include "frontend/keras/metrics/metrics.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

/// How the members of the family differ.
struct IouForm {
  bool isBinary = false; ///< two classes, told apart by a threshold
  bool isMean = false;   ///< over all classes, not over chosen ones
  bool hasOneHotLabels = false;
};

Tensor truncated(Tensor x) {
  return x.convert(IntegerType::get(x.emit().getContext(), 32));
}

/// Intersection over union from the matrix of labels by predictions.
class Iou : public MetricMeaning {
public:
  Iou(Config &config, const IouForm &form)
      : classes(form.isBinary ? 2 : config.positive("num_classes")),
        ignoreClass(config.optionalInteger("ignore_class")),
        areLabelsSparse(config.boolean("sparse_y_true", !form.hasOneHotLabels)),
        arePredictionsSparse(config.boolean("sparse_y_pred", !form.hasOneHotLabels)),
        axis(config.integer("axis", -1)) {
    if (form.isBinary)
      threshold = config.number("threshold", 0.5);
    for (int64_t i = 0; i < classes; ++i)
      chosen.push_back(i);
    if (!form.isMean)
      chosen = config.integers("target_class_ids").value_or(form.isBinary ? chosen : noClasses());
    for (int64_t id : chosen)
      if (id < 0 || id >= classes)
        config.fail(fmt::format("'target_class_ids' has {}, which is not in [0, {})", id, classes));
    if (chosen.empty())
      config.fail("'target_class_ids' is missing from the configuration");
    const nlohmann::json &dtype = config.raw("dtype");
    hasIntegerSums =
        !dtype.is_string() || !llvm::StringRef(dtype.get<std::string>()).starts_with("float");
  }

  Tensors accumulate(const Scores &scores) const override {
    Tensor label = areLabelsSparse ? truncated(scores.target) : classesOf(scores, scores.target);
    Tensor prediction = scores.prediction;
    if (threshold)
      prediction = truncated((prediction >= *threshold).toFloat());
    else
      prediction = arePredictionsSparse ? truncated(prediction) : classesOf(scores, prediction);
    if (essentialShape(label) != essentialShape(prediction))
      scores.place.fail(fmt::format("compares labels of shape {} with predictions of shape {}",
                                    describeShape(label.shape()),
                                    describeShape(prediction.shape())));
    label = label.reshape(prediction.shape());
    Tensor labels = isLabel(label, classes).toFloat();
    if (Tensor counted = countedWeights(scores, label))
      labels = spread(counted, {labels.rank() - 1}, labels) * labels;
    return {contract(labels, isLabel(prediction, classes).toFloat())};
  }

  Tensor result(ArrayRef<Tensor> sums) const override {
    Tensor matrix = sums[0];
    Emitter &emitter = matrix.emit();
    Tensor isDiagonal = equal(emitter.iota(matrix.shape(), 0), emitter.iota(matrix.shape(), 1));
    Tensor both = sum(where(isDiagonal, matrix, 0.0), {0});
    Tensor either = sum(matrix, {0}) + sum(matrix, {1}) - both;
    std::vector<double> wanted(classes, 0);
    for (int64_t id : chosen)
      wanted[id] += 1;
    Tensor count = emitter.constant(wanted, {classes}).convert(matrix.elementType());
    Tensor isPresent = either > 1e-9;
    Tensor overlaps = where(isPresent, both / (either + kEpsilon) * count, 0.0);
    return sumAll(overlaps) / (sumAll(where(isPresent, count, 0.0)) + kEpsilon);
  }

private:
  static std::vector<int64_t> noClasses() { return {}; }

  Tensor classesOf(const Scores &scores, Tensor oneHot) const {
    return argmax(oneHot, normalizeAxis(scores.place, axis, oneHot.rank()));
  }

  /// Rows and what is larger than 1 of the others.
  static std::vector<int64_t> essentialShape(Tensor x) {
    std::vector<int64_t> shape = x.shape().vec();
    llvm::erase(shape, 1);
    return shape;
  }

  /// Sums of products over all dimensions but the last.
  static Tensor contract(Tensor a, Tensor b) {
    auto dimensions = llvm::to_vector(llvm::seq<int64_t>(0, a.rank() - 1));
    ArrayRef<int64_t> none;
    return a.with(a.emit().create<ir::DotGeneralOp>(Value(a), Value(b), none, none,
                                                    ArrayRef<int64_t>(dimensions),
                                                    ArrayRef<int64_t>(dimensions)));
  }

  /// The weights that labels count with; null where all count once. Labels and predictions out of
  /// range are in no class anyway.
  Tensor countedWeights(const Scores &scores, Tensor label) const {
    Tensor weights = scores.weights;
    if (weights && weights.shape() != label.shape()) {
      if (essentialShape(weights) != essentialShape(label))
        scores.place.fail(fmt::format("cannot weigh labels of shape {} with weights of shape {}",
                                      describeShape(label.shape()),
                                      describeShape(weights.shape())));
      weights = weights.reshape(label.shape());
    }
    if (weights && hasIntegerSums)
      weights = truncated(weights).toFloat();
    if (!ignoreClass)
      return weights;
    Tensor isCounted =
        compare(ir::ComparisonDirection::NE, label, label.like(static_cast<double>(*ignoreClass)));
    return weights ? where(isCounted, weights, 0.0) : isCounted.toFloat();
  }

  int64_t classes;
  std::optional<int64_t> ignoreClass;
  bool areLabelsSparse, arePredictionsSparse;
  int64_t axis;
  std::optional<double> threshold;
  std::vector<int64_t> chosen; ///< classes whose mean is the result
  bool hasIntegerSums;         ///< Keras truncates weights then
};

constexpr IouForm kIou, kBinaryIou{.isBinary = true}, kMeanIou{.isMean = true},
    kOneHotIou{.hasOneHotLabels = true}, kOneHotMeanIou{.isMean = true, .hasOneHotLabels = true};

template <const IouForm &form> std::unique_ptr<MetricMeaning> createIou(Config &config) {
  return std::make_unique<Iou>(config, form);
}

} // namespace

const MetricEntry iouMetric = {{"IoU", "io_u"}, createIou<kIou>};
const MetricEntry binaryIouMetric = {{"BinaryIoU", "binary_io_u"}, createIou<kBinaryIou>};
const MetricEntry meanIouMetric = {{"MeanIoU", "mean_io_u"}, createIou<kMeanIou>};
const MetricEntry oneHotIouMetric = {{"OneHotIoU", "one_hot_io_u"}, createIou<kOneHotIou>};
const MetricEntry oneHotMeanIouMetric = {{"OneHotMeanIoU", "one_hot_mean_io_u"},
                                         createIou<kOneHotMeanIou>};

} // namespace lamina::frontend::keras
