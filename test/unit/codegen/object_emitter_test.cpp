#include "codegen/objects/object_emitter.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <dlfcn.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "llvm/Object/Archive.h"
#include "llvm/Object/ObjectFile.h"

namespace lamina::codegen {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class ObjectEmitter : public ::testing::Test {
protected:
  ObjectEmitter()
      : directory(fs::path(::testing::TempDir()) / ("lamina-object-" + std::to_string(getpid()))) {
    fs::create_directories(directory);
  }
  ~ObjectEmitter() override { fs::remove_all(directory); }

  std::string path(const std::string &name) const { return (directory / name).string(); }

  llvm::Error emit(OutputKind kind, const std::string &name, const std::string &body = "42") {
    auto owner = llvm::cantFail(ModuleWithContext::parse(
        "define i32 @answer() {\n  ret i32 " + body + "\n}\n", hostTarget()));
    return emitFile(*owner->module, hostTarget(), kind, path(name));
  }

  std::string read(const std::string &name) const {
    std::ifstream file(path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto &entry : fs::directory_iterator(directory))
      names.push_back(entry.path().filename());
    return names;
  }

  fs::path directory;
};

TEST_F(ObjectEmitter, Object) {
  ASSERT_FALSE(emit(OutputKind::Object, "model.o"));
  std::string bytes = read("model.o");
  auto object = llvm::cantFail(
      llvm::object::ObjectFile::createObjectFile(llvm::MemoryBufferRef(bytes, "model.o")));
  EXPECT_TRUE(object->isELF() && object->isRelocatableObject());
  EXPECT_EQ(files(), std::vector<std::string>{"model.o"});
}

TEST_F(ObjectEmitter, Assembly) {
  ASSERT_FALSE(emit(OutputKind::Assembly, "model.s"));
  EXPECT_THAT(read("model.s"), HasSubstr("answer:"));
}

TEST_F(ObjectEmitter, SameModuleSameBytes) {
  ASSERT_FALSE(emit(OutputKind::StaticLibrary, "x.a"));
  std::string first = read("x.a");
  ASSERT_FALSE(emit(OutputKind::StaticLibrary, "x.a"));
  EXPECT_EQ(read("x.a"), first);
}

TEST_F(ObjectEmitter, StaticLibrary) {
  ASSERT_FALSE(emit(OutputKind::StaticLibrary, "libmodel.a"));
  std::string bytes = read("libmodel.a");
  auto archive =
      llvm::cantFail(llvm::object::Archive::create(llvm::MemoryBufferRef(bytes, "libmodel.a")));
  EXPECT_TRUE(archive->hasSymbolTable());
  auto found = llvm::cantFail(archive->findSym("answer"));
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(llvm::cantFail(found->getName()), "libmodel.o");
}

TEST_F(ObjectEmitter, SharedLibrary) {
  ASSERT_FALSE(emit(OutputKind::SharedLibrary, "libmodel.so"));
  void *library = dlopen(path("libmodel.so").c_str(), RTLD_NOW);
  ASSERT_NE(library, nullptr) << dlerror();
  auto *answer = reinterpret_cast<int (*)()>(dlsym(library, "answer"));
  ASSERT_NE(answer, nullptr);
  EXPECT_EQ(answer(), 42);
  dlclose(library);
  EXPECT_EQ(files(), std::vector<std::string>{"libmodel.so"});
}

TEST_F(ObjectEmitter, MissingCompilerIsAnError) {
  std::string search = std::getenv("PATH");
  setenv("PATH", directory.c_str(), 1);
  llvm::Error error = emit(OutputKind::SharedLibrary, "libmodel.so");
  setenv("PATH", search.c_str(), 1);
  EXPECT_EQ(llvm::toString(std::move(error)),
            "a shared library needs a C compiler to link it, and neither cc, clang nor gcc was "
            "found; install one, or ask for an object or a static library");
  EXPECT_TRUE(files().empty());
}

TEST_F(ObjectEmitter, LinkerErrorIsOneLine) {
  std::ofstream(path("cc"))
      << "#!/bin/sh\necho collecting\necho 'ld: error: no room' >&2\nexit 1\n";
  fs::permissions(path("cc"), fs::perms::owner_all);
  setenv("CC", path("cc").c_str(), 1);
  llvm::Error error = emit(OutputKind::SharedLibrary, "libmodel.so");
  unsetenv("CC");
  EXPECT_EQ(llvm::toString(std::move(error)),
            "cannot link the shared library with " + path("cc") + ": ld: error: no room");
}

TEST_F(ObjectEmitter, UnwritablePathIsAnError) {
  llvm::Error error = emit(OutputKind::Object, "missing/model.o");
  EXPECT_THAT(llvm::toString(std::move(error)),
              StartsWith("cannot write " + path("missing/model.o")));
}

TEST_F(ObjectEmitter, FailureKeepsTheOldFile) {
  ASSERT_FALSE(emit(OutputKind::Object, "model.o"));
  std::string before = read("model.o");
  auto owner = llvm::cantFail(ModuleWithContext::parse(
      "define void @f() {\n call void asm sideeffect \"bogus\", \"\"()\n ret void\n}",
      hostTarget()));
  EXPECT_THAT(
      llvm::toString(emitFile(*owner->module, hostTarget(), OutputKind::Object, path("model.o"))),
      HasSubstr("invalid instruction mnemonic"));
  EXPECT_EQ(read("model.o"), before);
}

} // namespace
} // namespace lamina::codegen
