#pragma once

#include <optional>
#include <string>

#include "trainer/data/dataset.h"

namespace lamina::trainer {

/// Which rows are kept for validation.
enum class SplitKind {
  Last,       ///< the last ones, as Keras' validation_split does
  Shuffled,   ///< drawn by the seed
  Stratified, ///< drawn by the seed, of each class the same part
  Grouped,    ///< all rows of groups that are drawn by the seed (Dataset::keys)
  Time,       ///< the latest ones (Dataset::keys)
};

/// "last", "shuffled", …
const char *nameOf(SplitKind kind);
std::optional<SplitKind> findSplitKind(const std::string &name);
/// Whether the rows need keys.
bool needsKeys(SplitKind kind);

/// Brings the rows into the order of their keys; those of equal keys keep theirs.
void sortByKeys(Dataset &data);

/// Takes these rows out of `data`; those that stay, and those that are taken, keep their order.
/// A part of `fraction` of the rows is taken, rounded to whole rows (of each class; to whole
/// groups, at least so many rows). Throws UserError when a part would be empty, or when rows have
/// no class or no key.
Dataset splitRows(Dataset &data, SplitKind kind, double fraction, uint64_t seed);

} // namespace lamina::trainer
