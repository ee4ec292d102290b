#include "tools/lamina/report/chart.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "tools/lamina/pictures/heatmap.h"

namespace lamina::tools {

namespace {

// The picture's units: letters of 12 are read on a phone, where 400 are its width.
constexpr double kWidth = 400, kHeight = 250, kLeft = 56, kRight = 388, kTop = 30, kBottom = 212;
/// Lines of more points are thinned out, and only shorter ones have marks to point at.
constexpr size_t kMostPoints = 400, kMostMarks = 60;

/// Numbers to places on an axis, plain or by their logarithms.
struct Scale {
  double least, most, from, to;
  bool isLogarithmic = false;

  double at(double value) const {
    double share = isLogarithmic ? std::log(value / least) / std::log(most / least)
                                 : (value - least) / (most - least);
    return from + share * (to - from);
  }
};

std::string shortNumber(double value) {
  return std::abs(value) >= 1e4 || (value != 0 && std::abs(value) < 1e-3)
             ? fmt::format("{:.3g}", value)
             : fmt::format("{:.4g}", value);
}

class Drawing {
public:
  Drawing(const std::string &title, const std::string &description) {
    svg_ = fmt::format("<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">"
                       "<title>{}</title><desc>{}</desc>\n",
                       kWidth, kHeight, escapeMarkup(title), escapeMarkup(title),
                       escapeMarkup(description));
  }

