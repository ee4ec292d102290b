#include "frontend/files/models/legacy_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lamina::frontend {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::IsEmpty;

json parse(const char *text) {
  return json::parse(text);
}

/// A layer of a Functional model as Keras 2 has it.
json layer(const char *className, const char *name, const char *calls) {
  return {{"class_name", className},
          {"config", {{"name", name}}},
          {"name", name},
          {"inbound_nodes", parse(calls)}};
}

json functional(std::vector<json> layers, const char *inputs, const char *outputs) {
  return {{"class_name", "Functional"},
          {"config",
           {{"name", "m"},
            {"layers", std::move(layers)},
            {"input_layers", parse(inputs)},
            {"output_layers", parse(outputs)}}}};
}

json tensor(const char *name, int node, int index = 0) {
  return {{"class_name", "__keras_tensor__"},
          {"config",
           {{"shape", json::array({nullptr})},
            {"dtype", "float32"},
            {"keras_history", json::array({name, node, index})}}}};
}

json callsOf(const json &model, size_t index) {
  return model["config"]["layers"][index]["inbound_nodes"];
}

TEST(LegacyConfig, KnowsOlderVersions) {
  EXPECT_TRUE(isOlderKeras("2.15.0"));
  EXPECT_TRUE(isOlderKeras("2.2.4-tf"));
  EXPECT_FALSE(isOlderKeras("3.15.0"));
  EXPECT_FALSE(isOlderKeras(nullptr));
}

TEST(LegacyConfig, TurnsListsIntoCalls) {
  json model = modernizeModel(
      functional({layer("InputLayer", "x", "[]"), layer("Dense", "d", R"([[["x", 0, 0, {}]]])"),
                  layer("Add", "a", R"([[["x", 0, 0, {}], ["d", 0, 1, {}]]])")},
                 R"([["x", 0, 0]])", R"([["a", 0, 0], ["d", 0, 0]])"),
      true);
  EXPECT_EQ(callsOf(model, 0), json::array());
  EXPECT_EQ(callsOf(model, 1),
            json::array({{{"args", {tensor("x", 0)}}, {"kwargs", json::object()}}}));
  EXPECT_EQ(callsOf(model, 2),
            json::array({{{"args", json::array({json::array({tensor("x", 0), tensor("d", 0, 1)})})},
                          {"kwargs", json::object()}}}));
  EXPECT_EQ(model["config"]["input_layers"], parse(R"(["x", 0, 0])"));
  EXPECT_EQ(model["config"]["output_layers"], parse(R"([["a", 0, 0], ["d", 0, 0]])"));
  EXPECT_EQ(model["module"], "keras.src.models.functional");
  EXPECT_EQ(model["config"]["layers"][1]["module"], "keras.layers");
}

TEST(LegacyConfig, KeepsKeywordsOfCalls) {
  json model = modernizeModel(
      functional(
          {layer("MultiHeadAttention", "m",
                 R"([[["x", 0, 0, {"value": ["y", 0, 0], "training": true, "mask": null}]]])")},
          "[]", "[]"),
      true);
  EXPECT_EQ(callsOf(model, 0)[0]["kwargs"], (json{{"value", tensor("y", 0)}, {"training", true}}));
}

/// Calls of nested models count from 1 in Keras 2; Keras 3 keeps that for ports of Functional ones.
TEST(LegacyConfig, CountsCallsOfNestedModelsFromZero) {
  json model = modernizeModel(
      functional({layer("Functional", "f", R"([[["x", 0, 0, {}]]])"),
                  layer("Sequential", "s", R"([[["f", 1, 0, {}]], [["f", 2, 0, {}]]])"),
                  layer("Dense", "d", R"([[["s", 2, 0, {}]]])")},
                 R"([["x", 0, 0]])", R"({"one": ["f", 2, 0], "two": ["s", 1, 0]})"),
      true);
  EXPECT_EQ(callsOf(model, 1)[0]["args"], json::array({tensor("f", 0)}));
  EXPECT_EQ(callsOf(model, 1)[1]["args"], json::array({tensor("f", 1)}));
  EXPECT_EQ(callsOf(model, 2)[0]["args"], json::array({tensor("s", 1)}));
  EXPECT_EQ(model["config"]["output_layers"], parse(R"({"one": ["f", 2, 0], "two": ["s", 0, 0]})"));
}

TEST(LegacyConfig, LeavesPortsOfKeras3) {
  json model = modernizeModel(
      functional({layer("Sequential", "s", "[]")}, R"([["x", 0, 0]])", R"(["s", 1, 0])"), false);
  EXPECT_EQ(model["config"]["input_layers"], parse(R"([["x", 0, 0]])"));
  EXPECT_EQ(model["config"]["output_layers"], parse(R"(["s", 1, 0])"));
}

