#pragma once

#include <nanobind/nanobind.h>

#include "step.h"

namespace lamina::python {

/// (name, dtype, shape of one row, bound) of the inputs that data give a model with lookups,
/// "string" for the dtype of texts; empty for a model without any.
nanobind::list describeData(Step &step);

/// Fills `outputs`, a tuple of arrays that fit the step's inputs, from `columns`: arrays of
/// numbers, and for texts lists of all their rows' bytes. Throws UserError for rows that cannot be
/// looked up.
void lookUp(Step &step, const nanobind::list &columns, nanobind::handle outputs);

/// The row shapes that the columns give the inputs with open dimensions, by name.
Shapes foundShapes(Step &step, const nanobind::list &columns, int64_t rows);

} // namespace lamina::python
