// keras.layers.AdaptiveAveragePooling1D to 3D, AdaptiveMaxPooling1D to 3D:
// keras/src/layers/pooling/base_adaptive_pooling.py, keras/src/backend/tensorflow/nn.py
#include "frontend/keras/layers/convolutional/convolutions.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

using Combine = Tensor (*)(Tensor, const Windows &);

/// Windows of `size` elements along spatial dimension i, `stride` apart.
Windows windowsAlong(size_t i, size_t spatialRank, int64_t size, int64_t stride) {
  Extents ones(spatialRank, 1);
  Windows windows = {ones, ones, ones, Windows::Padding::Valid};
  windows.sizes[i] = size;
  windows.strides[i] = stride;
  return windows;
}

/// x (channels last) with spatial dimension i brought to `outputs` elements. Of n, element o
/// combines those from floor(o n / outputs) to before ceil((o + 1) n / outputs): windows of two
/// neighbouring sizes, which are both taken everywhere where they do not lie regularly.
Tensor pool(Tensor x, size_t i, int64_t outputs, Combine combine) {
  auto dimension = static_cast<int64_t>(i) + 1;
  auto spatialRank = static_cast<size_t>(x.rank()) - 2;
  int64_t n = x.dim(dimension), small = llvm::divideCeil(n, outputs);
  llvm::SmallVector<int64_t> places;
  bool isRegular = true;
  for (int64_t o = 0; o < outputs; ++o) {
    int64_t start = o * n / outputs;
    auto end = static_cast<int64_t>(llvm::divideCeil((o + 1) * n, outputs));
    bool isBig = end - start > small;
    isRegular &= !isBig && start == o * (n / outputs);
    places.push_back(isBig ? n - small + 1 + start : start); // the big ones come behind the small
  }
  if (isRegular && (n - small) / std::max<int64_t>(n / outputs, 1) + 1 == outputs)
    return combine(x, windowsAlong(i, spatialRank, small, std::max<int64_t>(n / outputs, 1)));
  Tensor all = combine(x, windowsAlong(i, spatialRank, small, 1));
  if (small < n) {
    Tensor big = combine(x, windowsAlong(i, spatialRank, small + 1, 1));
    llvm::SmallVector<Value> parts = {all, big};
    all = x.with(x.emit().create<ir::ConcatenateOp>(parts, dimension));
  }
  return pick(all, dimension, places);
}

template <int64_t spatialRank, Combine combine> class AdaptivePooling : public LayerMeaning {
public:
  explicit AdaptivePooling(Config &config)
      : format(config, spatialRank), outputs(readSizes(config, "output_size", spatialRank)) {}

  Tensors call(LayerCall &call, ArrayRef<Tensor> inputs) const override {
    Tensor x = imageInput(call, inputs, format);
    llvm::SmallVector<int64_t> shape(x.shape());
    llvm::copy(outputs, shape.begin() + 1);
    checkSize(call.place(), shape);
    // Each of them is listed while the windows are laid out.
    constexpr int64_t kMostOutputs = int64_t(1) << 20;
    for (int64_t count : outputs)
      if (count > kMostOutputs)
        call.fail(
            fmt::format("'output_size' {} is too large; the most is {}", count, kMostOutputs));
    for (size_t i = 0; i < outputs.size(); ++i)
      x = pool(x, i, outputs[i], combine);
    return {format.fromChannelsLast(x)};
  }

private:
  ImageFormat format;
  std::vector<int64_t> outputs;
};

template <int64_t rank> using AdaptiveAverage = AdaptivePooling<rank, averageWindows>;
template <int64_t rank> using AdaptiveMax = AdaptivePooling<rank, maximizeWindows>;

} // namespace

const LayerEntry adaptiveAveragePooling1dLayer = {"AdaptiveAveragePooling1D",
                                                  createFromConfig<AdaptiveAverage<1>>};
const LayerEntry adaptiveAveragePooling2dLayer = {"AdaptiveAveragePooling2D",
                                                  createFromConfig<AdaptiveAverage<2>>};
const LayerEntry adaptiveAveragePooling3dLayer = {"AdaptiveAveragePooling3D",
                                                  createFromConfig<AdaptiveAverage<3>>};
const LayerEntry adaptiveMaxPooling1dLayer = {"AdaptiveMaxPooling1D",
                                              createFromConfig<AdaptiveMax<1>>};
const LayerEntry adaptiveMaxPooling2dLayer = {"AdaptiveMaxPooling2D",
                                              createFromConfig<AdaptiveMax<2>>};
const LayerEntry adaptiveMaxPooling3dLayer = {"AdaptiveMaxPooling3D",
                                              createFromConfig<AdaptiveMax<3>>};

} // namespace lamina::frontend::keras
