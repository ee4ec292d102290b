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
    bool isInt = settings.encoding.mode == CategoryEncoding::Mode::Int;
    int64_t width = isInt ? settings.length : settings.encoding.depth;
    Array array = makeArray(settings.encoding.type, {rows, width});
    for (int64_t row = 0; row < rows; ++row) {
      std::vector<int64_t> indices = indicesOf(texts, row);
      if (isInt)
        storeIndices(indices, array, row, refuse);
      else
        storeVector(indices, array, row);
    }
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

  void storeIndices(const std::vector<int64_t> &indices, Array &array, int64_t row,
                    const RefuseRow &refuse) const {
    auto length = static_cast<size_t>(settings.length);
    if (indices.size() > length && !settings.cutsLonger)
      refuse(row, fmt::format("the text has {} terms, but the input takes {}; give a longer "
                              "--input-shape, or build the layer with output_sequence_length",
                              indices.size(), length));
    std::copy_n(indices.begin(), std::min(length, indices.size()),
                array.values<int64_t>().data() + row * settings.length);
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
