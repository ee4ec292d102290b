#include "frontend/keras/layers/lookups/vocabularies.h"

#include <charconv>

using namespace mlir;

namespace lamina::frontend::keras {

using Mode = CategoryEncoding::Mode;

namespace {

bool fitsTerm(const nlohmann::json &value, std::string *) {
  return value.is_string();
}

bool fitsTerm(const nlohmann::json &value, int64_t *) {
  return value.is_number_integer();
}

std::optional<std::string> parseTerm(const std::string &line, std::string *) {
  return line;
}

std::optional<int64_t> parseTerm(const std::string &line, int64_t *) {
  int64_t value = 0;
  auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), value);
  bool isWhole = error == std::errc() && end == line.data() + line.size();
  return isWhole ? std::optional(value) : std::nullopt;
}

std::string describeTerm(const std::string &term) {
  return fmt::format("'{}'", printable(term, 60));
}

std::string describeTerm(int64_t term) {
  return std::to_string(term);
}

template <typename Term> constexpr const char *kKind = "whole numbers";
template <> constexpr const char *kKind<std::string> = "texts";

/// The bytes of the end of a line at the start of `text`; 0 for none.
size_t lineEndBytes(std::string_view text) {
  static constexpr std::string_view ends[] = {"\r\n",     "\n",           "\r",          "\v",
                                              "\f",       "\x1c",         "\x1d",        "\x1e",
                                              "\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9"};
  for (std::string_view end : ends)
    if (text.starts_with(end))
      return end.size();
  return 0;
}

} // namespace

std::vector<std::string> splitLines(std::string_view text) {
  std::vector<std::string> lines;
  std::string line;
  for (size_t i = 0; i < text.size();) {
    size_t end = lineEndBytes(text.substr(i));
    if (!end) {
      line += text[i++];
      continue;
    }
    lines.push_back(std::move(line));
    line.clear();
    i += end;
  }
  lines.push_back(std::move(line));
  while (!lines.empty() && lines.back().empty())
    lines.pop_back();
  return lines;
}

template <typename Term>
IndexedTerms<Term>::IndexedTerms(Config &config)
    : mode(readOutputMode(config,
                          {Mode::Int, Mode::OneHot, Mode::MultiHot, Mode::Count, Mode::TfIdf})),
      maxTokens(config.optionalInteger("max_tokens")),
      padsToMaxTokens(config.boolean("pad_to_max_tokens", false)) {
  config.ignore({"vocabulary_size", "has_input_vocabulary"});
  if (padsToMaxTokens && !maxTokens)
    config.fail("'pad_to_max_tokens' needs 'max_tokens'");
  constexpr int64_t most = INT32_MAX;
  if (maxTokens && (*maxTokens < 2 || *maxTokens > most))
    config.fail(fmt::format("'max_tokens' is {}; it must be from 2 to {}", *maxTokens, most));
  const nlohmann::json &list = config.raw("vocabulary");
  if (list.is_string())
    config.fail("'vocabulary' is the name of a file, which is never followed; build the layer with "
                "the list of its lines");
  if (!list.is_null() && !list.is_array())
    config.fail("'vocabulary' is no list");
  if (list.is_array()) {
    terms.emplace();
    for (const nlohmann::json &term : list) {
      if (!fitsTerm(term, static_cast<Term *>(nullptr)))
        config.fail(fmt::format("'vocabulary' holds {}; its terms must be {}",
                                printable(term.dump(), 60), kKind<Term>));
      terms->push_back(term.get<Term>());
    }
  }
  if (config.has("idf_weights")) {
    weights = config.numbers("idf_weights", 0).values;
    hasWeights = true;
  }
}

template <typename Term>
void IndexedTerms<Term>::readStored(const Place &place, const StoredVocabulary &stored) {
  if (!terms && stored.lines) {
    terms.emplace();
    for (const std::string &line : splitLines(*stored.lines)) {
      std::optional<Term> term = parseTerm(line, static_cast<Term *>(nullptr));
      if (!term)
        place.fail(fmt::format("its vocabulary.txt has the line '{}'; its terms must be {}",
                               printable(line, 60), kKind<Term>));
      terms->push_back(*term);
    }
  }
  bool areFloats = stored.weights && stored.weights->type == ElementType::F32;
  if (hasWeights || !areFloats)
    return;
  auto values = stored.weights->values<float>();
  weights.assign(values.begin(), values.end());
  hasWeights = true;
}

