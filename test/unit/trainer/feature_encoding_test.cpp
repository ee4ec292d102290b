// Columns of text, missing values and scales become values of inputs, and the same ones in other
// files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/unit/trainer/fixtures.h"

namespace lamina::trainer {
namespace {

using namespace test;
using ::testing::ElementsAre;

using Specs = std::vector<codegen::TensorSpec>;

const Specs kClass = {{"class", ElementType::F32, {-1, 1}}};

Specs floats(int64_t count) {
  return {{"x", ElementType::F32, {-1, count}}};
}

Dataset bindCells(const std::string &text, const Specs &inputs, const BindOptions &options = {}) {
  DataFile file;
  file.table = parseDelimitedText("d.csv", text);
  return bindDataset(std::move(file), inputs, kClass, options);
}

/// As in evaluation of a model that was trained on `data`.
BindOptions knowing(const Dataset &data) {
  BindOptions options;
  options.known = data.recipe;
  options.numbersLabels = false;
  return options;
}

const std::string kJobs = "age,job,class\n1,clerk,0\n2,boss,1\n3,cook,0\n";

TEST(FeatureEncoding, TextIsOneHotForInputsOfNumbers) {
  Dataset data = bindCells(kJobs, floats(4));
  EXPECT_THAT(valuesOf<float>(data.inputs[0]),
              ElementsAre(1, 0, 1, 0, 2, 1, 0, 0, 3, 0, 0, 1)); // boss, clerk, cook
  ASSERT_EQ(data.recipe.encodings.size(), 2u);
  EXPECT_EQ(data.recipe.encodings[0], FeatureEncoding());
  EXPECT_THAT(data.recipe.encodings[1].categories, ElementsAre("boss", "clerk", "cook"));
}

TEST(FeatureEncoding, TextIsANumberForInputsOfIndices) {
  Specs inputs = {{"age", ElementType::F32, {-1, 1}}, {"job", ElementType::I32, {-1, 1}}};
  Dataset data = bindCells(kJobs, inputs);
  EXPECT_THAT(valuesOf<float>(data.inputs[0]), ElementsAre(1, 2, 3));
  EXPECT_THAT(valuesOf<int32_t>(data.inputs[1]), ElementsAre(1, 0, 2));
  BindOptions indices;
  indices.inputEntries = {0, 3};
  inputs[1].type = ElementType::F32;
  EXPECT_THAT(valuesOf<float>(bindCells(kJobs, inputs, indices).inputs[1]), ElementsAre(1, 0, 2));
}

TEST(FeatureEncoding, OtherFilesAreEncodedAsTheTrainingWas) {
  BindOptions options = knowing(bindCells(kJobs, floats(4)));
  Dataset data = bindCells("class,job,age\n1,cook,7\n", floats(4), options);
  EXPECT_THAT(valuesOf<float>(data.inputs[0]), ElementsAre(7, 0, 0, 1));
  EXPECT_EQ(errorOf([&] { bindCells("class,job,age\n1,cook,7\n1,pope,7\n", floats(4), options); }),
            "d.csv: line 3: column 'job' holds 'pope', which is none of the values that the model "
            "was trained on: boss,clerk,cook");
  EXPECT_EQ(errorOf([&] { bindCells("class,job,age\n1,5,7\n", floats(4), options); }),
            "d.csv: line 2: column 'job' holds 5, which is none of the values that the model was "
            "trained on: boss,clerk,cook");
}

TEST(FeatureEncoding, WithoutAHeaderByPosition) {
  BindOptions options = knowing(bindCells("1,a,0\n2,b,1\n", floats(3)));
  options.wantTargets = false;
  EXPECT_THAT(valuesOf<float>(bindCells("5,b\n", floats(3), options).inputs[0]),
              ElementsAre(5, 0, 1));
  EXPECT_EQ(errorOf([&] { bindCells("5,b,1,2\n", floats(3), options); }),
            "d.csv: there are 3 columns of features, but the model was trained on 2");
}

TEST(FeatureEncoding, WidthsThatDoNotFit) {
  EXPECT_EQ(errorOf([] { bindCells(kJobs, floats(3)); }),
            "d.csv: rows have 4 feature values, 3 of them from column 'job', but the model takes 3 "
            "(input "
            "shape (3,)); choose columns with --target and --drop");
}

TEST(FeatureEncoding, MissingValues) {
  const std::string text = "a,b,class\n1,x,0\n?,y,1\n2,y,0\n6,?,1\n";
  using Policy = MissingValues::Policy;
  BindOptions options;
  for (auto [policy, wanted] :
       {std::pair{Policy::Mean, 3.f}, {Policy::Median, 2.f}, {Policy::MostFrequent, 1.f}}) {
    options.missing.policy = policy;
    Dataset data = bindCells(text, floats(3), options);
    EXPECT_THAT(valuesOf<float>(data.inputs[0]),
                ElementsAre(1, 1, 0, wanted, 0, 1, 2, 0, 1, 6, 0, 1));
    // What stood for them stands for them again.
    EXPECT_THAT(
        valuesOf<float>(bindCells("a,b,class\n?,x,0\n", floats(3), knowing(data)).inputs[0]),
        ElementsAre(wanted, 1, 0));
  }
  options.missing = {Policy::Fill, -1};
  EXPECT_EQ(
      errorOf([&] { bindCells(text, floats(3), options); }),
      "d.csv: line 5: column 'b' has no value (1 such rows); use --missing drop, or --missing "
      "NUMBER to fill features")
      << "a number stands for no category";
}

TEST(FeatureEncoding, Standardization) {
  BindOptions options;
  options.standardize = true;
  Dataset data = bindCells("a,b,c,class\n1,x,5,0\n3,y,5,1\n", floats(4), options);
  EXPECT_THAT(valuesOf<float>(data.inputs[0]), ElementsAre(-1, 1, 0, 0, 1, 0, 1, 0));
  EXPECT_THAT(
      valuesOf<float>(bindCells("a,b,c,class\n5,y,6,0\n", floats(4), knowing(data)).inputs[0]),
      ElementsAre(3, 0, 1, 1));
}

} // namespace
} // namespace lamina::trainer
