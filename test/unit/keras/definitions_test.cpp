// Model files as the meaning of classes that are not Keras' own, and of Lambda layers.
#include "test/unit/keras/model_file.h"
#include "gtest/gtest.h"

namespace lamina::frontend::test {
namespace {

using nlohmann::json;

/// A layer of a class of somebody else.
json custom(const std::string &name, json config, const std::string &className = "Scale") {
  json object = layer(className, name, std::move(config));
  object["module"] = nullptr;
  object["registered_name"] = "mine>" + className;
  return object;
}

json scalar(const std::string &name) {
  json object = input(name, {});
  object["config"]["batch_shape"] = json::array();
  return object;
}

/// x * factor, where the factor is a setting of the layer.
json scaling() {
  json multiply = layer("Multiply", "product");
  multiply["module"] = "keras.src.ops.numpy";
  multiply["inbound_nodes"] = {
      {{"args", {tensor("x"), tensor("factor")}}, {"kwargs", json::object()}}};
  return functional({input("x", {2}), scalar("factor"), multiply}, {"x", "factor"}, {"product"});
}

/// `file` with definitions.
KerasFile define(KerasFile file, const std::map<std::string, json> &definitions) {
  for (const auto &[name, model] : definitions) {
    KerasFile definition = makeFile(model);
    definition.path = "define.json";
    file.definitions.emplace(name, std::make_shared<const KerasFile>(definition));
  }
  return file;
}

std::vector<float> predict(const KerasFile &file, std::vector<float> x) {
  Imported model(file);
  model.initialize(1);
  return values(model.run("predict", {floats({1, int64_t(x.size())}, x)}, 1)[0]);
}

TEST(Definitions, parametersComeFromTheConfiguration) {
  json model = sequential({input("x", {2}), custom("a", {{"factor", 3}, {"unit", "m"}}),
                           custom("b", {{"factor", {0.5, 2}}, {"unit", "m"}})});
  // Keras has no list for a scalar input: a vector says so.
  json vector = scaling();
  EXPECT_EQ(importError(define(makeFile(model), {{"Scale", vector}})),
            "model.keras: layer 'b': 'factor' has the shape (2,), but its definition takes ()");
  vector["config"]["layers"][1]["config"]["batch_shape"] = {2};
  EXPECT_EQ(predict(define(makeFile(model), {{"Scale", vector}}), {2, 5}),
            (std::vector<float>{3, 30}));
}

TEST(Definitions, registeredNamesAndLambdasByName) {
  json lambda = layer("Lambda", "triple");
  json model = sequential({input("x", {2}), custom("a", {{"factor", 2}}), lambda});
  json doubled = sequential({input("x", {2}), layer("Rescaling", "r", {{"scale", 3}})});
  EXPECT_EQ(
      predict(define(makeFile(model), {{"mine>Scale", scaling()}, {"triple", doubled}}), {1, -1}),
      (std::vector<float>{6, -6}));
}

TEST(Definitions, settingsOfTheDefinition) {
  json model = sequential(
      {input("x", {2}), custom("a", {{"width", 3}}, "Wide"), custom("b", {{"width", 4}}, "Wide")});
  json wide = sequential(
      {input("x", {2}), layer("Dense", "d", {{"units", "{width}"}, {"use_bias", false}})});
  Imported imported(define(makeFile(model), {{"Wide", wide}}));
  EXPECT_EQ(imported.variableNames(), (std::vector<std::string>{"a/d/kernel", "b/d/kernel"}));
  EXPECT_NE(imported.text().find("tensor<3x4xf32>"), std::string::npos);
  wide["config"]["layers"][1]["config"]["units"] = "{units}";
  EXPECT_EQ(importError(define(makeFile(model), {{"Wide", wide}})),
            "model.keras: layer 'a': its definition asks for the setting 'units', which its "
            "configuration does not have");
}

TEST(Definitions, settingsThatAreNotReadMustNotDiffer) {
  json same = sequential({input("x", {2}), custom("a", {{"factor", 3}, {"rate", 0.1}}),
                          custom("b", {{"factor", 4}, {"rate", 0.1}})});
  EXPECT_EQ(predict(define(makeFile(same), {{"Scale", scaling()}}), {1, 2}),
            (std::vector<float>{12, 24}));
  json other = sequential({input("x", {2}), custom("a", {{"factor", 3}, {"rate", 0.1}}),
                           custom("b", {{"factor", 3}, {"rate", 0.2}})});
  EXPECT_EQ(importError(define(makeFile(other), {{"Scale", scaling()}})),
            "model.keras: layer 'b': differs in 'rate' from layer 'a', but their definition "
            "define.json does not depend on 'rate'; name an input of it so, or write \"{rate}\" "
            "where its configuration needs the value");
}

TEST(Definitions, thatNothingNeeds) {
  json model = sequential({input("x", {2}), layer("Flatten", "f")});
  EXPECT_EQ(importError(define(makeFile(model), {{"Flatten2", scaling()}})),
            "model.keras: no layer is of class Flatten2 or a Lambda layer named so; leave --define "
            "Flatten2=define.json out");
}

TEST(Definitions, thatContainThemselves) {
  json model = sequential({input("x", {2}), custom("a", {{"factor", 3}})});
  json inner = sequential({input("x", {2}), custom("again", {{"factor", 3}})});
  EXPECT_EQ(importError(define(makeFile(model), {{"Scale", inner}})),
            "define.json: layer 'a/again': its definition define.json contains itself");
}

TEST(Definitions, callsByName) {
  json first = custom("s", json::object(), "Minus");
  first["inbound_nodes"] = {{{"args", {tensor("x")}}, {"kwargs", {{"other", tensor("y")}}}}};
  json minus = functional({input("a", {1}), input("other", {1}),
                           called(layer("Subtract", "difference"), {"a", "other"})},
                          {"a", "other"}, {"difference"});
  KerasFile file =
      define(makeFile(functional({input("x", {1}), input("y", {1}), first}, {"x", "y"}, {"s"})),
             {{"Minus", minus}});
  Imported model(file);
  EXPECT_EQ(values(model.run("predict", {floats({1, 1}, {5}), floats({1, 1}, {2})}, 1)[0]),
            (std::vector<float>{3}));
}

KerasFile withWeights(KerasFile file, const std::map<std::string, std::vector<int64_t>> &shapes) {
  file.hasWeights = true;
  for (const auto &[path, shape] : shapes)
    file.weights.emplace(path, makeArray(ElementType::F32, shape));
  return file;
}

std::string pathOf(Imported &model, const std::string &variable) {
  return model.getModule().lookupSymbol<ir::VariableOp>(variable).getPath().str();
}

TEST(Definitions, weightsByAttributeAndByOrder) {
  json block = sequential({input("x", {2}),
                           layer("LayerScale", "own", {{"projection_dim", 2}, {"init_values", 1}}),
                           layer("Dense", "convs.dense_1", {{"units", 3}, {"use_bias", false}})});
  json frozen = custom("b", {{"trainable", false}}, "Block");
  KerasFile file = define(makeFile(sequential({input("x", {2}), frozen})), {{"Block", block}});
  Imported model(withWeights(file, {{"layers/block/vars/0", {2}},
                                    {"layers/block/drop/seed_generator/vars/0", {2}},
                                    {"layers/block/convs/dense_1/vars/0", {2, 3}}}));
  EXPECT_EQ(pathOf(model, "b/own/gamma"), "layers/block/vars/0");
  EXPECT_EQ(pathOf(model, "b/convs.dense_1/kernel"), "layers/block/convs/dense_1/vars/0");
  auto isTrainable = [&](const char *name) {
    return model.getModule().lookupSymbol<ir::VariableOp>(name).getTrainable();
  };
  // As Keras reads a frozen layer of its own class.
  EXPECT_FALSE(isTrainable("b/own/gamma"));
  EXPECT_TRUE(isTrainable("b/convs.dense_1/kernel"));
  EXPECT_EQ(
      importError(withWeights(
          file, {{"layers/block/vars/0", {2}}, {"layers/block/convs/dense/vars/0", {2, 3}}})),
      "model.keras: layer 'b': its definition define.json has 2 variables for which the file "
      "must have weights of the class's own, but the file has 1, and weights that no layer of "
      "it takes: convs/dense/vars/0; name the definition's layers as the attributes "
      "of the class that hold its layers");
}

} // namespace
} // namespace lamina::frontend::test
