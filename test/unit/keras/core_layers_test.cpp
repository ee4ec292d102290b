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

TEST(CoreLayers, lookupsAreRefused) {
  for (const char *name :
       {"StringLookup", "IntegerLookup", "TextVectorization", "Hashing", "HashedCrossing"})
    EXPECT_EQ(
        problem(name, {}),
        std::string("class ") + name +
            " is refused: it looks up values that are not numbers of a network; run it on the "
            "data before, and give the model its result as an input");
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
  EXPECT_EQ(problem("Resizing", {{"height", 2}, {"width", 2}, {"interpolation", "bicubic"}}),
            "'interpolation' bicubic is not supported; nearest and bilinear are");
  EXPECT_EQ(problem("Resizing", {{"height", 2},
                                 {"width", 2},
                                 {"crop_to_aspect_ratio", true},
                                 {"pad_to_aspect_ratio", true}}),
            "'crop_to_aspect_ratio' and 'pad_to_aspect_ratio' cannot both be true");
}

TEST(CoreLayers, trainingInDoublePrecision) {
  json dense = layer("Dense", "d", {{"units", 2}, {"dtype", "float64"}});
  json compiled = {{"loss", "mse"}, {"optimizer", "sgd"}};
  EXPECT_EQ(importError(makeFile(sequential({input("x", {3}), dense}), compiled)),
            "model.keras: layer 'd': a layer of the dtype policy float64 is supported for "
            "prediction, not for training; train the model in float32, or set the layer's "
            "'trainable' to false");
  EXPECT_EQ(importError(makeFile(sequential({input("x", {3}), dense}))), "no error");
}

TEST(CoreLayers, masksThatWouldBeRead) {
  auto after = [](json object) {
    return importError(makeFile(sequential({input("x", {4, 6}), layer("Masking", "m"), object}),
                                {{"loss", "mse"}}));
  };
  EXPECT_EQ(after(layer("GlobalAveragePooling1D", "pool")),
            "model.keras: layer 'pool': GlobalAveragePooling1D leaves out the steps that a Masking "
            "or Embedding layer before it masks, which is not supported");
  EXPECT_EQ(after(layer("Dense", "d", {{"units", 2}})),
            "model.keras: output 'd' has a mask, from a Masking or Embedding layer, which losses "
            "would take into account; this is not supported");
  EXPECT_EQ(after(layer("Flatten", "f")), "no error");
}

} // namespace
} // namespace lamina::frontend::test
