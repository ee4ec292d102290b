#include "tools/lamina/pictures/png.h"

#include <algorithm>

#include <zlib.h>

#include "support/error.h"
#include "tools/lamina/pictures/letters.h"

namespace lamina::tools {

namespace {

void append32(std::string &bytes, uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8)
    bytes += static_cast<char>(value >> shift);
}

/// A part of the file: length, name, content, check.
void appendChunk(std::string &bytes, const std::string &name, const std::string &content) {
  append32(bytes, static_cast<uint32_t>(content.size()));
  std::string checked = name + content;
  bytes += checked;
  append32(bytes, static_cast<uint32_t>(crc32(0, reinterpret_cast<const Bytef *>(checked.data()),
                                              static_cast<uInt>(checked.size()))));
}

std::string deflated(const std::string &content) {
  uLongf size = compressBound(content.size());
  std::string bytes(size, '\0');
  if (compress2(reinterpret_cast<Bytef *>(bytes.data()), &size,
                reinterpret_cast<const Bytef *>(content.data()), content.size(),
                Z_BEST_COMPRESSION) != Z_OK)
    fail("a picture cannot be packed: there is not enough memory");
  bytes.resize(size);
  return bytes;
}

} // namespace

Picture::Picture(size_t width, size_t height, Color background)
    : width_(width), height_(height), points_(width * height * 3) {
  fill(0, 0, width, height, background);
}

void Picture::fill(size_t left, size_t top, size_t width, size_t height, Color color) {
  for (size_t y = top; y < std::min(top + height, height_); ++y)
    for (size_t x = left; x < std::min(left + width, width_); ++x) {
      uint8_t *point = &points_[(y * width_ + x) * 3];
      point[0] = color.red;
      point[1] = color.green;
      point[2] = color.blue;
    }
}

void Picture::write(const std::string &text, size_t left, size_t top, size_t scale, Color color,
                    bool upwards) {
  size_t pen = 0;
  for (char letter : text) {
    for (size_t column = 0; column < kLetterWidth; ++column)
      for (size_t row = 0; row < kLetterHeight; ++row) {
        if (!isInked(letter, column, row))
          continue;
        size_t along = pen + column * scale, across = row * scale;
        if (!upwards)
          fill(left + along, top + across, scale, scale, color);
        else if (top >= along + scale) // `top` is where the text begins, at its bottom
          fill(left + across, top - along - scale, scale, scale, color);
      }
    pen += (kLetterWidth + 1) * scale;
  }
}

std::string Picture::toPng() const {
  std::string header;
  append32(header, static_cast<uint32_t>(width_));
  append32(header, static_cast<uint32_t>(height_));
  header += std::string("\x08\x02\x00\x00\x00", 5); // 8 bits, red green blue, no interlacing
  std::string lines;
  for (size_t y = 0; y < height_; ++y) {
    lines += '\0'; // no filter
    lines.append(reinterpret_cast<const char *>(&points_[y * width_ * 3]), width_ * 3);
  }
  std::string bytes("\x89PNG\r\n\x1a\n", 8);
  appendChunk(bytes, "IHDR", header);
  appendChunk(bytes, "IDAT", deflated(lines));
  appendChunk(bytes, "IEND", "");
  return bytes;
}

} // namespace lamina::tools
