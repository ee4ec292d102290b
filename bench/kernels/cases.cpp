#include "bench/kernels/cases.h"

#include <algorithm>

#include <fmt/format.h>

namespace lamina::bench {
namespace {

/// `call` stands for an operation on %x and %w without its type.
std::string forwardModule(int64_t rows, const std::string &weights, const std::string &input,
                          const std::string &output, const std::string &call) {
  return fmt::format(R"(module attributes {{lamina.batch_size = {0} : i64}} {{
lamina.variable @w : {1} {{path = "layers/layer/vars/0", trainable}}
func.func @main(%w: {1} {{lamina.variable = @w}}, %x: {2}, %g: {3}) -> {3} {{
  %y = {4} : ({2}, {1}) -> {3}
  return %y : {3}
}}
}})",
                     rows, weights, input, output, call);
}

/// An elementwise update of a variable and its slots. Momentum's and Adam's formulas are Keras'.
constexpr const char *kMomentum = R"(module {{
lamina.variable @w : {0} {{path = "layers/layer/vars/0", trainable}}
lamina.variable @m : {0} {{path = "optimizer/vars/2"}}
func.func @main(%w: {0} {{lamina.variable = @w}}, %m: {0} {{lamina.variable = @m}}, %g: {0})
    -> ({0} {{lamina.variable = @w}}, {0} {{lamina.variable = @m}}) {{
  %rate = lamina.constant dense<0.01> : {0}
  %keep = lamina.constant dense<0.9> : {0}
  %step = lamina.multiply %g, %rate : {0}
  %kept = lamina.multiply %m, %keep : {0}
  %m1 = lamina.subtract %kept, %step : {0}
  %w1 = lamina.add %w, %m1 : {0}
  return %w1, %m1 : {0}, {0}
}}
}})";

constexpr const char *kAdam = R"(module {{
lamina.variable @w : {0} {{path = "layers/layer/vars/0", trainable}}
lamina.variable @m : {0} {{path = "optimizer/vars/2"}}
lamina.variable @v : {0} {{path = "optimizer/vars/3"}}
func.func @main(%w: {0} {{lamina.variable = @w}}, %m: {0} {{lamina.variable = @m}},
                %v: {0} {{lamina.variable = @v}}, %g: {0})
    -> ({0} {{lamina.variable = @w}}, {0} {{lamina.variable = @m}}, {0} {{lamina.variable = @v}}) {{
  %alpha = lamina.constant dense<0.001> : {0}
  %b1 = lamina.constant dense<0.1> : {0}
  %b2 = lamina.constant dense<0.001> : {0}
  %epsilon = lamina.constant dense<1.0e-7> : {0}
  %dm = lamina.subtract %g, %m : {0}
  %sm = lamina.multiply %dm, %b1 : {0}
  %m1 = lamina.add %m, %sm : {0}
  %g2 = lamina.multiply %g, %g : {0}
  %dv = lamina.subtract %g2, %v : {0}
  %sv = lamina.multiply %dv, %b2 : {0}
  %v1 = lamina.add %v, %sv : {0}
  %up = lamina.multiply %m1, %alpha : {0}
  %root = lamina.sqrt %v1 : {0}
  %below = lamina.add %root, %epsilon : {0}
  %delta = lamina.divide %up, %below : {0}
  %w1 = lamina.subtract %w, %delta : {0}
  return %w1, %m1, %v1 : {0}, {0}, {0}
}}
}})";

constexpr const char *kBiasRelu = R"(module attributes {{lamina.batch_size = {0} : i64}} {{
func.func @main(%x: tensor<?x{1}xf32>, %b: tensor<{1}xf32>) -> tensor<?x{1}xf32> {{
  %zero = lamina.constant dense<0.0> : tensor<f32>
  %zeros = lamina.broadcast_in_dim %zero, dims = [] : (tensor<f32>) -> tensor<?x{1}xf32>
  %bias = lamina.broadcast_in_dim %b, dims = [1] : (tensor<{1}xf32>) -> tensor<?x{1}xf32>
  %sum = lamina.add %x, %bias : tensor<?x{1}xf32>
  %y = lamina.maximum %sum, %zeros : tensor<?x{1}xf32>
  return %y : tensor<?x{1}xf32>
}}
}})";

