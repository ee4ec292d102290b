// --freeze and --unfreeze: which layers they name, and what becomes of them.
#include "frontend/keras/model/trainability.h"

#include "gtest/gtest.h"

#include "test/unit/keras/model_file.h"

namespace lamina::frontend::test {
namespace {

using nlohmann::json;

json dense(const std::string &name) {
  return layer("Dense", name, {{"units", 2}, {"trainable", true}});
}

/// Dense layers a, base (a model of c and d) and e.
KerasFile chain() {
  json base = sequential({input("inner", {2}), dense("c"), dense("d")});
  base["config"]["name"] = "base";
  base["config"]["trainable"] = true;
  return makeFile(sequential({input("x", {2}), dense("a"), base, dense("e")}));
}

/// The kernels that are trained.
std::vector<std::string> trained(KerasFile file, const std::vector<std::string> &frozen,
                                 const std::vector<std::string> &unfrozen = {}) {
  setTrainability(file, frozen, unfrozen);
  Imported model(file);
  std::vector<std::string> names;
  for (auto variable : model.getModule().getOps<ir::VariableOp>())
    if (variable.getTrainable() && variable.getSymName().ends_with("kernel"))
      names.push_back(variable.getSymName().drop_back(7).str());
  return names;
}

using Names = std::vector<std::string>;

TEST(Trainability, layersAndRanges) {
  EXPECT_EQ(trained(chain(), {}), (Names{"a", "base/c", "base/d", "e"}));
  EXPECT_EQ(trained(chain(), {"a"}), (Names{"base/c", "base/d", "e"}));
  EXPECT_EQ(trained(chain(), {"base"}), (Names{"a", "e"}));
  EXPECT_EQ(trained(chain(), {"c"}), (Names{"a", "base/d", "e"}));
  EXPECT_EQ(trained(chain(), {"base/d..e"}), (Names{"a", "base/c"}));
  EXPECT_EQ(trained(chain(), {"..base"}), (Names{"e"}));
  EXPECT_EQ(trained(chain(), {"base/d.."}), (Names{"a", "base/c"}));
  EXPECT_EQ(trained(chain(), {".."}), (Names{}));
  EXPECT_EQ(trained(chain(), {"..base"}, {"d"}), (Names{"base/d", "e"}));
  EXPECT_EQ(trained(chain(), {"a", "e"}), (Names{"base/c", "base/d"}));
}

TEST(Trainability, isWritten) {
  KerasFile file = chain();
  setTrainability(file, {"..base"}, {"d"});
  json config = json::parse(file.configText)["config"]["layers"];
  EXPECT_EQ(config, file.config["config"]["layers"]);
  EXPECT_EQ(config[1]["config"]["trainable"], false);
  EXPECT_FALSE(config[0]["config"].contains("trainable"));
  json inner = config[2]["config"]["layers"];
  EXPECT_EQ(inner[1]["config"]["trainable"], false);
  EXPECT_EQ(inner[2]["config"]["trainable"], true);
  EXPECT_EQ(config[3]["config"]["trainable"], true);
}

TEST(Trainability, ofAModelThatIsFrozenAsAWhole) {
  KerasFile file = chain();
  file.config["config"]["trainable"] = false;
  EXPECT_EQ(trained(file, {}), (Names{}));
  EXPECT_EQ(trained(file, {"..base"}, {"e"}), (Names{"e"}));
}

TEST(Trainability, withAllThatIsInside) {
  json attention =
      layer("MultiHeadAttention", "m", {{"num_heads", 1}, {"key_dim", 2}, {"trainable", true}});
  attention["inbound_nodes"] = {{{"args", {tensor("x"), tensor("x")}}, {"kwargs", json::object()}}};
  KerasFile file = makeFile(functional({input("x", {3, 2}), attention}, {"x"}, {"m"}));
  setTrainability(file, {"m"}, {});
  Imported model(file);
  for (auto variable : model.getModule().getOps<ir::VariableOp>())
    EXPECT_FALSE(variable.getTrainable()) << variable.getSymName().str();
}

std::string errorFor(const std::string &frozen, const std::string &unfrozen = "") {
  KerasFile file = chain();
  file.config["config"]["layers"].push_back(file.config["config"]["layers"][2]);
  file.config["config"]["layers"].back()["config"]["name"] = "other";
  return errorOf(
      [&] { setTrainability(file, {frozen}, unfrozen.empty() ? Names{} : Names{unfrozen}); });
}

TEST(Trainability, namesThatDoNotFit) {
  EXPECT_EQ(errorFor("z"), "model.keras: --freeze z: the model has no layer 'z'; 'lamina inspect' "
                           "lists its layers");
  EXPECT_EQ(errorFor("a", "..z"), "model.keras: --unfreeze ..z: the model has no layer 'z'; "
                                  "'lamina inspect' lists its layers");
  EXPECT_EQ(errorFor("c"), "model.keras: --freeze c: several layers are called 'c'; give one as "
                           "'base/c'");
  EXPECT_EQ(errorFor("e..a"), "model.keras: --freeze e..a: layer 'e' comes behind layer 'a'");
}

} // namespace
} // namespace lamina::frontend::test
