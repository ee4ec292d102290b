#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "frontend/files/arrays/array.h"

namespace lamina::frontend {

/// The index of what leaves no trace in an encoding: masked values.
inline constexpr int64_t kNoCategory = std::numeric_limits<int64_t>::max();

/// How indices of categories become values of a row: Keras' output modes
/// (keras/src/utils/numerical_utils.py).
struct CategoryEncoding {
  enum class Mode {
    Int,      ///< the indices
    OneHot,   ///< for each index a vector of `depth` zeros with a 1 at the index
    MultiHot, ///< for all indices of the last dimension a vector with a 1 at each of them
    Count,    ///< the same with the number of times that each occurs
    TfIdf,    ///< the same, times `weights`
  };
  Mode mode = Mode::Int;
  int64_t depth = 0;
  std::vector<float> weights = {}; ///< `depth` of them
  ElementType type = ElementType::I64;

  /// The mode of this name; nothing for another one.
  static std::optional<Mode> findMode(const std::string &name);

  /// The shape of an encoded row of indices; the last dimension goes where it is summed up, or
  /// where it is 1 and one-hot vectors can stand in its place.
  std::vector<int64_t> rowShape(std::vector<int64_t> indices) const;
  /// Encodes indices of shape (rows, …).
  Array encode(const std::vector<int64_t> &indices, const std::vector<int64_t> &shape) const;
  /// Adds an index to a row's vector of `depth` values; indices from `depth` on are left out.
  void add(int64_t index, std::vector<double> &vector) const;
  /// Writes the vector to its place in an array of `type`, times the weights.
  void store(const std::vector<double> &vector, Array &array, int64_t place) const;
};

} // namespace lamina::frontend
