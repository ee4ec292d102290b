// keras.layers.ZeroPadding1D to 3D, Cropping1D to 3D: keras/src/layers/reshaping/
#include "frontend/keras/layers/images.h"
#include "frontend/keras/layers/layers.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

using Margins = llvm::SmallVector<std::pair<int64_t, int64_t>, 3>;

/// Elements before and after each spatial dimension: one number for all, a number or a pair for
/// each, or the pair itself in one dimension.
Margins readMargins(Config &config, const char *key, size_t spatialRank) {
  auto failForm = [&] {
    config.fail(fmt::format("'{}' must be an integer, or {} integers or pairs of integers, none "
                            "negative",
                            key, spatialRank));
  };
  auto read = [&](const nlohmann::json &value) -> int64_t {
    if (!value.is_number_integer() || value < 0 || value >= int64_t(1) << 31)
      failForm();
    return value.get<int64_t>();
  };
  auto readPair = [&](const nlohmann::json &value) -> std::pair<int64_t, int64_t> {
    if (!value.is_array())
      return {read(value), read(value)};
    if (value.size() != 2)
      failForm();
    return {read(value[0]), read(value[1])};
  };
  const nlohmann::json &value = config.raw(key);
  if (value.is_null())
    return Margins(spatialRank, {1, 1});
  if (!value.is_array() || (spatialRank == 1 && value.size() == 2))
    return Margins(spatialRank, readPair(value));
  if (value.size() != spatialRank)
    failForm();
  Margins margins;
  for (const nlohmann::json &item : value)
    margins.push_back(readPair(item));
  return margins;
}

template <int64_t spatialRank> class ZeroPadding : public LayerMeaning {
public:
  explicit ZeroPadding(Config &config)
      : format(config, spatialRank), margins(readMargins(config, "padding", spatialRank)) {}

  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    Tensor x = singleInput(call, inputs);
    format.split(call.place(), x.shape()); // refuses another rank
    llvm::SmallVector<int64_t> low(x.rank(), 0), high(x.rank(), 0);
    for (auto [i, margin] : llvm::enumerate(margins))
      std::tie(low[format.getFirstSpatial() + i], high[format.getFirstSpatial() + i]) = margin;
    return {pad(x, 0, low, high)};
  }

private:
  ImageFormat format;
  Margins margins;
};

template <int64_t spatialRank> class Cropping : public LayerMeaning {
public:
  explicit Cropping(Config &config)
      : format(config, spatialRank), margins(readMargins(config, "cropping", spatialRank)) {}

  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    Tensor x = singleInput(call, inputs);
    format.require(call.place(), x.shape(), [&](const ImageShape &image) -> std::string {
      for (auto [i, extent] : llvm::enumerate(image.spatial))
        if (margins[i].first + margins[i].second >= extent)
          return fmt::format("cropping {} and {} elements leaves nothing of spatial dimension {} "
                             "of {}",
                             margins[i].first, margins[i].second, i, extent);
      return "";
    });
    for (auto [i, margin] : llvm::enumerate(margins)) {
      int64_t dimension = format.getFirstSpatial() + static_cast<int64_t>(i);
      if (margin.first + margin.second > 0)
        x = x.slice(dimension, margin.first, x.dim(dimension) - margin.second);
    }
    return {x};
  }

private:
  ImageFormat format;
  Margins margins;
};

} // namespace

const LayerEntry zeroPadding1dLayer = {"ZeroPadding1D", createFromConfig<ZeroPadding<1>>};
const LayerEntry zeroPadding2dLayer = {"ZeroPadding2D", createFromConfig<ZeroPadding<2>>};
const LayerEntry zeroPadding3dLayer = {"ZeroPadding3D", createFromConfig<ZeroPadding<3>>};
const LayerEntry cropping1dLayer = {"Cropping1D", createFromConfig<Cropping<1>>};
const LayerEntry cropping2dLayer = {"Cropping2D", createFromConfig<Cropping<2>>};
const LayerEntry cropping3dLayer = {"Cropping3D", createFromConfig<Cropping<3>>};

} // namespace lamina::frontend::keras
