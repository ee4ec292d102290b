// What is refused of attention layers, and the values that no comparison with Keras shows.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model_file.h"

namespace lamina::frontend::test {
namespace {

using nlohmann::json;

/// A call with these arguments on inputs "q" (5 x 6), "v" (4 x 6) and "m" (4 x 3).
json modelWith(json layer, json args, json kwargs = json::object()) {
  layer["inbound_nodes"] = {{{"args", std::move(args)}, {"kwargs", std::move(kwargs)}}};
  return functional({input("q", {5, 6}), input("v", {4, 6}), input("m", {4, 3}), layer},
                    {"q", "v", "m"}, {"c"});
}

/// What is said about it, without file and layer.
std::string problemOfCall(const std::string &className, json config, json args,
                          json kwargs = json::object()) {
  std::string error = importError(makeFile(
      modelWith(layer(className, "c", std::move(config)), std::move(args), std::move(kwargs))));
  std::string prefix = "model.keras: layer 'c': ";
  return error.starts_with(prefix) ? error.substr(prefix.size()) : error;
}

const json kHeadSettings = {{"num_heads", 2}, {"key_dim", 3}};
const json kGroupSettings = {{"head_dim", 3}, {"num_query_heads", 4}, {"num_key_value_heads", 2}};

json changed(json config, const char *key, json value) {
  config[key] = std::move(value);
  return config;
}

TEST(AttentionLayers, calls) {
  json query = tensor("q"), value = tensor("v");
  EXPECT_EQ(problemOfCall("MultiHeadAttention", kHeadSettings, {query, value}), "no error");
  EXPECT_EQ(
      problemOfCall("MultiHeadAttention", kHeadSettings, json::array(),
                    {{"query", query}, {"value", value}, {"training", true}, {"key", nullptr}}),
      "no error");
  EXPECT_EQ(problemOfCall("MultiHeadAttention", kHeadSettings, json::array({query})),
            "is called without a query and a value");
  EXPECT_EQ(problemOfCall("MultiHeadAttention", kHeadSettings, {query, value}, {{"bias", value}}),
            "is called with the argument 'bias', which is not supported");
  EXPECT_EQ(problemOfCall("MultiHeadAttention", kHeadSettings, {query, value},
                          {{"use_causal_mask", "yes"}}),
            "'use_causal_mask' must be true or false, not \"yes\"");
  EXPECT_EQ(problemOfCall("Attention", json::object(), {query, value}, {{"score_mask", value}}),
            "is called with the argument 'score_mask', which is not supported");
  EXPECT_EQ(problemOfCall("Attention", json::object(), json::array({query})),
            "is called with a list of two or three tensors: query, value and perhaps key");
  EXPECT_EQ(problemOfCall("ReversibleEmbedding", {{"input_dim", 3}, {"output_dim", 2}},
                          {query, true, value}),
            "has a call that does not fit its 2 parameters");
}

TEST(AttentionLayers, settings) {
  json pair = {tensor("q"), tensor("v")};
  EXPECT_EQ(
      problemOfCall("MultiHeadAttention", changed(kHeadSettings, "attention_axes", {2}), pair),
      "'attention_axes' must name dimensions between the rows and the features");
  EXPECT_EQ(
      problemOfCall("MultiHeadAttention", changed(kHeadSettings, "attention_axes", {0}), pair),
      "'attention_axes' must name dimensions between the rows and the features");
  EXPECT_EQ(
      problemOfCall("MultiHeadAttention", changed(kHeadSettings, "output_shape", {4, 0}), pair),
      "'output_shape' must hold positive integers");
  EXPECT_EQ(problemOfCall("MultiHeadAttention", changed(kHeadSettings, "dropout", 1.5), pair),
            "'dropout' must be between 0 and 1, not 1.5");
  EXPECT_EQ(
      problemOfCall("GroupQueryAttention", changed(kGroupSettings, "num_query_heads", 3), pair),
      "'num_key_value_heads' 2 does not divide 'num_query_heads' 3");
  EXPECT_EQ(problemOfCall("GroupedQueryAttention", kGroupSettings, pair), "no error");
  EXPECT_EQ(problemOfCall("Attention", {{"score_mode", "sum"}}, json::array({pair})),
            "'score_mode' must be \"dot\" or \"concat\", not \"sum\"");
  EXPECT_EQ(problemOfCall("ReversibleEmbedding",
                          {{"input_dim", 3}, {"output_dim", 2}, {"logit_soft_cap", 0}},
                          json::array({tensor("q")})),
            "'logit_soft_cap' must not be 0");
}

TEST(AttentionLayers, shapes) {
  json q = tensor("q"), v = tensor("v"), m = tensor("m");
  EXPECT_EQ(
      problemOfCall("MultiHeadAttention", kHeadSettings, {q, v, q}),
      "a query of shape (None, 5, 6), a value of shape (None, 4, 6) and a key of shape (None, "
      "5, 6) do not fit: value and key may differ in their features alone, query and value "
      "in these and in the dimensions of 'attention_axes'");
  EXPECT_EQ(
      problemOfCall("GroupQueryAttention", kGroupSettings, {q, m}),
      "a query of shape (None, 5, 6), a value of shape (None, 4, 3) and a key of shape (None, "
      "4, 3) do not fit: all are rows x steps x features, value and key have the same steps, "
      "query and value the same features");
  EXPECT_EQ(
      problemOfCall("Attention", json::object(), json::array({json::array({q, v, m})})),
      "a query of shape (None, 5, 6), a value of shape (None, 4, 6) and a key of shape (None, "
      "4, 3) do not fit: all are rows x steps x features, value and key have the same steps, "
      "query and key the same features");
  EXPECT_EQ(
      problemOfCall("MultiHeadAttention", kHeadSettings, {q, v}, {{"attention_mask", m}}),
      "a mask of shape (None, 4, 3) does not fit attention scores of shape (None, 2, 5, 4); it "
      "needs an element for each pair of a query and a key, or 1 in place of these");
  EXPECT_EQ(problemOfCall("MultiHeadAttention", kHeadSettings, {q, v},
                          {{"attention_mask", m}, {"use_causal_mask", true}}),
            "shapes (None, 4, 3) and (1, 5, 4) cannot be broadcast to each other");
  EXPECT_EQ(problemOfCall("Attention", json::object(), json::array({json::array({q, v})}),
                          {{"mask", {nullptr, q}}}),
            "a mask of shape (None, 5, 6) does not fit 4 values");
  EXPECT_EQ(problemOfCall("ReversibleEmbedding", {{"input_dim", 3}, {"output_dim", 2}},
                          json::array({q}), {{"reverse", true}}),
            "called in reverse, it takes 2 features, not an input of shape (None, 5, 6)");
}

/// Variables stand in the file below the names of inner layers; frozen layers have trainable ones,
/// as when Keras reads the file.
TEST(AttentionLayers, variables) {
  Imported heads(
      makeFile(modelWith(layer("MultiHeadAttention", "c", changed(kHeadSettings, "use_gate", true)),
                         {tensor("q"), tensor("v")})));
  EXPECT_THAT(heads.variableNames(),
              testing::ElementsAre("c/query/kernel", "c/query/bias", "c/key/kernel", "c/key/bias",
                                   "c/gate/kernel", "c/gate/bias", "c/value/kernel", "c/value/bias",
                                   "c/attention_output/kernel", "c/attention_output/bias"));
  std::string text = heads.text();
  for (const char *path :
       {"multi_head_attention/query_dense/vars/0", "multi_head_attention/_gate_dense/vars/1",
        "multi_head_attention/output_dense/vars/0"})
    EXPECT_THAT(text, testing::HasSubstr(path));
  std::string groups =
      Imported(makeFile(modelWith(layer("GroupQueryAttention", "c", kGroupSettings),
                                  {tensor("q"), tensor("v")})))
          .text();
  EXPECT_THAT(groups, testing::HasSubstr("layers/grouped_query_attention/_query_dense/vars/0"));
}

/// Weights are dropped in training alone, and only where the layer says so.
TEST(AttentionLayers, dropout) {
  auto loss = [](json config) {
    Imported imported(makeFile(
        modelWith(layer("MultiHeadAttention", "c", std::move(config)), {tensor("q"), tensor("v")}),
        {{"loss", "mse"}}));
    std::string text = imported.text();
    return text.substr(text.find("func.func @loss"));
  };
  EXPECT_THAT(loss(changed(kHeadSettings, "dropout", 0.5)), testing::HasSubstr("lamina.rng_bits"));
  EXPECT_THAT(loss(kHeadSettings), testing::Not(testing::HasSubstr("lamina.rng_bits")));
}

} // namespace
} // namespace lamina::frontend::test
