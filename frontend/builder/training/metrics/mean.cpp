// keras.metrics.Mean: keras/src/metrics/reduction_metrics.py
#include "frontend/builder/training/metrics/mean.h"
#include "frontend/builder/shapes.h"
#include "frontend/builder/training/metrics/metrics.h"
#include "support/error.h"

using namespace mlir;

namespace lamina::frontend::builder {
namespace {

/// The mean over the dimensions from `first` on.
Tensor meanFrom(Tensor x, int64_t first) {
  return mean(x, llvm::to_vector(llvm::seq<int64_t>(first, x.rank())));
}

} // namespace

Tensor MeanMetric::weigh(const Scores &scores) const {
  if (!scores.mask)
    return scores.weights;
  Tensor counts = scores.mask.toFloat();
  if (!scores.weights)
    return counts;
  if (scores.weights.shape() != counts.shape())
    scores.place.fail(fmt::format("cannot weigh steps of shape {} with weights of shape {}",
                                  describeShape(counts.shape()),
                                  describeShape(scores.weights.shape())));
  return scores.weights * counts;
}

/// Each row counts once, or by the mean of its weights.
Tensors MeanMetric::accumulate(const Scores &scores) const {
  Tensor values = compute(scores);
  Tensor weights = weigh(scores);
  if (!weights)
    return {sum(meanFrom(values, 1), {0}), values.emit().rows()};
  if (weights.rank() > values.rank() ||
      weights.shape() != values.shape().take_front(weights.rank()))
    scores.place.fail(fmt::format("cannot weigh values of shape {} with weights of shape {}",
                                  describeShape(values.shape()), describeShape(weights.shape())));
  values = meanFrom(values, weights.rank()) * weights;
  return {sum(meanFrom(values, 1), {0}), sum(meanFrom(weights, 1), {0})};
}

Tensor MeanMetric::result(ArrayRef<Tensor> sums) const {
  return divideNoNan(sums[0], sums[1]);
}

Tensor MeanMetric::meanOverRows(const Scores &scores) const {
  return weigh(scores) ? Tensor() : meanAll(compute(scores));
}

Tensor MeanAlongAxis::compute(const Scores &scores) const {
  needTargetsLikePrediction(scores);
  return compare(scores.target, scores.prediction, axisBesideRows(scores, axis));
}

} // namespace lamina::frontend::builder
