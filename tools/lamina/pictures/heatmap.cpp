#include "tools/lamina/pictures/heatmap.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "support/error.h"
#include "tools/lamina/pictures/letters.h"
#include "tools/lamina/pictures/png.h"

namespace lamina::tools {

namespace {

constexpr Color kGrey{0xbd, 0xbd, 0xbd}, kBlack{0x20, 0x20, 0x20}, kWhite{0xff, 0xff, 0xff};
/// The ends of the scale: color-blind people tell this blue from this red.
constexpr Color kNegative{0x21, 0x66, 0xac}, kPositive{0xb2, 0x18, 0x2b};
/// Numbers are written into cells of pictures with up to so many columns.
constexpr size_t kMostNumbered = 24;
constexpr size_t kMostLetters = 24;

uint8_t between(uint8_t from, uint8_t to, double share) {
  return static_cast<uint8_t>(std::lround(from + (to - from) * share));
}

Color colorOf(double value) {
  if (std::isnan(value))
    return kGrey;
  const Color &end = value < 0 ? kNegative : kPositive;
  double share = std::min(std::abs(value), 1.0);
  return {between(kWhite.red, end.red, share), between(kWhite.green, end.green, share),
          between(kWhite.blue, end.blue, share)};
}

/// Dark colors are read with light letters.
Color inkOn(double value) {
  return std::abs(value) > 0.6 ? kWhite : kBlack;
}

std::string hex(Color color) {
  return fmt::format("#{:02x}{:02x}{:02x}", color.red, color.green, color.blue);
}

std::string formatValue(double value) {
  return std::isnan(value) ? "-" : fmt::format("{:.2f}", value);
}

/// A name that leaves room for the cells.
std::string label(const std::string &name) {
  return printable(name, kMostLetters);
}

/// Where everything is, in the picture's units.
struct Layout {
  explicit Layout(const Heatmap &map, size_t letter) : count(map.names.size()) {
    cell = count <= kMostNumbered ? 48 : count <= 100 ? 14 : 4;
    for (const std::string &name : map.names)
      margin = std::max(margin, label(name).size() * letter + 16);
    isNamed = cell >= letter;
    if (!isNamed)
      margin = 16;
    width = margin + count * cell + 16;
    height = top() + count * cell + 16;
  }
  size_t top() const { return kTitle + margin; }
  size_t at(size_t index) const { return margin + index * cell; }

  static constexpr size_t kTitle = 32;
  size_t count, cell, margin = 32, width, height;
  bool isNamed;
};

} // namespace

std::string escapeMarkup(const std::string &text) {
  std::string escaped;
  for (char c : text)
    switch (c) {
    case '&':
      escaped += "&amp;";
      break;
    case '<':
      escaped += "&lt;";
      break;
    case '>':
      escaped += "&gt;";
      break;
    case '"':
      escaped += "&quot;";
      break;
    case '\'':
      escaped += "&#39;";
      break;
    default:
      escaped += c;
    }
  return escaped;
}

namespace {

std::string svgNames(const Heatmap &map, const Layout &layout) {
  std::string text;
  for (size_t i = 0; i < layout.count && layout.isNamed; ++i) {
    std::string name = escapeMarkup(label(map.names[i]));
    size_t middle = layout.at(i) + layout.cell / 2;
    text += fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>\n",
                        layout.margin - 8, Layout::kTitle + middle + 4, name);
    text += fmt::format("<text transform=\"translate({} {}) rotate(-90)\">{}</text>\n", middle + 4,
                        layout.top() - 8, name);
  }
  return text;
}

std::string svgCell(const Heatmap &map, const Layout &layout, size_t i, size_t j) {
  double value = map.values(i, j);
  size_t x = layout.at(j), y = Layout::kTitle + layout.at(i);
  std::string cell = fmt::format(
      "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{}\"><title>{} and {}: "
      "{}</title></rect>\n",
      x, y, layout.cell, layout.cell, hex(colorOf(value)), escapeMarkup(printable(map.names[i])),
      escapeMarkup(printable(map.names[j])), formatValue(value));
  if (layout.count <= kMostNumbered)
    cell += fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"middle\" fill=\"{}\">{}</text>\n",
                        x + layout.cell / 2, y + layout.cell / 2 + 4, hex(inkOn(value)),
                        formatValue(value));
  return cell;
}

} // namespace

