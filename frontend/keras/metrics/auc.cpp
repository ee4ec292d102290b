// keras.metrics.AUC: keras/src/metrics/confusion_metrics.py
#include "frontend/keras/metrics/confusion.h"
#include "frontend/keras/metrics/metrics.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

enum class Curve { Roc, Pr, PrGain };
enum class Summation { Interpolation, Minoring, Majoring };

template <typename Kind> struct Choice {
  llvm::StringLiteral name;
  Kind kind;
};

constexpr Choice<Curve> kCurves[] = {
    {"ROC", Curve::Roc}, {"PR", Curve::Pr}, {"PRGAIN", Curve::PrGain}};
constexpr Choice<Summation> kSummations[] = {{"interpolation", Summation::Interpolation},
                                             {"minoring", Summation::Minoring},
                                             {"majoring", Summation::Majoring}};

template <typename Kind, size_t count>
Kind choose(Config &config, const char *key, const Choice<Kind> (&choices)[count]) {
  std::string value = config.text(key, choices[0].name.str());
  std::vector<std::string> names;
  for (const Choice<Kind> &choice : choices) {
    if (choice.name.equals_insensitive(value))
      return choice.kind;
    names.push_back(choice.name.str());
  }
  config.fail(fmt::format("'{}' must be one of {}, not '{}'", key, fmt::join(names, ", "),
                          printable(value)));
}

Thresholds readThresholds(Config &config) {
  std::vector<double> inner;
  int64_t count = config.integer("num_thresholds", 200);
  bool isGiven = config.has("thresholds");
  if (isGiven) {
    inner = config.numbers("thresholds", 0).values;
    llvm::sort(inner);
  } else if (count < 2 || count > 100000) {
    config.fail(fmt::format("'num_thresholds' must be from 2 to 100000, not {}", count));
  } else {
    for (int64_t i = 1; i < count - 1; ++i)
      inner.push_back(static_cast<double>(i) / static_cast<double>(count - 1));
  }
  std::vector<double> values = {0};
  values.insert(values.end(), inner.begin(), inner.end());
  values.push_back(1);
  bool isEven = !isGiven || areEvenlySpaced(values);
  values.front() = -kEpsilon; // the outer thresholds lie outside [0, 1]
  values.back() = 1 + kEpsilon;
  return Thresholds(std::move(values), isEven);
}

/// Along the thresholds, the last dimension: all but the last, all but the first.
Tensor lower(Tensor x) {
  int64_t last = x.rank() - 1;
  return x.slice(last, 0, x.dim(last) - 1);
}
Tensor upper(Tensor x) {
  int64_t last = x.rank() - 1;
  return x.slice(last, 1, x.dim(last));
}

/// Sums over batches with their last dimension for the thresholds, those of every label first.
struct Rates {
  Tensor truePositives, falsePositives, falseNegatives, trueNegatives;
};

/// Interpolates true positives linearly between thresholds, not precision (Davis and Goadrich, The
/// Relationship Between Precision-Recall and ROC Curves, ICML 2006).
Tensor interpolatePrArea(const Rates &r) {
  Tensor gained = lower(r.truePositives) - upper(r.truePositives);
  Tensor p = r.truePositives + r.falsePositives;
  Tensor low = lower(p), high = upper(p);
  Tensor slope = divideNoNan(gained, maximum(low - high, 0));
  Tensor intercept = upper(r.truePositives) - slope * high;
  Tensor hasBoth = logicalAnd(low > 0, high > 0);
  Tensor ratio = where(hasBoth, divideNoNan(low, maximum(high, 0)), 1.0);
  Tensor actual = maximum(upper(r.truePositives + r.falseNegatives), 0);
  return sum(divideNoNan(slope * (gained + intercept * log(ratio)), actual), {-1});
}

struct Points {
  Tensor x, y;
};

Points pointsOf(Curve curve, const Rates &r) {
  Tensor actual = r.truePositives + r.falseNegatives, others = r.falsePositives + r.trueNegatives;
  Tensor recall = divideNoNan(r.truePositives, actual);
  if (curve == Curve::Roc)
    return {divideNoNan(r.falsePositives, others), recall};
  if (curve == Curve::Pr)
    return {recall, divideNoNan(r.truePositives, r.truePositives + r.falsePositives)};
  // Precision-recall-gain (Flach and Kull, NIPS 2015).
  Tensor scale = divideNoNan(actual, others);
  Tensor isNone = equal(r.truePositives, r.truePositives.like(0));
  Tensor recallGain = 1.0 - scale * divideNoNan(r.falseNegatives, r.truePositives);
  Tensor precisionGain = 1.0 - scale * divideNoNan(r.falsePositives, r.truePositives);
  return {maximum(where(isNone, recallGain.like(0), recallGain), 0),
          where(isNone, precisionGain.like(1), precisionGain)};
}

Tensor heightsOf(Summation summation, Tensor y) {
  if (summation == Summation::Interpolation)
    return (lower(y) + upper(y)) / 2.0;
  return summation == Summation::Minoring ? minimum(lower(y), upper(y))
                                          : maximum(lower(y), upper(y));
}

class Auc : public MetricMeaning {
public:
  explicit Auc(Config &config)
      : curve(choose(config, "curve", kCurves)),
        summation(choose(config, "summation_method", kSummations)),
        thresholds(readThresholds(config)), fromLogits(config.boolean("from_logits", false)) {
    options.isMultiLabel = config.boolean("multi_label", false);
    if (config.has("label_weights"))
      options.labelWeights = config.numbers("label_weights", 1).values;
    config.ignore({"num_labels"}); // follows from the prediction
  }

  Tensors accumulate(const Scores &scores) const override {
    Scores probabilities = scores;
    if (fromLogits)
      probabilities.prediction = sigmoid(scores.prediction);
    Counts counts = countDecisions(probabilities, thresholds, options);
    return {counts.truePositives, counts.falsePositives, counts.positives, counts.negatives};
  }

  Tensor result(ArrayRef<Tensor> sums) const override {
    Rates rates{sums[0], sums[1], countsBelow(sums[2], sums[0]), countsBelow(sums[3], sums[1])};
    bool isInterpolatedPr = curve == Curve::Pr && summation == Summation::Interpolation;
    return averageLabels(isInterpolatedPr ? interpolatePrArea(rates) : sumArea(rates));
  }

private:
  Tensor sumArea(const Rates &rates) const {
    Points points = pointsOf(curve, rates);
    return sum((lower(points.x) - upper(points.x)) * heightsOf(summation, points.y), {-1});
  }

  Tensor averageLabels(Tensor areas) const {
    if (!options.isMultiLabel || options.labelWeights.empty())
      return meanAll(areas);
    auto count = static_cast<int64_t>(options.labelWeights.size());
    Tensor weights =
        areas.emit().constant(options.labelWeights, {count}).convert(areas.elementType());
    return divideNoNan(sumAll(areas * weights), sumAll(weights));
  }

  Curve curve;
  Summation summation;
  Thresholds thresholds;
  bool fromLogits;
  CountOptions options;
};

} // namespace

const MetricEntry aucMetric = {{"AUC", "auc"}, createMetric<Auc>};

} // namespace lamina::frontend::keras
