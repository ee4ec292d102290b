#include "frontend/files/utf8.h"

namespace lamina::frontend {
namespace {

struct SequenceRule {
  size_t length = 0;              // 0: not a lead byte
  unsigned char secondLow = 0x80; // bounds of the second byte; later ones are 80..BF
  unsigned char secondHigh = 0xbf;
};

SequenceRule ruleFor(unsigned char lead) {
  if (lead < 0x80)
    return {1};
  if (lead >= 0xc2 && lead <= 0xdf)
    return {2};
  if (lead >= 0xe0 && lead <= 0xef)
    return {3, static_cast<unsigned char>(lead == 0xe0 ? 0xa0 : 0x80),
            static_cast<unsigned char>(lead == 0xed ? 0x9f : 0xbf)};
  if (lead >= 0xf0 && lead <= 0xf4)
    return {4, static_cast<unsigned char>(lead == 0xf0 ? 0x90 : 0x80),
            static_cast<unsigned char>(lead == 0xf4 ? 0x8f : 0xbf)};
  return {};
}

} // namespace

size_t findInvalidUtf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    SequenceRule rule = ruleFor(static_cast<unsigned char>(text[i]));
    if (rule.length == 0 || i + rule.length > text.size())
      return i;
    for (size_t k = 1; k < rule.length; ++k) {
      auto byte = static_cast<unsigned char>(text[i + k]);
      unsigned char low = k == 1 ? rule.secondLow : 0x80;
      unsigned char high = k == 1 ? rule.secondHigh : 0xbf;
      if (byte < low || byte > high)
        return i;
    }
    i += rule.length;
  }
  return std::string_view::npos;
}

void appendUtf8(std::string &text, char32_t codePoint) {
  auto put = [&](char32_t bits) { text += static_cast<char>(bits); };
  if (codePoint < 0x80) {
    put(codePoint);
  } else if (codePoint < 0x800) {
    put(0xc0 | (codePoint >> 6));
    put(0x80 | (codePoint & 0x3f));
  } else if (codePoint < 0x10000) {
    put(0xe0 | (codePoint >> 12));
    put(0x80 | ((codePoint >> 6) & 0x3f));
    put(0x80 | (codePoint & 0x3f));
  } else {
    put(0xf0 | (codePoint >> 18));
    put(0x80 | ((codePoint >> 12) & 0x3f));
    put(0x80 | ((codePoint >> 6) & 0x3f));
    put(0x80 | (codePoint & 0x3f));
  }
}

} // namespace lamina::frontend
