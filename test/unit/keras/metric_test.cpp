// Metrics with state: what batches add up to, and the value that follows from it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ir/module.h"
#include "model_file.h"

namespace lamina::frontend::test {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::FloatNear;
using testing::Pointwise;

json metric(const char *className, json config = json::object()) {
  return {{"module", "keras.metrics"}, {"class_name", className}, {"config", config}};
}

json identity(int64_t width) {
  return sequential({input("x", {width}), layer("Activation", "a", {{"activation", "linear"}})});
}

/// A model that hands its input to a metric, fed batch by batch.
class Fed {
public:
  Fed(int64_t width, json metric, const char *loss = "mse")
      : model(makeFile(identity(width),
                       {{"loss", loss}, {"metrics", json::array({std::move(metric)})}})) {
    model.initialize(0);
  }

  void add(ir::HostTensor prediction, ir::HostTensor target) {
    int64_t rows = prediction.shape()[0];
    auto results = model.run("evaluate", {prediction, target}, rows);
    ofBatch = values(results[1]);
    for (size_t i = 2; i < results.size(); ++i) {
      if (sums.size() < i - 1)
        sums.emplace_back(values(results[i]).size(), 0.0);
      for (size_t element = 0; element < sums[i - 2].size(); ++element)
        sums[i - 2][element] += values(results[i])[element];
      shapes.resize(sums.size());
      shapes[i - 2] = results[i].shape();
    }
  }

  std::vector<double> result() {
    std::vector<ir::HostTensor> arguments;
    for (size_t i = 0; i < sums.size(); ++i)
      arguments.push_back(ir::HostTensor::of<double>(shapes[i], sums[i]));
    ir::HostTensor tensor = model.run("results", arguments, 1)[0];
    std::vector<double> result;
    for (int64_t i = 0; i < tensor.size(); ++i)
      result.push_back(tensor.at(i));
    return result;
  }

