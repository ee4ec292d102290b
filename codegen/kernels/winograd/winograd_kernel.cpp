// Convolutions by Winograd's minimal filtering. A task makes some squares of the result for some
// filters: it transforms the squares' input for a block of channels, multiplies it with the filter
// at each point, block after block, and transforms the sums back. Intermediate values
// are in scratch memory, in the second-level cache; the kernel's elementwise operations are applied
// to the results before they are stored.
#include "codegen/kernels/convolution/image_walk.h"
#include "codegen/kernels/kernel_emitter.h"
#include "codegen/kernels/tile_product.h"
#include "codegen/kernels/winograd/winograd_squares.h"
#include "passes/families/families.h"

using namespace mlir;

namespace lamina::codegen {
namespace {

constexpr int64_t kPanel = ir::kWinogradPanel, kBlock = ir::kWinogradChannels;

class WinogradEmitter final : public KernelEmitter {
public:
  WinogradEmitter(const KernelJob &job, const TargetSpec &target)
      : KernelEmitter(job, target), op(passes::anchorAs<ir::WinogradConvolutionOp>(kernel())),
        matrices(ir::WinogradMatrices::of(op.getTile())), tile(op.getTile()),
        points(ir::winogradPoints(tile) * ir::winogradPoints(tile)),
        grid(SquareGrid::make(op.getLhs().getType(), op.getType().getShape(), tile,
                              ir::winogradPoints(tile), op.getLow())),
        result(op.getType().getShape()), tileRows(schedule().getTileRows()),
        tileVectors(schedule().getTileVectors()), squaresPerTask(schedule().getSquares()),
        filtersPerTask(schedule().getFilters()) {}

  llvm::Value *emitTaskCount(llvm::IRBuilder<> &builder, llvm::Value *rows) override {
    llvm::Value *blocks = emitCeilDivide(builder, countSquares(builder, rows), squaresPerTask);
    return builder.CreateMul(blocks, builder.getInt64(filterBlocks()));
  }

private:
  ir::WinogradScheduleAttr schedule() {
    return passes::scheduleAs<ir::WinogradScheduleAttr>(kernel());
  }

  int64_t filters() { return result[3]; }
  int64_t filterBlocks() { return llvm::divideCeil(filters(), filtersPerTask); }

  llvm::Value *countSquares(llvm::IRBuilder<> &builder, llvm::Value *rows) {
    return builder.CreateMul(emitProduct(builder, result.take_front(), rows),
                             builder.getInt64(grid.ofImage()));
  }

  void emitTask(llvm::Value *task) override {
    // Filters vary slowest: neighbouring tasks share them.
    squares = countSquares(b(), rows);
    llvm::Value *block = takePart(b(), task, emitCeilDivide(b(), squares, squaresPerTask));
    firstSquare = b().CreateMul(block, i64(squaresPerTask));
    count = emitSmaller(b(), i64(squaresPerTask), b().CreateSub(squares, firstSquare));
    rounded = b().CreateMul(emitCeilDivide(b(), count, tileRows), i64(tileRows));
    firstFilter = b().CreateMul(task, i64(filtersPerTask));
    filterEnd = emitSmaller(b(), b().CreateAdd(firstFilter, i64(filtersPerTask)), i64(filters()));
    allocate();
    reader->select(firstSquare, rounded, squares);
    SquareTransform transform(b(), target, matrices.input);
    emitLoop(b(), i64(0), i64(grid.channels), kBlock, [&](llvm::Value *channel) {
      llvm::Value *end = b().CreateAdd(channel, i64(kBlock));
      if (grid.channels % kBlock != 0)
        end = emitSmaller(b(), end, i64(grid.channels));
      reader->transform(transform, channel, end, {inputs, inputStride, kBlock});
      multiply(channel, grid.channels % kBlock != 0 ? b().CreateSub(end, channel) : i64(kBlock));
    });
    transformSums();
  }

  //===--- Scratch memory -----------------------------------------------------------------------//

  void allocate() {
    element = registerType(b().getContext(), op.getType().getElementType());
    vectorType = llvm::FixedVectorType::get(element, lanes);
    filter = findMemory(op.getFilter())->pointer;
    // A line more keeps the points apart in the first-level cache.
    int64_t line = elementsOfLine(element);
    int64_t roundedMost = llvm::alignTo(squaresPerTask, tileRows);
    inputStride = roundedMost * kBlock + line;
    sumStride = roundedMost * filtersPerTask + line;
    inputs = allocateScratch(b(), element, points * inputStride);
    sums = allocateScratch(b(), element, points * sumStride);
    outputSquare = allocateScratch(b(), element, tile * tile * filtersPerTask);
    reader.emplace(b(), *expressions, grid, findMemory(op.getLhs())->pointer,
                   op.getType().getElementType(), roundedMost);
  }

