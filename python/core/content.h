#pragma once

#include <memory>
#include <string>

#include <nanobind/nanobind.h>

#include "frontend/files/models/keras_file.h"

namespace lamina::python {

/// What a `.keras` archive of a live model would hold, from its parts in memory, a dict:
/// - "config", "metadata": the texts of config.json and metadata.json
/// - "groups": the names of groups of weights by path, as in KerasFile
/// - "weights": NumPy arrays by path, row-major, of any type of real numbers
/// - "assets": bytes by name
/// `name` is for messages. Throws UserError for what no such archive holds.
frontend::KerasFile makeContent(const std::string &name, const nanobind::dict &parts);

/// A copy of a dense, row-major array of NumPy's. `where` begins the UserError for one that does
/// not hold real numbers.
frontend::Array copyArray(const std::string &where, nanobind::handle array);

} // namespace lamina::python
