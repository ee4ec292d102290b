#pragma once

#include "frontend/keras/operations/operation_call.h"

/// What operations may do with dimensions: the rows of the batch stay the first one.
namespace lamina::frontend::keras {

/// Refuses the rows' dimension: "splits the rows of the batch …, which is not supported".
void refuseRows(OperationCall &call, Tensor x, int64_t dimension, const char *action);

/// A setting that is a list of integers, or one.
std::vector<int64_t> readIntegers(OperationCall &call, const char *key);

} // namespace lamina::frontend::keras
