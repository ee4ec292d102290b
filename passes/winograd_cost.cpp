#include "passes/winograd_cost.h"

#include <cmath>

#include "ir/winograd.h"

namespace lamina::passes {
namespace {

/// Fused multiply-adds of a vector, and vectors loaded or stored, per cycle.
constexpr double kMultiplyAdds = 2, kAccesses = 1.5;
/// Bytes per cycle from memory, and from the cache that cores share.
constexpr double kMemoryBytes = 4, kSharedCacheBytes = 16;
/// Images of a batch that share the work on the filter, and tiles that share a look at it.
constexpr double kImages = 4, kTilesTogether = 24;
/// Tiles whose products a gradient by the filter adds at once to its sums.
constexpr double kTilesOfBlock = 12;
/// Filters that one task makes: for more, the input is transformed again.
constexpr double kFiltersTogether = 64;
/// What minimal filtering must take at most, as a part of the direct kernel's cycles.
constexpr double kWorthwhile = 0.9;
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
  return products / kMultiplyAdds;
}

double estimateWinograd(const WinogradShape &shape, int64_t tile, int64_t lanes) {
  ir::WinogradMatrices matrices = ir::WinogradMatrices::of(tile);
  auto points = static_cast<double>(ir::winogradPoints(tile) * ir::winogradPoints(tile));
  double tiles = ceilDivide(shape.height, tile) * ceilDivide(shape.width, tile);
  auto channels = static_cast<double>(shape.channels);
  double channelVectors = ceilDivide(shape.channels, lanes);
  double filterVectors = ceilDivide(shape.filters, lanes);
  double passes = std::ceil(static_cast<double>(shape.filters) / kFiltersTogether);
  double cycles = tiles * points * channels * filterVectors / kMultiplyAdds;
  cycles += tiles * channelVectors * passes * transformCycles(matrices.input);
  cycles += tiles * filterVectors * transformCycles(matrices.output);
  double filterBytes = points * channels * static_cast<double>(shape.filters) * kElementBytes;
  cycles += filterBytes * std::ceil(tiles / kTilesTogether) / kSharedCacheBytes;
  double filterWork =
      channels * filterVectors * transformCycles(matrices.filter) + 2 * filterBytes / kMemoryBytes;
  return cycles + filterWork / kImages;
}

double estimateWinogradGradient(const WinogradShape &shape, int64_t tile, int64_t lanes) {
  ir::WinogradMatrices matrices = ir::WinogradMatrices::of(tile);
  auto points = static_cast<double>(ir::winogradPoints(tile) * ir::winogradPoints(tile));
  double tiles = ceilDivide(shape.height, tile) * ceilDivide(shape.width, tile);
  double channelVectors = ceilDivide(shape.channels, lanes);
  double filterVectors = ceilDivide(shape.filters, lanes);
  double sums = points * static_cast<double>(shape.channels) * filterVectors;
  double cycles = tiles * sums / kMultiplyAdds;
  cycles += std::ceil(tiles / kTilesOfBlock) * 2 * sums / kAccesses;
  cycles += tiles * channelVectors * ceilDivide(shape.filters, kWinogradGradientFilters) *
            transformCycles(matrices.input);
  cycles += tiles * filterVectors * ceilDivide(shape.channels, kWinogradGradientChannels) *
            transformCycles(ir::transposed(matrices.output));
  double results = static_cast<double>(shape.channels) * filterVectors *
                   transformCycles(ir::transposed(matrices.filter));
  return cycles + results / kImages;
}

int64_t chooseWinogradTile(const WinogradShape &shape, int64_t lanes,
                           double (*estimate)(const WinogradShape &, int64_t, int64_t)) {
  int64_t best = 0;
  double least = kWorthwhile * estimateDirect(shape, lanes);
  for (int64_t tile : {2, 4})
    if (double cycles = estimate(shape, tile, lanes); cycles < least) {
      least = cycles;
      best = tile;
    }
  return best;
}

} // namespace lamina::passes
