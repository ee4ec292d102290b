#include "trainer/label_column.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "support/error.h"

namespace lamina::trainer {

namespace {

std::string joinNames(const std::vector<std::string> &names) {
  std::string result;
  for (const std::string &name : names)
    result += (result.empty() ? "" : ",") + name;
  return printable(result, 200);
}

/// Labels of the test part of UCI's Adult end in a full stop.
std::string withoutFullStop(const std::string &text) {
  return text.size() > 1 && text.ends_with('.') ? text.substr(0, text.size() - 1) : text;
}

} // namespace

LabelColumn::LabelColumn(const Table &table, size_t column, const std::vector<size_t> &rows,
                         const std::vector<std::string> &classes, int64_t needed)
    : table_(table), column_(column) {
  for (const std::string &name : classes)
    names_.push_back(withoutFullStop(name));
  if (!names_.empty())
    return;
  auto firstText =
      std::find_if(rows.begin(), rows.end(), [&](size_t row) { return table.text(row, column); });
  if (firstText != rows.end())
    chooseNames(*firstText, rows, needed);
}

double LabelColumn::number(size_t row) const {
  double value = table_.value(row, column_);
  if (names_.empty())
    return value;
  std::string label = text(row);
  for (size_t i = 0; i < names_.size(); ++i)
    if (names_[i] == label || (!std::isnan(value) && parseNumber(names_[i]) == value))
      return static_cast<double>(i);
  fail("{}: line {}: label '{}' is none of the classes {}", table_.path, table_.lines[row],
       printable(label), joinNames(names_));
}

std::string LabelColumn::text(size_t row) const {
  if (const std::string *text = table_.text(row, column_))
    return withoutFullStop(*text);
  return fmt::format("{}", table_.value(row, column_));
}

void LabelColumn::chooseNames(size_t firstTextRow, const std::vector<size_t> &rows,
                              int64_t needed) {
  if (column_ < table_.declared.size() && !table_.declared[column_].empty()) {
    names_ = table_.declared[column_];
  } else {
    std::set<std::string> distinct;
    for (size_t row : rows)
      distinct.insert(text(row));
    names_.assign(distinct.begin(), distinct.end());
  }
  auto found = static_cast<int64_t>(names_.size());
  if (needed == 0 && found > 2)
    fail("{}: line {}: column {} holds text ('{}'), but the model's loss wants numbers",
         table_.path, table_.lines[firstTextRow], table_.describeColumn(column_),
         printable(text(firstTextRow)));
  if (needed > 0 && found != needed)
    fail("{}: column {} has {} different labels, but the model has {} classes; give them in order "
         "with --classes A,B,...",
         table_.path, table_.describeColumn(column_), found, needed);
}

} // namespace lamina::trainer
