#include "ir/dialect.h"

#include <gtest/gtest.h>

#include "ir/module.h"
#include "mlir/Parser/Parser.h"

using namespace mlir;

namespace lamina::ir {
namespace {

class DialectTest : public testing::Test {
protected:
  DialectTest() { loadDialects(context); }
  MLIRContext context;
};

TEST_F(DialectTest, QueriesOfAModule) {
  auto module = parseSourceString<ModuleOp>(R"(
    module attributes {lamina.batch_size = 64 : i64} {
    lamina.variable @v : tensor<2xf32>
    func.func @f(%v: tensor<2xf32> {lamina.variable = @v}, %x: tensor<?x3xf32>)
        -> (tensor<2xf32> {lamina.variable = @v}) {
      return %v : tensor<2xf32>
    }
    })",
                                            &context);
  auto function = module->lookupSymbol<func::FuncOp>("f");
  EXPECT_EQ(getBatchSize(*module), 64);
  EXPECT_EQ(getCapacityElements(cast<RankedTensorType>(function.getArgumentTypes()[1]), 64), 192);
  EXPECT_EQ(getArgumentVariable(function, 0).getValue(), "v");
  EXPECT_FALSE(getArgumentVariable(function, 1));
  EXPECT_EQ(getResultVariable(function, 0).getValue(), "v");
  EXPECT_EQ(findVariableArgument(function, "v"), function.getArgument(0));
  EXPECT_FALSE(findVariableArgument(function, "w"));
}

TEST_F(DialectTest, FreeDimensionsOfContractions) {
  auto module = parseSourceString<ModuleOp>(R"(
    func.func @f(%a: tensor<5x2x3xf32>, %b: tensor<3x5x4xf32>) {
      %y = lamina.dot_general %a, %b, batching = [0] x [1], contracting = [2] x [0]
          : (tensor<5x2x3xf32>, tensor<3x5x4xf32>) -> tensor<5x2x4xf32>
      return
    })",
                                            &context);
  module->walk([](DotGeneralOp op) {
    EXPECT_EQ(op.getLhsFreeDimensions(), llvm::SmallVector<int64_t>{1});
    EXPECT_EQ(op.getRhsFreeDimensions(), llvm::SmallVector<int64_t>{2});
  });
}

} // namespace
} // namespace lamina::ir
