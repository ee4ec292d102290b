#include <algorithm>
#include <cctype>

#include "support/error.h"
#include "trainer/data/data_file.h"
#include "trainer/data/record_reader.h"

namespace lamina::trainer {

namespace {

std::string lowerCase(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

std::string_view trim(std::string_view text) {
  size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos)
    return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

/// Takes a name off the front of `text`: a quoted one, or up to the next blank or brace.
std::string takeName(std::string_view &text) {
  text = trim(text);
  std::string name;
  if (!text.empty() && (text[0] == '\'' || text[0] == '"')) {
    size_t at = 1;
    for (; at < text.size() && text[at] != text[0]; ++at) {
      at += text[at] == '\\' && at + 1 < text.size();
      name += text[at];
    }
    text.remove_prefix(std::min(at + 1, text.size()));
  } else {
    size_t end = std::min(text.find_first_of(" \t{"), text.size());
    name = text.substr(0, end);
    text.remove_prefix(end);
  }
  return name;
}

/// The values of "{a, 'b c', d}".
std::vector<std::string> nominalValues(const std::string &path, size_t line,
                                       std::string_view type) {
  size_t close = type.rfind('}');
  if (close == std::string_view::npos)
    fail("{}: line {}: the list of values is never closed", path, line);
  RecordReader reader(path, type.substr(1, close - 1), {.delimiter = ',', .singleQuotes = true},
                      line);
  RecordReader::Record record;
  reader.next(record);
  return {record.fields.begin(), record.fields.end()};
}

/// "@attribute NAME TYPE" without its first word.
void addAttribute(Table &table, size_t line, std::string_view rest) {
  std::string name = takeName(rest);
  std::string_view type = trim(rest);
  if (name.empty() || type.empty())
    fail("{}: line {}: an @attribute line wants a name and a type", table.path, line);
  table.names.push_back(name);
  auto &declared = table.declared.emplace_back();
  if (type[0] == '{')
    declared = nominalValues(table.path, line, type);
}

/// Reads the header up to and including "@data"; gives the text and the line after it.
std::pair<std::string_view, size_t> readHeader(Table &table, std::string_view text) {
  for (size_t line = 1; !text.empty(); ++line) {
    size_t end = std::min(text.find('\n'), text.size());
    std::string_view content = trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (content.empty() || content[0] == '%')
      continue;
    size_t wordEnd = std::min(content.find_first_of(" \t"), content.size());
    std::string word = lowerCase(content.substr(0, wordEnd));
    if (word == "@data")
      return {text, line + 1};
    if (word == "@attribute")
      addAttribute(table, line, content.substr(wordEnd));
    else if (word != "@relation")
      fail("{}: line {}: expected @relation, @attribute or @data", table.path, line);
  }
  fail("{}: this ARFF file has no @data line", table.path);
}

} // namespace

bool looksLikeArff(std::string_view text) {
  while (!text.empty()) {
    size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = trim(text.substr(0, end));
    if (!line.empty() && line[0] != '%')
      return lowerCase(line.substr(0, 9)) == "@relation";
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return false;
}

Table parseArff(const std::string &path, std::string_view text, const TextOptions &options) {
  Table table;
  table.keepsCells = options.keepsCells;
  table.path = path;
  auto [data, firstLine] = readHeader(table, text);
  table.width = table.names.size();
  RecordReader reader(path, data, {.delimiter = ',', .singleQuotes = true}, firstLine);
  RecordReader::Record record;
  while (reader.next(record)) {
    if (record.fields[0].starts_with('{'))
      fail("{}: line {}: sparse ARFF rows are not supported; write the rows in full", path,
           record.line);
    if (record.fields.size() != table.width)
      fail("{}: line {}: {} values, but the file declares {} attributes", path, record.line,
           record.fields.size(), table.width);
    table.append(record.fields, record.line);
  }
  if (table.lines.empty())
    fail("{}: there are no rows of data in it", path);
  return table;
}

} // namespace lamina::trainer
