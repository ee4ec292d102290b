// What is refused of layers over images: the layer and the numbers.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "model_file.h"

namespace lamina::frontend::test {
namespace {

using nlohmann::json;

/// What is said about one layer on rows of this shape, without file and layer.
std::string problemOf(const std::string &className, json config, std::vector<int64_t> shape) {
  std::string error =
      importError(makeFile(sequential({input("x", shape), layer(className, "c", config)})));
  std::string prefix = "model.keras: layer 'c': ";
  return error.starts_with(prefix) ? error.substr(prefix.size()) : error;
}

json conv(json more = json::object()) {
  json config = {{"filters", 4}, {"kernel_size", {3, 3}}};
  config.update(more);
  return config;
}

TEST(ImageDiagnostics, kernelLargerThanTheImage) {
  EXPECT_EQ(problemOf("Conv2D", conv(), {5, 2, 1}),
            "a kernel of size (3, 3) does not fit spatial dimension 1 of 2 elements, got an input "
            "of shape (None, 5, 2, 1)");
  EXPECT_EQ(problemOf("Conv2D", conv({{"dilation_rate", 3}}), {6, 9, 1}),
            "a kernel of size (3, 3) with dilation (3, 3) (span 7) does not fit spatial dimension "
            "0 of 6 elements, got an input of shape (None, 6, 9, 1)");
  EXPECT_EQ(problemOf("DepthwiseConv1D", {{"kernel_size", 2}}, {1, 1}),
            "a kernel of size 2 does not fit spatial dimension 0 of 1 element, got an input of "
            "shape (None, 1, 1)");
}

TEST(ImageDiagnostics, poolLargerThanTheImage) {
  EXPECT_EQ(problemOf("MaxPooling2D", {{"pool_size", 2}}, {1, 4, 1}),
            "a pool of size (2, 2) does not fit spatial dimension 0 of 1 element, got an input of "
            "shape (None, 1, 4, 1)");
}

TEST(ImageDiagnostics, theOtherDataFormatWouldFit) {
  EXPECT_EQ(problemOf("Conv2D", conv({{"kernel_size", 5}}), {3, 28, 28}),
            "a kernel of size (5, 5) does not fit spatial dimension 0 of 3 elements, got an input "
            "of shape (None, 3, 28, 28); it would fit with data_format 'channels_first'");
  EXPECT_EQ(problemOf("AveragePooling2D", {{"pool_size", 4}, {"data_format", "channels_first"}},
                      {8, 8, 3}),
            "a pool of size (4, 4) does not fit spatial dimension 1 of 3 elements, got an input of "
            "shape (None, 8, 8, 3); it would fit with data_format 'channels_last'");
  EXPECT_EQ(problemOf("Conv2D", conv({{"groups", 4}}), {4, 9, 6}),
            "4 groups do not divide 6 channels, got an input of shape (None, 4, 9, 6); it would "
            "fit with data_format 'channels_first'");
}

TEST(ImageDiagnostics, groupsThatDoNotDivide) {
  EXPECT_EQ(problemOf("Conv2D", conv({{"groups", 3}}), {5, 5, 3}),
            "3 groups do not divide 4 filters");
  EXPECT_EQ(problemOf("Conv2D", conv({{"groups", 2}}), {5, 5, 3}),
            "2 groups do not divide 3 channels, got an input of shape (None, 5, 5, 3)");
}

TEST(ImageDiagnostics, wrongRank) {
  EXPECT_EQ(problemOf("Conv2D", conv(), {5, 5}),
            "takes inputs of rank 4 (2 spatial dimensions and channels), got shape (None, 5, 5)");
  EXPECT_EQ(problemOf("GlobalAveragePooling1D", json::object(), {5}),
            "takes inputs of rank 3 (1 spatial dimension and channels), got shape (None, 5)");
}

TEST(ImageDiagnostics, stridesWithDilation) {
  EXPECT_EQ(problemOf("Conv2D", conv({{"strides", 2}, {"dilation_rate", {1, 2}}}), {9, 9, 1}),
            "'strides' (2, 2) and 'dilation_rate' (1, 2) cannot both be above 1");
}

TEST(ImageDiagnostics, settingsOutOfRange) {
  EXPECT_EQ(problemOf("Conv2D", {{"kernel_size", 3}}, {5, 5, 1}),
            "'filters' is missing from the configuration");
  EXPECT_EQ(problemOf("Conv2D", {{"filters", 3}}, {5, 5, 1}),
            "'kernel_size' is missing from the configuration");
  EXPECT_EQ(problemOf("Conv2D", conv({{"filters", 0}}), {5, 5, 1}),
            "'filters' must be positive, not 0");
  EXPECT_EQ(problemOf("Conv2D", conv({{"kernel_size", {3, 0}}}), {5, 5, 1}),
            "'kernel_size' must be an integer or 2 integers of at least 1, not [3,0]");
  EXPECT_EQ(problemOf("Conv1D", {{"filters", 1}, {"kernel_size", 1}, {"strides", {1, 2}}}, {5, 1}),
            "'strides' must be an integer of at least 1, not [1,2]");
  EXPECT_EQ(problemOf("Conv2D", conv({{"padding", "causal"}}), {5, 5, 1}),
            "'padding' must be valid or same, not causal");
  EXPECT_EQ(problemOf("Conv2D", conv({{"data_format", "NCHW"}}), {5, 5, 1}),
            "'data_format' must be channels_last or channels_first, not NCHW");
}

TEST(ImageDiagnostics, transposedConvolutions) {
  EXPECT_EQ(problemOf("Conv2DTranspose", conv({{"strides", 2}, {"output_padding", 2}}), {5, 5, 1}),
            "'output_padding' (2, 2) must be less than 'strides' (2, 2) everywhere");
  EXPECT_EQ(problemOf("Conv1DTranspose",
                      {{"filters", 1},
                       {"kernel_size", 2},
                       {"strides", 2},
                       {"padding", "same"},
                       {"output_padding", 0}},
                      {4, 1}),
            "'output_padding' 0 makes 6 elements of spatial dimension 0 of 4, from which strides "
            "of 2 do not lead back, got an input of shape (None, 4, 1)");
}

TEST(ImageDiagnostics, sizesThatOverflow) {
  int64_t huge = (int64_t(1) << 31) - 1;
  EXPECT_EQ(problemOf("UpSampling3D", {{"size", huge}}, {5, 5, 5, 1}),
            fmt::format("a tensor of shape (None, {0}, {0}, {0}, 1) is too large", 5 * huge));
  EXPECT_EQ(problemOf("ZeroPadding2D", {{"padding", huge}}, {5, 5, 1}),
            fmt::format("a tensor of shape (None, {0}, {0}, 1) is too large", 2 * huge + 5));
  EXPECT_EQ(problemOf("Conv2DTranspose", conv({{"strides", huge}}), {5, 5, 1}),
            fmt::format("a tensor of shape (None, 4, {0}, {0}) is too large", 5 * huge));
}

TEST(ImageDiagnostics, sizesThatCannotBeLaidOut) {
  int64_t huge = (int64_t(1) << 31) - 1;
  EXPECT_EQ(problemOf("AdaptiveMaxPooling1D", {{"output_size", huge}}, {5, 1}),
            "'output_size' 2147483647 is too large; the most is 1048576");
  EXPECT_EQ(problemOf("RepeatVector", {{"n", huge}}, {5}),
            fmt::format("a tensor of shape (None, {}, 5) is too large", huge));
  EXPECT_EQ(problemOf("Conv1DTranspose", conv({{"kernel_size", 3}, {"strides", huge}}), {5, 1}),
            fmt::format("a tensor of shape (None, 4, {}) is too large", 5 * huge));
  EXPECT_EQ(problemOf("MaxPooling1D", {{"pool_size", huge}, {"padding", "same"}}, {5, 1}),
            "windows of 2147483647 elements are too large; the most is 1048576 in all");
}

TEST(ImageDiagnostics, croppingEverything) {
  EXPECT_EQ(problemOf("Cropping2D", {{"cropping", {{1, 2}, {0, 0}}}}, {3, 3, 1}),
            "cropping 1 and 2 elements leaves nothing of spatial dimension 0 of 3, got an input of "
            "shape (None, 3, 3, 1)");
  EXPECT_EQ(problemOf("Cropping1D", {{"cropping", {-1, 0}}}, {3, 1}),
            "'cropping' must be an integer, or 1 integers or pairs of integers, none negative");
}

TEST(ImageDiagnostics, interpolationsOutOfReach) {
  EXPECT_EQ(problemOf("UpSampling2D", {{"interpolation", "area"}}, {3, 3, 1}),
            "the interpolation area is not one of Keras', which are nearest, bilinear, bicubic, "
            "lanczos3, lanczos5");
}

TEST(ImageDiagnostics, normalizations) {
  EXPECT_EQ(problemOf("BatchNormalization", {{"renorm", true}}, {3}),
            "BatchNormalization with 'renorm' = true is not supported");
  EXPECT_EQ(problemOf("BatchNormalization", {{"axis", 2}}, {3}),
            "axis 2 is not one of the 2 dimensions of its input");
  EXPECT_EQ(problemOf("BatchNormalization", {{"axis", 0}}, {3}),
            "'axis' must name a dimension other than the rows");
  EXPECT_EQ(problemOf("LayerNormalization", {{"axis", {1, -1}}}, {3}),
            "'axis' must name different dimensions other than the rows");
}

TEST(ImageDiagnostics, embeddings) {
  EXPECT_EQ(problemOf("Embedding", {{"input_dim", 3}}, {3}),
            "'output_dim' is missing from the configuration");
}

// A layer that is called again on an image with other channels.
TEST(ImageDiagnostics, channelsOfASecondCall) {
  json object = called(layer("Conv2D", "c", conv()), {"a"});
  object["inbound_nodes"].push_back(
      {{"args", json::array({tensor("b")})}, {"kwargs", json::object()}});
  json model =
      functional({input("a", {5, 5, 3}), input("b", {5, 5, 1}), object}, {"a", "b"}, {"c"});
  EXPECT_EQ(importError(makeFile(model)),
            "model.keras: layer 'c': the kernel takes 3 channels, not 1, got an input of shape "
            "(None, 5, 5, 1)");
}

} // namespace
} // namespace lamina::frontend::test
