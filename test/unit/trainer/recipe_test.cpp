// What one file says of its columns and labels holds for the next.
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
const Specs kTwoFlags = {{"flags", ElementType::F32, {-1, 2}}};

Dataset bindText(const std::string &text, const BindOptions &options = {},
                 const Specs &targets = kClass) {
  DataFile file;
  file.path = "d.csv";
  file.table = looksLikeArff(text) ? parseArff("d.csv", text) : parseDelimitedText("d.csv", text);
  return bindDataset(std::move(file), kFeatures, targets, options);
}

/// Options for a file that is fitted as `training` was, which has two classes.
BindOptions after(const std::string &training, int64_t classes = 2) {
  BindOptions options;
  options.targetClasses = {classes};
  options.known = bindText(training, options).recipe;
  options.numbersLabels = false;
  return options;
}

const std::string kTraining = "a,b,kind\n1,2,B\n3,4,M\n";

} // namespace

TEST(Recipe, HasNamesInTheOrderOfTheInputs) {
  BindOptions options;
  options.targetColumns = {"kind"};
  ColumnRecipe recipe = bindText("kind,a,b\nB,1,2\nM,3,4\n", options).recipe;
  EXPECT_THAT(recipe.features, ElementsAre("a", "b"));
  EXPECT_THAT(recipe.targets, ElementsAre("kind"));
  EXPECT_THAT(recipe.classes, ElementsAre(ElementsAre("B", "M")));
}

TEST(Recipe, HasNoNamesWhereTheyTellNothingApart) {
  EXPECT_THAT(bindText("1,2,0\n3,4,1\n").recipe.features, IsEmpty());
  EXPECT_THAT(bindText("a,a,c\n1,2,0\n3,4,1\n").recipe.features, IsEmpty());
  EXPECT_THAT(bindText("a,\"\",c\n1,2,0\n3,4,1\n").recipe.features, IsEmpty());
}

TEST(Recipe, HoldsThePlacesOfColumnsForFilesWithoutNames) {
  for (const char *header : {"", "kind,id,a,b\n"}) {
    BindOptions options;
    options.targetClasses = {2};
    options.targetColumns = {"0"};
    options.dropColumns = {"1"};
    ColumnRecipe known = bindText(std::string(header) + "B,7,1,2\nM,8,3,4\n", options).recipe;
    EXPECT_EQ(known.width, 4u);
    EXPECT_THAT(known.featurePlaces, ElementsAre(2, 3));
    EXPECT_THAT(known.targetPlaces, ElementsAre(0));
    BindOptions later;
    later.targetClasses = {2};
    later.known = known;
    later.numbersLabels = false;
    Dataset data = bindText("M,9,5,6\n", later);
    EXPECT_THAT(valuesOf<float>(data.inputs[0]), ElementsAre(5, 6));
    EXPECT_THAT(valuesOf<int32_t>(data.targets[0]), ElementsAre(1));
    // Of as many columns as the model takes, all are taken in order.
    EXPECT_THAT(valuesOf<float>(bindText("5,6,B\n", later).inputs[0]), ElementsAre(5, 6));
    // What is asked for goes before what is known.
    later.targetColumns = {"-1"};
    later.dropColumns = {"0"};
    EXPECT_THAT(valuesOf<float>(bindText("9,5,6,M\n", later).inputs[0]), ElementsAre(5, 6));
  }
}

TEST(Recipe, OneClassAloneKeepsItsNumber) {
  for (int64_t classes : {0, 2}) {
    Dataset data = bindText("a,b,kind\n5,6,M\n7,8,M\n", after(kTraining, classes));
    EXPECT_THAT(valuesOf<int32_t>(data.targets[0]), ElementsAre(1, 1));
    EXPECT_THAT(data.recipe.classes[0], ElementsAre("B", "M"));
  }
}

TEST(Recipe, NumbersAreTakenAsTheyAre) {
  Dataset data = bindText("a,b,kind\n5,6,1\n7,8,1\n", after(kTraining));
  EXPECT_THAT(valuesOf<int32_t>(data.targets[0]), ElementsAre(1, 1));
  EXPECT_EQ(errorOf([] { bindText("a,b,kind\n5,6,2\n", after(kTraining)); }),
            "d.csv: line 2: label 2 of target 'class' is out of range; the model has 2 classes, "
            "numbered 0 to 1");
  data = bindText("a,b,kind\n5,6,1\n7,8,1\n", after("a,b,kind\n1,2,0\n3,4,1\n"));
  EXPECT_THAT(valuesOf<int32_t>(data.targets[0]), ElementsAre(1, 1));
}

TEST(Recipe, NumbersThatWereNamesOfClassesStayNames) {
  BindOptions options;
  options.targetClasses = {3};
  options.classes = {"3", "5", "8"};
  options.known = bindText("a,b,kind\n1,2,8\n3,4,3\n", options).recipe;
  options.classes.clear();
  options.numbersLabels = false;
  EXPECT_THAT(valuesOf<int32_t>(bindText("a,b,kind\n5,6,5\n", options).targets[0]), ElementsAre(1));
}

