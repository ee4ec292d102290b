// keras.layers.UpSampling1D to 3D: keras/src/layers/reshaping/
#include "frontend/keras/layers/images.h"
#include "frontend/keras/layers/layers.h"
#include "frontend/keras/layers/resampling.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

/// x moved by one along a dimension, `step` 1 (each element's next) or -1 (its previous); the
/// element at the border is repeated.
Tensor shifted(Tensor x, int64_t dimension, int64_t step) {
  int64_t n = x.dim(dimension);
  if (n == 1)
    return x;
  Tensor inner = step > 0 ? x.slice(dimension, 1, n) : x.slice(dimension, 0, n - 1);
  Tensor border = step > 0 ? x.slice(dimension, n - 1, n) : x.slice(dimension, 0, 1);
  llvm::SmallVector<Value> parts = {inner, border};
  if (step < 0)
    std::swap(parts[0], parts[1]);
  return x.with(x.emit().create<ir::ConcatenateOp>(parts, dimension));
}

/// Linear interpolation at the centers of `factor` parts of each element (tf.image.resize with
/// half-pixel centers): part p of element i lies at i + (p + 0.5) / factor - 0.5.
Tensor interpolate(Tensor x, int64_t dimension, int64_t factor) {
  if (factor == 1)
    return x;
  llvm::SmallVector<int64_t> single(x.shape()), merged(x.shape());
  single.insert(single.begin() + dimension + 1, 1);
  merged[dimension] *= factor;
  Tensor previous = shifted(x, dimension, -1), next = shifted(x, dimension, 1);
  llvm::SmallVector<Value> parts;
  for (int64_t p = 0; p < factor; ++p) {
    double offset = (static_cast<double>(p) + 0.5) / static_cast<double>(factor) - 0.5;
    Tensor low = offset < 0 ? previous : x, high = offset < 0 ? x : next;
    double fraction = offset < 0 ? offset + 1 : offset;
    Tensor part = offset == 0 ? x : low + (high - low) * fraction;
    parts.push_back(part.reshape(single));
  }
  Tensor joined = x.with(x.emit().create<ir::ConcatenateOp>(parts, dimension + 1));
  return joined.reshape(merged);
}

/// Repeats elements, or lays lines or, with other interpolations, curves between them (two
/// dimensions only).
template <int64_t spatialRank> class UpSampling : public LayerMeaning {
public:
  explicit UpSampling(Config &config)
      : format(spatialRank == 1 ? ImageFormat(1) : ImageFormat(config, spatialRank)),
        sizes(config.extents("size", spatialRank).value_or(std::vector<int64_t>(spatialRank, 2))) {
    if (spatialRank != 2)
      return;
    std::string kind = llvm::StringRef(config.text("interpolation", "nearest")).lower();
    std::optional<Interpolation> known = findInterpolation(kind);
    if (!known || known == Interpolation::Area)
      config.fail(fmt::format("the interpolation {} is not one of Keras', which are nearest, "
                              "bilinear, bicubic, lanczos3, lanczos5",
                              printable(kind)));
    interpolation = *known;
    // One operation for every part of an element.
    constexpr int64_t kMostParts = 64;
    if (interpolation == Interpolation::Bilinear &&
        (sizes[0] > kMostParts || sizes[1] > kMostParts))
      config.fail(fmt::format("bilinear interpolation is supported up to 'size' {}, not {}",
                              kMostParts, describeExtents(sizes)));
  }

  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    Tensor x = singleInput(call, inputs);
    format.split(call.place(), x.shape()); // refuses another rank
    if (interpolation != Interpolation::Nearest)
      x = x.toFloat();
    checkResult(call, x);
    bool isLinear = interpolation == Interpolation::Bilinear;
    if (!isLinear && interpolation != Interpolation::Nearest)
      return {resampled(call, x)};
    for (auto [i, size] : llvm::enumerate(sizes)) {
      // From the last dimension on: TensorFlow interpolates along rows first.
      int64_t dimension = format.getFirstSpatial() + spatialRank - 1 - static_cast<int64_t>(i);
      int64_t factor = sizes[spatialRank - 1 - i];
      x = isLinear ? interpolate(x, dimension, factor) : repeat(x, dimension, factor);
    }
    return {x};
  }

private:
  Tensor resampled(LayerCall &call, Tensor x) const {
    x = format.toChannelsLast(x);
    llvm::SmallVector<int64_t> size;
    for (auto [i, factor] : llvm::enumerate(sizes))
      size.push_back(x.dim(static_cast<int64_t>(i) + 1) * factor);
    return format.fromChannelsLast(resample(call.place(), x, size, {interpolation}));
  }

  /// Before any operation of that size is built: extents could overflow.
  void checkResult(LayerCall &call, Tensor x) const {
    llvm::SmallVector<int64_t> shape(x.shape());
    for (auto [i, size] : llvm::enumerate(sizes))
      if (llvm::MulOverflow(shape[format.getFirstSpatial() + i], size,
                            shape[format.getFirstSpatial() + i]))
        call.fail(fmt::format("'size' {} is too large", describeExtents(sizes)));
    checkSize(call.place(), shape);
  }

  ImageFormat format;
  std::vector<int64_t> sizes;
  Interpolation interpolation = Interpolation::Nearest;
};

} // namespace

const LayerEntry upSampling1dLayer = {"UpSampling1D", createFromConfig<UpSampling<1>>};
const LayerEntry upSampling2dLayer = {"UpSampling2D", createFromConfig<UpSampling<2>>};
const LayerEntry upSampling3dLayer = {"UpSampling3D", createFromConfig<UpSampling<3>>};

} // namespace lamina::frontend::keras
