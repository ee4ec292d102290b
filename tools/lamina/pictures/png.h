#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lamina::tools {

struct Color {
  uint8_t red = 0, green = 0, blue = 0;
};

/// A picture of points, from the top left.
class Picture {
public:
  Picture(size_t width, size_t height, Color background);

  size_t width() const { return width_; }
  size_t height() const { return height_; }
  /// Fills a rectangle, as far as it is within the picture.
  void fill(size_t left, size_t top, size_t width, size_t height, Color color);
  /// Letters of 5 x 7 points, `scale` times as large; upwards: turned by a quarter.
  void write(const std::string &text, size_t left, size_t top, size_t scale, Color color,
             bool upwards = false);

  /// The bytes of a PNG file (W3C, third edition): 8 bits for each of red, green and blue.
  std::string toPng() const;

private:
  size_t width_, height_;
  std::vector<uint8_t> points_;
};

} // namespace lamina::tools
