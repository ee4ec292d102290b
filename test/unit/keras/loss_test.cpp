// Losses, penalties and metrics through the reference interpreter.
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ir/module.h"
#include "model_file.h"

namespace lamina::frontend::test {
namespace {

using nlohmann::json;

/// The logs of a model that hands its input to the loss, by name.
std::map<std::string, double> logs(json layers, const json &compileConfig, ir::HostTensor x,
                                   ir::HostTensor target) {
  Imported model(makeFile(sequential(layers.get<std::vector<json>>()), compileConfig));
  model.initialize(0);
  auto function = model.getModule().lookupSymbol<mlir::func::FuncOp>("evaluate");
  auto results = model.run("evaluate", {x, target}, x.shape()[0]);
  std::map<std::string, double> named;
  for (size_t i = 0; i < results.size(); ++i)
    named[function.getResultAttrOfType<mlir::StringAttr>(i, ir::kLogAttr).str()] = results[i].at(0);
  return named;
}

json through(int64_t width, const char *activation = "linear") {
  return {input("x", {width}), layer("Activation", "a", {{"activation", activation}})};
}

json serialized(const char *className, json config) {
  return {{"module", "keras.losses"}, {"class_name", className}, {"config", config}};
}

ir::HostTensor labels(std::vector<int32_t> values) {
  return ir::HostTensor::of<int32_t>({static_cast<int64_t>(values.size())}, values);
}

TEST(Loss, sparseCrossentropyOfLogits) {
  auto loss = serialized("SparseCategoricalCrossentropy", {{"from_logits", true}});
  auto result = logs(through(3), {{"loss", loss}, {"metrics", {"accuracy"}}},
                     floats({2, 3}, {1, 2, 3, 0, 0, 0}), labels({2, 1}));
  EXPECT_NEAR(result["loss"], (0.40760596 + std::log(3)) / 2, 1e-6);
  EXPECT_EQ(result["accuracy"], 0.5);
}

/// Of equal classes: 1 of 3 alignments of two steps has no label, 3 of 9 have the label once.
TEST(Loss, alignments) {
  ImportOptions options;
  options.targetShapes = {{"a", {2}}};
  KerasFile file = makeFile(sequential({input("x", {2, 3}), layer("Activation", "a")}),
                            {{"loss", serialized("CTC", {{"reduction", "sum"}})}});
  auto loss = [&](std::vector<int32_t> labels) {
    Imported model(file, options);
    model.initialize(0);
    auto results = model.run(
        "evaluate",
        {floats({1, 2, 3}, {0, 0, 0, 0, 0, 0}), ir::HostTensor::of<int32_t>({1, 2}, labels)}, 1);
    return results[0].at(0);
  };
  EXPECT_NEAR(loss({0, 0}), std::log(9), 1e-6);
  EXPECT_NEAR(loss({2, 0}), std::log(3), 1e-6);
  EXPECT_NEAR(loss({1, 2}), std::log(9), 1e-6);
  // Two equal labels want a blank between them, for which two steps leave no place.
  EXPECT_NEAR(loss({1, 1}), 707.5, 1.5);
}

TEST(Loss, softmaxBeforeItWorksOnLogits) {
  auto result = logs(through(2, "softmax"), {{"loss", "sparse_categorical_crossentropy"}},
                     floats({1, 2}, {0, 500}), labels({0}));
  EXPECT_NEAR(result["loss"], 500, 1e-3);
}

TEST(Loss, probabilitiesAreClipped) {
  auto result = logs(through(2), {{"loss", "sparse_categorical_crossentropy"}},
                     floats({1, 2}, {0, 1}), labels({0}));
  EXPECT_NEAR(result["loss"], 16.118095, 1e-4);
}

TEST(Loss, ignoredClassesDoNotCount) {
  auto loss =
      serialized("SparseCategoricalCrossentropy", {{"from_logits", true}, {"ignore_class", -1}});
  auto result =
      logs(through(2), {{"loss", loss}}, floats({3, 2}, {0, 0, 0, 0, 9, 1}), labels({0, 1, -1}));
  EXPECT_NEAR(result["loss"], std::log(2), 1e-6);
}

TEST(Loss, categoricalCrossentropyWithSmoothing) {
  auto loss =
      serialized("CategoricalCrossentropy", {{"from_logits", true}, {"label_smoothing", 0.2}});
  auto result = logs(through(2), {{"loss", loss}}, floats({1, 2}, {0, 1}), floats({1, 2}, {0, 1}));
  double lse = std::log(1 + std::exp(1.0));
  EXPECT_NEAR(result["loss"], 0.9 * (lse - 1) + 0.1 * lse, 1e-6);
}

TEST(Loss, categoricalCrossentropyScalesProbabilities) {
  auto result = logs(through(2), {{"loss", "categorical_crossentropy"}}, floats({1, 2}, {1, 3}),
                     floats({1, 2}, {1, 0}));
  EXPECT_NEAR(result["loss"], std::log(4), 1e-6);
}

TEST(Loss, binaryCrossentropy) {
  auto onLogits = serialized("BinaryCrossentropy", {{"from_logits", true}});
  EXPECT_NEAR(
      logs(through(1), {{"loss", onLogits}}, floats({1, 1}, {-100}), floats({1, 1}, {1}))["loss"],
      100, 1e-4);
  EXPECT_NEAR(
      logs(through(1), {{"loss", "bce"}}, floats({1, 1}, {0.25}), floats({1, 1}, {1}))["loss"],
      std::log(4), 1e-6);
}

TEST(Loss, errorsAndTheirMetrics) {
  auto result = logs(through(2), {{"loss", "mse"}, {"metrics", {"mae", "mse"}}},
                     floats({2, 2}, {1, 2, 3, 4}), floats({2, 2}, {1, 1, 1, 1}));
  EXPECT_NEAR(result["loss"], 3.5, 1e-6);
  EXPECT_NEAR(result["mae"], 1.5, 1e-6);
  EXPECT_NEAR(result["mse"], 3.5, 1e-6);
}

/// The loss of one output with weighted samples.
double weightedLoss(const char *reduction) {
  auto loss = serialized("MeanSquaredError", {{"reduction", reduction}});
  ImportOptions options;
  options.sampleWeights = true;
  Imported model(makeFile(sequential(through(1).get<std::vector<json>>()), {{"loss", loss}}),
                 options);
  model.initialize(0);
  return model
      .run("evaluate", {floats({2, 1}, {1, 2}), floats({2, 1}, {0, 0}), floats({2}, {3, 0.5f})},
           2)[0]
      .at(0);
}

TEST(Loss, weightsOfSamples) {
  EXPECT_EQ(weightedLoss("sum_over_batch_size"), (3 * 1 + 0.5 * 4) / 2);
  EXPECT_NEAR(weightedLoss("mean_with_sample_weight"), (3 * 1 + 0.5 * 4) / 3.5, 1e-6);
  EXPECT_EQ(weightedLoss("sum"), 3 * 1 + 0.5 * 4);
}

TEST(Loss, hingesTakeBitsForSigns) {
  auto hinge = [](std::vector<float> target) {
    return logs(through(2), {{"loss", "hinge"}}, floats({1, 2}, {0.5f, 0.5f}),
                floats({1, 2}, target))["loss"];
  };
  EXPECT_NEAR(hinge({0, 1}), (1.5 + 0.5) / 2, 1e-6);
  EXPECT_NEAR(hinge({-1, 1}), (1.5 + 0.5) / 2, 1e-6);
  EXPECT_NEAR(hinge({0, 2}), (1.0 + 0.0) / 2, 1e-6);
}

TEST(Loss, focalWeighsWhatIsHard) {
  auto loss = serialized("BinaryFocalCrossentropy", {{"apply_class_balancing", true}});
  auto result = logs(through(1), {{"loss", loss}}, floats({1, 1}, {0.25}), floats({1, 1}, {1}));
  EXPECT_NEAR(result["loss"], 0.25 * 0.75 * 0.75 * std::log(4), 1e-6);
}

TEST(Loss, overlapsOverAllElements) {
  ir::HostTensor prediction = floats({2, 2}, {0.5f, 0, 0.25f, 1}),
                 target = floats({2, 2}, {1, 0, 0, 1});
  EXPECT_NEAR(logs(through(2), {{"loss", "dice"}}, prediction, target)["loss"],
              1 - 2 * 1.5 / (2 + 1.75), 1e-6);
  auto tversky = serialized("Tversky", {{"alpha", 0.25}, {"beta", 0.75}});
  EXPECT_NEAR(logs(through(2), {{"loss", tversky}}, prediction, target)["loss"],
              1 - 1.5 / (1.5 + 0.25 * 0.5 + 0.75 * 0.25), 1e-6);
}

TEST(Loss, summed) {
  auto loss = serialized("MeanSquaredError", {{"reduction", "sum"}});
  EXPECT_NEAR(
      logs(through(1), {{"loss", loss}}, floats({2, 1}, {1, 2}), floats({2, 1}, {0, 0}))["loss"], 5,
      1e-6);
}

TEST(Metric, accuracyFollowsTheShapes) {
  json compile = {{"loss", "mse"}, {"metrics", {"accuracy"}}};
  EXPECT_EQ(
      logs(through(1), compile, floats({2, 1}, {0.7f, 0.2f}), floats({2, 1}, {1, 1}))["accuracy"],
      0.5);
  EXPECT_EQ(logs(through(2), compile, floats({2, 2}, {1, 2, 2, 1}),
                 floats({2, 2}, {0, 1, 0, 1}))["accuracy"],
            0.5);
}

// The target's class is second, tied for second, third.
TEST(Metric, topKCountsTiesForTheTarget) {
  json top2 = {{"class_name", "SparseTopKCategoricalAccuracy"}, {"config", {{"k", 2}}}};
  json top1 = {{"class_name", "SparseTopKCategoricalAccuracy"},
               {"config", {{"k", 1}, {"name", "top1"}}}};
  json compile = {{"loss", "sparse_categorical_crossentropy"}, {"metrics", {top2, top1}}};
  auto result = logs(through(3), compile,
                     floats({3, 3}, {0.5f, 0.3f, 0.2f, 0.4f, 0.3f, 0.3f, 0.6f, 0.3f, 0.1f}),
                     ir::HostTensor::of<int32_t>({3}, std::vector<int32_t>{1, 2, 2}));
  EXPECT_NEAR(result["SparseTopKCategoricalAccuracy"], 2.0 / 3, 1e-6);
  EXPECT_EQ(result["top1"], 0);
}

TEST(Penalty, orthogonalRowsCostNothing) {
  auto penalty = [](const char *mode, json value) {
    json regularizer = {{"class_name", "OrthogonalRegularizer"},
                        {"config", {{"factor", 0.5}, {"mode", mode}}}};
    json initializer = {{"class_name", "Constant"}, {"config", {{"value", value}}}};
    json dense = layer("Dense", "d",
                       {{"units", 2},
                        {"use_bias", false},
                        {"kernel_initializer", initializer},
                        {"kernel_regularizer", regularizer}});
    return logs({input("x", {2}), dense}, {{"loss", "mse"}}, floats({1, 2}, {0, 0}),
                floats({1, 2}, {0, 0}))["loss"];
  };
  EXPECT_NEAR(penalty("rows", {{1, 1}, {1, -1}}), 0, 1e-6);
  // Rows (1, 1) and (1, 0) have the cosine sqrt(1/2); there is one pair.
  EXPECT_NEAR(penalty("rows", {{1, 1}, {1, 0}}), 0.5 * std::sqrt(0.5), 1e-6);
  EXPECT_NEAR(penalty("columns", {{1, 2}, {1, 0}}), 0.5 * std::sqrt(0.5), 1e-6);
}

TEST(Penalty, weightAndActivityRegularizers) {
  json dense = layer(
      "Dense", "d",
      {{"units", 1},
       {"use_bias", false},
       {"kernel_initializer", {{"class_name", "Constant"}, {"config", {{"value", 2.0}}}}},
       {"kernel_regularizer", {{"class_name", "L1L2"}, {"config", {{"l1", 0.5}, {"l2", 0.25}}}}},
       {"activity_regularizer", {{"class_name", "L2"}, {"config", {{"l2", 1.0}}}}}});
  auto result = logs({input("x", {1}), dense}, {{"loss", "mse"}}, floats({2, 1}, {1, 2}),
                     floats({2, 1}, {2, 4}));
  EXPECT_NEAR(result["loss"], 0.5 * 2 + 0.25 * 4 + (4.0 + 16.0) / 2, 1e-6);
}

} // namespace
} // namespace lamina::frontend::test