TEST(LegacyConfig, TakesSequentialModelsOfBareLayers) {
  json model = modernizeModel(parse(R"({"class_name": "Sequential", "config": [
    {"class_name": "Dense", "config": {"name": "d", "units": 2, "batch_input_shape": [null, 3]}}]})"),
                              true);
  const json &layers = model["config"]["layers"];
  ASSERT_EQ(layers.size(), 2u);
  EXPECT_EQ(layers[0]["class_name"], "InputLayer");
  EXPECT_EQ(layers[0]["config"]["batch_shape"], parse("[null, 3]"));
  EXPECT_EQ(layers[0]["config"]["name"], "d_input");
  EXPECT_EQ(layers[1]["config"], parse(R"({"name": "d", "units": 2})"));
}

json modernSettings(const char *className, const char *config) {
  json model = {{"class_name", "Sequential"},
                {"config", {{"layers", {{{"class_name", className}, {"config", parse(config)}}}}}}};
  return modernizeModel(model, true)["config"]["layers"][0]["config"];
}

TEST(LegacyConfig, RenamesAndDropsSettings) {
  EXPECT_EQ(modernSettings("LeakyReLU", R"({"alpha": 0.2})"), parse(R"({"negative_slope": 0.2})"));
  EXPECT_EQ(modernSettings("ELU", R"({"alpha": 0.2})"), parse(R"({"alpha": 0.2})"));
  EXPECT_EQ(modernSettings("BatchNormalization", R"({"axis": [3]})"), parse(R"({"axis": 3})"));
  EXPECT_EQ(modernSettings("LayerNormalization", R"({"axis": [1, 2]})"),
            parse(R"({"axis": [1, 2]})"));
  EXPECT_EQ(modernSettings("LSTM", R"({"units": 2, "time_major": false})"),
            parse(R"({"units": 2})"));
  EXPECT_EQ(modernSettings("LSTM", R"({"time_major": true})"), parse(R"({"time_major": true})"));
  EXPECT_EQ(modernSettings("SpatialDropout1D", R"({"rate": 0.5, "trainable": true})"),
            parse(R"({"rate": 0.5})"));
}

TEST(LegacyConfig, ReachesLayersInLayers) {
  json config = modernSettings("Bidirectional", R"({"layer": {"class_name": "LSTM",
    "config": {"time_major": false}}})");
  EXPECT_EQ(config["layer"]["config"], json::object());
  EXPECT_EQ(config["layer"]["module"], "keras.layers");
}

TEST(LegacyConfig, LeavesClassesOfOthersTheirNames) {
  json model = parse(R"({"class_name": "Sequential", "config": {"layers": [
    {"class_name": "Mine>Dense", "config": {}},
    {"class_name": "Dense", "module": "mine", "config": {}}]}})");
  json layers = modernizeModel(model, true)["config"]["layers"];
  EXPECT_EQ(layers[0]["registered_name"], "Mine>Dense");
  EXPECT_EQ(layers[1]["module"], "mine");
}

TEST(LegacyConfig, TurnsTrainingIntoCompileSettings) {
  json compile = modernizeTraining(parse(R"({
    "loss": {"class_name": "BinaryCrossentropy", "config": {"reduction": "auto", "axis": -1,
             "ignore_class": null, "fn": "binary_crossentropy"}},
    "metrics": [[{"class_name": "MeanMetricWrapper", "config": {"name": "accuracy",
                  "dtype": "float32", "fn": "sparse_categorical_accuracy"}}, "mae"]],
    "weighted_metrics": null, "loss_weights": null,
    "optimizer_config": {"class_name": "Custom>Adam", "config": {"learning_rate": 0.5,
                         "jit_compile": true, "is_legacy_optimizer": false}}})"),
                                   "2.15.0");
  EXPECT_EQ(compile["loss"]["config"],
            parse(R"({"reduction": "sum_over_batch_size", "axis": -1})"));
  EXPECT_EQ(compile["loss"]["module"], "keras.losses");
  ASSERT_EQ(compile["metrics"].size(), 2u);
  EXPECT_EQ(compile["metrics"][0]["class_name"], "SparseCategoricalAccuracy");
  EXPECT_EQ(compile["metrics"][0]["config"], parse(R"({"name": "accuracy", "dtype": "float32"})"));
  EXPECT_EQ(compile["optimizer"], parse(R"({"class_name": "Adam", "config": {"learning_rate": 0.5},
                      "module": "keras.optimizers", "registered_name": null})"));
  EXPECT_FALSE(compile.contains("optimizer_config"));
}

