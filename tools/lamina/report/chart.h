#pragma once

#include <string>
#include <vector>

/// Charts as SVG that goes into a page: as wide as its column, with a title and a description for
/// screen readers, in the page's colors (classes `first`, `second`, `axis`, `grid`).
namespace lamina::tools {

/// Values by whole numbers from `begin`; NaN leaves a gap.
struct Line {
  std::string name;
  std::vector<double> values;
};

struct LineChart {
  std::string title, description; ///< the description says in words what is seen
  std::string horizontal;         ///< what is counted from left to right
  int64_t begin = 0;
  std::vector<Line> lines; ///< at most two
  bool isArea = false;     ///< steps that are filled down to zero
  std::string unit;        ///< behind the numbers of the vertical axis
};

std::string drawLines(const LineChart &chart);

/// A kernel in a roofline: how much it computes for each byte that it moves, and how fast.
struct RooflinePoint {
  std::string name;
  double intensity = 0; ///< FLOPs for each byte
  double flops = 0;     ///< a second
  double share = 0;     ///< of the step's time, 0 to 1
};

/// Both axes count by powers of ten. Points without FLOPs are left out.
std::string drawRoofline(const std::vector<RooflinePoint> &points, double peakFlops,
                         double bandwidth);

/// Round numbers from `least` to `most`, about `count` of them.
std::vector<double> niceTicks(double least, double most, int count);

} // namespace lamina::tools
