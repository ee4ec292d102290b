#include "frontend/lookups/vocabulary.h"

#include <algorithm>

#include "support/error.h"

namespace lamina::frontend {
namespace {

int64_t bucketOf(int64_t value, const UnknownValues &unknown) {
  if (!unknown.byRemainder)
    return bucketOf(std::to_string(value), unknown.buckets, unknown.salt);
  int64_t remainder = value % unknown.buckets;
  return remainder < 0 ? remainder + unknown.buckets : remainder;
}

int64_t bucketOf(const std::string &value, const UnknownValues &unknown) {
  return bucketOf(value, unknown.buckets, unknown.salt);
}

std::string describeTerm(const std::string &term) {
  return fmt::format("'{}'", printable(term, 60));
}

std::string describeTerm(int64_t term) {
  return std::to_string(term);
}

template <typename Term> std::vector<Term> termsOf(const Column &column);

template <> std::vector<int64_t> termsOf(const Column &column) {
  return wholeNumbers(std::get<Array>(column));
}

template <> std::vector<std::string> termsOf(const Column &column) {
  return std::get<Texts>(column).values;
}

template <typename Term> class VocabularyLookup : public Lookup {
public:
  VocabularyLookup(Vocabulary<Term> vocabulary, CategoryEncoding encoding)
      : vocabulary(std::move(vocabulary)), encoding(std::move(encoding)) {}

  Array apply(const std::vector<const Column *> &columns, const RefuseRow &refuse) const override {
    const std::vector<int64_t> &shape = shapeOf(*columns[0]);
    std::vector<Term> terms = termsOf<Term>(*columns[0]);
    std::vector<int64_t> indices;
    indices.reserve(terms.size());
    for (const Term &term : terms) {
      std::optional<int64_t> index = vocabulary.find(term);
      if (!index)
        refuse(static_cast<int64_t>(indices.size() * static_cast<size_t>(shape[0]) / terms.size()),
               fmt::format("{} is not in the vocabulary, and with num_oov_indices 0 nothing stands "
                           "for such values; leave the row out, or build the layer with "
                           "num_oov_indices=1",
                           describeTerm(term)));
      indices.push_back(*index);
    }
    return encoding.encode(indices, shape);
  }

private:
  Vocabulary<Term> vocabulary;
  CategoryEncoding encoding;
};

template <typename T> std::vector<int64_t> castAll(const Array &array) {
  std::span<const T> values = array.values<T>();
  std::vector<int64_t> result(values.size());
  std::transform(values.begin(), values.end(), result.begin(),
                 [](T value) { return static_cast<int64_t>(value); });
  return result;
}

/// A fraction cut off, as TensorFlow casts: what no integer holds becomes the least one.
template <typename T> std::vector<int64_t> truncateAll(const Array &array) {
  constexpr T limit = 9223372036854775808.0; // 2^63
  std::span<const T> values = array.values<T>();
  std::vector<int64_t> result(values.size());
  std::transform(values.begin(), values.end(), result.begin(), [](T value) {
    bool fits = value >= -limit && value < limit;
    return fits ? static_cast<int64_t>(value) : std::numeric_limits<int64_t>::min();
  });
  return result;
}

} // namespace

int64_t bucketOf(std::string_view text, int64_t buckets, const std::optional<SipKey> &salt) {
  uint64_t hash = salt ? sipHash(*salt, text) : fingerprint(text);
  return static_cast<int64_t>(hash % static_cast<uint64_t>(buckets));
}

template <typename Term> std::optional<int64_t> Vocabulary<Term>::find(const Term &value) const {
  if (mask && value == *mask)
    return maskIndex;
  if (auto found = indices.find(value); found != indices.end())
    return found->second;
  if (unknown.buckets == 0)
    return std::nullopt;
  return firstUnknown + (unknown.buckets == 1 ? 0 : bucketOf(value, unknown));
}

template struct Vocabulary<std::string>;
template struct Vocabulary<int64_t>;

std::unique_ptr<Lookup> makeLookup(Vocabulary<std::string> vocabulary, CategoryEncoding encoding) {
  return std::make_unique<VocabularyLookup<std::string>>(std::move(vocabulary),
                                                         std::move(encoding));
}

std::unique_ptr<Lookup> makeLookup(Vocabulary<int64_t> vocabulary, CategoryEncoding encoding) {
  return std::make_unique<VocabularyLookup<int64_t>>(std::move(vocabulary), std::move(encoding));
}

std::vector<int64_t> wholeNumbers(const Array &array) {
  switch (array.type) {
  case ElementType::F32:
    return truncateAll<float>(array);
  case ElementType::F64:
    return truncateAll<double>(array);
  case ElementType::I32:
    return castAll<int32_t>(array);
  case ElementType::I64:
    return castAll<int64_t>(array);
  case ElementType::I8:
    return castAll<int8_t>(array);
  case ElementType::U8:
  case ElementType::I1:
    return castAll<uint8_t>(array);
  }
  return {};
}

} // namespace lamina::frontend
