#pragma once

#include <nlohmann/json.hpp>

/// Helpers for serialized objects, shared by both parts of legacy_config.h.
namespace lamina::frontend {

/// {"class_name": TEXT, "config": …, …}
bool isObjectOfClass(const nlohmann::json &value);

/// Gives a serialized object the module that Keras 3 looks for its class in. A class of somebody
/// else, `Package>Class` or with a module of its own, keeps its names.
void setModule(nlohmann::json &object, const char *module);

} // namespace lamina::frontend
