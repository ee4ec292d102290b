#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "frontend/keras/weights/weights.h"
#include "model_file.h"

namespace lamina::frontend::test {
namespace {

using nlohmann::json;

class Weights : public testing::Test {
protected:
  Weights()
      : file(makeFile(sequential({input("x", {2}), layer("Dense", "d", {{"units", 3}})}),
                      {{"loss", "mse"},
                       {"optimizer", {{"class_name", "SGD"}, {"config", {{"momentum", 0.5}}}}}})) {
    file.hasWeights = true;
    file.weights["layers/dense/vars/0"] = makeArray(ElementType::F32, {2, 3});
    file.weights["layers/dense/vars/1"] = makeArray(ElementType::F32, {3});
  }

  void addOptimizerState() {
    file.weights["optimizer/vars/0"] = makeArray(ElementType::I64, {});
    file.weights["optimizer/vars/1"] = makeArray(ElementType::F32, {});
    file.weights["optimizer/vars/2"] = makeArray(ElementType::F32, {2, 3});
    file.weights["optimizer/vars/3"] = makeArray(ElementType::F32, {3});
  }

  WeightBinding bind() { return bindWeights(Imported(file).getModule(), file); }

  KerasFile file;
};

TEST_F(Weights, areFoundByPath) {
  addOptimizerState();
  WeightBinding binding = bind();
  EXPECT_TRUE(binding.hasWeights);
  EXPECT_TRUE(binding.hasOptimizerState);
  ASSERT_EQ(binding.arrays.size(), 6u);
  EXPECT_EQ(binding.arrays[0], &file.weights["layers/dense/vars/0"]);
  EXPECT_EQ(binding.arrays[5], &file.weights["optimizer/vars/3"]);
}

TEST_F(Weights, optimizerThatHasNotRunStartsFresh) {
  file.weights["optimizer/vars/0"] = makeArray(ElementType::I64, {});
  file.weights["optimizer/vars/1"] = makeArray(ElementType::F32, {});
  WeightBinding binding = bind();
  EXPECT_FALSE(binding.hasOptimizerState);
  EXPECT_EQ(binding.arrays[2], nullptr);
  EXPECT_NE(binding.arrays[0], nullptr);
}

TEST_F(Weights, optimizerStateOfAnotherOptimizerStartsFresh) {
  addOptimizerState();
  file.weights["optimizer/vars/4"] = makeArray(ElementType::F32, {3});
  EXPECT_FALSE(bind().hasOptimizerState);
}

TEST_F(Weights, filesWithoutWeightsGiveNone) {
  file.hasWeights = false;
  file.weights.clear();
  EXPECT_THAT(bind().arrays, testing::Each(nullptr));
}

TEST_F(Weights, wrongShape) {
  file.weights["layers/dense/vars/0"] = makeArray(ElementType::F32, {2, 4});
  EXPECT_EQ(
      errorOf([&] { bind(); }),
      "model.keras: layer 'd': kernel has shape (2, 3) in the model but (2, 4) in the weights");
}

TEST_F(Weights, wrongType) {
  file.weights["layers/dense/vars/1"] = makeArray(ElementType::I32, {3});
  EXPECT_EQ(errorOf([&] { bind(); }),
            "model.keras: layer 'd': bias is float32 in the model but int32 in the weights");
}

TEST_F(Weights, missing) {
  file.weights.erase("layers/dense/vars/1");
  EXPECT_EQ(errorOf([&] { bind(); }),
            "model.keras: layer 'd': bias is missing in the weights (layers/dense/vars/1)");
}

TEST(WeightCopies, replaceWhatStoodThere) {
  json dense = layer("Dense", "d", {{"units", 1}});
  Imported model(makeFile(
      sequential({input("x", {2}), layer("SpectralNormalization", "s", {{"layer", dense}})})));
  const std::string own = "layers/spectral_normalization/vars/0",
                    inner = "layers/spectral_normalization/layer/vars/0";
  std::map<std::string, Array> weights = {{own, makeArray(ElementType::F32, {2, 1})},
                                          {inner, makeArray(ElementType::F32, {2, 1})}};
  weights[own].values<float>()[0] = 3;
  addCopies(model.getModule(), weights);
  EXPECT_EQ(weights.at(inner).values<float>()[0], 3);
  EXPECT_EQ(weights.size(), 2u);
}

} // namespace
} // namespace lamina::frontend::test
