// Recurrent layers: what is refused, and what conformance cannot see of what is drawn and kept.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model_file.h"

namespace lamina::frontend::test {
namespace {

using nlohmann::json;
using testing::ElementsAre;

json units(int64_t count, json settings = json::object()) {
  settings["units"] = count;
  return settings;
}

json lstm(json settings = json::object()) {
  return layer("LSTM", "r", units(4, settings));
}

/// What is said about one layer on sequences of five steps of three features.
std::string problemOf(const json &object, std::vector<int64_t> shape = {5, 3}) {
  std::string problem = importError(makeFile(sequential({input("x", shape), object})));
  std::string start = "model.keras: layer 'r': ";
  return problem.starts_with(start) ? problem.substr(start.size()) : problem;
}

/// The same for a layer that is called with keyword arguments: tensors of inputs by their names.
std::string problemOfCall(json object, std::vector<json> inputs, const json &arguments) {
  std::vector<std::string> names;
  for (const json &each : inputs)
    names.push_back(each["config"]["name"]);
  json made = called(std::move(object), {names[0]});
  for (const auto &[key, value] : arguments.items()) {
    json tensors = json::array();
    for (std::string name : value)
      tensors.push_back(tensor(name));
    made["inbound_nodes"][0]["kwargs"][key] = key == "mask" ? tensors[0] : tensors;
  }
  inputs.push_back(made);
  return importError(makeFile(functional(inputs, names, {"r"})));
}

TEST(RecurrentDiagnostics, inputsThatAreNoSequences) {
  EXPECT_EQ(problemOf(lstm(), {3}),
            "goes through sequences (rows, steps, features), got an input of shape (None, 3); a "
            "Reshape before it can add the missing dimension");
  EXPECT_EQ(problemOf(lstm(), {5, 3, 2}),
            "takes one vector of features in each step, got steps of shape (None, 3, 2)");
  EXPECT_EQ(
      problemOf(layer("TimeDistributed", "r", {{"layer", layer("Dense", "d", units(2))}}), {3}),
      "goes through sequences (rows, steps, features), got an input of shape (None, 3); a "
      "Reshape before it can add the missing dimension");
  json open = input("x", {5, 3});
  open["config"]["batch_shape"] = {nullptr, nullptr, 3};
  EXPECT_EQ(importError(makeFile(sequential({open, lstm()}))),
            "model.keras: layer 'x': the input's shape is not known; give it with --input-shape");
  open["config"]["batch_shape"] = {nullptr, 0, 3};
  EXPECT_EQ(importError(makeFile(sequential({open, lstm()}))),
            "model.keras: layer 'x': has the shape [null,0,3]");
}

TEST(RecurrentDiagnostics, statesThatDoNotFit) {
  json x = input("x", {5, 3}), h = input("h", {4}), c = input("c", {5});
  EXPECT_EQ(problemOfCall(lstm(), {x, h}, {{"initial_state", {"h"}}}),
            "model.keras: layer 'r': is called with 1 state, but its cell has 2");
  EXPECT_EQ(problemOfCall(lstm(), {x, h, c}, {{"initial_state", {"h", "c"}}}),
            "model.keras: layer 'r': state 1 has shape (None, 5), but its cell's is of shape "
            "(None, 4)");
  EXPECT_EQ(problemOf(layer("GRUCell", "r", units(4)), {3}),
            "is called with 0 states, but its cell has 1");
  json both = layer("Bidirectional", "r", {{"layer", lstm()}});
  EXPECT_EQ(problemOfCall(both, {x, h}, {{"initial_state", {"h"}}}),
            "model.keras: layer 'r': is called with 1 initial state; both of its layers need as "
            "many");
}

TEST(RecurrentDiagnostics, masksThatDoNotFit) {
  json x = input("x", {5, 3}), mask = input("m", {4}, "bool");
  EXPECT_EQ(problemOfCall(lstm(), {x, mask}, {{"mask", {"m"}}}),
            "model.keras: layer 'r': a mask of shape (None, 4) does not fit sequences of shape "
            "(None, 5, 3)");
  EXPECT_EQ(problemOfCall(lstm(), {x, input("m", {5, 3}, "bool")}, {{"mask", {"m"}}}),
            "model.keras: layer 'r': a mask of shape (None, 5, 3) does not fit sequences of shape "
            "(None, 5, 3)");
}

TEST(RecurrentDiagnostics, cells) {
  EXPECT_EQ(problemOf(layer("RNN", "r", {{"cell", layer("Dense", "d", units(2))}})),
            "the cell: class Dense is no cell: it has no sizes of states; use SimpleRNNCell, "
            "LSTMCell, GRUCell or StackedRNNCells");
  EXPECT_EQ(problemOf(layer("RNN", "r", {{"cell", layer("StackedRNNCells", "s")}})),
            "the cell: StackedRNNCells needs at least one cell");
  json other = layer("GRUCell", "c", units(2, {{"dtype", "float64"}}));
  EXPECT_EQ(problemOf(layer("RNN", "r", {{"cell", other}})),
            "the cell: has another dtype policy than RNN; give both the same");
  json stacked = layer("StackedRNNCells", "s", {{"cells", {layer("LSTM", "l", units(2))}}});
  EXPECT_EQ(
      problemOf(layer("RNN", "r", {{"cell", stacked}})),
      "the cell: cell 0: class LSTM is no cell: it has no sizes of states; use SimpleRNNCell, "
      "LSTMCell, GRUCell or StackedRNNCells");
}

TEST(RecurrentDiagnostics, settings) {
  EXPECT_EQ(problemOf(lstm({{"bias_initializer", "identity"}})),
            "an Identity initializer needs a matrix");
  EXPECT_EQ(problemOf(lstm({{"dropout", std::nan("")}})),
            "'dropout' must be a number between 0 and 1");
  EXPECT_EQ(problemOf(layer("LSTM", "r", units(0))), "'units' must be positive, not 0");
}

json bidirectional(json settings) {
  return layer("Bidirectional", "r", std::move(settings));
}

TEST(RecurrentDiagnostics, layersOfOneKindOfGpu) {
  EXPECT_EQ(
      problemOf(layer("CuDNNGRU", "r", units(2))),
      "class CuDNNGRU is refused: it is Keras 2's layer for one kind of GPU, with weights laid "
      "out for it, which Keras 3 does not read either; in Keras 2, load its weights into the "
      "same model with LSTM or GRU (recurrent_activation 'sigmoid', reset_after) and save "
      "that");
}

TEST(RecurrentDiagnostics, bidirectional) {
  json backwards = lstm({{"go_backwards", true}});
  EXPECT_EQ(problemOf(bidirectional({{"layer", lstm()}, {"merge_mode", "max"}})),
            "'merge_mode' must be sum, mul, concat, ave or null, not max");
  EXPECT_EQ(problemOf(bidirectional({{"layer", backwards}})),
            "its two layers need different values of 'go_backwards'");
  EXPECT_EQ(problemOf(bidirectional(
                {{"layer", lstm({{"return_sequences", true}})}, {"backward_layer", backwards}})),
            "its two layers need the same values of 'return_sequences', 'return_state' and "
            "'stateful'");
  EXPECT_EQ(problemOf(bidirectional({{"layer", layer("Dense", "d", units(2))}})),
            "forward_layer: class Dense is no recurrent layer; use LSTM, GRU, SimpleRNN, RNN or "
            "ConvLSTM1D to 3D");
  json smaller = layer("LSTM", "s", units(3, {{"go_backwards", true}}));
  EXPECT_EQ(problemOf(bidirectional(
                {{"layer", lstm()}, {"backward_layer", smaller}, {"merge_mode", "sum"}})),
            "outputs of shapes (None, 4) and (None, 3) cannot be merged by 'sum'");
}

TEST(RecurrentDiagnostics, timeDistributed) {
  json several = layer("TimeDistributed", "r", {{"layer", lstm({{"return_state", true}})}});
  EXPECT_EQ(problemOf(several, {4, 5, 3}),
            "the wrapped layer gives 3 outputs; one is supported, as in Keras");
  json add = called(layer("Add", "a"), {"y", "z"});
  json two = functional({input("y", {3}), input("z", {3}), add}, {"y", "z"}, {"a"});
  EXPECT_EQ(problemOf(layer("TimeDistributed", "r", {{"layer", two}})),
            "wraps a model with 2 inputs and 1 outputs; one of each is supported, as in Keras");
  json part = sequential({input("y", {3}), layer("Dense", "d", units(2))});
  EXPECT_EQ(problemOf(bidirectional({{"layer", part}})),
            "forward_layer: class Sequential is a model, which Bidirectional is not supported "
            "around; wrap its layers one by one");
}

TEST(RecurrentDiagnostics, batchesOfAnotherSizeThanTheStates) {
  json x = input("x", {5, 3});
  x["config"]["batch_shape"][0] = 4;
  KerasFile file = makeFile(sequential({x, lstm({{"stateful", true}})}));
  EXPECT_EQ(importError(file),
            "model.keras: layer 'r': keeps states of batches of 4 rows, as the model's inputs say, "
            "not of 32; use --batch-size 4");
  ImportOptions options;
  options.batchSize = 4;
  EXPECT_EQ(importError(file, options), "no error");
}

/// How often a function of a model with this layer draws random numbers.
size_t countDraws(const json &object, const char *function) {
  Imported model(
      makeFile(sequential({input("x", {5, 3}), object}), {{"optimizer", "sgd"}, {"loss", "mse"}}));
  size_t count = 0;
  model.getModule().lookupSymbol(function)->walk([&](ir::RngBitsOp) { ++count; });
  return count;
}

TEST(Recurrent, dropsOutOnceForAllSteps) {
  EXPECT_EQ(countDraws(lstm({{"dropout", 0.5}}), "loss"), 1u);
  EXPECT_EQ(countDraws(lstm({{"dropout", 0.5}}), "predict"), 0u);
  EXPECT_EQ(countDraws(lstm({{"dropout", 0.5}, {"implementation", 1}}), "loss"), 4u);
  EXPECT_EQ(countDraws(lstm({{"dropout", 0.5}, {"recurrent_dropout", 0.1}}), "loss"), 8u);
  EXPECT_EQ(countDraws(lstm({{"dropout", 1.0}}), "loss"), 0u);
  json gru = layer("GRU", "r", units(4, {{"recurrent_dropout", 0.1}}));
  EXPECT_EQ(countDraws(gru, "loss"), 3u);
  json simple = layer("SimpleRNN", "r", units(4, {{"dropout", 0.2}, {"recurrent_dropout", 0.1}}));
  EXPECT_EQ(countDraws(simple, "loss"), 2u);
}

/// A SimpleRNN of one unit that adds up its inputs.
json sumOf(json settings) {
  settings.update(
      {{"activation", nullptr}, {"kernel_initializer", "ones"}, {"recurrent_initializer", "ones"}});
  return layer("SimpleRNN", "r", units(1, settings));
}

/// The mean square of what the layer makes of copies of a row in training.
float meanSquareOf(const json &object, std::vector<float> row, int64_t rows) {
  auto steps = static_cast<int64_t>(row.size());
  ImportOptions options;
  options.batchSize = rows;
  Imported model(makeFile(sequential({input("x", {steps, 1}), object}),
                          {{"optimizer", "sgd"}, {"loss", "mse"}}),
                 options);
  model.initialize(1);
  std::vector<float> x;
  for (int64_t i = 0; i < rows; ++i)
    x.insert(x.end(), row.begin(), row.end());
  auto targets = floats({rows, 1}, std::vector<float>(rows, 0));
  return values(model.run("loss", {floats({rows, steps, 1}, x), targets}, rows)[0])[0];
}

/// Inputs that are dropped are so in all steps: sums are 0 or twice the whole, 72 in the mean
/// square; other masks in each step would give 50.
TEST(Recurrent, dropsAnInputInAllSteps) {
  EXPECT_NEAR(meanSquareOf(sumOf({{"dropout", 0.5}}), {1, 2, 3}, 4000), 72, 4);
  EXPECT_EQ(meanSquareOf(sumOf({{"dropout", 1.0}}), {1, 2, 3}, 4), 0);
}

/// States stay between calls of every function; rows that a smaller batch lacks keep theirs.
TEST(Recurrent, statesStayBetweenBatches) {
  json x = input("x", {2, 1});
  x["config"]["batch_shape"][0] = 2;
  ImportOptions options;
  options.batchSize = 2;
  Imported model(makeFile(sequential({x, sumOf({{"stateful", true}})})), options);
  model.initialize(1);
  auto predict = [&](std::vector<float> row) {
    auto rows = static_cast<int64_t>(row.size()) / 2;
    return values(model.run("predict", {floats({rows, 2, 1}, row)}, rows)[0]);
  };
  EXPECT_THAT(predict({1, 2, 10, 20}), ElementsAre(3, 30));
  EXPECT_THAT(predict({1, 1}), ElementsAre(5));
  EXPECT_THAT(predict({0, 1, 0, 5}), ElementsAre(6, 35));
}

} // namespace
} // namespace lamina::frontend::test
