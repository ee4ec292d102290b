#include "frontend/files/json.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "frontend/files/utf8.h"
#include "support/error.h"

namespace lamina::frontend {
namespace {

using nlohmann::json;

/// The position of a member of the outermost object in the text.
struct Span {
  size_t begin = 0;
  size_t end = 0;
};

/// Recursive descent over RFC 8259's grammar; the depth limit bounds the recursion.
class Parser {
public:
  Parser(std::string_view file, std::string_view text, const JsonLimits &limits)
      : file(file), text(text), limits(limits) {}

  /// Looks for a member of the outermost object while parsing.
  void watch(std::string_view key) { watchedKey = key; }
  const std::optional<Span> &watchedSpan() const { return watched; }
  /// Just behind the last member of the outermost object.
  size_t lastMemberEnd() const { return membersEnd; }

  json parseDocument();

private:
  [[noreturn]] void refuse(size_t position, std::string_view reason) const {
    fail("{}: not valid JSON at byte {}: {}", printable(file, 4096), position, reason);
  }
  char peek() const { return at < text.size() ? text[at] : '\0'; }
  bool atEnd() const { return at >= text.size(); }
  void skipSpace();
  void expect(char wanted, std::string_view after);
  bool takeLiteral(std::string_view literal);

  json parseValue(unsigned depth);
  json parseObject(unsigned depth);
  json parseArray(unsigned depth);
  void takeDigits();
  bool skipNumber();
  json parseNumber();
  std::string parseString();
  void parseEscape(std::string &result);
  unsigned parseHex4();

