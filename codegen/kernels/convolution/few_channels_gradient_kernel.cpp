// Gradients by filters of convolutions whose input has few channels. These fill no register tile,
// so every pair of a tap and a channel is a row of the tiles: a tile's rows read the input from
// places of their own. Blocks are lines of one image. The lines of the input that a block meets are
// copied, with zeros where taps reach into the padding; the gradient is read in place, a tile
// of columns for all rows while it is in the first-level cache.
#include "codegen/kernels/convolution/filter_panels.h"
#include "codegen/kernels/convolution/filter_walk.h"
#include "codegen/kernels/tile_product.h"
#include "passes/families/families.h"
#include "llvm/IR/Module.h"

using namespace mlir;

namespace lamina::codegen {
namespace {

class FewChannelsGradientEmitter final : public FilterWalkEmitter {
public:
  FewChannelsGradientEmitter(const KernelJob &job, const TargetSpec &target, const WalkPlan &plan)
      : FilterWalkEmitter(job, target, FirstTaps::Within, plan),
        rowCount(geometry.taps() * geometry.channels) {
    const PanelWalk &first = walks.front();
    copiedLines = first.input.count - (first.positions - blockLength) * first.inputStep;
  }

private:
  //===--- The copy of the input ----------------------------------------------------------------//

  /// Elements from one copied element of an axis to the next.
  int64_t copyStride(size_t axis) {
    int64_t elements = geometry.channels;
    for (const PanelWalk &walk : llvm::ArrayRef(walks).drop_front(axis + 1))
      elements *= walk.input.count;
    return elements;
  }

  void prepare() override {
    copy = allocateScratch(b(), element, copiedLines * copyStride(0));
    llvm::SmallVector<uint64_t> offsets;
    appendOffsets(0, 0, offsets);
    rowOffsets = addConstant(*b().GetInsertBlock()->getModule(),
                             llvm::ConstantDataArray::get(b().getContext(), offsets), "rows");
  }

  /// Where the rows of the taps of the axes from `axis` on begin in the copy, in the filter's
  /// order.
  void appendOffsets(size_t axis, int64_t before, llvm::SmallVector<uint64_t> &offsets) {
    if (axis == walks.size()) {
      for (int64_t channel = 0; channel < geometry.channels; ++channel)
        offsets.push_back(before + channel);
      return;
    }
    llvm::SmallVector<PanelWalk::Tap> taps(walks[axis].taps);
    llvm::sort(taps, [](const auto &a, const auto &b) { return a.position < b.position; });
    for (const PanelWalk::Tap &tap : taps)
      appendOffsets(axis + 1, before + tap.input * copyStride(axis), offsets);
  }

  void clear(llvm::Value *place, int64_t elements) {
    int64_t bytes = element->getPrimitiveSizeInBits() / 8;
    if (elements > 0)
      b().CreateMemSet(place, b().getInt8(0), elements * bytes, llvm::MaybeAlign(bytes));
  }

  void copyBlock() {
    const PanelAxis &lines = walks.front().input;
    llvm::Value *source = advance(b(), element, input.pointer, images.first, input.rowStride());
    llvm::Value *first = b().CreateMul(positions.first, i64(walks.front().inputStep * lines.step));
    first = b().CreateAdd(first, i64(lines.first));
    emitLoop(b(), i64(0), i64(copiedLines), 1, [&](llvm::Value *i) {
      llvm::Value *to = advance(b(), element, copy, i, copyStride(0));
      llvm::Value *line = b().CreateAdd(first, b().CreateMul(i, i64(lines.step)));
      emitIf(
          b(), b().CreateICmpULT(line, i64(lines.size)),
          [&] { copyAxis(1, advance(b(), element, source, line, input.axisStride(0)), to); },
          [&] { clear(to, copyStride(0)); });
    });
  }

  void copyElements(llvm::Value *from, llvm::Value *to, int64_t elements) {
    int64_t bytes = element->getPrimitiveSizeInBits() / 8;
    b().CreateMemCpy(to, llvm::MaybeAlign(bytes), from, llvm::MaybeAlign(bytes), elements * bytes);
  }

