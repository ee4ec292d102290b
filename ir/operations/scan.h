#pragma once

#include <memory>

#include "ir/dialect.h"
#include "mlir/IR/Builders.h"

/// Building loops (`lamina.scan`). Time is the first dimension of what is stacked.
namespace lamina::ir {

/// The type of one slice of a stacked value, and of the stack of `trips` such slices.
mlir::RankedTensorType getSliceType(mlir::Value stacked);
mlir::RankedTensorType getStackedType(mlir::Value slice, int64_t trips);

/// What a scan takes.
struct ScanOperands {
  int64_t trips = 1;
  llvm::SmallVector<mlir::Value> carried, stacked, invariant;
};

/// The operands of `scan`.
ScanOperands operandsOf(ScanOp scan);

/// A scan with the given body, whose block arguments and yielded values fit the operands.
ScanOp createScan(mlir::OpBuilder &builder, mlir::Location loc, const ScanOperands &operands,
                  std::unique_ptr<mlir::Region> body, bool reverse);

/// Builds a body: the next carried values, then one slice for each stacked result. The scan has its
/// operands and block arguments already, and the body may add further ones; its results come when
/// the body is known.
using ScanBody =
    llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::OpBuilder &inside, ScanOp scan)>;

/// A scan whose body `makeBody` builds, at the builder's place. The body may use any value that is
/// visible there: those become invariant operands, constants are made again inside.
ScanOp buildScan(mlir::OpBuilder &builder, mlir::Location loc, const ScanOperands &operands,
                 bool reverse, ScanBody makeBody);

} // namespace lamina::ir
