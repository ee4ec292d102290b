#include "ir/operations/window_axis.h"

#include <algorithm>
#include <numeric>

#include "llvm/Support/MathExtras.h"

namespace lamina::ir {

WindowAxis WindowAxis::transposed() const {
  WindowAxis axis = *this;
  std::swap(axis.input, axis.output);
  std::swap(axis.stride, axis.inputDilation);
  axis.low = span() - 1 - low;
  axis.reversed = !reversed;
  return axis;
}

/// The taps that outputs first, first + outputStep, … meet, all of them at whole input positions.
static llvm::SmallVector<WindowTap> tapsOf(const WindowAxis &axis, const WindowPhase &phase) {
  llvm::SmallVector<WindowTap> taps;
  for (int64_t k = 0; k < axis.window; ++k) {
    int64_t dilated = phase.first * axis.stride + k * axis.windowDilation - axis.low;
    if (dilated % axis.inputDilation != 0)
      continue;
    int64_t offset = dilated / axis.inputDilation;
    WindowTap tap;
    tap.position = axis.reversed ? axis.window - 1 - k : k;
    tap.offset = offset;
    tap.begin = offset >= 0 ? 0 : llvm::divideCeil(-offset, phase.inputStep);
    int64_t last = axis.input - 1 - offset;
    tap.end = last < 0 ? 0 : last / phase.inputStep + 1;
    tap.end = std::min(tap.end, phase.count);
    if (tap.begin < tap.end)
      taps.push_back(tap);
  }
  return taps;
}

llvm::SmallVector<WindowPhase> WindowAxis::phases() const {
  int64_t step = inputDilation / std::gcd(inputDilation, stride);
  llvm::SmallVector<WindowPhase> result;
  for (int64_t first = 0; first < std::min(step, output); ++first) {
    WindowPhase phase;
    phase.first = first;
    phase.outputStep = step;
    phase.count = llvm::divideCeil(output - first, step);
    phase.inputStep = stride * step / inputDilation;
    phase.taps = tapsOf(*this, phase);
    result.push_back(std::move(phase));
  }
  return result;
}

int64_t WindowAxis::countMeetings() const {
  int64_t meetings = 0;
  for (const WindowPhase &phase : phases())
    for (const WindowTap &tap : phase.taps)
      meetings += tap.end - tap.begin;
  return meetings;
}

} // namespace lamina::ir