/// An optimizer of this Keras 2 as Keras 3 has it.
json modernOptimizer(const char *className, const char *config, const char *version = "2.9.0") {
  json training = {{"optimizer_config", {{"class_name", className}, {"config", parse(config)}}}};
  return modernizeTraining(training, version)["optimizer"];
}

TEST(LegacyConfig, TurnsDecayIntoASchedule) {
  auto configOf = [](const char *config) { return modernOptimizer("SGD", config)["config"]; };
  EXPECT_EQ(configOf(R"({"lr": 0.5, "decay": 0.0})"), parse(R"({"learning_rate": 0.5})"));
  json rate = configOf(R"({"learning_rate": 0.5, "decay": 0.1})")["learning_rate"];
  EXPECT_EQ(rate["class_name"], "InverseTimeDecay");
  EXPECT_EQ(rate["config"], parse(R"({"initial_learning_rate": 0.5, "decay_steps": 1,
                                      "decay_rate": 0.1})"));
  // Two decays at once: left for the optimizer to refuse.
  const char *both = R"({"learning_rate": {"class_name": "CosineDecay", "config": {}},
                         "decay": 0.1})";
  EXPECT_EQ(configOf(both)["decay"], 0.1);
}

TEST(LegacyConfig, LeavesNadamsDecayToItsMomentum) {
  for (const char *config :
       {R"({"learning_rate": 0.5, "decay": 0.01})", R"({"lr": 0.5, "schedule_decay": 0.01})"}) {
    json nadam = modernOptimizer("Nadam", config);
    EXPECT_EQ(nadam["config"], parse(R"({"learning_rate": 0.5, "schedule_decay": 0.01})"));
    EXPECT_EQ(nadam["module"], "keras.optimizers.legacy");
  }
  json later = modernOptimizer("Nadam", R"({"learning_rate": 0.5, "is_legacy_optimizer": false})");
  EXPECT_EQ(later["config"], parse(R"({"learning_rate": 0.5})"));
  EXPECT_EQ(later["module"], "keras.optimizers");
}

TEST(LegacyConfig, KnowsOptimizersThatHaveChanged) {
  auto moduleOf = [](const char *className, const char *config, const char *version = "2.9.0") {
    return modernOptimizer(className, config, version)["module"];
  };
  EXPECT_EQ(moduleOf("RMSprop", R"({"momentum": 0.0})"), "keras.optimizers.legacy");
  EXPECT_EQ(moduleOf("RMSprop", R"({"momentum": 0.5})"), "keras.optimizers");
  EXPECT_EQ(moduleOf("RMSprop", R"({"jit_compile": false})"), "keras.optimizers");
  EXPECT_EQ(moduleOf("RMSprop", "{}", ""), "keras.optimizers");
  EXPECT_EQ(moduleOf("Adagrad", "{}"), "keras.optimizers.legacy");
  for (const char *same : {"SGD", "Adam", "Adamax", "Adadelta", "Ftrl"})
    EXPECT_EQ(moduleOf(same, "{}"), "keras.optimizers");
  EXPECT_EQ(modernOptimizer("Adagrad", "{}")["config"]["initial_accumulator_value"], 0);
}

TEST(LegacyConfig, ClipsAllGradientsTogetherWhereKerasDid) {
  auto clippingOf = [](const char *version) {
    return modernOptimizer("SGD", R"({"clipnorm": 2.0})", version)["config"];
  };
  EXPECT_EQ(clippingOf("2.2.4"), parse(R"({"global_clipnorm": 2.0})"));
  for (const char *version : {"2.2.4-tf", "2.4.0", "2.15.0", "2.30.0", ""})
    EXPECT_EQ(clippingOf(version), parse(R"({"clipnorm": 2.0})")) << version;
}

TEST(LegacyConfig, WritesNamesakesOfLegacyOptimizers) {
  json training = {{"optimizer", modernOptimizer("Nadam", R"({"decay": 0.01})")}};
  EXPECT_EQ(writableTraining(training)["optimizer"], parse(R"({"class_name": "Nadam",
    "config": {}, "module": "keras.optimizers", "registered_name": null})"));
  auto changesOf = [](const json &training) { return changesOfWriting(json(), training); };
  EXPECT_THAT(changesOf(training), ElementsAre("Keras 3 has no schedule_decay: its Nadam lets the "
                                               "momentum grow faster than the file's"));
  training = {{"optimizer", modernOptimizer("Adagrad", "{}")}};
  EXPECT_THAT(changesOf(training),
              ElementsAre("Keras 3 adds the epsilon of Adagrad below the root, "
                          "not behind it as the file's optimizer does"));
  training = {{"optimizer", modernOptimizer("Adam", "{}")}};
  EXPECT_EQ(writableTraining(training), training);
  EXPECT_THAT(changesOf(training), IsEmpty());
}

