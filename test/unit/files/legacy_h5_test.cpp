#include "frontend/files/models/legacy_h5.h"

#include "frontend/files/models/keras_file.h"
#include "test/unit/files/test_files.h"

namespace lamina::frontend {
namespace {

using nlohmann::json;
using Texts = std::vector<std::string>;

const json model = {
    {"class_name", "Sequential"},
    {"config",
     {{"name", "m"},
      {"layers", {{{"class_name", "Dense"}, {"config", {{"name", "d"}, {"units", 2}}}}}}}}};

LegacyWeights someWeights() {
  LegacyWeights weights;
  weights.layers = {{"d",
                     {{"d/kernel", arrayOf<float>(ElementType::F32, {1, 2}, {1, 2})},
                      {"d/bias", arrayOf<float>(ElementType::F32, {2}, {3, 4})}}},
                    {"flat", {}}};
  weights.optimizer = {{"adam/iteration", arrayOf<int64_t>(ElementType::I64, {}, {7})}};
  return weights;
}

Hdf5Content someContent() {
  json training = {{"loss", "mse"},
                   {"optimizer_config", {{"class_name", "SGD"}, {"config", json::object()}}}};
  return legacyContent("3.15.0", model, training, someWeights());
}

/// What reading the content says, without the file's name.
std::string refusal(const Hdf5Content &content) {
  TemporaryFolder folder;
  std::string path = folder.write("m.h5", toText(writeHdf5(content)));
  std::string message = errorOf([&] { readKerasFile(path); });
  return message.starts_with(path + ": ") ? message.substr(path.size() + 2) : message;
}

TEST(LegacyH5, ReadsWhatItWrote) {
  TemporaryFolder folder;
  KerasFile file = readKerasFile(folder.write("m.h5", toText(writeHdf5(someContent()))));
  EXPECT_EQ(file.config["class_name"], "Sequential");
  EXPECT_EQ(file.config["config"]["layers"][0]["module"], "keras.layers");
  EXPECT_EQ((*file.compileConfig)["loss"], "mse");
  EXPECT_EQ((*file.compileConfig)["optimizer"]["class_name"], "SGD");
  EXPECT_TRUE(file.hasWeights);
  ASSERT_TRUE(file.legacyWeights);
  EXPECT_EQ(file.legacyWeights->version, "");
  ASSERT_EQ(file.legacyWeights->layers.size(), 2u);
  EXPECT_EQ(file.legacyWeights->layers[0].name, "d");
  EXPECT_EQ(file.legacyWeights->layers[0].weights[1].second.values<float>()[0], 3);
  EXPECT_TRUE(file.legacyWeights->layers[1].weights.empty());
  EXPECT_EQ(file.legacyWeights->optimizer[0].second.values<int64_t>()[0], 7);
}

TEST(LegacyH5, WritesLegacyFiles) {
  TemporaryFolder folder;
  KerasFile file = readKerasFile(folder.write("m.h5", toText(writeHdf5(someContent()))));
  writeLegacyFile(folder.path("n.h5"), file, *file.legacyWeights);
  KerasFile again = readKerasFile(folder.path("n.h5"));
  EXPECT_EQ(again.config["config"], file.config["config"]);
  EXPECT_EQ(again.compileConfig->at("optimizer"), file.compileConfig->at("optimizer"));
  EXPECT_EQ(again.legacyWeights->layers[0].weights.size(), 2u);
}

/// More names than one attribute holds: Keras splits them, and so do we.
TEST(LegacyH5, SplitsLongListsOfNames) {
  LegacyWeights weights;
  for (int i = 0; i < 5000; ++i)
    weights.layers.push_back({"layer_" + std::to_string(i), {}});
  Hdf5Content content = legacyContent("3.15.0", model, nullptr, weights);
  EXPECT_FALSE(content.attributes["model_weights"].contains("layer_names"));
  EXPECT_TRUE(content.attributes["model_weights"].contains("layer_names1"));
  TemporaryFolder folder;
  KerasFile file = readKerasFile(folder.write("m.h5", toText(writeHdf5(content))));
  ASSERT_EQ(file.legacyWeights->layers.size(), 5000u);
  EXPECT_EQ(file.legacyWeights->layers[4999].name, "layer_4999");
}

TEST(LegacyH5, ReadsWeightsForAModel) {
  TemporaryFolder folder;
  KerasFile file = readKerasFile(folder.write("m.json", model.dump()));
  EXPECT_FALSE(file.hasWeights);
  Hdf5Content content = someContent();
  for (const char *name : {"model_config", "training_config"})
    content.attributes[""].erase(name);
  EXPECT_EQ(refusal(content),
            "holds weights without a model; give the model, and this file with --weights");
  readWeights(file, folder.write("model.h5", toText(writeHdf5(someContent()))));
  EXPECT_TRUE(file.hasWeights);
  EXPECT_EQ(file.legacyWeights->layers.size(), 2u);
  EXPECT_EQ(file.weightsPath, folder.path("model.h5"));
}

TEST(LegacyH5, ReadsWeightsFiles) {
  TemporaryFolder folder;
  KerasFile file = readKerasFile(folder.write("m.json", model.dump()));
  std::map<std::string, Array> weights = {
      {"layers/dense/vars/0", arrayOf<float>(ElementType::F32, {1}, {5})}};
  writeWeightsFile(folder.path("w.weights.h5"), file, weights);
  readWeights(file, folder.path("w.weights.h5"));
  EXPECT_EQ(file.weights.at("layers/dense/vars/0").values<float>()[0], 5);
  writeKerasFile(folder.path("m.keras"), file, weights);
  file.weights.clear();
  readWeights(file, folder.path("m.keras"));
  EXPECT_EQ(file.weights.size(), 1u);
  std::string path = folder.path("m.json");
  EXPECT_EQ(errorOf([&] { readWeights(file, path); }),
            path + ": holds no weights; give a .weights.h5, .keras or .h5 file");
}

TEST(LegacyH5, RefusesWhatItCannotPlace) {
  Hdf5Content content = someContent();
  content.attributes["model_weights/d"]["weight_names"] = Texts{"d/kernel", "d/other"};
  EXPECT_EQ(refusal(content), "is damaged: the weights 'model_weights/d/d/other' are listed but "
                              "missing, or listed twice; save the model again");
  content = someContent();
  content.attributes["model_weights/d"]["weight_names"] = "d/kernel";
  EXPECT_EQ(refusal(content), "is damaged: 'weight_names' of 'model_weights/d' is not a list of "
                              "names; save the model again");
  content = someContent();
  content.attributes["model_weights"].erase("keras_version");
  EXPECT_EQ(refusal(content), "was written by Keras 1, whose weights are arranged otherwise; load "
                              "it in Keras 2 and save it again");
  content = someContent();
  content.attributes["model_weights"]["backend"] = "theano";
  EXPECT_EQ(refusal(content),
            "was written with the backend theano, whose kernels are flipped; load "
            "it in Keras 2 with TensorFlow and save it again");
  content = someContent();
  content.attributes[""]["model_config"] = "{";
  EXPECT_EQ(refusal(content), "model_config: not valid JSON at byte 1: the text ends too early");
}

TEST(LegacyH5, KnowsFormatsByName) {
  EXPECT_EQ(modelFormatOf("a/m.keras"), ModelFormat::Keras);
  EXPECT_EQ(modelFormatOf("m.lamina"), ModelFormat::Lamina);
  EXPECT_EQ(modelFormatOf("m.weights.h5"), ModelFormat::Weights);
  EXPECT_EQ(modelFormatOf("m.h5"), ModelFormat::LegacyH5);
  EXPECT_EQ(modelFormatOf("m.json"), ModelFormat::ConfigJson);
  EXPECT_FALSE(modelFormatOf("m.zip"));
}

} // namespace
} // namespace lamina::frontend
