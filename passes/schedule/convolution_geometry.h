#pragma once

#include "ir/dialect.h"

namespace lamina::passes {

/// A convolution as its kernels walk it: images of rows x axes x channels, a filter of
/// taps x channels of a group x filters. Neighbouring axes in which every output meets its own
/// input alone (1x1) count as one.
struct ConvolutionGeometry {
  llvm::SmallVector<ir::WindowAxis, 3> axes;
  llvm::SmallVector<int64_t, 3> lastDimensions; ///< the last spatial dimension of each axis
  int64_t groups = 1;
  int64_t channels = 1; ///< of one group
  int64_t filters = 1;  ///< of one group
  /// Every channel has one filter of its own. The filters then count as one group with one channel,
  /// which is another one for each.
  bool depthwise = false;

  /// With `mergeAxes` off, one axis per spatial dimension.
  static ConvolutionGeometry of(ir::ConvolutionOp op, bool mergeAxes);
  static ConvolutionGeometry of(ir::FilterGradientOp op);

  llvm::ArrayRef<ir::WindowAxis> outerAxes() const { return llvm::ArrayRef(axes).drop_back(); }
  const ir::WindowAxis &lastAxis() const { return axes.back(); }
  int64_t taps() const;
  /// Channels of the input's pixels.
  int64_t inputChannels() const { return (depthwise ? filters : channels) * groups; }
  /// Whether the channels alone fill no register tile of a gradient by the filter, and all taps,
  /// each of which meets the input, may count as rows beside them.
  bool hasFewChannels() const;
  /// Output lines of one image: positions along all axes but the last.
  int64_t lines() const;
  /// Multiply-adds of one image that meet elements of the input, not padding.
  int64_t multiplyAdds() const;
};

/// How a gradient by the filter goes along an axis. Where the input is dilated, positions count its
/// elements, otherwise the gradient's: either way one step is one element of the side that is
/// walked and a constant number of the other one.
struct FilterWalkAxis {
  bool overInput = false;
  ir::WindowAxis walk;   ///< its output is the side that is walked
  ir::WindowPhase phase; ///< that side is not dilated: the only one

  explicit FilterWalkAxis(const ir::WindowAxis &axis)
      : overInput(axis.inputDilation != 1), walk(overInput ? axis.transposed() : axis),
        phase(walk.phases().front()) {}
};

/// Whether every channel has one filter of its own.
bool isDepthwise(ir::ConvolutionOp op);
bool isDepthwise(ir::FilterGradientOp op);

/// Whether everything around the convolution of a kernel depends on the place in memory and on the
/// channel alone, so that spatial dimensions may be merged.
bool canMergeAxes(ir::KernelOp kernel);

/// Whether the kernel of `anchor` can compute its operand `number`, an image, part by part rather
/// than read it from memory: a convolution its left operand, a gradient by the filter both. The
/// images have one or two spatial dimensions, no dilation and no groups but those of depthwise
/// convolutions.
bool mayComputeImage(mlir::Operation *anchor, unsigned number);

/// Whether `op` is part of what computes images so: elementwise, or repeated along all dimensions
/// but the channels.
bool isPartOfComputedImage(mlir::Operation *op);

/// Whether a kernel computes `image`, an operand of its anchor, from operands of its own so.
bool isComputedImage(mlir::Value image);

} // namespace lamina::passes
