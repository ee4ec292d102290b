#include "trainer/data/open_shapes.h"

#include <algorithm>

#include "support/error.h"
#include "trainer/data/array_names.h"
#include "trainer/data/columns/column_roles.h"
#include "trainer/data/columns/look_up.h"

namespace lamina::trainer {

namespace {

using codegen::TensorSpec;
using frontend::Array;

int64_t countOpen(const TensorSpec &spec) {
  return std::count(spec.shape.begin() + 1, spec.shape.end(), -1);
}

/// "(None, 3)" of a tensor whose dimensions behind the rows are in part open.
std::string openRowShape(const std::vector<int64_t> &shape) {
  std::string text;
  for (size_t i = 1; i < shape.size(); ++i)
    text += (text.empty() ? "" : ", ") + (shape[i] < 0 ? "None" : std::to_string(shape[i]));
  return "(" + text + (shape.size() == 2 ? ",)" : ")");
}

/// The tensor's row shape with the extents of the array where it is open. A last dimension of
/// extent 1 may be missing.
std::vector<int64_t> fillOpenShape(const std::string &file, const TensorSpec &spec,
                                   const char *role, const Array &array) {
  std::vector<int64_t> shape = array.shape;
  if (shape.size() + 1 == spec.shape.size() && spec.shape.back() == 1)
    shape.push_back(1);
  bool fits = shape.size() == spec.shape.size();
  for (size_t i = 1; fits && i < shape.size(); ++i)
    fits = shape[i] > 0 && (spec.shape[i] < 0 || shape[i] == spec.shape[i]);
  if (!fits)
    fail("{}: rows for {} '{}' have shape {}, but the model wants {}, with extents of at least 1",
         file, role, printable(spec.name), rowShape(array.shape), openRowShape(spec.shape));
  return {shape.begin() + 1, shape.end()};
}

std::map<std::string, std::vector<int64_t>> shapesOfArrays(DataFile &file,
                                                           const std::vector<TensorSpec> &specs,
                                                           const std::vector<size_t> &places,
                                                           char letter, const char *role) {
  std::map<std::string, std::vector<int64_t>> shapes;
  for (size_t i = 0; i < specs.size(); ++i) {
    if (countOpen(specs[i]) == 0)
      continue;
    for (const std::string &name : acceptedNames(specs[i], places[i], specs.size() == 1, letter))
      if (const Array *array = file.find(name)) {
        shapes[specs[i].name] = fillOpenShape(file.path, specs[i], role, *array);
        break;
      }
  }
  return shapes;
}

/// The row shape that so many values fill.
std::vector<int64_t> fillByCount(const Table &table, const TensorSpec &spec, size_t values) {
  std::vector<int64_t> shape(spec.shape.begin() + 1, spec.shape.end());
  int64_t known = 1;
  for (int64_t extent : shape)
    known *= extent < 0 ? 1 : extent;
  auto count = static_cast<int64_t>(values);
  if (count == 0 || count % known != 0)
    fail("{}: rows have {} feature values, which do not fill the model's input '{}' of shape {}; "
         "choose columns with --target and --drop",
         table.path, count, printable(spec.name), openRowShape(spec.shape));
  std::replace(shape.begin(), shape.end(), int64_t(-1), count / known);
  return shape;
}

RowShapes shapesOfColumns(const Table &table, const DeclaredTensors &model,
                          const BindOptions &options) {
  RowShapes shapes;
  size_t targets = options.targetColumns.size();
  if (model.targets.size() == 1 && countOpen(model.targets[0]) == 1 && targets > 0)
    shapes.targets[model.targets[0].name] = {static_cast<int64_t>(targets)};
  if (model.inputs.size() == 1 && countOpen(model.inputs[0]) == 1)
    shapes.inputs[model.inputs[0].name] =
        fillByCount(table, model.inputs[0], countFeatures(table, model.targets.size(), options));
  return shapes;
}

/// The shape of an only input whose first dimension is the steps of a window.
RowShapes shapesOfWindows(const DeclaredTensors &model, const Window &window) {
  RowShapes shapes;
  if (model.inputs.size() != 1 || countOpen(model.inputs[0]) != 1 || model.inputs[0].shape[1] >= 0)
    return shapes;
  const TensorSpec &input = model.inputs[0];
  shapes.inputs[input.name] = {input.shape.begin() + 1, input.shape.end()};
  shapes.inputs[input.name][0] = window.steps;
  return shapes;
}

/// What the lookups make of the file's rows.
std::map<std::string, std::vector<int64_t>>
shapesOfLookups(DataFile &file, const DeclaredTensors &model, BindOptions options) {
  options.lookups = &model.lookups;
  options.wantTargets = false;
  // How many columns of a table such an input takes is nowhere.
  if (file.table && std::ranges::any_of(givenInputs(model.inputs, options), countOpen))
    return {};
  std::vector<TensorSpec> targets(model.targets.size(), TensorSpec{"", ElementType::F32, {-1}});
  std::vector<Array> inputs = file.table
                                  ? bindTable(*file.table, model.inputs, targets, options).inputs
                                  : lookUpInputs(file, model.inputs, options);
  std::map<std::string, std::vector<int64_t>> shapes;
  for (size_t i = 0; i < model.inputs.size(); ++i)
    if (countOpen(model.inputs[i]) > 0)
      shapes[model.inputs[i].name] = fillOpenShape(file.path, model.inputs[i], "input", inputs[i]);
  return shapes;
}

} // namespace

RowShapes findOpenShapes(DataFile &file, const DeclaredTensors &model, const BindOptions &options) {
  if (options.windows())
    return shapesOfWindows(model, options.windows());
  bool looksUp = !model.lookups.isEmpty();
  RowShapes shapes;
  if (looksUp && std::ranges::any_of(model.inputs, countOpen))
    shapes.inputs = shapesOfLookups(file, model, options);
  if (file.table && looksUp)
    return shapes;
  if (file.table)
    return shapesOfColumns(*file.table, model, options);
  if (!looksUp)
    shapes.inputs =
        shapesOfArrays(file, model.inputs, outputPlaces(model.inputs, {}), 'x', "input");
  if (options.wantTargets)
    shapes.targets = shapesOfArrays(file, model.targets, outputPlaces(model.targets, model.outputs),
                                    'y', "target");
  return shapes;
}

} // namespace lamina::trainer
