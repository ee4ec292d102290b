// Contractions: register tiles of rows x vectors that run over the whole contracted index, with the
// kernel's elementwise operations applied to the accumulators before they are stored.
#include "codegen/elementwise.h"
#include "codegen/kernel_emitter.h"
#include "passes/schedule.h"

using namespace mlir;

namespace lamina::codegen {
namespace {

/// Steps of the contracted index in one turn of the loop: two hide its overhead behind a tile of
/// eight or more sums, and every further one is code to generate.
constexpr int64_t kUnroll = 2;

/// Addresses of a contraction's operand: base + depth * depthStride + constant offsets.
struct OperandCursor {
  llvm::Value *base = nullptr; ///< null: the operand is an expression, not memory
  mlir::Type element;
  int64_t depthStride = 0; ///< elements
};

class ContractionEmitter final : public KernelEmitter {
public:
  ContractionEmitter(const KernelJob &job, const TargetSpec &target)
      : KernelEmitter(job, target), dot(findDot(job.kernel)), shape(dot),
        rowExtent(extentOf(shape.rowDimension)), columnExtent(extentOf(shape.columnDimension)),
        tileRows(schedule().getTile()[0]), tileVectors(schedule().getTile()[1]),
        tileWidth(tileVectors * lanes), taskRows(schedule().getTasks()[0]),
        taskColumns(schedule().getTasks()[1]) {
    for (auto [d, size] : llvm::enumerate(shape.result))
      if (static_cast<int64_t>(d) != shape.rowDimension &&
          static_cast<int64_t>(d) != shape.columnDimension)
        outerShape.push_back(size);
  }

  llvm::Value *emitTaskCount(llvm::IRBuilder<> &builder, llvm::Value *rows) override {
    llvm::Value *count = emitProduct(builder, outerShape, rows);
    count = builder.CreateMul(count,
                              ceilDivide(builder, extentValue(builder, rowExtent, rows), taskRows));
    return builder.CreateMul(
        count, ceilDivide(builder, extentValue(builder, columnExtent, rows), taskColumns));
  }

private:
  static ir::DotGeneralOp findDot(ir::KernelOp kernel) {
    return *kernel.getBlock().getOps<ir::DotGeneralOp>().begin();
  }
  int64_t extentOf(int64_t dimension) { return dimension < 0 ? 1 : shape.result[dimension]; }
  static llvm::Value *extentValue(llvm::IRBuilder<> &builder, int64_t size, llvm::Value *rows) {
    return ShapedType::isDynamic(size) ? rows : builder.getInt64(size);
  }
  static llvm::Value *ceilDivide(llvm::IRBuilder<> &builder, llvm::Value *value, int64_t by) {
    return builder.CreateUDiv(builder.CreateAdd(value, builder.getInt64(by - 1)),
                              builder.getInt64(by));
  }

  void emitTask(llvm::Value *task) override {
    // Column blocks vary slowest after the outer dimensions: neighbours share their panels.
    llvm::Value *rowCount = extent(rowExtent), *columnCount = extent(columnExtent);
    llvm::Value *rowBlocks = ceilDivide(b(), rowCount, taskRows);
    llvm::Value *columnBlocks = ceilDivide(b(), columnCount, taskColumns);
    llvm::Value *rowBlock = b().CreateURem(task, rowBlocks);
    llvm::Value *rest = b().CreateUDiv(task, rowBlocks);
    llvm::Value *columnBlock = b().CreateURem(rest, columnBlocks);
    outer = delinearize(b().CreateUDiv(rest, columnBlocks), outerShape);
    rowBegin = b().CreateMul(rowBlock, i64(taskRows));
    rowEnd = emitSmaller(b(), b().CreateAdd(rowBegin, i64(taskRows)), rowCount);
    llvm::Value *columnBegin = b().CreateMul(columnBlock, i64(taskColumns));
    llvm::Value *columnEnd =
        emitSmaller(b(), b().CreateAdd(columnBegin, i64(taskColumns)), columnCount);
    emitColumns(columnBegin, columnEnd);
  }

