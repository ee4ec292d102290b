// Kernels are shared by their contents: what is in the key and what is not, and that kernels of one
// name are one code.
#include "codegen/functions/kernel_library.h"

#include <fstream>
#include <map>
#include <sstream>

#include <gtest/gtest.h>

#include "codegen/driver.h"
#include "codegen/emit/machine_code.h"
#include "codegen/functions/function_emitter.h"
#include "codegen/jit/jit_functions.h"
#include "ir/module.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "passes/families/families.h"
#include "passes/passes.h"
#include "support/error.h"
#include "test/unit/codegen/kernels/kernel_fixture.h"

using namespace mlir;

namespace lamina::codegen {
namespace {

/// A module of functions, each of one kernel with a schedule, with waves and a memory plan.
class KernelLibraryTest : public testing::Test {
protected:
  KernelLibraryTest() : context(MLIRContext::Threading::DISABLED) { ir::loadDialects(context); }

  OwningOpRef<ModuleOp> parse(const std::string &functions, int64_t batchSize) {
    auto module = parseSourceString<ModuleOp>(functions, &context);
    EXPECT_TRUE(module);
    Builder builder(&context);
    (*module)->setAttr(ir::kBatchSizeAttr, builder.getI64IntegerAttr(batchSize));
    plan(*module);
    return module;
  }

  void plan(ModuleOp module) {
    for (auto function : module.getOps<func::FuncOp>())
      nameExternals(function);
    PassManager passes(&context);
    passes.addNestedPass<func::FuncOp>(passes::createAssignWaves());
    passes.addPass(passes::createPlanMemory());
    EXPECT_TRUE(succeeded(passes.run(module)));
  }

  /// The name of the kernel of a module's only function.
  std::string nameOf(const std::string &function, int64_t batchSize = 8,
                     const TargetSpec &target = targetFromName("x86-64-v3"),
                     llvm::CodeGenOptLevel level = llvm::CodeGenOptLevel::Default) {
    OwningOpRef<ModuleOp> module = parse(function, batchSize);
    KernelLibrary library(target);
    auto only = *module->getOps<func::FuncOp>().begin();
    return FunctionEmitter(only, "f", library, level).missingKernels().front()->name();
  }

  MLIRContext context;
};

/// @NAME: an elementwise kernel, in two layers.
std::string tanhOf(const std::string &name, const std::string &shape = "?x8",
                   const std::string &schedule = "lanes = 8, elements = 64, lines = 1, cost = 900",
                   const std::string &layer = "dense") {
  std::string type = "tensor<" + shape + "xf32>";
  return "func.func @" + name + "(%x: " + type + ") -> " + type + R"( {
    %0 = lamina.kernel map(%x) {schedule = #lamina.map<)" +
         schedule + ">} : (" + type + ") -> " + type + R"( {
    ^bb0(%e: )" +
         type + R"():
      %r = lamina.tanh %e : )" +
         type + R"(
      lamina.yield %r : )" +
         type + R"(
    } loc(")" +
         layer + R"(")
    return %0 : )" +
         type + "\n}\n";
}

/// @f: rows times a matrix.
std::string productOf(const std::string &left, const std::string &right, const std::string &result,
                      const std::string &dimensions) {
  std::string types = "(tensor<" + left + "xf32>, tensor<" + right + "xf32>)";
  return "func.func @f(%x: tensor<" + left + "xf32>, %w: tensor<" + right + "xf32>) -> tensor<" +
         result + R"(xf32> {
    %0 = lamina.kernel contraction(%x, %w) {schedule = #lamina.contraction<lanes = 8, tileRows = 4, tileVectors = 2, depth = 32, rows = 8, columns = 32, left = none, right = none, cost = 900>} : )" +
         types + " -> tensor<" + result + R"(xf32> {
    ^bb0(%a: tensor<)" +
         left + "xf32>, %b: tensor<" + right + R"(xf32>):
      %r = lamina.dot_general %a, %b, )" +
         dimensions + " : " + types + " -> tensor<" + result + R"(xf32>
      lamina.yield %r : tensor<)" +
         result + R"(xf32>
    }
    return %0 : tensor<)" +
         result + "xf32>\n}\n";
}

