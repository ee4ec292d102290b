#pragma once

#include <nlohmann/json.hpp>

/// What both parts of legacy_config.h know of serialized objects.
namespace lamina::frontend {

/// {"class_name": TEXT, "config": …, …}
bool isObjectOfClass(const nlohmann::json &value);

/// Gives a serialized object the module that Keras 3 looks for its class in. A class of somebody
/// else, `Package>Class` or with a module of its own, keeps its names.
void setModule(nlohmann::json &object, const char *module);

} // namespace lamina::frontend
