// Weights of samples: from arrays, columns and classes.
#include <gmock/gmock.h>

#include "test/unit/trainer/fixtures.h"
#include "trainer/data/batches.h"

using namespace lamina;
using namespace lamina::trainer;
using namespace lamina::trainer::test;
using testing::ElementsAre;

namespace {

using Specs = std::vector<codegen::TensorSpec>;

const Specs kInput = {{"a", ElementType::F32, {-1, 1}}};
const Specs kLabel = {{"kind", ElementType::I32, {-1}}};
const Specs kOneHot = {{"kind", ElementType::F32, {-1, 3}}};
const Specs kWeights = {{"kind", ElementType::F32, {-1}}};
const Specs kSteps = {{"kind", ElementType::F32, {-1, 2}}};

DataFile npz(std::map<std::string, frontend::Array> more) {
  DataFile file;
  file.path = "data.npz";
  file.arrays = std::move(more);
  file.arrays.emplace("x", floats({3, 1}, {1, 2, 3}));
  file.arrays.emplace("y", test::makeArray<int64_t>(ElementType::I64, {3}, {0, 1, 2}));
  return file;
}

BindOptions named(const std::string &name, const Specs &specs = kWeights) {
  BindOptions options;
  options.weights = specs;
  options.weighting.name = name;
  return options;
}

BindOptions byClass(std::map<int64_t, double> classes) {
  BindOptions options;
  options.weights = kWeights;
  options.weighting.classes = std::move(classes);
  return options;
}

DataFile table() {
  DataFile file;
  file.path = "data.csv";
  file.table = parseDelimitedText("data.csv", "a,w,kind\n1,0.5,0\n2,2,1\n3,1,2\n");
  return file;
}

std::vector<float> weightsOf(const Dataset &data) {
  return valuesOf<float>(data.weights.at(0));
}

} // namespace

TEST(Weights, FromAnArray) {
  Dataset data = bindDataset(npz({{"w", floats({3}, {1, 2, 0.5f})}}), kInput, kLabel, named("w"));
  EXPECT_THAT(weightsOf(data), ElementsAre(1, 2, 0.5f));
}

TEST(Weights, TheArrayOfThatNameGoesBeforeNumberedOnes) {
  Dataset data = bindDataset(npz({{"w", floats({3}, {9, 9, 9})}, {"w0", floats({3}, {1, 2, 3})}}),
                             kInput, kLabel, named("w"));
  EXPECT_THAT(weightsOf(data), ElementsAre(9, 9, 9));
  data = bindDataset(npz({{"w0", floats({3}, {1, 2, 3})}}), kInput, kLabel, named("w"));
  EXPECT_THAT(weightsOf(data), ElementsAre(1, 2, 3));
}

TEST(Weights, FromAColumnThatIsNoFeature) {
  Dataset data = bindDataset(table(), kInput, kLabel, named("w"));
  EXPECT_THAT(weightsOf(data), ElementsAre(0.5f, 2, 1));
  EXPECT_THAT(valuesOf<float>(data.inputs[0]), ElementsAre(1, 2, 3));
}

TEST(Weights, MayBeAbsentInValidationData) {
  BindOptions options = named("w");
  options.weighting.mayBeAbsent = true;
  EXPECT_THAT(weightsOf(bindDataset(npz({}), kInput, kLabel, options)), ElementsAre(1, 1, 1));
}

TEST(Weights, ByClassNumber) {
  Dataset data = bindDataset(npz({}), kInput, kLabel, byClass({{0, 0.5}, {2, 3}}));
  EXPECT_THAT(weightsOf(data), ElementsAre(0.5f, 1, 3));
}

TEST(Weights, ByOneHotClass) {
  DataFile file = npz({});
  file.arrays.at("y") = floats({3, 3}, {0, 0, 1, 1, 0, 0, 0, 1, 0});
  EXPECT_THAT(weightsOf(bindDataset(std::move(file), kInput, kOneHot, byClass({{2, 3}}))),
              ElementsAre(3, 1, 1));
}

TEST(Weights, GoWithTheirRows) {
  Dataset data = bindDataset(npz({{"w", floats({3}, {1, 2, 3})}}), kInput, kLabel, named("w"));
  Batches batches(data, 2);
  EXPECT_EQ(*static_cast<const float *>(batches.get(1, {2, 1, 0}).weights[0]), 1);
  Dataset last = splitLast(data, 0.34);
  EXPECT_THAT(weightsOf(data), ElementsAre(1));
  EXPECT_THAT(weightsOf(last), ElementsAre(2, 3));
  setWeights(last, 1);
  EXPECT_THAT(weightsOf(last), ElementsAre(1, 1));
}

TEST(Weights, Errors) {
  auto error = [](DataFile file, const BindOptions &options, const Specs &targets = kLabel) {
    return errorOf([&] { bindDataset(std::move(file), kInput, targets, options); });
  };
  EXPECT_EQ(error(npz({}), named("w")),
            "data.npz: there is no array 'w' of sample weights; the file has 'x', 'y'");
  EXPECT_EQ(error(npz({{"w", floats({2}, {1, 2})}}), named("w")),
            "data.npz: the first input has 3 rows, but one array of weights has 2");
  EXPECT_EQ(error(npz({{"w", floats({3}, {1, 2, 3})}}), named("w", kSteps)),
            "data.npz: rows for sample weights of 'kind' have shape (), but the model wants (2,)");
  EXPECT_EQ(error(table(), named("v")),
            "data.csv: there is no column 'v'; the file has a, w, kind");
  EXPECT_EQ(error(table(), named("w", kSteps)),
            "data.csv: column 'w' has one weight a row, but the loss of 'kind' wants 2 of them; "
            "give weights as an array of a .npz file");
  BindOptions steps = byClass({{0, 2}});
  steps.weights = kSteps;
  DataFile file = npz({});
  file.arrays.at("y") = test::makeArray<int64_t>(ElementType::I64, {3, 2}, {0, 1, 2, 0, 1, 2});
  EXPECT_EQ(error(std::move(file), steps, {{"kind", ElementType::I32, {-1, 2}}}),
            "data.npz: class weights need one class a row, but rows of target 'kind' have shape "
            "(2,); give weights of samples");
}
