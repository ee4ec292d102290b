// The sparse format of libsvm and svmlight.
#include <algorithm>
#include <charconv>
#include <optional>

#include "support/error.h"
#include "trainer/data/formats/formats.h"

namespace lamina::trainer {

namespace {

/// Dense, rows would take 8 MB each beyond this.
constexpr int64_t kMostColumns = 1'000'000;

struct SparseRow {
  double label = 0;
  std::vector<std::pair<int64_t, double>> values; ///< by index
  size_t line = 0;
};

/// The next word of a line; empty at its end.
std::string_view nextWord(std::string_view &line) {
  size_t begin = std::min(line.find_first_not_of(" \t\r"), line.size());
  size_t end = std::min(line.find_first_of(" \t\r", begin), line.size());
  std::string_view word = line.substr(begin, end - begin);
  line.remove_prefix(end);
  return word;
}

std::optional<std::pair<int64_t, double>> parsePair(std::string_view word) {
  size_t colon = word.find(':');
  int64_t index = 0;
  if (colon == std::string_view::npos)
    return std::nullopt;
  auto [end, error] = std::from_chars(word.data(), word.data() + colon, index);
  auto value = parseNumber(word.substr(colon + 1));
  if (error != std::errc() || end != word.data() + colon || index < 0 || !value)
    return std::nullopt;
  return std::pair(index, *value);
}

/// Calls `read(line, number)` for every line, without comments.
template <typename Read> void forEachLine(std::string_view text, Read read) {
  size_t number = 1;
  for (size_t begin = 0; begin < text.size(); ++number) {
    size_t end = std::min(text.find('\n', begin), text.size());
    std::string_view line = text.substr(begin, end - begin);
    line = line.substr(0, line.find('#'));
    if (line.find_first_not_of(" \t\r") != std::string_view::npos)
      read(line, number);
    begin = end + 1;
  }
}

SparseRow parseRow(const std::string &path, std::string_view line, size_t number) {
  SparseRow row;
  row.line = number;
  std::string_view word = nextWord(line);
  auto label = parseNumber(word);
  if (!label)
    fail("{}: line {}: the label '{}' is no number", path, number, printable(word));
  row.label = *label;
  int64_t before = -1;
  while (!(word = nextWord(line)).empty()) {
    if (word.starts_with("qid:"))
      continue;
    auto pair = parsePair(word);
    if (!pair)
      fail("{}: line {}: '{}' is not INDEX:VALUE", path, number, printable(word));
    if (pair->first <= before)
      fail("{}: line {}: index {} does not follow {}; indices must ascend", path, number,
           pair->first, before);
    if (pair->first > kMostColumns)
      fail("{}: line {}: index {} is beyond {} columns", path, number, pair->first, kMostColumns);
    before = pair->first;
    row.values.push_back(*pair);
  }
  return row;
}

} // namespace

bool looksLikeLibsvm(std::string_view text) {
  bool isFirst = true, looksSo = false;
  forEachLine(text.substr(0, size_t(1) << 16), [&](std::string_view line, size_t) {
    if (!isFirst)
      return;
    isFirst = false;
    std::string_view label = nextWord(line), word = nextWord(line);
    if (word.starts_with("qid:"))
      word = nextWord(line);
    looksSo = parseNumber(label) && parsePair(word);
  });
  return looksSo;
}

Table parseLibsvm(const std::string &path, std::string_view text) {
  std::vector<SparseRow> rows;
  int64_t least = 1, most = 0;
  forEachLine(text, [&](std::string_view line, size_t number) {
    rows.push_back(parseRow(path, line, number));
    if (!rows.back().values.empty()) {
      least = std::min(least, rows.back().values.front().first);
      most = std::max(most, rows.back().values.back().first);
    }
  });
  Table table;
  table.path = path;
  table.width = static_cast<size_t>(most - least + 2);
  if (table.width * rows.size() > kMostUnpackedBytes / sizeof(double))
    fail("{}: {} rows of {} columns are too large where zeros are kept too", path, rows.size(),
         table.width);
  for (int64_t index = least; index <= most; ++index)
    table.names.push_back(fmt::format("x{}", index));
  table.names.emplace_back("label");
  table.values.assign(table.width * rows.size(), 0);
  for (size_t r = 0; r < rows.size(); ++r) {
    double *cells = &table.values[r * table.width];
    for (const auto &[index, value] : rows[r].values)
      cells[index - least] = value;
    cells[table.width - 1] = rows[r].label;
    table.lines.push_back(rows[r].line);
  }
  return table;
}

} // namespace lamina::trainer
