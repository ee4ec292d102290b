#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "frontend/lookups/vocabulary.h"

namespace lamina::frontend {

/// From a text to its terms (keras/src/layers/preprocessing/text_vectorization.py).
struct Tokenizer {
  enum class Split { None, Whitespace, Character };
  bool lowers = false; ///< the letters A to Z, as tf.strings.lower does unless it is told otherwise
  bool stripsPunctuation = false; ///< the 32 marks of ASCII
  Split split = Split::Whitespace;
  std::vector<int64_t> ngrams =
      {}; ///< runs of so many terms, each width after the other; none: terms

  /// The text after lowering and stripping.
  std::string standardize(const std::string &text) const;
  /// The terms of one text.
  std::vector<std::string> tokenize(const std::string &text) const;
  /// The runs of terms that `ngrams` asks for.
  std::vector<std::string> joinRuns(std::vector<std::string> terms) const;
};

/// TextVectorization. With an encoding of indices rows have `length` of them: shorter ones are
/// filled up with 0. Longer ones lose the rest where `cutsLonger`, else they are refused. A length
/// of -1 is that of the longest row at hand, 1 at the least.
struct TextSettings {
  Tokenizer tokenizer;
  Vocabulary<std::string> vocabulary;
  CategoryEncoding encoding;
  int64_t length = 0;
  bool cutsLonger = true;
};
std::unique_ptr<Lookup> makeTextVectorization(TextSettings settings);

} // namespace lamina::frontend
