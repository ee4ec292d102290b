#include "support/error.h"

namespace lamina {

std::string printable(std::string_view text, size_t limit) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    unsigned char c = static_cast<unsigned char>(text[i]);
    bool isWithin = (c & 0xc0) == 0x80 && i < limit + 3; // a character of UTF-8 is not cut
    if (i >= limit && !isWithin)
      return result + "...";
    if (c < 0x20 || c == 0x7f)
      result += fmt::format("\\x{:02x}", c);
    else
      result += static_cast<char>(c);
  }
  return result;
}

} // namespace lamina
