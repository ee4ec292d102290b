// Passes leave what random graphs compute as it is, and gradients are right.
#include <gtest/gtest.h>

#include "ir/interpreter/interpreter.h"
#include "ir/module.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"
#include "passes/passes.h"
#include "test/random_graph/comparison.h"
#include "test/random_graph/random_graph.h"

using namespace mlir;
using namespace lamina::ir;

namespace lamina::test {
namespace {

constexpr uint64_t kGraphs = 1000;
constexpr uint64_t kModels = 300;

/// Every graph with one number of rows between 1 and the capacity.
void expectSameResults(const Runner &runner) {
  MLIRContext context;
  for (uint64_t seed = 0; seed < kGraphs; ++seed) {
    OwningOpRef<ModuleOp> module = makeRandomGraph(context, seed);
    int64_t rows = 1 + static_cast<int64_t>(seed % 7);
    auto main = module->lookupSymbol<func::FuncOp>("main");
    auto difference = compareWithInterpreter(*module, "main", makeRandomArguments(main, seed, rows),
                                             rows, runner);
    ASSERT_FALSE(difference) << "seed " << seed << ", " << rows << " rows: " << *difference << "\n"
                             << textOf(*module);
  }
}

/// Runs the passes that `add` adds, then the interpreter.
Runner afterPasses(std::function<void(PassManager &)> add) {
  return [=](ModuleOp module, ArrayRef<HostTensor> arguments,
             int64_t rows) -> llvm::Expected<std::vector<HostTensor>> {
    PassManager passes(module.getContext());
    add(passes);
    if (failed(passes.run(module)))
      return llvm::createStringError("the passes failed");
    return interpret(module.lookupSymbol<func::FuncOp>("main"), arguments, rows);
  };
}

TEST(RandomGraphPasses, SimplifiedIsTheSame) {
  expectSameResults(afterPasses([](PassManager &passes) {
    passes.addNestedPass<func::FuncOp>(passes::createSimplify());
    passes.addNestedPass<func::FuncOp>(passes::createContract());
  }));
}

TEST(RandomGraphPasses, FusedIsTheSame) {
  expectSameResults(afterPasses([](PassManager &passes) {
    passes.addNestedPass<func::FuncOp>(passes::createSimplify());
    passes.addNestedPass<func::FuncOp>(passes::createFuse());
  }));
}

TEST(RandomModelPasses, GradientsAreDifferences) {
  MLIRContext context;
  RandomGraphOptions options;
  options.doublePrecision = true;
  options.batchSize = 4;
  options.steps = 16;
  for (uint64_t seed = 0; seed < kModels; ++seed) {
    OwningOpRef<ModuleOp> module = makeRandomModel(context, seed, options);
    ASSERT_TRUE(succeeded(verify(*module))) << "seed " << seed;
    auto loss = module->lookupSymbol<func::FuncOp>(kLoss);
    int64_t rows = 1 + static_cast<int64_t>(seed % 4);
    std::vector<HostTensor> arguments = makeRandomArguments(loss, seed, rows);
    OwningOpRef<ModuleOp> differentiated = module->clone();
    // A variable that the loss does not depend on makes a warning, which says nothing here.
    ScopedDiagnosticHandler quiet(&context, [](Diagnostic &diagnostic) {
      return success(diagnostic.getSeverity() == DiagnosticSeverity::Warning);
    });
    PassManager passes(&context);
    passes.addPass(passes::createGradient());
    ASSERT_TRUE(succeeded(passes.run(*differentiated))) << "seed " << seed;
    auto wrong = checkGradients(*module, *differentiated, arguments, rows);
    ASSERT_FALSE(wrong) << "seed " << seed << ": " << *wrong << "\n" << textOf(*module);
  }
}

} // namespace
} // namespace lamina::test
