#include "passes/simplify/winograd_cost.h"

#include <cmath>

#include "ir/operations/winograd.h"

namespace lamina::passes {
namespace {

/// Fused multiply-adds of a vector, and vectors loaded or stored, per cycle.
constexpr double kMultiplyAdds = 2, kAccesses = 1.5;
/// Cycles for each vector of a register tile's sums: to be loaded and stored, and the tile to
/// begin.
constexpr double kSumCycles = 2 / kAccesses + 2.5;
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
constexpr double kWorthwhile = 0.8;
constexpr double kElementBytes = 4;

double ceilDivide(int64_t value, int64_t part) {
  int64_t parts = (value + part - 1) / part;
  return static_cast<double>(parts);
}

int64_t countNonzeros(const ir::Matrix &matrix) {
  int64_t count = 0;
  for (const auto &row : matrix)
    for (double coefficient : row)
      count += coefficient != 0;
  return count;
}

/// Cycles of matrix * square * matrix^T for a vector of squares.
double transformCycles(const ir::Matrix &matrix) {
  auto rows = static_cast<double>(matrix.size()), size = static_cast<double>(matrix.front().size());
  auto arithmetic = static_cast<double>(countNonzeros(matrix)) * (size + rows);
  return arithmetic / kMultiplyAdds + (size * size + rows * rows) / kAccesses;
}

} // namespace

double estimateDirect(const WinogradShape &shape, int64_t lanes) {
  double taps = ir::kWinogradTaps * ir::kWinogradTaps;
  double products = taps * static_cast<double>(shape.height * shape.width) *
                    static_cast<double>(shape.channels) * ceilDivide(shape.filters, lanes);
  return products / kMultiplyAdds / kDirectShare;
}

double estimateWinograd(const WinogradShape &shape, int64_t side, int64_t lanes) {
  ir::WinogradMatrices matrices = ir::WinogradMatrices::of(side);
  auto points = static_cast<double>(ir::winogradPoints(side) * ir::winogradPoints(side));
  double squares = ceilDivide(shape.height, side) * ceilDivide(shape.width, side);
  auto channels = static_cast<double>(shape.channels);
  double channelVectors = ceilDivide(shape.channels, lanes);
  double filterVectors = ceilDivide(shape.filters, lanes);
  double sums = squares * points * filterVectors;
  double cycles = sums * channels / kMultiplyAdds;
  cycles += sums * ceilDivide(shape.channels, ir::kWinogradChannels) * kSumCycles;
  double passes = ceilDivide(shape.filters, kWinogradFilters);
  cycles += squares * channelVectors * passes * transformCycles(matrices.input);
  cycles += squares * filterVectors * transformCycles(matrices.output);
  double filterBytes = points * channels * static_cast<double>(shape.filters) * kElementBytes;
  double looks = std::ceil(kImages * squares / kSquaresTogether) / kImages;
  cycles += filterBytes * looks / kSharedCacheBytes;
  double filterWork =
      channels * filterVectors * transformCycles(matrices.filter) + 2 * filterBytes / kMemoryBytes;
  return cycles + filterWork / kImages;
}

double estimateWinogradGradient(const WinogradShape &shape, int64_t side, int64_t lanes) {
  ir::WinogradMatrices matrices = ir::WinogradMatrices::of(side);
  auto points = static_cast<double>(ir::winogradPoints(side) * ir::winogradPoints(side));
  double squares = ceilDivide(shape.height, side) * ceilDivide(shape.width, side);
  double channelVectors = ceilDivide(shape.channels, lanes);
  double filterVectors = ceilDivide(shape.filters, lanes);
  double sums = points * ceilDivide(shape.channels, kChannelRows) * kChannelRows * filterVectors;
  double cycles = squares * sums / kMultiplyAdds;
  cycles += std::ceil(kImages * squares / kSquaresOfBlock) / kImages * sums * kSumCycles;
  cycles += squares * channelVectors * ceilDivide(shape.filters, kWinogradGradientFilters) *
            transformCycles(matrices.input);
  cycles += squares * filterVectors * ceilDivide(shape.channels, kWinogradGradientChannels) *
            transformCycles(ir::transposed(matrices.output));
  double results = static_cast<double>(shape.channels) * filterVectors *
                   transformCycles(ir::transposed(matrices.filter));
  return cycles + results / kImages;
}

int64_t chooseWinogradSide(const WinogradShape &shape, int64_t lanes,
                           double (*estimate)(const WinogradShape &, int64_t, int64_t)) {
  int64_t best = 0;
  double least = kWorthwhile * estimateDirect(shape, lanes);
  for (int64_t side : {2, 4})
    if (double cycles = estimate(shape, side, lanes); cycles < least) {
      least = cycles;
      best = side;
    }
  return best;
}

} // namespace lamina::passes
