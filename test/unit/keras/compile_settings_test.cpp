// Several outputs: which loss, weight and metric belongs to which, and what logs are called.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ir/module.h"
#include "model_file.h"

namespace lamina::frontend::test {
namespace {

using nlohmann::json;
using testing::ElementsAre;

json twoOutputs() {
  return functional({input("x", {2}), called(layer("Dense", "p", {{"units", 1}}), {"x"}),
                     called(layer("Dense", "q", {{"units", 3}}), {"x"})},
                    {"x"}, {"p", "q"});
}

std::vector<std::string> logNames(const json &compileConfig, json model = twoOutputs()) {
  Imported imported(makeFile(model, compileConfig));
  auto function = imported.getModule().lookupSymbol<mlir::func::FuncOp>("evaluate");
  std::vector<std::string> names;
  for (unsigned i = 0; i < function.getNumResults(); ++i)
    names.push_back(function.getResultAttrOfType<mlir::StringAttr>(i, ir::kLogAttr).str());
  return names;
}

TEST(CompileSettings, oneLossForAll) {
  EXPECT_THAT(logNames({{"loss", "mse"}}), ElementsAre("loss", "p_loss", "q_loss"));
}

TEST(CompileSettings, listsGoByPosition) {
  EXPECT_THAT(logNames({{"loss", {"mse", "mae"}}, {"metrics", {{"mae"}, {"mse", "accuracy"}}}}),
              ElementsAre("loss", "p_loss", "q_loss", "p_mae", "q_mse", "q_accuracy"));
}

TEST(CompileSettings, dictsGoByName) {
  EXPECT_THAT(logNames({{"loss", {{"q", "mae"}, {"p", "mse"}}}, {"metrics", {{"q", "mse"}}}}),
              ElementsAre("loss", "p_loss", "q_loss", "q_mse"));
}

TEST(CompileSettings, outputsWithoutLossHaveNoTarget) {
  EXPECT_THAT(logNames({{"loss", {"mse", nullptr}}}), ElementsAre("loss"));
}

TEST(CompileSettings, dictKeysNameOutputs) {
  json model = twoOutputs();
  model["config"]["output_layers"] = {{"second", {"p", 0, 0}}, {"first", {"q", 0, 0}}};
  EXPECT_THAT(logNames({{"loss", {{"first", "mse"}, {"second", "mse"}}}}, model),
              ElementsAre("loss", "first_loss", "second_loss"));
}

TEST(CompileSettings, weightsScaleTheTotalAlone) {
  Imported model(makeFile(twoOutputs(), {{"loss", "mse"}, {"loss_weights", {0.5, 2.0}}}));
  model.initialize(0);
  model.state["p/kernel"] = floats({2, 1}, {0, 0});
  model.state["q/kernel"] = floats({2, 3}, {0, 0, 0, 0, 0, 0});
  auto logs = model.run(
      "evaluate", {floats({1, 2}, {1, 1}), floats({1, 1}, {2}), floats({1, 3}, {3, 3, 3})}, 1);
  EXPECT_EQ(logs[0].at(0), 0.5 * 4 + 2 * 9);
  EXPECT_EQ(logs[1].at(0), 4);
  EXPECT_EQ(logs[2].at(0), 9);
}

TEST(CompileSettings, repeatedNamesGetNumbers) {
  json model = sequential({input("x", {2}), layer("Dense", "p", {{"units", 1}})});
  EXPECT_THAT(logNames({{"loss", "mse"}, {"metrics", {"mae", "mae"}}}, model),
              ElementsAre("loss", "mae", "mae_1"));
}

} // namespace
} // namespace lamina::frontend::test