constexpr const char *kSoftmax = R"(module attributes {{lamina.batch_size = {0} : i64}} {{
func.func @main(%x: tensor<?x{1}xf32>) -> tensor<?x{1}xf32> {{
  %most = lamina.reduce maximum %x, dims = [1] : (tensor<?x{1}xf32>) -> tensor<?xf32>
  %spread = lamina.broadcast_in_dim %most, dims = [0] : (tensor<?xf32>) -> tensor<?x{1}xf32>
  %shifted = lamina.subtract %x, %spread : tensor<?x{1}xf32>
  %e = lamina.exponential %shifted : tensor<?x{1}xf32>
  %sum = lamina.reduce add %e, dims = [1] : (tensor<?x{1}xf32>) -> tensor<?xf32>
  %sums = lamina.broadcast_in_dim %sum, dims = [0] : (tensor<?xf32>) -> tensor<?x{1}xf32>
  %y = lamina.divide %e, %sums : tensor<?x{1}xf32>
  return %y : tensor<?x{1}xf32>
}}
}})";

constexpr const char *kColumnSums = R"(module attributes {{lamina.batch_size = {0} : i64}} {{
func.func @main(%x: tensor<?x{1}xf32>) -> tensor<{1}xf32> {{
  %y = lamina.reduce add %x, dims = [0] : (tensor<?x{1}xf32>) -> tensor<{1}xf32>
  return %y : tensor<{1}xf32>
}}
}})";

/// Sums and sums of squares over images and pixels, as a batch normalization takes them.
constexpr const char *kStatistics = R"(module attributes {{lamina.batch_size = {0} : i64}} {{
func.func @main(%x: tensor<?x{1}x{1}x{2}xf32>) -> (tensor<{2}xf32>, tensor<{2}xf32>) {{
  %q = lamina.multiply %x, %x : tensor<?x{1}x{1}x{2}xf32>
  %s = lamina.reduce add %x, dims = [0, 1, 2] : (tensor<?x{1}x{1}x{2}xf32>) -> tensor<{2}xf32>
  %t = lamina.reduce add %q, dims = [0, 1, 2] : (tensor<?x{1}x{1}x{2}xf32>) -> tensor<{2}xf32>
  return %s, %t : tensor<{2}xf32>, tensor<{2}xf32>
}}
}})";

} // namespace

std::string nameOf(Direction direction) {
  switch (direction) {
  case Direction::Forward:
    return "forward";
  case Direction::ByData:
    return "by_data";
  case Direction::ByWeights:
    return "by_weights";
  }
  return "";
}

int64_t Convolution::padding() const {
  return std::max<int64_t>((outputSize() - 1) * stride + window - size, 0);
}

std::string Dense::moduleText() const {
  return forwardModule(rows, fmt::format("tensor<{}x{}x{}>", inputs, outputs, type),
                       fmt::format("tensor<?x{}x{}>", inputs, type),
                       fmt::format("tensor<?x{}x{}>", outputs, type),
                       "lamina.dot_general %x, %w, batching = [] x [], contracting = [1] x [0]");
}

std::string Convolution::moduleText() const {
  int64_t low = padding() / 2, high = padding() - low;
  std::string call =
      fmt::format("lamina.convolution %x, %w, strides = [{0}, {0}], low = [{1}, {1}], high = "
                  "[{2}, {2}], lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = {3}",
                  stride, low, high, groups);
  return forwardModule(
      images, fmt::format("tensor<{0}x{0}x{1}x{2}x{3}>", window, inputs / groups, outputs, type),
      fmt::format("tensor<?x{0}x{0}x{1}x{2}>", size, inputs, type),
      fmt::format("tensor<?x{0}x{0}x{1}x{2}>", outputSize(), outputs, type), call);
}

