#include "trainer/finite.h"

#include <cmath>

#include "support/error.h"
#include "trainer/data/cast.h"

namespace lamina::trainer {

using frontend::Array;

std::optional<size_t> findNonFinite(const Array &array) {
  if (array.type != ElementType::F32 && array.type != ElementType::F64)
    return std::nullopt;
  for (size_t i = 0; i < static_cast<size_t>(array.elementCount()); ++i)
    if (!std::isfinite(loadValue(array, i)))
      return i;
  return std::nullopt;
}

std::optional<size_t> findNonFiniteVariable(const ModelRunner &runner) {
  std::vector<Array> values = runner.saveAll();
  for (size_t i = 0; i < values.size(); ++i)
    if (findNonFinite(values[i]))
      return i;
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
