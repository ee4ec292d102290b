#pragma once

#include "frontend/builder/place.h"
#include "llvm/ADT/ArrayRef.h"

/// Shapes and axes of foreign origin: checks that report through a `Place`, and how messages show
/// them. Rows are MLIR's dynamic extent.
namespace lamina::frontend::builder {

/// `axis` counted from the front; refuses one outside of the rank.
int64_t normalizeAxis(const Place &place, int64_t axis, int64_t rank);

/// Refuses a dimension that is named twice.
void refuseRepeated(const Place &place, llvm::ArrayRef<int64_t> dimensions);

/// Refuses a tensor that is too large to work with: more than 2^32 elements, rows left out.
void checkSize(const Place &place, llvm::ArrayRef<int64_t> shape);

/// "(None, 28, 28)": a shape as a tuple of Python, None for the rows.
std::string describeShape(llvm::ArrayRef<int64_t> shape);

} // namespace lamina::frontend::builder
