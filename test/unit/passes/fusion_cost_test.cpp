// What planning the fusion of deep networks costs, in operations and groups looked at: free of
// noise, and the same on every machine.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include "passes/fusion/fuse.h"
#include "passes/passes.h"

namespace lamina::passes {
namespace {

/// A network of `depth` equal layers of one feature map, by the text of one layer: `{0}` is its
/// number, `%x{0}` its input and `%x{1}` its result.
struct Network {
  std::string name, layer;
};

std::ostream &operator<<(std::ostream &stream, const Network &network) {
  return stream << network.name;
}

constexpr const char *kSilu = R"(
  %s{0} = lamina.logistic %x{0} : tensor<8x32xf32>
  %x{1} = lamina.multiply %x{0}, %s{0} : tensor<8x32xf32>
)";
constexpr const char *kResidualSilu = R"(
  %s{0} = lamina.logistic %x{0} : tensor<8x32xf32>
  %y{0} = lamina.multiply %x{0}, %s{0} : tensor<8x32xf32>
  %x{1} = lamina.add %x{0}, %y{0} : tensor<8x32xf32>
)";
constexpr const char *kResidualDense = R"(
  %p{0} = lamina.dot_general %x{0}, %w, batching = [] x [], contracting = [1] x [0] : (tensor<8x32xf32>, tensor<32x32xf32>) -> tensor<8x32xf32>
  %r{0} = lamina.maximum %p{0}, %zero : tensor<8x32xf32>
  %x{1} = lamina.add %x{0}, %r{0} : tensor<8x32xf32>
)";
constexpr const char *kNormalized = R"(
  %m{0} = lamina.reduce add %x{0}, dims = [0] : (tensor<8x32xf32>) -> tensor<32xf32>
  %q{0} = lamina.multiply %x{0}, %x{0} : tensor<8x32xf32>
  %v{0} = lamina.reduce add %q{0}, dims = [0] : (tensor<8x32xf32>) -> tensor<32xf32>
  %i{0} = lamina.rsqrt %v{0} : tensor<32xf32>
  %bm{0} = lamina.broadcast_in_dim %m{0}, dims = [1] : (tensor<32xf32>) -> tensor<8x32xf32>
  %bi{0} = lamina.broadcast_in_dim %i{0}, dims = [1] : (tensor<32xf32>) -> tensor<8x32xf32>
  %d{0} = lamina.subtract %x{0}, %bm{0} : tensor<8x32xf32>
  %x{1} = lamina.multiply %d{0}, %bi{0} : tensor<8x32xf32>
)";

std::string moduleOf(const Network &network, int depth) {
  std::string text = "func.func @f(%x0: tensor<8x32xf32>, %w: tensor<32x32xf32>, "
                     "%zero: tensor<8x32xf32>) -> tensor<8x32xf32> {\n";
  for (int i = 0; i < depth; ++i)
    text += fmt::format(fmt::runtime(network.layer), i, i + 1);
  return text + fmt::format("return %x{} : tensor<8x32xf32>\n}}\n", depth);
}

class FusionCost : public testing::TestWithParam<Network> {
protected:
  FusionCost() { context.loadDialect<ir::LaminaDialect, mlir::func::FuncDialect>(); }

  int64_t visitsOf(int depth) {
    auto module = mlir::parseSourceString<mlir::ModuleOp>(moduleOf(GetParam(), depth), &context);
    mlir::Block &block = (*module->getOps<mlir::func::FuncOp>().begin()).getBody().front();
    operations = static_cast<int64_t>(block.getOperations().size());
    return FusionPlan::make(block, /*fuse=*/true).getVisits();
  }

  mlir::MLIRContext context;
  int64_t operations = 0;
};

TEST_P(FusionCost, FewVisitsPerOperation) {
  // Whether one group needs another is asked of the graph of groups, of which deep networks have
  // many: visits per operation may grow with the depth, but no faster.
  for (int depth : {36, 500}) {
    int64_t visits = visitsOf(depth);
    EXPECT_LE(visits, 2 * depth * operations) << operations << " operations";
  }
}

INSTANTIATE_TEST_SUITE_P(Networks, FusionCost,
                         testing::Values(Network{"activations", kSilu},
                                         Network{"residual_activations", kResidualSilu},
                                         Network{"residual_dense", kResidualDense},
                                         Network{"normalized", kNormalized}),
                         [](const auto &info) { return info.param.name; });

} // namespace
} // namespace lamina::passes
