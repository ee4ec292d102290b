#pragma once

#include <cstdint>

/// Whether Winograd's minimal filtering pays: an estimate in cycles of one thread.
namespace lamina::passes {

/// Filters of a convolution's task, at most: for more, the input is transformed again.
inline constexpr int64_t kWinogradFilters = 128;
/// Channels and filters of a task of a gradient by the filter, at most: both images' squares are
/// transformed again for each task.
inline constexpr int64_t kWinogradGradientChannels = 64, kWinogradGradientFilters = 128;

/// A convolution of 3 x 3 taps, seen from one image: its outputs are `height` x `width`.
struct WinogradShape {
  int64_t height, width, channels, filters;
};

/// Cycles of the direct kernel for one image.
double estimateDirect(const WinogradShape &shape, int64_t lanes);
/// Cycles for one image in squares of `side` x `side` outputs: transforms, products, and the filter
/// at the points, which takes its way through memory once per batch.
double estimateWinograd(const WinogradShape &shape, int64_t side, int64_t lanes);
/// The same for the gradient by the filter.
double estimateWinogradGradient(const WinogradShape &shape, int64_t side, int64_t lanes);

/// The squares' side with the least cycles; 0 where the direct kernel takes about as long.
int64_t chooseWinogradSide(const WinogradShape &shape, int64_t lanes,
                           double (*estimate)(const WinogradShape &, int64_t, int64_t));

} // namespace lamina::passes
