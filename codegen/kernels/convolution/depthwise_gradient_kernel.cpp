// Gradients of depthwise convolutions by their filters: each filter meets its own channel, so tiles
// are vectors of channels and both images are read in place. All taps of the last axis are
// summed at once, so an element of the images is loaded once for them; a block of positions is
// small enough to stay in the caches for the taps of the other axes, and meanwhile the next one is
// prefetched in the order of memory.
#include "codegen/expressions/elementwise.h"
#include "codegen/kernels/convolution/filter_walk.h"
#include "passes/families/families.h"

using namespace mlir;

namespace lamina::codegen {
namespace {

/// Positions of a line that are walked in one turn: neighbouring ones meet the same elements.
constexpr int64_t kUnrolled = 4;
/// Lines of at most so many positions are written out without loops.
constexpr int64_t kMostWrittenOut = 16;
/// Taps that are summed at once, at most: the sums stay in registers.
constexpr size_t kMostTaps = 5;

class DepthwiseGradientEmitter final : public FilterWalkEmitter {
public:
  DepthwiseGradientEmitter(const KernelJob &job, const TargetSpec &target, const WalkPlan &plan)
      : FilterWalkEmitter(job, target, FirstTaps::Within, plan), line(geometry.axes.back()) {}

private:
  /// Channels that are summed together. `mask` applies to the last vector.
  struct Tile {
    llvm::Value *column;
    int64_t vectors;
    llvm::Value *mask;
  };

  void emitBlock() override {
    emitTiles(b(), columns.first, columns.second, geometry.filters, tileWidth,
              [&](llvm::Value *column, int64_t width) {
                prefetchNextBlock(i64(0), b().CreateSub(column, columns.first), 1);
                Tile tile{column, static_cast<int64_t>(llvm::divideCeil(width, lanes)),
                          width % lanes ? maskOf(width % lanes) : nullptr};
                emitOuterTaps(0, i64(0), tile);
              });
  }

  //===--- Taps ---------------------------------------------------------------------------------//

  /// Loops over the taps of all axes but the last; `tap` is the number of the tap so far.
  void emitOuterTaps(size_t axis, llvm::Value *tap, const Tile &tile) {
    int64_t window = geometry.axes[axis].window;
    if (axis + 1 == tables.size()) {
      llvm::ArrayRef<ir::WindowTap> taps = line.phase.taps;
      for (; !taps.empty(); taps = taps.drop_front(std::min(taps.size(), kMostTaps)))
        emitTile(b().CreateMul(tap, i64(window)), taps.take_front(kMostTaps), tile);
      return;
    }
    emitLoop(b(), i64(0), i64(window), 1, [&](llvm::Value *position) {
      stretches.resize(axis);
      stretches.push_back(axis == 0 ? blockStretch(position) : tables[axis].load(b(), position));
      emitOuterTaps(axis + 1, b().CreateAdd(b().CreateMul(tap, i64(window)), position), tile);
    });
  }

  /// Sums over the block for some taps of the last axis; `before` is the number of that axis' first
  /// one.
  void emitTile(llvm::Value *before, llvm::ArrayRef<ir::WindowTap> taps, const Tile &tile) {
    llvm::Constant *zero = llvm::Constant::getNullValue(llvm::FixedVectorType::get(element, lanes));
    Values sums = emitLines(Values(taps.size() * tile.vectors, zero),
                            [&](llvm::Value *x, llvm::Value *y, const Values &carried) {
                              x = advance(b(), element, x, tile.column, 1);
                              y = advance(b(), element, y, tile.column, 1);
                              return emitLine(x, y, taps, tile, carried);
                            });
    for (auto [number, tap] : llvm::enumerate(taps))
      addToResult(b().CreateAdd(before, i64(tap.position)), i64(0), tile.column,
                  llvm::ArrayRef(sums).slice(number * tile.vectors, tile.vectors), tile.vectors,
                  tile.mask);
  }

  //===--- Lines --------------------------------------------------------------------------------//

  using LineBody =
      std::function<Values(llvm::Value *input, llvm::Value *gradient, const Values &carried)>;

  /// Runs `body` with both images' pointers at the beginning of a line along the last axis, for
  /// every line of the other axes' stretches in every image of the block.
  Values emitLines(const Values &initial, const LineBody &body) {
    return emitLoop(b(), images.first, images.second, 1, initial,
                    [&](llvm::Value *image, const Values &carried) {
                      return emitAxis(
                          0, advance(b(), element, input.pointer, image, input.rowStride()),
                          advance(b(), element, gradient.pointer, image, gradient.rowStride()),
                          carried, body);
                    });
  }

  Values emitAxis(size_t axis, llvm::Value *left, llvm::Value *right, const Values &initial,
                  const LineBody &body) {
    if (axis + 1 == tables.size())
      return body(left, right, initial);
    const TapStretch &stretch = stretches[axis];
    left = advance(b(), element, left, stretch.input, input.axisStride(axis));
    right = advance(b(), element, right, stretch.gradient, gradient.axisStride(axis));
    return emitLoop(
        b(), i64(0), stretch.length, 1, initial, [&](llvm::Value *i, const Values &carried) {
          return emitAxis(axis + 1, advance(b(), element, left, i, inputStep(axis)),
                          advance(b(), element, right, i, gradientStep(axis)), carried, body);
        });
  }

