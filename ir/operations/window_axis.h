#pragma once

#include <cstdint>

#include "llvm/ADT/SmallVector.h"

/// The geometry of filters and pooling windows along one spatial dimension.
namespace lamina::ir {

/// One tap of a window as a phase of the output sees it: output number q of the phase meets input
/// element q * inputStep + offset there. Inside the input for begin <= q < end.
struct WindowTap {
  int64_t position = 0; ///< of the tap in the filter or window
  int64_t offset = 0;
  int64_t begin = 0, end = 0;
};

/// Outputs first, first + outputStep, …, `count` of them: they meet the input in the same taps.
struct WindowPhase {
  int64_t first = 0, outputStep = 1, count = 0, inputStep = 1;
  llvm::SmallVector<WindowTap> taps; ///< in increasing order of offset
};

/// Output o meets input (o * stride + k * windowDilation - low) / inputDilation in tap k, where
/// that is whole and inside. `reversed` numbers the taps from the end.
struct WindowAxis {
  int64_t input = 1, output = 1, window = 1;
  int64_t stride = 1, low = 0, inputDilation = 1, windowDilation = 1;
  bool reversed = false;

  /// The axis with input and output exchanged: the one that a gradient by the input walks.
  WindowAxis transposed() const;
  /// The outputs in groups that meet the input alike; one group unless the input is dilated.
  llvm::SmallVector<WindowPhase> phases() const;
  /// Pairs of an output and a tap that meet an element of the input, not padding.
  int64_t countMeetings() const;
  /// From the first to behind the last dilated tap.
  int64_t span() const { return (window - 1) * windowDilation + 1; }
  /// One tap, in the same place of input and output.
  bool isIdentity() const {
    return window == 1 && stride == 1 && low == 0 && inputDilation == 1 && input == output;
  }
};

} // namespace lamina::ir
