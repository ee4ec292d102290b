#pragma once

#include <type_traits>

#include "ir/dialect.h"

/// How the interpreter combines two elements of a reduction or a window.
namespace lamina::ir {

/// Whether `candidate` replaces `best`, the extreme so far: NaN wins and stays, ties keep the
/// first.
template <typename T> bool isBetter(T candidate, T best, bool larger) {
  if (best != best)
    return false;
  return candidate != candidate || (larger ? candidate > best : candidate < best);
}

template <typename T> T combine(ReductionKind kind, T a, T b) {
  // Integers wrap around: 64 unsigned bits hold the low bits of any sum or product.
  using Wide = std::conditional_t<std::is_integral_v<T>, uint64_t, T>;
  switch (kind) {
  case ReductionKind::add:
    return static_cast<T>(static_cast<Wide>(a) + static_cast<Wide>(b));
  case ReductionKind::multiply:
    return static_cast<T>(static_cast<Wide>(a) * static_cast<Wide>(b));
  case ReductionKind::maximum:
    return isBetter(b, a, true) ? b : a;
  case ReductionKind::minimum:
    return isBetter(b, a, false) ? b : a;
  case ReductionKind::and_:
    return static_cast<T>(a != T(0) && b != T(0));
  case ReductionKind::or_:
    return static_cast<T>(a != T(0) || b != T(0));
  }
  llvm_unreachable("unknown reduction");
}

} // namespace lamina::ir
