// keras.layers.Hashing, HashedCrossing: keras/src/layers/preprocessing/hashing.py,
// hashed_crossing.py
#include "frontend/keras/layers/layers.h"
#include "frontend/keras/layers/lookups/settings.h"
#include "frontend/lookups/hash_lookups.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

using Mode = CategoryEncoding::Mode;

class Hashing : public LookupMeaning {
public:
  explicit Hashing(Config &config) {
    settings.bins = config.positive("num_bins");
    settings.salt = readSalt(config);
    settings.encoding.mode =
        readOutputMode(config, {Mode::Int, Mode::OneHot, Mode::MultiHot, Mode::Count});
    settings.encoding.depth = settings.bins;
    settings.encoding.type = readLookupType(config, settings.encoding.mode);
    const nlohmann::json &mask = config.raw("mask_value");
    if (mask.is_string())
      settings.mask = mask.get<std::string>();
    else if (mask.is_number())
      settings.mask = mask.get<double>();
    else if (!mask.is_null())
      config.fail("'mask_value' must be a text or a number");
  }

  LookupResult prepare(const Place &place, ArrayRef<LookupInput> inputs,
                       const std::optional<std::vector<int64_t>> &) const override {
    const LookupInput &input = singleInput(place, inputs);
    bool isOther = input.isText ? std::holds_alternative<double>(settings.mask)
                                : std::holds_alternative<std::string>(settings.mask);
    if (isOther)
      place.fail("'mask_value' is not of the input's type, which Keras cannot compare");
    std::vector<int64_t> row = encodedRowShape(place, settings.encoding, input.rowShape);
    return {makeHashing(settings), settings.encoding.type, row};
  }

private:
  HashSettings settings;
};

class HashedCrossing : public LookupMeaning {
public:
  explicit HashedCrossing(Config &config) : bins(config.positive("num_bins")) {
    encoding.mode = readOutputMode(config, {Mode::Int, Mode::OneHot});
    encoding.depth = bins;
    encoding.type = readLookupType(config, encoding.mode);
  }

  LookupResult prepare(const Place &place, ArrayRef<LookupInput> inputs,
                       const std::optional<std::vector<int64_t>> &) const override {
    if (inputs.size() < 2)
      place.fail("crosses one input; it needs at least two");
    for (const LookupInput &input : inputs) {
      bool isOne = input.rowShape.empty() || input.rowShape == std::vector<int64_t>{1};
      if (!isOne || input.rowShape != inputs[0].rowShape)
        place.fail(fmt::format("crosses rows of shape {}; it takes one value a row of each input, "
                               "all of one shape",
                               builder::describeShape(input.rowShape)));
      if (!input.isText && isFloat(input.type))
        place.fail("crosses texts and whole numbers, but an input holds others; give the input the "
                   "dtype 'int64'");
    }
    return {makeHashedCrossing(bins, encoding), encoding.type,
            encodedRowShape(place, encoding, inputs[0].rowShape)};
  }

private:
  static bool isFloat(ElementType type) {
    return type == ElementType::F32 || type == ElementType::F64;
  }

  int64_t bins;
  CategoryEncoding encoding;
};

} // namespace

const LayerEntry hashingLayer = {
    .className = "Hashing", .create = createFromConfig<Hashing>, .isLookup = true};
const LayerEntry hashedCrossingLayer = {
    .className = "HashedCrossing", .create = createFromConfig<HashedCrossing>, .isLookup = true};

} // namespace lamina::frontend::keras
