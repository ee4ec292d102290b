#include "session/design/design.h"

#include <algorithm>
#include <bit>

#include <fmt/format.h>

#include "frontend/files/json.h"

namespace lamina::session {

namespace {

using nlohmann::json;

json keras(const char *module, const char *className, json config) {
  return {{"module", module},
          {"class_name", className},
          {"config", std::move(config)},
          {"registered_name", nullptr}};
}

/// The layers of a Sequential model.
class Layers {
public:
  explicit Layers(const std::vector<int64_t> &rowShape) {
    json shape = {nullptr};
    for (int64_t extent : rowShape)
      shape.push_back(extent);
    add("InputLayer", "inputs", {{"batch_shape", shape}, {"dtype", "float32"}}, "");
  }

  /// `words` describe the layer; empty: it is not told.
  void add(const char *className, const std::string &name, json config, const std::string &words) {
    config["name"] = name;
    layers_.push_back(keras("keras.layers", className, std::move(config)));
    if (!words.empty())
      words_.push_back(words);
  }

  json take() { return std::move(layers_); }
  std::vector<std::string> takeWords() { return std::move(words_); }

private:
  json layers_ = json::array();
  std::vector<std::string> words_;
};

/// Six digits are as good as all for a scale, and can be read.
double rounded(double value) {
  return std::stod(fmt::format("{:.6g}", value));
}

void addNormalization(Layers &layers, const std::vector<Spread> &values) {
  json mean = json::array(), variance = json::array();
  for (const Spread &value : values) {
    mean.push_back(rounded(value.mean));
    variance.push_back(rounded(value.deviation * value.deviation));
  }
  layers.add("Normalization", "scale_inputs",
             {{"axis", {-1}}, {"mean", mean}, {"variance", variance}},
             "Normalization: columns of numbers to mean 0 and deviation 1");
}

int64_t outputsOf(const Problem &problem) {
  if (!problem.classes)
    return static_cast<int64_t>(problem.targets.size());
  return problem.classes == 2 && !problem.isOneHot ? 1 : problem.classes;
}

void addFeatures(Layers &layers, const Problem &problem) {
  addNormalization(layers, problem.values);
  auto wanted = static_cast<uint64_t>(2 * (problem.rowShape[0] + outputsOf(problem)));
  auto width = static_cast<int64_t>(std::clamp<uint64_t>(std::bit_ceil(wanted), 16, 256));
  layers.add("Dense", "hidden_1", {{"units", width}, {"activation", "relu"}},
             fmt::format("Dense of {}: the next power of two from twice the inputs and outputs, 16 "
                         "to 256",
                         width));
  layers.add("Dense", "hidden_2", {{"units", width / 2}, {"activation", "relu"}},
             fmt::format("Dense of {}: half of that", width / 2));
}

void addImage(Layers &layers, const Problem &problem) {
  if (problem.largest > 1) {
    // Bytes have one scale, however bright these pictures are.
    double largest = problem.largest <= 255 && problem.largest > 127 ? 255 : problem.largest;
    layers.add("Rescaling", "scale_inputs", {{"scale", rounded(1 / largest)}, {"offset", 0.0}},
               fmt::format("Rescaling: values to at most 1 (1/{:g})", largest));
  }
  int64_t side = std::min(problem.rowShape[0], problem.rowShape[1]), filters = 32;
  for (int number = 1;; ++number) {
    layers.add("Conv2D", fmt::format("convolution_{}", number),
               {{"filters", filters},
                {"kernel_size", {3, 3}},
                {"padding", "same"},
                {"activation", "relu"}},
               fmt::format("Conv2D of {} filters 3 x 3", filters));
    if (side < 4) // nothing is left to halve
      break;
    layers.add("MaxPooling2D", fmt::format("halve_{}", number), {{"pool_size", {2, 2}}},
               "MaxPooling2D: half the side, until it is below 8");
    side /= 2;
    if (side < 8)
      break;
    filters = std::min<int64_t>(2 * filters, 128);
  }
  layers.add("Flatten", "flatten", json::object(), "");
  layers.add("Dense", "hidden", {{"units", 64}, {"activation", "relu"}}, "Dense of 64");
}

void addSeries(Layers &layers, const Problem &problem) {
  addNormalization(layers, problem.values);
  if (problem.rowShape[0] > 128)
    layers.add("Conv1D", "shorten",
               {{"filters", 32},
                {"kernel_size", {8}},
                {"strides", {4}},
                {"padding", "same"},
                {"activation", "relu"}},
               "Conv1D of 32 filters of 8 steps: leaves a quarter of more than 128 steps");
  int64_t units = problem.rowShape[1] > 8 ? 64 : 32;
  layers.add("GRU", "recurrent", {{"units", units}},
             fmt::format("GRU of {}: 32, or 64 for more than 8 values a step", units));
}

void addOutput(Layers &layers, const Problem &problem) {
  int64_t outputs = outputsOf(problem);
  if (problem.classes) {
    const char *activation = outputs == 1 ? "sigmoid" : "softmax";
    layers.add("Dense", "output", {{"units", outputs}, {"activation", activation}},
               fmt::format("Dense of {}, {}: {}", outputs, activation,
                           outputs == 1 ? "the probability of the second class"
                                        : "a probability for each class"));
    return;
  }
  layers.add("Dense", "normalized_output", {{"units", outputs}},
             fmt::format("Dense of {}: a value for each target", outputs));
  json scale = json::array(), offset = json::array();
  for (const Spread &target : problem.targets) {
    scale.push_back(rounded(target.deviation));
    offset.push_back(rounded(target.mean));
  }
  if (outputs == 1) {
    scale = scale[0];
    offset = offset[0];
  }
  layers.add("Rescaling", "output", {{"scale", scale}, {"offset", offset}},
             "Rescaling: back to the scale of the targets");
}

json compileConfig(const Problem &problem, std::string &words) {
  const char *loss = !problem.classes          ? "mean_squared_error"
                     : problem.isOneHot        ? "categorical_crossentropy"
                     : outputsOf(problem) == 1 ? "binary_crossentropy"
                                               : "sparse_categorical_crossentropy";
  const char *metric = problem.classes ? "accuracy" : "mae";
  words = fmt::format("Adam, {}, {}", loss, metric);
  return {{"optimizer", keras("keras.optimizers", "Adam", {{"learning_rate", 0.001}})},
          {"loss", loss},
          {"loss_weights", nullptr},
          {"metrics", {metric}},
          {"weighted_metrics", nullptr},
          {"run_eagerly", false},
          {"steps_per_execution", 1},
          {"jit_compile", false}};
}

} // namespace

Design designModel(const Problem &problem) {
  Layers layers(problem.rowShape);
  switch (problem.input) {
  case Problem::Input::Features:
    addFeatures(layers, problem);
    break;
  case Problem::Input::Image:
    addImage(layers, problem);
    break;
  case Problem::Input::Series:
    addSeries(layers, problem);
    break;
  }
  addOutput(layers, problem);

  Design design;
  json compile = compileConfig(problem, design.training);
  json model = keras("keras", "Sequential", {{"name", "model"}, {"layers", layers.take()}});
  model["compile_config"] = compile;
  design.layers = layers.takeWords();
  design.file.configText = frontend::dumpJson(model);
  design.file.config = std::move(model);
  design.file.compileConfig = std::move(compile);
  codegen::TensorSpec output;
  output.name = "output";
  keepRecipe(design.file, problem.recipe, {output});
  design.batchSize = 32;
  constexpr int64_t kSteps = 2000;
  int64_t steps = (problem.rows + design.batchSize - 1) / design.batchSize;
  design.epochs = std::clamp<int64_t>((kSteps + steps - 1) / steps, 5, 100);
  return design;
}

} // namespace lamina::session
