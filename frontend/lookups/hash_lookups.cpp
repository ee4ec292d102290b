#include "frontend/lookups/hash_lookups.h"

#include "frontend/lookups/vocabulary.h"

namespace lamina::frontend {
namespace {

class Hashing : public Lookup {
public:
  explicit Hashing(HashSettings settings)
      : settings(std::move(settings)),
        masks(this->settings.mask.index() != 0 && this->settings.bins > 1) {}

  Array apply(const std::vector<const Column *> &columns, const RefuseRow &) const override {
    std::vector<int64_t> bins;
    if (const auto *texts = std::get_if<Texts>(columns[0]))
      hashTexts(*texts, bins);
    else
      hashNumbers(std::get<Array>(*columns[0]), bins);
    return settings.encoding.encode(bins, shapeOf(*columns[0]));
  }

private:
  int64_t binOf(std::string_view text, bool isMask) const {
    if (!masks)
      return bucketOf(text, settings.bins, settings.salt);
    return isMask ? 0 : 1 + bucketOf(text, settings.bins - 1, settings.salt);
  }

  void hashTexts(const Texts &texts, std::vector<int64_t> &bins) const {
    const auto *mask = std::get_if<std::string>(&settings.mask);
    for (const std::string &text : texts.values)
      bins.push_back(binOf(text, mask && text == *mask));
  }

  /// Numbers are hashed as their digits, booleans as words. Masks are compared before fractions are
  /// cut off.
  void hashNumbers(const Array &array, std::vector<int64_t> &bins) const {
    const auto *mask = std::get_if<double>(&settings.mask);
    bool isBool = array.type == ElementType::I1;
    std::vector<int64_t> numbers = wholeNumbers(array);
    for (size_t i = 0; i < numbers.size(); ++i) {
      std::string text = isBool ? (numbers[i] ? "true" : "false") : std::to_string(numbers[i]);
      bins.push_back(binOf(text, mask && valueOf(array, numbers, i) == *mask));
    }
  }

  static double valueOf(const Array &array, const std::vector<int64_t> &numbers, size_t i) {
    if (array.type == ElementType::F32)
      return array.values<float>()[i];
    return array.type == ElementType::F64 ? array.values<double>()[i]
                                          : static_cast<double>(numbers[i]);
  }

  HashSettings settings;
  bool masks;
};

class HashedCrossing : public Lookup {
public:
  HashedCrossing(int64_t bins, CategoryEncoding encoding)
      : bins(bins), encoding(std::move(encoding)) {}

  /// The key and the order are those of tf.sparse.cross_hashed.
  Array apply(const std::vector<const Column *> &columns, const RefuseRow &) const override {
    constexpr uint64_t key = 0xdecafcaffe;
    const std::vector<int64_t> &shape = shapeOf(*columns[0]);
    std::vector<uint64_t> hashes(static_cast<size_t>(shape[0]), key);
    for (const Column *column : columns)
      join(*column, hashes);
    std::vector<int64_t> indices;
    for (uint64_t hash : hashes)
      indices.push_back(static_cast<int64_t>(hash % static_cast<uint64_t>(bins)));
    return encoding.encode(indices, shape);
  }

private:
  static void join(const Column &column, std::vector<uint64_t> &hashes) {
    if (const auto *texts = std::get_if<Texts>(&column)) {
      for (size_t i = 0; i < hashes.size(); ++i)
        hashes[i] = joinFingerprints(hashes[i], fingerprint(texts->values[i]));
      return;
    }
    std::vector<int64_t> numbers = wholeNumbers(std::get<Array>(column));
    for (size_t i = 0; i < hashes.size(); ++i)
      hashes[i] = joinFingerprints(hashes[i], static_cast<uint64_t>(numbers[i]));
  }

  int64_t bins;
  CategoryEncoding encoding;
};

} // namespace

std::unique_ptr<Lookup> makeHashing(HashSettings settings) {
  return std::make_unique<Hashing>(std::move(settings));
}

std::unique_ptr<Lookup> makeHashedCrossing(int64_t bins, CategoryEncoding encoding) {
  return std::make_unique<HashedCrossing>(bins, std::move(encoding));
}

} // namespace lamina::frontend
