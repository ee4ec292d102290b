#pragma once

#include "llvm/ADT/StringRef.h"

/// How functions tell about batches: attributes beside ir::kLogAttr, and the function that makes
/// logs of sums.
namespace lamina::ir {

/// Unit, on a log: over several batches it is their plain mean. Without it batches weigh by their
/// rows.
inline constexpr llvm::StringLiteral kPerBatchAttr = "lamina.per_batch";
/// The name of the log that follows from a result of @loss and @evaluate whose values add up over
/// batches, and from the argument of @results that takes the sums.
inline constexpr llvm::StringLiteral kSumAttr = "lamina.sum";
/// The name of the output whose loss is weighted by an argument of @loss and @evaluate.
inline constexpr llvm::StringLiteral kWeightAttr = "lamina.weight";

/// From sums over batches to logs, all f64.
inline constexpr llvm::StringLiteral kResults = "results";

} // namespace lamina::ir
