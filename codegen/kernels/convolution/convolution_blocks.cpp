// Results of convolutions, and sums that are made block by block where a filter does not stay in
// the first-level cache.
#include "codegen/expressions/elementwise.h"
#include "codegen/kernels/convolution/convolution_emitter.h"

using namespace mlir;

namespace lamina::codegen {

//===--- Results ----------------------------------------------------------------------------===//

Indices ConvolutionEmitter::resultIndices(llvm::Value *position, const Index &column) {
  Indices indices(op.getSpatialRank() + 2, expressions->constant(0));
  indices.front() = {image, false, 1};
  for (auto [axis, dimension] : llvm::enumerate(geometry.lastDimensions))
    indices[dimension + 1] = axis < outer.size() ? outer[axis] : Index{position, false, 1};
  indices.back() = column;
  return indices;
}

void ConvolutionEmitter::storeTile(const Tile &tile, const Values &sums) {
  llvm::Value *first = firstOutput(tile);
  for (int64_t r = 0; r < tile.height; ++r) {
    llvm::Value *position = b().CreateAdd(first, i64(r * tile.phase.outputStep));
    for (size_t v = 0; v < columns.size(); ++v) {
      Indices indices = resultIndices(position, columns[v]);
      expressions->setMask(v + 1 == columns.size() ? columnMask : nullptr);
      expressions->bind(op.getOutput(), indices, sums[r * columns.size() + v]);
      storeResults(indices);
      expressions->setMask(nullptr);
    }
  }
}

void ConvolutionEmitter::prefetchResults(llvm::Value *first, const Tile &tile) {
  auto ask = [&](const Storage &storage, bool write) {
    if (storage.type.getShape() != op.getType().getShape())
      return;
    int64_t vectorsOfLine = std::max<int64_t>(1, elementsOfLine(element) / lanes);
    for (int64_t r = 0; r < tile.height; ++r)
      for (size_t v = 0; v < columns.size(); v += vectorsOfLine) {
        llvm::Value *position = b().CreateAdd(first, i64(r * tile.phase.outputStep));
        emitPrefetch(b(), expressions->address(storage, resultIndices(position, columns[v])),
                     CacheLevel::second, write);
      }
  };
  for (BlockArgument argument : body().getArguments())
    if (argument != op.getLhs())
      ask(*expressions->getStorage(argument), /*write=*/false);
  for (const Storage &storage : outputs)
    ask(storage, /*write=*/true);
}

void ConvolutionEmitter::prefetchNextTile(const Tile &tile) {
  prefetchResults(b().CreateAdd(firstOutput(tile), i64(tile.height * tile.phase.outputStep)), tile);
  if (tile.phase.first == phases.front().first) // the others read the same
    prefetchInput(tile, b().CreateAdd(tile.start, i64(2 * tile.height)));
}

void ConvolutionEmitter::prefetchInput(const Tile &tile, llvm::Value *start) {
  llvm::Value *place = advance(b(), element, input.pointer, image, input.rowStride());
  int64_t newLines = 1, lineStride = 0;
  for (auto [number, axis] : llvm::enumerate(geometry.outerAxes())) {
    lineStride = input.axisStride(number);
    newLines = llvm::divideCeil(axis.stride, axis.inputDilation);
    llvm::Value *end = b().CreateAdd(b().CreateMul(outer[number].base, i64(axis.stride)),
                                     i64(axis.span() - axis.low));
    llvm::Value *line = b().CreateSDiv(end, i64(axis.inputDilation));
    place = advance(b(), element, place, b().CreateSub(line, i64(newLines)), lineStride);
  }
  int64_t step = tile.phase.inputStep, newPixels = tile.height * step;
  place = advance(b(), element, place, start, step * lastStride());
  place = advance(b(), element, place, (tile.phase.taps.back().offset + 1 - step) * lastStride());
  place = advance(b(), element, place, columns.front().base, newPixels);
  auto share = static_cast<int64_t>(newPixels * columns.size() * lanes);
  for (int64_t line = 0; line < newLines; ++line)
    emitPrefetchLines(b(), element, advance(b(), element, place, line * lineStride), share,
                      CacheLevel::second);
}

//===--- Blocks -----------------------------------------------------------------------------===//

void ConvolutionEmitter::emitBlocks() {
  int64_t elements = linesPerTask * lineOutputs() * tileWidth;
  b().CreateMemSet(partialSums, b().getInt8(0), elements * element->getPrimitiveSizeInBits() / 8,
                   llvm::MaybeAlign(64));
  emitBlockTaps(0, i64(0), [&](llvm::Value *taps) {
    emitLoop(b(), i64(0), i64(geometry.channels), channelsPerBlock, [&](llvm::Value *begin) {
      llvm::Value *end =
          emitSmaller(b(), b().CreateAdd(begin, i64(channelsPerBlock)), i64(geometry.channels));
      addBlock(taps, {begin, b().CreateSub(end, begin)});
    });
  });
  auto finish = [&](const Tile &tile) {
    expressions->enterScope();
    prefetchResults(firstOutput(tile), tile);
    Values sums = makeProduct(tile).zeros(tile.height * columns.size());
    forPartialSums(tile, [&](int64_t number, llvm::Value *address) {
      sums[number] = b().CreateLoad(sums[number]->getType(), address);
    });
    storeTile(tile, sums);
    expressions->leaveScope();
  };
  emitLines(finish, [&] { emitLineSums(); });
}

void ConvolutionEmitter::emitBlockTaps(size_t axis, llvm::Value *taps,
                                       const std::function<void(llvm::Value *)> &body) {
  if (axis == tapInputs.size()) {
    body(taps);
    return;
  }
  int64_t window = geometry.axes[axis].window;
  emitLoop(b(), i64(0), i64(window), 1, [&](llvm::Value *tap) {
    blockTaps.resize(axis);
    blockTaps.push_back(tap);
    emitBlockTaps(axis + 1, b().CreateAdd(b().CreateMul(taps, i64(window)), tap), body);
  });
}

void ConvolutionEmitter::addBlock(llvm::Value *taps, const ChannelRange &range) {
  emitLoop(b(), lineBegin, lineEnd, 1, [&](llvm::Value *line) {
    outer = outerIndices(line);
    llvm::Value *distance = i64(0), *meets = b().getTrue();
    for (size_t axis = 0; axis < tapInputs.size(); ++axis) {
      llvm::Value *place = tapInputs[axis].find(b(), outer[axis].base, blockTaps[axis]);
      meets = b().CreateAnd(meets, b().CreateICmpSGE(place, i64(0)));
      distance = b().CreateAdd(distance, b().CreateMul(place, i64(input.axisStride(axis))));
    }
    emitIf(b(), meets, [&] {
      emitLine(line, [&](const Tile &tile) {
        expressions->enterScope();
        TileProduct product = makeProduct(tile);
        llvm::Value *place = b().CreateInBoundsGEP(element, inputPlace(tile), distance);
        Values sums = emitLastTaps(tile, range, product, place, taps,
                                   product.zeros(tile.height * columns.size()));
        forPartialSums(tile, [&](int64_t number, llvm::Value *address) {
          llvm::Value *before = b().CreateLoad(sums[number]->getType(), address);
          b().CreateStore(b().CreateFAdd(before, sums[number]), address);
        });
        expressions->leaveScope();
      });
    });
  });
}

void ConvolutionEmitter::forPartialSums(
    const Tile &tile, llvm::function_ref<void(int64_t number, llvm::Value *address)> body) {
  llvm::Value *output = firstOutput(tile);
  if (cutsLines())
    output = b().CreateSub(output, positionBegin);
  llvm::Value *line = b().CreateMul(b().CreateSub(tile.line, lineBegin), i64(lineOutputs()));
  llvm::Value *place = advance(b(), element, partialSums, b().CreateAdd(line, output), tileWidth);
  auto vectors = static_cast<int64_t>(columns.size());
  for (int64_t r = 0; r < tile.height; ++r)
    for (int64_t v = 0; v < vectors; ++v)
      body(r * vectors + v,
           advance(b(), element, place, r * tile.phase.outputStep * tileWidth + v * lanes));
}

} // namespace lamina::codegen
