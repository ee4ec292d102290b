#include "trainer/finite.h"

#include <cmath>

#include "support/error.h"

namespace lamina::trainer {

using frontend::Array;

template <typename T> static std::optional<size_t> findNonFinite(std::span<const T> values) {
  for (size_t i = 0; i < values.size(); ++i)
    if (!std::isfinite(values[i]))
      return i;
  return std::nullopt;
}

std::optional<size_t> findNonFinite(const Array &array) {
  if (array.type == ElementType::F32)
    return findNonFinite(array.values<float>());
  if (array.type == ElementType::F64)
    return findNonFinite(array.values<double>());
  return std::nullopt;
}

/// One variable at a time: the state may be most of the memory.
std::optional<size_t> findNonFiniteVariable(const ModelRunner &runner) {
  const std::vector<codegen::VariableSpec> &variables = runner.signature().variables;
  std::vector<void *> places(variables.size(), nullptr);
  for (size_t i = 0; i < variables.size(); ++i) {
    Array value = frontend::makeArray(variables[i].type, variables[i].shape);
    places[i] = value.bytes.data();
    runner.copyTo(places);
    places[i] = nullptr;
    if (findNonFinite(value))
      return i;
  }
  return std::nullopt;
}

std::string nonFiniteAdvice(const Dataset &data) {
  for (const auto *arrays : {&data.inputs, &data.targets})
    for (const Array &array : *arrays)
      if (auto index = findNonFinite(array)) {
        int64_t row = static_cast<int64_t>(*index) / valuesPerRow(array.shape);
        return fmt::format("{} has values that are not finite, the first in {}", data.file,
                           data.describeRow(row));
      }
  return "lower the learning rate, or scale the inputs";
}

void requireFinite(const std::string &model, const std::map<std::string, Array> &weights) {
  for (const auto &[path, array] : weights)
    if (findNonFinite(array))
      fail("{}: after the last step '{}' has values that are not finite; lower the learning rate, "
           "or scale the inputs",
           model, printable(path));
}

} // namespace lamina::trainer
