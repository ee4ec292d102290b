#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "support/error.h"
#include "trainer/data/data_file.h"
#include "trainer/data/record_reader.h"

namespace lamina::trainer {

namespace {

constexpr size_t kSampledRecords = 100;

using Rows = std::vector<std::vector<std::string>>;

bool equalsIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) == y;
  });
}

/// The first records, split at `delimiter`; nothing when quotes do not fit that delimiter.
Rows sampleRows(const std::string &path, std::string_view text, char delimiter) {
  RecordReader reader(path, text, {.delimiter = delimiter});
  RecordReader::Record record;
  Rows rows;
  try {
    while (rows.size() < kSampledRecords && reader.next(record))
      rows.emplace_back(record.fields.begin(), record.fields.end());
  } catch (const UserError &) {
    return {};
  }
  return rows;
}

/// The number of fields that all rows have (the first, which may be a header of another kind,
/// aside); 0 when they differ.
size_t commonWidth(const Rows &rows) {
  if (rows.empty())
    return 0;
  size_t width = rows.back().size();
  bool same = std::all_of(rows.begin() + (rows.size() > 2), rows.end(),
                          [&](const auto &row) { return row.size() == width; });
  return same ? width : 0;
}

/// Whether some field consists of several numbers with blanks between, as in Auto-MPG, where runs
/// of spaces separate the values and a tab the name.
bool hasNumbersWithinFields(const Rows &rows) {
  for (const auto &row : rows)
    for (const std::string &field : row) {
      size_t blank = field.find(' ');
      if (blank != std::string::npos && parseNumber(field.substr(0, blank)) &&
          parseNumber(field.substr(field.rfind(' ') + 1)))
        return true;
    }
  return false;
}

/// A semicolon wins over a comma because decimal commas occur in such files, a tab over blanks
/// because texts hold blanks. When nothing splits all rows alike, the comma lets the error about
/// widths name the row.
char detectDelimiter(const std::string &path, std::string_view text) {
  for (char candidate : {';', ',', '\t', ' '}) {
    Rows rows = sampleRows(path, text, candidate);
    if (commonWidth(rows) < 2)
      continue;
    if (candidate == '\t' && hasNumbersWithinFields(rows))
      continue;
    return candidate;
  }
  size_t comma = sampleRows(path, text, ',').size() ? text.find(',') : std::string_view::npos;
  if (comma == std::string_view::npos && text.find('\t') != std::string_view::npos)
    return '\t';
  return comma == std::string_view::npos && text.find(';') != std::string_view::npos ? ';' : ',';
}

bool isText(const std::string &cell) {
  return !isMissing(cell) && !parseNumber(cell);
}

/// pandas writes the columns of an unnamed frame as 0, 1, 2, …
bool countsUp(const std::vector<std::string> &row) {
  for (size_t i = 0; i < row.size(); ++i)
    if (row[i] != std::to_string(i))
      return false;
  return row.size() >= 3;
}

/// The first row is a header if it has text above a column of numbers, or text and another width
/// than all the rest (scikit-learn's own files begin with counts and class names).
bool detectHeader(const Rows &rows) {
  if (rows.size() < 2)
    return !rows.empty() && std::all_of(rows[0].begin(), rows[0].end(), isText);
  const auto &first = rows[0];
  if (countsUp(first))
    return true;
  if (first.size() != rows[1].size())
    return commonWidth(rows) != 0 && std::any_of(first.begin(), first.end(), isText);
  for (size_t column = 0; column < first.size(); ++column) {
    bool numbersBelow = false, textBelow = false;
    for (size_t row = 1; row < rows.size(); ++row) {
      std::string cell = column < rows[row].size() ? rows[row][column] : "";
      numbersBelow |= parseNumber(cell).has_value();
      textBelow |= isText(cell);
    }
    if (numbersBelow && !textBelow && isText(first[column]))
      return true;
  }
  return false;
}

std::string_view withoutByteOrderMark(std::string_view text) {
  return text.starts_with("\xef\xbb\xbf") ? text.substr(3) : text;
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

void Table::append(const std::vector<std::string_view> &fields, size_t line) {
  for (std::string_view field : fields) {
    auto number = parseNumber(field);
    if (!number && !isMissing(field))
      texts.emplace(values.size(), field);
    values.push_back(number.value_or(std::numeric_limits<double>::quiet_NaN()));
  }
  lines.push_back(line);
}

const std::string *Table::text(size_t row, size_t column) const {
  auto found = texts.find(row * width + column);
  return found == texts.end() ? nullptr : &found->second;
}

std::string Table::describeColumn(size_t column) const {
  if (column < names.size() && !names[column].empty())
    return fmt::format("'{}'", printable(names[column]));
  return std::to_string(column);
}

Table parseDelimitedText(const std::string &path, std::string_view text,
                         const TextOptions &options) {
  text = withoutByteOrderMark(text);
  char delimiter = options.delimiter ? *options.delimiter : detectDelimiter(path, text);
  Rows sample = sampleRows(path, text, delimiter);
  bool header = options.header ? *options.header : detectHeader(sample);

  Table table;
  table.path = path;
  RecordReader reader(path, text, {.delimiter = delimiter});
  RecordReader::Record record;
  std::vector<std::string> names;
  if (header && reader.next(record))
    names.assign(record.fields.begin(), record.fields.end());
  while (reader.next(record)) {
    if (table.lines.empty())
      table.width = record.fields.size();
    if (record.fields.size() != table.width)
      fail("{}: line {}: {} values, but the rows before have {}", path, record.line,
           record.fields.size(), table.width);
    table.append(record.fields, record.line);
  }
  if (table.lines.empty())
    fail("{}: there are no rows of data in it", path);
  // A count of the rows is nobody's name.
  if (names.size() == table.width && names[0] != std::to_string(table.rows()))
    table.names = std::move(names);
  return table;
}

} // namespace lamina::trainer
