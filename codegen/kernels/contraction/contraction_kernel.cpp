// Contractions: register tiles of rows x vectors of columns that run over a block of the contracted
// index, with the kernel's elementwise operations applied to the sums before they are stored. With
// several blocks the task's sums are in scratch memory between them.
#include "codegen/expressions/elementwise.h"
#include "codegen/kernels/contraction/contraction_walk.h"
#include "codegen/kernels/tile_product.h"

using namespace mlir;

namespace lamina::codegen {
namespace {

class ContractionEmitter final : public ContractionWalkEmitter {
public:
  ContractionEmitter(const KernelJob &job, const TargetSpec &target)
      : ContractionWalkEmitter(job, target), rowExtent(extentOf(shape.rowDimension)),
        columnExtent(extentOf(shape.columnDimension)) {
    for (auto [d, size] : llvm::enumerate(shape.result))
      if (static_cast<int64_t>(d) != shape.rowDimension &&
          static_cast<int64_t>(d) != shape.columnDimension)
        outerShape.push_back(size);
  }

  llvm::Value *emitTaskCount(llvm::IRBuilder<> &builder, llvm::Value *rows) override {
    llvm::Value *count = emitProduct(builder, outerShape, rows);
    for (auto [size, part] : {std::pair(rowExtent, taskRows), std::pair(columnExtent, taskColumns)})
      count =
          builder.CreateMul(count, emitCeilDivide(builder, emitProduct(builder, size, rows), part));
    return count;
  }

private:
  int64_t extentOf(int64_t dimension) { return dimension < 0 ? 1 : shape.result[dimension]; }
  bool hasBlocks() const { return depthCapacity > blockDepth; }

  void emitTask(llvm::Value *task) override {
    // Column blocks vary slowest after the outer dimensions: neighbours share their panels.
    auto take = [&](int64_t size, int64_t part) {
      llvm::Value *count = extent(size);
      llvm::Value *number = takePart(b(), task, emitCeilDivide(b(), count, part));
      llvm::Value *begin = b().CreateMul(number, i64(part));
      return Range(begin, emitSmaller(b(), b().CreateAdd(begin, i64(part)), count));
    };
    std::tie(rowBegin, rowEnd) = take(rowExtent, taskRows);
    columns = take(columnExtent, taskColumns);
    outer = delinearize(task, outerShape);
    prepareOperands();
    if (hasBlocks())
      preparePartialSums();
    llvm::Value *depth = emitProduct(b(), shape.contracted, rows);
    auto emitBlock = [&](llvm::Value *begin) {
      llvm::Value *end =
          hasBlocks() ? emitSmaller(b(), b().CreateAdd(begin, i64(blockDepth)), depth) : depth;
      block = {begin, end};
      isLastBlock = b().CreateICmpEQ(end, depth);
      copyLeft();
      emitColumns();
    };
    if (hasBlocks())
      emitLoop(b(), i64(0), depth, blockDepth, emitBlock);
    else
      emitBlock(i64(0));
  }

  /// Tiles of whole width, then one of the remaining columns.
  void emitColumns() {
    if (ShapedType::isDynamic(columnExtent)) {
      emitLoop(b(), columns.first, columns.second, lanes, [&](llvm::Value *column) {
        emitRows(column, 1, maskBelow(column, columns.second));
      });
      return;
    }
    emitTiles(b(), columns.first, columns.second, columnExtent, tileWidth,
              [&](llvm::Value *column, int64_t width) {
                emitRows(column, llvm::divideCeil(width, lanes),
                         width % lanes ? maskOf(width % lanes) : nullptr);
              });
  }

