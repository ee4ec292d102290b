#pragma once

#include "frontend/keras/layers/images.h"
#include "frontend/keras/layers/layers.h"

/// Parts that the convolution layers have in common.
namespace lamina::frontend::keras {

/// Bias and activation, at the end of every convolution layer.
class ConvolutionEnd {
public:
  explicit ConvolutionEnd(Config &config);

  /// Adds the bias, if there is one, behind the kernels.
  void declare(std::vector<VariableDeclaration> &variables, int64_t filters) const;
  /// The layer's output from y (channels last); the bias is the variable at `biasIndex`.
  Tensors finish(LayerCall &call, Tensor y, size_t biasIndex, const ImageFormat &format) const;

private:
  bool useBias;
  Activation activation;
  VariableDeclaration bias;
};

/// The sizes of a kernel, which have to be there.
std::vector<int64_t> readSizes(Config &config, const char *key, size_t spatialRank);

/// As Keras does for all but depthwise and separable convolutions.
void refuseStridesWithDilation(Config &config, const Windows &windows);

/// Why a kernel for `expected` channels does not fit; empty where it does.
std::string findChannelMismatch(int64_t expected, int64_t channels);

} // namespace lamina::frontend::keras
