#include "passes/simplify/winograd_cost.h"

#include <cmath>

namespace lamina::passes {
namespace {

/// Fused multiply-adds of a vector per cycle.
constexpr double kMultiplyAdds = 2;
/// Cycles for each vector of a register tile's sums: to be loaded and stored, and the tile to
/// begin.
constexpr double kSumCycles = 3.8;
/// Bytes per cycle from memory, and from the cache that cores share.
constexpr double kMemoryBytes = 4, kSharedCacheBytes = 16;
/// Images of a batch that share the work on the filter, and squares that share a look at it.
constexpr double kImages = 8, kSquaresTogether = 32;
/// Squares whose products a gradient by the filter adds at once to its sums, and channels that come
/// together there.
constexpr double kSquaresOfBlock = 24;
constexpr int64_t kChannelRows = 6;
/// The direct kernel's share of the peak (docs/benchmarks.md).
constexpr double kDirectShare = 0.8;
/// The share of the direct kernel's cycles that minimal filtering may take at most.
constexpr double kWorthwhile = 0.95;
constexpr double kElementBytes = 4;

double ceilDivide(int64_t value, int64_t part) {
  int64_t parts = (value + part - 1) / part;
  return static_cast<double>(parts);
}

} // namespace

double estimateDirect(double multiplyAdds, int64_t filters, int64_t lanes) {
  double vectors = ceilDivide(filters, lanes) / static_cast<double>(filters);
  return multiplyAdds * vectors / kMultiplyAdds / kDirectShare;
}

double estimateWinograd(const ir::WinogradShape &shape, int64_t side, int64_t lanes) {
  auto points = static_cast<double>(ir::winogradPoints(side) * ir::winogradPoints(side));
  auto squares = static_cast<double>(shape.countSquares(side));
  auto channels = static_cast<double>(shape.channels);
  double sums = squares * points * ceilDivide(shape.filters, lanes);
  double cycles = sums * channels / kMultiplyAdds;
  cycles += sums * ceilDivide(shape.channels, ir::kWinogradChannels) * kSumCycles;
  cycles += ir::countTransformCycles(shape, side, lanes);
  double filterBytes = points * channels * static_cast<double>(shape.filters) * kElementBytes;
  double looks = std::ceil(kImages * squares / kSquaresTogether) / kImages;
  cycles += filterBytes * looks / kSharedCacheBytes;
  double filterWork =
      ir::countFilterTransformCycles(shape, side, lanes) + 2 * filterBytes / kMemoryBytes;
  return cycles + filterWork / kImages;
}

double estimateWinogradGradient(const ir::WinogradShape &shape, int64_t side, int64_t lanes) {
  auto points = static_cast<double>(ir::winogradPoints(side) * ir::winogradPoints(side));
  auto squares = static_cast<double>(shape.countSquares(side));
  double sums = points * ceilDivide(shape.channels, kChannelRows) * kChannelRows *
                ceilDivide(shape.filters, lanes);
  double cycles = squares * sums / kMultiplyAdds;
  cycles += std::ceil(kImages * squares / kSquaresOfBlock) / kImages * sums * kSumCycles;
  cycles += ir::countGradientTransformCycles(shape, side, lanes);
  return cycles + ir::countSumTransformCycles(shape, side, lanes) / kImages;
}

int64_t chooseWinogradSide(double direct, const ir::WinogradShape &shape, int64_t lanes,
                           WinogradEstimate estimate) {
  int64_t best = 0;
  double least = kWorthwhile * direct;
  for (int64_t side : {2, 4})
    if (double cycles = estimate(shape, side, lanes); cycles < least) {
      least = cycles;
      best = side;
    }
  return best;
}

} // namespace lamina::passes
