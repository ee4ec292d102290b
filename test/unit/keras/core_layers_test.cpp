// What is refused of core, normalization, regularization and preprocessing layers.
#include <gtest/gtest.h>

#include "model_file.h"

namespace lamina::frontend::test {
namespace {

using nlohmann::json;

/// What is said about one layer on rows of this shape, without file and layer.
std::string problem(const std::string &className, json config,
                    std::vector<int64_t> shape = {4, 6}) {
  std::string error =
      importError(makeFile(sequential({input("x", shape), layer(className, "c", config)})));
  std::string prefix = "model.keras: layer 'c': ";
  return error.starts_with(prefix) ? error.substr(prefix.size()) : error;
}

TEST(CoreLayers, foreignClassesAreKnownByName) {
  json hub = layer("GemmaBackbone", "c");
  hub["registered_name"] = "keras_hub>GemmaBackbone";
  EXPECT_EQ(importError(makeFile(sequential({input("x", {3}), hub}))),
            "model.keras: layer 1 of model 'model': the layer is GemmaBackbone, a class of "
            "KerasHub; build the same network of keras.layers and copy its weights");
  json pruned = layer("PruneLowMagnitude", "c");
  EXPECT_EQ(importError(makeFile(sequential({input("x", {3}), pruned}))),
            "model.keras: layer 1 of model 'model': the layer is PruneLowMagnitude, a wrapper of "
            "the Model Optimization Toolkit; take it off before saving (strip_pruning, "
            "strip_clustering)");
  json quantized = layer("QuantizeWrapperV2", "c");
  EXPECT_EQ(importError(makeFile(sequential({input("x", {3}), quantized}))),
            "model.keras: layer 1 of model 'model': the layer is QuantizeWrapperV2, a wrapper of "
            "quantization-aware training; save the model without it");
}

TEST(CoreLayers, spectrograms) {
  auto stft = [](json config, std::vector<int64_t> shape = {40, 2}) {
    config.emplace("frame_length", 8);
    return problem("STFTSpectrogram", config, shape);
  };
  EXPECT_EQ(stft({{"mode", "power"}}), "'mode' is 'power', which Keras does not have");
  EXPECT_EQ(stft({{"frame_step", 9}}),
            "steps of 9 and a transform of 8 elements do not fit frames of 8");
  EXPECT_EQ(
      stft({{"window", "kaiser"}}),
      "the window 'kaiser' is not supported; there are boxcar, hann, hamming, blackman, nuttall, "
      "blackmanharris, flattop, or give its values as a list");
  EXPECT_EQ(stft({{"window", {1, 2}}}), "the window has 2 values for frames of 8");
  EXPECT_EQ(stft(json::object(), {4, 2}), "a signal of 4 elements is too short for frames of 8");
  EXPECT_EQ(stft(json::object(), {4}), "takes signals of shape (time, channels), not (None, 4)");
  auto mel = [](json config, int64_t samples = 100) {
    config.update({{"fft_length", 32}, {"sequence_stride", 8}, {"num_mel_bins", 4}});
    return problem("MelSpectrogram", config, {samples});
  };
  EXPECT_EQ(
      mel({{"sequence_length", 40}}),
      "transforms 32 elements of pieces of 40; the transform takes at least as many as a piece "
      "has, and up to 65536");
  EXPECT_EQ(mel({{"window", "blackman"}}),
            "the window 'blackman' is not supported; as in Keras it is hann, hamming or a list of "
            "numbers");
  EXPECT_EQ(mel({{"window", {1, 2}}}), "the window has 2 values for pieces of 32");
  EXPECT_EQ(mel(json::object(), 16),
            "a signal of shape (None, 16) is too short for a transform of 32 elements");
}

TEST(CoreLayers, normalization) {
  EXPECT_EQ(problem("GroupNormalization", {{"groups", 4}}),
            "4 groups do not divide 6 channels (axis -1 of an input of shape (None, 4, 6))");
  EXPECT_EQ(problem("GroupNormalization", {{"groups", 0}}),
            "'groups' must be positive or -1, not 0");
  EXPECT_EQ(problem("UnitNormalization", {{"axis", {0}}}),
            "'axis' must name different dimensions other than the rows");
  EXPECT_EQ(problem("UnitNormalization", {{"axis", json::array()}}),
            "'axis' must name a dimension");
  EXPECT_EQ(problem("RMSNormalization", {{"axis", 1}}),
            "the scale of shape (4,) does not fit the last dimensions of an input of shape (None, "
            "4, 6); normalize over these");
}

TEST(CoreLayers, regularization) {
  EXPECT_EQ(problem("GaussianNoise", {{"stddev", 2}}), "'stddev' must be between 0 and 1, not 2");
  EXPECT_EQ(problem("GaussianDropout", {{"rate", 1}}),
            "GaussianDropout with 'rate' 1 has noise of infinite variance");
  EXPECT_EQ(problem("SpatialDropout2D", {{"rate", 0.5}}),
            "takes inputs of rank 4 (2 spatial dimensions and channels), got shape (None, 4, 6)");
}

TEST(CoreLayers, einsumDense) {
  json config = {{"equation", "abc,cd->abd"}, {"output_shape", {nullptr, 5}}};
  auto with = [&](const char *key, json value) {
    json changed = config;
    changed[key] = value;
    return problem("EinsumDense", changed);
  };
  EXPECT_EQ(with("equation", "abc,cd"),
            "'equation' \"abc,cd\" must have the form \"ab,bc->ac\", \"...a,ab->...b\" or "
            "\"ab...,bc->ac...\"");
  EXPECT_EQ(with("equation", "ab,bd->ad"),
            "'equation' \"ab,bd->ad\" does not fit an input of shape (None, 4, 6)");
  EXPECT_EQ(with("output_shape", 5),
            "'output_shape' has 1 entries, but 'equation' \"abc,cd->abd\" names 2 dimensions after "
            "the rows");
  EXPECT_EQ(with("output_shape", {3, 5}),
            "dimension 'b' has 4 elements in the input but 3 in 'output_shape'");
  EXPECT_EQ(with("output_shape", {4, nullptr}), "the extent of dimension 'd' is not known");
  EXPECT_EQ(with("output_shape", {4, 0}), "'output_shape' must hold positive integers and nulls");
  EXPECT_EQ(with("bias_axes", "x"), "'bias_axes' names 'x', which is no dimension of the output");
}

TEST(CoreLayers, preprocessing) {
  EXPECT_EQ(problem("Normalization", {{"axis", -1}, {"mean", 1}}),
            "'mean' and 'variance' must both be given, in one shape");
  EXPECT_EQ(problem("Normalization", {{"axis", -1}, {"mean", {1, 2}}, {"variance", {1, 2}}}),
            "mean and variance of shape (2,) do not fit an input of shape (None, 4, 6)");
  EXPECT_EQ(problem("Discretization", {{"num_bins", 3}}),
            "has no 'bin_boundaries'; call adapt() in Keras and save the model again");
  EXPECT_EQ(problem("Discretization", {{"bin_boundaries", {2, 1}}}),
            "'bin_boundaries' must be a list of ascending numbers");
  EXPECT_EQ(problem("Discretization", {{"bin_boundaries", {1}}, {"output_mode", "hot"}}),
            "'output_mode' must be int, one_hot, multi_hot or count, not hot");
  EXPECT_EQ(problem("Discretization", {{"bin_boundaries", {1}}, {"sparse", true}}),
            "'sparse' gives a sparse tensor, which is not supported");
  EXPECT_EQ(problem("Resizing", {{"height", 2}, {"width", 2}, {"interpolation", "cubic"}}),
            "the interpolation cubic is not one of Keras', which are nearest, bilinear, bicubic, "
            "lanczos3, lanczos5, area");
  EXPECT_EQ(problem("Resizing", {{"height", 2},
                                 {"width", 2},
                                 {"crop_to_aspect_ratio", true},
                                 {"pad_to_aspect_ratio", true}}),
            "'crop_to_aspect_ratio' and 'pad_to_aspect_ratio' cannot both be true");
}

TEST(CoreLayers, sizesOfImages) {
  json size = {{"height", int64_t(1) << 30}, {"width", 1}};
  EXPECT_EQ(problem("Resizing", size, {3, 4, 1}),
            "cannot interpolate 1073741824 pixels from 3; use a smaller size");
  size = {{"height", 1 << 12}, {"width", 4}, {"interpolation", "area"}};
  EXPECT_EQ(problem("Resizing", size, {1 << 13, 4, 1}),
            "cannot interpolate 4096 pixels from 8192; use a smaller size");
}

/// What is said about a layer called with two inputs, the first of shape (4, 6).
std::string problemOfTwo(const char *className, json config, std::vector<int64_t> second) {
  std::string error = importError(
      makeFile(functional({input("x", {4, 6}), input("y", std::move(second)),
                           called(layer(className, "c", std::move(config)), {"x", "y"})},
                          {"x", "y"}, {"c"})));
  std::string prefix = "model.keras: layer 'c': ";
  return error.starts_with(prefix) ? error.substr(prefix.size()) : error;
}

TEST(CoreLayers, furtherInputs) {
  EXPECT_EQ(problemOfTwo("Softmax", json::object(), {1, 6}), "no error");
  EXPECT_EQ(problemOfTwo("Softmax", json::object(), {4, 5}),
            "a mask of shape (None, 4, 5) does not fit an input of shape (None, 4, 6)");
  EXPECT_EQ(problemOfTwo("Softmax", json::object(), {4}),
            "a mask of shape (None, 4) does not fit an input of shape (None, 4, 6)");
  EXPECT_EQ(problemOfTwo("CategoryEncoding", {{"num_tokens", 3}, {"output_mode", "count"}}, {4}),
            "'count_weights' of shape (None, 4) do not fit indices of shape (None, 4, 6)");
  EXPECT_EQ(problemOfTwo("CategoryEncoding", {{"num_tokens", 3}}, {4, 6}),
            "'count_weights' go with the 'output_mode' count alone");
}

/// What is said about layers that follow Masking on steps of shape (4, 6), and settings of the
/// loss.
std::string errorAfterMasking(std::vector<json> layers, json loss = "mse", json metrics = {}) {
  layers.insert(layers.begin(), {input("x", {4, 6}), layer("Masking", "m")});
  return importError(
      makeFile(sequential(std::move(layers)), {{"loss", loss}, {"metrics", metrics}}));
}

TEST(CoreLayers, masksThatKerasCannotUse) {
  EXPECT_EQ(
      errorAfterMasking({layer("Softmax", "s")}),
      "model.keras: layer 's': Softmax with a mask is not supported (nor by Keras with one of "
      "steps, as Masking and Embedding layers set it); use Activation with the function of "
      "this name");
  EXPECT_EQ(errorAfterMasking(
                {layer("GlobalAveragePooling1D", "pool", {{"data_format", "channels_first"}})}),
            "model.keras: layer 'pool': an input of shape (None, 4, 6) with a mask of shape (None, "
            "4) cannot be averaged");
}

TEST(CoreLayers, lossesAndMetricsThatDoNotFitAMask) {
  json cosine = {{"class_name", "CosineSimilarity"}, {"config", {{"axis", 1}}}};
  EXPECT_EQ(errorAfterMasking({layer("Activation", "a", {{"activation", "relu"}})}, cosine),
            "model.keras: loss 'CosineSimilarity': gives values of shape (None, 6), but the mask "
            "of the output has shape (None, 4); use a loss that gives one value per step");
  json object = {{"module", "keras.losses"}, {"class_name", "MeanSquaredError"}, {"config", {}}};
  json ofRows = {
      {"module", "keras.metrics"}, {"class_name", "CosineSimilarity"}, {"config", {{"axis", 0}}}};
  EXPECT_EQ(errorAfterMasking({layer("Activation", "a", {{"activation", "relu"}})}, "mse",
                              json::array({ofRows})),
            "model.keras: metric 'CosineSimilarity': 'axis' must not be the rows");
  EXPECT_EQ(errorAfterMasking({layer("Activation", "a", {{"activation", "relu"}})}, "mse",
                              json::array({object})),
            "model.keras: metric 'MeanSquaredError': gives one number for a batch and cannot leave "
            "out the steps that the output's mask leaves out; use the metric class of this loss");
}

TEST(CoreLayers, masksOfOtherRanksDoNotMerge) {
  json model =
      functional({input("x", {4, 6}), input("y", {6}), called(layer("Masking", "m"), {"x"}),
                  called(layer("Masking", "n"), {"y"}), called(layer("Add", "sum"), {"m", "n"})},
                 {"x", "y"}, {"sum"});
  EXPECT_EQ(importError(makeFile(model)),
            "model.keras: layer 'sum': inputs with masks of shapes (None, 4) and (None,) cannot be "
            "merged");
}

/// A layer that gives its input as it is loses the mask for those after it, not for others.
TEST(CoreLayers, masksEndAtReshape) {
  json reshape = layer("Reshape", "r", {{"target_shape", {4, 6}}});
  EXPECT_EQ(errorAfterMasking({reshape, layer("Softmax", "s")}), "no error");
}

TEST(CoreLayers, spectralNormalization) {
  auto wrapped = [](json inner, json settings = json::object()) {
    settings["layer"] = inner;
    return importError(
        makeFile(sequential({input("x", {4}), layer("SpectralNormalization", "s", settings)})));
  };
  json dense = layer("Dense", "d", {{"units", 2}});
  EXPECT_EQ(wrapped(dense), "no error");
  EXPECT_EQ(wrapped(layer("Flatten", "f")),
            "model.keras: layer 's': SpectralNormalization wraps layers with a kernel or "
            "embeddings; the wrapped layer has neither");
  EXPECT_EQ(wrapped(layer("Dens", "d")),
            "model.keras: layer 's': the wrapped layer: class Dens is not supported; the nearest "
            "supported is Dense");
  EXPECT_EQ(wrapped(dense, {{"power_iterations", 1000}}),
            "model.keras: layer 's': 'power_iterations' is supported up to 100, not 1000");
  dense["config"]["dtype"] = "float64";
  EXPECT_EQ(wrapped(dense), "model.keras: layer 's': the wrapped layer: has another dtype policy "
                            "than SpectralNormalization; give both the same");
  dense["config"] = {{"units", 2}, {"activity_regularizer", "l2"}};
  EXPECT_EQ(wrapped(dense),
            "model.keras: layer 's': the wrapped layer: 'activity_regularizer' is not supported "
            "there; give it to SpectralNormalization");
}

} // namespace
} // namespace lamina::frontend::test
