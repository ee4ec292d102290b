// Layers over images through the reference interpreter. Expected values are worked out by hand.
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model_file.h"

namespace lamina::frontend::test {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::FloatNear;
using testing::Pointwise;

struct Image {
  std::vector<int64_t> shape;
  std::vector<float> values;
};

std::vector<float> counting(int64_t count) {
  std::vector<float> values(static_cast<size_t>(count));
  std::iota(values.begin(), values.end(), 1.0f);
  return values;
}

/// One layer on one image that counts from 1, or has the given values.
Image apply(const json &object, std::vector<int64_t> shape, std::vector<float> image = {},
            const std::map<std::string, Image> &weights = {}) {
  Imported model(makeFile(sequential({input("x", shape), object})));
  for (const auto &[name, weight] : weights)
    model.state[name] = floats(weight.shape, weight.values);
  shape.insert(shape.begin(), 1);
  if (image.empty())
    image = counting(std::accumulate(shape.begin(), shape.end(), int64_t(1), std::multiplies<>()));
  ir::HostTensor y = model.run("predict", {floats(shape, image)}, 1)[0];
  return {{y.shape().begin() + 1, y.shape().end()}, values(y)};
}

json config(json object, json more) {
  if (!more.is_null()) // {} is null to the JSON library
    object.update(more);
  return object;
}

const json kFirst = {{"data_format", "channels_first"}};

// Input 1 2 3 / 4 5 6 / 7 8 9, kernel 1 10 / 100 1000.
TEST(ImageLayers, convolutionIsACorrelation) {
  json conv = {{"filters", 1}, {"kernel_size", {2, 2}}, {"use_bias", false}};
  std::map<std::string, Image> kernel = {{"c/kernel", {{2, 2, 1, 1}, {1, 10, 100, 1000}}}};
  Image y = apply(layer("Conv2D", "c", conv), {3, 3, 1}, {}, kernel);
  EXPECT_THAT(y.shape, ElementsAre(2, 2, 1));
  EXPECT_THAT(y.values, ElementsAre(5421, 6532, 8754, 9865));
}

// An even kernel's extra row and column of padding come last.
TEST(ImageLayers, samePaddingPutsTheSmallerHalfFirst) {
  json conv = {{"filters", 1}, {"kernel_size", {2, 2}}, {"use_bias", false}, {"padding", "same"}};
  std::map<std::string, Image> kernel = {{"c/kernel", {{2, 2, 1, 1}, {1, 10, 100, 1000}}}};
  EXPECT_THAT(apply(layer("Conv2D", "c", conv), {2, 2, 1}, {}, kernel).values,
              ElementsAre(4321, 402, 43, 4));
}

TEST(ImageLayers, channelsFirstConvolvesTheSame) {
  json conv = {{"filters", 2}, {"kernel_size", 1}, {"data_format", "channels_first"}};
  std::map<std::string, Image> weights = {{"c/kernel", {{1, 2, 2}, {1, 10, 100, 1000}}},
                                          {"c/bias", {{2}, {0.5, 0.25}}}};
  Image y = apply(layer("Conv1D", "c", conv), {2, 3}, {}, weights);
  EXPECT_THAT(y.shape, ElementsAre(2, 3));
  EXPECT_THAT(y.values, ElementsAre(401.5f, 502.5f, 603.5f, 4010.25f, 5020.25f, 6030.25f));
}

TEST(ImageLayers, causalConvolutionLooksBack) {
  json conv = {{"filters", 1}, {"kernel_size", 2}, {"padding", "causal"}, {"dilation_rate", 2}};
  std::map<std::string, Image> weights = {{"c/kernel", {{2, 1, 1}, {1, 10}}},
                                          {"c/bias", {{1}, {0}}}};
  EXPECT_THAT(apply(layer("Conv1D", "c", conv), {4, 1}, {}, weights).values,
              ElementsAre(10, 20, 31, 42));
}

// Channels 1, 2 with multipliers 10, 100 and 1000, 10000.
TEST(ImageLayers, depthwiseKeepsChannelsApart) {
  json conv = {{"kernel_size", 1}, {"depth_multiplier", 2}, {"use_bias", false}};
  std::map<std::string, Image> kernel = {{"d/kernel", {{1, 1, 2, 2}, {10, 100, 1000, 10000}}}};
  EXPECT_THAT(apply(layer("DepthwiseConv2D", "d", conv), {1, 1, 2}, {}, kernel).values,
              ElementsAre(10, 100, 2000, 20000));
}

TEST(ImageLayers, separableMixesAfterwards) {
  json conv = {{"kernel_size", 1}, {"filters", 1}, {"use_bias", false}};
  std::map<std::string, Image> kernels = {{"s/depthwise_kernel", {{1, 2, 1}, {10, 100}}},
                                          {"s/pointwise_kernel", {{1, 2, 1}, {1, 2}}}};
  EXPECT_THAT(apply(layer("SeparableConv1D", "s", conv), {1, 2}, {}, kernels).values,
              ElementsAre(410));
}

// Each input element adds its multiple of the kernel 1 10 100 at its stride.
TEST(ImageLayers, transposedConvolutionSpreads) {
  json conv = {{"filters", 1}, {"kernel_size", 3}, {"strides", 2}, {"use_bias", false}};
  std::map<std::string, Image> kernel = {{"t/kernel", {{3, 1, 1}, {1, 10, 100}}}};
  auto spread = [&](json more) {
    return apply(layer("Conv1DTranspose", "t", config(conv, more)), {2, 1}, {}, kernel).values;
  };
  EXPECT_THAT(spread({}), ElementsAre(1, 10, 102, 20, 200));
  EXPECT_THAT(spread({{"output_padding", 1}}), ElementsAre(1, 10, 102, 20, 200, 0));
  EXPECT_THAT(spread({{"padding", "same"}}), ElementsAre(1, 10, 102, 20));
  EXPECT_THAT(spread({{"padding", "same"}, {"output_padding", 0}}), ElementsAre(10, 102, 20));
  EXPECT_THAT(spread({{"strides", 1}, {"dilation_rate", 2}}), ElementsAre(1, 2, 10, 20, 100, 200));
  EXPECT_THAT(spread({{"strides", 4}}), ElementsAre(1, 10, 100, 0, 2, 20, 200, 0));
}

TEST(ImageLayers, maxPoolingIgnoresPadding) {
  json pool = {{"pool_size", {2, 2}}, {"strides", {2, 2}}, {"padding", "same"}};
  EXPECT_THAT(apply(layer("MaxPooling2D", "p", pool), {3, 1, 1}, {-3, -2, -1}).values,
              ElementsAre(-2, -1));
}

TEST(ImageLayers, averagePoolingLeavesPaddingOutOfTheCount) {
  json pool = {{"pool_size", 2}, {"strides", 2}, {"padding", "same"}};
  EXPECT_THAT(apply(layer("AveragePooling2D", "p", pool), {3, 3, 1}).values,
              ElementsAre(3, 4.5f, 7.5f, 9));
  EXPECT_THAT(
      apply(layer("AveragePooling1D", "p", {{"pool_size", 3}, {"strides", 1}, {"padding", "same"}}),
            {4, 1})
          .values,
      ElementsAre(1.5f, 2, 3, 3.5f));
}

TEST(ImageLayers, stridesDefaultToThePool) {
  EXPECT_THAT(apply(layer("MaxPooling1D", "p", {{"pool_size", 3}}), {7, 1}).values,
              ElementsAre(3, 6));
}

TEST(ImageLayers, globalPooling) {
  EXPECT_THAT(apply(layer("GlobalAveragePooling2D", "g"), {2, 1, 2}).values, ElementsAre(2, 3));
  Image kept =
      apply(layer("GlobalMaxPooling1D", "g", config(kFirst, {{"keepdims", true}})), {2, 3});
  EXPECT_THAT(kept.shape, ElementsAre(2, 1));
  EXPECT_THAT(kept.values, ElementsAre(3, 6));
}

TEST(ImageLayers, zeroPaddingTakesEveryForm) {
  auto pad = [](json padding) {
    return apply(layer("ZeroPadding2D", "z", {{"padding", padding}}), {1, 1, 1}).values;
  };
  EXPECT_THAT(pad({{0, 1}, {2, 0}}), ElementsAre(0, 0, 1, 0, 0, 0));
  EXPECT_THAT(pad({0, 1}), ElementsAre(0, 1, 0));
  EXPECT_THAT(pad(1), ElementsAre(0, 0, 0, 0, 1, 0, 0, 0, 0));
  EXPECT_THAT(apply(layer("ZeroPadding1D", "z", {{"padding", {1, 2}}}), {1, 1}).values,
              ElementsAre(0, 1, 0, 0));
}

TEST(ImageLayers, croppingFromBothSides) {
  EXPECT_THAT(
      apply(layer("Cropping2D", "c", config(kFirst, {{"cropping", {{1, 0}, {0, 1}}}})), {1, 2, 3})
          .values,
      ElementsAre(4, 5));
}

TEST(ImageLayers, upSamplingRepeats) {
  EXPECT_THAT(apply(layer("UpSampling2D", "u", {{"size", {2, 1}}}), {2, 2, 1}).values,
              ElementsAre(1, 2, 1, 2, 3, 4, 3, 4));
}

// Centers of halves lie a quarter from those of the elements, the border's own value outside.
TEST(ImageLayers, bilinearUpSampling) {
  json up = {{"size", {1, 2}}, {"interpolation", "bilinear"}};
  EXPECT_THAT(apply(layer("UpSampling2D", "u", up), {1, 3, 1}, {0, 4, 8}).values,
              ElementsAre(0, 1, 3, 5, 7, 8));
  up["size"] = {3, 1};
  EXPECT_THAT(apply(layer("UpSampling2D", "u", up), {2, 1, 1}, {0, 3}).values,
              Pointwise(FloatNear(1e-6f), {0.0f, 0.0f, 1.0f, 2.0f, 3.0f, 3.0f}));
}

TEST(ImageLayers, embeddingLooksUpRows) {
  std::map<std::string, Image> table = {{"e/embeddings", {{3, 2}, {1, 2, 3, 4, 5, 6}}}};
  Image y =
      apply(layer("Embedding", "e", {{"input_dim", 3}, {"output_dim", 2}}), {2}, {2, 0}, table);
  EXPECT_THAT(y.shape, ElementsAre(2, 2));
  EXPECT_THAT(y.values, ElementsAre(5, 6, 1, 2));
}

TEST(ImageLayers, layerNormalizationOverItsAxis) {
  std::map<std::string, Image> weights = {{"n/gamma", {{2}, {2, 1}}}, {"n/beta", {{2}, {0, 1}}}};
  Image y = apply(layer("LayerNormalization", "n", {{"axis", 1}, {"epsilon", 0}}), {2, 2},
                  {1, 10, 3, 30}, weights);
  EXPECT_THAT(y.values, Pointwise(FloatNear(1e-5f), {-2.0f, -2.0f, 2.0f, 2.0f}));
}

/// BatchNormalization of two features before a loss that needs no other weights.
struct Normalizing : Imported {
  explicit Normalizing(json settings = json::object())
      : Imported(makeFile(sequential({input("x", {2}), layer("BatchNormalization", "n",
                                                             withDefaults(std::move(settings)))}),
                          {{"loss", "mse"}, {"optimizer", "sgd"}})) {
    initialize(1);
  }
  static json withDefaults(json settings) {
    settings.update({{"momentum", 0.75}, {"epsilon", 0.0}});
    return settings;
  }
};

// Means 2 and 20, biased variances 1 and 100; the moving ones start at 0 and 1.
TEST(BatchNormalization, assignsItsMovingStatisticsInTraining) {
  Normalizing model;
  model.run("loss", {floats({2, 2}, {1, 10, 3, 30}), floats({2, 2}, {0, 0, 0, 0})}, 2);
  EXPECT_THAT(values(model.state.at("n/moving_mean")), ElementsAre(0.5f, 5));
  EXPECT_THAT(values(model.state.at("n/moving_variance")), ElementsAre(1, 25.75f));
}

TEST(BatchNormalization, dividesByTheRowsAtHand) {
  Normalizing model;
  float loss = values(
      model.run("loss", {floats({2, 2}, {1, 10, 3, 30}), floats({2, 2}, {-1, -1, 1, 1})}, 2)[0])[0];
  EXPECT_NEAR(loss, 0, 1e-6);
}

TEST(BatchNormalization, usesItsMovingStatisticsInInference) {
  Normalizing model;
  model.state["n/moving_mean"] = floats({2}, {1, 2});
  model.state["n/moving_variance"] = floats({2}, {4, 16});
  EXPECT_THAT(values(model.run("predict", {floats({1, 2}, {5, 10})}, 1)[0]), ElementsAre(2, 2));
}

TEST(BatchNormalization, frozenRunsInInferenceMode) {
  Normalizing model({{"trainable", false}});
  float loss = values(
      model.run("loss", {floats({2, 2}, {1, 1, 3, 3}), floats({2, 2}, {1, 1, 3, 3})}, 2)[0])[0];
  EXPECT_NEAR(loss, 0, 1e-6);
  EXPECT_THAT(values(model.state.at("n/moving_mean")), ElementsAre(0, 0));
}

TEST(BatchNormalization, evaluationLeavesTheStatistics) {
  Normalizing model;
  model.run("evaluate", {floats({2, 2}, {1, 10, 3, 30}), floats({2, 2}, {0, 0, 0, 0})}, 2);
  EXPECT_THAT(values(model.state.at("n/moving_mean")), ElementsAre(0, 0));
}

// The second call starts from what the first one left: 0 -> 0.5 -> 0.375 + 0.25 * 0 = 0.375.
TEST(BatchNormalization, calledTwiceMovesTwice) {
  json norm =
      called(layer("BatchNormalization", "n", {{"momentum", 0.75}, {"epsilon", 0.0}}), {"x"});
  norm["inbound_nodes"].push_back(
      {{"args", json::array({tensor("n", 0)})}, {"kwargs", json::object()}});
  json object = functional({input("x", {1}), norm}, {"x"}, {"n"});
  object["config"]["output_layers"] = json::array({{"n", 1, 0}});
  Imported model(makeFile(object, {{"loss", "mse"}, {"optimizer", "sgd"}}));
  model.initialize(1);
  model.run("loss", {floats({2, 1}, {1, 3}), floats({2, 1}, {0, 0})}, 2);
  EXPECT_NEAR(values(model.state.at("n/moving_mean"))[0], 0.375f, 1e-6);
}

} // namespace
} // namespace lamina::frontend::test
