#include "frontend/keras/layers/images.h"

using namespace mlir;

namespace lamina::frontend::keras {

//===--- ImageFormat -------------------------------------------------------------------------===//

ImageFormat::ImageFormat(Config &config, int64_t spatialRank) : spatialRank(spatialRank) {
  std::string format = config.text("data_format", "channels_last");
  channelsFirst = format == "channels_first";
  if (!channelsFirst && format != "channels_last")
    config.fail(fmt::format("'data_format' must be channels_last or channels_first, not {}",
                            printable(format)));
}

ImageShape ImageFormat::split(const Place &place, ArrayRef<int64_t> shape) const {
  if (static_cast<int64_t>(shape.size()) != spatialRank + 2)
    place.fail(fmt::format("takes inputs of rank {} ({} spatial dimension{} and channels), got "
                           "shape {}",
                           spatialRank + 2, spatialRank, spatialRank == 1 ? "" : "s",
                           describeShape(shape)));
  ArrayRef<int64_t> spatial = shape.slice(getFirstSpatial(), spatialRank);
  return {Extents(spatial), channelsFirst ? shape[1] : shape.back()};
}

void ImageFormat::require(const Place &place, ArrayRef<int64_t> shape,
                          llvm::function_ref<std::string(const ImageShape &)> findProblem) const {
  std::string problem = findProblem(split(place, shape));
  if (problem.empty())
    return;
  ImageFormat other(spatialRank);
  other.channelsFirst = !channelsFirst;
  std::string hint;
  if (findProblem(other.split(place, shape)).empty())
    hint = fmt::format("; it would fit with data_format '{}'",
                       channelsFirst ? "channels_last" : "channels_first");
  place.fail(fmt::format("{}, got an input of shape {}{}", problem, describeShape(shape), hint));
}

Tensor ImageFormat::toChannelsLast(Tensor x) const {
  if (!channelsFirst)
    return x;
  llvm::SmallVector<int64_t> permutation = {0};
  for (int64_t i = 2; i < x.rank(); ++i)
    permutation.push_back(i);
  permutation.push_back(1);
  return x.transpose(permutation);
}

Tensor ImageFormat::fromChannelsLast(Tensor x) const {
  if (!channelsFirst)
    return x;
  llvm::SmallVector<int64_t> permutation = {0, x.rank() - 1};
  for (int64_t i = 1; i < x.rank() - 1; ++i)
    permutation.push_back(i);
  return x.transpose(permutation);
}

Tensor imageInput(const LayerCall &call, ArrayRef<Tensor> inputs, const ImageFormat &format) {
  Tensor x = singleInput(call, inputs).toFloat();
  format.split(call.place(), x.shape()); // refuses another rank
  return format.toChannelsLast(x);
}

//===--- Windows -----------------------------------------------------------------------------===//

Windows Windows::read(Config &config, std::vector<int64_t> sizes, bool hasDilation,
                      bool stridesDefaultToSizes, bool allowCausal) {
  // Kernels go through the elements of a window one by one.
  constexpr int64_t kMostElements = int64_t(1) << 20;
  int64_t elements = 1;
  for (int64_t size : sizes)
    if (llvm::MulOverflow(elements, size, elements) || elements > kMostElements)
      config.fail(fmt::format("windows of {} elements are too large; the most is {} in all",
                              describeExtents(sizes), kMostElements));
  std::vector<int64_t> ones(sizes.size(), 1);
  Windows windows;
  windows.sizes.assign(sizes.begin(), sizes.end());
  auto take = [&](const char *key, const std::vector<int64_t> &fallback) {
    std::vector<int64_t> values = config.extents(key, sizes.size()).value_or(fallback);
    return Extents(values.begin(), values.end());
  };
  windows.strides = take("strides", stridesDefaultToSizes ? sizes : ones);
  windows.dilations = hasDilation ? take("dilation_rate", ones) : Extents(ones.begin(), ones.end());
  std::string padding = llvm::StringRef(config.text("padding", "valid")).lower();
  if (padding == "same")
    windows.padding = Padding::Same;
  else if (padding == "causal" && allowCausal)
    windows.padding = Padding::Causal;
  else if (padding != "valid")
    config.fail(fmt::format("'padding' must be valid{} or same, not {}",
                            allowCausal ? ", causal" : "", printable(padding)));
  return windows;
}

std::pair<int64_t, int64_t> Windows::pad(size_t i, int64_t n) const {
  if (padding == Padding::Valid)
    return {0, 0};
  if (padding == Padding::Causal)
    return {span(i) - 1, 0};
  int64_t outputs = llvm::divideCeil(n, strides[i]);
  int64_t total = std::max<int64_t>((outputs - 1) * strides[i] + span(i) - n, 0);
  return {total / 2, total - total / 2};
}

std::string Windows::findMisfit(const char *what, ArrayRef<int64_t> spatial) const {
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (padding != Padding::Valid || span(i) <= spatial[i])
      continue;
    bool isDilated = dilations[i] > 1;
    return fmt::format(
        "a {} of size {}{} does not fit spatial dimension {} of {} element{}", what,
        describeExtents(sizes),
        isDilated ? fmt::format(" with dilation {} (span {})", describeExtents(dilations), span(i))
                  : "",
        i, spatial[i], spatial[i] == 1 ? "" : "s");
  }
  return "";
}

namespace {

/// Padding of all spatial dimensions of x.
std::pair<Extents, Extents> padAll(Tensor x, const Windows &windows) {
  Extents low, high;
  for (size_t i = 0; i < windows.sizes.size(); ++i) {
    auto [before, after] = windows.pad(i, x.dim(static_cast<int64_t>(i) + 1));
    low.push_back(before);
    high.push_back(after);
  }
  return {low, high};
}

} // namespace

Tensor convolve(Tensor x, Tensor filter, const Windows &windows, int64_t groups) {
  auto [low, high] = padAll(x, windows);
  Extents ones(windows.sizes.size(), 1);
  return x.with(x.emit().create<ir::ConvolutionOp>(Value(x), Value(filter), windows.strides, low,
                                                   high, ones, windows.dilations, groups, false));
}

Tensor reduceWindows(Tensor x, ir::ReductionKind kind, const Windows &windows) {
  auto [low, high] = padAll(x, windows);
  return x.with(x.emit().create<ir::ReduceWindowOp>(Value(x), kind, windows.sizes, windows.strides,
                                                    low, high));
}

std::string describeExtents(ArrayRef<int64_t> extents) {
  return extents.size() == 1 ? std::to_string(extents[0]) : describeShape(extents);
}

} // namespace lamina::frontend::keras
