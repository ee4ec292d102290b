// Elementwise kernels with results that are stored in another order.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "ir/module.h"
#include "mlir/Parser/Parser.h"
#include "test/random_graph/compiled_runner.h"
#include "test/random_graph/single_function.h"

using namespace mlir;

namespace lamina::test {
namespace {

class Elementwise : public TargetTest {};

/// A tensor, a permutation of its dimensions and the type it makes.
struct Transposition {
  const char *type, *permutation, *result;
};

/// Lines that are no multiple of what is walked together, in both orders.
const Transposition kTranspositions[] = {
    {"tensor<37x23xf32>", "[1, 0]", "tensor<23x37xf32>"},
    {"tensor<48x16xf32>", "[1, 0]", "tensor<16x48xf32>"},
    {"tensor<3x20x33xf32>", "[0, 2, 1]", "tensor<3x33x20xf32>"},
    {"tensor<2x3x17x40xf32>", "[3, 0, 1, 2]", "tensor<40x2x3x17xf32>"},
    {"tensor<?x19x24xf32>", "[0, 2, 1]", "tensor<?x24x19xf32>"},
};

TEST_P(Elementwise, TransposedCopiesOfWhatAKernelComputes) {
  for (const auto &[type, permutation, result] : kTranspositions) {
    MLIRContext context;
    ir::loadDialects(context);
    auto module = parseSourceString<ModuleOp>(
        fmt::format(R"(module attributes {{lamina.batch_size = 5 : i64}} {{
func.func @main(%x: {0}, %y: {0}) -> ({0}, {2}, {2}) {{
  %s = lamina.multiply %x, %y : {0}
  %t = lamina.transpose %s, dims = {1} : ({0}) -> {2}
  %d = lamina.subtract %s, %y : {0}
  %u = lamina.transpose %d, dims = {1} : ({0}) -> {2}
  return %s, %t, %u : {0}, {2}, {2}
}}
}})",
                    type, permutation, result),
        &context);
    ASSERT_TRUE(module);
    expectInterpreted(compiledFor(GetParam(), true), *module, /*seed=*/3);
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, Elementwise, testing::ValuesIn(kTargets), nameTarget);

} // namespace
} // namespace lamina::test
