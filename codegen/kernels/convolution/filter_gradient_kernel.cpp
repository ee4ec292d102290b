// Gradients of convolutions by their filters: register tiles of input channels x vectors of filters
// that run over the positions of a block. A block's elements are copied once for all taps of the
// axes behind the first, in panels of a tile's height or width with zeros where taps reach into the
// padding. Tiles then read them in order, whatever the distance of neighbouring positions in
// memory, and meanwhile the next block comes into the cache.
#include "codegen/kernels/convolution/filter_panels.h"
#include "codegen/kernels/convolution/filter_walk.h"
#include "codegen/kernels/tile_product.h"
#include "passes/families/families.h"
#include "llvm/IR/Module.h"

using namespace mlir;

namespace lamina::codegen {
namespace {

class FilterGradientEmitter final : public FilterWalkEmitter {
public:
  FilterGradientEmitter(const KernelJob &job, const TargetSpec &target, const WalkPlan &plan)
      : FilterWalkEmitter(job, target, FirstTaps::Apart, plan) {}

private:
  /// The axes whose taps a task goes through.
  llvm::ArrayRef<PanelWalk> innerWalks() { return llvm::ArrayRef(walks).drop_front(); }

  //===--- Copies -------------------------------------------------------------------------------//

  void prepare() override {
    int64_t positions = imagesPerBlock * blockLength;
    inputPanels.emplace(b(), input, lanes, PanelWalk::inputAxes(innerWalks()), tileRows,
                        std::min(channelsPerTask, geometry.channels), positions);
    gradientPanels.emplace(b(), gradient, lanes, PanelWalk::gradientAxes(innerWalks()), tileWidth,
                           std::min(columnsPerTask, geometry.filters), positions);
    leftOfInput = geometry.channels % tileRows;
    leftOfGradient = geometry.filters % tileWidth;
  }

  void copyBlock() {
    const TapStretch &stretch = stretches.front();
    auto isLast = [&](const Range &range, int64_t size) {
      return b().CreateICmpEQ(range.second, i64(size));
    };
    llvm::Value *lastChannels = isLast(channels, geometry.channels);
    llvm::Value *lastColumns = isLast(columns, geometry.filters);
    auto placeOf = [&](const Image &image, llvm::Value *row, llvm::Value *first, llvm::Value *i,
                       int64_t step, int64_t groupChannels, llvm::Value *channel) {
      llvm::Value *place = advance(b(), element, image.pointer, row, image.rowStride());
      place = advance(b(), element, place, first, image.axisStride(0));
      place = advance(b(), element, place, i, step);
      place = advance(b(), element, place, group, groupChannels);
      return advance(b(), element, place, channel, 1);
    };
    forLines([&](llvm::Value *image, llvm::Value *i, llvm::Value *line) {
      inputPanels->copyLine(
          placeOf(input, image, stretch.input, i, inputStep(0), geometry.channels, channels.first),
          line, length(channels), leftOfInput, lastChannels);
    });
    forLines([&](llvm::Value *image, llvm::Value *i, llvm::Value *line) {
      gradientPanels->copyLine(placeOf(gradient, image, stretch.gradient, i, gradientStep(0),
                                       geometry.filters, columns.first),
                               line, length(columns), leftOfGradient, lastColumns);
    });
  }

  llvm::Value *length(const Range &range) { return b().CreateSub(range.second, range.first); }

  /// Runs `body` for every position of the first axis in every image of the block, with the number
  /// of both together.
  void
  forLines(llvm::function_ref<void(llvm::Value *image, llvm::Value *i, llvm::Value *line)> body) {
    llvm::Value *ofImage = stretches.front().length;
    emitLoop(b(), images.first, images.second, 1, [&](llvm::Value *image) {
      llvm::Value *before = b().CreateMul(b().CreateSub(image, images.first), ofImage);
      emitLoop(b(), i64(0), ofImage, 1,
               [&](llvm::Value *i) { body(image, i, b().CreateAdd(before, i)); });
    });
  }

  //===--- Tiles --------------------------------------------------------------------------------//

  /// Where a tile reads the copies: at a tap's first position.
  struct PanelPointers {
    llvm::Value *left, *right;
  };

  void emitBlock() override {
    stretches.assign(1, blockStretch(firstTap));
    copyBlock();
    lines = b().CreateMul(length(images), stretches.front().length);
    emitTiles(b(), columns.first, columns.second, geometry.filters, tileWidth,
              [&](llvm::Value *column, int64_t width) { emitColumns(column, width); });
  }

  void emitColumns(llvm::Value *column, int64_t width) {
    llvm::Value *inTask = b().CreateSub(column, columns.first);
    emitTiles(b(), channels.first, channels.second, geometry.channels, tileRows,
              [&](llvm::Value *channel, int64_t height) {
                llvm::Value *row = b().CreateSub(channel, channels.first);
                prefetchNextBlock(row, inTask, std::min(channelsPerTask, geometry.channels));
                PanelPointers places{inputPanels->panelOf(row), gradientPanels->panelOf(inTask)};
                emitTaps(1, firstTap, places, {channel, column, height, width});
              });
  }

