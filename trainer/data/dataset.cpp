#include "trainer/data/dataset.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "support/error.h"
#include "trainer/data/array_names.h"
#include "trainer/data/cast.h"
#include "trainer/data/rows/windows.h"

namespace lamina::trainer {

namespace {

using frontend::Array;

/// Rows [begin, end) as an array of its own.
Array rowsOf(const Array &array, int64_t begin, int64_t end) {
  size_t rowBytes = static_cast<size_t>(valuesPerRow(array.shape)) * byteWidth(array.type);
  Array part;
  part.type = array.type;
  part.shape = array.shape;
  part.shape[0] = end - begin;
  part.bytes.assign(array.bytes.begin() + static_cast<ptrdiff_t>(begin * rowBytes),
                    array.bytes.begin() + static_cast<ptrdiff_t>(end * rowBytes));
  return part;
}

void keepFirstRows(Array &array, int64_t rows) {
  size_t rowBytes = static_cast<size_t>(valuesPerRow(array.shape)) * byteWidth(array.type);
  array.shape[0] = rows;
  array.bytes.resize(static_cast<size_t>(rows) * rowBytes);
}

/// The first value that is not one of 0, …, count - 1; nothing when all are.
std::optional<int64_t> findOutOfRange(const Array &values, int64_t count) {
  for (int64_t i = 0; i < values.elementCount(); ++i) {
    double value = loadValue(values, static_cast<size_t>(i));
    if (!(value >= 0 && value < static_cast<double>(count) && value == std::trunc(value)))
      return i;
  }
  return std::nullopt;
}

/// Labels that run from 1 to the number of classes are a habit of many files, and others number
/// only some of them (2 and 4). A table's can be named.
std::string labelHint(const Array &labels, int64_t classes, bool isTable) {
  std::set<double> distinct;
  for (size_t i = 0; i < static_cast<size_t>(labels.elementCount()); ++i)
    distinct.insert(loadValue(labels, i));
  if (*distinct.begin() == 1 && *distinct.rbegin() == static_cast<double>(classes))
    return "; the labels seem to count from 1: subtract 1, or name the classes in order";
  constexpr size_t kMostNamed = 30;
  bool isNumbered = *distinct.begin() <= 0; // as the model has it, but for some
  if (isNumbered || distinct.size() != static_cast<size_t>(classes) || distinct.size() > kMostNamed)
    return "";
  std::string names = fmt::format("{}", fmt::join(distinct, ","));
  return isTable ? fmt::format("; with --classes {} they count in this order", names)
                 : fmt::format("; number the labels {} from 0 in order", names);
}

} // namespace

std::string Dataset::describeRow(int64_t row) const {
  if (lines.empty())
    return fmt::format("row {}", row);
  return fmt::format("line {}", lines[static_cast<size_t>(row)]);
}

int64_t valuesPerRow(const std::vector<int64_t> &shape) {
  int64_t count = 1;
  for (size_t i = 1; i < shape.size(); ++i)
    count *= shape[i];
  return count;
}

namespace {

Dataset bindRows(DataFile file, const std::vector<codegen::TensorSpec> &inputs,
                 const std::vector<codegen::TensorSpec> &targets, const BindOptions &options) {
  Dataset data = file.table ? bindTable(*file.table, inputs, targets, options)
                            : bindArrays(std::move(file), inputs, targets, options);
  checkIndices(data, inputs, options.inputEntries);
  if (options.wantTargets)
    checkLabels(data, targets, options.targetClasses);
  if (!options.weights.empty() && data.weights.empty())
    data.weights = makeWeights(data, targets, options);
  return data;
}

/// Whether the file has windows of its own, as arrays.
bool holdsWindows(DataFile &file, const codegen::TensorSpec &input) {
  if (file.table)
    return false;
  for (const std::string &name : acceptedNames(input, 0, true, 'x'))
    if (const Array *array = file.find(name))
      return array->shape.size() == input.shape.size() &&
             std::equal(array->shape.begin() + 1, array->shape.end(), input.shape.begin() + 1);
  return false;
}

} // namespace

Dataset bindDataset(DataFile file, const std::vector<codegen::TensorSpec> &inputs,
                    const std::vector<codegen::TensorSpec> &targets, const BindOptions &options) {
  const Window window = options.windows();
  if (!window || (!options.window && inputs.size() == 1 && holdsWindows(file, inputs[0])))
    return bindRows(std::move(file), inputs, targets, options);
  if (options.missing.policy == MissingValues::Policy::Drop)
    fail("{}: --missing drop would leave gaps in the windows; put in a value instead", file.path);
  if (options.lookups && !options.lookups->isEmpty())
    fail("{}: windows are of numbers, and this model looks up texts or numbers; give arrays of "
         "windows "
         "in a .npz file",
         file.path);
  auto steps = inputsOfStep(inputs, window, file.path);
  Dataset rows = bindRows(std::move(file), steps, targets, options);
  rows.recipe.window = {window.steps, window.horizon, 1};
  return options.splitsRows ? rows : makeWindows(rows, inputs, window);
}

void checkLabels(const Dataset &data, const std::vector<codegen::TensorSpec> &targets,
                 const std::vector<int64_t> &targetClasses) {
  for (size_t t = 0; t < data.targets.size() && t < targetClasses.size(); ++t) {
    int64_t classes = targetClasses[t];
    const Array &labels = data.targets[t];
    std::optional<int64_t> bad = classes > 0 ? findOutOfRange(labels, classes) : std::nullopt;
    if (!bad)
      continue;
    double label = loadValue(labels, static_cast<size_t>(*bad));
    std::string place =
        fmt::format("{}: {}", data.file, data.describeRow(*bad / valuesPerRow(labels.shape)));
    if (label != std::trunc(label) || std::isnan(label))
      fail("{}: label {} of target '{}' is not an integer; the model has {} classes, numbered "
           "0 to {}",
           place, label, printable(targets[t].name), classes, classes - 1);
    fail("{}: label {} of target '{}' is out of range; the model has {} classes, numbered 0 to "
         "{}{}",
         place, label, printable(targets[t].name), classes, classes - 1,
         labelHint(labels, classes, !data.lines.empty()));
  }
}

void checkIndices(const Dataset &data, const std::vector<codegen::TensorSpec> &inputs,
                  const std::vector<int64_t> &inputEntries) {
  for (size_t i = 0; i < data.inputs.size() && i < inputEntries.size(); ++i) {
    int64_t entries = inputEntries[i];
    const Array &indices = data.inputs[i];
    std::optional<int64_t> bad = entries > 0 ? findOutOfRange(indices, entries) : std::nullopt;
    if (!bad)
      continue;
    double index = loadValue(indices, static_cast<size_t>(*bad));
    fail("{}: {}: index {} of input '{}' is {}; the model's embedding has {} entries, numbered 0 "
         "to {}",
         data.file, data.describeRow(*bad / valuesPerRow(indices.shape)), index,
         printable(inputs[i].name), std::trunc(index) == index ? "out of range" : "not an integer",
         entries, entries - 1);
  }
}

Dataset splitLast(Dataset &data, double fraction) {
  auto kept = static_cast<int64_t>(std::floor(static_cast<double>(data.rows) * (1.0 - fraction)));
  if (kept <= 0 || kept >= data.rows)
    fail("{}: {} rows cannot be split with a validation fraction of {}: one part would be empty",
         data.file, data.rows, fraction);
  Dataset last;
  last.file = data.file;
  last.recipe = data.recipe;
  last.rows = data.rows - kept;
  for (auto member : {&Dataset::inputs, &Dataset::targets, &Dataset::weights})
    for (Array &array : data.*member) {
      (last.*member).push_back(rowsOf(array, kept, data.rows));
      keepFirstRows(array, kept);
    }
  if (!data.lines.empty()) {
    last.lines.assign(data.lines.begin() + kept, data.lines.end());
    data.lines.resize(static_cast<size_t>(kept));
  }
  data.rows = kept;
  return last;
}

} // namespace lamina::trainer
