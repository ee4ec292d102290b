#include <gmock/gmock.h>

#include "test/unit/trainer/fixtures.h"

using namespace lamina;
using namespace lamina::trainer;
using namespace lamina::trainer::test;
using testing::ElementsAre;

namespace {

using Specs = std::vector<codegen::TensorSpec>;

const Specs kInput = {{"pixels", ElementType::F32, {-1, 2}}};
const Specs kLabel = {{"digit", ElementType::I32, {-1, 1}}};

DataFile file(std::map<std::string, frontend::Array> arrays) {
  DataFile result;
  result.path = "data.npz";
  result.arrays = std::move(arrays);
  return result;
}

Dataset bind(std::map<std::string, frontend::Array> arrays, const Specs &inputs = kInput,
             const Specs &targets = kLabel, const BindOptions &options = {}) {
  return bindDataset(file(std::move(arrays)), inputs, targets, options);
}

frontend::Array labels(std::vector<int64_t> values) {
  auto rows = static_cast<int64_t>(values.size());
  return test::makeArray<int64_t>(ElementType::I64, {rows}, std::move(values));
}

} // namespace

TEST(BindArrays, XAndY) {
  Dataset data = bind({{"x", floats({2, 2}, {1, 2, 3, 4})}, {"y", labels({0, 1})}});
  EXPECT_EQ(data.rows, 2);
  EXPECT_THAT(valuesOf<float>(data.inputs[0]), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(valuesOf<int32_t>(data.targets[0]), ElementsAre(0, 1));
  EXPECT_THAT(data.targets[0].shape, ElementsAre(2, 1)) << "a missing dimension of 1 is added";
  EXPECT_EQ(data.describeRow(1), "row 1");
}

TEST(BindArrays, NumberedAndNamed) {
  Specs inputs = {{"left", ElementType::F32, {-1, 1}}, {"right", ElementType::F32, {-1, 1}}};
  Dataset data = bind(
      {{"x0", floats({1, 1}, {1})}, {"x1", floats({1, 1}, {2})}, {"digit", labels({0})}}, inputs);
  EXPECT_THAT(valuesOf<float>(data.inputs[1]), ElementsAre(2));
  data = bind({{"right", floats({1, 1}, {1})}, {"left", floats({1, 1}, {2})}, {"y0", labels({0})}},
              inputs);
  EXPECT_THAT(valuesOf<float>(data.inputs[0]), ElementsAre(2));
}

/// As in Keras, where a list of targets goes by the outputs, also those without a loss.
TEST(BindArrays, TargetsAreNumberedByOutput) {
  auto x = floats({1, 2}, {1, 2});
  BindOptions options;
  options.outputs = {"first", "digit"};
  options.weights = {{"digit", ElementType::F32, {-1}}};
  options.weighting.name = "w";
  Dataset data = bind({{"x", x},
                       {"y0", labels({3})},
                       {"y1", labels({7})},
                       {"w0", floats({1}, {3})},
                       {"w1", floats({1}, {7})}},
                      kInput, kLabel, options);
  EXPECT_THAT(valuesOf<int32_t>(data.targets[0]), ElementsAre(7));
  EXPECT_THAT(valuesOf<float>(data.weights[0]), ElementsAre(7));
  options.weighting.name.clear();
  data = bind({{"x", x}, {"y", labels({5})}}, kInput, kLabel, options);
  EXPECT_THAT(valuesOf<int32_t>(data.targets[0]), ElementsAre(5));
  EXPECT_EQ(errorOf([&] { bind({{"x", x}, {"y0", labels({3})}}, kInput, kLabel, options); }),
            "data.npz: there is no array 'y' for target 'digit'; the file has 'x', 'y0'");
}

TEST(BindArrays, NumberedArraysThatAreNotUsed) {
  auto x = floats({1, 2}, {1, 2});
  EXPECT_EQ(errorOf([&] { bind({{"x0", x}, {"x1", x}, {"y", labels({0})}}); }),
            "data.npz: there is an array 'x1', but the model has 1 input");
  EXPECT_EQ(errorOf([&] { bind({{"x", x}, {"y0", labels({0})}, {"y2", labels({0})}}); }),
            "data.npz: there is an array 'y2', but the model has 1 output");
  EXPECT_EQ(errorOf([&] { bind({{"x", x}, {"x0", x}, {"y", labels({0})}}); }),
            "data.npz: the array 'x0' is not used, for another one has the name of that input");
  BindOptions options;
  options.wantTargets = false;
  EXPECT_EQ(errorOf([&] { bind({{"x", x}, {"y7", x}}, kInput, kLabel, options); }), "(no error)");
}

TEST(BindArrays, TargetsAreIgnoredWhenNotWanted) {
  BindOptions options;
  options.wantTargets = false;
  Dataset data = bind({{"x", floats({1, 2}, {1, 2})}, {"y", floats({7}, {1, 2, 3, 4, 5, 6, 7})}},
                      kInput, kLabel, options);
  EXPECT_TRUE(data.targets.empty());
}

TEST(BindArrays, Errors) {
  auto x = floats({2, 2}, {1, 2, 3, 4});
  EXPECT_EQ(errorOf([&] { bind({{"pictures", x}, {"y", labels({0, 1})}}); }),
            "data.npz: there is no array 'x' for input 'pixels'; the file has 'pictures', 'y'");
  EXPECT_EQ(errorOf([&] { bind({{"x", x}}); }),
            "data.npz: there is no array 'y' for target 'digit'; the file has 'x'");
  EXPECT_EQ(errorOf([&] { bind({{"x", floats({1, 3}, {1, 2, 3})}, {"y", labels({0})}}); }),
            "data.npz: rows for input 'pixels' have shape (3,), but the model wants (2,)");
  EXPECT_EQ(errorOf([&] { bind({{"x", x}, {"y", labels({0, 1, 1})}}); }),
            "data.npz: the first input has 2 rows, but one target has 3");
  EXPECT_EQ(errorOf([&] { bind({{"x", x}, {"y", floats({2}, {0, 1.5})}}); }),
            "data.npz: row 1: target 'digit' takes int32 values, 1.5 is none; convert the data or "
            "the model");
  EXPECT_EQ(errorOf([&] { bind({{"x", floats({}, {1})}, {"y", labels({0})}}); }),
            "data.npz: the array for input 'pixels' is a single value; it wants one row per "
            "sample");
  EXPECT_EQ(errorOf([&] { bind({{"x", floats({0, 2}, {})}, {"y", labels({})}}); }),
            "data.npz: there are no rows of data in it");
}

TEST(BindArrays, ASingleArrayHasNoTargets) {
  DataFile single = file({{"x", floats({1, 2}, {1, 2})}});
  single.isSingleArray = true;
  EXPECT_EQ(errorOf([&] { bindDataset(std::move(single), kInput, kLabel, {}); }),
            "data.npz: a .npy file holds inputs only; give inputs and targets as x and y of a "
            ".npz file");
}

TEST(BindArrays, ClassNumbersAndOneHotRows) {
  auto x = floats({2, 2}, {1, 2, 3, 4});
  Specs oneHot = {{"digit", ElementType::F32, {-1, 3}}};
  EXPECT_EQ(errorOf([&] { bind({{"x", x}, {"y", labels({0, 1})}}, kInput, oneHot); }),
            "data.npz: rows for target 'digit' have shape (), but the model wants (3,); class "
            "numbers want sparse_categorical_crossentropy, this model's loss wants one-hot rows "
            "of 3");
  BindOptions options;
  options.targetClasses = {3};
  auto rows = floats({2, 3}, {1, 0, 0, 0, 1, 0});
  EXPECT_EQ(errorOf([&] { bind({{"x", x}, {"y", rows}}, kInput, kLabel, options); }),
            "data.npz: rows for target 'digit' have shape (3,), but the model wants (1,); one-hot "
            "rows want categorical_crossentropy, this model's loss wants class numbers");
}

TEST(BindArrays, LabelsOutOfRange) {
  BindOptions options;
  options.targetClasses = {3};
  auto bindLabels = [&](std::vector<int64_t> values) {
    auto rows = static_cast<int64_t>(values.size());
    return errorOf([&] {
      bind({{"x", floats({rows, 2}, std::vector<float>(size_t(2 * rows)))}, {"y", labels(values)}},
           kInput, kLabel, options);
    });
  };
  EXPECT_EQ(bindLabels({0, 1, 2}), "(no error)");
  EXPECT_EQ(bindLabels({0, 3}),
            "data.npz: row 1: label 3 of target 'digit' is out of range; the model has 3 classes, "
            "numbered 0 to 2");
  EXPECT_EQ(bindLabels({-1}),
            "data.npz: row 0: label -1 of target 'digit' is out of range; the model has 3 classes, "
            "numbered 0 to 2");
  EXPECT_EQ(bindLabels({1, 2, 3}),
            "data.npz: row 2: label 3 of target 'digit' is out of range; the model has 3 classes, "
            "numbered 0 to 2; the labels seem to count from 1: subtract 1, or name the classes in "
            "order");
  EXPECT_EQ(bindLabels({2, 4, 9}),
            "data.npz: row 1: label 4 of target 'digit' is out of range; the model has 3 classes, "
            "numbered 0 to 2; number the labels 2,4,9 from 0 in order");
}

TEST(BindArrays, FractionalLabelsOfAFloatTarget) {
  Specs target = {{"digit", ElementType::F32, {-1}}};
  BindOptions options;
  options.targetClasses = {3};
  EXPECT_EQ(errorOf([&] {
              bind({{"x", floats({1, 2}, {1, 2})}, {"y", floats({1}, {0.5})}}, kInput, target,
                   options);
            }),
            "data.npz: row 0: label 0.5 of target 'digit' is not an integer; the model has 3 "
            "classes, numbered 0 to 2");
}

TEST(SplitLast, TakesTheLastRowsAsKerasDoes) {
  Dataset data = linearData(10);
  auto all = valuesOf<float>(data.inputs[0]);
  Dataset last = splitLast(data, 0.25);
  EXPECT_EQ(data.rows, 7) << "floor(10 * 0.75)";
  EXPECT_EQ(last.rows, 3);
  auto first = valuesOf<float>(data.inputs[0]), rest = valuesOf<float>(last.inputs[0]);
  first.insert(first.end(), rest.begin(), rest.end());
  EXPECT_EQ(first, all);
  EXPECT_EQ(last.targets[0].shape[0], 3);
}

TEST(SplitLast, NoPartMayBeEmpty) {
  Dataset data = linearData(2);
  EXPECT_EQ(errorOf([&] { splitLast(data, 0.9); }),
            "linear: 2 rows cannot be split with a validation fraction of 0.9: one part would be "
            "empty");
  EXPECT_NE(errorOf([&] { splitLast(data, 0); }), "(no error)");
}
