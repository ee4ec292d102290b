#include "ir/region_arguments.h"

#include <gtest/gtest.h>

#include "ir/module.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "test/unit/ir/repeat_op.h"

using namespace mlir;

namespace lamina::ir {
namespace {

class RegionArgumentsTest : public testing::Test {
protected:
  RegionArgumentsTest() {
    loadDialects(context);
    context.loadDialect<test::TestDialect>();
    module = parseSourceString<ModuleOp>(R"(
      func.func @f(%a: tensor<2xf32>, %w: tensor<2xf32>, %c: tensor<2xf32>) -> tensor<2xf32> {
        %r = "test.repeat"(%a, %w) ({
        ^bb0(%x: tensor<2xf32>, %v: tensor<2xf32>):
          %y = lamina.kernel map(%x, %v) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32> {
          ^bb0(%p: tensor<2xf32>, %q: tensor<2xf32>):
            %z = lamina.add %p, %q : tensor<2xf32>
            lamina.yield %z : tensor<2xf32>
          }
          "test.yield"(%y) : (tensor<2xf32>) -> ()
        }) {times = 3 : i64} : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
        return %r : tensor<2xf32>
      })",
                                         &context);
    function = *module->getOps<func::FuncOp>().begin();
    repeat = test::findOne<test::RepeatOp>(*module);
    kernel = test::findOne<KernelOp>(*module);
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  func::FuncOp function;
  test::RepeatOp repeat;
  KernelOp kernel;
};

TEST_F(RegionArgumentsTest, OriginsAreFollowedThroughBodies) {
  EXPECT_EQ(originOf(kernel.getBlock().getArgument(1)), function.getArgument(1));
  EXPECT_EQ(originOf(repeat.getBlock().getArgument(1)), function.getArgument(1));
  EXPECT_EQ(originOf(function.getArgument(1)), function.getArgument(1));
  EXPECT_EQ(originOf(kernel.getResult(0)), kernel.getResult(0));
}

/// What changes from one time to the next stands for no value outside.
TEST_F(RegionArgumentsTest, ArgumentsWithValuesOfTheirOwnAreOrigins) {
  EXPECT_EQ(originOf(kernel.getBlock().getArgument(0)), repeat.getBlock().getArgument(0));
}

TEST_F(RegionArgumentsTest, ValuesAreHandedThroughAllBodiesOnce) {
  Value inside = bringInto(kernel.getBlock(), function.getArgument(2));
  EXPECT_EQ(inside.getParentBlock(), &kernel.getBlock());
  EXPECT_EQ(originOf(inside), function.getArgument(2));
  EXPECT_EQ(bringInto(kernel.getBlock(), function.getArgument(2)), inside);
  EXPECT_EQ(kernel.getInputs().size(), 3u);
  EXPECT_EQ(repeat->getNumOperands(), 3u);
  EXPECT_TRUE(succeeded(verify(*module)));
}

TEST_F(RegionArgumentsTest, ValuesThatAreThereStayAsTheyAre) {
  Value argument = function.getArgument(1);
  EXPECT_EQ(bringInto(function.getBody().front(), argument), argument);
  EXPECT_EQ(bringInto(kernel.getBlock(), argument), kernel.getBlock().getArgument(1));
  EXPECT_EQ(kernel.getInputs().size(), 2u);
}

} // namespace
} // namespace lamina::ir