  /// All rows of the task for one column tile. `mask` applies to the last vector.
  void emitRows(llvm::Value *column, int64_t vectors, llvm::Value *mask) {
    llvm::Value *length = b().CreateSub(rowEnd, rowBegin);
    llvm::Value *wholeEnd = b().CreateSub(rowEnd, b().CreateURem(length, i64(tileRows)));
    bool ahead = copiesRightAhead() && !mask && vectors == tileVectors;
    llvm::Value *tiles = b().CreateUDiv(length, i64(tileRows));
    if (ahead) // then only the first tile of columns has nobody before it
      emitIf(b(),
             b().CreateOr(b().CreateICmpEQ(column, columns.first), b().CreateICmpEQ(tiles, i64(0))),
             [&] { copyRight(column, vectors, mask); });
    else if (right.copy)
      copyRight(column, vectors, mask);
    emitLoop(b(), rowBegin, wholeEnd, tileRows, [&](llvm::Value *row) {
      if (ahead)
        copyRightAhead(column, b().CreateUDiv(b().CreateSub(row, rowBegin), i64(tileRows)), tiles);
      emitTile(row, tileRows, column, vectors, mask);
    });
    // A full batch leaves a known number of rows over; any other number goes row by row.
    int64_t left = capacityOf(rowExtent) % taskRows % tileRows;
    auto emitSingles = [&] {
      emitLoop(b(), wholeEnd, rowEnd, 1,
               [&](llvm::Value *row) { emitTile(row, 1, column, vectors, mask); });
    };
    if (left == 0) {
      if (ShapedType::isDynamic(rowExtent))
        emitSingles();
      return;
    }
    llvm::Value *isLeft = b().CreateICmpEQ(b().CreateSub(rowEnd, wholeEnd), i64(left));
    emitIf(
        b(), isLeft, [&] { emitTile(wholeEnd, left, column, vectors, mask); },
        ShapedType::isDynamic(rowExtent) ? std::function<void()>(emitSingles) : nullptr);
  }

  //===--- One register tile --------------------------------------------------------------------//

  struct Tile {
    llvm::Value *row, *column, *mask;
    int64_t rows, vectors;

    llvm::Value *maskOf(int64_t vector) const { return vector + 1 == vectors ? mask : nullptr; }
  };

  void emitTile(llvm::Value *row, int64_t rowCount, llvm::Value *column, int64_t vectors,
                llvm::Value *mask) {
    Tile tile{row, column, mask, rowCount, vectors};
    if (hasBlocks())
      prefetchPartialSums(tile);
    Values sums = shape.columnDimension < 0 ? emitScalarProducts(tile) : emitProducts(tile);
    if (!hasBlocks()) {
      finish(tile, sums);
      return;
    }
    forPartialSums(
        tile,
        [&](llvm::Value *address, llvm::Value *&sum) {
          sum = b().CreateFAdd(b().CreateLoad(sum->getType(), address), sum);
        },
        sums);
    emitIf(
        b(), isLastBlock, [&] { finish(tile, sums); },
        [&] {
          forPartialSums(
              tile, [&](llvm::Value *address, llvm::Value *&sum) { b().CreateStore(sum, address); },
              sums);
        });
  }

  /// The tile's sums over the block.
  Values emitProducts(const Tile &tile) {
    // Copies and panels are filled up with zeros, so only row-major memory needs the mask.
    bool masked = !right.copy && !right.memory->packed;
    TileProduct product{
        b(), target, element, lanes, left.stride(), right.stride(), masked ? tile.mask : nullptr};
    RowOffsets offsets;
    for (int64_t r = 0; r < tile.rows; ++r)
      offsets.push_back(leftOffset(r));
    return product.emit(leftPlace(tile.row), offsets, rightPlaces(tile.column, tile.vectors),
                        b().CreateSub(block.second, block.first),
                        product.zeros(tile.rows * tile.vectors));
  }

