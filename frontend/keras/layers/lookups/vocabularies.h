#pragma once

#include "frontend/keras/layers/lookups/settings.h"
#include "frontend/lookups/vocabulary.h"

namespace lamina::frontend::keras {

/// The settings and the vocabulary of keras/src/layers/preprocessing/index_lookup.py for terms of
/// text or whole numbers.
template <typename Term> class IndexedTerms {
public:
  /// Reads "max_tokens", "vocabulary", "idf_weights", "output_mode", "pad_to_max_tokens" and what
  /// belongs to them. The others are members, which the layer sets before it makes anything.
  explicit IndexedTerms(Config &config);

  void readStored(const Place &place, const StoredVocabulary &stored);
  Vocabulary<Term> makeVocabulary(const Place &place) const;
  CategoryEncoding makeEncoding(const Place &place) const;

  CategoryEncoding::Mode mode;
  UnknownValues unknown;
  std::optional<Term> mask, unknownTerm;

private:
  /// The index of the first bucket of unknown values, and that of the first term.
  int64_t firstUnknown() const { return mask && mode == CategoryEncoding::Mode::Int ? 1 : 0; }
  int64_t firstTerm() const { return firstUnknown() + unknown.buckets; }
  /// Whether the list begins with the mask and the terms of unknown values.
  bool namesSpecialTerms() const;
  std::vector<Term> plainTerms(const Place &place) const;
  std::vector<float> makeWeights(const Place &place, int64_t depth) const;
  int64_t depth() const;

  std::optional<int64_t> maxTokens;
  bool padsToMaxTokens;
  std::optional<std::vector<Term>> terms;
  std::vector<double> weights;
  bool hasWeights = false;
};

extern template class IndexedTerms<std::string>;
extern template class IndexedTerms<int64_t>;

/// The lines of a vocabulary.txt as Python's str.splitlines finds them, empty ones at the end left
/// out.
std::vector<std::string> splitLines(std::string_view text);

} // namespace lamina::frontend::keras
