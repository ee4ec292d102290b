#include <algorithm>

#include <fmt/format.h>

#include "tools/lamina/peers/comparison.h"
#include "tools/lamina/pictures/heatmap.h"
#include "tools/lamina/statistics.h"

namespace lamina::tools {
namespace {

/// In the picture's units.
constexpr double kNames = 190, kBars = 360, kNumbers = 170, kLine = 30, kTop = 48;

struct Bar {
  std::string name, words;
  double milliseconds;
  bool isOurs;
};

std::string draw(const Bar &bar, double most, double y) {
  double length = std::max(1.0, kBars * bar.milliseconds / most);
  return fmt::format(
      "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>\n"
      "<rect x=\"{}\" y=\"{}\" width=\"{:.1f}\" height=\"18\" rx=\"2\" fill=\"{}\"/>\n"
      "<text x=\"{:.1f}\" y=\"{}\">{}</text>\n",
      kNames - 10, y + 14, escapeMarkup(bar.name), kNames, y, length,
      bar.isOurs ? "#2166ac" : "#9aa5b1", kNames + length + 8, y + 14, escapeMarkup(bar.words));
}

} // namespace

std::string drawPeers(const PeerComparison &comparison, const std::string &title) {
  double ours = quantile(comparison.lamina, 0.5), most = ours;
  std::vector<Bar> bars = {{"Lamina", fmt::format("{:.3g} ms", ours), ours, true}};
  std::string description = fmt::format("Lamina {:.3g} ms", ours);
  for (const PeerResult &peer : comparison.peers) {
    double theirs = quantile(peer.medians, 0.5);
    most = std::max(most, theirs);
    std::string words = fmt::format("{:.3g} ms, {:.2f} times", theirs, ratioOf(peer, comparison));
    description += fmt::format("; {} {}", peer.title, words);
    bars.push_back({peer.title, words, theirs, false});
  }
  std::string text;
  double y = kTop;
  for (const Bar &bar : bars) {
    text += draw(bar, most, y);
    y += kLine;
  }
  double width = kNames + kBars + kNumbers, height = y + 8;
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" role=\"img\" "
      "font-family=\"sans-serif\" font-size=\"13\">\n<title>{}</title>\n<desc>{}</desc>\n"
      "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
      "<text x=\"16\" y=\"28\" font-size=\"16\">{}</text>\n{}</svg>\n",
      width, height, escapeMarkup(title), escapeMarkup(description), escapeMarkup(title), text);
}

} // namespace lamina::tools