std::vector<Dense> denseCases() {
  return {
      {"digits_hidden_1", 64, 64, 128},
      {"digits_hidden_2", 64, 128, 64},
      {"digits_digit", 64, 64, 10},
      {"mlp_hidden_1", 256, 784, 1024},
      {"mlp_hidden_2", 256, 1024, 1024},
      {"mlp_class", 256, 1024, 10},
      {"square_1024", 1024, 1024, 1024},
      {"square_2048", 2048, 2048, 2048},
      {"row_4096", 1, 4096, 4096},
      {"mlp_hidden_1_f64", 256, 784, 1024, "f64"},
      {"mlp_hidden_2_f64", 256, 1024, 1024, "f64"},
      {"square_1024_f64", 1024, 1024, 1024, "f64"},
      {"square_2048_f64", 2048, 2048, 2048, "f64"},
  };
}

std::vector<Convolution> convolutionCases() {
  return {
      {"resnet50_conv1", 8, 224, 3, 64, 7, 2},
      {"resnet50_conv2_reduce", 8, 56, 256, 64, 1},
      {"resnet50_conv2", 8, 56, 64, 64, 3},
      {"resnet50_conv3", 8, 28, 128, 128, 3},
      {"resnet50_conv4_expand", 8, 14, 256, 1024, 1},
      {"resnet50_conv4", 8, 14, 256, 256, 3},
      {"resnet50_conv5", 8, 7, 512, 512, 3},
      {"resnet50_conv5_shortcut", 8, 14, 1024, 2048, 1, 2},
      {"vgg16_block1_conv2", 4, 224, 64, 64, 3},
      {"vgg16_block2_conv2", 4, 112, 128, 128, 3},
      {"vgg16_block3_conv2", 4, 56, 256, 256, 3},
      {"vgg16_block4_conv2", 4, 28, 512, 512, 3},
      {"vgg16_block5_conv1", 4, 14, 512, 512, 3},
      {"mnist_conv1", 128, 28, 1, 32, 3, 1, 1, false},
      {"mnist_conv2", 128, 26, 32, 64, 3, 1, 1, false},
      {"mobilenetv2_conv1", 8, 224, 3, 32, 3, 2},
      {"mobilenetv2_block1_depthwise", 8, 112, 96, 96, 3, 2, 96},
      {"mobilenetv2_block6_depthwise", 8, 28, 192, 192, 3, 2, 192},
      {"mobilenetv2_block6_project", 8, 14, 192, 64, 1},
      {"mobilenetv2_block3_depthwise", 8, 56, 144, 144, 3, 1, 144},
      {"mobilenetv2_block13_depthwise", 8, 14, 576, 576, 3, 2, 576},
      {"resnet50_conv2_f64", 8, 56, 64, 64, 3, 1, 1, true, "f64"},
      {"resnet50_conv4_f64", 8, 14, 256, 256, 3, 1, 1, true, "f64"},
      {"resnet50_conv4_expand_f64", 8, 14, 256, 1024, 1, 1, 1, true, "f64"},
  };
}

std::vector<Chain> chainCases() {
  return {
      {"bias_relu_64x128", fmt::format(kBiasRelu, 64, 128)},
      {"bias_relu_256x1024", fmt::format(kBiasRelu, 256, 1024)},
      {"softmax_64x10", fmt::format(kSoftmax, 64, 10)},
      {"softmax_256x1000", fmt::format(kSoftmax, 256, 1000)},
      {"column_sums_256x1024", fmt::format(kColumnSums, 256, 1024)},
      {"statistics_8x56x56x144", fmt::format(kStatistics, 8, 56, 144)},
      {"statistics_8x14x14x256", fmt::format(kStatistics, 8, 14, 256)},
      {"momentum_1024x1024", fmt::format(kMomentum, "tensor<1024x1024xf32>")},
      {"adam_64x128", fmt::format(kAdam, "tensor<64x128xf32>")},
      {"adam_1024x1024", fmt::format(kAdam, "tensor<1024x1024xf32>")},
  };
}

} // namespace lamina::bench
