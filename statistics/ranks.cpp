#include "statistics/ranks.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <memory>
#include <utility>

namespace lamina::statistics {

namespace {

struct Item {
  uint64_t key;
  uint32_t row;
};

/// Items are sorted by radix by their upper bits: sign, exponent and 20 bits of the fraction. Few
/// numbers of a column have these in common and differ in the rest.
constexpr unsigned kDigitBits = 11, kDigits = 3, kLowerBits = 64 - kDigits * kDigitBits;
constexpr uint64_t kDigitMask = (uint64_t(1) << kDigitBits) - 1;

/// A number whose order as an integer is that of `value`.
uint64_t keyOf(double value) {
  auto bits = std::bit_cast<uint64_t>(value + 0.0); // -0 becomes 0
  uint64_t flip = static_cast<uint64_t>(static_cast<int64_t>(bits) >> 63) | (uint64_t(1) << 63);
  return bits ^ flip;
}

uint64_t digitOf(uint64_t key, unsigned digit) {
  return (key >> (kLowerBits + digit * kDigitBits)) & kDigitMask;
}

using Counts = std::array<std::array<uint32_t, kDigitMask + 1>, kDigits>;

/// Moves the items into `target` by one digit, whose counts become positions.
void scatter(const std::vector<Item> &source, std::vector<Item> &target, unsigned digit,
             std::array<uint32_t, kDigitMask + 1> &counts) {
  uint32_t position = 0;
  for (uint32_t &count : counts) {
    uint32_t size = count;
    count = position;
    position += size;
  }
  for (const Item &item : source)
    target[counts[digitOf(item.key, digit)]++] = item;
}

/// Sorts what has the upper bits in common by the rest.
void finishSorting(std::vector<Item> &items) {
  auto isBefore = [](const Item &a, const Item &b) {
    return std::pair(a.key, a.row) < std::pair(b.key, b.row);
  };
  for (size_t begin = 0, end = 0; begin < items.size(); begin = end) {
    bool isSorted = true;
    for (end = begin + 1; end < items.size(); ++end) {
      if (items[end].key >> kLowerBits != items[begin].key >> kLowerBits)
        break;
      isSorted &= items[end - 1].key <= items[end].key;
    }
    if (!isSorted)
      std::sort(items.begin() + static_cast<ptrdiff_t>(begin),
                items.begin() + static_cast<ptrdiff_t>(end), isBefore);
  }
}

} // namespace

SortedColumn sortColumn(std::span<const double> values) {
  std::vector<Item> items;
  items.reserve(values.size());
  auto counts = std::make_unique<Counts>();
  for (size_t row = 0; row < values.size(); ++row)
    if (std::isfinite(values[row])) {
      uint64_t key = keyOf(values[row]);
      items.push_back({key, static_cast<uint32_t>(row)});
      for (unsigned digit = 0; digit < kDigits; ++digit)
        ++(*counts)[digit][digitOf(key, digit)];
    }
  std::vector<Item> other(items.size());
  for (unsigned digit = 0; digit < kDigits && !items.empty(); ++digit) {
    // Numbers with few digits have most of these alike.
    if ((*counts)[digit][digitOf(items[0].key, digit)] == items.size())
      continue;
    scatter(items, other, digit, (*counts)[digit]);
    items.swap(other);
  }
  finishSorting(items);
  SortedColumn sorted;
  sorted.rows.resize(items.size());
  sorted.begins.resize(items.size());
  for (size_t i = 0; i < items.size(); ++i) {
    sorted.rows[i] = items[i].row;
    sorted.begins[i] = i == 0 || items[i].key != items[i - 1].key;
  }
  return sorted;
}

} // namespace lamina::statistics