  void text(double x, double y, const char *anchor, const std::string &content,
            const char *style = "axis") {
    svg_ +=
        fmt::format("<text class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n",
                    style, x, y, anchor, escapeMarkup(content));
  }
  void line(double x1, double y1, double x2, double y2, const char *style) {
    svg_ += fmt::format(
        "<line class=\"{}\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\"/>\n", style, x1,
        y1, x2, y2);
  }
  void path(const std::string &data, const std::string &style) {
    svg_ += fmt::format("<path class=\"{}\" d=\"{}\"/>\n", style, data);
  }
  void mark(double x, double y, double radius, const std::string &style, const std::string &says) {
    svg_ += fmt::format("<circle class=\"{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{:.1f}\"><title>{}"
                        "</title></circle>\n",
                        style, x, y, radius, escapeMarkup(says));
  }
  void verticalAxis(const Scale &scale, const std::vector<double> &ticks, const std::string &unit) {
    for (double tick : ticks) {
      line(kLeft, scale.at(tick), kRight, scale.at(tick), "grid");
      text(kLeft - 6, scale.at(tick) + 4, "end", shortNumber(tick));
    }
    if (!unit.empty())
      text(kLeft - 6, kTop - 12, "end", unit);
  }
  void horizontalAxis(const Scale &scale, const std::vector<double> &ticks,
                      const std::string &name) {
    for (double tick : ticks)
      text(scale.at(tick), kBottom + 16, "middle", shortNumber(tick));
    text((kLeft + kRight) / 2, kHeight - 6, "middle", name);
  }
  std::string take() { return std::move(svg_) + "</svg>\n"; }

private:
  std::string svg_;
};

std::vector<double> wholeTicks(double least, double most) {
  std::vector<double> ticks;
  for (double tick : niceTicks(least, most, 5))
    if (tick == std::trunc(tick))
      ticks.push_back(tick);
  return ticks;
}

std::vector<double> powersOfTen(const Scale &scale) {
  std::vector<double> powers;
  for (double power = std::pow(10, std::ceil(std::log10(scale.least))); power <= scale.most * 1.001;
       power *= 10)
    powers.push_back(power);
  return powers;
}

Scale verticalScale(const LineChart &chart) {
  double least = chart.isArea ? 0 : INFINITY, most = -INFINITY;
  for (const Line &line : chart.lines)
    for (double value : line.values)
      if (std::isfinite(value)) {
        least = std::min(least, value);
        most = std::max(most, value);
      }
  if (!std::isfinite(most))
    return {0, 1, kBottom, kTop};
  double room = most > least ? (most - least) * 0.05 : std::max(std::abs(most) * 0.1, 1e-6);
  return {chart.isArea ? 0 : least - room, most + room, kBottom, kTop};
}

/// A path through the values, broken where they are not finite.
std::string pathOf(const LineChart &chart, const Line &line, const Scale &x, const Scale &y) {
  std::string data;
  size_t step = (line.values.size() + kMostPoints - 1) / kMostPoints;
  bool isOpen = false;
  for (size_t i = 0; i < line.values.size(); i += step) {
    double value = line.values[i],
           place = static_cast<double>(chart.begin) + static_cast<double>(i);
    if (!std::isfinite(value)) {
      isOpen = false;
      continue;
    }
    if (chart.isArea) {
      double end = place + static_cast<double>(step);
      data += fmt::format("{}{:.1f},{:.1f}H{:.1f}", isOpen ? "L" : "M", x.at(place), y.at(value),
                          x.at(end));
    } else {
      data += fmt::format("{}{:.1f},{:.1f}", isOpen ? "L" : "M", x.at(place), y.at(value));
    }
    isOpen = true;
  }
  if (chart.isArea && !data.empty())
    data += fmt::format("V{:.1f}H{:.1f}Z", kBottom, kLeft);
  return data;
}

} // namespace

std::vector<double> niceTicks(double least, double most, int count) {
  double rough = (most - least) / count;
  if (!(rough > 0))
    return {least};
  double power = std::pow(10, std::floor(std::log10(rough)));
  double step = power * (rough / power < 1.5   ? 1
                         : rough / power < 3.5 ? 2
                         : rough / power < 7.5 ? 5
                                               : 10);
  std::vector<double> ticks;
  for (double number = std::ceil(least / step); number * step <= most + step * 1e-9; ++number)
    ticks.push_back(number == 0 ? 0 : number * step);
  return ticks;
}

std::string drawLines(const LineChart &chart) {
  Drawing drawing(chart.title, chart.description);
  size_t count = 1;
  for (const Line &line : chart.lines)
    count = std::max(count, line.values.size());
  auto first = static_cast<double>(chart.begin);
  double last = first + static_cast<double>(count) - (chart.isArea ? 0 : 1);
  Scale x{first, std::max(last, first + 1), kLeft, kRight}, y = verticalScale(chart);
  drawing.verticalAxis(y, niceTicks(y.least, y.most, 4), chart.unit);
  drawing.horizontalAxis(x, wholeTicks(x.least, x.most), chart.horizontal);
  double legend = kRight;
  const char *styles[] = {"first", "second"};
  for (size_t i = chart.lines.size(); i-- > 0;) {
    const Line &line = chart.lines[i];
    std::string style = styles[std::min<size_t>(i, 1)];
    drawing.path(pathOf(chart, line, x, y), style + (chart.isArea ? " area" : " line"));
    if (!chart.isArea && line.values.size() <= kMostMarks)
      for (size_t at = 0; at < line.values.size(); ++at)
        if (std::isfinite(line.values[at]))
          drawing.mark(
              x.at(first + static_cast<double>(at)), y.at(line.values[at]), 3, style + " mark",
              fmt::format("{} {}, {}: {:.6g}", chart.horizontal,
                          chart.begin + static_cast<int64_t>(at), line.name, line.values[at]));
    if (chart.lines.size() > 1) {
      drawing.text(legend, kTop - 12, "end", line.name, (style + " legend").c_str());
      legend -= 8.0 * static_cast<double>(line.name.size()) + 14;
    }
  }
  return drawing.take();
}

std::string drawRoofline(const std::vector<RooflinePoint> &points, double peakFlops,
                         double bandwidth) {
  constexpr double kGiga = 1e9;
  double least = 0.05, most = 100, slowest = peakFlops / 1000;
  for (const RooflinePoint &point : points)
    if (point.intensity > 0 && point.flops > 0) {
      least = std::min(least, point.intensity / 1.5);
      most = std::max(most, point.intensity * 1.5);
      slowest = std::min(slowest, point.flops / 1.5);
    }
  Scale x{least, most, kLeft, kRight, true};
  Scale y{std::max(slowest, peakFlops / 1e6) / kGiga, 2 * peakFlops / kGiga, kBottom, kTop, true};
  Drawing drawing(
      "Roofline of the kernels",
      fmt::format("GFLOP/s by FLOPs for each byte. The roof is {:.4g} GFLOP/s and {:.4g} "
                  "GB/s; each circle is a kernel, as large as its share of the time.",
                  peakFlops / kGiga, bandwidth / kGiga));
  drawing.verticalAxis(y, powersOfTen(y), "GFLOP/s");
  drawing.horizontalAxis(x, powersOfTen(x), "FLOPs for each byte");
  double ridge = std::clamp(peakFlops / bandwidth, least, most);
  auto roof = [&](double intensity) {
    return y.at(std::clamp(std::min(peakFlops, intensity * bandwidth) / kGiga, y.least, y.most));
  };
  double left = std::clamp(y.least * kGiga / bandwidth, least, ridge);
  drawing.path(fmt::format("M{:.1f},{:.1f}L{:.1f},{:.1f}L{:.1f},{:.1f}", x.at(left), roof(left),
                           x.at(ridge), roof(ridge), x.at(most), roof(most)),
               "second line");
  for (const RooflinePoint &point : points)
    if (point.intensity > 0 && point.flops / kGiga >= y.least)
      drawing.mark(x.at(point.intensity), y.at(std::min(point.flops / kGiga, y.most)),
                   3 + 12 * std::sqrt(point.share), "first bubble",
                   fmt::format("{}: {:.4g} GFLOP/s, {:.1f} % of the step", point.name,
                               point.flops / kGiga, 100 * point.share));
  return drawing.take();
}

} // namespace lamina::tools
