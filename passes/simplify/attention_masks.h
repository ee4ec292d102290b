#pragma once

#include <optional>

#include "ir/dialect.h"
#include "mlir/IR/Builders.h"

/// What a tensor of truth values over rows x heads x queries x keys is made of.
namespace lamina::passes {

struct AttentionMasks {
  llvm::SmallVector<mlir::Value> masks; ///< of rank 4, each dimension 1 or that of the scores
  bool isCausal = false;
};

/// Adds what `predicate`, whose dimension i is dimension dimensions[i] of the scores, is the
/// conjunction of. New operations are made with `builder`.
void addMasks(mlir::OpBuilder &builder, mlir::Value predicate, llvm::ArrayRef<int64_t> dimensions,
              AttentionMasks &masks);

} // namespace lamina::passes