  /// The same where the right operand has no free dimension: one number for each row.
  Values emitScalarProducts(const Tile &tile) {
    Values sums(tile.rows, llvm::Constant::getNullValue(element));
    return emitLoop(
        b(), block.first, block.second, 1, sums, [&](llvm::Value *step, const Values &carried) {
          expressions->enterScope();
          Values next;
          Indices depth = depthIndices(step);
          for (auto [r, sum] : llvm::enumerate(carried)) {
            Indices result = resultIndices(rowOf(tile, r), columnIndex(tile.column, 0));
            auto value = [&](const Side &side) {
              return expressions->evaluate(side.value, operandIndices(side, result, depth));
            };
            next.push_back(emitMultiplyAdd(b(), target, value(left), value(right), sum));
          }
          expressions->leaveScope();
          return next;
        });
  }

  llvm::Value *rowOf(const Tile &tile, int64_t r) { return b().CreateAdd(tile.row, i64(r)); }

  /// Applies the operations behind the contraction to the sums and stores.
  void finish(const Tile &tile, const Values &sums) {
    expressions->enterScope();
    // Values that depend on the column alone are kept from the first row on.
    llvm::SmallVector<Index> columnIndices;
    for (int64_t v = 0; v < tile.vectors; ++v)
      columnIndices.push_back(columnIndex(tile.column, v));
    for (int64_t r = 0; r < tile.rows; ++r) {
      llvm::Value *row = rowOf(tile, r);
      for (int64_t v = 0; v < tile.vectors; ++v) {
        Indices indices = resultIndices(row, columnIndices[v]);
        expressions->setMask(tile.maskOf(v));
        expressions->bind(dot.getOutput(), indices, sums[r * tile.vectors + v]);
        storeResults(indices);
        expressions->setMask(nullptr);
      }
    }
    expressions->leaveScope();
  }

  //===--- Sums between blocks ------------------------------------------------------------------//

  /// Room for all sums of the task, zero before the first block.
  void preparePartialSums() {
    lineLength = llvm::alignTo(std::min(taskColumns, capacityOf(columnExtent)), tileWidth);
    lineLength += kLinePadding;
    int64_t elements = lineLength * std::min(taskRows, capacityOf(rowExtent));
    partialSums = allocate(elements);
    b().CreateMemSet(partialSums, b().getInt8(0), elements * element->getPrimitiveSizeInBits() / 8,
                     llvm::MaybeAlign(64));
  }

  /// The address of that of a tile's first row and column.
  llvm::Value *partialSum(const Tile &tile) {
    llvm::Value *line =
        advance(b(), element, partialSums, b().CreateSub(tile.row, rowBegin), lineLength);
    return advance(b(), element, line, b().CreateSub(tile.column, columns.first), 1);
  }

  void forPartialSums(const Tile &tile,
                      llvm::function_ref<void(llvm::Value *address, llvm::Value *&sum)> body,
                      Values &sums) {
    llvm::Value *first = partialSum(tile);
    for (int64_t r = 0; r < tile.rows; ++r)
      for (int64_t v = 0; v < tile.vectors; ++v)
        body(advance(b(), element, first, r * lineLength + v * lanes), sums[r * tile.vectors + v]);
  }

  /// The sums of a task with all its rows and columns fill a cache: they are prefetched before the
  /// products that they are added to.
  void prefetchPartialSums(const Tile &tile) {
    llvm::Value *first = partialSum(tile);
    for (int64_t r = 0; r < tile.rows; ++r)
      emitPrefetchLines(b(), element, advance(b(), element, first, r * lineLength),
                        tile.vectors * lanes, CacheLevel::first, /*write=*/true);
  }

  int64_t rowExtent, columnExtent;
  llvm::SmallVector<int64_t> outerShape;
  llvm::Value *isLastBlock = nullptr;
  llvm::Value *partialSums = nullptr;
  int64_t lineLength = 0; ///< of the partial sums
};

} // namespace

std::unique_ptr<KernelEmitter> createContractionEmitter(const KernelJob &job,
                                                        const TargetSpec &target) {
  return std::make_unique<ContractionEmitter>(job, target);
}

} // namespace lamina::codegen
