// keras.layers.StringLookup, IntegerLookup: keras/src/layers/preprocessing/index_lookup.py,
// string_lookup.py, integer_lookup.py
#include "frontend/keras/layers/layers.h"
#include "frontend/keras/layers/lookups/vocabularies.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

/// Settings that both classes have.
template <typename Term> void readUnknown(Config &config, IndexedTerms<Term> &terms) {
  if (config.boolean("invert", false))
    config.fail("turns indices back into terms (invert), which is no part of a network; look the "
                "terms up in its output");
  terms.unknown.buckets = config.integer("num_oov_indices", 1);
  if (terms.unknown.buckets < 0 || terms.unknown.buckets > INT32_MAX)
    config.fail(fmt::format("'num_oov_indices' is {}; it must be from 0 to {}",
                            terms.unknown.buckets, INT32_MAX));
  terms.unknown.salt = readSalt(config);
}

template <typename Term> class IndexLookup : public LookupMeaning {
public:
  void readStored(const Place &place, const StoredVocabulary &stored) override {
    terms.readStored(place, stored);
  }

  LookupResult prepare(const Place &place, ArrayRef<LookupInput> inputs,
                       const std::optional<std::vector<int64_t>> &) const override {
    const LookupInput &input = singleInput(place, inputs);
    constexpr bool takesText = std::is_same_v<Term, std::string>;
    if (input.isText != takesText)
      place.fail(takesText ? "looks up texts, but its input holds numbers; give the input the "
                             "dtype 'string', or look them up with IntegerLookup"
                           : "looks up whole numbers, but its input holds text; give the input the "
                             "dtype 'int64', or look it up with StringLookup");
    CategoryEncoding encoding = terms.makeEncoding(place);
    std::vector<int64_t> row = encodedRowShape(place, encoding, input.rowShape);
    return {makeLookup(terms.makeVocabulary(place), encoding), encoding.type, row};
  }

protected:
  explicit IndexLookup(Config &config) : terms(config) { readUnknown(config, terms); }

  IndexedTerms<Term> terms;
};

class StringLookup : public IndexLookup<std::string> {
public:
  explicit StringLookup(Config &config) : IndexLookup(config) {
    config.ignore({"oov_method", "encoding"});
    if (config.has("mask_token"))
      terms.mask = config.text("mask_token", "");
    terms.unknownTerm = config.text("oov_token", "[UNK]");
  }
};

class IntegerLookup : public IndexLookup<int64_t> {
public:
  explicit IntegerLookup(Config &config) : IndexLookup(config) {
    config.ignore({"vocabulary_dtype"});
    terms.mask = config.optionalInteger("mask_token");
    terms.unknownTerm = config.integer("oov_token", -1);
    std::string method = config.text("oov_method", "floormod");
    if (method != "floormod" && method != "farmhash")
      config.fail(
          fmt::format("'oov_method' is '{}'; it must be floormod or farmhash", printable(method)));
    terms.unknown.byRemainder = method == "floormod";
    if (terms.unknown.byRemainder && terms.unknown.salt)
      config.fail("'salt' needs oov_method 'farmhash'");
  }
};

} // namespace

const LayerEntry stringLookupLayer = {
    .className = "StringLookup", .create = createFromConfig<StringLookup>, .isLookup = true};
const LayerEntry integerLookupLayer = {
    .className = "IntegerLookup", .create = createFromConfig<IntegerLookup>, .isLookup = true};

} // namespace lamina::frontend::keras
