#include "frontend/files/arrays/npy_header.h"

#include <charconv>
#include <optional>

#include "support/error.h"

namespace lamina::frontend {
namespace {

/// NumPy's letters for the kinds, in the order of ElementFormat::Kind.
constexpr std::string_view kindLetters = "fiub";

class HeaderParser {
public:
  HeaderParser(std::string_view file, std::string_view text) : file(file), rest(text) {}
  NpyHeader parse();

private:
  [[noreturn]] void malformed() const {
    fail("{}: is damaged: its NumPy header is malformed; save the array again", file);
  }
  void skipSpace() {
    while (!rest.empty() && (rest.front() == ' ' || rest.front() == '\n'))
      rest.remove_prefix(1);
  }
  bool take(std::string_view token) {
    skipSpace();
    if (!rest.starts_with(token))
      return false;
    rest.remove_prefix(token.size());
    return true;
  }
  void expect(std::string_view token) {
    if (!take(token))
      malformed();
  }
  std::string_view takeString();
  bool takeBool();
  std::vector<int64_t> takeShape();
  void takeFormat(NpyHeader &header);

  std::string_view file;
  std::string_view rest;
};

NpyHeader HeaderParser::parse() {
  NpyHeader header;
  std::optional<bool> fortranOrder;
  std::optional<std::vector<int64_t>> shape;
  expect("{");
  while (!take("}")) {
    std::string_view key = takeString();
    expect(":");
    if (key == "descr" && header.description.empty())
      takeFormat(header);
    else if (key == "fortran_order" && !fortranOrder)
      fortranOrder = takeBool();
    else if (key == "shape" && !shape)
      shape = takeShape();
    else
      malformed();
    if (!take(",")) {
      expect("}");
      break;
    }
  }
  skipSpace();
  if (!rest.empty() || header.description.empty() || !fortranOrder || !shape)
    malformed();
  header.fortranOrder = *fortranOrder;
  header.shape = std::move(*shape);
  return header;
}

std::string_view HeaderParser::takeString() {
  skipSpace();
  if (rest.empty() || (rest.front() != '\'' && rest.front() != '"'))
    malformed();
  size_t end = rest.find(rest.front(), 1);
  if (end == rest.npos)
    malformed();
  std::string_view text = rest.substr(1, end - 1);
  rest.remove_prefix(end + 1);
  return text;
}

bool HeaderParser::takeBool() {
  if (take("True"))
    return true;
  expect("False");
  return false;
}

std::vector<int64_t> HeaderParser::takeShape() {
  std::vector<int64_t> shape;
  expect("(");
  while (!take(")")) {
    skipSpace();
    int64_t extent = 0;
    auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), extent);
    if (error != std::errc() || extent < 0)
      malformed();
    rest.remove_prefix(static_cast<size_t>(end - rest.data()));
    take("L"); // Python 2 wrote long integers so
    shape.push_back(extent);
    if (!take(",")) {
      expect(")");
      break;
    }
  }
  constexpr size_t maxRank = 64; // NPY_MAXDIMS
  if (shape.size() > maxRank)
    malformed();
  return shape;
}

/// A type string of NumPy's array interface: byte order, kind, width.
std::optional<ElementFormat> formatFromDescription(std::string_view text) {
  constexpr std::string_view orders = "<>|=";
  if (text.size() != 3 || orders.find(text[0]) == orders.npos)
    return std::nullopt;
  size_t kind = kindLetters.find(text[1]);
  if (kind == kindLetters.npos)
    return std::nullopt;
  ElementFormat format{static_cast<ElementFormat::Kind>(kind), static_cast<uint8_t>(text[2] - '0'),
                       text[0] == '>'};
  return format.isValid() ? std::optional(format) : std::nullopt;
}

/// The same of texts: "<U12", "|S5".
std::optional<TextFormat> textFormatFromDescription(std::string_view text) {
  constexpr std::string_view orders = "<>|=";
  if (text.size() < 3 || orders.find(text[0]) == orders.npos || (text[1] != 'U' && text[1] != 'S'))
    return std::nullopt;
  TextFormat format{text[1] == 'U', 0, text[0] == '>'};
  auto [end, error] = std::from_chars(text.data() + 2, text.data() + text.size(), format.length);
  constexpr size_t most = INT32_MAX;
  bool fits = error == std::errc() && end == text.data() + text.size() && format.length <= most;
  return fits ? std::optional(format) : std::nullopt;
}

void HeaderParser::takeFormat(NpyHeader &header) {
  skipSpace();
  if (rest.starts_with("["))
    fail("{}: is an array of records; save its columns as one plain array", file);
  std::string_view text = takeString();
  if (text.starts_with("|O"))
    fail("{}: holds pickled Python objects, which are never loaded; "
         "convert the array to numbers, or texts with astype(str), and save it again",
         file);
  header.description = text;
  header.text = textFormatFromDescription(text);
  std::optional<ElementFormat> format = formatFromDescription(text);
  if (!format && !header.text)
    fail("{}: has elements of type '{}', which is not supported; convert them to float32", file,
         printable(text));
  header.format = format.value_or(ElementFormat());
}

} // namespace

NpyHeader parseNpyHeader(std::string_view file, std::string_view text) {
  return HeaderParser(file, text).parse();
}

std::string formatNpyHeader(ElementType type, const std::vector<int64_t> &shape) {
  ElementFormat format = formatOf(type);
  char order = format.width == 1 ? '|' : '<';
  char kind = kindLetters[static_cast<size_t>(format.kind)];
  return fmt::format("{{'descr': '{}{}{}', 'fortran_order': False, 'shape': {}, }}", order, kind,
                     format.width, describeShape(shape));
}

} // namespace lamina::frontend
