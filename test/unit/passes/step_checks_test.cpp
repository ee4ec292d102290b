#include "passes/training/step_checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ir/module.h"
#include "mlir/Parser/Parser.h"
#include "test/unit/ir/repeat_op.h"

using namespace mlir;

namespace lamina::passes {
namespace {

/// @m serves @idle alone, @n serves @w too: its body captures it.
TEST(FindUntrained, SeesWhatBodiesCapture) {
  MLIRContext context(MLIRContext::Threading::DISABLED);
  ir::loadDialects(context);
  context.loadDialect<ir::test::TestDialect>();
  auto module = parseSourceString<ModuleOp>(R"(
    func.func @optimizer(%w: tensor<f32> {lamina.variable = @w},
                         %idle: tensor<f32> {lamina.variable = @idle},
                         %m: tensor<f32> {lamina.variable = @m},
                         %n: tensor<f32> {lamina.variable = @n},
                         %gw: tensor<f32> {lamina.gradient = @w},
                         %gi: tensor<f32> {lamina.gradient = @idle})
        -> (tensor<f32> {lamina.variable = @w}, tensor<f32> {lamina.variable = @idle}) {
      %new_w = "test.repeat"(%w) ({
      ^bb0(%x: tensor<f32>):
        %y = lamina.add %x, %gw : tensor<f32>
        %z = lamina.add %y, %n : tensor<f32>
        "test.yield"(%z) : (tensor<f32>) -> ()
      }) {times = 2 : i64} : (tensor<f32>) -> tensor<f32>
      %s = lamina.add %idle, %gi : tensor<f32>
      %t = lamina.add %s, %m : tensor<f32>
      %new_idle = lamina.add %t, %n : tensor<f32>
      return %new_w, %new_idle : tensor<f32>, tensor<f32>
    })",
                                            &context);
  auto untrained = findUntrained(*module->getOps<func::FuncOp>().begin(),
                                 [](llvm::StringRef variable) { return variable == "w"; });
  std::vector<std::string> names;
  for (llvm::StringRef name : untrained)
    names.push_back(name.str());
  EXPECT_THAT(names, testing::UnorderedElementsAre("idle", "m"));
}

} // namespace
} // namespace lamina::passes
