// keras.layers.TextVectorization: keras/src/layers/preprocessing/text_vectorization.py
#include "frontend/lookups/text_vectorization.h"
#include "frontend/keras/layers/layers.h"
#include "frontend/keras/layers/lookups/vocabularies.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

using Mode = CategoryEncoding::Mode;
using Split = Tokenizer::Split;

/// A setting that names a way, is null, or is a function of Python's.
std::string readWay(Config &config, const char *key, const char *fallback) {
  const nlohmann::json &value = config.raw(key);
  if (value.is_null())
    return config.contains(key) ? "" : fallback;
  if (!value.is_string())
    config.fail(fmt::format("'{}' is a function of Python, which is never executed; use one of the "
                            "ways that Keras has names for, or do it to the data before",
                            key));
  return value.get<std::string>();
}

std::vector<int64_t> readNgrams(Config &config) {
  const nlohmann::json &value = config.raw("ngrams");
  std::vector<int64_t> widths;
  if (value.is_number_integer()) {
    for (int64_t width = 1; width <= std::min<int64_t>(value.get<int64_t>(), 1000); ++width)
      widths.push_back(width);
  } else if (!value.is_null()) {
    widths = *config.integers("ngrams");
  }
  for (int64_t width : widths)
    if (width < 1 || width > 1000)
      config.fail(fmt::format("'ngrams' has the width {}; it must be from 1 to 1000", width));
  if (!value.is_null() && widths.empty())
    config.fail("'ngrams' is empty");
  return widths;
}

Tokenizer readTokenizer(Config &config) {
  Tokenizer tokenizer;
  std::string standardize = readWay(config, "standardize", "lower_and_strip_punctuation");
  tokenizer.lowers = standardize == "lower" || standardize == "lower_and_strip_punctuation";
  tokenizer.stripsPunctuation =
      standardize == "strip_punctuation" || standardize == "lower_and_strip_punctuation";
  if (!standardize.empty() && !tokenizer.lowers && !tokenizer.stripsPunctuation)
    config.fail(
        fmt::format("'standardize' is '{}', which Keras does not have", printable(standardize)));
  std::string split = readWay(config, "split", "whitespace");
  if (!split.empty() && split != "whitespace" && split != "character")
    config.fail(fmt::format("'split' is '{}', which Keras does not have", printable(split)));
  tokenizer.split = split.empty()          ? Split::None
                    : split == "character" ? Split::Character
                                           : Split::Whitespace;
  tokenizer.ngrams = readNgrams(config);
  return tokenizer;
}

class TextVectorization : public LookupMeaning {
public:
  explicit TextVectorization(Config &config)
      : tokenizer(readTokenizer(config)), terms(config),
        length(config.optionalInteger("output_sequence_length")) {
    terms.mask = "";
    terms.unknownTerm = "[UNK]";
    if (config.boolean("ragged", false))
      config.fail("gives ragged tensors, whose rows differ in length; build the layer with "
                  "output_sequence_length");
    if (std::string encoding = config.text("encoding", "utf-8"); encoding != "utf-8")
      config.fail(fmt::format("'encoding' is '{}'; data are read as utf-8", printable(encoding)));
    if (length && (*length < 1 || *length > INT32_MAX || terms.mode != Mode::Int))
      config.fail(fmt::format("'output_sequence_length' is {}; it must be from 1 to {}, and only "
                              "the output mode 'int' has one",
                              *length, INT32_MAX));
    if (terms.mode == Mode::OneHot && tokenizer.split != Split::None)
      config.fail(
          "the output mode 'one_hot' gives each term of a text a vector of its own, in rows "
          "that differ in length; use 'multi_hot'");
  }

  void readStored(const Place &place, const StoredVocabulary &stored) override {
    terms.readStored(place, stored);
  }

  LookupResult prepare(const Place &place, ArrayRef<LookupInput> inputs,
                       const std::optional<std::vector<int64_t>> &given) const override {
    checkInput(place, singleInput(place, inputs));
    TextSettings settings = {tokenizer, terms.makeVocabulary(place), terms.makeEncoding(place)};
    ElementType type = settings.encoding.type;
    int64_t count = countTerms(inputs[0]);
    if (terms.mode != Mode::Int) {
      std::vector<int64_t> row = encodedRowShape(place, settings.encoding, {count});
      if (terms.mode == Mode::OneHot && row.size() > 1)
        place.fail("the output mode 'one_hot' is supported for one text a row");
      return {makeTextVectorization(std::move(settings)), type, {settings.encoding.depth}};
    }
    settings.cutsLonger = length.has_value();
    settings.length = length ? *length : given && given->size() == 1 ? given->front() : count;
    int64_t found = settings.length;
    checkValues(place, found);
    return {makeTextVectorization(std::move(settings)), type, {found}};
  }

private:
  void checkInput(const Place &place, const LookupInput &input) const {
    if (!input.isText)
      place.fail("takes text, but its input holds numbers; give the input the dtype 'string'");
    bool isSplit = tokenizer.split != Split::None;
    bool fits = isSplit ? input.rowShape.empty() || input.rowShape == std::vector<int64_t>{1}
                        : input.rowShape.size() == 1 && input.rowShape[0] > 0;
    if (!fits)
      place.fail(fmt::format("has rows of shape {}; {}", builder::describeShape(input.rowShape),
                             isSplit ? "it splits one text a row, as Input(shape=(1,)) gives it"
                                     : "without 'split' it takes rows of texts of known number"));
  }

  /// The terms of a row, where all rows have as many; else -1.
  int64_t countTerms(const LookupInput &input) const {
    if (tokenizer.split != Split::None)
      return -1;
    if (tokenizer.ngrams.empty())
      return input.rowShape[0];
    int64_t count = 0;
    for (int64_t width : tokenizer.ngrams)
      count += std::max<int64_t>(input.rowShape[0] - width + 1, 0);
    return count;
  }

  Tokenizer tokenizer;
  IndexedTerms<std::string> terms;
  std::optional<int64_t> length;
};

} // namespace

const LayerEntry textVectorizationLayer = {.className = "TextVectorization",
                                           .create = createFromConfig<TextVectorization>,
                                           .isLookup = true};

} // namespace lamina::frontend::keras