  /// Copies the elements along the axes from `axis` on.
  void copyAxis(size_t axis, llvm::Value *from, llvm::Value *to) {
    if (axis == walks.size()) {
      copyElements(from, to, geometry.channels);
      return;
    }
    const PanelAxis &extent = walks[axis].input;
    int64_t stride = copyStride(axis), step = extent.step * input.axisStride(axis);
    int64_t count = extent.end() - extent.begin();
    clear(to, extent.begin() * stride);
    clear(advance(b(), element, to, extent.end() * stride), (extent.count - extent.end()) * stride);
    to = advance(b(), element, to, extent.begin() * stride);
    from =
        advance(b(), element, from, extent.first * input.axisStride(axis) + extent.begin() * step);
    if (axis + 1 == walks.size() && step == stride) {
      copyElements(from, to, count * stride);
      return;
    }
    emitLoop(b(), i64(0), i64(count), 1, [&](llvm::Value *i) {
      copyAxis(axis + 1, advance(b(), element, from, i, step),
               advance(b(), element, to, i, stride));
    });
  }

  //===--- Tiles --------------------------------------------------------------------------------//

  void emitBlock() override {
    copyBlock();
    emitTiles(b(), columns.first, columns.second, geometry.filters, tileWidth,
              [&](llvm::Value *column, int64_t width) {
                emitTiles(b(), i64(0), i64(rowCount), rowCount, tileRows,
                          [&](llvm::Value *row, int64_t height) {
                            prefetchNextBlock(row, b().CreateSub(column, columns.first), rowCount);
                            emitTile(row, height, column, width);
                          });
              });
  }

  void emitTile(llvm::Value *row, int64_t height, llvm::Value *column, int64_t width) {
    int64_t vectors = llvm::divideCeil(width, lanes);
    llvm::Value *mask = width % lanes ? maskOf(width % lanes) : nullptr;
    const PanelWalk &last = walks.back();
    TileProduct product{b(), target, element, lanes};
    product.leftStride = last.inputStep * copyStride(walks.size() - 1);
    product.rightStride = gradientStep(walks.size() - 1);
    product.lastMask = mask;
    Values left;
    for (int64_t r = 0; r < height; ++r) {
      llvm::Value *entry =
          b().CreateInBoundsGEP(b().getInt64Ty(), rowOffsets, b().CreateAdd(row, i64(r)));
      left.push_back(advance(b(), element, copy, b().CreateLoad(b().getInt64Ty(), entry), 1));
    }
    llvm::Value *place =
        advance(b(), element, gradient.pointer, images.first, gradient.rowStride());
    place = advance(b(), element, place, column, 1);
    Values sums = emitLines(0, left, place, product.zeros(height * vectors),
                            [&](const Values &rows, llvm::Value *line, const Values &carried) {
                              Values right;
                              for (int64_t v = 0; v < vectors; ++v)
                                right.push_back(advance(b(), element, line, v * lanes));
                              return product.emit(rows, RowOffsets(height, 0), right,
                                                  i64(last.positions), carried);
                            });
    addToResult(i64(0), row, column, sums, vectors, mask);
  }

  using LineBody =
      llvm::function_ref<Values(const Values &left, llvm::Value *right, const Values &carried)>;

  /// Runs `body` for every line along the last axis of the axes from `axis` on.
  Values emitLines(size_t axis, const Values &left, llvm::Value *right, const Values &initial,
                   LineBody body) {
    if (axis + 1 == walks.size())
      return body(left, right, initial);
    llvm::Value *begin = axis == 0 ? positions.first : i64(0);
    llvm::Value *end = axis == 0 ? positions.second : i64(walks[axis].positions);
    return emitLoop(b(), begin, end, 1, initial, [&](llvm::Value *q, const Values &carried) {
      llvm::Value *inBlock = b().CreateSub(q, begin);
      Values rows;
      for (llvm::Value *place : left)
        rows.push_back(
            advance(b(), element, place, inBlock, walks[axis].inputStep * copyStride(axis)));
      return emitLines(axis + 1, rows, advance(b(), element, right, q, gradientStep(axis)), carried,
                       body);
    });
  }

  int64_t rowCount;    ///< pairs of a tap and a channel
  int64_t copiedLines; ///< of the first axis, in a block
  llvm::Value *copy = nullptr, *rowOffsets = nullptr;
};

} // namespace

std::unique_ptr<KernelEmitter> createFewChannelsGradientEmitter(const KernelJob &job,
                                                                const TargetSpec &target) {
  auto chosen = passes::scheduleAs<ir::FewChannelsGradientScheduleAttr>(job.kernel);
  auto op = passes::anchorAs<ir::FilterGradientOp>(job.kernel);
  FilterWalkEmitter::WalkPlan plan{
      chosen.getTileRows(), chosen.getTileVectors(), passes::ConvolutionGeometry::of(op).channels,
      chosen.getColumns(),  chosen.getPositions(),
      /*images=*/1};
  return std::make_unique<FewChannelsGradientEmitter>(job, target, plan);
}

} // namespace lamina::codegen
