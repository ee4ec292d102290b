#include "trainer/data/columns/look_up.h"

#include <algorithm>

#include "support/error.h"

namespace lamina::trainer {

namespace {

bool hasLookups(const BindOptions &options) {
  return options.lookups && !options.lookups->isEmpty();
}

} // namespace

std::vector<codegen::TensorSpec> givenInputs(const std::vector<codegen::TensorSpec> &inputs,
                                             const BindOptions &options) {
  if (!hasLookups(options))
    return inputs;
  std::vector<codegen::TensorSpec> given;
  for (const frontend::DataInput &input : options.lookups->inputs) {
    codegen::TensorSpec &spec = given.emplace_back();
    spec.name = input.name;
    spec.type = input.type;
    spec.shape = {-1};
    spec.shape.insert(spec.shape.end(), input.rowShape.begin(), input.rowShape.end());
    spec.isText = input.isText;
  }
  return given;
}

std::vector<int64_t> givenEntries(const BindOptions &options) {
  if (!hasLookups(options))
    return options.inputEntries;
  std::vector<int64_t> entries(options.lookups->inputs.size());
  for (size_t i = 0; i < options.inputEntries.size(); ++i)
    if (size_t value = options.lookups->results[i]; value < entries.size())
      entries[value] = options.inputEntries[i];
  return entries;
}

std::vector<frontend::Array> lookUp(std::vector<frontend::Column> columns, const Dataset &data,
                                    const BindOptions &options) {
  if (hasLookups(options))
    return options.lookups->run(std::move(columns), [&](int64_t row) {
      return fmt::format("{}: {}", data.file, data.describeRow(row));
    });
  std::vector<frontend::Array> arrays;
  for (frontend::Column &column : columns)
    arrays.push_back(std::move(std::get<frontend::Array>(column)));
  return arrays;
}

} // namespace lamina::trainer
