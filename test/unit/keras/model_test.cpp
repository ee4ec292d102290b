#include <gtest/gtest.h>

#include "frontend/keras/model/model.h"
#include "model_file.h"

namespace lamina::frontend::test {
namespace {

using keras::parseModel;
using keras::toSnakeCase;
using nlohmann::json;

TEST(SnakeCase, followsKeras) {
  EXPECT_EQ(toSnakeCase("Dense"), "dense");
  EXPECT_EQ(toSnakeCase("Conv2D"), "conv2d");
  EXPECT_EQ(toSnakeCase("PReLU"), "p_re_lu");
  EXPECT_EQ(toSnakeCase("LeakyReLU"), "leaky_re_lu");
  EXPECT_EQ(toSnakeCase("LSTM"), "lstm");
  EXPECT_EQ(toSnakeCase("GRUCell"), "gru_cell");
  EXPECT_EQ(toSnakeCase("GlobalAveragePooling2D"), "global_average_pooling2d");
  EXPECT_EQ(toSnakeCase("MultiHeadAttention"), "multi_head_attention");
}

TEST(Model, weightPathsCountClassesNotNames) {
  json inner = sequential({input("i", {2}), layer("Dense", "z", {{"units", 2}})});
  inner["config"]["name"] = "inner";
  auto model =
      parseModel(makeFile(sequential({input("x", {2}), layer("Dense", "b", {{"units", 2}}), inner,
                                      layer("PReLU", "p"), layer("Dense", "a", {{"units", 2}})})),
                 {});
  EXPECT_EQ(model->layers[1]->path, "layers/dense");
  EXPECT_EQ(model->layers[2]->path, "layers/sequential");
  EXPECT_EQ(model->layers[2]->model->layers[1]->path, "layers/sequential/layers/dense");
  EXPECT_EQ(model->layers[2]->model->layers[1]->scope, "inner/z");
  EXPECT_EQ(model->layers[3]->path, "layers/p_re_lu");
  EXPECT_EQ(model->layers[4]->path, "layers/dense_1");
}

TEST(Model, sequentialWithoutInputLayerTakesItsBuildShape) {
  json object = sequential({layer("Flatten", "f")});
  object["config"]["build_input_shape"] = {nullptr, 2, 3};
  auto model = parseModel(makeFile(object), {});
  EXPECT_EQ(model->layers[0]->input->rowShape, (std::vector<int64_t>{2, 3}));
}

TEST(Model, inputShapesFillOpenAxes) {
  auto model = parseModel(makeFile(sequential({input("x", {-1, 3}), layer("Flatten", "f")})),
                          {{"x", {5, 3}}});
  EXPECT_EQ(model->layers[0]->input->rowShape, (std::vector<int64_t>{5, 3}));
}

TEST(Model, dictPortsAreSortedByKey) {
  json object = functional(
      {input("b", {2}), input("a", {2}), called(layer("Add", "s"), {"a", "b"})}, {"a", "b"}, {"s"});
  object["config"]["output_layers"] = {{"z", {"s", 0, 0}}, {"y", {"a", 0, 0}}};
  auto model = parseModel(makeFile(object), {});
  ASSERT_EQ(model->outputs.size(), 2u);
  EXPECT_EQ(model->outputs[0].key, "y");
  EXPECT_EQ(model->outputs[1].key, "z");
}

TEST(Model, callsOfNestedFunctionalCountFromOneInPorts) {
  json inner = functional({input("i", {2}), called(layer("ReLU", "r"), {"i"})}, {"i"}, {"r"});
  inner["config"]["name"] = inner["name"] = "inner";
  inner["inbound_nodes"] = json::array({{{"args", {tensor("x")}}, {"kwargs", {{"mask", nullptr}}}},
                                        {{"args", {tensor("y")}}, {"kwargs", json::object()}}});
  json object = functional({input("x", {2}), input("y", {2}), inner}, {"x", "y"}, {"inner"});
  object["config"]["output_layers"] = json::array({{"inner", 1, 0}, {"inner", 2, 0}});
  auto model = parseModel(makeFile(object), {});
  EXPECT_EQ(model->outputs[0].tensor.node, 0u);
  EXPECT_EQ(model->outputs[1].tensor.node, 1u);
}

TEST(Model, masksWithoutValueAreNotArguments) {
  json add = called(layer("Add", "s"), {"a", "b"});
  add["inbound_nodes"][0]["kwargs"] = {{"mask", {nullptr, nullptr}}};
  json object = functional({input("a", {2}), input("b", {2}), add}, {"a", "b"}, {"s"});
  EXPECT_EQ(importError(makeFile(object)), "no error");
  add["inbound_nodes"][0]["kwargs"] = {{"mask", tensor("a")}};
  object = functional({input("a", {2}), input("b", {2}), add}, {"a", "b"}, {"s"});
  EXPECT_EQ(importError(makeFile(object)),
            "model.keras: layer 's': is called with 1 masks for 2 inputs");
  add["inbound_nodes"][0]["kwargs"] = {{"mask", {nullptr, 1}}};
  object = functional({input("a", {2}), input("b", {2}), add}, {"a", "b"}, {"s"});
  EXPECT_EQ(importError(makeFile(object)),
            "model.keras: layer 's': is called with a mask that is no tensor of the model");
}

// The same "shared_object_id" in two models: one layer, whose weights are stored where it comes
// first.
TEST(Model, layersSharedBetweenNestedModels) {
  auto nested = [](const std::string &name) {
    json dense = layer("Dense", "d", {{"units", 2}});
    dense["shared_object_id"] = 7;
    json model = sequential({input("i", {2}), dense});
    model["config"]["name"] = name;
    return model;
  };
  Imported model(makeFile(sequential({input("x", {2}), nested("first"), nested("second")})));
  EXPECT_EQ(model.variableNames(), (std::vector<std::string>{"first/d/kernel", "first/d/bias"}));
  model.state["first/d/kernel"] = floats({2, 2}, {0, 1, 2, 0});
  model.state["first/d/bias"] = floats({2}, {0, 0});
  EXPECT_EQ(values(model.run("predict", {floats({1, 2}, {1, 3})}, 1)[0]),
            (std::vector<float>{2, 6}));
}

TEST(Model, inputsOfEmbeddingsSayHowManyEntriesThereAre) {
  json object =
      functional({input("x", {2}, "int32"),
                  called(layer("Embedding", "a", {{"input_dim", 9}, {"output_dim", 2}}), {"x"}),
                  called(layer("Embedding", "b", {{"input_dim", 5}, {"output_dim", 2}}), {"x"}),
                  called(layer("Add", "s"), {"a", "b"})},
                 {"x"}, {"s"});
  EXPECT_NE(Imported(makeFile(object)).text().find("lamina.entries = 5"), std::string::npos);
}

} // namespace
} // namespace lamina::frontend::test
