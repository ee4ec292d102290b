#include "frontend/builder/training/metrics/confusion.h"

#include "frontend/builder/shapes.h"
#include "frontend/builder/training/metrics/metrics.h"
#include "support/error.h"

using namespace mlir;

namespace lamina::frontend::builder {
namespace {

constexpr double kNegativeInfinity = -1e10; // metrics_utils.NEG_INF

/// `x` with a new last dimension of `extent` entries.
Tensor alongNewDimension(Tensor x, int64_t extent) {
  llvm::SmallVector<int64_t> shape(x.shape());
  shape.push_back(extent);
  return x.broadcastInDim(shape, llvm::to_vector(llvm::seq<int64_t>(0, x.rank())));
}

/// All but the k largest of the last dimension pushed out of reach; of equal ones the first count.
Tensor keepTopK(Tensor x, int64_t k) {
  int64_t classes = x.dim(x.rank() - 1), rank = x.rank();
  Tensor own = alongNewDimension(x, classes);
  auto others = llvm::to_vector(llvm::seq<int64_t>(0, rank + 1));
  others.erase(others.begin() + rank - 1);
  Tensor other = x.broadcastInDim(own.shape(), others);
  Tensor isBefore = compare(ir::ComparisonDirection::LT, x.emit().iota(own.shape(), rank),
                            x.emit().iota(own.shape(), rank - 1));
  Tensor isLarger = logicalOr(compare(ir::ComparisonDirection::GT, other, own),
                              logicalAnd(equal(other, own), isBefore));
  Tensor place = sum(isLarger.toFloat(), {rank});
  return where(place < static_cast<double>(k), x, kNegativeInfinity);
}

/// The samples' weights for every element of `like`, times the labels' weights; null for none.
Tensor elementWeights(const Scores &scores, Tensor like, const CountOptions &options) {
  Tensor weights;
  if (Tensor samples = scores.weights) {
    if (samples.rank() != like.rank() - 1 || samples.shape() != like.shape().drop_back())
      scores.place.fail(fmt::format("cannot weigh predictions of shape {} with weights of shape {}",
                                    describeShape(like.shape()), describeShape(samples.shape())));
    weights = alongNewDimension(samples, like.dim(like.rank() - 1));
  }
  if (options.labelWeights.empty())
    return weights;
  auto count = static_cast<int64_t>(options.labelWeights.size());
  if (count != like.dim(like.rank() - 1))
    scores.place.fail(fmt::format("has {} label weights for predictions of shape {}", count,
                                  describeShape(like.shape())));
  if (options.isMultiLabel) // then they weigh the results
    return weights;
  Tensor labels = like.emit().constant(options.labelWeights, {count}).broadcastTo(like.shape());
  return weights ? weights * labels : labels;
}

Tensor chooseClass(const Scores &scores, Tensor x, std::optional<int64_t> classId) {
  if (!classId)
    return x;
  int64_t last = x.rank() - 1, classes = x.dim(last);
  if (*classId < -classes || *classId >= classes)
    scores.place.fail(
        fmt::format("'class_id' is {}, but the prediction has {} classes", *classId, classes));
  int64_t index = *classId < 0 ? *classId + classes : *classId;
  return x.slice(last, index, index + 1);
}

} // namespace

/// A prediction p is in bucket ceil(p (count - 1)) - 1, above all thresholds up to that number.
Tensor isExceeded(const Thresholds &thresholds, Tensor prediction) {
  Emitter &emitter = prediction.emit();
  const std::vector<double> &values = thresholds.values;
  auto count = static_cast<int64_t>(values.size());
  if (!thresholds.isEven)
    return compare(ir::ComparisonDirection::GT, alongNewDimension(prediction, count),
                   emitter.constant(values, {count}));
  Tensor scaled = clip(prediction, 0, 1) * static_cast<double>(count - 1);
  Tensor bucket = scaled.apply<ir::CeilOp>() - 1.0;
  bool hasMargin = values.front() < 0 || values.back() > 1;
  if (hasMargin)
    bucket = maximum(bucket, 0);
  return compare(ir::ComparisonDirection::GE, alongNewDimension(bucket, count),
                 emitter.iota({count}, 0).toFloat());
}

Counts countDecisions(const Scores &scores, const Thresholds &thresholds,
                      const CountOptions &options) {
  needTargetsLikePrediction(scores);
  Tensor prediction = scores.prediction, target = scores.target;
  if (options.isMultiLabel && prediction.rank() != 2)
    scores.place.fail(fmt::format("needs a prediction of rank 2 for several labels, got shape {}",
                                  describeShape(prediction.shape())));
  if (options.topK)
    prediction = keepTopK(prediction, *options.topK);
  prediction = chooseClass(scores, prediction, options.classId);
  target = chooseClass(scores, target, options.classId);

  Tensor isTrue = compare(ir::ComparisonDirection::NE, target, target.like(0));
  Tensor trueWeights = isTrue.toFloat(), falseWeights = 1.0 - trueWeights;
  if (Tensor weights = elementWeights(scores, prediction, options)) {
    trueWeights = trueWeights * weights;
    falseWeights = falseWeights * weights;
  }
  auto counted =
      llvm::to_vector(llvm::seq<int64_t>(0, options.isMultiLabel ? 1 : prediction.rank()));
  Tensor isPositive = isExceeded(thresholds, prediction);
  auto count = static_cast<int64_t>(thresholds.values.size());
  auto countExceeding = [&](Tensor weights) {
    return sum(where(isPositive, alongNewDimension(weights, count), 0.0), counted);
  };
  return {countExceeding(trueWeights), countExceeding(falseWeights), sum(trueWeights, counted),
          sum(falseWeights, counted)};
}

Tensor countsBelow(Tensor counts, Tensor atThresholds) {
  auto leading = llvm::to_vector(llvm::seq<int64_t>(0, counts.rank()));
  return counts.broadcastInDim(atThresholds.shape(), leading) - atThresholds;
}

} // namespace lamina::frontend::builder
