#include "frontend/files/models/keras_file.h"

#include "frontend/files/archive/zip_archive.h"
#include "frontend/files/arrays/npy.h"
#include "frontend/files/hdf5/hdf5.h"
#include "frontend/files/read_file.h"
#include "test/unit/files/test_files.h"
#include "test/unit/files/zip_builder.h"

namespace lamina::frontend {
namespace {

using nlohmann::json;
using namespace std::string_literals;

const std::string config = R"({"class_name":  "Sequential", "config": {"name": "m", "x": NaN},
 "compile_config": {"optimizer": "adam"}})";

std::string weightsImage() {
  Hdf5Content content;
  content.datasets["layers/dense/vars/0"] = arrayOf<float>(ElementType::F32, {2}, {1, 2});
  content.datasets["optimizer/vars/0"] = arrayOf<int64_t>(ElementType::I64, {}, {16});
  content.groups = {"layers/dropout/vars", "vars"};
  content.attributes["layers/dense/vars"]["name"] = "dense";
  return toText(writeHdf5(content));
}

std::string archive(const std::vector<RawMember> &members) {
  return toText(buildZip(members));
}

std::string kerasArchive() {
  return archive({{.name = "metadata.json", .data = R"({"keras_version": "3.9.2"})"},
                  {.name = "config.json", .data = config},
                  {.name = "model.weights.h5", .data = weightsImage()},
                  {.name = "assets/words.txt", .data = "one\ntwo\n"}});
}

/// What readKerasFile says about a file with this content, without the file's name.
std::string refusal(const std::string &content) {
  TemporaryFolder folder;
  std::string path = folder.write("m.keras", content);
  std::string message = errorOf([&] { readKerasFile(path); });
  return message.starts_with(path + ": ") ? message.substr(path.size() + 2) : message;
}

TEST(KerasFile, ReadsAnArchive) {
  TemporaryFolder folder;
  KerasFile file = readKerasFile(folder.write("m.keras", kerasArchive()));
  EXPECT_EQ(file.configText, config);
  EXPECT_EQ(file.config["class_name"], "Sequential");
  EXPECT_EQ((*file.compileConfig)["optimizer"], "adam");
  EXPECT_EQ(file.metadata["keras_version"], "3.9.2");
  EXPECT_TRUE(file.hasWeights);
  EXPECT_EQ(file.weights.size(), 2u);
  EXPECT_EQ(file.weights["layers/dense/vars/0"].values<float>()[1], 2);
  EXPECT_EQ(file.groups["layers/dense/vars"], "dense");
  EXPECT_EQ(file.groups["layers/dropout/vars"], "");
  EXPECT_EQ(toText(file.assets["assets/words.txt"]), "one\ntwo\n");
}

TEST(KerasFile, ReadsPlainJson) {
  TemporaryFolder folder;
  KerasFile file = readKerasFile(folder.write("m.txt", "\n " + config));
  EXPECT_EQ(file.config["class_name"], "Sequential");
  EXPECT_FALSE(file.hasWeights);
  EXPECT_TRUE(file.metadata.is_null());
}

TEST(KerasFile, KnowsModelsThatWereNotCompiled) {
  TemporaryFolder folder;
  for (std::string empty : {"null", "{}"}) {
    std::string text =
        R"({"class_name": "Sequential", "config": {}, "compile_config": )" + empty + "}";
    EXPECT_FALSE(readKerasFile(folder.write("m.json", text)).compileConfig);
  }
}

