// Gradients of convolutions by their filters: register tiles of input channels x vectors of filters
// that run over the positions of a block. Where enough tiles read them, a block's elements are
// copied first, in panels of a tile's height or width. Tiles then read them in order, whatever the
// distance of neighbouring positions in memory.
#include "codegen/filter_walk.h"
#include "passes/schedule.h"
#include "llvm/IR/Module.h"

using namespace mlir;

namespace lamina::codegen {
namespace {

class FilterGradientEmitter final : public FilterWalkEmitter {
public:
  FilterGradientEmitter(const KernelJob &job, const TargetSpec &target)
      : FilterWalkEmitter(job, target), tileRows(schedule().getTile()[0]),
        tileWidth(schedule().getTile()[1] * lanes) {}

private:
  //===--- Copies -------------------------------------------------------------------------------//

  /// One side of the product: where neighbouring positions stand.
  struct Side {
    llvm::Value *copy = nullptr; ///< null: read where it stands
    int64_t stride = 0;          ///< elements from one position to the next
  };

  /// Positions of a block at most.
  int64_t mostPositions() {
    int64_t positions = imagesPerBlock * blockLength;
    for (const StretchTable &table : llvm::ArrayRef(tables).drop_front())
      positions *= table.positions;
    return positions;
  }

  void prepare() override {
    size_t last = tables.size() - 1;
    bool copiesInput = llvm::divideCeil(columnsPerTask, tileWidth) >= passes::kTilesWorthCopy;
    bool copiesGradient = llvm::divideCeil(channelsPerTask, tileRows) >= passes::kTilesWorthCopy;
    inputSide = {nullptr, inputStep(last)};
    gradientSide = {nullptr, gradientStep(last)};
    if (copiesInput)
      inputSide = allocate(tileRows, llvm::divideCeil(channelsPerTask, tileRows));
    if (copiesGradient)
      gradientSide = allocate(tileWidth, 1);
  }

  /// Elements from one panel of the input to the next: vectors may write behind a panel's end.
  int64_t inputPanel() { return tileRows * mostPositions() + lanes; }

  /// Room for panels of `width` elements for each position.
  Side allocate(int64_t width, int64_t panels) {
    llvm::Type *type = llvm::ArrayType::get(element, panels * (width * mostPositions() + lanes));
    llvm::AllocaInst *memory = b().CreateAlloca(type, nullptr, "copy");
    memory->setAlignment(llvm::Align(64));
    return {memory, width};
  }

  /// Copies `count` elements rounded up to vectors. `exact`: nothing behind them may be read.
  void copyVectors(llvm::Value *from, llvm::Value *to, int64_t count, bool exact) {
    for (int64_t start = 0; start < count; start += lanes) {
      expressions->setMask(exact ? maskOf(count - start) : nullptr);
      llvm::Value *values = expressions->loadAt(advance(b(), element, from, start),
                                                op.getType().getElementType(), true);
      expressions->setMask(nullptr);
      storeVector(advance(b(), element, to, start), values);
    }
  }

  /// Runs `copy` for every position of the block with its number and both images' places there.
  void forPositions(
      llvm::function_ref<void(llvm::Value *position, llvm::Value *x, llvm::Value *y)> copy) {
    size_t last = tables.size() - 1;
    emitLines({i64(0)}, [&](llvm::Value *x, llvm::Value *y, const Values &carried) {
      llvm::Value *length = stretches.back().length;
      emitLoop(b(), i64(0), length, 1, [&](llvm::Value *i) {
        copy(b().CreateAdd(carried[0], i), advance(b(), element, x, i, inputStep(last)),
             advance(b(), element, y, i, gradientStep(last)));
      });
      return Values{b().CreateAdd(carried[0], length)};
    });
  }

  /// Copies the task's channels, one panel for each tile of them. Vectors may write behind a
  /// position's part of a panel: what stands there is written afterwards.
  void copyInput() {
    // Behind memory of the caller nothing may be read.
    bool exact = job.inputs[inputNumber(op.getLhs())].space == ir::MemorySpace::argument;
    int64_t left = geometry.channels % tileRows, panel = inputPanel();
    llvm::Value *count = b().CreateSub(channels.second, channels.first);
    llvm::Value *whole = b().CreateUDiv(count, i64(tileRows));
    forPositions([&](llvm::Value *position, llvm::Value *x, llvm::Value *) {
      llvm::Value *from = inputLine(x, channels.first);
      llvm::Value *to = advance(b(), element, inputSide.copy, position, tileRows);
      emitLoop(b(), i64(0), whole, 1, [&](llvm::Value *tile) {
        copyVectors(advance(b(), element, from, tile, tileRows),
                    advance(b(), element, to, tile, panel), tileRows, exact);
      });
      if (left > 0)
        emitIf(b(), b().CreateICmpEQ(channels.second, i64(geometry.channels)), [&] {
          copyVectors(advance(b(), element, from, whole, tileRows),
                      advance(b(), element, to, whole, panel), left, /*exact=*/true);
        });
    });
  }

