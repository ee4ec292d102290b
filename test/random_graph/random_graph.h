#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ir/host_tensor.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

/// Random valid programs over all operations of the dialect, for two questions: does a transformed
/// or compiled program compute what the interpreter says (comparison.h), and are gradients right
/// (gradient_check.h).
namespace lamina::test {

struct RandomGraphOptions {
  /// Steps of the generator; each makes one to four operations.
  int steps = 24;
  /// `lamina.batch_size` of the module.
  int64_t batchSize = 7;
  bool doublePrecision = false;
  /// Images and filters of many channels besides, and convolutions of them that passes make by
  /// minimal filtering.
  bool squareConvolutions = false;
};

/// A module with one function @main: float, integer and boolean arguments, some with rows, and
/// every value without another use as a result. Values stay small, and operations that jump
/// (comparisons, floor, argmax, …) apply to values without rounding errors only.
mlir::OwningOpRef<mlir::ModuleOp> makeRandomGraph(mlir::MLIRContext &context, uint64_t seed,
                                                  const RandomGraphOptions &options = {});

/// A module in the form that frontends make, with trainable variables and @loss over random
/// operations that have gradients: variables, inputs, then a scalar log "loss".
mlir::OwningOpRef<mlir::ModuleOp> makeRandomModel(mlir::MLIRContext &context, uint64_t seed,
                                                  const RandomGraphOptions &options = {});

/// Arguments for `function`: floats in [-2, 2], integers in [0, 4].
std::vector<ir::HostTensor> makeRandomArguments(mlir::func::FuncOp function, uint64_t seed,
                                                int64_t rows);

/// The module as text, which tells all of it.
std::string textOf(mlir::ModuleOp module);

} // namespace lamina::test
