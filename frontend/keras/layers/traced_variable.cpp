#include "frontend/keras/layers/traced_variable.h"

#include "ir/host_tensor.h"

namespace lamina::frontend::keras {

namespace {

ElementType readType(Config &config, const char *key) {
  std::string name = config.text(key, "float32");
  std::optional<ElementType> type = findElementType(name);
  if (!type)
    config.fail(fmt::format("the dtype {} is not supported", printable(name)));
  return *type;
}

} // namespace

std::vector<int64_t> readExtents(Config &config, const char *key, std::optional<int64_t> rows) {
  std::vector<int64_t> shape;
  const nlohmann::json &value = config.raw(key);
  if (!value.is_array())
    config.fail(fmt::format("'{}' is not a list", key));
  for (const nlohmann::json &extent : value) {
    bool isKnown = extent.is_number_integer() && extent.get<int64_t>() > 0 &&
                   extent.get<int64_t>() < (int64_t(1) << 31);
    if (!isKnown && !(extent.is_null() && rows))
      config.fail(
          fmt::format("'{}' holds {}, which is no extent", key, printable(extent.dump(), 60)));
    shape.push_back(isKnown ? extent.get<int64_t>() : *rows);
  }
  return shape;
}

VariableDeclaration readTracedVariable(Config &config) {
  return {.name = "value",
          .shape = readExtents(config, "shape", std::nullopt),
          .initializer = config.raw("initializer"),
          .regularizer = config.raw("regularizer"),
          .constraint = config.raw("constraint"),
          .trainable = config.boolean("is_trainable", true),
          .type = readType(config, "variable_dtype")};
}

} // namespace lamina::frontend::keras