  /// Adds one line.
  Values emitLine(llvm::Value *x, llvm::Value *y, llvm::ArrayRef<ir::WindowTap> taps,
                  const Tile &tile, Values sums) {
    int64_t positions = line.walk.output;
    if (tables.size() == 1 || positions > kMostWrittenOut)
      return emitLoops(x, y, taps, tile, sums);
    for (int64_t i = 0; i < positions; ++i)
      addPosition(x, y, i64(0), i, taps, meetings(taps, i, i + 1), tile, sums);
    return sums;
  }

  /// Which of the taps all positions of [begin, end) meet.
  static llvm::SmallVector<bool> meetings(llvm::ArrayRef<ir::WindowTap> taps, int64_t begin,
                                          int64_t end) {
    llvm::SmallVector<bool> meets;
    for (const ir::WindowTap &tap : taps)
      meets.push_back(tap.begin <= begin && end <= tap.end);
    return meets;
  }

  /// The same in loops: between two borders of the taps' ranges all positions meet the same taps.
  Values emitLoops(llvm::Value *x, llvm::Value *y, llvm::ArrayRef<ir::WindowTap> taps,
                   const Tile &tile, Values sums) {
    llvm::SmallVector<int64_t> borders;
    for (const ir::WindowTap &tap : taps)
      borders.append({tap.begin, tap.end});
    llvm::sort(borders);
    borders.erase(llvm::unique(borders), borders.end());
    for (auto [begin, end] : llvm::zip(borders, llvm::drop_begin(borders))) {
      llvm::SmallVector<bool> meets = meetings(taps, begin, end);
      auto step = [&](int64_t count) {
        return [&, count](llvm::Value *position, const Values &carried) {
          Values next(carried);
          for (int64_t i = 0; i < count; ++i)
            addPosition(x, y, position, i, taps, meets, tile, next);
          return next;
        };
      };
      llvm::Value *first = i64(begin), *last = i64(end);
      if (tables.size() == 1) { // blocks are parts of lines
        first = b().CreateBinaryIntrinsic(llvm::Intrinsic::smax, first, positions.first);
        last = emitSmaller(b(), last, positions.second);
        last = b().CreateBinaryIntrinsic(llvm::Intrinsic::smax, first, last);
      }
      llvm::Value *whole = b().CreateAnd(b().CreateSub(last, first), i64(-kUnrolled));
      whole = b().CreateAdd(first, whole);
      sums = emitLoop(b(), first, whole, kUnrolled, sums, step(kUnrolled));
      sums = emitLoop(b(), whole, last, 1, sums, step(1));
    }
    return sums;
  }

  /// Adds the products at position + i, for the taps that it meets.
  void addPosition(llvm::Value *x, llvm::Value *y, llvm::Value *position, int64_t i,
                   llvm::ArrayRef<ir::WindowTap> taps, llvm::ArrayRef<bool> meets, const Tile &tile,
                   Values &sums) {
    size_t axis = tables.size() - 1;
    int64_t inputStride = input.axisStride(axis), gradientStride = gradient.axisStride(axis);
    x = advance(b(), element, x, position, inputStep(axis));
    y = advance(b(), element, y, position, gradientStep(axis));
    for (auto [number, tap] : llvm::enumerate(taps)) {
      if (!meets[number])
        continue;
      int64_t moving = i * line.phase.inputStep + tap.offset;
      llvm::Value *left = advance(b(), element, x, (line.overInput ? i : moving) * inputStride);
      llvm::Value *right = advance(b(), element, y, (line.overInput ? moving : i) * gradientStride);
      for (int64_t v = 0; v < tile.vectors; ++v) {
        llvm::Value *mask = v + 1 == tile.vectors ? tile.mask : nullptr;
        llvm::Value *&sum = sums[number * tile.vectors + v];
        sum = emitMultiplyAdd(b(), target, loadVector(left, v, mask), loadVector(right, v, mask),
                              sum);
      }
    }
  }

  llvm::Value *loadVector(llvm::Value *place, int64_t vector, llvm::Value *mask) {
    expressions->setMask(mask);
    llvm::Value *value = expressions->loadAt(advance(b(), element, place, vector * lanes),
                                             op.getType().getElementType(), true);
    expressions->setMask(nullptr);
    return value;
  }

  passes::FilterWalkAxis line; ///< the last axis
};

} // namespace

std::unique_ptr<KernelEmitter> createDepthwiseGradientEmitter(const KernelJob &job,
                                                              const TargetSpec &target) {
  auto chosen = passes::scheduleAs<ir::DepthwiseGradientScheduleAttr>(job.kernel);
  FilterWalkEmitter::WalkPlan plan{/*tileRows=*/1,        chosen.getTileVectors(),
                                   /*channels=*/1,        chosen.getColumns(),
                                   chosen.getPositions(), chosen.getImages()};
  return std::make_unique<DepthwiseGradientEmitter>(job, target, plan);
}

} // namespace lamina::codegen
