// The geometry of windows against a walk over all outputs and taps.
#include "ir/operations/window_axis.h"

#include <algorithm>
#include <array>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace lamina::ir {
namespace {

/// Output, tap and input of one meeting.
using Meeting = std::array<int64_t, 3>;

std::set<Meeting> walk(const WindowAxis &axis) {
  std::set<Meeting> meetings;
  for (int64_t output = 0; output < axis.output; ++output)
    for (int64_t k = 0; k < axis.window; ++k) {
      int64_t dilated = output * axis.stride + k * axis.windowDilation - axis.low;
      int64_t input = dilated / axis.inputDilation;
      if (dilated >= 0 && dilated % axis.inputDilation == 0 && input < axis.input)
        meetings.insert({output, axis.reversed ? axis.window - 1 - k : k, input});
    }
  return meetings;
}

std::set<Meeting> meetingsOf(const std::vector<WindowPhase> &phases) {
  std::set<Meeting> meetings;
  for (const WindowPhase &phase : phases)
    for (const WindowTap &tap : phase.taps)
      for (int64_t q = tap.begin; q < tap.end; ++q)
        meetings.insert(
            {phase.first + q * phase.outputStep, tap.position, q * phase.inputStep + tap.offset});
  return meetings;
}

/// Strides, dilations and padding of all kinds; a dimension has a stride or a dilated input.
WindowAxis randomAxis(std::mt19937 &generator) {
  auto between = [&](int64_t low, int64_t high) {
    return low + static_cast<int64_t>(generator() % (high - low + 1));
  };
  while (true) {
    WindowAxis axis;
    axis.input = between(1, 12);
    axis.window = between(1, 5);
    (between(0, 1) ? axis.stride : axis.inputDilation) = between(1, 5);
    axis.windowDilation = between(1, 3);
    axis.low = between(-3, 6);
    axis.reversed = between(0, 1);
    int64_t padded = (axis.input - 1) * axis.inputDilation + 1 + axis.low + between(-3, 6);
    axis.output = padded < axis.span() ? 0 : (padded - axis.span()) / axis.stride + 1;
    if (axis.output > 0)
      return axis;
  }
}

std::string describe(const WindowAxis &axis) {
  return "input " + std::to_string(axis.input) + ", output " + std::to_string(axis.output) +
         ", window " + std::to_string(axis.window) + ", stride " + std::to_string(axis.stride) +
         ", low " + std::to_string(axis.low) + ", input dilation " +
         std::to_string(axis.inputDilation) + ", window dilation " +
         std::to_string(axis.windowDilation) + (axis.reversed ? ", reversed" : "");
}

std::vector<WindowPhase> phasesOf(const WindowAxis &axis) {
  auto phases = axis.phases();
  return {phases.begin(), phases.end()};
}

TEST(WindowAxis, PhasesMeetWhatTheWalkMeets) {
  std::mt19937 generator(1);
  for (int i = 0; i < 5000; ++i) {
    WindowAxis axis = randomAxis(generator);
    EXPECT_EQ(meetingsOf(phasesOf(axis)), walk(axis)) << describe(axis);
  }
}

TEST(WindowAxis, PhasesCoverEveryOutputOnce) {
  std::mt19937 generator(2);
  for (int i = 0; i < 5000; ++i) {
    WindowAxis axis = randomAxis(generator);
    std::vector<int64_t> outputs;
    for (const WindowPhase &phase : phasesOf(axis))
      for (int64_t q = 0; q < phase.count; ++q)
        outputs.push_back(phase.first + q * phase.outputStep);
    std::ranges::sort(outputs);
    ASSERT_EQ(static_cast<int64_t>(outputs.size()), axis.output) << describe(axis);
    for (int64_t output = 0; output < axis.output; ++output)
      EXPECT_EQ(outputs[output], output) << describe(axis);
  }
}

TEST(WindowAxis, TapsAreInOrderWithinTheInput) {
  std::mt19937 generator(3);
  for (int i = 0; i < 5000; ++i) {
    WindowAxis axis = randomAxis(generator);
    for (const WindowPhase &phase : phasesOf(axis)) {
      EXPECT_TRUE(std::ranges::is_sorted(phase.taps, std::less<>(), &WindowTap::offset))
          << describe(axis);
      for (const WindowTap &tap : phase.taps) {
        EXPECT_LE(0, tap.begin) << describe(axis);
        EXPECT_LT(tap.begin, tap.end) << describe(axis);
        EXPECT_LE(tap.end, phase.count) << describe(axis);
      }
    }
  }
}

TEST(WindowAxis, TransposedMeetsTheSameTheOtherWayRound) {
  std::mt19937 generator(4);
  for (int i = 0; i < 5000; ++i) {
    WindowAxis axis = randomAxis(generator);
    std::set<Meeting> exchanged;
    for (auto [output, tap, input] : walk(axis.transposed()))
      exchanged.insert({input, tap, output});
    EXPECT_EQ(exchanged, walk(axis)) << describe(axis);
  }
}

TEST(WindowAxis, KnowsTheIdentity) {
  EXPECT_TRUE((WindowAxis{.input = 7, .output = 7}).isIdentity());
  EXPECT_FALSE((WindowAxis{.input = 7, .output = 4, .stride = 2}).isIdentity());
  EXPECT_FALSE((WindowAxis{.input = 7, .output = 5, .window = 3}).isIdentity());
  EXPECT_FALSE((WindowAxis{.input = 7, .output = 8, .low = 1}).isIdentity());
}

} // namespace
} // namespace lamina::ir
