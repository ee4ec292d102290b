#include "frontend/files/models/legacy_object.h"

#include <string>

namespace lamina::frontend {

using nlohmann::json;

bool isObjectOfClass(const json &value) {
  return value.is_object() && value.contains("class_name") && value["class_name"].is_string() &&
         value.contains("config");
}

void setModule(json &object, const char *module) {
  std::string className = object["class_name"];
  if (className.find('>') != std::string::npos) {
    object["registered_name"] = className;
    return;
  }
  json given = object.value("module", json());
  bool isForeign = given.is_string() && !given.get<std::string>().starts_with("keras") &&
                   !given.get<std::string>().starts_with("tensorflow.python.keras");
  if (isForeign)
    return;
  object["module"] = module;
  object["registered_name"] = nullptr;
}

} // namespace lamina::frontend
