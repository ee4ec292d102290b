#include "trainer/data/columns/feature_encoding.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "support/error.h"
#include "trainer/data/columns/label_columns.h"
#include "trainer/data/columns/look_up.h"

namespace lamina::trainer {

namespace {

using codegen::TensorSpec;
using Policy = MissingValues::Policy;

/// Whether a column's cells are text, as far as they are there.
bool isCategorical(const Table &table, size_t column) {
  bool hasText = false;
  for (size_t row = 0; row < table.rows(); ++row) {
    if (!std::isnan(table.value(row, column)))
      return false;
    hasText |= table.text(row, column) != nullptr;
  }
  return hasText;
}

std::vector<std::string> categoriesOf(const Table &table, size_t column) {
  if (column < table.declared.size() && !table.declared[column].empty())
    return table.declared[column];
  std::set<std::string> distinct;
  for (size_t row = 0; row < table.rows(); ++row)
    if (const std::string *text = table.text(row, column))
      distinct.insert(*text);
  return {distinct.begin(), distinct.end()};
}

[[noreturn]] void refuseCategory(const Table &table, size_t row, size_t column,
                                 const std::string &cell, const FeatureEncoding &encoding) {
  fail("{}: line {}: column {} holds {}, which is none of the values that the model was trained "
       "on: {}",
       table.path, table.lines[row], table.describeColumn(column), cell,
       joinNames(encoding.categories));
}

/// The number of a cell: of its category, or its own; NaN where there is none.
double numberOf(const Table &table, size_t row, size_t column, const FeatureEncoding &encoding) {
  const std::string *text = table.text(row, column);
  if (!text)
    return table.value(row, column);
  const auto &names = encoding.categories;
  if (names.empty())
    fail("{}: line {}: column {} holds text ('{}'), but features are numbers; drop the column with "
         "--drop, or encode it",
         table.path, table.lines[row], table.describeColumn(column), printable(*text));
  auto found = std::find(names.begin(), names.end(), *text);
  if (found == names.end())
    refuseCategory(table, row, column, fmt::format("'{}'", printable(*text)), encoding);
  return static_cast<double>(found - names.begin());
}

double mostFrequent(const std::vector<double> &values) {
  std::map<double, size_t> counts;
  for (double value : values)
    ++counts[value];
  return std::ranges::max_element(counts, {}, [](const auto &each) { return each.second; })->first;
}

double medianOf(std::vector<double> values) {
  size_t middle = values.size() / 2;
  std::ranges::sort(values);
  return values.size() % 2 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

double meanOf(const std::vector<double> &values) {
  double sum = 0;
  for (double value : values)
    sum += value;
  return sum / static_cast<double>(values.size());
}

/// What stands for missing values; nothing where rows without a value are refused or left out.
std::optional<double> fillFor(const std::vector<double> &values, const FeatureEncoding &encoding,
                              const MissingValues &missing) {
  bool isText = !encoding.categories.empty();
  if (missing.policy == Policy::Fill)
    return isText ? std::nullopt : std::optional(missing.fill);
  if (missing.policy == Policy::Error || missing.policy == Policy::Drop || values.empty())
    return std::nullopt;
  if (isText || missing.policy == Policy::MostFrequent)
    return mostFrequent(values);
  return missing.policy == Policy::Mean ? meanOf(values) : medianOf(values);
}

void standardize(FeatureEncoding &encoding, const std::vector<double> &values) {
  if (values.empty())
    return;
  encoding.mean = meanOf(values);
  double squares = 0;
  for (double value : values)
    squares += (value - encoding.mean) * (value - encoding.mean);
  double deviation = std::sqrt(squares / static_cast<double>(values.size()));
  encoding.scale = deviation > 0 ? 1 / deviation : 1;
}

bool takesNumbers(const TensorSpec &input, int64_t entries) {
  return entries > 0 || (input.type != ElementType::F32 && input.type != ElementType::F64);
}

FeatureEncoding learnEncoding(const Table &table, size_t column, bool byNumber,
                              const BindOptions &options) {
  FeatureEncoding encoding;
  // Numbers of categories that depend on the file at hand are none to judge a trained model by.
  if (options.numbersLabels && isCategorical(table, column)) {
    encoding.categories = categoriesOf(table, column);
    encoding.isOneHot = !byNumber;
    if (encoding.categories.size() == 1)
      fail("{}: column {} holds '{}' in every row, which carries no information; drop it with "
           "--drop",
           table.path, table.describeColumn(column), printable(encoding.categories[0]));
  }
  bool fills = options.missing.policy != Policy::Error && options.missing.policy != Policy::Drop;
  bool scales = options.standardize && encoding.categories.empty() && !byNumber;
  if (!fills && !scales)
    return encoding;
  std::vector<double> values;
  for (size_t row = 0; row < table.rows(); ++row)
    if (double value = numberOf(table, row, column, encoding); !std::isnan(value))
      values.push_back(value);
  encoding.fill = fillFor(values, encoding, options.missing);
  encoding.flagsMissing = options.flagMissing && encoding.fill && values.size() < table.rows();
  if (scales)
    standardize(encoding, values);
  return encoding;
}

FeatureEncoding textEncoding() {
  FeatureEncoding encoding;
  encoding.isText = true;
  return encoding;
}

[[noreturn]] void refuseWidth(const Table &table, const Columns &features,
                              const std::vector<TensorSpec> &inputs, const EncodedInputs &encoded) {
  int64_t wanted = 0, found = 0;
  std::string shapes, texts;
  for (const TensorSpec &spec : inputs) {
    wanted += valuesPerRow(spec.shape);
    shapes +=
        (shapes.empty() ? "" : ", ") + frontend::describeShape(std::span(spec.shape).subspan(1));
  }
  for (size_t i = 0; i < features.size(); ++i) {
    bool isKnown = i < encoded.encodings.size();
    size_t width = isKnown ? encoded.encodings[i].width() : 1;
    found += static_cast<int64_t>(width);
    if (isKnown && encoded.encodings[i].isOneHot)
      texts += fmt::format(", {} of them from column {}", width, table.describeColumn(features[i]));
  }
  fail("{}: rows have {} feature values{}, but the model takes {} (input shape {}); choose columns "
       "with --target and --drop",
       table.path, found, texts, wanted, shapes);
}

} // namespace

EncodedInputs encodeFeatures(const Table &table, const Columns &features,
                             const std::vector<TensorSpec> &inputs, const BindOptions &options) {
  EncodedInputs result;
  const auto &known = options.known.encodings;
  if (!known.empty() && known.size() != features.size())
    fail("{}: there are {} columns of features, but the model was trained on {}", table.path,
         features.size(), known.size());
  bool fits = true;
  size_t next = 0;
  std::vector<int64_t> allEntries = givenEntries(options);
  for (size_t i = 0; i < inputs.size(); ++i) {
    int64_t entries = i < allEntries.size() ? allEntries[i] : 0;
    auto wanted = static_cast<size_t>(valuesPerRow(inputs[i].shape));
    size_t filled = 0, first = next;
    for (; filled < wanted && next < features.size(); ++next) {
      result.encodings.push_back(
          inputs[i].isText ? textEncoding()
          : known.empty()
              ? learnEncoding(table, features[next], takesNumbers(inputs[i], entries), options)
              : known[next]);
      filled += result.encodings.back().width();
    }
    result.columns.push_back(next - first);
    fits &= filled == wanted;
  }
  if (!fits || next < features.size())
    refuseWidth(table, features, inputs, result);
  return result;
}

bool lacksValue(const Table &table, size_t row, size_t column, const FeatureEncoding &encoding) {
  return !encoding.fill && !encoding.isText && std::isnan(table.value(row, column)) &&
         !table.text(row, column);
}

void encodeCell(const Table &table, size_t row, size_t column, const FeatureEncoding &encoding,
                std::span<double> values) {
  double number = numberOf(table, row, column, encoding);
  if (encoding.flagsMissing) {
    values.back() = std::isnan(number);
    values = values.first(values.size() - 1);
  }
  if (std::isnan(number))
    number = encoding.fill.value_or(number);
  if (!encoding.isOneHot) {
    values[0] = (number - encoding.mean) * encoding.scale;
    return;
  }
  auto count = static_cast<double>(encoding.categories.size());
  if (!(number >= 0 && number < count && number == std::trunc(number)))
    refuseCategory(table, row, column, fmt::format("{}", number), encoding);
  std::ranges::fill(values, 0);
  values[static_cast<size_t>(number)] = 1;
}

} // namespace lamina::trainer
