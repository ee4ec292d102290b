#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ir/host_tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace lamina::test {

/// Executes @main (or @loss, …) of a module some other way than the interpreter does: after passes,
/// or compiled. The module may be changed.
using Runner = std::function<llvm::Expected<std::vector<ir::HostTensor>>(
    mlir::ModuleOp module, llvm::ArrayRef<ir::HostTensor> arguments, int64_t rows)>;

/// Compares two results within rounding. What rounding can do is measured: `precise` is the same
/// result computed with f64 where `expected` has f32. `actual` may be 16 times as far from
/// `precise` as `expected` is, and 2^-18 of the largest magnitude in any case (2^-40 for f64), or
/// 2^-122, as compiled code flushes denormal numbers to zero.
/// Integers, booleans, infinities and NaN must be equal. Text: the first element that differs.
std::optional<std::string> compareTensors(const ir::HostTensor &expected,
                                          const ir::HostTensor &precise,
                                          const ir::HostTensor &actual);

/// A copy of the module with f64 for f32.
mlir::OwningOpRef<mlir::ModuleOp> toDoublePrecision(mlir::ModuleOp module);
ir::HostTensor toDoublePrecision(const ir::HostTensor &tensor);

/// Runs `function` of `module` with the interpreter and with `runner` and compares all results.
/// Nothing when they agree, otherwise which result differs how.
std::optional<std::string> compareWithInterpreter(mlir::ModuleOp module, llvm::StringRef function,
                                                  llvm::ArrayRef<ir::HostTensor> arguments,
                                                  int64_t rows, const Runner &runner);

/// Checks the gradients that @gradient of `differentiated` returns against central differences of
/// the loss of `module`'s @loss, by the interpreter, for up to eight elements of each variable.
/// Both must be in f64. Kinks are noticed by one-sided differences that disagree, and left out.
std::optional<std::string> checkGradients(mlir::ModuleOp module, mlir::ModuleOp differentiated,
                                          llvm::ArrayRef<ir::HostTensor> arguments, int64_t rows);

} // namespace lamina::test
