#include "frontend/keras/layers/lookups/settings.h"

using namespace mlir;

namespace lamina::frontend::keras {

using Mode = CategoryEncoding::Mode;

Mode readOutputMode(Config &config, ArrayRef<Mode> modes) {
  std::string name = config.text("output_mode", "int");
  std::optional<Mode> mode = CategoryEncoding::findMode(name);
  if (!mode || !llvm::is_contained(modes, *mode))
    config.fail(fmt::format("the output mode '{}' is not supported", printable(name)));
  if (config.boolean("sparse", false))
    config.fail("gives sparse tensors, which are not supported; build the layer with sparse=False, "
                "which gives the same numbers");
  return *mode;
}

std::optional<SipKey> readSalt(Config &config) {
  std::optional<std::vector<int64_t>> salt = config.integers("salt");
  if (!salt)
    return std::nullopt;
  if (salt->size() != 1 && salt->size() != 2)
    config.fail("'salt' must be one integer or two");
  return SipKey{static_cast<uint64_t>(salt->front()), static_cast<uint64_t>(salt->back())};
}

ElementType readLookupType(Config &config, Mode mode) {
  nlohmann::json dtype = config.raw("dtype");
  if (dtype.is_object() && dtype.contains("config") && dtype["config"].is_object())
    dtype = dtype["config"].value("name", nlohmann::json());
  if (mode != Mode::Int)
    return readPolicy(config.where(), dtype);
  if (dtype.is_null() || dtype == "int64")
    return ElementType::I64;
  if (dtype != "int32")
    config.fail(fmt::format("gives indices of type {}; int32 and int64 are supported, as in Keras",
                            printable(dtype.dump(), 40)));
  return ElementType::I32;
}

const LookupInput &singleInput(const Place &place, ArrayRef<LookupInput> inputs) {
  if (inputs.size() != 1)
    place.fail(fmt::format("is called with {} inputs; it takes one", inputs.size()));
  return inputs[0];
}

void checkValues(const Place &place, int64_t values) {
  constexpr int64_t most = int64_t(1) << 24;
  if (values > most)
    place.fail(fmt::format("gives rows of {} values; up to {} are supported", values, most));
}

std::vector<int64_t> encodedRowShape(const Place &place, const CategoryEncoding &encoding,
                                     const std::vector<int64_t> &indices) {
  bool isSummed = encoding.mode != Mode::Int && encoding.mode != Mode::OneHot;
  if (isSummed && indices.size() != 1)
    place.fail(fmt::format("encodes rows of shape {}; Keras counts in rows of one dimension alone, "
                           "such as Input(shape=(1,))",
                           builder::describeShape(indices)));
  if (encoding.mode != Mode::Int)
    checkValues(place, encoding.depth);
  return encoding.rowShape(indices);
}

} // namespace lamina::frontend::keras