TEST_F(KernelLibraryTest, FunctionsShareKernels) {
  OwningOpRef<ModuleOp> module =
      parse(tanhOf("a") + tanhOf("b", "?x8", "lanes = 8, elements = 64, lines = 1, cost = 7", "x") +
                tanhOf("c", "?x16"),
            8);
  TargetSpec target = targetFromName("x86-64-v3");
  KernelLibrary library(target);
  auto owner = ModuleWithContext::create("module", target);
  auto emit = [&](const char *name) {
    FunctionEmitter emitter(module->lookupSymbol<func::FuncOp>(name), name, library);
    size_t missing = emitter.missingKernels().size();
    emitter.emitAll(*owner->module);
    EXPECT_TRUE(emitter.missingKernels().empty());
    return missing;
  };
  EXPECT_EQ(emit("a"), 1u);
  EXPECT_EQ(emit("b"), 0u);
  EXPECT_EQ(emit("c"), 1u);
  EXPECT_EQ(library.size(), 2u);
}

TEST_F(KernelLibraryTest, NamesHaveWhatCodeDependsOn) {
  std::string name = nameOf(tanhOf("f"));
  EXPECT_TRUE(llvm::StringRef(name).starts_with("map."));
  EXPECT_EQ(name.size(), std::string("map.").size() + 32);
  EXPECT_EQ(nameOf(tanhOf("f")), name);
  const std::string others[] = {
      nameOf(tanhOf("f", "?x16")),
      nameOf(tanhOf("f", "8x8")),
      nameOf(tanhOf("f", "?x8", "lanes = 8, elements = 32, lines = 1, cost = 900")),
      nameOf(tanhOf("f", "?x8", "lanes = 4, elements = 64, lines = 1, cost = 900")),
      nameOf(tanhOf("f"), 8, targetFromName("x86-64-v4")),
      nameOf(tanhOf("f"), 8, targetFromName("x86-64-v3"), llvm::CodeGenOptLevel::None)};
  for (const std::string &other : others) {
    EXPECT_NE(other, name);
    EXPECT_EQ(llvm::count(others, other), 1);
  }
  TargetSpec tuned = targetFromName("x86-64-v3");
  tuned.tune = "znver3";
  EXPECT_NE(nameOf(tanhOf("f"), 8, tuned), name);
}

TEST_F(KernelLibraryTest, NamesLackLayersAndCosts) {
  EXPECT_EQ(nameOf(tanhOf("f", "?x8", "lanes = 8, elements = 64, lines = 1, cost = 1", "other")),
            nameOf(tanhOf("g")));
}

/// Other memory and other layouts are other code.
TEST_F(KernelLibraryTest, NamesHaveSpacesAndLayouts) {
  auto stored = [&](const std::string &layout) {
    return nameOf("lamina.variable @v : tensor<8x32xf32> {path = \"v\"" + layout + R"(}
      func.func @f(%x: tensor<8x32xf32> {lamina.variable = @v})
          -> (tensor<8x32xf32> {lamina.variable = @v}) {
        %0 = lamina.kernel map(%x) {schedule = #lamina.map<lanes = 8, elements = 64, lines = 1, cost = 900>} : (tensor<8x32xf32>) -> tensor<8x32xf32> {
        ^bb0(%e: tensor<8x32xf32>):
          %r = lamina.tanh %e : tensor<8x32xf32>
          lamina.yield %r : tensor<8x32xf32>
        }
        return %0 : tensor<8x32xf32>
      })");
  };
  std::string dense = stored("");
  EXPECT_NE(dense, nameOf(tanhOf("f", "8x32")));
  EXPECT_NE(dense, stored(", layout = #lamina.packed<dimension = 1, width = 16>"));
}

TEST_F(KernelLibraryTest, BatchSizeCountsWhereCodeReadsIt) {
  auto isShared = [&](const std::string &function) {
    return nameOf(function, 8) == nameOf(function, 24);
  };
  EXPECT_TRUE(isShared(tanhOf("f", "?")));
  EXPECT_TRUE(isShared(tanhOf("f", "?x8")));
  // Strides.
  EXPECT_FALSE(isShared(tanhOf("f", "8x?")));
  EXPECT_FALSE(isShared(tanhOf("f", "4x?x8")));
  // The remainder of rows, and the number of steps.
  EXPECT_FALSE(
      isShared(productOf("?x32", "32x32", "?x32", "batching = [] x [], contracting = [1] x [0]")));
  EXPECT_FALSE(
      isShared(productOf("?x32", "?x32", "32x32", "batching = [] x [], contracting = [0] x [0]")));
  EXPECT_TRUE(isShared(
      productOf("?x8x32", "?x32x32", "?x8x32", "batching = [0] x [0], contracting = [2] x [1]")));
}

