#pragma once

#include "frontend/keras/operations/operation_call.h"

/// Rules for operations on dimensions: the rows of the batch stay the first one.
namespace lamina::frontend::keras {

/// Refuses the rows' dimension: "splits the rows of the batch …, which is not supported".
void refuseRows(OperationCall &call, Tensor x, int64_t dimension, const char *action);

/// Refuses a new dimension of x that would come before the rows of the batch.
void refuseBeforeRows(OperationCall &call, Tensor x, int64_t newDimension);

/// x and the axis that the operation works along. Without one it works on all elements in a row,
/// among which there must be no rows of the batch.
std::pair<Tensor, int64_t> flattenUnlessAxis(OperationCall &call, Tensor x);

/// One dimension with its own elements mirrored, `low` before and `high` behind it; with
/// `repeatsEdge` the outermost ones are repeated.
Tensor mirror(OperationCall &call, Tensor x, int64_t dimension, int64_t low, int64_t high,
              bool repeatsEdge);

/// A setting that is a list of integers, or one.
std::vector<int64_t> readIntegers(OperationCall &call, const char *key);

} // namespace lamina::frontend::keras
