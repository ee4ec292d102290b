#pragma once

#include "codegen/objects/aot.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <utility>

#include <dlfcn.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "frontend/files/models/keras_file.h"
#include "frontend/keras/import.h"
#include "frontend/keras/weights/weights.h"
#include "mlir/IR/MLIRContext.h"
#include "support/error.h"
#include "trainer/aligned_buffer.h"
#include "trainer/model_runner.h"

/// The digits network as a compiled object.
namespace lamina::codegen {

namespace fs = std::filesystem;
using trainer::AlignedBuffer;

constexpr int64_t kBatchSize = 64, kPixels = 64, kClasses = 10;

/// The digits network, imported once.
class Digits {
public:
  static Digits &get() {
    static Digits digits;
    return digits;
  }

  frontend::KerasFile file;
  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::map<std::string, frontend::Array> initial; ///< by symbol
  ObjectOptions options;

private:
  Digits()
      : file(frontend::readKerasFile(LAMINA_EXAMPLES "/digits/digits.keras")),
        context(mlir::MLIRContext::Threading::DISABLED) {
    frontend::ImportOptions import;
    import.batchSize = kBatchSize;
    module = frontend::importModel(context, file, import);
    auto binding = frontend::bindWeights(*module, file);
    size_t index = 0;
    for (const VariableSpec &variable : makeSignature(*module).variables)
      if (const frontend::Array *array = binding.arrays[index++]; array)
        if (array->type == variable.type) {
          initial.emplace(variable.name, *array);
          options.weights.emplace(variable.name, array->bytes);
        }
    options.file = "digits.keras";
  }
};

/// Rows that look a little like digits.
struct Rows {
  std::vector<float> pixels;
  std::vector<int32_t> labels;

  explicit Rows(unsigned seed) : pixels(kBatchSize * kPixels), labels(kBatchSize) {
    std::mt19937 random(seed);
    for (float &pixel : pixels)
      pixel = static_cast<float>(random() % 17);
    for (int32_t &label : labels)
      label = static_cast<int32_t>(random() % kClasses);
  }
};

/// A folder that goes away.
class Folder {
public:
  explicit Folder(const std::string &name)
      : path_(fs::path(::testing::TempDir()) /
              (name + "-" + std::to_string(getpid()) + "-" + std::to_string(number++))) {
    fs::create_directories(path_);
  }
  ~Folder() { fs::remove_all(path_); }
  std::string file(const std::string &name) const { return (path_ / name).string(); }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto &entry : fs::directory_iterator(path_))
      names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    return names;
  }

private:
  static inline int number = 0; // a library that is loaded twice from one path is loaded once
  fs::path path_;
};

inline std::string readText(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The digits network as a shared library in this process.
class Library {
public:
  explicit Library(const ObjectOptions &options) : folder("lamina-aot") {
    object = compileObject(*Digits::get().module, options, OutputKind::SharedLibrary,
                           folder.file("digits.so"));
    handle = dlopen(folder.file("digits.so").c_str(), RTLD_NOW | RTLD_LOCAL);
    EXPECT_TRUE(handle) << dlerror();
    init = find<int(void *, uint64_t)>("digits_init");
    load = find<int(void *, const void *)>("digits_load");
    save = find<int(const void *, void *)>("digits_save");
    step = find<int(const lamina_env *, void *, void *, uint32_t, const float *, const int32_t *,
                    float *)>("digits_train_step");
    evaluate = find<int(const lamina_env *, const void *, void *, uint32_t, const float *,
                        const int32_t *, float *)>("digits_evaluate");
    predict = find<int(const lamina_env *, const void *, void *, uint32_t, const float *, float *)>(
        "digits_predict");
    statusText = find<const char *(int)>("digits_status_text");
  }
  ~Library() { dlclose(handle); }
  Library(const Library &) = delete;

  /// The number that the header gives a constant.
  size_t constant(const std::string &name) const {
    std::string header = readText(object.headerPath);
    size_t at = header.find("#define " + name + " ");
    EXPECT_NE(at, std::string::npos) << name;
    return std::stoul(header.substr(at + name.size() + 9));
  }

  /// The data that NAME_save gives.
  std::vector<char> data(const AlignedBuffer &state) const {
    std::vector<char> bytes(constant("DIGITS_DATA_BYTES"), '\x55');
    EXPECT_EQ(save(state.data(), bytes.data()), LAMINA_OK);
    return bytes;
  }

  CompiledObject object;
  std::function<int(void *, uint64_t)> init;
  std::function<int(void *, const void *)> load;
  std::function<int(const void *, void *)> save;
  std::function<int(const lamina_env *, void *, void *, uint32_t, const float *, const int32_t *,
                    float *)>
      step;
  std::function<int(const lamina_env *, const void *, void *, uint32_t, const float *,
                    const int32_t *, float *)>
      evaluate;
  std::function<int(const lamina_env *, const void *, void *, uint32_t, const float *, float *)>
      predict;
  std::function<const char *(int)> statusText;

private:
  template <typename Function> Function *find(const char *name) const {
    void *symbol = dlsym(handle, name);
    EXPECT_TRUE(symbol) << name;
    return reinterpret_cast<Function *>(symbol);
  }

  Folder folder;
  void *handle = nullptr;
};

/// Compiled once for the tests that only call it.
class CompiledObjects : public ::testing::Test {
protected:
  static void SetUpTestSuite() { library = new Library(Digits::get().options); }
  static void TearDownTestSuite() { delete library; }

  void SetUp() override { ASSERT_EQ(library->init(state.data(), 3), LAMINA_OK); }

  int step(const Rows &rows, uint32_t count, float *logs, const lamina_env *env = nullptr) {
    return library->step(env, state.data(), workspace.data(), count, rows.pixels.data(),
                         rows.labels.data(), logs);
  }

  static Library *library;
  AlignedBuffer state{library->object.stateBytes}, workspace{library->object.workspaceBytes};
};
inline Library *CompiledObjects::library = nullptr;

} // namespace lamina::codegen
