// What is refused of lookups, and how they leave the module.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "frontend/keras/model/model.h"
#include "model_file.h"

namespace lamina::frontend::test {
namespace {

using nlohmann::json;
using testing::ElementsAre;

const json kWords = {{"vocabulary", {"a", "b"}}, {"output_sequence_length", 3}};

json with(json config, const json &more) {
  config.update(more);
  return config;
}

/// What is said about one lookup of an input, without file and layer.
std::string problem(const std::string &className, json config, std::vector<int64_t> shape = {1},
                    const std::string &dtype = "string") {
  std::string error =
      importError(makeFile(sequential({input("x", shape, dtype), layer(className, "c", config)})));
  std::string prefix = "model.keras: layer 'c': ";
  return error.starts_with(prefix) ? error.substr(prefix.size()) : error;
}

TEST(Lookups, vocabularies) {
  auto lookup = [](json config) { return problem("StringLookup", config); };
  EXPECT_EQ(
      lookup({}),
      "has no vocabulary: give it one when it is built, or call its adapt() and save the model "
      "as .keras (.h5 and JSON do not hold what adapt has found)");
  EXPECT_EQ(lookup({{"vocabulary", json::array()}}),
            "has an empty vocabulary: call its adapt() with data that have terms");
  EXPECT_EQ(lookup({{"vocabulary", "words.txt"}}),
            "'vocabulary' is the name of a file, which is never followed; build the layer with the "
            "list of its lines");
  EXPECT_EQ(lookup({{"vocabulary", {{"a", 1}}}}), "'vocabulary' is no list");
  EXPECT_EQ(lookup({{"vocabulary", {"a", 1}}}), "'vocabulary' holds 1; its terms must be texts");
  EXPECT_EQ(lookup({{"vocabulary", {"a", "b", "a"}}}), "its vocabulary holds 'a' twice");
  EXPECT_EQ(lookup({{"vocabulary", {"a", "b"}}, {"mask_token", "b"}}),
            "its vocabulary holds the mask 'b' among the terms");
  EXPECT_EQ(
      lookup({{"vocabulary", {"a", "b"}}, {"max_tokens", 2}}),
      "its vocabulary has 3 terms with those for masks and unknown values, but 'max_tokens' is "
      "2");
  EXPECT_EQ(lookup({{"vocabulary", {"a"}}, {"max_tokens", 1}}),
            "'max_tokens' is 1; it must be from 2 to 2147483647");
  EXPECT_EQ(lookup({{"vocabulary", {"a"}}, {"pad_to_max_tokens", true}}),
            "'pad_to_max_tokens' needs 'max_tokens'");
  EXPECT_EQ(lookup({{"vocabulary", {"a"}}, {"num_oov_indices", -1}}),
            "'num_oov_indices' is -1; it must be from 0 to 2147483647");
  EXPECT_EQ(problem("IntegerLookup", {{"vocabulary", {1, "a"}}}, {1}, "int64"),
            "'vocabulary' holds \"a\"; its terms must be whole numbers");
}

/// What is cut in a message is not cut within a character.
TEST(Lookups, longTerms) {
  std::string faces, shown;
  for (int i = 0; i < 50; ++i) {
    faces += "\U0001f600";
    shown += i < 15 ? "\U0001f600" : "";
  }
  EXPECT_EQ(problem("StringLookup", {{"vocabulary", {json::array({faces})}}}),
            "'vocabulary' holds [\"" + shown + "...; its terms must be texts");
}

TEST(Lookups, storedVocabularies) {
  KerasFile file =
      makeFile(sequential({input("x", {1}, "int64"), layer("IntegerLookup", "c", {})}));
  auto &lines = file.assets["assets/layers/integer_lookup/vocabulary.txt"];
  for (char c : std::string("-1\r\n7\n8.5\n"))
    lines.push_back(static_cast<std::byte>(c));
  EXPECT_EQ(importError(file), "model.keras: layer 'c': its vocabulary.txt has the line '8.5'; its "
                               "terms must be whole numbers");
}

TEST(Lookups, outputModes) {
  json words = {{"vocabulary", {"a", "b"}}};
  EXPECT_EQ(problem("StringLookup", with(words, {{"output_mode", "hot"}})),
            "the output mode 'hot' is not supported");
  EXPECT_EQ(problem("StringLookup", with(words, {{"output_mode", "tf_idf"}})),
            "has the output mode 'tf_idf' but no weights of its terms; call its adapt(), or give "
            "idf_weights");
  EXPECT_EQ(problem("StringLookup",
                    with(words, {{"output_mode", "tf_idf"}, {"idf_weights", {1, 2, 3, 4}}})),
            "has 4 'idf_weights' for 2 terms");
  EXPECT_EQ(
      problem("StringLookup", with(words, {{"output_mode", "count"}, {"idf_weights", {1, 2}}})),
      "has 'idf_weights', which belong to the output mode 'tf_idf' alone");
  EXPECT_EQ(
      problem("StringLookup", with(words, {{"output_mode", "count"}, {"sparse", true}})),
      "gives sparse tensors, which are not supported; build the layer with sparse=False, which "
      "gives the same numbers");
  EXPECT_EQ(problem("StringLookup", with(words, {{"output_mode", "count"}}), {2, 2}),
            "encodes rows of shape (2, 2); Keras counts in rows of one dimension alone, such as "
            "Input(shape=(1,))");
  EXPECT_EQ(problem("StringLookup", with(words, {{"output_mode", "count"},
                                                 {"pad_to_max_tokens", true},
                                                 {"max_tokens", 20000000}})),
            "gives rows of 20000000 values; up to 16777216 are supported");
  EXPECT_EQ(
      problem("StringLookup", with(words, {{"invert", true}})),
      "turns indices back into terms (invert), which is no part of a network; look the terms up "
      "in its output");
}

TEST(Lookups, salts) {
  json numbers = {{"vocabulary", {1, 2}}};
  EXPECT_EQ(problem("IntegerLookup", with(numbers, {{"salt", 3}}), {1}, "int64"),
            "'salt' needs oov_method 'farmhash'");
  EXPECT_EQ(problem("IntegerLookup", with(numbers, {{"oov_method", "sum"}}), {1}, "int64"),
            "'oov_method' is 'sum'; it must be floormod or farmhash");
  EXPECT_EQ(problem("Hashing", {{"num_bins", 3}, {"salt", {1, 2, 3}}}),
            "'salt' must be one integer or two");
}

TEST(Lookups, textVectorization) {
  auto vectorization = [](const json &more, std::vector<int64_t> shape = {1}) {
    return problem("TextVectorization", with(kWords, more), shape);
  };
  EXPECT_EQ(
      vectorization({{"standardize", {{"class_name", "function"}}}}),
      "'standardize' is a function of Python, which is never executed; use one of the ways that "
      "Keras has names for, or do it to the data before");
  EXPECT_EQ(vectorization({{"standardize", "upper"}}),
            "'standardize' is 'upper', which Keras does not have");
  EXPECT_EQ(vectorization({{"split", "comma"}}), "'split' is 'comma', which Keras does not have");
  EXPECT_EQ(vectorization({{"ngrams", {2, 0}}}),
            "'ngrams' has the width 0; it must be from 1 to 1000");
  EXPECT_EQ(vectorization({{"ngrams", 0}}), "'ngrams' is empty");
  EXPECT_EQ(vectorization({{"ragged", true}}),
            "gives ragged tensors, whose rows differ in length; build the layer with "
            "output_sequence_length");
  EXPECT_EQ(vectorization({{"encoding", "latin-1"}}),
            "'encoding' is 'latin-1'; data are read as utf-8");
  EXPECT_EQ(
      vectorization({{"output_mode", "count"}}),
      "'output_sequence_length' is 3; it must be from 1 to 2147483647, and only the output mode "
      "'int' has one");
  EXPECT_EQ(vectorization({{"output_mode", "one_hot"}, {"output_sequence_length", nullptr}}),
            "the output mode 'one_hot' gives each term of a text a vector of its own, in rows that "
            "differ in length; use 'multi_hot'");
  EXPECT_EQ(vectorization(json::object(), {4}),
            "has rows of shape (4,); it splits one text a row, as Input(shape=(1,)) gives it");
  EXPECT_EQ(vectorization({{"split", nullptr}}, {}),
            "has rows of shape (); without 'split' it takes rows of texts of known number");
  EXPECT_EQ(vectorization({{"output_sequence_length", nullptr}}),
            "the input's shape is not known; give it with --input-shape");
  EXPECT_EQ(problem("TextVectorization", kWords, {1}, "float32"),
            "takes text, but its input holds numbers; give the input the dtype 'string'");
}

TEST(Lookups, hashes) {
  EXPECT_EQ(problem("Hashing", {{"num_bins", 3}, {"mask_value", 4}}),
            "'mask_value' is not of the input's type, which Keras cannot compare");
  EXPECT_EQ(problem("Hashing", {{"num_bins", 3}, {"dtype", "float32"}}),
            "gives indices of type \"float32\"; int32 and int64 are supported, as in Keras");
  EXPECT_EQ(problem("HashedCrossing", {{"num_bins", 3}}),
            "crosses one input; it needs at least two");
  json crossing = called(layer("HashedCrossing", "c", {{"num_bins", 3}}), {"x", "y"});
  auto crossed = [&](json x, json y) {
    return importError(makeFile(functional({x, y, crossing}, {"x", "y"}, {"c"})));
  };
  EXPECT_EQ(crossed(input("x", {2}, "string"), input("y", {2}, "int64")),
            "model.keras: layer 'c': crosses rows of shape (2,); it takes one value a row of each "
            "input, all of one shape");
  EXPECT_EQ(
      crossed(input("x", {1}, "string"), input("y", {1})),
      "model.keras: layer 'c': crosses texts and whole numbers, but an input holds others; give "
      "the input the dtype 'int64'");
}

TEST(Lookups, inputsOfOtherTypes) {
  EXPECT_EQ(
      problem("StringLookup", {{"vocabulary", {"a"}}}, {1}, "int64"),
      "looks up texts, but its input holds numbers; give the input the dtype 'string', or look "
      "them up with IntegerLookup");
  EXPECT_EQ(
      problem("IntegerLookup", {{"vocabulary", {1}}}),
      "looks up whole numbers, but its input holds text; give the input the dtype 'int64', or "
      "look it up with StringLookup");
  EXPECT_EQ(
      problem("Dense", {{"units", 2}}),
      "is called with text, which only lookups take: StringLookup, TextVectorization, Hashing "
      "and HashedCrossing");
  json lookup = layer("IntegerLookup", "c", {{"vocabulary", {1}}});
  EXPECT_EQ(
      importError(makeFile(sequential({input("x", {1}), layer("Flatten", "f"), lookup}))),
      "model.keras: layer 'c': looks up what other layers compute, or stands inside of one that "
      "calls a model step by step; only inputs of the model are looked up, before the step: "
      "give the values as an input of their own");
}

/// The step takes what the lookup gives; the data's input stays where something else uses it.
TEST(Lookups, becomeInputs) {
  json lookup = called(layer("IntegerLookup", "look", {{"vocabulary", {5, 7}}}), {"x"});
  json both = called(layer("Concatenate", "both"), {"look", "x", "y"});
  KerasFile file = makeFile(functional(
      {input("x", {2}, "int64"), input("y", {1}, "int64"), lookup, both}, {"x", "y"}, {"both"}));
  auto model = keras::parseModel(file, {});
  std::vector<std::string> names;
  for (const keras::ModelPort &port : model->inputs)
    names.push_back(port.name);
  EXPECT_THAT(names, ElementsAre("x", "y", "look"));
  EXPECT_THAT(model->lookups.results, ElementsAre(0, 1, 2));
  EXPECT_EQ(model->lookups.inputs.size(), 2u);
  EXPECT_EQ(model->lookups.calls[0].name, "look");
  EXPECT_EQ(importError(file), "no error");
}

} // namespace
} // namespace lamina::frontend::test
