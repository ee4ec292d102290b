#include "ir/region_arguments.h"

#include <gmock/gmock.h>
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

TEST_F(RegionArgumentsTest, CapturedValuesComeInTheOrderOfTheirUses) {
  auto nested = parseSourceString<ModuleOp>(R"(
    func.func @f(%a: tensor<f64>, %b: tensor<f64>, %c: tensor<f64>) -> tensor<f64> {
      %r = "test.repeat"(%a) ({
      ^bb0(%x: tensor<f64>):
        %y = lamina.add %c, %x : tensor<f64>
        %s = "test.repeat"(%y) ({
        ^bb0(%z: tensor<f64>):
          %t = lamina.multiply %b, %c : tensor<f64>
          "test.yield"(%t) : (tensor<f64>) -> ()
        }) {times = 1 : i64} : (tensor<f64>) -> tensor<f64>
        "test.yield"(%s) : (tensor<f64>) -> ()
      }) {times = 1 : i64} : (tensor<f64>) -> tensor<f64>
      return %r : tensor<f64>
    })",
                                            &context);
  auto f = *nested->getOps<func::FuncOp>().begin();
  Value a = f.getArgument(0), b = f.getArgument(1), c = f.getArgument(2);
  Operation *outer = &f.getBody().front().front();
  EXPECT_THAT(getCapturedValues(outer), testing::ElementsAre(c, b));
  EXPECT_THAT(getReadValues(outer), testing::ElementsAre(a, c, b));
  EXPECT_THAT(getReadValues(kernel), testing::ElementsAreArray(kernel.getInputs()));
}

} // namespace
} // namespace lamina::ir
