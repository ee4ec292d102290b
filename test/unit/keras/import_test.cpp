// What the import stage looks like.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ir/dialect.h"
#include "model_file.h"

namespace lamina::frontend::test {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

KerasFile classifier() {
  return makeFile(
      sequential({input("x", {4}), layer("Dense", "hidden", {{"units", 3}, {"activation", "relu"}}),
                  layer("Dense", "out", {{"units", 2}, {"activation", "softmax"}})}),
      {{"loss", "sparse_categorical_crossentropy"},
       {"optimizer", "adam"},
       {"metrics", {"accuracy"}}});
}

TEST(Import, declaresVariablesInKerasOrder) {
  Imported model(classifier());
  EXPECT_THAT(model.variableNames(),
              ElementsAre("hidden/kernel", "hidden/bias", "out/kernel", "out/bias",
                          "adam/iteration", "adam/learning_rate", "adam/hidden_kernel_momentum",
                          "adam/hidden_kernel_velocity", "adam/hidden_bias_momentum",
                          "adam/hidden_bias_velocity", "adam/out_kernel_momentum",
                          "adam/out_kernel_velocity", "adam/out_bias_momentum",
                          "adam/out_bias_velocity"));
}

TEST(Import, saysWhatArgumentsAndResultsAre) {
  ImportOptions options;
  options.batchSize = 8;
  std::string text = Imported(classifier(), options).text();
  EXPECT_THAT(text, HasSubstr("lamina.batch_size = 8 : i64, lamina.model = \"model\""));
  EXPECT_THAT(text, HasSubstr("lamina.variable @\"hidden/kernel\" : tensor<4x3xf32> "
                              "{path = \"layers/dense/vars/0\", trainable}"));
  EXPECT_THAT(text, HasSubstr("tensor<?x4xf32> {lamina.input = \"x\"}, "
                              "%arg5: tensor<?xi32> {lamina.classes = 2 : i64, "
                              "lamina.target = \"out\"}) -> (tensor<f32> {lamina.log = \"loss\"}, "
                              "tensor<f32> {lamina.log = \"accuracy\"})"));
  EXPECT_THAT(text, HasSubstr("-> (tensor<?x2xf32> {lamina.output = \"out\"})"));
}

TEST(Import, withoutALossThereIsPredictionAlone) {
  KerasFile file = classifier();
  file.compileConfig.reset();
  std::string text = Imported(file).text();
  EXPECT_THAT(text, HasSubstr("@predict"));
  EXPECT_THAT(text, Not(HasSubstr("@loss")));
  EXPECT_THAT(text, Not(HasSubstr("@optimizer")));
}

TEST(Import, withoutTrainingThereIsEvaluation) {
  ImportOptions options;
  options.training = false;
  std::string text = Imported(classifier(), options).text();
  EXPECT_THAT(text, HasSubstr("@evaluate"));
  EXPECT_THAT(text, Not(HasSubstr("@loss")));
  EXPECT_THAT(text, Not(HasSubstr("adam/")));
}

TEST(Import, optionsOverrideTheFile) {
  ImportOptions options;
  options.optimizer = "sgd";
  options.learningRate = 0.5;
  options.loss = "mse";
  options.metrics = {"mae"};
  Imported model(classifier(), options);
  EXPECT_THAT(model.text(), HasSubstr("tensor<?x2xf32> {lamina.target = \"out\"}"));
  EXPECT_THAT(model.text(), HasSubstr("{lamina.log = \"mae\"}"));
  model.initialize(1);
  EXPECT_EQ(values(model.state.at("sgd/learning_rate")), (std::vector<float>{0.5f}));
}

TEST(Import, frozenLayersHaveNoSlots) {
  json dense = layer("Dense", "a", {{"units", 2}, {"trainable", false}});
  Imported model(makeFile(
      sequential({input("x", {2}), dense, layer("Dense", "b", {{"units", 1}})}),
      {{"loss", "mse"}, {"optimizer", {{"class_name", "SGD"}, {"config", {{"momentum", 0.5}}}}}}));
  EXPECT_THAT(model.variableNames(),
              ElementsAre("a/kernel", "a/bias", "b/kernel", "b/bias", "sgd/iteration",
                          "sgd/learning_rate", "sgd/b_kernel_momentum", "sgd/b_bias_momentum"));
}

TEST(Import, sharedLayersHaveOneKernel) {
  json dense = called(called(layer("Dense", "d", {{"units", 2}}), {"a"}), {"b"});
  json add = layer("Add", "s");
  add["inbound_nodes"] =
      json::array({{{"args", {{tensor("d", 0), tensor("d", 1)}}}, {"kwargs", json::object()}}});
  Imported model(
      makeFile(functional({input("a", {2}), input("b", {2}), dense, add}, {"a", "b"}, {"s"})));
  EXPECT_THAT(model.variableNames(), ElementsAre("d/kernel", "d/bias"));
  model.state["d/kernel"] = floats({2, 2}, {1, 2, 3, 4});
  model.state["d/bias"] = floats({2}, {10, 20});
  auto result = model.run("predict", {floats({1, 2}, {1, 0}), floats({1, 2}, {0, 1})}, 1);
  EXPECT_THAT(values(result[0]), ElementsAre(24, 46));
}

TEST(Import, operationsAreLocatedAtTheirLayer) {
  Imported model(classifier());
  bool found = false;
  model.getModule().walk([&](ir::DotGeneralOp op) {
    auto loc = mlir::dyn_cast<mlir::NameLoc>(op.getLoc());
    found |= loc && loc.getName() == "hidden";
  });
  EXPECT_TRUE(found);
}

} // namespace
} // namespace lamina::frontend::test
