#pragma once

#include <string>

#include <nanobind/nanobind.h>

#include "step.h"

namespace lamina::python {

/// The module's text after a stage, "llvm" included. Throws UserError for an unknown stage.
std::string stageText(const Step &step, const std::string &stage);

/// The kernels of all functions, as columns of a table: function, layer, family, wave, operations,
/// flops, bytes (of a full batch).
nanobind::dict kernelTable(Step &step);

/// The buffers of all functions in the arena, as columns: function, layer, offset, bytes,
/// first_wave, last_wave.
nanobind::dict memoryTable(Step &step);

} // namespace lamina::python
