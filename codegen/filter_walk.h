#pragma once

#include "codegen/image_walk.h"

/// How gradients by a filter walk both images: for each tap, the stretch of positions at which an
/// element of the input meets one of the result's gradient.
namespace lamina::codegen {

/// Where one tap's positions along an axis begin in both images and how many there are; i64.
struct TapStretch {
  llvm::Value *input, *gradient, *length;
};

/// The taps of one axis, in memory. Steps from one position to the next are constants.
class StretchTable {
public:
  StretchTable(llvm::Module &module, const ir::WindowAxis &axis);

  int64_t inputStep = 1, gradientStep = 1;
  int64_t positions = 1; ///< that blocks of the walk are cut from

  /// The stretch of the tap at `position` in the filter.
  TapStretch load(llvm::IRBuilder<> &builder, llvm::Value *position) const;
  /// The part of it that lies in [begin, end) of the walk's positions.
  TapStretch loadPart(llvm::IRBuilder<> &builder, llvm::Value *position, llvm::Value *begin,
                      llvm::Value *end) const;

private:
  llvm::GlobalVariable *table; ///< first position, input, gradient, length for each tap
};

} // namespace lamina::codegen
