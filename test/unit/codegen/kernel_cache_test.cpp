// The cache of compiled kernels on disk.
#include "codegen/jit/kernel_cache.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include <sys/stat.h>

#include "codegen/driver.h"
#include "codegen/jit/jit_functions.h"
#include "ir/module.h"
#include "mlir/Parser/Parser.h"
#include "test/unit/files/test_files.h"

namespace lamina::codegen {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kLimit = 1 << 20;

class KernelCacheTest : public testing::Test {
protected:
  static void store(KernelCache &cache, const std::string &key, const std::string &code) {
    cache.store(key, *llvm::MemoryBuffer::getMemBuffer(code), 64);
  }
  /// The code of a key, or "none".
  static std::string codeOf(const KernelCache &cache, const std::string &key) {
    auto entry = cache.find(key);
    return entry ? entry->object->getBuffer().str() : "none";
  }
  std::map<std::string, std::string> contents() const {
    std::map<std::string, std::string> files;
    for (const fs::directory_entry &entry : fs::directory_iterator(folder)) {
      std::ifstream file(entry.path());
      files[entry.path().filename()] = std::string(std::istreambuf_iterator<char>(file), {});
    }
    return files;
  }

  frontend::TemporaryFolder temporary;
  std::string folder = temporary.path();
};

TEST_F(KernelCacheTest, KeepsWhatWasStored) {
  KernelCache cache(folder, kLimit);
  store(cache, "a", "code of a");
  store(cache, "b", "");
  EXPECT_EQ(codeOf(cache, "a"), "code of a");
  EXPECT_EQ(codeOf(KernelCache(folder, kLimit), "b"), "");
  EXPECT_EQ(cache.find("a")->scratchBytes, 64);
  EXPECT_EQ(codeOf(cache, "c"), "none");
  EXPECT_EQ(cache.statistics().files, 2u);
}

TEST_F(KernelCacheTest, WhatIsNotWholeIsMissing) {
  KernelCache cache(folder, kLimit);
  store(cache, "a", "code of a");
  fs::path file = fs::directory_iterator(folder)->path();
  std::string whole = contents().begin()->second;
  for (size_t i = 0; i < whole.size(); ++i) {
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    std::ofstream(file) << damaged;
    EXPECT_EQ(codeOf(cache, "a"), "none") << "byte " << i;
  }
  for (size_t size : {size_t(0), size_t(7), whole.size() - 1}) {
    std::ofstream(file) << whole.substr(0, size);
    EXPECT_EQ(codeOf(cache, "a"), "none") << size << " bytes";
  }
  std::ofstream(file) << whole;
  EXPECT_EQ(codeOf(cache, "a"), "code of a");
  // A file under the name of another key.
  store(cache, "b", "code of b");
  for (const auto &[name, content] : contents())
    if (name != file.filename())
      std::ofstream(folder + "/" + name) << whole;
  EXPECT_EQ(codeOf(cache, "b"), "none");
}

TEST_F(KernelCacheTest, TheOldestFilesGo) {
  const std::string code(size_t(2) << 20, 'x');
  KernelCache cache(folder, uint64_t(5) << 20);
  std::set<fs::path> dated;
  for (int age = 3; age > 0; --age) {
    store(cache, std::to_string(age), code);
    for (const fs::directory_entry &entry : fs::directory_iterator(folder))
      if (dated.insert(entry.path()).second)
        fs::last_write_time(entry.path(),
                            fs::file_time_type::clock::now() - std::chrono::hours(age));
  }
  cache.trim();
  EXPECT_EQ(codeOf(cache, "3"), "none");
  EXPECT_EQ(codeOf(cache, "2"), "none"); // more goes than has to
  EXPECT_EQ(codeOf(cache, "1"), code);
}

TEST_F(KernelCacheTest, ClearRemovesItsOwnFilesAlone) {
  KernelCache cache(folder, kLimit);
  store(cache, "a", "code of a");
  std::ofstream(folder + "/notes.txt") << "mine";
  EXPECT_EQ(cache.clear().files, 1u);
  EXPECT_EQ(codeOf(cache, "a"), "none");
  EXPECT_EQ(contents(), (std::map<std::string, std::string>{{"notes.txt", "mine"}}));
}

TEST_F(KernelCacheTest, NothingIsReadFromFoldersThatOthersCanWriteTo) {
  KernelCache trusted(folder, kLimit);
  store(trusted, "a", "code of a");
  chmod(folder.c_str(), 0777);
  KernelCache cache(folder, kLimit);
  EXPECT_FALSE(cache.isOn());
  EXPECT_EQ(codeOf(cache, "a"), "none");
  EXPECT_EQ(cache.reason(), folder + " is not a folder that this user alone can write to");
}

TEST_F(KernelCacheTest, WhatCannotBeWrittenIsLeftOut) {
  std::ofstream(folder + "/file") << "";
  KernelCache cache(folder + "/file/below", kLimit);
  store(cache, "a", "code of a");
  EXPECT_EQ(codeOf(cache, "a"), "none");
  EXPECT_FALSE(cache.isOn());
}

/// Compiles a dense layer's step with the cache in `folder`, and runs it.
float run(const std::string &folder) {
  setenv("LAMINA_CACHE", folder.c_str(), 1);
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  ir::loadDialects(context);
  auto module = mlir::parseSourceString<mlir::ModuleOp>(R"(
module attributes {lamina.batch_size = 4 : i64} {
  func.func @predict(%x: tensor<?x2xf32> {lamina.input = "x"})
      -> (tensor<?x2xf32> {lamina.output = "y"}) {
    %y = lamina.exponential %x : tensor<?x2xf32>
    return %y : tensor<?x2xf32>
  }
})",
                                                        &context);
  CompileOptions options;
  lower(*module, passes::Stage::Memory, options);
  auto model = compileJit(*module, options);
  alignas(4096) static std::byte state[4096], workspace[1 << 16];
  const float x[] = {1, 0, 2, 3};
  float y[4] = {};
  const void *inputs[] = {x};
  void *outputs[] = {y};
  EXPECT_EQ(model->predict(nullptr, state, workspace, 2, inputs, outputs), LAMINA_OK);
  unsetenv("LAMINA_CACHE");
  return y[3];
}

TEST_F(KernelCacheTest, CompilationsShareCodeAndMakeTheSameBytes) {
  float value = run(folder);
  auto first = contents();
  EXPECT_EQ(first.size(), 2u); // a kernel, and what is around it
  EXPECT_EQ(run(folder), value);
  EXPECT_EQ(contents(), first);
  fs::create_directory(folder + "/other");
  chmod((folder + "/other").c_str(), 0700);
  EXPECT_EQ(run(folder + "/other"), value);
  for (const auto &[name, content] : first) {
    std::ifstream file(folder + "/other/" + name);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), content) << name;
  }
}

} // namespace
} // namespace lamina::codegen
