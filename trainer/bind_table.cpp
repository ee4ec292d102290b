#include <algorithm>
#include <charconv>
#include <cmath>

#include "support/error.h"
#include "trainer/cast.h"
#include "trainer/dataset.h"
#include "trainer/label_column.h"

namespace lamina::trainer {

namespace {

using codegen::TensorSpec;
using frontend::Array;
using Columns = std::vector<size_t>;

/// A column by name or by number; a name wins, since headers may consist of numbers.
size_t findColumn(const Table &table, const std::string &wanted) {
  auto named = std::find(table.names.begin(), table.names.end(), wanted);
  if (named != table.names.end())
    return static_cast<size_t>(named - table.names.begin());
  int64_t number = 0;
  auto [end, error] = std::from_chars(wanted.data(), wanted.data() + wanted.size(), number);
  auto width = static_cast<int64_t>(table.width);
  if (error == std::errc() && end == wanted.data() + wanted.size()) {
    if (number < -width || number >= width)
      fail("{}: there is no column {}; the file has {} columns, numbered from 0", table.path,
           number, width);
    return static_cast<size_t>(number < 0 ? number + width : number);
  }
  if (table.names.empty())
    fail("{}: there is no column '{}'; the file has no header, so give the column's number",
         table.path, printable(wanted));
  std::string names;
  for (const std::string &name : table.names)
    names += (names.empty() ? "" : ", ") + printable(name);
  fail("{}: there is no column '{}'; the file has {}", table.path, printable(wanted),
       printable(names, 400));
}

Columns findColumns(const Table &table, const std::vector<std::string> &wanted) {
  Columns columns;
  for (const std::string &name : wanted) {
    size_t column = findColumn(table, name);
    if (std::find(columns.begin(), columns.end(), column) != columns.end())
      fail("{}: column {} is given twice", table.path, table.describeColumn(column));
    columns.push_back(column);
  }
  return columns;
}

size_t totalValues(const std::vector<TensorSpec> &specs) {
  int64_t total = 0;
  for (const TensorSpec &spec : specs)
    total += valuesPerRow(spec.shape);
  return static_cast<size_t>(total);
}

struct Roles {
  Columns features, targets;
  std::optional<size_t> weights;
};

[[noreturn]] void refuseFeatureWidth(const Table &table, size_t found,
                                     const std::vector<TensorSpec> &inputs) {
  std::string shapes;
  for (const TensorSpec &spec : inputs)
    shapes +=
        (shapes.empty() ? "" : ", ") + frontend::describeShape(std::span(spec.shape).subspan(1));
  fail("{}: rows have {} feature values, but the model takes {} (input shape {}); choose columns "
       "with --target and --drop",
       table.path, found, totalValues(inputs), shapes);
}

[[noreturn]] void refuseTargetWidth(const Table &table, size_t found,
                                    const std::vector<TensorSpec> &targets) {
  size_t wanted = totalValues(targets);
  if (found == 1 && targets.size() == 1)
    fail("{}: the target is one column, but the model's loss wants rows of {} values (one-hot); "
         "use sparse_categorical_crossentropy for class numbers, or give {} target columns",
         table.path, wanted, wanted);
  fail("{}: there are {} target columns, but the model's targets take {}", table.path, found,
       wanted);
}

/// The column of sample weights, also where it is only to be left out of the features.
std::optional<size_t> findWeights(const Table &table, const BindOptions &options) {
  const std::string &name = options.weighting.name;
  bool isAbsent = std::find(table.names.begin(), table.names.end(), name) == table.names.end();
  if (name.empty() || (options.weighting.mayBeAbsent && !table.names.empty() && isAbsent))
    return std::nullopt;
  return findColumn(table, name);
}

/// Which columns are features and which are targets. Without target columns given, the last ones
/// are; when targets are not wanted, a file may leave them out.
Roles assignRoles(const Table &table, const std::vector<TensorSpec> &inputs,
                  const std::vector<TensorSpec> &targets, const BindOptions &options) {
  Columns dropped = findColumns(table, options.dropColumns);
  Roles roles;
  roles.weights = findWeights(table, options);
  roles.targets = findColumns(table, options.targetColumns);
  for (size_t column = 0; column < table.width; ++column) {
    bool taken = std::count(dropped.begin(), dropped.end(), column) ||
                 std::count(roles.targets.begin(), roles.targets.end(), column) ||
                 roles.weights == column;
    if (!taken)
      roles.features.push_back(column);
  }
  size_t wanted = totalValues(inputs);
  bool complete = !options.wantTargets && roles.features.size() == wanted;
  if (options.targetColumns.empty() && !complete) {
    // A single label column is also recognized where one-hot columns are wanted, to say so.
    size_t last = roles.features.size() == wanted + 1 ? 1 : totalValues(targets);
    last = std::min(last, roles.features.size());
    roles.targets.assign(roles.features.end() - static_cast<ptrdiff_t>(last), roles.features.end());
    roles.features.resize(roles.features.size() - last);
  }
  if (roles.features.size() != wanted)
    refuseFeatureWidth(table, roles.features.size(), inputs);
  if (options.wantTargets && roles.targets.size() != totalValues(targets))
    refuseTargetWidth(table, roles.targets.size(), targets);
  return roles;
}

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
                  const BindOptions &options, int64_t classes, std::vector<std::string> &names) {
  Array array = newArray(spec, rows.size());
  size_t width = byteWidth(spec.type);
  for (size_t i = 0; i < columns.size(); ++i) {
    LabelColumn labels(table, columns[i], rows, options.classes, classes);
    names = labels.names();
    for (size_t r = 0; r < rows.size(); ++r)
      storeCell(table, rows[r], columns[i], spec,
                array.bytes.data() + (r * columns.size() + i) * width, labels.number(rows[r]));
  }
  return array;
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
  columns = roles.targets;
  data.classes.resize(options.wantTargets ? targets.size() : 0);
  for (size_t t = 0; t < data.classes.size(); ++t) {
    auto count = static_cast<size_t>(valuesPerRow(targets[t].shape));
    int64_t classes = t < options.targetClasses.size() ? options.targetClasses[t] : 0;
    data.targets.push_back(targetArray(table, rows, columns.first(count), targets[t], options,
                                       classes, data.classes[t]));
    columns = columns.subspan(count);
  }
  return data;
}

} // namespace lamina::trainer
