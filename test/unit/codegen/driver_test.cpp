// What code generation refuses of modules that did not go through all stages.
#include "codegen/driver.h"

#include <gtest/gtest.h>

#include "codegen/expressions/expression.h"
#include "ir/module.h"
#include "mlir/Parser/Parser.h"
#include "support/error.h"

namespace lamina::codegen {
namespace {

std::string errorOf(const char *text) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  ir::loadDialects(context);
  auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  try {
    emitLlvmText(*module, hostTarget());
  } catch (const UserError &error) {
    return error.what();
  }
  return "no error";
}

/// It would be left out of the function otherwise.
TEST(EmitLlvmText, RefusesOperationsOutsideOfKernels) {
  EXPECT_EQ(errorOf(R"(
    func.func @predict(%x: tensor<4xf32>) -> tensor<4xf32> {
      %y = lamina.tanh %x : tensor<4xf32> loc("dense")
      return %y : tensor<4xf32>
    })"),
            "layer 'dense': 'lamina.tanh' op is outside of a kernel");
}

TEST(EmitLlvmText, RefusesKernelsWithoutWaves) {
  EXPECT_EQ(errorOf(R"(
    func.func @predict(%x: tensor<4xf32>) -> tensor<4xf32> {
      %y = lamina.kernel map(%x) : (tensor<4xf32>) -> tensor<4xf32> {
      ^bb0(%e: tensor<4xf32>):
        %r = lamina.tanh %e : tensor<4xf32>
        lamina.yield %r : tensor<4xf32>
      }
      return %y : tensor<4xf32>
    })"),
            "'lamina.kernel' op has no wave; waves are given by assign-waves");
}

/// An element type that the dialect might get is not taken for an integer of the same width.
TEST(RegisterType, RefusesUnknownTypes) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  llvm::LLVMContext target;
  EXPECT_TRUE(registerType(target, mlir::Float32Type::get(&context))->isFloatTy());
  EXPECT_TRUE(registerType(target, mlir::IntegerType::get(&context, 1))->isIntegerTy(1));
  try {
    registerType(target, mlir::BFloat16Type::get(&context));
    ADD_FAILURE() << "no error";
  } catch (const UserError &error) {
    EXPECT_STREQ(error.what(), "code generation failed: no register holds elements of type bf16");
  }
}

TEST(Lower, NamesTheLayerOfTheFirstError) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  ir::loadDialects(context);
  auto module = mlir::parseSourceString<mlir::ModuleOp>(R"(
    func.func private @loss(tensor<f32>) -> (tensor<f32> {lamina.log = "loss"}) loc("mean")
  )",
                                                        &context);
  try {
    lower(*module, passes::Stage::Gradient, {});
    ADD_FAILURE() << "no error";
  } catch (const UserError &error) {
    EXPECT_STREQ(error.what(), "layer 'mean': has no body to differentiate");
  }
}

} // namespace
} // namespace lamina::codegen