  llvm::Value *inputPlace(llvm::Value *point, llvm::Value *square) {
    return advance(b(), element, advance(b(), element, inputs, point, inputStride), square, kBlock);
  }
  llvm::Value *sumPlace(llvm::Value *point, llvm::Value *square) {
    return advance(b(), element, advance(b(), element, sums, point, sumStride), square,
                   filtersPerTask);
  }

  //===--- Products -----------------------------------------------------------------------------//

  /// Adds the products of `size` channels from `channel` on to the sums, point by point.
  void multiply(llvm::Value *channel, llvm::Value *size) {
    llvm::Value *isFirst = b().CreateICmpEQ(channel, i64(0));
    llvm::Value *width = b().CreateSub(filterEnd, firstFilter);
    emitLoop(b(), i64(0), i64(points), 1, [&](llvm::Value *point) {
      emitLoop(b(), i64(0), width, tileVectors * lanes, [&](llvm::Value *column) {
        Values panels = filterPlaces(column, channel, point);
        emitLoop(b(), i64(0), rounded, tileRows, [&](llvm::Value *square) {
          emitIf(b(), b().CreateICmpEQ(column, i64(0)),
                 [&] { prefetchNextChannels(point, square, channel); });
          multiplyTile(point, square, column, panels, size, isFirst);
        });
      });
    });
  }

  /// Where the filter's vectors from `column` of the task on begin.
  Values filterPlaces(llvm::Value *column, llvm::Value *channel, llvm::Value *point) {
    int64_t blocks = llvm::divideCeil(grid.channels, kBlock);
    llvm::Value *panel = b().CreateUDiv(b().CreateAdd(firstFilter, column), i64(kPanel));
    llvm::Value *block = b().CreateUDiv(channel, i64(kBlock));
    Values result;
    for (int64_t v = 0; v < tileVectors; ++v) {
      llvm::Value *own = b().CreateAdd(panel, i64(v * lanes / kPanel));
      llvm::Value *number = b().CreateAdd(b().CreateMul(own, i64(blocks)), block);
      number = b().CreateAdd(b().CreateMul(number, i64(points)), point);
      result.push_back(advance(b(), element, advance(b(), element, filter, number, kBlock * kPanel),
                               v * lanes % kPanel));
    }
    return result;
  }

  /// Prefetches one pixel of each of a tile's squares, with the channels of the next block: a
  /// square has as many pixels as points.
  void prefetchNextChannels(llvm::Value *point, llvm::Value *square, llvm::Value *channel) {
    llvm::Value *next = b().CreateAdd(channel, i64(kBlock));
    for (int64_t r = 0; r < tileRows; ++r)
      reader->prefetch(b().CreateAdd(square, i64(r)), point, next, kBlock);
  }

  /// Prefetches a tile's share of the filter's panels at the next point, which follow this one's:
  /// many filters are in no cache, in pieces too short for a hardware prefetcher.
  void prefetchNextPoint(llvm::Value *square, const Values &panels) {
    constexpr int64_t panelSize = kBlock * kPanel;
    int64_t tiles = llvm::divideCeil(squaresPerTask, tileRows);
    int64_t share = llvm::alignTo(llvm::divideCeil(panelSize, tiles), elementsOfLine(element));
    llvm::Value *begin = b().CreateMul(b().CreateUDiv(square, i64(tileRows)), i64(share));
    for (int64_t v = 0; v < tileVectors; v += kPanel / lanes) {
      llvm::Value *place = advance(b(), element, panels[v], begin, 1);
      emitPrefetchLines(b(), element, advance(b(), element, place, panelSize), share,
                        CacheLevel::first);
    }
  }

  void multiplyTile(llvm::Value *point, llvm::Value *square, llvm::Value *column,
                    const Values &panels, llvm::Value *size, llvm::Value *isFirst) {
    RowOffsets offsets;
    for (int64_t r = 0; r < tileRows; ++r)
      offsets.push_back(r * kBlock);
    TileProduct product{b(), target, element, lanes, 1, kPanel};
    prefetchNextPoint(square, panels);
    Values block = product.emit(inputPlace(point, square), offsets, panels, size,
                                product.zeros(tileRows * tileVectors));
    llvm::Value *place = advance(b(), element, sumPlace(point, square), column, 1);
    auto store = [&](bool add) {
      for (auto [number, value] : llvm::enumerate(block)) {
        auto r = static_cast<int64_t>(number) / tileVectors;
        int64_t v = static_cast<int64_t>(number) % tileVectors;
        llvm::Value *address = advance(b(), element, place, r * filtersPerTask + v * lanes);
        llvm::Value *sum = add ? b().CreateFAdd(b().CreateLoad(vectorType, address), value) : value;
        b().CreateStore(sum, address);
      }
    };
    emitIf(b(), isFirst, [&] { store(false); }, [&] { store(true); });
  }

