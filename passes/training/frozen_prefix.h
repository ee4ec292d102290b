#pragma once

#include <vector>

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "passes/pipelines.h"

/// The part of a model that training computes anew in every epoch with the same result: what
/// follows from inputs and frozen variables alone, row by row, without random numbers.
namespace lamina::passes {

struct FrozenPrefix {
  /// A module of the import stage whose @predict gives, for rows of the model's inputs, the values
  /// that the rest of the model needs. Null where there are none.
  mlir::OwningOpRef<mlir::ModuleOp> module;
  /// The model's inputs that the rest still takes, by number; behind them it takes the values.
  std::vector<size_t> keptInputs;
};

/// Takes that part out of a module of the import stage: @loss, @evaluate and @predict get the
/// values as inputs. They stay the same computations, so results keep their bits; a product stays
/// beside a sum that it may become a multiply-add with.
FrozenPrefix splitFrozenPrefix(mlir::ModuleOp module, const PipelineOptions &options);

} // namespace lamina::passes