  struct Tile {
    llvm::Value *row, *column;
    int64_t rows, width;
  };

  /// Runs over the taps of the axes behind the first; `tap` is the number of the tap so far.
  void emitTaps(size_t axis, llvm::Value *tap, const PanelPointers &places, const Tile &tile) {
    if (axis == walks.size()) {
      emitTile(tap, places, tile);
      return;
    }
    const PanelWalk &walk = walks[axis];
    llvm::Value *before = b().CreateMul(tap, i64(geometry.axes[axis].window));
    llvm::SmallVector<uint64_t> table;
    for (const PanelWalk::Tap &entry : walk.taps)
      for (int64_t word : {entry.position, entry.input * inputPanels->stride(axis),
                           entry.gradient * gradientPanels->stride(axis)})
        table.push_back(word);
    if (table.empty())
      return;
    llvm::Value *global =
        addConstant(*b().GetInsertBlock()->getModule(),
                    llvm::ConstantDataArray::get(b().getContext(), table), "taps");
    emitLoop(b(), i64(0), i64(static_cast<int64_t>(walk.taps.size())), 1, [&](llvm::Value *entry) {
      auto word = [&](int64_t number) {
        llvm::Value *index = b().CreateAdd(b().CreateMul(entry, i64(3)), i64(number));
        return b().CreateLoad(b().getInt64Ty(),
                              b().CreateInBoundsGEP(b().getInt64Ty(), global, index));
      };
      PanelPointers next{b().CreateInBoundsGEP(element, places.left, word(1)),
                         b().CreateInBoundsGEP(element, places.right, word(2))};
      emitTaps(axis + 1, b().CreateAdd(before, word(0)), next, tile);
    });
  }

  void emitTile(llvm::Value *tap, const PanelPointers &places, const Tile &tile) {
    int64_t vectors = llvm::divideCeil(tile.width, lanes);
    TileProduct product{b(), target, element, lanes};
    product.leftStride = inputPanels->stride(innerWalks().size());
    product.rightStride = gradientPanels->stride(innerWalks().size());
    RowOffsets offsets;
    for (int64_t r = 0; r < tile.rows; ++r)
      offsets.push_back(r);
    auto multiply = [&](const PanelPointers &at, llvm::Value *length, const Values &sums) {
      Values panels;
      for (int64_t v = 0; v < vectors; ++v)
        panels.push_back(advance(b(), element, at.right, v * lanes));
      return product.emit(at.left, offsets, panels, length, sums);
    };
    Values sums = product.zeros(tile.rows * vectors);
    if (innerWalks().empty()) {
      sums = multiply(places, lines, sums);
    } else {
      product.leftStride *= walks.back().inputStep;
      product.rightStride *= walks.back().gradientStep;
      sums = emitLoop(b(), i64(0), lines, 1, sums, [&](llvm::Value *line, const Values &carried) {
        PanelPointers at{advance(b(), element, places.left, line, inputPanels->stride(0)),
                         advance(b(), element, places.right, line, gradientPanels->stride(0))};
        return emitPositions(1, at, carried, multiply);
      });
    }
    llvm::Value *mask = tile.width % lanes ? maskOf(tile.width % lanes) : nullptr;
    addToResult(tap, tile.row, tile.column, sums, vectors, mask);
  }

  using Multiply =
      llvm::function_ref<Values(const PanelPointers &at, llvm::Value *length, const Values &sums)>;

  /// The sums over all positions of the axes from `axis` on.
  Values emitPositions(size_t axis, const PanelPointers &at, const Values &sums,
                       Multiply multiply) {
    const PanelWalk &walk = walks[axis];
    if (axis + 1 == walks.size())
      return multiply(at, i64(walk.positions), sums);
    return emitLoop(
        b(), i64(0), i64(walk.positions), 1, sums, [&](llvm::Value *q, const Values &carried) {
          PanelPointers next{
              advance(b(), element, at.left, q, walk.inputStep * inputPanels->stride(axis)),
              advance(b(), element, at.right, q, walk.gradientStep * gradientPanels->stride(axis))};
          return emitPositions(axis + 1, next, carried, multiply);
        });
  }

  std::optional<Panels> inputPanels, gradientPanels;
  int64_t leftOfInput = 0, leftOfGradient = 0; ///< channels that fill no whole panel
  llvm::Value *lines = nullptr;                ///< positions of the first axis in all images
};

} // namespace

std::unique_ptr<KernelEmitter> createFilterGradientEmitter(const KernelJob &job,
                                                           const TargetSpec &target) {
  auto chosen = passes::scheduleAs<ir::FilterGradientScheduleAttr>(job.kernel);
  FilterWalkEmitter::WalkPlan plan{chosen.getTileRows(),  chosen.getTileVectors(),
                                   chosen.getChannels(),  chosen.getColumns(),
                                   chosen.getPositions(), chosen.getImages()};
  return std::make_unique<FilterGradientEmitter>(job, target, plan);
}

} // namespace lamina::codegen