/// What the rules do not announce cannot be read, so that no code is shared by mistake.
TEST_F(KernelLibraryTest, UnannouncedBatchSizeIsAnError) {
  OwningOpRef<ModuleOp> module = parse(tanhOf("f"), 8);
  ir::KernelOp kernel = *(*module->getOps<func::FuncOp>().begin()).getOps<ir::KernelOp>().begin();
  try {
    BatchSize(kernel, 8).get();
    ADD_FAILURE() << "no error";
  } catch (const UserError &error) {
    EXPECT_STREQ(error.what(), "code generation failed: a kernel's code depends on the batch size, "
                               "but its family's rules do not say so");
  }
}

/// Kernels that were compiled well also do where quickly compiled ones would; not the other way.
TEST_F(KernelLibraryTest, QuickFunctionsTakeOptimizedKernels) {
  OwningOpRef<ModuleOp> module = parse(tanhOf("a") + tanhOf("b"), 8);
  TargetSpec target = targetFromName("x86-64-v3");
  auto countKernels = [&](llvm::CodeGenOptLevel first, llvm::CodeGenOptLevel second) {
    KernelLibrary library(target);
    FunctionEmitter(module->lookupSymbol<func::FuncOp>("a"), "a", library, first);
    FunctionEmitter(module->lookupSymbol<func::FuncOp>("b"), "b", library, second);
    return library.size();
  };
  EXPECT_EQ(countKernels(llvm::CodeGenOptLevel::Default, llvm::CodeGenOptLevel::None), 1u);
  EXPECT_EQ(countKernels(llvm::CodeGenOptLevel::None, llvm::CodeGenOptLevel::Default), 2u);
}

/// A function that finds all its kernels compiled runs.
TEST_F(KernelLibraryTest, FunctionsOfTheProcessShareCode) {
  OwningOpRef<ModuleOp> module = parse(tanhOf("a") + tanhOf("b"), 8);
  JitFunctions functions(*module, hostTarget(), 2);
  std::vector<float> x(64, 0.5F), a(64), b(64);
  alignas(64) char state[64];
  const void *arguments[] = {x.data()};
  void *first[] = {a.data()}, *second[] = {b.data()};
  EXPECT_EQ(functions.find("a")(nullptr, state, nullptr, 8, arguments, first), LAMINA_OK);
  EXPECT_EQ(functions.find("b")(nullptr, state, nullptr, 8, arguments, second), LAMINA_OK);
  EXPECT_NEAR(a[0], std::tanh(0.5F), 1e-6);
  EXPECT_EQ(a, b);
}

/// LLVM IR of the kernels of a module by name, each in a module of its own.
std::map<std::string, std::string> textsOf(ModuleOp module, const TargetSpec &target) {
  std::map<std::string, std::string> texts;
  KernelLibrary library(target);
  for (auto function : module.getOps<func::FuncOp>())
    for (SharedKernel *kernel : FunctionEmitter(function, "f", library).missingKernels()) {
      auto owner = ModuleWithContext::create("kernel", target);
      kernel->emit(*owner->module);
      llvm::raw_string_ostream(texts[kernel->name()]) << *owner->module;
    }
  return texts;
}

/// The kernels of all families, with the same schedules for two batch sizes: where the names are
/// equal, so is the code, and some of both kinds are among them.
TEST_F(KernelLibraryTest, EqualNamesAreEqualCode) {
  std::stringstream text;
  text << std::ifstream(LAMINA_KERNELS).rdbuf();
  TargetSpec target = targetFromName("x86-64-v3");
  auto small = parseSourceString<ModuleOp>(text.str(), &context);
  PassManager passes(&context);
  passes.addNestedPass<func::FuncOp>(
      passes::createSchedule({target.vectorLanes(sizeof(float)), target.vectorRegisters}));
  ASSERT_TRUE(succeeded(passes.run(*small)));
  OwningOpRef<ModuleOp> large = small->clone();
  (*large)->setAttr(ir::kBatchSizeAttr, Builder(&context).getI64IntegerAttr(90));
  plan(*small);
  plan(*large);
  auto ofSmall = textsOf(*small, target), ofLarge = textsOf(*large, target);
  size_t shared = 0;
  for (const auto &[name, code] : ofSmall)
    if (auto found = ofLarge.find(name); found != ofLarge.end()) {
      ++shared;
      EXPECT_EQ(code, found->second) << name;
    }
  EXPECT_GT(shared, ofSmall.size() / 2);
  EXPECT_LT(shared, ofSmall.size());
}

} // namespace
} // namespace lamina::codegen
