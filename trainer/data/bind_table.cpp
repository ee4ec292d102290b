#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "support/error.h"
#include "trainer/data/cast.h"
#include "trainer/data/columns/column_roles.h"
#include "trainer/data/columns/feature_encoding.h"
#include "trainer/data/columns/label_columns.h"
#include "trainer/data/columns/look_up.h"
#include "trainer/data/dataset.h"

namespace lamina::trainer {

namespace {

using codegen::TensorSpec;
using frontend::Array;

bool isMissingCell(const Table &table, size_t row, size_t column) {
  return std::isnan(table.value(row, column)) && !table.text(row, column);
}

/// The rows that take part, according to the policy for missing values. `required` are columns for
/// which nothing can stand.
std::vector<size_t> completeRows(const Table &table, const Columns &features,
                                 const EncodedInputs &encoded, const Columns &required,
                                 const MissingValues &missing) {
  std::vector<size_t> rows;
  size_t incomplete = 0, firstRow = 0, firstColumn = 0;
  auto findGap = [&](size_t row) -> std::optional<size_t> {
    for (size_t i = 0; i < features.size(); ++i)
      if (lacksValue(table, row, features[i], encoded.encodings[i]))
        return features[i];
    for (size_t column : required)
      if (isMissingCell(table, row, column))
        return column;
    return std::nullopt;
  };
  for (size_t row = 0; row < table.rows(); ++row) {
    std::optional<size_t> gap = findGap(row);
    if (!gap)
      rows.push_back(row);
    else if (incomplete++ == 0) {
      firstRow = row;
      firstColumn = *gap;
    }
  }
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

Array newArray(const TensorSpec &spec, size_t rows) {
  std::vector<int64_t> shape = spec.shape;
  shape[0] = static_cast<int64_t>(rows);
  return frontend::makeArray(spec.type, shape);
}

/// Fills one input row by row from `columns`, in row-major order of the input's shape.
Array featureArray(const Table &table, const std::vector<size_t> &rows,
                   std::span<const size_t> columns, std::span<const FeatureEncoding> encodings,
                   const TensorSpec &spec) {
  Array array = newArray(spec, rows.size());
  std::byte *destination = array.bytes.data();
  std::vector<double> values;
  for (size_t row : rows)
    for (size_t i = 0; i < columns.size(); ++i) {
      values.resize(encodings[i].width());
      encodeCell(table, row, columns[i], encodings[i], values);
      for (double value : values) {
        storeCell(table, row, columns[i], spec, destination, value);
        destination += byteWidth(spec.type);
      }
    }
  return array;
}

/// The cells of the columns as they stand.
frontend::Texts featureTexts(const Table &table, const std::vector<size_t> &rows,
                             std::span<const size_t> columns, const TensorSpec &spec) {
  frontend::Texts texts = {spec.shape, {}};
  texts.shape[0] = static_cast<int64_t>(rows.size());
  for (size_t row : rows)
    for (size_t column : columns)
      texts.values.push_back(table.cell(row, column));
  return texts;
}

/// The inputs that the table gives, each from its columns.
std::vector<frontend::Column> featureColumns(const Table &table, const std::vector<size_t> &rows,
                                             const Columns &features, const EncodedInputs &encoded,
                                             const std::vector<TensorSpec> &specs) {
  std::vector<frontend::Column> result;
  std::span<const size_t> columns = features;
  std::span<const FeatureEncoding> encodings = encoded.encodings;
  for (size_t i = 0; i < specs.size(); ++i) {
    size_t count = encoded.columns[i];
    if (specs[i].isText)
      result.push_back(featureTexts(table, rows, columns.first(count), specs[i]));
    else
      result.push_back(
          featureArray(table, rows, columns.first(count), encodings.first(count), specs[i]));
    columns = columns.subspan(count);
    encodings = encodings.subspan(count);
  }
  return result;
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
    FeatureEncoding plain;
    weights.push_back(featureArray(table, rows, {&column, 1}, {&plain, 1}, spec));
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

/// What rows are split by: numbers, or the numbers of texts in the order in which they occur.
std::vector<double> keysOf(const Table &table, const std::vector<size_t> &rows, size_t column) {
  std::vector<double> keys;
  std::map<std::string, double> numbers;
  for (size_t row : rows) {
    const std::string *text = table.text(row, column);
    if (!text && std::isnan(table.value(row, column)))
      fail("{}: line {}: column {}, by which rows are split, has no value", table.path,
           table.lines[row], table.describeColumn(column));
    keys.push_back(text ? numbers.emplace(*text, static_cast<double>(numbers.size())).first->second
                        : table.value(row, column));
  }
  return keys;
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
  std::vector<TensorSpec> given = givenInputs(inputs, options);
  Roles roles = assignRoles(table, given, targets, options);
  if (!options.wantTargets)
    roles.targets.clear();
  Columns required = roles.targets;
  if (roles.weights && !options.weights.empty())
    required.push_back(*roles.weights);
  EncodedInputs encoded = encodeFeatures(table, roles.features, given, options);
  auto rows = completeRows(table, roles.features, encoded, required, options.missing);

  Dataset data;
  data.file = table.path;
  data.rows = static_cast<int64_t>(rows.size());
  data.droppedRows = static_cast<int64_t>(table.rows() - rows.size());
  for (size_t row : rows)
    data.lines.push_back(table.lines[row]);
  data.inputs = lookUp(featureColumns(table, rows, roles.features, encoded, given), data, options);
  if (std::ranges::any_of(encoded.encodings,
                          [](const auto &each) { return each != FeatureEncoding(); }))
    data.recipe.encodings = std::move(encoded.encodings);
  if (roles.weights)
    data.weights = weightArrays(table, rows, *roles.weights, options.weights);
  if (roles.key)
    data.keys = keysOf(table, rows, *roles.key);
  if (options.wantTargets)
    addTargets(data, table, rows, targets, roles.targets, options);
  data.recipe.features = columnNames(table, roles.features);
  data.recipe.targets = columnNames(table, roles.targets);
  data.recipe.width = table.width;
  data.recipe.featurePlaces = roles.features;
  data.recipe.targetPlaces = roles.targets;
  return data;
}

} // namespace lamina::trainer
