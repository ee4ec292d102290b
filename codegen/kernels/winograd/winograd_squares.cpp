#include "codegen/kernels/winograd/winograd_squares.h"

#include "codegen/kernels/convolution/image_walk.h"

namespace lamina::codegen {

SquareGrid SquareGrid::make(mlir::RankedTensorType image, llvm::ArrayRef<int64_t> outputShape,
                            int64_t step, int64_t side, llvm::ArrayRef<int64_t> low) {
  llvm::ArrayRef<int64_t> shape = image.getShape();
  return {.height = shape[1],
          .width = shape[2],
          .channels = shape[3],
          .across = static_cast<int64_t>(llvm::divideCeil(outputShape[2], step)),
          .down = static_cast<int64_t>(llvm::divideCeil(outputShape[1], step)),
          .step = step,
          .side = side,
          .low = llvm::to_vector<2>(low)};
}

SquarePosition locateSquare(llvm::IRBuilder<> &builder, const SquareGrid &grid,
                            llvm::Value *number) {
  auto take = [&](int64_t count) {
    return builder.CreateMul(takePart(builder, number, builder.getInt64(count)),
                             builder.getInt64(grid.step));
  };
  llvm::Value *x = take(grid.across), *y = take(grid.down);
  return {number, y, x};
}

SquareReader::SquareReader(llvm::IRBuilder<> &builder, ExpressionEmitter &expressions,
                           SquareGrid grid, llvm::Value *image, mlir::Type elementType,
                           int64_t most)
    : b(builder), expressions(expressions), grid(std::move(grid)), image(image),
      elementType(elementType), element(registerType(builder.getContext(), elementType)) {
  int64_t padded = llvm::alignTo(this->grid.channels, expressions.getLanes());
  zeros = allocateScratch(b, element, padded);
  b.CreateMemSet(zeros, b.getInt8(0), padded * element->getPrimitiveSizeInBits() / 8,
                 llvm::MaybeAlign(kCacheLineBytes));
  pixels = allocateScratch(b, b.getPtrTy(), most * this->grid.side * this->grid.side);
}

void SquareReader::select(llvm::Value *first, llvm::Value *count, llvm::Value *end) {
  this->count = count;
  emitLoop(b, b.getInt64(0), count, 1, [&](llvm::Value *square) {
    llvm::Value *number = b.CreateAdd(first, square);
    llvm::Value *exists = b.CreateICmpULT(number, end);
    SquarePosition at = locateSquare(b, grid, number);
    for (int64_t i = 0; i < grid.side; ++i) {
      llvm::Value *y = b.CreateAdd(at.y, b.getInt64(i - grid.low[0]));
      llvm::Value *isLine = b.CreateAnd(exists, b.CreateICmpULT(y, b.getInt64(grid.height)));
      llvm::Value *line = b.CreateAdd(b.CreateMul(at.image, b.getInt64(grid.height)), y);
      for (int64_t j = 0; j < grid.side; ++j) {
        llvm::Value *x = b.CreateAdd(at.x, b.getInt64(j - grid.low[1]));
        llvm::Value *isInside = b.CreateAnd(isLine, b.CreateICmpULT(x, b.getInt64(grid.width)));
        llvm::Value *number = b.CreateAdd(b.CreateMul(line, b.getInt64(grid.width)), x);
        // Addresses outside are computed but not used, so this is no access within bounds.
        llvm::Value *place =
            b.CreateGEP(element, image, b.CreateMul(number, b.getInt64(grid.channels)));
        b.CreateStore(b.CreateSelect(isInside, place, zeros), pixel(square, i * grid.side + j));
      }
    }
  });
}

void SquareReader::prefetch(llvm::Value *square, llvm::Value *number, llvm::Value *channel,
                            int64_t count) const {
  llvm::Value *pointer = advance(b, b.getPtrTy(), pixel(square, 0), number, 1);
  llvm::Value *place = advance(b, element, b.CreateLoad(b.getPtrTy(), pointer), channel, 1);
  emitPrefetchLines(b, element, place, count, CacheLevel::second);
}

llvm::Value *SquareReader::pixel(llvm::Value *square, int64_t number) const {
  llvm::Type *pointer = b.getPtrTy();
  return advance(b, pointer, advance(b, pointer, pixels, square, grid.side * grid.side), number);
}

/// A vector of channels of all pixels; `size` of its lanes exist.
Values SquareReader::load(llvm::Value *square, llvm::Value *channel, int64_t size) const {
  if (size < expressions.getLanes())
    expressions.setMask(maskOfFirst(b, expressions.getLanes(), size));
  Values elements;
  for (int64_t number = 0; number < grid.side * grid.side; ++number) {
    llvm::Value *place = b.CreateLoad(b.getPtrTy(), pixel(square, number));
    elements.push_back(
        expressions.loadAt(advance(b, element, place, channel, 1), elementType, true));
  }
  expressions.setMask(nullptr);
  return elements;
}

void SquareReader::transform(const SquareTransform &transform, llvm::Value *begin, llvm::Value *end,
                             const Target &target) const {
  int64_t lanes = expressions.getLanes();
  emitLoop(b, b.getInt64(0), count, 1, [&](llvm::Value *square) {
    llvm::Value *line = advance(b, element, target.memory, square, target.squareStride);
    emitTiles(b, begin, end, grid.channels, lanes, [&](llvm::Value *channel, int64_t size) {
      llvm::Value *place = advance(b, element, line, b.CreateSub(channel, begin), 1);
      for (auto [point, value] : llvm::enumerate(transform.emit(load(square, channel, size))))
        b.CreateStore(value, advance(b, element, place, point * target.pointStride));
    });
  });
}

} // namespace lamina::codegen
