#pragma once

#include "ir/dialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

/// Sums over images (rows x axes x channels) that keep the channels alone, made line by line: first
/// along the last axis, then over the lines. Whoever computes an image sums up each line while it
/// is in the first-level cache, so that the image is not read again. How a sum is cut follows from
/// the shape alone.
namespace lamina::passes {

/// Elements of a line that are added one after another, at most: rounding errors grow with them.
inline constexpr int64_t kMostLineLength = 256;

/// Whether `reduce` adds up the lines of images and nothing else: its operand's last dimension but
/// one, of at most kMostLineLength elements.
bool isLineSum(ir::ReduceOp reduce);

/// Makes sums of squared distances from a mean of the same elements out of those of each line from
/// the line's own mean, as Chan, Golub and LeVeque ("Algorithms for computing the sample variance",
/// 1983) join them: all means and distances then take one pass over the image, with the accuracy of
/// two.
void rewriteVariances(mlir::func::FuncOp function);

/// Splits `reduce` in sums of lines and one of these where a convolution makes the elements.
/// Returns whether it did; `reduce` is gone then.
bool splitInLines(ir::ReduceOp reduce);

} // namespace lamina::passes
