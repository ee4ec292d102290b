#include <gtest/gtest.h>

#include "frontend/keras/model.h"
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
            "model.keras: layer 's': is called with the argument 'mask', which is not supported");
}

} // namespace
} // namespace lamina::frontend::test
