// Compiled code computes what the interpreter says, and the same bits however it is run.
#include <gtest/gtest.h>

#include "codegen/target/target.h"
#include "support/sanitizer.h"
#include "test/random_graph/compiled_runner.h"
#include "test/random_graph/random_graph.h"

using namespace mlir;
using namespace lamina::ir;

namespace lamina::test {
namespace {

/// Graphs of one test: few enough that the shards of the program take equally long.
#ifdef LAMINA_SANITIZED
constexpr uint64_t kGraphs = 15;
#else
constexpr uint64_t kGraphs = 100;
#endif
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

INSTANTIATE_TEST_SUITE_P(Hundreds, OptimizedGraphs, testing::Range<uint64_t>(0, kTests));

TEST(CompiledGraphs, OneKernelForEachOperation) {
  expectGraphsInterpreted("host", /*optimize=*/false, 0, kGraphs);
}

TEST(CompiledGraphs, OtherSchedulesGiveTheSameBits) {
  expectGraphsInterpreted(compiledWithOtherSchedules("host"), 40 * kGraphs, kGraphs / 5);
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