TEST(LegacyConfig, KeepsTheHardSigmoidOfKeras2) {
  json gru = parse(R"({"class_name": "GRU", "config": {"recurrent_activation": "hard_sigmoid"}})");
  json both = {{"class_name", "Bidirectional"}, {"config", {{"layer", gru}}}};
  json model = {{"class_name", "Sequential"}, {"config", {{"layers", {both}}}}};
  auto gateOf = [](const json &model) {
    return model["config"]["layers"][0]["config"]["layer"]["config"]["recurrent_activation"];
  };
  json older = modernizeModel(model, true);
  EXPECT_EQ(gateOf(older), kOlderHardSigmoid);
  EXPECT_EQ(gateOf(writableModel(older)), "hard_sigmoid");
  EXPECT_THAT(
      changesOfWriting(older, json()),
      ElementsAre("Keras 3 computes hard_sigmoid as x / 6 + 0.5 between 0 and 1, not as 0.2 "
                  "x + 0.5 as the file's layers do"));
  EXPECT_EQ(gateOf(modernizeModel(model, false)), "hard_sigmoid");
}

/// Files of Keras 3 in the older format name no modules.
TEST(LegacyConfig, TellsOperationsFromLayers) {
  json model = parse(R"({"class_name": "Functional", "config": {"layers": [
    {"class_name": "InputLayer", "config": {"name": "x"}, "inbound_nodes": []},
    {"class_name": "NotEqual", "config": {"name": "not_equal"},
     "inbound_nodes": [{"args": [], "kwargs": {}}]},
    {"class_name": "Add", "config": {"name": "add", "trainable": true},
     "inbound_nodes": [{"args": [], "kwargs": {}}]}]}})");
  json layers = modernizeModel(model, false)["config"]["layers"];
  EXPECT_EQ(layers[0]["module"], "keras.layers");
  EXPECT_EQ(layers[1]["module"], "keras.ops");
  EXPECT_EQ(layers[2]["module"], "keras.layers");
}

TEST(LegacyConfig, TakesTheOutputsOffTheirMetrics) {
  json model = parse(R"({"config": {"output_layers": [["a", 0, 0], ["b", 0, 0], ["a", 1, 0]]}})");
  std::vector<std::string> outputs = outputNames(model);
  EXPECT_EQ(outputs, (std::vector<std::string>{"a", "b", "a_1"}));
  auto metric = [](const char *name) {
    return json{{"class_name", "MeanMetricWrapper"},
                {"config", {{"name", name}, {"fn", "mean_squared_error"}}}};
  };
  json training = {{"metrics", {{metric("a_mse"), "mae"}, {metric("mse")}, {metric("a_1_mse")}}}};
  json metrics = modernizeTraining(training, "2.15.0", outputs)["metrics"];
  EXPECT_EQ(metrics[0][0]["config"]["name"], "mse");
  EXPECT_EQ(metrics[0][1], "mae");
  EXPECT_EQ(metrics[1][0]["config"]["name"], "mse");
  EXPECT_EQ(metrics[2][0]["config"]["name"], "mse");
  EXPECT_TRUE(outputNames(parse(R"({"config": {"output_layers": {"a": ["a", 0, 0]}}})")).empty());
}

TEST(LegacyConfig, KnowsClassesAndKeysOfTheirTime) {
  json layer = {
      {"class_name", "BatchNormalizationV1"},
      {"config",
       {{"axis", {3}},
        {"beta_initializer", {{"class_name", "Zeros"}, {"config", {{"dtype", "float32"}}}}}}}};
  json model = {{"class_name", "Sequential"}, {"config", {{"layers", {layer}}}}};
  json modern = modernizeModel(model, true)["config"]["layers"][0];
  EXPECT_EQ(modern["class_name"], "BatchNormalization");
  EXPECT_EQ(modern["config"]["axis"], 3);
  EXPECT_EQ(modern["config"]["beta_initializer"]["config"], json::object());
  model["config"]["layers"][0] = {{"class_name", "ThresholdedReLU"}, {"config", {{"theta", 0.5}}}};
  modern = modernizeModel(model, true)["config"]["layers"][0];
  EXPECT_EQ(modern["class_name"], "ReLU");
  EXPECT_EQ(modern["config"], parse(R"({"threshold": 0.5})"));
}

} // namespace
} // namespace lamina::frontend
