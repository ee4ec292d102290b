#include "trainer/data/columns/label_columns.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "support/error.h"

namespace lamina::trainer {

namespace {

/// Labels of the test part of UCI's Adult end in a full stop.
std::string withoutFullStop(const std::string &text) {
  return text.size() > 1 && text.ends_with('.') ? text.substr(0, text.size() - 1) : text;
}

bool isNumber(const std::string &name) {
  return parseNumber(name).has_value();
}

/// The first row with text in the column.
std::vector<size_t>::const_iterator findText(const Table &table, size_t column,
                                             const std::vector<size_t> &rows) {
  return std::find_if(rows.begin(), rows.end(),
                      [&](size_t row) { return table.text(row, column); });
}

} // namespace

std::string joinNames(const std::vector<std::string> &names) {
  return printable(fmt::format("{}", fmt::join(names, ",")), 200);
}

LabelColumns::LabelColumns(const Table &table, std::span<const size_t> columns,
                           const std::vector<size_t> &rows, const LabelOptions &options)
    : table_(table) {
  const auto &given = options.named.empty() ? options.known : options.named;
  for (const std::string &name : given)
    names_.push_back(withoutFullStop(name));
  takesNumbers_ = options.named.empty() && std::none_of(names_.begin(), names_.end(), isNumber);
  bool hasText = std::ranges::any_of(
      columns, [&](size_t column) { return findText(table, column, rows) != rows.end(); });
  if (names_.empty() && hasText)
    chooseNames(columns, rows, options);
}

double LabelColumns::number(size_t row, size_t column) const {
  double value = table_.value(row, column);
  if (names_.empty() || (takesNumbers_ && !std::isnan(value)))
    return value;
  std::string label = text(row, column);
  for (size_t i = 0; i < names_.size(); ++i)
    if (names_[i] == label || (!std::isnan(value) && parseNumber(names_[i]) == value))
      return static_cast<double>(i);
  fail("{}: line {}: label '{}' is none of the classes {}", table_.path, table_.lines[row],
       printable(label), joinNames(names_));
}

std::string LabelColumns::text(size_t row, size_t column) const {
  if (const std::string *text = table_.text(row, column))
    return withoutFullStop(*text);
  return fmt::format("{}", table_.value(row, column));
}

/// The values that an ARFF file declares for the columns, in its order.
std::vector<std::string> LabelColumns::declared(std::span<const size_t> columns) const {
  std::vector<std::string> names;
  for (size_t column : columns)
    if (column < table_.declared.size())
      for (const std::string &name : table_.declared[column])
        if (std::find(names.begin(), names.end(), name) == names.end())
          names.push_back(name);
  return names;
}

void LabelColumns::chooseNames(std::span<const size_t> columns, const std::vector<size_t> &rows,
                               const LabelOptions &options) {
  size_t column = *std::find_if(columns.begin(), columns.end(), [&](size_t each) {
    return findText(table_, each, rows) != rows.end();
  });
  names_ = declared(columns);
  if (names_.empty() && !options.mayNumber)
    fail("{}: column {} holds labels as text ('{}'), and the model does not say which class is "
         "which; name them in the order of training with --classes A,B,...",
         table_.path, table_.describeColumn(column),
         printable(text(*findText(table_, column, rows), column)));
  if (names_.empty()) {
    std::set<std::string> distinct;
    for (size_t each : columns)
      for (size_t row : rows)
        distinct.insert(text(row, each));
    names_.assign(distinct.begin(), distinct.end());
  }
  requireFit(column, rows, options.needed);
}

void LabelColumns::requireFit(size_t column, const std::vector<size_t> &rows,
                              int64_t needed) const {
  auto found = static_cast<int64_t>(names_.size());
  if (needed == 0 && found > 2) {
    size_t row = *findText(table_, column, rows);
    fail("{}: line {}: column {} holds text ('{}'), but the model's loss wants numbers",
         table_.path, table_.lines[row], table_.describeColumn(column),
         printable(text(row, column)));
  }
  if (found == 1)
    fail(
        "{}: column {} has one label only ('{}'); name all classes in order with --classes A,B,...",
        table_.path, table_.describeColumn(column), printable(names_[0]));
  if (needed > 0 && found != needed)
    fail("{}: column {} has {} different labels, but the model has {} classes; give them in order "
         "with --classes A,B,...",
         table_.path, table_.describeColumn(column), found, needed);
}

} // namespace lamina::trainer
