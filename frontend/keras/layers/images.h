#pragma once

#include "frontend/keras/model/layer.h"

/// Parts that layers over images have in common: rows of one to three spatial dimensions with
/// channels.
namespace lamina::frontend::keras {

using Extents = llvm::SmallVector<int64_t, 3>;

/// The shape of one image, whatever its format.
struct ImageShape {
  Extents spatial;
  int64_t channels = 0;
};

/// Where a layer expects the channels: last, or first with `data_format` channels_first. Operations
/// of the IR have them last.
class ImageFormat {
public:
  /// Reads `data_format`.
  ImageFormat(Config &config, int64_t spatialRank);
  /// Channels last.
  explicit ImageFormat(int64_t spatialRank) : spatialRank(spatialRank) {}

  int64_t getSpatialRank() const { return spatialRank; }
  /// The first spatial dimension of a tensor.
  int64_t getFirstSpatial() const { return channelsFirst ? 2 : 1; }
  int64_t getChannels() const { return channelsFirst ? 1 : spatialRank + 1; }
  /// Refuses another rank.
  ImageShape split(const Place &place, llvm::ArrayRef<int64_t> shape) const;
  /// Fails with what `findProblem` says about the image's shape (nothing: it fits), and says so
  /// when it would fit in the other format.
  void require(const Place &place, llvm::ArrayRef<int64_t> shape,
               llvm::function_ref<std::string(const ImageShape &)> findProblem) const;

  Tensor toChannelsLast(Tensor x) const;
  Tensor fromChannelsLast(Tensor x) const;

private:
  int64_t spatialRank;
  bool channelsFirst = false;
};

/// How windows are laid over one image: filters or pools, with strides and dilations.
struct Windows {
  enum class Padding { Valid, Same, Causal };

  Extents sizes, strides, dilations;
  Padding padding = Padding::Valid;

  /// Reads `strides` (absent: the sizes where `stridesDefaultToSizes`, else 1), `dilation_rate`
  /// where `hasDilation`, and `padding`.
  static Windows read(Config &config, std::vector<int64_t> sizes, bool hasDilation,
                      bool stridesDefaultToSizes, bool allowCausal = false);

  /// From the first to behind the last element that a window covers.
  int64_t span(size_t i) const { return (sizes[i] - 1) * dilations[i] + 1; }
  /// How many windows n elements of spatial dimension i have; they have to fit.
  int64_t count(size_t i, int64_t n) const {
    auto [before, after] = pad(i, n);
    return (before + n + after - span(i)) / strides[i] + 1;
  }
  /// Padding before and after n elements of spatial dimension i (DESIGN.md 3.10: for `same`, the
  /// smaller half first).
  std::pair<int64_t, int64_t> pad(size_t i, int64_t n) const;
  /// Why a window ("kernel", "pool") does not fit; empty where it does.
  std::string findMisfit(const char *what, llvm::ArrayRef<int64_t> spatial) const;
};

/// The one image that a layer takes, channels last; integers become f32.
Tensor imageInput(const LayerCall &call, llvm::ArrayRef<Tensor> inputs, const ImageFormat &format);

/// Convolution of x (channels last) with a filter K... x C / groups x O.
Tensor convolve(Tensor x, Tensor filter, const Windows &windows, int64_t groups = 1);
/// Sum or maximum of each window of x (channels last).
Tensor reduceWindows(Tensor x, ir::ReductionKind kind, const Windows &windows);

/// The mean over each window of x (channels last); padding does not count.
Tensor averageWindows(Tensor x, const Windows &windows);
/// The maximum over each window; the gradient goes to the first one in row-major order.
Tensor maximizeWindows(Tensor x, const Windows &windows);

/// "(3, 3)"
std::string describeExtents(llvm::ArrayRef<int64_t> extents);

} // namespace lamina::frontend::keras
