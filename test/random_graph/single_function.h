#pragma once

#include <string>

#include <gtest/gtest.h>

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "test/random_graph/comparison.h"

namespace lamina::test {

/// A module whose @main has arguments of the given types and returns what `body` makes of them, for
/// batches of up to 5 rows.
mlir::OwningOpRef<mlir::ModuleOp>
makeModule(mlir::MLIRContext &context, llvm::ArrayRef<mlir::Type> arguments,
           llvm::function_ref<mlir::Value(mlir::OpBuilder &, mlir::ValueRange)> body);

/// Compares what `runner` makes of @main with the interpreter, on random arguments of 1 to 5 rows.
void expectInterpreted(const Runner &runner, mlir::ModuleOp module, uint64_t seed);

/// Tests that run for a target each, by name, where this processor can.
class TargetTest : public testing::TestWithParam<std::string> {
protected:
  void SetUp() override;
};

inline const std::string kTargets[] = {"host", "x86-64", "x86-64-v3", "x86-64-v4"};
/// A target's name as that of a test.
std::string nameTarget(const testing::TestParamInfo<std::string> &info);

} // namespace lamina::test
