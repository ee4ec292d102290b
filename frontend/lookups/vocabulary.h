#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "frontend/lookups/category_encoding.h"
#include "frontend/lookups/hashing.h"
#include "frontend/lookups/lookup.h"

namespace lamina::frontend {

/// What becomes of values out of a vocabulary: the number of indices that they share, and how one
/// of several is chosen.
struct UnknownValues {
  int64_t buckets = 1;
  bool byRemainder = false;   ///< of whole numbers: value mod buckets, not a hash of its digits
  std::optional<SipKey> salt; ///< SipHash with it in place of the fingerprint
};

/// The bucket of a text: its hash modulo `buckets`.
int64_t bucketOf(std::string_view text, int64_t buckets, const std::optional<SipKey> &salt);

/// The terms of a vocabulary and their indices (keras/src/layers/preprocessing/index_lookup.py):
/// perhaps one for the mask, then those of unknown values, then the terms.
template <typename Term> struct Vocabulary {
  std::unordered_map<Term, int64_t> indices;
  std::optional<Term> mask;
  int64_t maskIndex = 0;
  int64_t firstUnknown = 0; ///< index of the first bucket
  UnknownValues unknown;

  /// Nothing for a value that has none: an unknown one without buckets.
  std::optional<int64_t> find(const Term &value) const;
};

extern template struct Vocabulary<std::string>;
extern template struct Vocabulary<int64_t>;

/// StringLookup and IntegerLookup: each value's index, encoded. A lookup of whole numbers takes
/// arrays of any type and cuts off fractions, as a cast does.
std::unique_ptr<Lookup> makeLookup(Vocabulary<std::string> vocabulary, CategoryEncoding encoding);
std::unique_ptr<Lookup> makeLookup(Vocabulary<int64_t> vocabulary, CategoryEncoding encoding);

/// The whole numbers of an array of any type, fractions cut off.
std::vector<int64_t> wholeNumbers(const Array &array);

} // namespace lamina::frontend
