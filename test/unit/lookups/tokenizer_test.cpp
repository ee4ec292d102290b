#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "frontend/lookups/text_vectorization.h"

namespace lamina::frontend {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> tokens(const std::string &text, Tokenizer tokenizer) {
  return tokenizer.tokenize(text);
}

TEST(Tokenizer, LowersAndStripsAsciiAlone) {
  EXPECT_THAT(tokens("It's \u00c9T\u00c9, (1.5)!", {.lowers = true, .stripsPunctuation = true}),
              ElementsAre("its", "\u00c9t\u00c9", "15"));
  EXPECT_THAT(tokens("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", {.stripsPunctuation = true}), IsEmpty());
  EXPECT_THAT(tokens("A-b", {.split = Tokenizer::Split::None}), ElementsAre("A-b"));
}

/// What separates is what tf.strings.split takes for a blank.
TEST(Tokenizer, SplitsAtBlanksOfAscii) {
  EXPECT_THAT(tokens(" a\u00a0b\v c\u001cd\u3000e  f\n", {}),
              ElementsAre("a\u00a0b", "c\u001cd\u3000e", "f"));
  EXPECT_THAT(tokens("", {}), IsEmpty());
}

/// tf.strings.unicode_split gives one replacement for each damaged character.
TEST(Tokenizer, SplitsCharacters) {
  Tokenizer characters = {.split = Tokenizer::Split::Character};
  EXPECT_THAT(tokens("a\u00e9\U0001f600", characters), ElementsAre("a", "\u00e9", "\U0001f600"));
  EXPECT_THAT(tokens("a\xff"
                     "b\xe2\x82",
                     characters),
              ElementsAre("a", "\ufffd", "b", "\ufffd"));
  EXPECT_THAT(tokens("\xc0\xaf\xf0\x9f\x98z\xed\xa0\x80", characters),
              ElementsAre("\ufffd", "\ufffd", "\ufffd", "z", "\ufffd", "\ufffd", "\ufffd"));
}

TEST(Tokenizer, JoinsRunsOfEachWidth) {
  EXPECT_THAT(tokens("a b c", {.ngrams = {2, 1, 4}}), ElementsAre("a b", "b c", "a", "b", "c"));
}

} // namespace
} // namespace lamina::frontend
