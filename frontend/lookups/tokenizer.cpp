#include <algorithm>

#include "frontend/files/utf8.h"
#include "frontend/lookups/text_vectorization.h"

namespace lamina::frontend {
namespace {

bool isPunctuation(char c) {
  return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') ||
         (c >= '{' && c <= '~');
}

/// Blanks of ASCII: those of other scripts separate nothing.
bool isBlank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

std::vector<std::string> splitAtBlanks(const std::string &text) {
  std::vector<std::string> terms;
  for (auto begin = text.begin(); begin != text.end();) {
    auto end = std::find_if(begin, text.end(), isBlank);
    if (begin != end)
      terms.emplace_back(begin, end);
    begin = end == text.end() ? end : end + 1;
  }
  return terms;
}

/// The bytes of the character that begins here as its first byte says them.
size_t characterBytes(char first) {
  auto byte = static_cast<unsigned char>(first);
  return byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}

/// How many bytes at the start of `text`, which begins with no character, are the longest start of
/// one: they are replaced together (Unicode 15, section 3.9).
size_t damagedBytes(std::string_view text) {
  size_t longest = std::min(characterBytes(text[0]), text.size());
  static constexpr std::string_view ends[] = {"\x80",     "\x80\x80", "\xbf",
                                              "\xbf\xbf", "\x90\x80", "\x80\x80\x80"};
  for (size_t bytes = longest; bytes > 1; --bytes)
    for (std::string_view end : ends)
      if (findInvalidUtf8(std::string(text.substr(0, bytes)).append(end)) == std::string_view::npos)
        return bytes;
  return 1;
}

std::vector<std::string> splitCharacters(std::string_view text) {
  std::vector<std::string> terms;
  while (!text.empty()) {
    size_t bytes = std::min(characterBytes(text[0]), text.size());
    bool isCharacter = findInvalidUtf8(text.substr(0, bytes)) == std::string_view::npos;
    if (!isCharacter)
      bytes = damagedBytes(text);
    terms.emplace_back(isCharacter ? text.substr(0, bytes) : "\xef\xbf\xbd");
    text.remove_prefix(bytes);
  }
  return terms;
}

} // namespace

std::string Tokenizer::standardize(const std::string &text) const {
  std::string result = text;
  if (lowers)
    for (char &c : result)
      c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  if (stripsPunctuation)
    std::erase_if(result, isPunctuation);
  return result;
}

std::vector<std::string> Tokenizer::joinRuns(std::vector<std::string> terms) const {
  if (ngrams.empty())
    return terms;
  std::vector<std::string> runs;
  for (int64_t width : ngrams) {
    auto count = static_cast<size_t>(width);
    for (size_t begin = 0; begin + count <= terms.size(); ++begin) {
      std::string &run = runs.emplace_back(terms[begin]);
      for (size_t i = 1; i < count; ++i)
        run += " " + terms[begin + i];
    }
  }
  return runs;
}

std::vector<std::string> Tokenizer::tokenize(const std::string &text) const {
  std::string standardized = standardize(text);
  switch (split) {
  case Split::Whitespace:
    return joinRuns(splitAtBlanks(standardized));
  case Split::Character:
    return joinRuns(splitCharacters(standardized));
  case Split::None:
    break;
  }
  return {standardized};
}

} // namespace lamina::frontend