template <typename Term> bool IndexedTerms<Term>::namesSpecialTerms() const {
  if (static_cast<int64_t>(terms->size()) < firstTerm() || (unknown.buckets && !unknownTerm))
    return false;
  for (int64_t i = 0; i < firstTerm(); ++i)
    if ((*terms)[static_cast<size_t>(i)] != (i < firstUnknown() ? *mask : *unknownTerm))
      return false;
  return true;
}

template <typename Term>
std::vector<Term> IndexedTerms<Term>::plainTerms(const Place &place) const {
  if (!terms)
    place.fail("has no vocabulary: give it one when it is built, or call its adapt() and save the "
               "model as .keras (.h5 and JSON do not hold what adapt has found)");
  if (terms->empty())
    place.fail("has an empty vocabulary: call its adapt() with data that have terms");
  auto first = terms->begin() + (namesSpecialTerms() ? firstTerm() : 0);
  return {first, terms->end()};
}

template <typename Term>
Vocabulary<Term> IndexedTerms<Term>::makeVocabulary(const Place &place) const {
  Vocabulary<Term> vocabulary;
  vocabulary.mask = mask;
  vocabulary.maskIndex = mode == Mode::Int ? 0 : kNoCategory;
  vocabulary.firstUnknown = firstUnknown();
  vocabulary.unknown = unknown;
  for (const Term &term : plainTerms(place)) {
    if (mask && term == *mask)
      place.fail(
          fmt::format("its vocabulary holds the mask {} among the terms", describeTerm(term)));
    auto index = firstTerm() + static_cast<int64_t>(vocabulary.indices.size());
    if (!vocabulary.indices.emplace(term, index).second)
      place.fail(fmt::format("its vocabulary holds {} twice", describeTerm(term)));
  }
  int64_t size = firstTerm() + static_cast<int64_t>(vocabulary.indices.size());
  if (maxTokens && size > *maxTokens)
    place.fail(fmt::format("its vocabulary has {} terms with those for masks and unknown values, "
                           "but 'max_tokens' is {}",
                           size, *maxTokens));
  return vocabulary;
}

template <typename Term> int64_t IndexedTerms<Term>::depth() const {
  bool isWhole = namesSpecialTerms();
  return padsToMaxTokens ? *maxTokens
                         : static_cast<int64_t>(terms->size()) + (isWhole ? 0 : firstTerm());
}

/// What stands for weights of special terms that the list does not have is the mean; terms that the
/// vocabulary might have had get 0.
template <typename Term>
std::vector<float> IndexedTerms<Term>::makeWeights(const Place &place, int64_t depth) const {
  if (!hasWeights)
    place.fail(
        "has the output mode 'tf_idf' but no weights of its terms; call its adapt(), or give "
        "idf_weights");
  std::vector<float> result;
  if (weights.size() == static_cast<size_t>(depth))
    result.assign(weights.begin(), weights.end());
  else if (weights.size() != terms->size())
    place.fail(fmt::format("has {} 'idf_weights' for {} terms", weights.size(), terms->size()));
  if (result.empty()) {
    double sum = 0;
    for (double weight : weights)
      sum += weight;
    auto mean = static_cast<float>(sum / static_cast<double>(weights.size()));
    result.assign(namesSpecialTerms() ? 0 : static_cast<size_t>(firstTerm()), mean);
    result.insert(result.end(), weights.begin(), weights.end());
    result.resize(static_cast<size_t>(depth));
  }
  return result;
}

template <typename Term>
CategoryEncoding IndexedTerms<Term>::makeEncoding(const Place &place) const {
  CategoryEncoding encoding;
  encoding.mode = mode;
  plainTerms(place); // refuses what has none
  if (mode == Mode::Int)
    return encoding;
  encoding.type = ElementType::F32;
  encoding.depth = depth();
  checkValues(place, encoding.depth);
  if (mode == Mode::TfIdf)
    encoding.weights = makeWeights(place, encoding.depth);
  else if (hasWeights)
    place.fail("has 'idf_weights', which belong to the output mode 'tf_idf' alone");
  return encoding;
}

template class IndexedTerms<std::string>;
template class IndexedTerms<int64_t>;

} // namespace lamina::frontend::keras
