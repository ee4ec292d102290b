#pragma once

#include "codegen/expressions/expression.h"
#include "codegen/kernels/winograd/winograd_transform.h"

/// The squares of images that Winograd's minimal filtering works on.
namespace lamina::codegen {

/// How images are cut into squares: every `step` x `step` outputs depend on `side` x `side` pixels,
/// which begin `low` before them.
struct SquareGrid {
  int64_t height, width, channels; ///< of the image
  int64_t across, down;            ///< squares
  int64_t step, side;
  llvm::SmallVector<int64_t, 2> low;

  /// Squares of `step` x `step` outputs over images of type `image`.
  static SquareGrid make(mlir::RankedTensorType image, llvm::ArrayRef<int64_t> outputShape,
                         int64_t step, int64_t side, llvm::ArrayRef<int64_t> low);
  int64_t ofImage() const { return across * down; }
};

/// A square's image and first output.
struct SquarePosition {
  llvm::Value *image, *y, *x;
};
SquarePosition locateSquare(llvm::IRBuilder<> &builder, const SquareGrid &grid,
                            llvm::Value *number);

/// Brings squares of images to the points.
class SquareReader {
public:
  /// Makes room for `most` squares at a time: called in the function's entry.
  SquareReader(llvm::IRBuilder<> &builder, ExpressionEmitter &expressions, SquareGrid grid,
               llvm::Value *image, mlir::Type elementType, int64_t most);

  /// Takes `count` squares from number `first` on. Pixels outside their image, and squares from
  /// number `end` on, are zero.
  void select(llvm::Value *first, llvm::Value *count, llvm::Value *end);

  /// Where the points of the squares at hand go: elements from one to the next.
  struct Target {
    llvm::Value *memory;
    int64_t pointStride, squareStride;
  };
  /// Transforms channels [begin, end) of the squares at hand. Both are multiples of the lanes, but
  /// for the end of all channels.
  void transform(const SquareTransform &transform, llvm::Value *begin, llvm::Value *end,
                 const Target &target) const;

  /// Prefetches `count` channels of one pixel of a square, from `channel` on.
  void prefetch(llvm::Value *square, llvm::Value *number, llvm::Value *channel,
                int64_t count) const;

private:
  Values load(llvm::Value *square, llvm::Value *channel, int64_t size) const;
  llvm::Value *pixel(llvm::Value *square, int64_t number) const;

  llvm::IRBuilder<> &b;
  ExpressionEmitter &expressions;
  SquareGrid grid;
  llvm::Value *image;
  mlir::Type elementType;
  llvm::Type *element;
  llvm::Value *zeros;  ///< a pixel outside
  llvm::Value *pixels; ///< squares x side x side pointers
  llvm::Value *count = nullptr;
};

} // namespace lamina::codegen