  std::vector<float> ofBatch;

private:
  Imported model;
  std::vector<std::vector<double>> sums;
  std::vector<std::vector<int64_t>> shapes;
};

TEST(Metric, precisionIsThatOfAllBatches) {
  Fed fed(1, metric("Precision"));
  fed.add(floats({3, 1}, {0.9f, 0.8f, 0.1f}), floats({3, 1}, {1, 0, 1}));
  EXPECT_THAT(fed.ofBatch, ElementsAre(0.5f));
  fed.add(floats({1, 1}, {0.6f}), floats({1, 1}, {1}));
  EXPECT_THAT(fed.ofBatch, ElementsAre(1.0f));
  EXPECT_THAT(fed.result(), Pointwise(testing::DoubleNear(1e-12), {2.0 / 3}));
}

TEST(Metric, severalThresholdsGiveSeveralValues) {
  Fed fed(1, metric("Recall", {{"thresholds", {0.0, 0.5, 1.0}}}));
  fed.add(floats({4, 1}, {0, 0.5f, 0.75f, 1}), floats({4, 1}, {1, 1, 1, 0}));
  EXPECT_THAT(fed.ofBatch, Pointwise(FloatNear(1e-6), {2.0f / 3, 1.0f / 3, 0.0f}));
}

TEST(Metric, ofEqualPredictionsTheFirstAreTheTopK) {
  Fed fed(3, metric("Precision", {{"top_k", 1}}));
  fed.add(floats({2, 3}, {0.4f, 0.4f, 0.2f, 0.1f, 0.3f, 0.3f}), floats({2, 3}, {0, 1, 0, 0, 1, 0}));
  EXPECT_THAT(fed.ofBatch, ElementsAre(0.5f));
}

TEST(Metric, areaUnderTheCurve) {
  Fed fed(1, metric("AUC"));
  fed.add(floats({2, 1}, {0.1f, 0.4f}), floats({2, 1}, {0, 0}));
  fed.add(floats({2, 1}, {0.35f, 0.8f}), floats({2, 1}, {1, 1}));
  EXPECT_THAT(fed.result(), Pointwise(testing::DoubleNear(1e-9), {0.75}));
}

TEST(Metric, intersectionOverUnionOfAbsentClassesDoesNotCount) {
  Fed fed(3, metric("MeanIoU", {{"num_classes", 3}, {"sparse_y_pred", false}}),
          "sparse_categorical_crossentropy");
  fed.add(floats({3, 3}, {1, 0, 0, 1, 0, 0, 0, 1, 0}),
          ir::HostTensor::of<int32_t>({3}, std::vector<int32_t>{0, 1, 1}));
  EXPECT_THAT(fed.ofBatch, Pointwise(FloatNear(1e-6), {0.5f}));
}

TEST(Metric, determinationCountsAllBatches) {
  Fed fed(1, metric("R2Score"));
  fed.add(floats({2, 1}, {1.5f, 2}), floats({2, 1}, {1, 2}));
  fed.add(floats({1, 1}, {3}), floats({1, 1}, {3}));
  EXPECT_THAT(fed.result(), Pointwise(testing::DoubleNear(1e-9), {1 - 0.25 / 2}));
}

/// 1 - (1 - R2) (n - 1) / (n - p - 1); R2 itself where there are not more than p + 1 samples.
/// (Keras on TensorFlow cannot compute it: it takes an integer count from a float.)
TEST(Metric, determinationIsAdjustedByRegressors) {
  for (auto [regressors, expected] : {std::pair{1, 1 - 0.1 * 3 / 2}, {3, 1 - 0.1}}) {
    Fed fed(1, metric("R2Score", {{"num_regressors", regressors}}));
    fed.add(floats({2, 1}, {1.5f, 2.5f}), floats({2, 1}, {1, 2}));
    fed.add(floats({2, 1}, {3, 4}), floats({2, 1}, {3, 4}));
    EXPECT_THAT(fed.result(), Pointwise(testing::DoubleNear(1e-6), {expected}));
  }
}

TEST(Metric, aLossObjectGivesOneNumberABatch) {
  json loss = {{"module", "keras.losses"},
               {"class_name", "MeanSquaredError"},
               {"config", {{"name", "mean_squared_error"}, {"reduction", "sum"}}}};
  Fed fed(1, loss);
  fed.add(floats({2, 1}, {1, 2}), floats({2, 1}, {0, 0}));
  fed.add(floats({1, 1}, {1}), floats({1, 1}, {0}));
  EXPECT_THAT(fed.result(), ElementsAre(3));
}

TEST(Metric, weightsCountInWeightedMetricsAlone) {
  ImportOptions options;
  options.sampleWeights = true;
  Imported model(makeFile(identity(1), {{"loss", "mse"},
                                        {"metrics", {"mae"}},
                                        {"weighted_metrics", {"mae", metric("Precision")}}}),
                 options);
  model.initialize(0);
  auto logs = model.run("evaluate",
                        {floats({2, 1}, {1, 2}), floats({2, 1}, {0, 1}), floats({2}, {3, 1})}, 2);
  EXPECT_EQ(logs[1].at(0), 1);
  EXPECT_EQ(logs[2].at(0), 1);
  EXPECT_EQ(logs[3].at(0), 0.25);
}

TEST(Metric, meansNeedNoSums) {
  Imported model(makeFile(identity(1), {{"loss", "mse"}, {"metrics", {"mae", "binary_accuracy"}}}));
  EXPECT_FALSE(model.getModule().lookupSymbol("results"));
}

std::string metricError(json metric, int64_t width = 2, const char *loss = "mse") {
  return importError(
      makeFile(identity(width), {{"loss", loss}, {"metrics", json::array({std::move(metric)})}}));
}

TEST(MetricDiagnostics, settings) {
  EXPECT_EQ(metricError(metric("Precision", {{"thresholds", 1.5}})),
            "model.keras: metric 'Precision': 'thresholds' must be in [0, 1], not 1.5");
  EXPECT_EQ(metricError(metric("Recall", {{"class_id", 2}})),
            "model.keras: metric 'Recall': 'class_id' is 2, but the prediction has 2 classes");
  EXPECT_EQ(metricError(metric("Recall", {{"top_k", 0}})),
            "model.keras: metric 'Recall': 'top_k' must be positive, not 0");
  EXPECT_EQ(metricError(metric("AUC", {{"curve", "roll"}})),
            "model.keras: metric 'AUC': 'curve' must be one of ROC, PR, PRGAIN, not 'roll'");
  EXPECT_EQ(metricError(metric("AUC", {{"num_thresholds", 1}})),
            "model.keras: metric 'AUC': 'num_thresholds' must be from 2 to 100000, not 1");
  EXPECT_EQ(metricError(metric("PrecisionAtRecall", {{"recall", 0.5}, {"num_thresholds", 0}})),
            "model.keras: metric 'PrecisionAtRecall': 'num_thresholds' must be from 1 to 100000, "
            "not 0");
  EXPECT_EQ(metricError(metric("Recall", {{"thresholds", json::array()}})),
            "model.keras: metric 'Recall': 'thresholds' must be a number or a list of numbers, not "
            "[]");
  EXPECT_EQ(metricError(metric("AUC", {{"label_weights", {1.0, 2.0, 3.0}}})),
            "model.keras: metric 'AUC': has 3 label weights for predictions of shape (None, 2)");
  EXPECT_EQ(metricError(metric("PrecisionAtRecall", {{"recall", 2.0}})),
            "model.keras: metric 'PrecisionAtRecall': 'recall' must be in [0, 1]");
  EXPECT_EQ(metricError(metric("FBetaScore", {{"beta", 0.0}})),
            "model.keras: metric 'FBetaScore': 'beta' must be positive, not 0");
  EXPECT_EQ(metricError(metric("F1Score", {{"average", "all"}})),
            "model.keras: metric 'F1Score': 'average' must be micro, macro, weighted or null, not "
            "'all'");
  EXPECT_EQ(metricError(metric("F1Score", {{"threshold", 2.0}})),
            "model.keras: metric 'F1Score': 'threshold' must be above 0 and at most 1, not 2");
  EXPECT_EQ(metricError(metric("IoU", {{"num_classes", 3}, {"target_class_ids", {3}}})),
            "model.keras: metric 'IoU': 'target_class_ids' has 3, which is not in [0, 3)");
  EXPECT_EQ(metricError(metric("IoU", {{"num_classes", 3}})),
            "model.keras: metric 'IoU': 'target_class_ids' is missing from the configuration");
  EXPECT_EQ(metricError(metric("R2Score", {{"class_aggregation", "sum"}})),
            "model.keras: metric 'R2Score': 'class_aggregation' must be uniform_average, "
            "variance_weighted_average or null, not 'sum'");
  EXPECT_EQ(metricError(metric("R2Score", {{"num_regressors", -1}})),
            "model.keras: metric 'R2Score': 'num_regressors' must not be negative, got -1");
}

TEST(MetricDiagnostics, metricsOfSingleValues) {
  EXPECT_EQ(metricError(metric("Mean")),
            "model.keras: metric 'Mean' takes single values, not targets and predictions (Keras "
            "cannot train with it either); name a metric of both");
}

TEST(MetricDiagnostics, weights) {
  ImportOptions options;
  options.sampleWeights = true;
  json model =
      sequential({input("x", {2, 3}), layer("Activation", "a", {{"activation", "linear"}})});
  auto weightedError = [&](json metric) {
    return importError(
        makeFile(model, {{"loss", "mse"}, {"weighted_metrics", json::array({std::move(metric)})}}),
        options);
  };
  json loss = metric("MeanAbsoluteError");
  loss["module"] = "keras.losses";
  EXPECT_EQ(weightedError(loss), "model.keras: metric 'MeanAbsoluteError': gives one number for a "
                                 "batch and cannot be weighted; use the metric class of this loss");
  EXPECT_EQ(weightedError(metric("PearsonCorrelation", {{"axis", 1}})),
            "model.keras: metric 'PearsonCorrelation': cannot weigh values of shape (None, 3) with "
            "weights of shape (None, 2)");
}

TEST(MetricDiagnostics, shapes) {
  EXPECT_EQ(
      metricError(metric("Precision"), 3, "sparse_categorical_crossentropy"),
      "model.keras: metric 'Precision': needs targets of the prediction's shape (None, 3), but "
      "the loss takes targets of shape (None,)");
  EXPECT_EQ(
      metricError(metric("MeanIoU", {{"num_classes", 2}}), 3, "sparse_categorical_crossentropy"),
      "model.keras: metric 'MeanIoU': compares labels of shape (None,) with predictions of "
      "shape (None, 3)");
}

} // namespace
} // namespace lamina::frontend::test