  unsigned inputNumber(Value operand) {
    auto reshape = operand.getDefiningOp<ir::ReshapeOp>();
    return cast<BlockArgument>(reshape ? reshape.getOperand() : operand).getArgNumber();
  }

  llvm::Value *inputLine(llvm::Value *x, llvm::Value *channel) {
    return advance(b(), element, advance(b(), element, x, group, geometry.channels), channel, 1);
  }
  llvm::Value *gradientLine(llvm::Value *y, llvm::Value *column) {
    return advance(b(), element, advance(b(), element, y, group, geometry.filters), column, 1);
  }

  //===--- Tiles --------------------------------------------------------------------------------//

  void emitBlock(llvm::Value *tap) override {
    if (inputSide.copy)
      copyInput();
    emitTiles(b(), columns.first, columns.second, geometry.filters, tileWidth,
              [&](llvm::Value *column, int64_t width) { emitColumns(tap, column, width); });
  }

  void emitColumns(llvm::Value *tap, llvm::Value *column, int64_t width) {
    if (gradientSide.copy)
      forPositions([&](llvm::Value *position, llvm::Value *, llvm::Value *y) {
        copyVectors(gradientLine(y, column),
                    advance(b(), element, gradientSide.copy, position, tileWidth), width,
                    /*exact=*/true);
      });
    emitTiles(b(), channels.first, channels.second, geometry.channels, tileRows,
              [&](llvm::Value *channel, int64_t height) {
                emitTile(tap, channel, height, column, width);
              });
  }

  void emitTile(llvm::Value *tap, llvm::Value *channel, int64_t height, llvm::Value *column,
                int64_t width) {
    int64_t vectors = llvm::divideCeil(width, lanes);
    llvm::Value *mask = width % lanes ? maskOf(width % lanes) : nullptr;
    Values sums = emitSums(channel, height, column, vectors, mask);
    llvm::Value *place = resultAddress(tap, channel, column);
    for (int64_t r = 0; r < height; ++r)
      for (int64_t v = 0; v < vectors; ++v) {
        expressions->setMask(v + 1 == vectors ? mask : nullptr);
        llvm::Value *address = advance(b(), element, place, r * filtersOfPixel() + v * lanes);
        llvm::Value *old = expressions->loadAt(address, op.getType().getElementType(), true);
        storeVector(address, b().CreateFAdd(old, sums[r * vectors + v]));
        expressions->setMask(nullptr);
      }
  }

  /// The tile's sums over all positions of the block: of one stretch at a time, or of all at once
  /// where both sides are copies.
  Values emitSums(llvm::Value *channel, int64_t height, llvm::Value *column, int64_t vectors,
                  llvm::Value *mask) {
    TileProduct product{b(),
                        target,
                        element,
                        lanes,
                        inputSide.stride,
                        gradientSide.stride,
                        gradientSide.copy ? nullptr : mask};
    RowOffsets offsets;
    for (int64_t r = 0; r < height; ++r)
      offsets.push_back(r);
    auto multiply = [&](llvm::Value *left, llvm::Value *right, llvm::Value *length,
                        const Values &sums) {
      Values panels;
      for (int64_t v = 0; v < vectors; ++v)
        panels.push_back(advance(b(), element, right, v * lanes));
      return product.emit(left, offsets, panels, length, sums);
    };
    llvm::Value *copiedLine = nullptr;
    if (inputSide.copy) {
      llvm::Value *tile = b().CreateUDiv(b().CreateSub(channel, channels.first), i64(tileRows));
      copiedLine = advance(b(), element, inputSide.copy, tile, inputPanel());
    }
    Values zeros = product.zeros(height * vectors);
    if (inputSide.copy && gradientSide.copy)
      return multiply(copiedLine, gradientSide.copy, countPositions(), zeros);
    zeros.push_back(i64(0));
    Values sums = emitLines(zeros, [&](llvm::Value *x, llvm::Value *y, const Values &carried) {
      llvm::Value *position = carried.back(), *length = stretches.back().length;
      llvm::Value *left = inputSide.copy
                              ? advance(b(), element, copiedLine, position, inputSide.stride)
                              : inputLine(x, channel);
      llvm::Value *right = gradientSide.copy ? advance(b(), element, gradientSide.copy, position,
                                                       gradientSide.stride)
                                             : gradientLine(y, column);
      Values next = multiply(left, right, length, Values(llvm::drop_end(carried)));
      next.push_back(b().CreateAdd(position, length));
      return next;
    });
    sums.pop_back();
    return sums;
  }

  /// Positions of the block at hand.
  llvm::Value *countPositions() {
    llvm::Value *count = b().CreateSub(images.second, images.first);
    for (const TapStretch &stretch : stretches)
      count = b().CreateMul(count, stretch.length);
    return count;
  }

  int64_t tileRows, tileWidth;
  Side inputSide, gradientSide;
};

} // namespace

std::unique_ptr<KernelEmitter> createFilterGradientEmitter(const KernelJob &job,
                                                           const TargetSpec &target) {
  return std::make_unique<FilterGradientEmitter>(job, target);
}

} // namespace lamina::codegen