TEST(Recipe, LabelsThatTrainingDidNotHaveAreRefused) {
  EXPECT_EQ(errorOf([] { bindText("a,b,kind\n5,6,B\n7,8,X\n", after(kTraining)); }),
            "d.csv: line 3: label 'X' is none of the classes B,M");
}

TEST(Recipe, TextWithoutKnownClassesIsRefused) {
  for (int64_t classes : {0, 2}) {
    BindOptions options;
    options.targetClasses = {classes};
    options.numbersLabels = false;
    EXPECT_EQ(errorOf([&] { bindText("5,6,B\n7,8,M\n", options); }),
              "d.csv: column 2 holds labels as text ('B'), and the model does not say which class "
              "is which; name them in the order of training with --classes A,B,...");
    options.classes = {"M", "B"};
    EXPECT_THAT(valuesOf<int32_t>(bindText("5,6,B\n7,8,B\n", options).targets[0]),
                ElementsAre(1, 1));
    options.classes.clear();
    EXPECT_THAT(valuesOf<int32_t>(bindText("@relation r\n@attribute a real\n@attribute b real\n"
                                           "@attribute c {M,B}\n@data\n1,2,B\n",
                                           options)
                                      .targets[0]),
                ElementsAre(1));
  }
}

TEST(Recipe, OneLabelAloneCannotBeTrainedOn) {
  for (int64_t classes : {0, 2}) {
    BindOptions options;
    options.targetClasses = {classes};
    EXPECT_EQ(errorOf([&] { bindText("5,6,M\n7,8,M\n", options); }),
              "d.csv: column 2 has one label only ('M'); name all classes in order with --classes "
              "A,B,...");
  }
}

TEST(Recipe, AllColumnsOfATargetShareTheirClasses) {
  Dataset data = bindText("1,2,no,yes\n3,4,no,no\n", {}, kTwoFlags);
  EXPECT_THAT(valuesOf<float>(data.targets[0]), ElementsAre(0, 1, 0, 0));
  EXPECT_THAT(data.recipe.classes, ElementsAre(ElementsAre("no", "yes")));
}

TEST(Recipe, ColumnsAreFoundByName) {
  Dataset data = bindText("kind,b,id,a\nM,6,77,5\n", after(kTraining));
  EXPECT_THAT(valuesOf<float>(data.inputs[0]), ElementsAre(5, 6));
  EXPECT_THAT(valuesOf<int32_t>(data.targets[0]), ElementsAre(1));
}

TEST(Recipe, PredictionNeedsTheFeaturesAlone) {
  BindOptions options = after(kTraining);
  options.wantTargets = false;
  EXPECT_THAT(valuesOf<float>(bindText("b,a\n6,5\n", options).inputs[0]), ElementsAre(5, 6));
}

TEST(Recipe, FilesWithoutHeaderGoByPosition) {
  Dataset data = bindText("5,6,M\n", after(kTraining));
  EXPECT_THAT(valuesOf<float>(data.inputs[0]), ElementsAre(5, 6));
  EXPECT_THAT(valuesOf<int32_t>(data.targets[0]), ElementsAre(1));
}

TEST(Recipe, ATargetThatIsGivenWins) {
  BindOptions options = after(kTraining);
  options.targetColumns = {"other"};
  Dataset data = bindText("other,a,b,kind\nM,5,6,B\n", options);
  EXPECT_THAT(valuesOf<int32_t>(data.targets[0]), ElementsAre(1));
}

TEST(Recipe, ColumnsThatDoNotFitAreRefused) {
  auto refused = [](const std::string &text, auto change) {
    BindOptions options = after(kTraining);
    change(options);
    return errorOf([&] { bindText(text, options); });
  };
  auto asIs = [](BindOptions &) {};
  EXPECT_EQ(
      refused("a,c,kind\n5,6,M\n", asIs),
      "d.csv: there is no column 'b', which the model was trained on; the file has a, c, kind");
  EXPECT_EQ(
      refused("a,b,c\n5,6,M\n", asIs),
      "d.csv: there is no column 'kind', which the model was trained on; the file has a, b, c");
  EXPECT_EQ(refused("a,b,b,kind\n5,6,7,M\n", asIs),
            "d.csv: two columns have the name 'b', which the model was trained on; rename one");
  EXPECT_EQ(refused("a,b,kind\n5,6,M\n", [](BindOptions &o) { o.dropColumns = {"b"}; }),
            "d.csv: column 'b' cannot be dropped: the model was trained on it");
  EXPECT_EQ(refused("a,b,kind\n5,6,M\n", [](BindOptions &o) { o.targetColumns = {"b"}; }),
            "d.csv: column 'b' cannot be a target: the model was trained on it as a feature");
}
