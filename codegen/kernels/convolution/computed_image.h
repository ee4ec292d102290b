#pragma once

#include "codegen/expressions/expression.h"
#include "codegen/kernels/convolution/image_walk.h"

namespace lamina::codegen {

/// An operand that a kernel computes from images in memory rather than reading it there: a
/// normalized and activated image. A task computes the part that it reads at a time, into scratch
/// memory in which the elements are as far apart as in the whole image.
class ComputedImage {
public:
  /// A range of numbers, without the last.
  using Range = std::pair<llvm::Value *, llvm::Value *>;

  /// `layout` says how far elements of `value` would be apart. A part has at most `mostLines` lines
  /// along the first axis in each of `mostImages` images.
  ComputedImage(llvm::IRBuilder<> &builder, ExpressionEmitter &expressions, mlir::Value value,
                const Image &layout, int64_t mostImages, int64_t mostLines);

  /// Computes some channels of some lines along the first axis; of several images all lines. Those
  /// that share a vector with them are computed, too. Returns the place at which the first whole
  /// image would begin.
  llvm::Value *compute(const Range &images, const Range &lines, const Range &channels) const;

private:
  /// Computes `count` neighbouring pixels of an image, whose part of scratch memory begins at
  /// `start`.
  void computePixels(llvm::Value *image, llvm::Value *first, int64_t count, llvm::Value *start,
                     const Range &channels) const;

  llvm::IRBuilder<> &b;
  ExpressionEmitter &expressions;
  mlir::Value value;
  Image layout;
  int64_t rank, channelCount, linePixels;
  llvm::Value *memory;
};

/// The lines along the first axis of an image that outputs [begin, end) along it meet.
ComputedImage::Range linesMetBy(llvm::IRBuilder<> &builder, const ir::WindowAxis &axis,
                                llvm::Value *begin, llvm::Value *end);
/// The number of lines that `outputs` neighbouring ones meet, at most.
int64_t countLinesMetBy(const ir::WindowAxis &axis, int64_t outputs);

} // namespace lamina::codegen
