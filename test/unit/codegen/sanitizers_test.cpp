// In a build with a sanitizer, generated code is seen by it; in other builds nothing is added.
#include "codegen/emit/sanitizers.h"

#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codegen/jit/jit_compiler.h"

namespace lamina::codegen {
namespace {

constexpr const char *kStore = R"(
  define void @store(ptr %to, i64 %index) {
    %element = getelementptr float, ptr %to, i64 %index
    store float 1.0, ptr %element
    ret void
  })";

using Store = void(float *, int64_t);

std::unique_ptr<ModuleWithContext> parseStore() {
  return llvm::cantFail(ModuleWithContext::parse(kStore, hostTarget()));
}

/// A compiler whose code has `store`, which lives as long as the compiler.
[[maybe_unused]] std::unique_ptr<JitCompiler> compileStore() {
  auto jit = llvm::cantFail(JitCompiler::create(hostTarget(), 1));
  std::vector<std::unique_ptr<ModuleWithContext>> modules;
  modules.push_back(parseStore());
  llvm::cantFail(jit->add(std::move(modules)));
  return jit;
}

#if defined(__has_feature) && __has_feature(address_sanitizer)

TEST(Sanitizers, GeneratedCodeIsSeen) {
  auto jit = compileStore();
  auto *store = llvm::cantFail(jit->lookupFunction<Store>("store"));
  std::vector<float> values(4);
  store(values.data(), 3);
  EXPECT_EQ(values[3], 1.0f);
  EXPECT_DEATH(store(values.data(), 4), "heap-buffer-overflow");
}

#elif defined(__has_feature) && __has_feature(thread_sanitizer)

TEST(Sanitizers, GeneratedCodeIsSeen) {
  // A child that was forked from several threads could not start new ones.
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  auto race = [] {
    auto jit = compileStore();
    auto *store = llvm::cantFail(jit->lookupFunction<Store>("store"));
    float value = 0;
    std::thread other([&] { store(&value, 0); });
    store(&value, 0);
    other.join();
  };
  EXPECT_DEATH(race(), "data race");
}

#else

TEST(Sanitizers, NothingIsAdded) {
  auto module = parseStore();
  std::string before, after;
  llvm::raw_string_ostream(before) << *module->module;
  addSanitizerChecks(*module->module);
  llvm::raw_string_ostream(after) << *module->module;
  EXPECT_EQ(before, after);
}

#endif

} // namespace
} // namespace lamina::codegen
