#include "frontend/lookups/text_vectorization.h"

#include <algorithm>

#include "support/error.h"

namespace lamina::frontend {
namespace {

class TextVectorization : public Lookup {
public:
  explicit TextVectorization(TextSettings settings) : settings(std::move(settings)) {}

  Array apply(const std::vector<const Column *> &columns, const RefuseRow &refuse) const override {
    const auto &texts = std::get<Texts>(*columns[0]);
    int64_t rows = texts.shape[0];
    if (settings.encoding.mode == CategoryEncoding::Mode::Int)
      return storeIndices(texts, refuse);
    Array array = makeArray(settings.encoding.type, {rows, settings.encoding.depth});
    for (int64_t row = 0; row < rows; ++row)
      storeVector(indicesOf(texts, row), array, row);
    return array;
  }

private:
  /// Of a row with several texts (only where they are not split) each is a term.
  std::vector<std::string> termsOf(const Texts &texts, int64_t row) const {
    size_t count = texts.values.size() / static_cast<size_t>(texts.shape[0]);
    const std::string *first = texts.values.data() + static_cast<size_t>(row) * count;
    if (settings.tokenizer.split != Tokenizer::Split::None)
      return settings.tokenizer.tokenize(*first);
    std::vector<std::string> terms;
    for (size_t i = 0; i < count; ++i)
      terms.push_back(settings.tokenizer.standardize(first[i]));
    return settings.tokenizer.joinRuns(std::move(terms));
  }

  std::vector<int64_t> indicesOf(const Texts &texts, int64_t row) const {
    std::vector<int64_t> indices;
    for (const std::string &term : termsOf(texts, row))
      indices.push_back(*settings.vocabulary.find(term));
    return indices;
  }

  Array storeIndices(const Texts &texts, const RefuseRow &refuse) const {
    std::vector<std::vector<int64_t>> rows;
    size_t longest = 1;
    for (int64_t row = 0; row < texts.shape[0]; ++row)
      longest = std::max(longest, rows.emplace_back(indicesOf(texts, row)).size());
    size_t length = settings.length < 0 ? longest : static_cast<size_t>(settings.length);
    Array array = makeArray(ElementType::I64, {texts.shape[0], static_cast<int64_t>(length)});
    for (size_t row = 0; row < rows.size(); ++row) {
      const std::vector<int64_t> &indices = rows[row];
      if (indices.size() > length && !settings.cutsLonger)
        refuse(static_cast<int64_t>(row),
               fmt::format("the text has {} terms, but the input takes {}; give a longer "
                           "--input-shape, or build the layer with output_sequence_length",
                           indices.size(), length));
      std::copy_n(indices.begin(), std::min(length, indices.size()),
                  array.values<int64_t>().data() + row * length);
    }
    return array;
  }

  void storeVector(const std::vector<int64_t> &indices, Array &array, int64_t row) const {
    std::vector<double> vector(static_cast<size_t>(settings.encoding.depth));
    for (int64_t index : indices)
      settings.encoding.add(index, vector);
    settings.encoding.store(vector, array, row * settings.encoding.depth);
  }

  TextSettings settings;
};

} // namespace

std::unique_ptr<Lookup> makeTextVectorization(TextSettings settings) {
  return std::make_unique<TextVectorization>(std::move(settings));
}

} // namespace lamina::frontend
