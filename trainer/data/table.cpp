#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <limits>

#include "support/error.h"
#include "trainer/data/data_file.h"

namespace lamina::trainer {

namespace {

bool equalsIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) == y;
  });
}

/// A NaN without a sign, whose lower half is the number of a text, from 1.
constexpr uint64_t kTextBits = uint64_t(0x7ff80000) << 32;

double textValue(uint32_t number) {
  return std::bit_cast<double>(kTextBits | number);
}

} // namespace

bool isMissing(std::string_view text) {
  static constexpr std::array<std::string_view, 7> kMissing = {"",    "?",    "na",  "n/a",
                                                               "nan", "null", "#n/a"};
  return std::any_of(kMissing.begin(), kMissing.end(),
                     [&](std::string_view word) { return equalsIgnoringCase(text, word); });
}

std::optional<double> parseNumber(std::string_view text) {
  if (text.size() > 1 && text[0] == '+')
    text.remove_prefix(1);
  if (text.empty())
    return std::nullopt;
  double value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end == text.data() + text.size() && !std::isnan(value)) {
    // Out of range means infinity or zero here, as in every reader of floating-point text.
    if (error == std::errc::result_out_of_range)
      return std::strtod(std::string(text).c_str(), nullptr);
    if (error == std::errc())
      return value;
  }
  if (equalsIgnoringCase(text, "true"))
    return 1.0;
  if (equalsIgnoringCase(text, "false"))
    return 0.0;
  return std::nullopt;
}

std::optional<double> parseDecimalComma(std::string_view text) {
  if (auto number = parseNumber(text))
    return number;
  std::string other(text);
  size_t comma = other.find(',');
  if (comma == std::string::npos || other.find('.') != std::string::npos)
    return std::nullopt;
  other[comma] = '.';
  return parseNumber(other);
}

uint32_t Table::keepText(std::string_view text) {
  auto found = numbers_.find(text);
  if (found == numbers_.end()) {
    texts_.emplace_back(text);
    found = numbers_.emplace(text, static_cast<uint32_t>(texts_.size())).first;
  }
  return found->second;
}

void Table::appendCell(std::string_view cell, bool decimalComma) {
  auto number = decimalComma ? parseDecimalComma(cell) : parseNumber(cell);
  if (number)
    values.push_back(*number);
  else
    values.push_back(isMissing(cell) ? std::numeric_limits<double>::quiet_NaN()
                                     : textValue(keepText(cell)));
  if (keepsCells)
    cells_.push_back(keepText(cell));
}

void Table::append(const std::vector<std::string_view> &cells, size_t line, bool decimalComma) {
  for (std::string_view cell : cells)
    appendCell(cell, decimalComma);
  lines.push_back(line);
}

void Table::append(Table &&other, size_t line) {
  if (other.lines.empty())
    return;
  for (size_t &each : other.lines)
    each += line;
  if (lines.empty()) {
    width = other.width;
    values = std::move(other.values);
    lines = std::move(other.lines);
    texts_ = std::move(other.texts_);
    numbers_ = std::move(other.numbers_);
    cells_ = std::move(other.cells_);
    return;
  }
  for (size_t row = 0; row < other.rows() && !other.texts_.empty(); ++row)
    for (size_t column = 0; column < width; ++column)
      if (const std::string *text = other.text(row, column))
        other.values[row * width + column] = textValue(keepText(*text));
  for (uint32_t cell : other.cells_)
    cells_.push_back(keepText(other.texts_[cell - 1]));
  values.insert(values.end(), other.values.begin(), other.values.end());
  lines.insert(lines.end(), other.lines.begin(), other.lines.end());
}

const std::string *Table::text(size_t row, size_t column) const {
  auto bits = std::bit_cast<uint64_t>(value(row, column));
  auto number = static_cast<uint32_t>(bits);
  bool isText = (bits & ~uint64_t(0xffffffff)) == kTextBits && number > 0;
  return isText ? &texts_[number - 1] : nullptr;
}

const std::string &Table::cell(size_t row, size_t column) const {
  return texts_[cells_[row * width + column] - 1];
}

bool Table::isNamed(size_t column) const {
  return column < names.size() && !names[column].empty();
}

std::string Table::columnName(size_t column) const {
  return isNamed(column) ? names[column] : std::to_string(column);
}

std::string Table::describeColumn(size_t column) const {
  return isNamed(column) ? fmt::format("'{}'", printable(names[column])) : std::to_string(column);
}

} // namespace lamina::trainer
