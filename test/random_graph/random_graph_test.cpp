#include "test/random_graph/random_graph.h"

#include <cmath>
#include <set>

#include <gtest/gtest.h>

#include "ir/interpreter/interpreter.h"
#include "ir/module.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "test/random_graph/comparison.h"

using namespace mlir;
using namespace lamina::ir;

namespace lamina::test {
namespace {

constexpr uint64_t kSeeds = 200;

TEST(RandomGraph, SameSeedSameGraph) {
  MLIRContext context;
  EXPECT_EQ(textOf(*makeRandomGraph(context, 7)), textOf(*makeRandomGraph(context, 7)));
  EXPECT_NE(textOf(*makeRandomGraph(context, 7)), textOf(*makeRandomGraph(context, 8)));
}

TEST(RandomGraph, IsValidAndContainsEveryOperation) {
  MLIRContext context;
  std::set<std::string> seen;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    OwningOpRef<ModuleOp> module = makeRandomGraph(context, seed);
    ASSERT_TRUE(succeeded(verify(*module))) << "seed " << seed;
    OwningOpRef<ModuleOp> model = makeRandomModel(context, seed);
    ASSERT_TRUE(succeeded(verify(*model))) << "seed " << seed;
    for (ModuleOp made : {*module, *model})
      made.walk([&](Operation *op) { seen.insert(op->getName().getStringRef().str()); });
  }
  // These are made by passes alone; minimal filtering has tests of its own (winograd_test.cpp).
  const llvm::StringRef ofPasses[] = {"lamina.kernel", "lamina.yield", "lamina.winograd_filter",
                                      "lamina.winograd_convolution"};
  for (RegisteredOperationName name : context.getRegisteredOperations()) {
    llvm::StringRef text = name.getStringRef();
    if (name.getDialectNamespace() != LaminaDialect::getDialectNamespace() ||
        llvm::is_contained(ofPasses, text))
      continue;
    EXPECT_TRUE(seen.contains(text.str())) << text.str();
  }
}

TEST(RandomGraph, ValuesStaySmallNumbers) {
  MLIRContext context;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    OwningOpRef<ModuleOp> module = makeRandomGraph(context, seed);
    auto main = module->lookupSymbol<func::FuncOp>("main");
    auto results = interpret(main, makeRandomArguments(main, seed, 3), 3);
    ASSERT_TRUE(static_cast<bool>(results)) << llvm::toString(results.takeError());
    for (const HostTensor &result : *results)
      for (int64_t i = 0; i < result.size(); ++i)
        if (result.type() == ElementType::F32)
          ASSERT_LE(std::fabs(result.at(i)), 1e5) << "seed " << seed;
  }
}

TEST(RandomGraph, TextParsesBack) {
  MLIRContext context;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    OwningOpRef<ModuleOp> module = makeRandomGraph(context, seed);
    OwningOpRef<ModuleOp> parsed = parseSourceString<ModuleOp>(textOf(*module), &context);
    ASSERT_TRUE(parsed) << "seed " << seed;
    EXPECT_EQ(textOf(*parsed), textOf(*module)) << "seed " << seed;
  }
}

TEST(RandomGraph, FoldersAreExact) {
  MLIRContext context;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    OwningOpRef<ModuleOp> module = makeRandomGraph(context, seed);
    auto main = module->lookupSymbol<func::FuncOp>("main");
    std::vector<HostTensor> arguments = makeRandomArguments(main, seed, 2);
    std::vector<HostTensor> before = llvm::cantFail(interpret(main, arguments, 2));
    PassManager passes(&context);
    passes.addPass(createCanonicalizerPass());
    passes.addPass(createCSEPass());
    ASSERT_TRUE(succeeded(passes.run(*module)));
    std::vector<HostTensor> after = llvm::cantFail(interpret(main, arguments, 2));
    for (size_t i = 0; i < before.size(); ++i)
      ASSERT_TRUE(before[i].raw() == after[i].raw()) << "seed " << seed << ", result " << i;
  }
}

TEST(Comparison, SeesDifferences) {
  HostTensor expected = HostTensor::of<float>({2}, {1.0f, 100.0f});
  HostTensor precise = toDoublePrecision(expected);
  EXPECT_FALSE(compareTensors(expected, precise, HostTensor::of<float>({2}, {1.0001f, 100.0f})));
  EXPECT_TRUE(compareTensors(expected, precise, HostTensor::of<float>({2}, {1.001f, 100.0f})));
  EXPECT_TRUE(compareTensors(expected, precise, HostTensor::of<float>({2}, {1.0f, NAN})));
  EXPECT_TRUE(compareTensors(expected, precise, HostTensor::of<float>({1}, {1.0f})));
  HostTensor whole = HostTensor::of<int32_t>({1}, {3});
  EXPECT_TRUE(compareTensors(whole, whole, HostTensor::of<int32_t>({1}, {4})));
}

} // namespace
} // namespace lamina::test
