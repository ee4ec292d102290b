#pragma once

#include "passes/fusion/fuse.h"

/// The rules by which an operation may join a group: shapes and the kind of operation.
namespace lamina::passes {

llvm::ArrayRef<int64_t> shapeOf(mlir::Value value);

bool isElementwise(mlir::Operation *op);
/// Truth values are cheaper to compute again than to store.
bool isPredicate(mlir::Operation *op);
bool isReturned(mlir::Operation *op);
/// Whether a result is returned, yielded by the body of a loop, or read by a loop.
bool leavesBlock(mlir::Operation *op);
/// Whether the function returns both the operand of `op` and its transposed copy, and nothing else
/// reads the copy.
bool isTransposedCopy(mlir::Operation *op);
/// Whether an anchor can read the result through strides alone: a reshape of a value in memory.
bool isView(mlir::Operation *op);
/// Whether an anchor reads the result through a pointer, directly or as a view.
bool feedsMemoryReader(mlir::Operation *op);
/// Whether all anchors that read the result through a pointer can compute it instead.
bool isReadAsImageAlone(mlir::Operation *op);
/// Whether a reader repeats the result of `op`, one of several elements, to a larger tensor.
bool isRepeatedByReaders(mlir::Operation *op);

/// How what `op` computes relates to a group whose values its operands have at `operands`.
Reach reachThrough(mlir::Operation *op, const FusionGroup &group, Reach operands);

/// Whether `op` needs results of the group's reductions over columns or lines to reduce the same
/// elements again: `reach` says how its operands relate to the group.
bool isSecondStage(mlir::Operation *op, const FusionGroup &group, Reach reach);
/// Whether `op` sums up the lines of the images that the group computes.
bool sumsLinesOf(mlir::Operation *op, const FusionGroup &group);
/// Whether a column group, which goes through its elements row by row, computes those of `op` on
/// the way and can store them.
bool storesElementsOf(const FusionGroup &group, mlir::Operation *op);
/// Whether `op` runs over the space of the group, before or behind what the group has.
bool fitsSpace(mlir::Operation *op, const FusionGroup &group);
/// Whether `op` finds the places of the maxima that the group computes.
bool isArgmaxOf(mlir::Operation *op, const FusionGroup &group);
/// Whether `op` reduces the same dimensions of tensors of the same type as the reduction that
/// opened a column group.
bool reducesAlike(mlir::Operation *op, const FusionGroup &group);

} // namespace lamina::passes
