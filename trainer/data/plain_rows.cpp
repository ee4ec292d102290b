#include "trainer/data/plain_rows.h"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cmath>
#include <cstring>

#include "runtime/lamina_runtime.h"
#include "support/threads.h"

namespace lamina::trainer {

namespace {

/// Less text than this is not worth another thread.
constexpr size_t kLeastPart = size_t(1) << 20;

/// Reads a part of the text that begins and ends with whole lines.
class PlainReader {
public:
  PlainReader(std::string_view text, char delimiter, bool decimalComma)
      : position_(text.data()), end_(text.data() + text.size()), delimiter_(delimiter),
        decimalComma_(decimalComma) {}

  void read() {
    isPlain = true;
    while (isPlain && skipToRow())
      isPlain = readRow();
  }

  Table table;      ///< its lines count from 0
  size_t lines = 0; ///< those of the part
  bool isPlain = false;

private:
  bool isBlank(char c) const { return c == ' ' || (c == '\t' && delimiter_ != '\t'); }
  bool isDelimiter(char c) const { return c == delimiter_ || (c == '\t' && delimiter_ == ' '); }
  bool isLineEnd() const { return position_ == end_ || *position_ == '\n' || *position_ == '\r'; }
  void skipBlanks() {
    while (position_ != end_ && isBlank(*position_))
      ++position_;
  }
  /// The next line end, or the end of the text.
  const char *findLineEnd() const {
    const void *found = std::memchr(position_, '\n', static_cast<size_t>(end_ - position_));
    return found ? static_cast<const char *>(found) : end_;
  }
  void nextLine() {
    position_ = findLineEnd();
    position_ += position_ != end_;
    ++lines;
  }

  /// Passes over empty lines and comments; false at the end.
  bool skipToRow() {
    for (; position_ != end_; nextLine()) {
      const char *first = position_;
      while (first != end_ && (*first == ' ' || *first == '\t'))
        ++first;
      bool isEmpty = first == end_ || *first == '\n' || *first == '\r';
      if (!isEmpty && *first != '%' && *first != '#' && *first != '|')
        return true;
    }
    return false;
  }

  bool readRow() {
    if (table.lines.empty())
      reserve();
    size_t width = 0;
    for (bool more = true; more; ++width) {
      skipBlanks();
      if (position_ != end_ && *position_ == '"')
        return false;
      readField();
      more = !isLineEnd();
      if (more && delimiter_ != ' ')
        ++position_;
    }
    if (table.lines.empty())
      table.width = width;
    table.lines.push_back(lines);
    nextLine();
    return width == table.width;
  }

  /// A field and the blanks behind it.
  void readField() {
    const char *begin = position_;
    double value = 0;
    auto [rest, error] = std::from_chars(begin, end_, value);
    position_ = rest;
    skipBlanks();
    bool hasEnded =
        isLineEnd() || (delimiter_ == ' ' ? position_ != rest : isDelimiter(*position_));
    if (error == std::errc() && hasEnded && !std::isnan(value)) {
      table.values.push_back(value);
      return;
    }
    position_ = begin;
    while (!isLineEnd() && !isDelimiter(*position_))
      ++position_;
    const char *last = position_;
    while (last != begin && (last[-1] == ' ' || last[-1] == '\t'))
      --last;
    table.appendCell({begin, static_cast<size_t>(last - begin)}, decimalComma_);
    skipBlanks();
  }

  /// Room for rows of about the length of the first one.
  void reserve() {
    auto length = static_cast<size_t>(findLineEnd() - position_);
    size_t rows = static_cast<size_t>(end_ - position_) / std::max<size_t>(length, 1) + 1;
    size_t width = static_cast<size_t>(std::count(position_, position_ + length, delimiter_)) + 1;
    table.values.reserve(std::min(rows * width, static_cast<size_t>(end_ - position_)));
    table.lines.reserve(rows);
  }

  const char *position_, *end_;
  char delimiter_;
  bool decimalComma_;
};

/// The text in `count` parts of whole lines and about one size.
std::vector<std::string_view> splitLines(std::string_view text, size_t count) {
  std::vector<std::string_view> parts;
  size_t begin = 0;
  for (size_t i = 1; i <= count && begin < text.size(); ++i) {
    size_t end = i == count ? text.size() : std::max(begin, text.size() / count * i);
    size_t lineEnd = i == count ? std::string_view::npos : text.find('\n', end);
    end = lineEnd == std::string_view::npos ? text.size() : lineEnd + 1;
    parts.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  return parts;
}

/// Reads all parts, as many at once as there can be threads.
void readAll(std::vector<PlainReader> &readers) {
  std::atomic<size_t> next = 0;
  runTeam(static_cast<uint32_t>(readers.size()), [&](uint32_t) {
    for (size_t i; (i = next.fetch_add(1)) < readers.size();)
      readers[i].read();
  });
}

} // namespace

bool readPlainRows(std::string_view text, char delimiter, bool decimalComma, size_t line,
                   Table &table) {
  // A carriage return that ends a line by itself, or stands somewhere within.
  for (size_t at = text.find('\r'); at != std::string_view::npos; at = text.find('\r', at + 1))
    if (at + 1 == text.size() || text[at + 1] != '\n')
      return false;
  size_t most = std::max<size_t>(text.size() / kLeastPart, 1);
  std::vector<PlainReader> readers;
  for (std::string_view part : splitLines(text, std::min<size_t>(lamina_available_cpus(), most)))
    readers.emplace_back(part, delimiter, decimalComma);
  if (readers.empty())
    return true;
  readAll(readers);
  for (PlainReader &reader : readers) {
    bool hasRows = !reader.table.lines.empty();
    if (!reader.isPlain || (hasRows && table.rows() && reader.table.width != table.width))
      return false;
    table.append(std::move(reader.table), line);
    line += reader.lines;
  }
  return true;
}

} // namespace lamina::trainer
