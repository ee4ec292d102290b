#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace lamina::statistics {

/// The order of a column's values: rows by ascending value, those without a value left out.
struct SortedColumn {
  std::vector<uint32_t> rows;
  /// By position in `rows`: whether a value begins that is greater than the one before.
  std::vector<uint8_t> begins;
};

/// Rows of equal values keep their order; 0 and -0 are equal.
SortedColumn sortColumn(std::span<const double> values);

/// The rank of each row among those for which `takesPart(row)` holds, counted from 1. Equal values
/// get the mean of their ranks. Ranks of other rows stay as they are.
template <typename TakesPart>
void writeMeanRanks(const SortedColumn &sorted, TakesPart takesPart, std::span<double> ranks) {
  double before = 0;
  for (size_t begin = 0, end = 0; begin < sorted.rows.size(); begin = end) {
    double count = 0;
    for (end = begin; end < sorted.rows.size() && (end == begin || !sorted.begins[end]); ++end)
      count += takesPart(sorted.rows[end]) ? 1 : 0;
    for (size_t i = begin; i < end; ++i)
      if (takesPart(sorted.rows[i]))
        ranks[sorted.rows[i]] = before + (count + 1) / 2;
    before += count;
  }
}

} // namespace lamina::statistics
