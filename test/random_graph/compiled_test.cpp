// Compiled code computes what the interpreter says, and the same bits however it is run.
#include <cstdlib>
#include <random>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "codegen/target/target.h"
#include "ir/module.h"
#include "mlir/Parser/Parser.h"
#include "support/sanitizer.h"
#include "test/random_graph/compiled_runner.h"
#include "test/random_graph/random_graph.h"

using namespace mlir;
using namespace lamina::ir;

namespace lamina::test {
namespace {

/// Graphs of one test, as LAMINA_RANDOM_GRAPHS in the environment says: few enough otherwise that
/// all tests run at every change.
uint64_t graphsOfATest() {
  if (const char *number = std::getenv("LAMINA_RANDOM_GRAPHS"))
    return std::strtoull(number, nullptr, 10);
#ifdef LAMINA_SANITIZED
  return 15;
#else
  return 35;
#endif
}

const uint64_t kGraphs = graphsOfATest();

/// Tests of graphs optimized for this processor.
constexpr uint64_t kTests = 10;

void expectGraphsInterpreted(const Runner &runner, uint64_t firstSeed, uint64_t graphs) {
  MLIRContext context;
  for (uint64_t seed = firstSeed; seed < firstSeed + graphs; ++seed) {
    OwningOpRef<ModuleOp> module = makeRandomGraph(context, seed);
    int64_t rows = 1 + static_cast<int64_t>(seed % 7);
    auto main = module->lookupSymbol<func::FuncOp>("main");
    std::vector<HostTensor> arguments = makeRandomArguments(main, seed, rows);
    auto difference = compareWithInterpreter(*module, "main", arguments, rows, runner);
    std::string text;
    llvm::raw_string_ostream stream(text);
    if (difference)
      module->print(stream);
    ASSERT_FALSE(difference) << "seed " << seed << ", " << rows << " rows: " << *difference << "\n"
                             << text;
  }
}

void expectGraphsInterpreted(const std::string &targetName, bool optimize, uint64_t firstSeed,
                             uint64_t graphs) {
  if (!codegen::runsOnHost(codegen::targetFromName(targetName)))
    GTEST_SKIP() << "this processor does not run " << targetName;
  expectGraphsInterpreted(compiledFor(targetName, optimize), firstSeed, graphs);
}

class OptimizedGraphs : public testing::TestWithParam<uint64_t> {};

TEST_P(OptimizedGraphs, AreInterpretedOnThisProcessor) {
  expectGraphsInterpreted("host", /*optimize=*/true, GetParam() * kGraphs, kGraphs);
}

INSTANTIATE_TEST_SUITE_P(Parts, OptimizedGraphs, testing::Range<uint64_t>(0, kTests));

TEST(CompiledGraphs, OneKernelForEachOperation) {
  expectGraphsInterpreted("host", /*optimize=*/false, 0, kGraphs);
}

TEST(CompiledGraphs, OtherSchedulesGiveTheSameBits) {
  expectGraphsInterpreted(compiledWithOtherSchedules("host"), 40 * kGraphs, kGraphs / 5);
}

/// A random graph as training makes them: what comes first is needed last, in reverse.
std::string makeLadder(uint64_t seed) {
  constexpr size_t kRungs = 24;
  std::mt19937_64 random(seed);
  const std::string type = "tensor<?x24xf32>", weights = "tensor<24x24xf32>";
  std::string text = fmt::format("module attributes {{lamina.batch_size = 8 : i64}} {{\n"
                                 "func.func @main(%w: {}, %h0: {}) -> {} {{\n",
                                 weights, type, type);
  auto call = [&](const std::string &name, const std::string &operation) {
    text += fmt::format("  %{} = lamina.{}\n", name, operation);
  };
  auto dot = [&](const std::string &operand) {
    return fmt::format(
        "dot_general %{}, %w, batching = [] x [], contracting = [1] x [0] : ({}, {}) -> {}",
        operand, type, weights, type);
  };
  for (size_t i = 1; i < kRungs; ++i) {
    std::string before = fmt::format("h{}", i - 1), name = fmt::format("h{}", i);
    switch (random() % 4) {
    case 0:
      call("p" + name, dot(before));
      call(name, fmt::format("tanh %p{} : {}", name, type));
      break;
    case 1:
      call(name, dot(before));
      break;
    case 2:
      call(name, fmt::format("add %{}, %h{} : {}", before, random() % i, type));
      break;
    default:
      call(name, fmt::format("tanh %{} : {}", before, type));
    }
  }
  std::string gradient = fmt::format("h{}", kRungs - 1);
  for (size_t i = kRungs - 1; i-- > 0;) {
    std::string name = fmt::format("g{}", i);
    call("m" + name, fmt::format("multiply %{}, %h{} : {}", gradient, i, type));
    call(name, random() % 2 ? dot("m" + name) : fmt::format("tanh %m{} : {}", name, type));
    gradient = name;
  }
  return text + fmt::format("  return %{} : {}\n}}\n}}\n", gradient, type);
}

TEST(CompiledGraphs, LessMemoryGivesTheSameBits) {
  MLIRContext context;
  loadDialects(context);
  for (bool optimize : {true, false}) {
    size_t recomputed = 0;
    Runner runner = compiledWithinLimits("host", optimize, recomputed);
    for (uint64_t seed = 0; seed < kGraphs / 5; ++seed) {
      std::string text = makeLadder(seed);
      auto module = parseSourceString<ModuleOp>(text, &context);
      ASSERT_TRUE(module) << text;
      std::vector<HostTensor> arguments =
          makeRandomArguments(module->lookupSymbol<func::FuncOp>("main"), seed, 5);
      auto difference = compareWithInterpreter(*module, "main", arguments, 5, runner);
      ASSERT_FALSE(difference) << "seed " << seed << ": " << *difference << "\n" << text;
    }
    EXPECT_GE(recomputed, kGraphs / 5);
  }
}

TEST(CompiledGraphs, Baseline) {
  expectGraphsInterpreted("x86-64", /*optimize=*/true, 10 * kGraphs, kGraphs);
}

TEST(CompiledGraphs, Avx2) {
  expectGraphsInterpreted("x86-64-v3", /*optimize=*/true, 20 * kGraphs, kGraphs);
}

TEST(CompiledGraphs, Avx512) {
  expectGraphsInterpreted("x86-64-v4", /*optimize=*/true, 30 * kGraphs, kGraphs);
}

} // namespace
} // namespace lamina::test
