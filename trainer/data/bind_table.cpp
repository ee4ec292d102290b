#include <algorithm>
#include <cmath>

#include "support/error.h"
#include "trainer/data/cast.h"
#include "trainer/data/column_roles.h"
#include "trainer/data/dataset.h"
#include "trainer/data/label_columns.h"

namespace lamina::trainer {

namespace {

using codegen::TensorSpec;
using frontend::Array;

bool isMissingCell(const Table &table, size_t row, size_t column) {
  return std::isnan(table.value(row, column)) && !table.text(row, column);
}

/// The rows that take part, according to the policy for missing values.
std::vector<size_t> completeRows(const Table &table, const Columns &features,
                                 const Columns &targets, const MissingValues &missing) {
  std::vector<size_t> rows;
  size_t incomplete = 0, firstRow = 0, firstColumn = 0;
  bool fills = missing.policy == MissingValues::Policy::Fill;
  auto lacks = [&](size_t row, const Columns &columns) {
    auto found = std::find_if(columns.begin(), columns.end(),
                              [&](size_t column) { return isMissingCell(table, row, column); });
    if (found != columns.end() && incomplete++ == 0) {
      firstRow = row;
      firstColumn = *found;
    }
    return found != columns.end();
  };
  for (size_t row = 0; row < table.rows(); ++row)
    if (!(!fills && lacks(row, features)) && !lacks(row, targets))
      rows.push_back(row);
  if (incomplete && missing.policy != MissingValues::Policy::Drop)
    fail("{}: line {}: column {} has no value ({} such rows); use --missing drop, or --missing "
         "NUMBER to fill features",
         table.path, table.lines[firstRow], table.describeColumn(firstColumn), incomplete);
  if (rows.empty())
    fail("{}: no row is left without missing values", table.path);
  return rows;
}

void storeCell(const Table &table, size_t row, size_t column, const TensorSpec &spec,
               std::byte *destination, double value) {
  if (!storeValue(spec.type, destination, value))
    fail("{}: line {}, column {}: {} is not a value of type {}, which '{}' takes", table.path,
         table.lines[row], table.describeColumn(column), value, typeName(spec.type),
         printable(spec.name));
}

[[noreturn]] void refuseText(const Table &table, size_t row, size_t column) {
  fail("{}: line {}: column {} holds text ('{}'), but features are numbers; drop the column with "
       "--drop, or encode it",
       table.path, table.lines[row], table.describeColumn(column),
       printable(*table.text(row, column)));
}

Array newArray(const TensorSpec &spec, size_t rows) {
  std::vector<int64_t> shape = spec.shape;
  shape[0] = static_cast<int64_t>(rows);
  return frontend::makeArray(spec.type, shape);
}

/// Fills one input row by row from `columns`, in row-major order of the input's shape.
Array featureArray(const Table &table, const std::vector<size_t> &rows,
                   std::span<const size_t> columns, const TensorSpec &spec, double fill) {
  Array array = newArray(spec, rows.size());
  std::byte *destination = array.bytes.data();
  for (size_t row : rows)
    for (size_t column : columns) {
      double value = table.value(row, column);
      if (std::isnan(value)) {
        if (table.text(row, column))
          refuseText(table, row, column);
        value = fill;
      }
      storeCell(table, row, column, spec, destination, value);
      destination += byteWidth(spec.type);
    }
  return array;
}

/// The same weights for every target.
std::vector<Array> weightArrays(const Table &table, const std::vector<size_t> &rows, size_t column,
                                const std::vector<TensorSpec> &specs) {
  std::vector<Array> weights;
  for (const TensorSpec &spec : specs) {
    if (valuesPerRow(spec.shape) != 1)
      fail("{}: column {} has one weight a row, but the loss of '{}' wants {} of them; give "
           "weights as an array of a .npz file",
           table.path, table.describeColumn(column), printable(spec.name),
           valuesPerRow(spec.shape));
    weights.push_back(featureArray(table, rows, {&column, 1}, spec, 1));
  }
  return weights;
}

Array targetArray(const Table &table, const std::vector<size_t> &rows,
                  std::span<const size_t> columns, const TensorSpec &spec,
                  const LabelColumns &labels) {
  Array array = newArray(spec, rows.size());
  size_t width = byteWidth(spec.type);
  for (size_t i = 0; i < columns.size(); ++i)
    for (size_t r = 0; r < rows.size(); ++r)
      storeCell(table, rows[r], columns[i], spec,
                array.bytes.data() + (r * columns.size() + i) * width,
                labels.number(rows[r], columns[i]));
  return array;
}

/// Fills the targets, and says which columns and classes they are from.
void addTargets(Dataset &data, const Table &table, const std::vector<size_t> &rows,
                const std::vector<TensorSpec> &targets, const Columns &all,
                const BindOptions &options) {
  std::span<const size_t> columns = all;
  for (size_t t = 0; t < targets.size(); ++t) {
    auto own = columns.first(static_cast<size_t>(valuesPerRow(targets[t].shape)));
    columns = columns.subspan(own.size());
    LabelOptions labeling;
    labeling.named = options.classes;
    if (t < options.known.classes.size())
      labeling.known = options.known.classes[t];
    labeling.needed = t < options.targetClasses.size() ? options.targetClasses[t] : 0;
    labeling.mayNumber = options.numbersLabels;
    LabelColumns labels(table, own, rows, labeling);
    data.targets.push_back(targetArray(table, rows, own, targets[t], labels));
    data.recipe.classes.push_back(labels.names());
  }
}

} // namespace

Dataset bindTable(const Table &table, const std::vector<TensorSpec> &inputs,
                  const std::vector<TensorSpec> &targets, const BindOptions &options) {
  Roles roles = assignRoles(table, inputs, targets, options);
  if (!options.wantTargets)
    roles.targets.clear();
  Columns required = roles.targets;
  if (roles.weights && !options.weights.empty())
    required.push_back(*roles.weights);
  auto rows = completeRows(table, roles.features, required, options.missing);

  Dataset data;
  data.file = table.path;
  data.rows = static_cast<int64_t>(rows.size());
  data.droppedRows = static_cast<int64_t>(table.rows() - rows.size());
  for (size_t row : rows)
    data.lines.push_back(table.lines[row]);
  std::span<const size_t> columns = roles.features;
  for (const TensorSpec &spec : inputs) {
    auto count = static_cast<size_t>(valuesPerRow(spec.shape));
    data.inputs.push_back(
        featureArray(table, rows, columns.first(count), spec, options.missing.fill));
    columns = columns.subspan(count);
  }
  if (roles.weights)
    data.weights = weightArrays(table, rows, *roles.weights, options.weights);
  if (options.wantTargets)
    addTargets(data, table, rows, targets, roles.targets, options);
  data.recipe.features = columnNames(table, roles.features);
  data.recipe.targets = columnNames(table, roles.targets);
  return data;
}

} // namespace lamina::trainer
