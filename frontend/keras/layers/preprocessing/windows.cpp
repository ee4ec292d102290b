#include "frontend/keras/layers/preprocessing/windows.h"

#include <cmath>
#include <numbers>

#include <fmt/ranges.h>

namespace lamina::frontend::keras {
namespace {

/// The sum of coefficients[k] (-1)^k cos(2 pi k i / period).
std::vector<double> cosineSum(const std::vector<double> &coefficients, int64_t length,
                              int64_t period) {
  std::vector<double> window;
  for (int64_t i = 0; i < length; ++i) {
    double value = 0, sign = 1;
    for (size_t k = 0; k < coefficients.size(); ++k, sign = -sign)
      value += sign * coefficients[k] *
               std::cos(2 * std::numbers::pi * static_cast<double>(k) * static_cast<double>(i) /
                        static_cast<double>(period));
    window.push_back(value);
  }
  return window;
}

const std::vector<double> kHann = {0.5, 0.5}, kHamming = {0.54, 0.46};

} // namespace

std::vector<double> scipyWindow(const Place &place, const std::string &name, int64_t length,
                                bool isPeriodic) {
  static const std::pair<const char *, std::vector<double>> sums[] = {
      {"boxcar", {1}},
      {"hann", kHann},
      {"hamming", kHamming},
      {"blackman", {0.42, 0.5, 0.08}},
      {"nuttall", {0.3635819, 0.4891775, 0.1365995, 0.0106411}},
      {"blackmanharris", {0.35875, 0.48829, 0.14128, 0.01168}},
      {"flattop", {0.21557895, 0.41663158, 0.277263158, 0.083578947, 0.006947368}},
  };
  std::vector<std::string> names;
  for (const auto &[known, coefficients] : sums) {
    names.push_back(known);
    if (name == known)
      return length == 1 ? std::vector<double>{1}
                         : cosineSum(coefficients, length, isPeriodic ? length : length - 1);
  }
  place.fail(fmt::format("the window '{}' is not supported; there are {}, or give its values as a "
                         "list",
                         printable(name), fmt::join(names, ", ")));
}

std::vector<double> readTransformWindow(Config &config, int64_t length, int64_t whole) {
  const nlohmann::json &value = config.raw("window");
  if (value.is_null() && config.contains("window"))
    return std::vector<double>(static_cast<size_t>(whole), 1);
  std::vector<double> window;
  if (value.is_null() || value.is_string()) {
    std::string name = config.text("window", "hann");
    if (name != "hann" && name != "hamming")
      config.fail(
          fmt::format("the window '{}' is not supported; as in Keras it is hann, hamming or "
                      "a list of numbers",
                      printable(name)));
    // tf.signal's periodic windows of odd length are its symmetric ones.
    int64_t period = length % 2 ? length - 1 : length;
    window = length == 1 ? std::vector<double>{1}
                         : cosineSum(name == "hann" ? kHann : kHamming, length, period);
  } else {
    window = config.numbers("window", 0).values;
  }
  if (static_cast<int64_t>(window.size()) != length)
    config.fail(fmt::format("the window has {} values for pieces of {}", window.size(), length));
  window.insert(window.begin(), static_cast<size_t>((whole - length) / 2), 0);
  window.resize(static_cast<size_t>(whole));
  return window;
}

} // namespace lamina::frontend::keras
