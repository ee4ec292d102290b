// keras.metrics.IoU, BinaryIoU, MeanIoU, OneHotIoU, OneHotMeanIoU: keras/src/metrics/iou_metrics.py
#include "frontend/builder/shapes.h"
#include "frontend/builder/training/metrics/metrics.h"
#include "support/error.h"

using namespace mlir;

namespace lamina::frontend::builder {
namespace {

Tensor truncated(Tensor x) {
  return x.convert(IntegerType::get(x.emit().getContext(), 32));
}

class Iou : public MetricFormula, IouSettings {
public:
  explicit Iou(const IouSettings &settings) : IouSettings(settings) {}

  Tensors accumulate(const Scores &scores) const override {
    Tensor label = areLabelsIndices ? truncated(scores.target) : classesOf(scores, scores.target);
    Tensor prediction = scores.prediction;
    if (threshold)
      prediction = truncated((prediction >= *threshold).toFloat());
    else
      prediction = arePredictionsIndices ? truncated(prediction) : classesOf(scores, prediction);
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
  Tensor classesOf(const Scores &scores, Tensor oneHot) const {
    return argmax(oneHot, normalizeAxis(scores.place, axis, oneHot.rank()));
  }

  /// The extents but those of 1.
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
    if (!ignoredClass)
      return weights;
    Tensor isCounted =
        compare(ir::ComparisonDirection::NE, label, label.like(static_cast<double>(*ignoredClass)));
    return weights ? where(isCounted, weights, 0.0) : isCounted.toFloat();
  }
};

} // namespace

std::unique_ptr<MetricFormula> createMetric(const IouSettings &settings) {
  return std::make_unique<Iou>(settings);
}

} // namespace lamina::frontend::builder
