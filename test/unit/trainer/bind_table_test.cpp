#include <gmock/gmock.h>

#include "test/unit/trainer/fixtures.h"

using namespace lamina;
using namespace lamina::trainer;
using namespace lamina::trainer::test;
using testing::ElementsAre;
using testing::IsEmpty;

namespace {

using Specs = std::vector<codegen::TensorSpec>;

const Specs kFeatures = {{"features", ElementType::F32, {-1, 2}}};
const Specs kClass = {{"class", ElementType::I32, {-1, 1}}};

Dataset bindText(const std::string &text, const BindOptions &options = {},
                 const Specs &inputs = kFeatures, const Specs &targets = kClass) {
  DataFile file;
  file.path = "d.csv";
  file.table = looksLikeArff(text) ? parseArff("d.csv", text) : parseDelimitedText("d.csv", text);
  return bindDataset(std::move(file), inputs, targets, options);
}

BindOptions withClasses(int64_t classes) {
  BindOptions options;
  options.targetClasses = {classes};
  return options;
}

} // namespace

TEST(BindTable, TheLastColumnIsTheTarget) {
  Dataset data = bindText("a,b,c\n1,2,0\n3,4,1\n");
  EXPECT_THAT(valuesOf<float>(data.inputs[0]), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(valuesOf<int32_t>(data.targets[0]), ElementsAre(0, 1));
  EXPECT_EQ(data.describeRow(0), "line 2");
  EXPECT_THAT(data.recipe.classes[0], IsEmpty());
}

TEST(BindTable, TargetByNameNumberAndFromTheEnd) {
  for (const char *target : {"c", "0", "-3"}) {
    BindOptions options;
    options.targetColumns = {target};
    Dataset data = bindText("c,a,b\n1,2,3\n0,4,5\n", options);
    EXPECT_THAT(valuesOf<int32_t>(data.targets[0]), ElementsAre(1, 0)) << target;
    EXPECT_THAT(valuesOf<float>(data.inputs[0]), ElementsAre(2, 3, 4, 5)) << target;
  }
}

TEST(BindTable, DroppedColumns) {
  BindOptions options = withClasses(2);
  options.targetColumns = {"1"};
  options.dropColumns = {"0"};
  Dataset data = bindText("842302,M,17.99,10.38\n842517,B,20.57,17.77\n", options);
  EXPECT_THAT(valuesOf<int32_t>(data.targets[0]), ElementsAre(1, 0));
  EXPECT_THAT(data.recipe.classes[0], ElementsAre("B", "M"));
  EXPECT_FLOAT_EQ(data.inputs[0].values<float>()[0], 17.99f);
}

TEST(BindTable, RowsFillTheInputsRowMajorAndInOrder) {
  Specs inputs = {{"image", ElementType::F32, {-1, 2, 2}}, {"extra", ElementType::I64, {-1, 1}}};
  Dataset data = bindText("1,2,3,4,5,0\n6,7,8,9,10,1\n", {}, inputs);
  EXPECT_THAT(valuesOf<float>(data.inputs[0]), ElementsAre(1, 2, 3, 4, 6, 7, 8, 9));
  EXPECT_THAT(valuesOf<int64_t>(data.inputs[1]), ElementsAre(5, 10));
}

TEST(BindTable, SeveralTargetColumns) {
  Specs targets = {{"y", ElementType::F32, {-1, 2}}};
  Dataset data = bindText("1,2,3,4\n", {}, kFeatures, targets);
  EXPECT_THAT(valuesOf<float>(data.targets[0]), ElementsAre(3, 4));
}

TEST(BindTable, PredictionNeedsNoTarget) {
  BindOptions options;
  options.wantTargets = false;
  EXPECT_THAT(valuesOf<float>(bindText("1,2\n3,4\n", options).inputs[0]), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(valuesOf<float>(bindText("1,2,0\n3,4,1\n", options).inputs[0]),
              ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(valuesOf<float>(bindText("1,2,a\n3,4,?\n", options).inputs[0]),
              ElementsAre(1, 2, 3, 4));
}

TEST(BindTable, TextLabelsAreNumberedAlphabetically) {
  Dataset data =
      bindText("1,2,setosa\n3,4,virginica\n5,6,setosa\n7,8,versicolor\n", withClasses(3));
  EXPECT_THAT(valuesOf<int32_t>(data.targets[0]), ElementsAre(0, 2, 0, 1));
  EXPECT_THAT(data.recipe.classes[0], ElementsAre("setosa", "versicolor", "virginica"));
}

TEST(BindTable, ClassesMayBeGivenInOrder) {
  BindOptions options = withClasses(3);
  options.classes = {"1", "2", "3"};
  EXPECT_THAT(valuesOf<int32_t>(bindText("1,2,3\n4,5,1.0\n", options).targets[0]),
              ElementsAre(2, 0));
  EXPECT_EQ(errorOf([&] { bindText("1,2,4\n4,5,1\n", options); }),
            "d.csv: line 1: label '4' is none of the classes 1,2,3");
}

TEST(BindTable, AFullStopAfterLabelsIsIgnored) {
  BindOptions options = withClasses(2);
  options.classes = {"<=50K", ">50K"};
  EXPECT_THAT(valuesOf<int32_t>(bindText("1, 2, >50K.\n3, 4, <=50K.\n", options).targets[0]),
              ElementsAre(1, 0));
}

TEST(BindTable, ArffDeclaresTheOrderOfClasses) {
  std::string text = "@relation r\n@attribute a real\n@attribute b real\n"
                     "@attribute c {won,nowin}\n@data\n1,2,nowin\n3,4,won\n";
  EXPECT_THAT(valuesOf<int32_t>(bindText(text, withClasses(2)).targets[0]), ElementsAre(1, 0));
}

TEST(BindTable, WidthErrors) {
  EXPECT_EQ(errorOf([] { bindText("1,2,3,0\n"); }),
            "d.csv: rows have 3 feature values, but the model takes 2 (input shape (2,)); choose "
            "columns with --target and --drop");
  EXPECT_EQ(errorOf([] { bindText("1,2\n"); }),
            "d.csv: rows have 1 feature values, but the model takes 2 (input shape (2,)); choose "
            "columns with --target and --drop");
  Specs oneHot = {{"class", ElementType::F32, {-1, 3}}};
  EXPECT_EQ(errorOf([&] { bindText("1,2,0\n", {}, kFeatures, oneHot); }),
            "d.csv: the target is one column, but the model's loss wants rows of 3 values "
            "(one-hot); use sparse_categorical_crossentropy for class numbers, or give 3 target "
            "columns");
  BindOptions two;
  two.targetColumns = {"2", "3"};
  EXPECT_EQ(errorOf([&] { bindText("1,2,0,1\n", two); }),
            "d.csv: there are 2 target columns, but the model's targets take 1");
}

TEST(BindTable, UnknownColumns) {
  BindOptions options;
  options.targetColumns = {"species"};
  EXPECT_EQ(errorOf([&] { bindText("a,b,c\n1,2,0\n", options); }),
            "d.csv: there is no column 'species'; the file has a, b, c");
  EXPECT_EQ(errorOf([&] { bindText("1,2,0\n", options); }),
            "d.csv: there is no column 'species'; the file has no header, so give the column's "
            "number");
  options.targetColumns = {"3"};
  EXPECT_EQ(errorOf([&] { bindText("1,2,0\n", options); }),
            "d.csv: there is no column 3; the file has 3 columns, numbered from 0");
  options.targetColumns = {"1", "-2"};
  EXPECT_EQ(errorOf([&] { bindText("1,2,0\n", options); }), "d.csv: column 1 is given twice");
}

TEST(BindTable, TextFeatures) {
  const char *refusal = "d.csv: line 3: column 'job' holds text ('clerk'), but features are "
                        "numbers; drop the column with --drop, or encode it";
  EXPECT_EQ(errorOf([] { bindText("age,job,class\n39,1,0\n39,clerk,0\n"); }), refusal);
  EXPECT_EQ(
      errorOf([] { bindText("age,job,class\n39,clerk,0\n"); }),
      "d.csv: column 'job' holds 'clerk' in every row, which carries no information; drop it with "
      "--drop");
  BindOptions judging;
  judging.numbersLabels = false;
  EXPECT_EQ(errorOf([&] { bindText("age,job,class\n\n39,clerk,0\n40,boss,1\n", judging); }),
            refusal);
}

TEST(BindTable, FractionsForIntegerInputs) {
  Specs ids = {{"ids", ElementType::I32, {-1, 2}}};
  EXPECT_EQ(errorOf([&] { bindText("a,b,c\n1,2.5,0\n", {}, ids); }),
            "d.csv: line 2, column 'b': 2.5 is not a value of type int32, which 'ids' takes");
}

TEST(BindTable, LabelErrors) {
  EXPECT_EQ(errorOf([] { bindText("1,2,0\n3,4,10\n", withClasses(10)); }),
            "d.csv: line 2: label 10 of target 'class' is out of range; the model has 10 classes, "
            "numbered 0 to 9");
  EXPECT_EQ(errorOf([] { bindText("1,2,2\n3,4,4\n", withClasses(2)); }),
            "d.csv: line 1: label 2 of target 'class' is out of range; the model has 2 classes, "
            "numbered 0 to 1; with --classes 2,4 they count in this order");
  EXPECT_EQ(errorOf([] { bindText("1,2,a\n3,4,b\n", withClasses(3)); }),
            "d.csv: column 2 has 2 different labels, but the model has 3 classes; give them in "
            "order with --classes A,B,...");
  EXPECT_EQ(errorOf([] { bindText("1,2,a\n3,4,b\n5,6,c\n"); }),
            "d.csv: line 1: column 2 holds text ('a'), but the model's loss wants numbers");
}

TEST(BindTable, TwoTextsMayStandForZeroAndOne) {
  Specs target = {{"p", ElementType::F32, {-1, 1}}};
  EXPECT_THAT(valuesOf<float>(bindText("1,2,yes\n3,4,no\n", {}, kFeatures, target).targets[0]),
              ElementsAre(1, 0));
}

TEST(BindTable, MissingValues) {
  std::string text = "a,b,c\n1,?,0\n2,3,1\n,5,1\n4,5,NA\n";
  EXPECT_EQ(errorOf([&] { bindText(text); }),
            "d.csv: line 2: column 'b' has no value (3 such rows); use --missing drop, or "
            "--missing NUMBER to fill features");
  BindOptions options;
  options.missing.policy = MissingValues::Policy::Drop;
  Dataset dropped = bindText(text, options);
  EXPECT_EQ(dropped.rows, 1);
  EXPECT_EQ(dropped.droppedRows, 3);
  EXPECT_EQ(dropped.describeRow(0), "line 3");
  options.missing = {MissingValues::Policy::Fill, -1};
  EXPECT_EQ(errorOf([&] { bindText(text, options); }),
            "d.csv: line 5: column 'c' has no value (1 such rows); use --missing drop, or "
            "--missing NUMBER to fill features");
  EXPECT_THAT(valuesOf<float>(bindText("a,b,c\n1,?,0\n", options).inputs[0]), ElementsAre(1, -1));
  options.missing.policy = MissingValues::Policy::Drop;
  EXPECT_EQ(errorOf([&] { bindText("a,b,c\n1,?,0\n", options); }),
            "d.csv: no row is left without missing values");
}
