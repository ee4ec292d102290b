// Gradients by filters of 3 x 3 taps, by Winograd's minimal filtering. A task makes some channels x
// filters in one slice of the images: it goes through their squares in blocks, brings both images'
// squares to the points, adds their products to sums at each point, and transforms the sums in the
// end. Squares and sums are in scratch memory, in the second-level cache.
#include "codegen/kernels/convolution/image_walk.h"
#include "codegen/kernels/kernel_emitter.h"
#include "codegen/kernels/tile_product.h"
#include "codegen/kernels/winograd/winograd_squares.h"
#include "passes/families/families.h"

using namespace mlir;

namespace lamina::codegen {
namespace {

class WinogradGradientEmitter final : public KernelEmitter {
public:
  WinogradGradientEmitter(const KernelJob &job, const TargetSpec &target)
      : KernelEmitter(job, target), op(passes::anchorAs<ir::FilterGradientOp>(kernel())),
        tile(*op.getWinograd()), matrices(ir::WinogradMatrices::of(tile)),
        points(ir::winogradPoints(tile) * ir::winogradPoints(tile)),
        inputGrid(makeGrid(op.getLhs().getType(), ir::winogradPoints(tile), op.getLow())),
        gradientGrid(makeGrid(op.getGradient().getType(), tile, {0, 0})),
        tileRows(schedule().getTileRows()), tileVectors(schedule().getTileVectors()),
        channelsPerTask(schedule().getChannels()), filtersPerTask(schedule().getFilters()),
        squaresPerBlock(schedule().getSquares()),
        tiledChannels(llvm::alignTo(channelsPerTask, tileRows)),
        paddedChannels(llvm::alignTo(tiledChannels, lanes)) {}

  llvm::Value *emitTaskCount(llvm::IRBuilder<> &builder, llvm::Value *) override {
    int64_t slices = op.getSlice() ? op.getType().getDimSize(0) : 1;
    return builder.getInt64(channelBlocks() * filterBlocks() * slices);
  }

private:
  ir::WinogradGradientScheduleAttr schedule() {
    return passes::scheduleAs<ir::WinogradGradientScheduleAttr>(kernel());
  }

  SquareGrid makeGrid(RankedTensorType image, int64_t side, ArrayRef<int64_t> low) {
    return SquareGrid::make(image, op.getGradient().getType().getShape(), tile, side, low);
  }

  int64_t channels() { return inputGrid.channels; }
  int64_t filters() { return gradientGrid.channels; }
  int64_t channelBlocks() { return llvm::divideCeil(channels(), channelsPerTask); }
  int64_t filterBlocks() { return llvm::divideCeil(filters(), filtersPerTask); }

  using Range = std::pair<llvm::Value *, llvm::Value *>;
  llvm::Value *lengthOf(const Range &range) { return b().CreateSub(range.second, range.first); }

  /// The task's part of `size`, `part` at a time.
  Range takeRange(llvm::Value *&task, int64_t size, int64_t part) {
    llvm::Value *begin =
        b().CreateMul(takePart(b(), task, i64(llvm::divideCeil(size, part))), i64(part));
    return {begin, emitSmaller(b(), b().CreateAdd(begin, i64(part)), i64(size))};
  }

  void emitTask(llvm::Value *task) override {
    ownChannels = takeRange(task, channels(), channelsPerTask);
    ownFilters = takeRange(task, filters(), filtersPerTask);
    slice = task;
    Range squares = squaresOfSlice();
    allocate();
    SquareTransform ofInput(b(), target, matrices.input);
    SquareTransform ofGradient(b(), target, ir::transposed(matrices.output));
    emitLoop(b(), squares.first, squares.second, squaresPerBlock, [&](llvm::Value *first) {
      inputReader->select(first, i64(squaresPerBlock), squares.second);
      gradientReader->select(first, i64(squaresPerBlock), squares.second);
      inputReader->transform(ofInput, ownChannels.first, ownChannels.second,
                             {inputs, inputStride, paddedChannels});
      gradientReader->transform(ofGradient, ownFilters.first, ownFilters.second,
                                {gradients, gradientStride, filtersPerTask});
      multiply();
    });
    transformSums();
  }

  Range squaresOfSlice() {
    llvm::Value *images = emitProduct(b(), op.getLhs().getType().getShape().take_front(), rows);
    Range range{i64(0), images};
    if (op.getSlice()) {
      auto length = static_cast<int64_t>(*op.getSlice());
      range.first = b().CreateMul(slice, i64(length));
      range.second = emitSmaller(b(), b().CreateAdd(range.first, i64(length)), images);
    }
    return {b().CreateMul(range.first, i64(inputGrid.ofImage())),
            b().CreateMul(range.second, i64(inputGrid.ofImage()))};
  }

  //===--- Scratch memory -----------------------------------------------------------------------//

  void allocate() {
    mlir::Type type = op.getType().getElementType();
    element = registerType(b().getContext(), type);
    vectorType = llvm::FixedVectorType::get(element, lanes);
    // A line more keeps the points apart in the first-level cache.
    int64_t line = elementsOfLine(element);
    inputStride = squaresPerBlock * paddedChannels + line;
    gradientStride = squaresPerBlock * filtersPerTask + line;
    sumStride = tiledChannels * filtersPerTask + line;
    inputs = allocateZeros(points * inputStride);
    gradients = allocateZeros(points * gradientStride);
    sums = allocateZeros(points * sumStride);
    inputReader.emplace(b(), *expressions, inputGrid, findMemory(op.getLhs())->pointer, type,
                        squaresPerBlock);
    gradientReader.emplace(b(), *expressions, gradientGrid, findMemory(op.getGradient())->pointer,
                           type, squaresPerBlock);
  }