  /// Tiles of whole width, then one of what is left.
  void emitColumns(llvm::Value *begin, llvm::Value *end) {
    if (ShapedType::isDynamic(columnExtent)) {
      emitLoop(b(), begin, end, lanes,
               [&](llvm::Value *column) { emitRows(column, 1, maskBelow(column, end)); });
      return;
    }
    emitTiles(b(), begin, end, columnExtent, tileWidth, [&](llvm::Value *column, int64_t width) {
      emitRows(column, llvm::divideCeil(width, lanes),
               width % lanes ? maskOf(width % lanes) : nullptr);
    });
  }

  /// All rows of the task for one column tile. `mask` applies to the last vector.
  void emitRows(llvm::Value *column, int64_t vectors, llvm::Value *mask) {
    llvm::Value *length = b().CreateSub(rowEnd, rowBegin);
    llvm::Value *wholeEnd = b().CreateSub(rowEnd, b().CreateURem(length, i64(tileRows)));
    emitLoop(b(), rowBegin, wholeEnd, tileRows,
             [&](llvm::Value *row) { emitTile(row, tileRows, column, vectors, mask); });
    // A full batch leaves a known number of rows over; any other number goes row by row.
    int64_t capacity = ShapedType::isDynamic(rowExtent) ? job.batchSize : rowExtent;
    int64_t left = capacity % taskRows % tileRows;
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

  //===--- One register tile
  //--------------------------------------------------------------------===//

  Indices resultIndices(llvm::Value *row, Index column) {
    Indices indices;
    size_t nextOuter = 0;
    for (size_t d = 0; d < shape.result.size(); ++d) {
      int64_t dimension = static_cast<int64_t>(d);
      if (dimension == shape.rowDimension)
        indices.push_back({row, false, 1});
      else if (dimension == shape.columnDimension)
        indices.push_back(column);
      else
        indices.push_back(outer[nextOuter++]);
    }
    return indices;
  }

  /// Indices of an operand: its batching and free dimensions come from the result's.
  Indices operandIndices(bool left, const Indices &result, const Indices &depth) {
    auto batching = left ? dot.getLhsBatchingDimensions() : dot.getRhsBatchingDimensions();
    auto contracting = left ? dot.getLhsContractingDimensions() : dot.getRhsContractingDimensions();
    auto free = left ? dot.getLhsFreeDimensions() : dot.getRhsFreeDimensions();
    size_t firstFree = batching.size() + (left ? 0 : dot.getLhsFreeDimensions().size());
    Indices indices(batching.size() + contracting.size() + free.size());
    for (auto [i, d] : llvm::enumerate(batching))
      indices[d] = result[i];
    for (auto [i, d] : llvm::enumerate(contracting))
      indices[d] = depth[i];
    for (auto [i, d] : llvm::enumerate(free))
      indices[d] = result[firstFree + i];
    return indices;
  }

  Index columnIndex(llvm::Value *column, int64_t vector) {
    llvm::Value *position = b().CreateAdd(column, i64(vector * lanes));
    // Without a free dimension on the right every lane would be the same: a scalar does.
    return {position, shape.columnDimension >= 0, static_cast<int64_t>(lanes)};
  }

  void emitTile(llvm::Value *row, int64_t rowCount, llvm::Value *column, int64_t vectors,
                llvm::Value *mask) {
    expressions->enterScope();
    llvm::SmallVector<llvm::Value *> rowPositions;
    for (int64_t r = 0; r < rowCount; ++r)
      rowPositions.push_back(r == 0 ? row : b().CreateAdd(row, i64(r)));
    llvm::SmallVector<Index> columns;
    for (int64_t v = 0; v < vectors; ++v)
      columns.push_back(columnIndex(column, v));
    tile = {rowPositions, columns, mask};
    Values sums = emitDepth();
    expressions->enterScope();
    for (int64_t r = 0; r < rowCount; ++r)
      for (int64_t v = 0; v < vectors; ++v)
        finish(resultIndices(rowPositions[r], columns[v]), sums[r * vectors + v],
               v == vectors - 1 ? mask : nullptr);
    expressions->leaveScope();
    expressions->leaveScope();
  }

  /// Applies the operations behind the contraction to one vector of sums and stores.
  void finish(const Indices &indices, llvm::Value *sum, llvm::Value *mask) {
    expressions->setMask(mask);
    expressions->bind(dot.getOutput(), indices, sum);
    storeResults(indices);
    expressions->setMask(nullptr);
  }

  /// The sums over all contracted indices, row by row.
  Values emitDepth() {
    llvm::Type *element =
        registerType(b().getContext(), dot.getOutput().getType().getElementType());
    llvm::Constant *zero = llvm::Constant::getNullValue(
        shape.columnDimension >= 0
            ? static_cast<llvm::Type *>(llvm::FixedVectorType::get(element, lanes))
            : element);
    Values sums(tile.rows.size() * tile.columns.size(), zero);
    Indices depth;
    return emitDepthLoops(depth, sums);
  }

  Values emitDepthLoops(Indices &depth, const Values &sums) {
    size_t level = depth.size();
    if (level + 1 < shape.contracted.size())
      return emitLoop(b(), i64(0), extent(shape.contracted[level]), 1, sums,
                      [&](llvm::Value *k, const Values &carried) {
                        expressions->enterScope();
                        depth.push_back({k, false, 1});
                        Values next = emitDepthLoops(depth, carried);
                        depth.pop_back();
                        expressions->leaveScope();
                        return next;
                      });
    if (shape.contracted.empty())
      return emitStep(depth, sums, nullptr, 0);
    emitCursors(depth);
    llvm::Value *length = extent(shape.contracted.back());
    llvm::Value *wholeEnd = b().CreateSub(length, b().CreateURem(length, i64(kUnroll)));
    Values result =
        emitLoop(b(), i64(0), wholeEnd, kUnroll, sums, [&](llvm::Value *k, const Values &carried) {
          Values next = carried;
          for (int64_t i = 0; i < kUnroll; ++i)
            next = emitStep(depth, next, k, i);
          return next;
        });
    return emitLoop(b(), wholeEnd, length, 1, result, [&](llvm::Value *k, const Values &carried) {
      return emitStep(depth, carried, k, 0);
    });
  }

  /// One step of the contracted index: outer products of a column of the left operand and vectors
  /// of the right one. The index is k + `offset`; a null `k` means that nothing is contracted.
  Values emitStep(const Indices &outerDepth, const Values &sums, llvm::Value *k, int64_t offset) {
    expressions->enterScope();
    Indices depth(outerDepth);
    if (k)
      depth.push_back({b().CreateAdd(k, i64(offset)), false, 1});
    Values right;
    for (size_t v = 0; v < tile.columns.size(); ++v)
      right.push_back(loadRight(depth, k, offset, v));
    Values result(sums);
    for (size_t r = 0; r < tile.rows.size(); ++r) {
      llvm::Value *left = loadLeft(depth, k, offset, r);
      if (shape.columnDimension >= 0)
        left = expressions->splat(left);
      for (size_t v = 0; v < tile.columns.size(); ++v) {
        llvm::Value *&sum = result[r * tile.columns.size() + v];
        sum = emitMultiplyAdd(b(), target, left, right[v], sum);
      }
    }
    expressions->leaveScope();
    return result;
  }

  //===--- Operands
  //-----------------------------------------------------------------------------===//

  /// Sets up addresses that are fixed while the innermost contracted index runs.
  void emitCursors(const Indices &outerDepth) {
    leftCursors.assign(tile.rows.size(), {});
    rightCursors.assign(tile.columns.size(), {});
    Indices depth(outerDepth);
    depth.push_back(expressions->constant(0));
    for (size_t r = 0; r < tile.rows.size(); ++r)
      leftCursors[r] = makeCursor(true, r, depth);
    for (size_t v = 0; v < tile.columns.size(); ++v)
      rightCursors[v] = makeCursor(false, v, depth);
  }

  OperandCursor makeCursor(bool left, size_t position, const Indices &depth) {
    Value operand = left ? dot.getLhs() : dot.getRhs();
    std::optional<Storage> storage = findMemory(operand);
    if (!storage)
      return {};
    int64_t dimension =
        left ? dot.getLhsContractingDimensions().back() : dot.getRhsContractingDimensions().back();
    Indices indices = operandIndices(left,
                                     left ? resultIndices(tile.rows[position], tile.columns[0])
                                          : resultIndices(tile.rows[0], tile.columns[position]),
                                     depth);
    if (!left && !expressions->isContiguous(*storage, indices))
      return {};
    int64_t stride = storage->strides[dimension];
    if (storage->packed) {
      // Panels hold the other dimension's lines of `width` elements.
      if (storage->packed.getDimension() == dimension)
        return {};
      stride = storage->packed.getWidth();
    }
    // Rows of one tile differ by a constant: one base serves them all.
    bool shared = left && position > 0 && leftCursors[0].base && !storage->packed;
    llvm::Value *base;
    if (shared) {
      int64_t rowStride = storage->strides[dot.getLhsFreeDimensions().back()];
      base = b().CreateConstInBoundsGEP1_64(
          memoryType(b().getContext(), storage->type.getElementType()), leftCursors[0].base,
          static_cast<int64_t>(position) * rowStride);
    } else {
      base = expressions->address(*storage, indices);
    }
    return {base, storage->type.getElementType(), stride};
  }

  llvm::Value *emitAddress(const OperandCursor &cursor, llvm::Value *k, int64_t offset) {
    llvm::Type *type = memoryType(b().getContext(), cursor.element);
    llvm::Value *moving =
        b().CreateInBoundsGEP(type, cursor.base, b().CreateMul(k, i64(cursor.depthStride)));
    return b().CreateConstInBoundsGEP1_64(type, moving, offset * cursor.depthStride);
  }

  llvm::Value *loadLeft(const Indices &depth, llvm::Value *k, int64_t offset, size_t row) {
    if (k && leftCursors[row].base)
      return expressions->loadAt(emitAddress(leftCursors[row], k, offset), leftCursors[row].element,
                                 false);
    return expressions->evaluate(
        dot.getLhs(), operandIndices(true, resultIndices(tile.rows[row], tile.columns[0]), depth));
  }

  llvm::Value *loadRight(const Indices &depth, llvm::Value *k, int64_t offset, size_t vector) {
    // Panels are padded with zeros, so only row-major memory needs the mask.
    bool last = vector + 1 == tile.columns.size();
    expressions->setMask(last ? tile.mask : nullptr);
    llvm::Value *value;
    if (k && rightCursors[vector].base)
      value = expressions->loadAt(emitAddress(rightCursors[vector], k, offset),
                                  rightCursors[vector].element, shape.columnDimension >= 0);
    else
      value = expressions->evaluate(
          dot.getRhs(),
          operandIndices(false, resultIndices(tile.rows[0], tile.columns[vector]), depth));
    expressions->setMask(nullptr);
    return shape.columnDimension >= 0 ? expressions->splat(value) : value;
  }

  struct Tile {
    llvm::SmallVector<llvm::Value *> rows;
    llvm::SmallVector<Index> columns;
    llvm::Value *mask = nullptr;
  };

  ir::DotGeneralOp dot;
  passes::ContractionShape shape;
  int64_t rowExtent, columnExtent;
  int64_t tileRows, tileVectors, tileWidth, taskRows, taskColumns;
  llvm::SmallVector<int64_t> outerShape;
  Indices outer;
  llvm::Value *rowBegin = nullptr, *rowEnd = nullptr;
  Tile tile;
  llvm::SmallVector<OperandCursor> leftCursors, rightCursors;
};

} // namespace

std::unique_ptr<KernelEmitter> createContractionEmitter(const KernelJob &job,
                                                        const TargetSpec &target) {
  return std::make_unique<ContractionEmitter>(job, target);
}

} // namespace lamina::codegen