std::string toSvg(const Heatmap &map) {
  Layout layout(map, 7);
  std::string title = escapeMarkup(map.title);
  std::string text = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" width=\"{}\" height=\"{}\" "
      "role=\"img\" aria-labelledby=\"heatmap-title\" font-family=\"sans-serif\" "
      "font-size=\"12\">\n<title id=\"heatmap-title\">{}</title>\n"
      "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
      "<text x=\"8\" y=\"20\" font-size=\"14\">{}</text>\n",
      layout.width, layout.height, layout.width, layout.height, title, title);
  text += svgNames(map, layout);
  for (size_t i = 0; i < layout.count; ++i)
    for (size_t j = 0; j < layout.count; ++j)
      text += svgCell(map, layout, i, j);
  return text + "</svg>\n";
}

std::string toHtml(const Heatmap &map) {
  std::string title = escapeMarkup(map.title);
  std::string page = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>{}</title>\n<style>\n"
      "body {{ font: 1rem sans-serif; margin: 1rem; color: #202020; background: #ffffff; }}\n"
      "svg {{ max-width: 100%; height: auto; }}\n"
      ".wide {{ overflow-x: auto; }}\n"
      "table {{ border-collapse: collapse; font-variant-numeric: tabular-nums; }}\n"
      "th, td {{ padding: 0.2rem 0.5rem; text-align: right; border-bottom: 1px solid #dddddd; }}\n"
      "</style>\n</head>\n<body>\n<main>\n{}<h2>Numbers</h2>\n<div class=\"wide\" tabindex=\"0\" "
      "role=\"region\" aria-label=\"Numbers\">\n<table>\n<tr><td></td>",
      title, toSvg(map));
  for (const std::string &name : map.names)
    page += fmt::format("<th scope=\"col\">{}</th>", escapeMarkup(printable(name)));
  page += "</tr>\n";
  for (size_t i = 0; i < map.names.size(); ++i) {
    page += fmt::format("<tr><th scope=\"row\">{}</th>", escapeMarkup(printable(map.names[i])));
    for (size_t j = 0; j < map.names.size(); ++j)
      page += fmt::format("<td>{}</td>", formatValue(map.values(i, j)));
    page += "</tr>\n";
  }
  return page + "</table>\n</div>\n</main>\n</body>\n</html>\n";
}

std::string toPng(const Heatmap &map) {
  constexpr size_t kAdvance = kLetterWidth + 1;
  Layout layout(map, kAdvance + 2);
  size_t width = std::max(layout.width, 16 + map.title.size() * kAdvance * 2);
  Picture picture(width, layout.height, kWhite);
  picture.write(map.title, 8, 8, 2, kBlack);
  for (size_t i = 0; i < layout.count; ++i) {
    std::string name = label(map.names[i]);
    size_t middle = layout.at(i) + layout.cell / 2 - kLetterHeight / 2;
    if (layout.isNamed) {
      picture.write(name, layout.margin - 8 - name.size() * kAdvance, Layout::kTitle + middle, 1,
                    kBlack);
      picture.write(name, middle, layout.top() - 8, 1, kBlack, /*upwards=*/true);
    }
    for (size_t j = 0; j < layout.count; ++j) {
      double value = map.values(i, j);
      size_t x = layout.at(j), y = Layout::kTitle + layout.at(i);
      picture.fill(x, y, layout.cell, layout.cell, colorOf(value));
      std::string digits = formatValue(value);
      if (layout.count <= kMostNumbered)
        picture.write(digits, x + (layout.cell - digits.size() * kAdvance) / 2,
                      y + (layout.cell - kLetterHeight) / 2, 1, inkOn(value));
    }
  }
  return picture.toPng();
}

} // namespace lamina::tools