  //===--- Results ------------------------------------------------------------------------------//

  void transformSums() {
    emitLoop(b(), i64(0), count, 1, [&](llvm::Value *square) {
      transformSquare(square);
      storeSquare(locateSquare(b(), grid, b().CreateAdd(firstSquare, square)));
    });
  }

  /// A square's results for all filters of the task.
  void transformSquare(llvm::Value *square) {
    SquareTransform transform(b(), target, matrices.output);
    llvm::Value *width = b().CreateSub(filterEnd, firstFilter);
    emitLoop(b(), i64(0), width, lanes, [&](llvm::Value *column) {
      llvm::Value *place = advance(b(), element, sumPlace(i64(0), square), column, 1);
      Values elements;
      for (int64_t point = 0; point < points; ++point)
        elements.push_back(
            b().CreateLoad(vectorType, advance(b(), element, place, point * sumStride)));
      for (auto [number, value] : llvm::enumerate(transform.emit(elements)))
        b().CreateStore(value, advance(b(), element, outputPlace(i64(number), column), 0));
    });
  }

  llvm::Value *outputPlace(llvm::Value *pixel, llvm::Value *column) {
    return advance(b(), element, advance(b(), element, outputSquare, pixel, filtersPerTask), column,
                   1);
  }

  /// Applies the epilogue of the convolution and stores the outputs inside the image.
  void storeSquare(const SquarePosition &at) {
    llvm::Value *height = emitSmaller(b(), i64(tile), b().CreateSub(i64(result[1]), at.y));
    llvm::Value *width = emitSmaller(b(), i64(tile), b().CreateSub(i64(result[2]), at.x));
    emitLoop(b(), i64(0), height, 1, [&](llvm::Value *i) {
      emitLoop(b(), i64(0), width, 1, [&](llvm::Value *j) {
        llvm::Value *pixel = b().CreateAdd(b().CreateMul(i, i64(tile)), j);
        emitTiles(b(), firstFilter, filterEnd, filters(), lanes,
                  [&](llvm::Value *column, int64_t size) {
                    expressions->enterScope();
                    Indices indices{{at.image, false, 1},
                                    {b().CreateAdd(at.y, i), false, 1},
                                    {b().CreateAdd(at.x, j), false, 1},
                                    {column, true, static_cast<int64_t>(lanes)}};
                    llvm::Value *place = outputPlace(pixel, b().CreateSub(column, firstFilter));
                    expressions->setMask(maskOf(size));
                    expressions->bind(op.getOutput(), indices, b().CreateLoad(vectorType, place));
                    storeResults(indices);
                    expressions->setMask(nullptr);
                    expressions->leaveScope();
                  });
      });
    });
  }

  ir::WinogradConvolutionOp op;
  ir::WinogradMatrices matrices;
  int64_t tile, points; ///< outputs of a square's side, points of a square
  SquareGrid grid;
  ArrayRef<int64_t> result;
  int64_t tileRows, tileVectors; ///< of the register tile
  int64_t squaresPerTask, filtersPerTask;

  llvm::Type *element = nullptr, *vectorType = nullptr;
  llvm::Value *filter = nullptr;
  std::optional<SquareReader> reader;
  llvm::Value *squares = nullptr, *firstSquare = nullptr, *count = nullptr;
  llvm::Value *rounded = nullptr; ///< squares of the task in whole register tiles
  llvm::Value *firstFilter = nullptr, *filterEnd = nullptr;
  int64_t inputStride = 0, sumStride = 0; ///< elements from point to point
  llvm::Value *inputs = nullptr;          ///< points x squares x channels of a block
  llvm::Value *sums = nullptr;            ///< points x squares x filters of the task
  llvm::Value *outputSquare = nullptr;    ///< outputs x filters of the task
};

} // namespace

std::unique_ptr<KernelEmitter> createWinogradEmitter(const KernelJob &job,
                                                     const TargetSpec &target) {
  return std::make_unique<WinogradEmitter>(job, target);
}

} // namespace lamina::codegen
