#include "lookups.h"

#include <cstring>

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "content.h"
#include "support/error.h"

namespace nb = nanobind;

namespace lamina::python {

namespace {

frontend::Column makeColumn(const frontend::DataInput &input, nb::handle values, int64_t rows) {
  if (!input.isText)
    return copyArray(fmt::format("input '{}'", input.name), values);
  frontend::Texts texts = {{rows}, {}};
  texts.shape.insert(texts.shape.end(), input.rowShape.begin(), input.rowShape.end());
  for (nb::handle text : nb::borrow<nb::list>(values)) {
    auto bytes = nb::cast<nb::bytes>(text);
    texts.values.emplace_back(bytes.c_str(), bytes.size());
  }
  return texts;
}

/// What the plan makes of the columns.
std::vector<frontend::Array> run(Step &step, const frontend::LookupPlan &plan,
                                 const nb::list &columns, int64_t rows) {
  std::vector<frontend::Column> data;
  for (size_t i = 0; i < plan.inputs.size(); ++i)
    data.push_back(makeColumn(plan.inputs[i], columns[i], rows));
  return plan.run(std::move(data), [&](int64_t row) {
    return fmt::format("{}: row {}", step.session().name(), row);
  });
}

} // namespace

nb::list describeData(Step &step) {
  nb::list result;
  const frontend::LookupPlan &lookups = step.session().lookups();
  if (lookups.isEmpty())
    return result;
  for (const frontend::DataInput &input : lookups.inputs)
    result.append(nb::make_tuple(
        input.name, input.isText ? std::string("string") : std::string(typeName(input.type)),
        nb::tuple(nb::cast(input.rowShape)), 0));
  return result;
}

void lookUp(Step &step, const nb::list &columns, nb::handle outputs) {
  Buffers results;
  int64_t rows = -1;
  if (!results.bind(outputs, step.signature().inputs, rows, /*writable=*/true))
    fail("{}: the results of lookups do not fit the model's inputs", step.session().name());
  std::vector<frontend::Array> arrays = run(step, step.session().lookups(), columns, rows);
  for (size_t i = 0; i < arrays.size(); ++i)
    std::memcpy(results.data()[i], arrays[i].bytes.data(), arrays[i].bytes.size());
}

Shapes foundShapes(Step &step, const nb::list &columns, int64_t rows) {
  std::vector<frontend::Array> arrays = run(step, step.openLookups(), columns, rows);
  Shapes shapes;
  for (size_t i = 0; i < arrays.size(); ++i)
    if (const std::string &name = step.signature().inputs[i].name; step.openInputs().contains(name))
      shapes[name] = {arrays[i].shape.begin() + 1, arrays[i].shape.end()};
  return shapes;
}

} // namespace lamina::python
