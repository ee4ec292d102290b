#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace lamina::codegen {

/// The distance of `value` from `exact` in units in the last place of T at `exact`. `Wide` has at
/// least ten bits more than T. Zero for a result that code running with denormals flushed to zero
/// may give: a zero, or any denormal, for an exact result below the smallest normal number.
template <typename T, typename Wide> double ulpError(T value, Wide exact) {
  using Limits = std::numeric_limits<T>;
  constexpr double wrong = std::numeric_limits<double>::infinity();
  if (std::isnan(exact))
    return std::isnan(value) ? 0 : wrong;
  if (std::isnan(value))
    return wrong;
  if (std::isinf(static_cast<T>(exact)) || std::isinf(value)) {
    if (value == static_cast<T>(exact))
      return 0;
    // Rounding to infinity on either side of the border.
    Wide border = std::ldexp(Wide(1), Limits::max_exponent);
    Wide shown = std::isinf(value) ? std::copysign(border, Wide(value)) : Wide(value);
    Wide truth = std::isinf(exact) ? std::copysign(border, exact) : exact;
    return std::fabs(double(shown - truth)) /
           std::ldexp(1.0, Limits::max_exponent - Limits::digits);
  }
  bool denormal = std::fabs(exact) < Wide(Limits::min());
  if (denormal && std::fabs(value) <= Limits::min())
    return 0;
  if (exact == 0)
    return value == 0 ? 0 : wrong;
  int exponent = std::max(std::ilogb(exact), Limits::min_exponent - 1);
  return double(std::fabs(std::ldexp(Wide(value) - exact, Limits::digits - 1 - exponent)));
}

} // namespace lamina::codegen