TEST(KerasFile, WritesWhatItRead) {
  TemporaryFolder folder;
  KerasFile original = readKerasFile(folder.write("m.keras", kerasArchive()));
  std::map<std::string, Array> weights = original.weights;
  weights["layers/dense/vars/0"].values<float>()[0] = 7;
  writeKerasFile(folder.path("out.keras"), original, weights);

  KerasFile written = readKerasFile(folder.path("out.keras"));
  EXPECT_EQ(written.configText, config);
  EXPECT_EQ(written.metadata["keras_version"], "3.9.2");
  EXPECT_EQ(written.metadata["date_saved"].get<std::string>().size(), 19u);
  EXPECT_EQ(written.weights["layers/dense/vars/0"].values<float>()[0], 7);
  EXPECT_EQ(written.weights["optimizer/vars/0"].values<int64_t>()[0], 16);
  EXPECT_EQ(written.groups["layers/dense/vars"], "dense");
  EXPECT_TRUE(written.groups.contains("layers/dropout/vars"));
  EXPECT_EQ(written.assets, original.assets);
}

TEST(KerasFile, WritesPlainJsonWithCompileConfig) {
  TemporaryFolder folder;
  std::string text = R"({"class_name": "Sequential", "config": {"layers":[]}})";
  KerasFile original = readKerasFile(folder.write("m.json", text));
  writeKerasFile(folder.path("out.keras"), original, {}, json{{"loss", "mse"}});
  KerasFile written = readKerasFile(folder.path("out.keras"));
  EXPECT_EQ(written.configText, R"({"class_name": "Sequential", "config": {"layers":[]}, )"
                                R"("compile_config": {"loss": "mse"}})");
  EXPECT_EQ(written.metadata["keras_version"], "3.15.0");
  EXPECT_TRUE(written.groups.contains("layers"));
  EXPECT_FALSE(written.hasWeights);
}

TEST(KerasFile, WritesNothingWhereItCannot) {
  TemporaryFolder folder;
  KerasFile original = readKerasFile(folder.write("m.keras", kerasArchive()));
  std::string path = folder.path("none/out.keras");
  EXPECT_EQ(errorOf([&] { writeKerasFile(path, original, {}); }),
            "cannot write " + path + ": No such file or directory");
  EXPECT_EQ(folder.fileCount(), 1u);
}

TEST(KerasFile, RefusesIncompleteArchives) {
  EXPECT_EQ(refusal(archive({{.name = "config.json", .data = config}})),
            "is damaged: model.weights.h5 is missing; save the model again");
  EXPECT_EQ(
      refusal(archive({{.name = "config.json", .data = config}, {.name = "model.weights.npz"}})),
      "keeps its weights as pickled NumPy objects, which are never loaded; save the model "
      "in Keras with model.save(\"model.keras\")");
  EXPECT_EQ(refusal(archive({{.name = "config.json", .data = "{"}})),
            "config.json: not valid JSON at byte 1: the text ends too early");
  EXPECT_EQ(refusal(archive({{.name = "config.json", .data = config},
                             {.name = "model.weights.h5", .data = "text"}})),
            "model.weights.h5: is damaged: it does not start as an HDF5 file does; copy or "
            "download it again");
  std::string whole = kerasArchive();
  EXPECT_EQ(refusal(whole.substr(0, whole.size() / 2)),
            "the archive is cut short: its directory is missing; copy or download it again");
}

TEST(KerasFile, RefusesOtherArchives) {
  std::string advice = "; save the model in Keras with model.save(\"model.keras\")";
  EXPECT_EQ(refusal(archive({{.name = "archive/data.pkl"}})),
            "is a PyTorch file, not a Keras model" + advice);
  EXPECT_EQ(refusal(archive({{.name = "x.npy"}})),
            "is a .npz file with arrays, not a model; give it as data");
  EXPECT_EQ(refusal(archive({{.name = "m/saved_model.pb"}})),
            "is a zipped TensorFlow SavedModel, which keeps no layers" + advice);
  EXPECT_EQ(refusal(archive({{.name = "m/config.json"}})),
            "is an archive with a Keras model inside a folder; zip the folder's content, not the "
            "folder");
  EXPECT_EQ(refusal(archive({{.name = "word/document.xml"}})),
            "is an archive without config.json, not a Keras model" + advice);
}

