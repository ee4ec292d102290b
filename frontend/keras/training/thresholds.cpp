#include "frontend/keras/training/thresholds.h"

#include <cmath>

#include "frontend/builder/tensor.h"
#include "llvm/ADT/STLExtras.h"

namespace lamina::frontend::keras {
namespace {

constexpr int64_t kMostThresholds = 100000;

/// i / (count - 1) for i = 0, 1, …
std::vector<double> spaceEvenly(int64_t count) {
  std::vector<double> values;
  for (int64_t i = 0; i < count; ++i)
    values.push_back(static_cast<double>(i) / static_cast<double>(count - 1));
  return values;
}

/// Whether these numbers are evenly spaced over [0, 1], as far as Keras looks.
bool areEvenlySpaced(llvm::ArrayRef<double> values) {
  if (values.size() < 3)
    return false;
  for (auto [index, value] : llvm::enumerate(values)) {
    double even = static_cast<double>(index) / static_cast<double>(values.size() - 1);
    if (std::abs(value - even) > 1e-7 + 1e-5 * even) // numpy.allclose
      return false;
  }
  return true;
}

int64_t readCount(Config &config, int64_t least) {
  int64_t count = config.integer("num_thresholds", 200);
  if (count < least || count > kMostThresholds)
    config.fail(fmt::format("'num_thresholds' must be from {} to {}, not {}", least,
                            kMostThresholds, count));
  return count;
}

} // namespace

Thresholds readThresholds(Config &config, double fallback) {
  bool isGiven = config.has("thresholds");
  std::vector<double> values = config.numbers("thresholds", fallback).values;
  for (double value : values)
    if (isGiven && !(value >= 0 && value <= 1))
      config.fail(fmt::format("'thresholds' must be in [0, 1], not {}", value));
  return {values, areEvenlySpaced(values)};
}

Thresholds readEvenThresholds(Config &config) {
  int64_t count = readCount(config, 1);
  return count == 1 ? Thresholds{{0.5}, false} : Thresholds{spaceEvenly(count), true};
}

Thresholds readCurveThresholds(Config &config) {
  Thresholds thresholds;
  if (config.has("thresholds")) {
    config.ignore({"num_thresholds"});
    thresholds.values = config.numbers("thresholds", 0).values;
    llvm::sort(thresholds.values);
    thresholds.values.insert(thresholds.values.begin(), 0);
    thresholds.values.push_back(1);
    thresholds.isEven = areEvenlySpaced(thresholds.values);
  } else {
    thresholds = {spaceEvenly(readCount(config, 2)), true};
  }
  thresholds.values.front() = -kEpsilon;
  thresholds.values.back() = 1 + kEpsilon;
  return thresholds;
}

} // namespace lamina::frontend::keras
