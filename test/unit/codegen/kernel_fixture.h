#pragma once

#include <functional>
#include <vector>

#include <gtest/gtest.h>

#include "codegen/target.h"
#include "ir/dialect.h"
#include "ir/tensor.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace lamina::codegen {

/// Builds the body of a kernel on its operands; the values it yields.
using KernelBody =
    std::function<llvm::SmallVector<mlir::Value>(mlir::OpBuilder &builder, mlir::ValueRange)>;

/// A module whose @main is one kernel with the given schedule: what fusion and scheduling would
/// leave, so that an emitter can be tested with schedules that they would not choose.
mlir::OwningOpRef<mlir::ModuleOp> makeKernelModule(mlir::MLIRContext &context, int64_t batchSize,
                                                   llvm::ArrayRef<mlir::Type> inputs,
                                                   ir::ScheduleAttr schedule,
                                                   const KernelBody &body);

/// Compiles @main of such a module and runs it, its tasks from the last to the first. The row
/// dimension of all tensors is their leading one.
std::vector<ir::Tensor> runKernelModule(mlir::ModuleOp module, const TargetSpec &target,
                                        llvm::ArrayRef<ir::Tensor> arguments, int64_t rows);

/// Whether two tensors have the same elements; NaN equals NaN, and the zeros equal each other.
testing::AssertionResult haveSameElements(const ir::Tensor &expected, const ir::Tensor &actual);

} // namespace lamina::codegen
