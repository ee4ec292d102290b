#include <algorithm>

#include "support/error.h"
#include "trainer/data/data_file.h"
#include "trainer/data/plain_rows.h"
#include "trainer/data/record_reader.h"

namespace lamina::trainer {

namespace {

constexpr size_t kSampledRecords = 100;

using Rows = std::vector<std::vector<std::string>>;

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

bool hasTabsWithinFields(const Rows &rows) {
  for (const auto &row : rows)
    for (const std::string &field : row)
      if (field.find('\t') != std::string::npos)
        return true;
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
    if (candidate == ',' && hasTabsWithinFields(rows)) // decimal commas
      continue;
    return candidate;
  }
  size_t comma = sampleRows(path, text, ',').size() ? text.find(',') : std::string_view::npos;
  if (comma == std::string_view::npos && text.find('\t') != std::string_view::npos)
    return '\t';
  return comma == std::string_view::npos && text.find(';') != std::string_view::npos ? ';' : ',';
}

/// Dates become numbers.
bool isNumber(const std::string &cell) {
  return parseNumber(cell) || parseDate(cell);
}

bool isText(const std::string &cell) {
  return !isMissing(cell) && !isNumber(cell);
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
      numbersBelow |= isNumber(cell);
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

/// Whether numbers are written as "1,5": there are such, and none with a point. Then the sample
/// gets points.
bool replaceDecimalCommas(Rows &rows) {
  Rows replaced = rows;
  bool hasCommas = false;
  for (auto &row : replaced)
    for (std::string &cell : row) {
      if (cell.find('.') != std::string::npos && parseNumber(cell))
        return false;
      if (parseNumber(cell) || !parseDecimalComma(cell))
        continue;
      hasCommas = true;
      cell[cell.find(',')] = '.';
    }
  if (hasCommas)
    rows = std::move(replaced);
  return hasCommas;
}

/// Rows that may be quoted.
Table readRecords(const std::string &path, RecordReader &reader, bool decimalComma,
                  bool keepsCells) {
  Table table;
  table.keepsCells = keepsCells;
  RecordReader::Record record;
  while (reader.next(record)) {
    if (table.lines.empty())
      table.width = record.fields.size();
    if (record.fields.size() != table.width)
      fail("{}: line {}: {} values, but the rows before have {}", path, record.line,
           record.fields.size(), table.width);
    table.append(record.fields, record.line, decimalComma);
  }
  return table;
}

} // namespace

Table parseDelimitedText(const std::string &path, std::string_view text,
                         const TextOptions &options) {
  text = withoutByteOrderMark(text);
  char delimiter = options.delimiter ? *options.delimiter : detectDelimiter(path, text);
  Rows sample = sampleRows(path, text, delimiter);
  bool decimalComma = delimiter != ',' && replaceDecimalCommas(sample);
  bool header = options.header ? *options.header : detectHeader(sample);

  Table table;
  table.path = path;
  RecordReader reader(path, text, {.delimiter = delimiter});
  RecordReader::Record record;
  std::vector<std::string> names;
  if (header && reader.next(record))
    names.assign(record.fields.begin(), record.fields.end());
  bool isRead = !options.keepsCells && readPlainRows(text.substr(reader.position()), delimiter,
                                                     decimalComma, reader.line(), table);
  if (!isRead)
    table = readRecords(path, reader, decimalComma, options.keepsCells);
  table.path = path;
  if (table.lines.empty())
    fail("{}: there are no rows of data in it", path);
  // A count of the rows is nobody's name.
  if (names.size() == table.width && names[0] != std::to_string(table.rows()))
    table.names = std::move(names);
  return table;
}

} // namespace lamina::trainer