TEST(KerasFile, RefusesOtherJson) {
  std::string advice = "; save the model in Keras with model.save(\"model.keras\")";
  EXPECT_EQ(refusal(R"({"a": 1})"),
            "is JSON, but no Keras model: \"class_name\" and \"config\" are missing; give a "
            ".keras file or the JSON of model.to_json()");
  EXPECT_EQ(refusal(R"("{\"class_name\": 1}")"),
            "is a JSON string that holds JSON; write the text of model.to_json() to the file as "
            "it is");
  EXPECT_EQ(refusal("[]"), "is a list, as Keras before 2.2.3 wrote Sequential models; load it "
                           "with that Keras and save it again");
  EXPECT_EQ(refusal(R"({"format": "layers-model", "modelTopology": {}})"),
            "is a TensorFlow.js model" + advice);
  EXPECT_EQ(refusal("{\"a\": }"), "not valid JSON at byte 6: expected a value");
}

TEST(KerasFile, RefusesWeightsWithoutAModel) {
  EXPECT_EQ(refusal(weightsImage()),
            "holds weights without a model; give the model, and this file with --weights");
}

TEST(KerasFile, ModernizesKeras2) {
  TemporaryFolder folder;
  std::string text = R"({"class_name": "Sequential", "config": [], "keras_version": "2.1.0"})";
  KerasFile file = readKerasFile(folder.write("m.json", text));
  EXPECT_TRUE(file.config["config"].is_object());
  EXPECT_FALSE(file.config.contains("keras_version"));
  EXPECT_EQ(json::parse(file.configText), file.config);
  KerasFile archived = readKerasFile(folder.write(
      "m.keras", archive({{.name = "metadata.json", .data = R"({"keras_version": "2.15.0"})"},
                          {.name = "config.json", .data = text},
                          {.name = "model.weights.h5", .data = weightsImage()}})));
  EXPECT_EQ(archived.config, file.config);
  EXPECT_TRUE(archived.metadata.is_null());
}

TEST(KerasFile, RefusesWhatIsNoModel) {
  std::string advice = "; save the model in Keras with model.save(\"model.keras\")";
  EXPECT_EQ(refusal(""), "is empty" + advice);
  EXPECT_EQ(refusal("\x1c\0\0\0TFL3"s),
            "is a TensorFlow Lite model, which cannot be trained" + advice);
  EXPECT_EQ(refusal("\x89PNG\r\n\x1a\n"), "is a PNG image, not a model" + advice);
  EXPECT_EQ(refusal(toText(formatNpy(makeArray(ElementType::F32, {2})))),
            "is a NumPy array, not a model" + advice);
  EXPECT_EQ(refusal("\x80\x04\x95..."), "is a Python pickle, which is never loaded" + advice);
  EXPECT_EQ(refusal("a,b\n1,2\n"), "is text, not a Keras model; give a .keras file or the JSON of "
                                   "model.to_json()");
  EXPECT_EQ(refusal("\1\2\3"), "is not a Keras model; give a .keras file or the JSON of "
                               "model.to_json()");
}

TEST(KerasFile, RefusesFoldersAndMissingFiles) {
  TemporaryFolder folder;
  auto error = [](const std::string &path) { return errorOf([&] { readKerasFile(path); }); };
  std::string path = folder.path("m");
  EXPECT_EQ(error(path), path + ": cannot be read: No such file or directory; check the path");
  std::filesystem::create_directory(path);
  EXPECT_EQ(error(path), path + ": is a folder; give a .keras file or the JSON of model.to_json()");
  folder.write("m/config.json", "{}");
  EXPECT_EQ(error(path), path + ": is a folder with an unpacked Keras model; zip its content into "
                                "one .keras file");
  folder.write("m/saved_model.pb", "");
  EXPECT_EQ(error(path), path + ": is a TensorFlow SavedModel folder, which keeps no layers; save "
                                "the model in Keras with model.save(\"model.keras\")");
}

} // namespace
} // namespace lamina::frontend
