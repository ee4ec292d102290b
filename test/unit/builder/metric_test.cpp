// Metrics made from settings: what a batch adds to the sums, and the value that follows.
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "frontend/builder/training/metric.h"
#include "written_function.h"

namespace lamina::frontend::test {
namespace {

using namespace builder;
using testing::ElementsAre;
using testing::FloatNear;

const Place kMetricPlace{"model.onnx", "the metric"};

/// The metric's value of one batch.
std::vector<float> metricOf(const MetricFormulaSettings &settings, ir::HostTensor target,
                            ir::HostTensor prediction) {
  Metric metric(kMetricPlace, "metric", createMetricFormula(settings));
  return values(evaluate([&](auto x) { return metric.compute(x[0], x[1], {}, {}, {}).value; },
                         {std::move(target), std::move(prediction)}));
}

const ir::HostTensor kBits = floats({4, 1}, {1, 0, 1, 0});
const ir::HostTensor kProbabilities = floats({4, 1}, {0.9, 0.2, 0.4, 0.6});
const ir::HostTensor kOneHot = floats({2, 3}, {0, 1, 0, 0, 0, 1});
const ir::HostTensor kClassScores = floats({2, 3}, {0.2, 0.5, 0.3, 0.5, 0.3, 0.2});

TEST(Metric, accuracies) {
  EXPECT_THAT(metricOf(AccuracySettings{}, kBits, kProbabilities), ElementsAre(0));
  EXPECT_THAT(metricOf(BinaryAccuracySettings{}, kBits, kProbabilities), ElementsAre(0.5));
  EXPECT_THAT(metricOf(BinaryAccuracySettings{0.3}, kBits, kProbabilities), ElementsAre(0.75));
  EXPECT_THAT(
      metricOf(AccuracySettings{AccuracySettings::Kind::Categorical}, kOneHot, kClassScores),
      ElementsAre(0.5));
  EXPECT_THAT(metricOf(AccuracySettings{AccuracySettings::Kind::SparseCategorical},
                       floats({2}, {1, 2}), kClassScores),
              ElementsAre(0.5));
  EXPECT_THAT(metricOf(TopKAccuracySettings{1}, kOneHot, kClassScores), ElementsAre(0.5));
  EXPECT_THAT(metricOf(TopKAccuracySettings{3, true}, floats({2}, {1, 2}), kClassScores),
              ElementsAre(1));
}

TEST(Metric, decisionsAtThresholds) {
  EXPECT_THAT(metricOf(PrecisionSettings{}, kBits, kProbabilities), ElementsAre(0.5));
  EXPECT_THAT(metricOf(PrecisionSettings{{.thresholds = {{0.1, 0.7}}}}, kBits, kProbabilities),
              ElementsAre(0.5, 1));
  EXPECT_THAT(metricOf(RecallSettings{{.thresholds = {{0.3}}}}, kBits, kProbabilities),
              ElementsAre(1));
  auto count = [](DecisionCountSettings::Kind kind) {
    return metricOf(DecisionCountSettings{kind, {{0.3}}}, kBits, kProbabilities)[0];
  };
  EXPECT_EQ(count(DecisionCountSettings::Kind::TruePositives), 2);
  EXPECT_EQ(count(DecisionCountSettings::Kind::FalsePositives), 1);
  EXPECT_EQ(count(DecisionCountSettings::Kind::TrueNegatives), 1);
  EXPECT_EQ(count(DecisionCountSettings::Kind::FalseNegatives), 0);
}

TEST(Metric, areasAndRates) {
  // Of the four pairs of a positive and a negative three are in order.
  Thresholds thresholds{{-0.1, 0.3, 0.5, 0.7, 1.1}};
  EXPECT_THAT(metricOf(AucSettings{.thresholds = thresholds}, kBits, kProbabilities),
              ElementsAre(FloatNear(0.75, 1e-6)));
  RateAtRateSettings settings{.least = 0.9, .thresholds = thresholds};
  EXPECT_THAT(metricOf(settings, kBits, kProbabilities), ElementsAre(0.5));
  settings.least = 0.5;
  EXPECT_THAT(metricOf(settings, kBits, kProbabilities), ElementsAre(1));
}

TEST(Metric, scoresOfClasses) {
  // Decided: class 1 of 1, and class 0 of 2.
  EXPECT_THAT(metricOf(FBetaScoreSettings{}, kOneHot, kClassScores),
              ElementsAre(0, FloatNear(1, 1e-5), 0));
  EXPECT_THAT(
      metricOf(FBetaScoreSettings{FBetaScoreSettings::Average::Micro}, kOneHot, kClassScores),
      ElementsAre(FloatNear(0.5, 1e-5)));
  IouSettings iou{.classes = 3, .arePredictionsIndices = false, .chosen = {1, 2}};
  EXPECT_THAT(metricOf(iou, floats({2}, {1, 2}), kClassScores), ElementsAre(FloatNear(0.5, 1e-5)));
}

TEST(Metric, regression) {
  ir::HostTensor target = floats({1, 2}, {1, 3}), prediction = floats({1, 2}, {2, 6});
  EXPECT_THAT(metricOf(RootMeanSquaredErrorSettings{}, target, prediction),
              ElementsAre(FloatNear(std::sqrt(5.0f), 1e-6)));
  EXPECT_THAT(metricOf(MeanLossSettings{PlainLoss::MeanAbsoluteError}, target, prediction),
              ElementsAre(2));
  EXPECT_THAT(metricOf(R2ScoreSettings{}, floats({3, 1}, {1, 2, 3}), floats({3, 1}, {1, 2, 5})),
              ElementsAre(FloatNear(-1, 1e-6)));
}

TEST(Metric, comparisonsAlongAnAxis) {
  ir::HostTensor target = floats({1, 2}, {3, 4}), prediction = floats({1, 2}, {4, 3});
  using Comparison = MeanAlongAxisSettings::Comparison;
  EXPECT_THAT(metricOf(MeanAlongAxisSettings{Comparison::CosineSimilarity}, target, prediction),
              ElementsAre(FloatNear(0.96, 1e-6)));
  EXPECT_THAT(metricOf(MeanAlongAxisSettings{Comparison::PearsonCorrelation}, target, prediction),
              ElementsAre(FloatNear(-1, 1e-6)));
}

TEST(Metric, lossesWithTheirReductionCountOncePerBatch) {
  Loss loss(kMetricPlace, PlainLoss::MeanSquaredError, LossReduction::Sum);
  Metric metric(kMetricPlace, "loss", createMetricFormula(std::move(loss)));
  EXPECT_THAT(
      values(evaluate([&](auto x) { return metric.compute(x[0], x[1], {}, {}, {}).sums[1]; },
                      {kBits, kProbabilities})),
      ElementsAre(1));
}

TEST(Metric, targetsOfAnotherShapeAreRefused) {
  EXPECT_EQ(errorOf([] { metricOf(AccuracySettings{}, floats({2}, {1, 2}), kClassScores); }),
            "model.onnx: the metric: needs targets of the prediction's shape (2, 3), but the loss "
            "takes targets of shape (2,)");
}

} // namespace
} // namespace lamina::frontend::test
