// One JSON object a line (jsonlines.org).
#include <limits>
#include <map>

#include <nlohmann/json.hpp>

#include "support/error.h"
#include "trainer/data/formats/formats.h"

namespace lamina::trainer {

namespace {

using nlohmann::ordered_json;

class JsonLines {
public:
  JsonLines(const std::string &path, bool keepsCells) {
    table_.path = path;
    table_.keepsCells = keepsCells;
  }

  void add(std::string_view line, size_t number) {
    ordered_json object = ordered_json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!object.is_object())
      fail("{}: line {}: this is no JSON object; each line must be one, as {{\"size\": 1.5, "
           "\"kind\": \"a\"}}",
           table_.path, number);
    rows_.emplace_back();
    lines_.push_back(number);
    for (const auto &[name, value] : object.items()) {
      auto [column, isNew] = columns_.emplace(name, columns_.size());
      if (isNew)
        table_.names.push_back(name);
      if (value.is_structured())
        fail("{}: line {}: '{}' holds a list or an object; cells are numbers, texts, true, false "
             "or null",
             table_.path, number, printable(name));
      rows_.back().emplace_back(column->second, textOf(value));
    }
  }

  Table take() {
    table_.width = columns_.size();
    if (rows_.empty() || table_.width == 0)
      fail("{}: there are no rows of data in it", table_.path);
    std::vector<std::string_view> cells;
    for (size_t row = 0; row < rows_.size(); ++row) {
      cells.assign(table_.width, "");
      for (const auto &[column, text] : rows_[row])
        cells[column] = text;
      table_.append(cells, lines_[row]);
    }
    return std::move(table_);
  }

private:
  static std::string textOf(const ordered_json &value) {
    if (value.is_null())
      return "";
    return value.is_string() ? value.get<std::string>() : value.dump();
  }

  Table table_;
  std::map<std::string, size_t> columns_;
  std::vector<std::vector<std::pair<size_t, std::string>>> rows_;
  std::vector<size_t> lines_;
};

} // namespace

bool looksLikeJsonLines(std::string_view text) {
  size_t begin = text.find_first_not_of(" \t\r\n");
  return begin != std::string_view::npos && text[begin] == '{';
}

Table parseJsonLines(const std::string &path, std::string_view text, const TextOptions &options) {
  JsonLines lines(path, options.keepsCells);
  size_t number = 1;
  for (size_t begin = 0; begin < text.size(); ++number) {
    size_t end = std::min(text.find('\n', begin), text.size());
    std::string_view line = text.substr(begin, end - begin);
    if (line.find_first_not_of(" \t\r") != std::string_view::npos)
      lines.add(line, number);
    begin = end + 1;
  }
  return lines.take();
}

} // namespace lamina::trainer
