// keras.layers.MaxPooling1D to 3D, AveragePooling1D to 3D, GlobalMaxPooling1D to 3D,
// GlobalAveragePooling1D to 3D: keras/src/layers/pooling/
#include "frontend/keras/layers/images.h"
#include "frontend/keras/layers/layers.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

/// How many elements of n are in each of the windows along spatial dimension i, without
/// padding: f32, broadcastable to a window operation's result.
Tensor countElements(Emitter &emitter, const Windows &windows, size_t i, int64_t n,
                     ArrayRef<int64_t> result) {
  llvm::SmallVector<int64_t> shape(result.size() - 1, 1);
  shape[i] = result[i + 1];
  Tensor begin =
      emitter.iota(shape, static_cast<int64_t>(i)) * static_cast<double>(windows.strides[i]) -
      static_cast<double>(windows.pad(i, n).first);
  Tensor end = minimum(begin + static_cast<double>(windows.sizes[i]), static_cast<double>(n));
  return (end - maximum(begin, 0.0)).toFloat();
}

} // namespace

Tensor averageWindows(Tensor x, const Windows &windows) {
  Tensor total = reduceWindows(x, ir::ReductionKind::add, windows);
  double whole = 1;
  Tensor count;
  for (size_t i = 0; i < windows.sizes.size(); ++i) {
    int64_t n = x.dim(static_cast<int64_t>(i) + 1);
    if (windows.pad(i, n) == std::pair<int64_t, int64_t>(0, 0)) {
      whole *= static_cast<double>(windows.sizes[i]);
      continue;
    }
    Tensor part = countElements(x.emit(), windows, i, n, total.shape());
    count = count ? count * part : part;
  }
  if (!count)
    return whole == 1 ? total : total / whole;
  return total / (whole == 1 ? count : count * whole);
}

Tensor maximizeWindows(Tensor x, const Windows &windows) {
  return reduceWindows(x, ir::ReductionKind::maximum, windows);
}

namespace {

using CombineWindows = Tensor (*)(Tensor, const Windows &);

template <int64_t spatialRank, CombineWindows combine> class Pooling : public LayerMeaning {
public:
  explicit Pooling(Config &config) : format(config, spatialRank) {
    std::vector<int64_t> sizes =
        config.extents("pool_size", spatialRank).value_or(std::vector<int64_t>(spatialRank, 2));
    windows = Windows::read(config, sizes, false, true);
  }

  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    format.require(call.place(), singleInput(call, inputs).shape(), [&](const ImageShape &image) {
      return windows.findMisfit("pool", image.spatial);
    });
    return {format.fromChannelsLast(combine(imageInput(call, inputs, format), windows))};
  }

private:
  ImageFormat format;
  Windows windows;
};

/// The mean or maximum over all spatial dimensions, which vanish or become 1 with `keepdims`. The
/// gradient of a maximum is split evenly among ties.
template <int64_t spatialRank, Tensor (*reduce)(Tensor, ArrayRef<int64_t>)>
class GlobalPooling : public LayerMeaning {
public:
  explicit GlobalPooling(Config &config)
      : format(config, spatialRank), keepDimensions(config.boolean("keepdims", false)) {}

  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    Tensor x = spatialInput(call, inputs);
    return {withKeptDimensions(x, reduce(x, spatialDimensions()))};
  }

protected:
  /// The input; refuses one of another rank.
  Tensor spatialInput(LayerCall &call, ArrayRef<Tensor> inputs) const {
    Tensor x = singleInput(call, inputs).toFloat();
    format.split(call.place(), x.shape());
    return x;
  }
  llvm::SmallVector<int64_t> spatialDimensions() const {
    return llvm::to_vector(
        llvm::seq<int64_t>(format.getFirstSpatial(), format.getFirstSpatial() + spatialRank));
  }
  Tensor withKeptDimensions(Tensor x, Tensor reduced) const {
    if (!keepDimensions)
      return reduced;
    llvm::SmallVector<int64_t> kept(x.shape());
    for (int64_t dimension : spatialDimensions())
      kept[dimension] = 1;
    return reduced.reshape(kept);
  }

  ImageFormat format;

private:
  bool keepDimensions;
};

/// With a mask the mean of the steps that count, NaN where none does.
class GlobalAveragePooling1D : public GlobalPooling<1, mean> {
public:
  using GlobalPooling::GlobalPooling;

  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    Tensor mask = call.mask(0);
    if (!mask)
      return GlobalPooling::call(call, inputs);
    Tensor x = spatialInput(call, inputs);
    int64_t steps = format.getFirstSpatial();
    if (mask.rank() != 2 || mask.dim(1) != x.dim(steps))
      call.fail(fmt::format("an input of shape {} with a mask of shape {} cannot be averaged",
                            describeShape(x.shape()), describeShape(mask.shape())));
    Tensor counted = where(spread(mask, {3 - steps}, x), x, 0.0);
    Tensor total = sum(counted, {steps});
    Tensor y = total / spread(sum(mask.toFloat(), {1}), {1}, total);
    return {withKeptDimensions(x, y)};
  }
};

template <int64_t rank> using MaxPooling = Pooling<rank, maximizeWindows>;
template <int64_t rank> using AveragePooling = Pooling<rank, averageWindows>;
template <int64_t rank> using GlobalMaxPooling = GlobalPooling<rank, max>;
template <int64_t rank> using GlobalAveragePooling = GlobalPooling<rank, mean>;

} // namespace

const LayerEntry maxPooling1dLayer = {"MaxPooling1D", createFromConfig<MaxPooling<1>>};
const LayerEntry maxPooling2dLayer = {"MaxPooling2D", createFromConfig<MaxPooling<2>>};
const LayerEntry maxPooling3dLayer = {"MaxPooling3D", createFromConfig<MaxPooling<3>>};
const LayerEntry averagePooling1dLayer = {"AveragePooling1D", createFromConfig<AveragePooling<1>>};
const LayerEntry averagePooling2dLayer = {"AveragePooling2D", createFromConfig<AveragePooling<2>>};
const LayerEntry averagePooling3dLayer = {"AveragePooling3D", createFromConfig<AveragePooling<3>>};
const LayerEntry globalMaxPooling1dLayer = {"GlobalMaxPooling1D",
                                            createFromConfig<GlobalMaxPooling<1>>};
const LayerEntry globalMaxPooling2dLayer = {"GlobalMaxPooling2D",
                                            createFromConfig<GlobalMaxPooling<2>>};
const LayerEntry globalMaxPooling3dLayer = {"GlobalMaxPooling3D",
                                            createFromConfig<GlobalMaxPooling<3>>};
const LayerEntry globalAveragePooling1dLayer = {"GlobalAveragePooling1D",
                                                createFromConfig<GlobalAveragePooling1D>};
const LayerEntry globalAveragePooling2dLayer = {"GlobalAveragePooling2D",
                                                createFromConfig<GlobalAveragePooling<2>>};
const LayerEntry globalAveragePooling3dLayer = {"GlobalAveragePooling3D",
                                                createFromConfig<GlobalAveragePooling<3>>};

} // namespace lamina::frontend::keras
