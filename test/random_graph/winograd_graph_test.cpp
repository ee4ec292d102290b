// Random graphs with convolutions that passes make by minimal filtering: with it and without it
// they compute what the interpreter says.
#include <gtest/gtest.h>

#include "codegen/driver.h"
#include "support/sanitizer.h"
#include "test/random_graph/compiled_runner.h"
#include "test/random_graph/random_graph.h"
#include "test/random_graph/single_function.h"

using namespace mlir;
using namespace lamina::ir;

namespace lamina::test {
namespace {

#ifdef LAMINA_SANITIZED
constexpr uint64_t kGraphs = 1;
#else
constexpr uint64_t kGraphs = 6;
#endif

constexpr RandomGraphOptions kOptions{.steps = 16, .batchSize = 2, .squareConvolutions = true};

class WinogradGraphs : public TargetTest {
protected:
  /// Kernels of minimal filtering that a graph is compiled to.
  static int64_t countFiltered(ModuleOp module, const std::string &target, bool winograd) {
    OwningOpRef<ModuleOp> copy = module.clone();
    codegen::CompileOptions options;
    options.target = codegen::targetFromName(target);
    options.passes.winograd = winograd;
    codegen::lower(*copy, passes::Stage::Fuse, options);
    int64_t count = 0;
    copy->walk([&](KernelOp kernel) {
      count += kernel.getFamily() == KernelFamily::winograd ||
               kernel.getFamily() == KernelFamily::winograd_gradient;
    });
    return count;
  }
};

TEST_P(WinogradGraphs, AgreeWithTheInterpreterOnAndOff) {
  MLIRContext context;
  int64_t filtered = 0;
  for (uint64_t seed = 0; seed < kGraphs; ++seed) {
    OwningOpRef<ModuleOp> module = makeRandomGraph(context, seed, kOptions);
    int64_t rows = 1 + static_cast<int64_t>(seed % 2);
    auto main = module->lookupSymbol<func::FuncOp>("main");
    std::vector<HostTensor> arguments = makeRandomArguments(main, seed, rows);
    filtered += countFiltered(*module, GetParam(), true);
    EXPECT_EQ(countFiltered(*module, GetParam(), false), 0);
    for (bool winograd : {true, false}) {
      auto difference = compareWithInterpreter(*module, "main", arguments, rows,
                                               compiledFor(GetParam(), true, winograd));
      EXPECT_FALSE(difference) << "seed " << seed << (winograd ? ", on: " : ", off: ")
                               << *difference;
    }
  }
  // Some in nearly every graph.
  EXPECT_GE(filtered, static_cast<int64_t>(3 * kGraphs / 2));
}

INSTANTIATE_TEST_SUITE_P(Targets, WinogradGraphs, testing::ValuesIn(kTargets), nameTarget);

} // namespace
} // namespace lamina::test