  std::string_view file;
  std::string_view text;
  const JsonLimits &limits;
  size_t at = 0;
  size_t values = 0;
  std::string_view watchedKey;
  std::optional<Span> watched;
  size_t membersEnd = 0;
};

json Parser::parseDocument() {
  if (text.size() > limits.bytes)
    refuse(limits.bytes, fmt::format("the text is longer than {} bytes", limits.bytes));
  if (text.starts_with("\xef\xbb\xbf"))
    refuse(0, "it starts with a byte order mark; save it as plain UTF-8");
  if (size_t bad = findInvalidUtf8(text); bad != std::string_view::npos)
    refuse(bad, "the text is not UTF-8");
  json result = parseValue(0);
  skipSpace();
  if (!atEnd())
    refuse(at, "more text follows the value");
  return result;
}

void Parser::skipSpace() {
  while (!atEnd() && (text[at] == ' ' || text[at] == '\t' || text[at] == '\n' || text[at] == '\r'))
    ++at;
}

void Parser::expect(char wanted, std::string_view after) {
  skipSpace();
  if (atEnd())
    refuse(at, "the text ends too early");
  if (text[at] != wanted)
    refuse(at, fmt::format("expected '{}' {}", wanted, after));
  ++at;
}

bool Parser::takeLiteral(std::string_view literal) {
  if (text.substr(at, literal.size()) != literal)
    return false;
  at += literal.size();
  return true;
}

json Parser::parseValue(unsigned depth) {
  skipSpace();
  if (atEnd())
    refuse(at, "the text ends too early");
  if (++values > limits.values)
    refuse(at, fmt::format("more than {} values", limits.values));
  if (depth > limits.depth)
    refuse(at, fmt::format("nested deeper than {} levels", limits.depth));
  constexpr double infinity = std::numeric_limits<double>::infinity();
  char first = peek();
  if (first == '{')
    return parseObject(depth);
  if (first == '[')
    return parseArray(depth);
  if (first == '"')
    return parseString();
  if (takeLiteral("true"))
    return true;
  if (takeLiteral("false"))
    return false;
  if (takeLiteral("null"))
    return nullptr;
  if (takeLiteral("NaN"))
    return std::numeric_limits<double>::quiet_NaN();
  if (takeLiteral("Infinity"))
    return infinity;
  if (takeLiteral("-Infinity"))
    return -infinity;
  if (first == '-' || (first >= '0' && first <= '9'))
    return parseNumber();
  refuse(at, "expected a value");
}

json Parser::parseObject(unsigned depth) {
  json result = json::object();
  ++at;
  skipSpace();
  if (depth == 0)
    membersEnd = at;
  if (peek() == '}') {
    ++at;
    return result;
  }
  while (true) {
    skipSpace();
    size_t keyPosition = at;
    if (peek() != '"')
      refuse(at, atEnd() ? "the text ends too early" : "expected a key in quotes");
    std::string key = parseString();
    if (result.contains(key))
      refuse(keyPosition, fmt::format("the key '{}' occurs twice", printable(key)));
    expect(':', "after a key");
    skipSpace();
    size_t begin = at;
    bool isWatched = depth == 0 && key == watchedKey;
    result.emplace(std::move(key), parseValue(depth + 1));
    if (isWatched)
      watched = Span{begin, at};
    if (depth == 0)
      membersEnd = at;
    skipSpace();
    if (peek() == ',') {
      ++at;
      continue;
    }
    expect('}', "or ',' after a member");
    return result;
  }
}

json Parser::parseArray(unsigned depth) {
  json result = json::array();
  ++at;
  skipSpace();
  if (peek() == ']') {
    ++at;
    return result;
  }
  while (true) {
    result.push_back(parseValue(depth + 1));
    skipSpace();
    if (peek() == ',') {
      ++at;
      continue;
    }
    expect(']', "or ',' after an element");
    return result;
  }
}

void Parser::takeDigits() {
  auto isDigit = [&] { return peek() >= '0' && peek() <= '9'; };
  if (!isDigit())
    refuse(at, "expected a digit");
  while (isDigit())
    ++at;
}

/// Moves past a number; true when it has neither a fraction nor an exponent.
bool Parser::skipNumber() {
  if (peek() == '-')
    ++at;
  size_t digits = at;
  bool leadingZero = peek() == '0';
  takeDigits();
  if (leadingZero && at - digits > 1)
    refuse(digits, "a number starts with a superfluous 0");
  bool integral = true;
  if (peek() == '.') {
    integral = false;
    ++at;
    takeDigits();
  }
  if (peek() == 'e' || peek() == 'E') {
    integral = false;
    ++at;
    if (peek() == '+' || peek() == '-')
      ++at;
    takeDigits();
  }
  return integral;
}

json Parser::parseNumber() {
  size_t begin = at;
  bool integral = skipNumber();
  const char *first = text.data() + begin;
  const char *last = text.data() + at;
  if (integral) {
    int64_t value = 0;
    if (std::from_chars(first, last, value).ec != std::errc())
      refuse(begin, "an integer does not fit 64 bits");
    return value;
  }
  double value = 0;
  if (std::from_chars(first, last, value).ec != std::errc())
    refuse(begin, "a number is outside the range of double precision");
  return value;
}

std::string Parser::parseString() {
  size_t begin = at++;
  std::string result;
  while (true) {
    size_t run = at;
    while (!atEnd() && text[at] != '"' && text[at] != '\\' &&
           static_cast<unsigned char>(text[at]) >= 0x20)
      ++at;
    result.append(text.substr(run, at - run));
    if (atEnd())
      refuse(begin, "a string is not closed");
    if (text[at] == '"') {
      ++at;
      return result;
    }
    if (text[at] != '\\')
      refuse(at, "a control character inside a string");
    parseEscape(result);
  }
}

void Parser::parseEscape(std::string &result) {
  size_t begin = at++;
  static constexpr std::string_view letters = "\"\\/bfnrt";
  static constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
  if (size_t which = letters.find(peek()); !atEnd() && which != letters.npos) {
    result += meanings[which];
    ++at;
    return;
  }
  if (!takeLiteral("u"))
    refuse(begin, "an unknown escape");
  char32_t unit = parseHex4();
  if (unit >= 0xdc00 && unit <= 0xdfff)
    refuse(begin, "an unpaired surrogate");
  if (unit >= 0xd800 && unit <= 0xdbff) {
    if (!takeLiteral("\\u"))
      refuse(begin, "an unpaired surrogate");
    char32_t low = parseHex4();
    if (low < 0xdc00 || low > 0xdfff)
      refuse(begin, "an unpaired surrogate");
    unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
  }
  appendUtf8(result, unit);
}

unsigned Parser::parseHex4() {
  unsigned value = 0;
  const char *first = text.data() + at;
  const char *last = first + std::min<size_t>(4, text.size() - at);
  auto [end, error] = std::from_chars(first, last, value, 16);
  if (error != std::errc() || end != first + 4)
    refuse(at, "\\u needs four hexadecimal digits");
  at += 4;
  return value;
}

void append(std::string &out, const json &value);

template <typename Items, typename Emit>
void appendItems(std::string &out, char open, char close, const Items &items, Emit emit) {
  out += open;
  bool first = true;
  for (const auto &item : items) {
    if (!first)
      out += ", ";
    first = false;
    emit(item);
  }
  out += close;
}

void append(std::string &out, const json &value) {
  constexpr bool asciiOnly = true;
  if (value.is_object()) {
    appendItems(out, '{', '}', value.items(), [&](const auto &member) {
      out += json(member.key()).dump(-1, ' ', asciiOnly) + ": ";
      append(out, member.value());
    });
  } else if (value.is_array()) {
    appendItems(out, '[', ']', value, [&](const json &element) { append(out, element); });
  } else if (value.is_number_float() && !std::isfinite(value.get<double>())) {
    double number = value.get<double>();
    out += std::isnan(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity";
  } else {
    out += value.dump(-1, ' ', asciiOnly);
  }
}

} // namespace

json parseJson(std::string_view file, std::string_view text, const JsonLimits &limits) {
  return Parser(file, text, limits).parseDocument();
}

std::string dumpJson(const json &value) {
  std::string result;
  append(result, value);
  return result;
}

std::string setJsonMember(std::string_view file, std::string_view text, std::string_view key,
                          const json &value) {
  JsonLimits limits;
  Parser parser(file, text, limits);
  parser.watch(key);
  json document = parser.parseDocument();
  if (!document.is_object())
    fail("{}: not a JSON object", printable(file, 4096));
  std::string result(text);
  if (const std::optional<Span> &span = parser.watchedSpan())
    return result.replace(span->begin, span->end - span->begin, dumpJson(value));
  std::string member = dumpJson(json(std::string(key))) + ": " + dumpJson(value);
  return result.insert(parser.lastMemberEnd(), (document.empty() ? "" : ", ") + member);
}

} // namespace lamina::frontend
