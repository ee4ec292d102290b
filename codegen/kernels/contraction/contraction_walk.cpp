#include "codegen/kernels/contraction/contraction_walk.h"

#include "codegen/expressions/elementwise.h"
#include "passes/families/families.h"

using namespace mlir;

namespace lamina::codegen {
namespace {

/// Steps from one that is copied to the one that is prefetched.
constexpr int64_t kStepsAhead = 12;

} // namespace

ContractionWalkEmitter::ContractionWalkEmitter(const KernelJob &job, const TargetSpec &target)
    : KernelEmitter(job, target), dot(passes::anchorAs<ir::DotGeneralOp>(kernel())), shape(dot),
      schedule(passes::scheduleAs<ir::ContractionScheduleAttr>(kernel())),
      tileRows(schedule.getTileRows()), tileVectors(schedule.getTileVectors()),
      tileWidth(tileVectors * lanes), blockDepth(schedule.getDepth()), taskRows(schedule.getRows()),
      taskColumns(schedule.getColumns()), linesOfSteps(schedule.getLeft() != ir::LeftCopy::panels) {
  for (int64_t size : shape.contracted)
    depthCapacity *= capacityOf(size);
}

int64_t ContractionWalkEmitter::capacityOf(int64_t size) const {
  return ShapedType::isDynamic(size) ? job.batchSize.get() : size;
}

//===--- Indices ------------------------------------------------------------------------------===//

Indices ContractionWalkEmitter::resultIndices(llvm::Value *row, const Index &column) {
  Indices indices;
  size_t nextOuter = 0;
  for (int64_t d = 0; d < static_cast<int64_t>(shape.result.size()); ++d) {
    if (d == shape.rowDimension)
      indices.push_back({row, false, 1});
    else if (d == shape.columnDimension)
      indices.push_back(column);
    else
      indices.push_back(outer[nextOuter++]);
  }
  return indices;
}

Index ContractionWalkEmitter::columnIndex(llvm::Value *column, int64_t vector) {
  // Without a free dimension on the right every lane would be the same: a scalar does.
  return {b().CreateAdd(column, i64(vector * lanes)), shape.columnDimension >= 0,
          static_cast<int64_t>(lanes)};
}

Indices ContractionWalkEmitter::operandIndices(const Side &side, const Indices &result,
                                               const Indices &depth) {
  Indices indices(side.batching.size() + side.contracting.size() + side.free.size());
  for (auto [i, d] : llvm::enumerate(side.batching))
    indices[d] = result[i];
  for (auto [i, d] : llvm::enumerate(side.contracting))
    indices[d] = depth[i];
  for (auto [i, d] : llvm::enumerate(side.free))
    indices[d] = result[side.firstFree + i];
  return indices;
}

//===--- Operands -----------------------------------------------------------------------------===//

ContractionWalkEmitter::Side ContractionWalkEmitter::makeSide(bool isLeft) {
  Side side;
  side.left = isLeft;
  side.value = isLeft ? dot.getLhs() : dot.getRhs();
  side.batching = isLeft ? dot.getLhsBatchingDimensions() : dot.getRhsBatchingDimensions();
  side.contracting = isLeft ? dot.getLhsContractingDimensions() : dot.getRhsContractingDimensions();
  side.free = isLeft ? dot.getLhsFreeDimensions() : dot.getRhsFreeDimensions();
  side.firstFree = side.batching.size() + (isLeft ? 0 : dot.getLhsFreeDimensions().size());
  side.memory = findMemory(side.value);
  if (side.memory) {
    if (auto stride = side.memory->strideOfMerged(side.contracting))
      side.memoryStride = *stride;
    else
      side.memory.reset();
  }
  return side;
}

void ContractionWalkEmitter::prepareOperands() {
  element = registerType(b().getContext(), dot.getType().getElementType());
  left = makeSide(true);
  right = makeSide(false);
  if (shape.columnDimension < 0) // numbers are multiplied one by one
    return;
  prepareLeft();
  prepareRight();
}

llvm::Value *ContractionWalkEmitter::allocate(int64_t elements) {
  return allocateScratch(b(), element, elements);
}

void ContractionWalkEmitter::prepareLeft() {
  if (schedule.getLeft() == ir::LeftCopy::none) {
    leftRowStride =
        left.free.empty() ? 0 : *left.memory->strideOf(static_cast<int>(left.free.back()));
    return;
  }
  int64_t steps = std::min(blockDepth, depthCapacity);
  int64_t rows =
      std::min(taskRows, capacityOf(shape.rowDimension < 0 ? 1 : shape.result[shape.rowDimension]));
  int64_t tiles = llvm::divideCeil(rows, tileRows);
  if (linesOfSteps) {
    leftRowStride = llvm::alignTo(steps, kLinePadding) + kLinePadding;
    left.copyStride = 1;
    left.copy = allocate(tiles * tileRows * leftRowStride);
  } else {
    leftRowStride = 1;
    left.copyStride = tileRows;
    leftPanel = tileRows * steps + lanes; // vectors may be written behind a panel's end
    left.copy = allocate(tiles * leftPanel);
  }
}

void ContractionWalkEmitter::prepareRight() {
  if (schedule.getRight() == ir::RightCopy::none)
    return;
  right.copyStride = tileWidth;
  rightPanel = std::min(blockDepth, depthCapacity) * tileWidth;
  right.copy = allocate((copiesRightAhead() ? 2 : 1) * rightPanel);
}

llvm::Value *ContractionWalkEmitter::leftPlace(llvm::Value *row) {
  llvm::Value *inTask = b().CreateSub(row, rowBegin);
  if (left.copy && linesOfSteps)
    return advance(b(), element, left.copy, inTask, leftRowStride);
  if (left.copy) {
    llvm::Value *panel =
        advance(b(), element, left.copy, b().CreateUDiv(inTask, i64(tileRows)), leftPanel);
    return advance(b(), element, panel, b().CreateURem(inTask, i64(tileRows)), 1);
  }
  return leftMemory(row);
}

llvm::Value *ContractionWalkEmitter::leftMemory(llvm::Value *row) {
  llvm::Value *first = expressions->address(
      *left.memory,
      operandIndices(left, resultIndices(row, {i64(0), false, 1}), depthIndices(i64(0))));
  return advance(b(), element, first, block.first, left.memoryStride);
}

llvm::Value *ContractionWalkEmitter::rightCopy(llvm::Value *column) {
  if (!copiesRightAhead())
    return right.copy;
  llvm::Value *tile = b().CreateUDiv(b().CreateSub(column, columns.first), i64(tileWidth));
  return advance(b(), element, right.copy, b().CreateAnd(tile, i64(1)), rightPanel);
}

Values ContractionWalkEmitter::rightPlaces(llvm::Value *column, int64_t vectors) {
  Values places;
  llvm::Value *copy = right.copy ? rightCopy(column) : nullptr;
  for (int64_t v = 0; v < vectors; ++v) {
    if (copy) {
      places.push_back(advance(b(), element, copy, v * lanes));
      continue;
    }
    Indices result = resultIndices(rowBegin, columnIndex(column, v));
    llvm::Value *first =
        expressions->address(*right.memory, operandIndices(right, result, depthIndices(i64(0))));
    places.push_back(advance(b(), element, first, block.first, right.memoryStride));
  }
  return places;
}

//===--- Copies -------------------------------------------------------------------------------===//

ContractionWalkEmitter::Reader
ContractionWalkEmitter::makeReader(const Side &side, const Indices &result, bool alongDepth) {
  auto indicesAt = [this, &side, result, alongDepth](llvm::Value *step) {
    Indices depth = depthIndices(step);
    if (alongDepth)
      depth.back().vector = true;
    return operandIndices(side, result, depth);
  };
  Indices first = indicesAt(i64(0));
  if (side.memory && expressions->isContiguous(*side.memory, first)) {
    llvm::Value *base = advance(b(), element, expressions->address(*side.memory, first),
                                block.first, side.memoryStride);
    bool vector = vectorDimension(first) >= 0;
    return [this, &side, base, vector](llvm::Value *step) {
      llvm::Value *place = advance(b(), element, base, step, side.memoryStride);
      // Lines that are far apart are no pattern that a hardware prefetcher finds.
      if (side.memoryStride > kLinePadding)
        emitPrefetch(b(), b().CreateConstGEP1_64(element, place, kStepsAhead * side.memoryStride),
                     CacheLevel::first);
      return expressions->loadAt(place, side.memory->type.getElementType(), vector);
    };
  }
  return [this, &side, indicesAt](llvm::Value *step) {
    expressions->enterScope();
    llvm::Value *value =
        expressions->evaluate(side.value, indicesAt(b().CreateAdd(block.first, step)));
    expressions->leaveScope();
    return value;
  };
}

void ContractionWalkEmitter::storeCopy(llvm::Value *place, llvm::Value *value) {
  b().CreateAlignedStore(value, place, llvm::Align(element->getPrimitiveSizeInBits() / 8));
}

void ContractionWalkEmitter::copyLeft() {
  if (left.copy)
    linesOfSteps ? copyLeftLines() : copyLeftPanels();
}

/// Vectors of steps for each row, while the next row is prefetched. With several contracted
/// dimensions a vector stays within the last one only where that is a multiple of it.
void ContractionWalkEmitter::copyLeftLines() {
  int64_t inner = shape.contracted.empty() ? 1 : shape.contracted.back();
  bool vectors = shape.contracted.size() == 1 || left.memory ||
                 (!ShapedType::isDynamic(inner) && inner % lanes == 0);
  int64_t step = vectors && !shape.contracted.empty() ? lanes : 1;
  llvm::Value *length = b().CreateSub(block.second, block.first);
  llvm::Value *whole = b().CreateAnd(length, i64(-step));
  emitLoop(b(), rowBegin, rowEnd, 1, [&](llvm::Value *row) {
    llvm::Value *line = leftPlace(row);
    Reader read = makeReader(left, resultIndices(row, {i64(0), false, 1}), step > 1);
    llvm::Value *next = left.memory ? leftMemory(b().CreateAdd(row, i64(1))) : nullptr;
    auto copy = [&](llvm::Value *k) {
      if (next)
        emitPrefetch(b(), advance(b(), element, next, k, left.memoryStride), CacheLevel::first);
      llvm::Value *value = read(k);
      storeCopy(advance(b(), element, line, k, 1), step > 1 ? expressions->splat(value) : value);
    };
    emitLoop(b(), i64(0), whole, step, copy);
    if (step > 1)
      emitIf(b(), b().CreateICmpSLT(whole, length), [&] {
        expressions->setMask(maskBelow(whole, length));
        copy(whole);
        expressions->setMask(nullptr);
      });
  });
}

/// Vectors of rows for each step, one panel for each tile of rows. Vectors may be written behind a
/// step's part of a panel: those elements are written afterwards.
void ContractionWalkEmitter::copyLeftPanels() {
  llvm::Value *length = b().CreateSub(block.second, block.first);
  llvm::Value *rowCount = b().CreateSub(rowEnd, rowBegin);
  llvm::Value *wholeEnd = b().CreateSub(rowEnd, b().CreateURem(rowCount, i64(tileRows)));
  emitLoop(b(), i64(0), length, 1, [&](llvm::Value *step) {
    emitLoop(b(), rowBegin, wholeEnd, tileRows,
             [&](llvm::Value *row) { copyLeftTile(row, step, /*whole=*/true); });
    emitIf(b(), b().CreateICmpSLT(wholeEnd, rowEnd),
           [&] { copyLeftTile(wholeEnd, step, /*whole=*/false); });
  });
}

void ContractionWalkEmitter::copyLeftTile(llvm::Value *row, llvm::Value *step, bool whole) {
  llvm::Value *panel = advance(b(), element, leftPlace(row), step, tileRows);
  for (int64_t start = 0; start < tileRows; start += lanes) {
    llvm::Value *first = b().CreateAdd(row, i64(start));
    auto copy = [&] {
      Indices result = resultIndices(first, {i64(0), false, 1});
      result[shape.rowDimension].vector = true;
      expressions->setMask(whole ? maskOf(tileRows - start) : maskBelow(first, rowEnd));
      storeCopy(advance(b(), element, panel, start),
                expressions->splat(makeReader(left, result, /*alongDepth=*/false)(step)));
      expressions->setMask(nullptr);
    };
    if (whole || start == 0)
      copy();
    else
      emitIf(b(), b().CreateICmpSLT(first, rowEnd), copy);
  }
}

void ContractionWalkEmitter::copyRight(llvm::Value *column, int64_t vectors, llvm::Value *mask) {
  copyRightSteps(column, vectors, mask, {i64(0), b().CreateSub(block.second, block.first)});
}

void ContractionWalkEmitter::copyRightAhead(llvm::Value *column, llvm::Value *tile,
                                            llvm::Value *tiles) {
  llvm::Value *length = b().CreateSub(block.second, block.first);
  llvm::Value *share = b().CreateUDiv(b().CreateAdd(length, b().CreateSub(tiles, i64(1))), tiles);
  llvm::Value *begin = b().CreateMul(tile, share);
  llvm::Value *end = emitSmaller(b(), b().CreateAdd(begin, share), length);
  llvm::Value *next = b().CreateAdd(column, i64(tileWidth));
  emitIf(b(), b().CreateICmpSLE(b().CreateAdd(next, i64(tileWidth)), columns.second),
         [&] { copyRightSteps(next, tileVectors, nullptr, {begin, end}); });
}

void ContractionWalkEmitter::copyRightSteps(llvm::Value *column, int64_t vectors, llvm::Value *mask,
                                            Range steps) {
  llvm::SmallVector<Reader> readers;
  for (int64_t v = 0; v < vectors; ++v)
    readers.push_back(makeReader(right, resultIndices(rowBegin, columnIndex(column, v)), false));
  llvm::Value *panel = rightCopy(column);
  emitLoop(b(), steps.first, steps.second, 1, [&](llvm::Value *step) {
    llvm::Value *line = advance(b(), element, panel, step, tileWidth);
    for (int64_t v = 0; v < vectors; ++v) {
      expressions->setMask(v + 1 == vectors ? mask : nullptr);
      storeCopy(advance(b(), element, line, v * lanes), expressions->splat(readers[v](step)));
      expressions->setMask(nullptr);
    }
  });
}

} // namespace lamina::codegen