  llvm::Value *allocateZeros(int64_t elements) {
    llvm::Value *memory = allocateScratch(b(), element, elements);
    b().CreateMemSet(memory, b().getInt8(0), elements * element->getPrimitiveSizeInBits() / 8,
                     llvm::MaybeAlign(kCacheLineBytes));
    return memory;
  }

  //===--- Products -----------------------------------------------------------------------------//

  /// Adds the products of the block's squares to the sums. Register tiles are whole: what fills up
  /// channels and filters is zero.
  void multiply() {
    emitLoop(b(), i64(0), i64(points), 1, [&](llvm::Value *point) {
      emitLoop(b(), i64(0), lengthOf(ownFilters), tileVectors * lanes, [&](llvm::Value *filter) {
        emitLoop(b(), i64(0), lengthOf(ownChannels), tileRows,
                 [&](llvm::Value *channel) { multiplyTile(point, channel, filter); });
      });
    });
  }

  void multiplyTile(llvm::Value *point, llvm::Value *channel, llvm::Value *filter) {
    auto placeOf = [&](llvm::Value *memory, int64_t stride, llvm::Value *offset) {
      return advance(b(), element, advance(b(), element, memory, point, stride), offset, 1);
    };
    RowOffsets offsets;
    for (int64_t r = 0; r < tileRows; ++r)
      offsets.push_back(r);
    Values right;
    for (int64_t v = 0; v < tileVectors; ++v)
      right.push_back(advance(b(), element, placeOf(gradients, gradientStride, filter), v * lanes));
    TileProduct product{b(), target, element, lanes, paddedChannels, filtersPerTask};
    Values block = product.emit(placeOf(inputs, inputStride, channel), offsets, right,
                                i64(squaresPerBlock), product.zeros(tileRows * tileVectors));
    llvm::Value *line = sumPlace(point, channel);
    for (auto [number, value] : llvm::enumerate(block)) {
      auto r = static_cast<int64_t>(number) / tileVectors;
      int64_t v = static_cast<int64_t>(number) % tileVectors;
      llvm::Value *place = advance(b(), element, line, filter, 1);
      place = advance(b(), element, place, r * filtersPerTask + v * lanes);
      b().CreateStore(b().CreateFAdd(b().CreateLoad(vectorType, place), value), place);
    }
  }

  llvm::Value *sumPlace(llvm::Value *point, llvm::Value *channel) {
    return advance(b(), element, advance(b(), element, sums, point, sumStride), channel,
                   filtersPerTask);
  }

  //===--- Results ------------------------------------------------------------------------------//

  void transformSums() {
    SquareTransform transform(b(), target, ir::transposed(matrices.filter));
    emitLoop(b(), i64(0), lengthOf(ownChannels), 1, [&](llvm::Value *channel) {
      emitTiles(b(), ownFilters.first, ownFilters.second, filters(), lanes,
                [&](llvm::Value *filter, int64_t size) {
                  llvm::Value *place = sumPlace(i64(0), channel);
                  place = advance(b(), element, place, b().CreateSub(filter, ownFilters.first), 1);
                  Values elements;
                  for (int64_t point = 0; point < points; ++point)
                    elements.push_back(b().CreateLoad(
                        vectorType, advance(b(), element, place, point * sumStride)));
                  store(transform.emit(elements), channel, filter, size);
                });
    });
  }

  /// Stores the taps of a channel of the task and of `size` filters from `filter` on.
  void store(const Values &taps, llvm::Value *channel, llvm::Value *filter, int64_t size) {
    llvm::Align align(element->getPrimitiveSizeInBits() / 8);
    llvm::Value *place =
        advance(b(), element, outputs[0].pointer, slice, op.getFilterType().getNumElements());
    place = advance(b(), element, place, b().CreateAdd(ownChannels.first, channel), filters());
    place = advance(b(), element, place, filter, 1);
    for (auto [tap, value] : llvm::enumerate(taps)) {
      llvm::Value *own = advance(b(), element, place, tap * channels() * filters());
      if (llvm::Value *mask = maskOf(size))
        b().CreateMaskedStore(value, own, align, mask);
      else
        b().CreateAlignedStore(value, own, align);
    }
  }

  ir::FilterGradientOp op;
  int64_t tile;
  ir::WinogradMatrices matrices;
  int64_t points; ///< of a square
  SquareGrid inputGrid, gradientGrid;
  int64_t tileRows, tileVectors; ///< of the register tile
  int64_t channelsPerTask, filtersPerTask, squaresPerBlock;
  int64_t tiledChannels;  ///< of the task, in whole register tiles
  int64_t paddedChannels; ///< and in whole vectors, too

  llvm::Type *element = nullptr, *vectorType = nullptr;
  std::optional<SquareReader> inputReader, gradientReader;
  llvm::Value *slice = nullptr;
  Range ownChannels, ownFilters;                              ///< of the task
  int64_t inputStride = 0, gradientStride = 0, sumStride = 0; ///< elements from point to point
  llvm::Value *inputs = nullptr;                              ///< points x squares x channels
  llvm::Value *gradients = nullptr;                           ///< points x squares x filters
  llvm::Value *sums = nullptr;                                ///< points x channels x filters
};

} // namespace

std::unique_ptr<KernelEmitter> createWinogradGradientEmitter(const KernelJob &job,
                                                             const TargetSpec &target) {
  return std::make_unique<WinogradGradientEmitter>(job, target);
}

} // namespace lamina::codegen
