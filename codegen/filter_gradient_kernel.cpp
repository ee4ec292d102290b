// Gradients of convolutions by their filters: register tiles of input channels x vectors of filters
// that run over the positions of a block. A block's elements are copied once for all taps of the
// axes behind the first, in panels of a tile's height or width with zeros where taps reach into the
// padding. Tiles then read them in order, whatever the distance of neighbouring positions in
// memory. Of inputs with few channels, the last axis' taps count as channels: neighbours in memory.
#include "codegen/filter_panels.h"
#include "codegen/filter_walk.h"
#include "llvm/IR/Module.h"

using namespace mlir;

namespace lamina::codegen {
namespace {

class FilterGradientEmitter final : public FilterWalkEmitter {
public:
  FilterGradientEmitter(const KernelJob &job, const TargetSpec &target)
      : FilterWalkEmitter(job, target, FirstTaps::Apart), tileRows(schedule().getTile()[0]),
        tileWidth(schedule().getTile()[1] * lanes), jointTaps(geometry.jointTaps()) {
    for (const ir::WindowAxis &axis : llvm::ArrayRef(geometry.axes).drop_front())
      walks.push_back(PanelWalk::of(axis));
  }

private:
  //===--- Copies -------------------------------------------------------------------------------//

  void prepare() override {
    llvm::SmallVector<PanelAxis> inputAxes, gradientAxes;
    for (const PanelWalk &walk : walks) {
      inputAxes.push_back(walk.input);
      gradientAxes.push_back(walk.gradient);
    }
    int64_t positions = imagesPerBlock * blockLength;
    int64_t inputWidth = jointTaps > 1 ? geometry.channels : tileRows;
    inputPanels.emplace(b(), input, lanes, inputAxes, inputWidth,
                        std::min(channelsPerTask, geometry.channels), positions);
    gradientPanels.emplace(b(), gradient, lanes, gradientAxes, tileWidth,
                           std::min(columnsPerTask, geometry.filters), positions);
    leftOfInput = geometry.channels % inputWidth;
    leftOfGradient = geometry.filters % tileWidth;
  }

  void copyBlock() {
    const TapStretch &stretch = stretches.front();
    auto isLast = [&](const Range &range, int64_t size) {
      return b().CreateICmpEQ(range.second, i64(size));
    };
    llvm::Value *lastChannels = isLast(channels, geometry.channels);
    llvm::Value *lastColumns = isLast(columns, geometry.filters);
    auto ahead = [&](const Image &image, int64_t step) {
      return imagesPerBlock > 1 ? imagesPerBlock * image.rowStride() : blockLength * step;
    };
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
          line, length(channels), leftOfInput, lastChannels, ahead(input, inputStep(0)));
    });
    forLines([&](llvm::Value *image, llvm::Value *i, llvm::Value *line) {
      gradientPanels->copyLine(placeOf(gradient, image, stretch.gradient, i, gradientStep(0),
                                       geometry.filters, columns.first),
                               line, length(columns), leftOfGradient, lastColumns,
                               ahead(gradient, gradientStep(0)));
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
  struct Places {
    llvm::Value *left, *right;
  };

  void emitBlock() override {
    stretches.assign(1, blockStretch(firstTap));
    copyBlock();
    lines = b().CreateMul(length(images), stretches.front().length);
    emitTiles(b(), columns.first, columns.second, geometry.filters, tileWidth,
              [&](llvm::Value *column, int64_t width) { emitColumns(column, width); });
  }

  /// All rows for one tile of columns: the task's channels, or all pairs of a tap of the last axis
  /// and a channel.
  void emitColumns(llvm::Value *column, int64_t width) {
    if (jointTaps > 1) {
      int64_t rows = geometry.channels * jointTaps;
      emitTiles(b(), i64(0), i64(rows), rows, tileRows, [&](llvm::Value *row, int64_t height) {
        Places places = placesOf(i64(0), column);
        places.left = advance(b(), element, places.left, row, 1);
        emitTaps(0, firstTap, places, {row, column, height, width});
      });
      return;
    }
    emitTiles(b(), channels.first, channels.second, geometry.channels, tileRows,
              [&](llvm::Value *channel, int64_t height) {
                Places places = placesOf(b().CreateSub(channel, channels.first), column);
                emitTaps(0, firstTap, places, {channel, column, height, width});
              });
  }

  struct Tile {
    llvm::Value *row, *column;
    int64_t rows, width;
  };

  Places placesOf(llvm::Value *channel, llvm::Value *column) {
    return {inputPanels->panelOf(channel),
            gradientPanels->panelOf(b().CreateSub(column, columns.first))};
  }

  /// Runs over the taps of the axes behind the first; `tap` is the number of the tap so far.
  void emitTaps(size_t axis, llvm::Value *tap, const Places &places, const Tile &tile) {
    if (axis == walks.size()) {
      emitTile(tap, places, tile);
      return;
    }
    const PanelWalk &walk = walks[axis];
    llvm::Value *before = b().CreateMul(tap, i64(geometry.axes[axis + 1].window));
    if (jointTaps > 1 && axis + 1 == walks.size()) {
      emitTaps(axis + 1, before, places, tile);
      return;
    }
    llvm::SmallVector<uint64_t> table;
    for (const PanelWalk::Tap &entry : walk.taps)
      for (int64_t word : {entry.position, entry.input * inputPanels->stride(axis + 1),
                           entry.gradient * gradientPanels->stride(axis + 1)})
        table.push_back(word);
    if (table.empty())
      return;
    llvm::Constant *data = llvm::ConstantDataArray::get(b().getContext(), table);
    auto *global = new llvm::GlobalVariable(*b().GetInsertBlock()->getModule(), data->getType(),
                                            /*isConstant=*/true, llvm::GlobalValue::PrivateLinkage,
                                            data, "taps");
    emitLoop(b(), i64(0), i64(static_cast<int64_t>(walk.taps.size())), 1, [&](llvm::Value *entry) {
      auto word = [&](int64_t number) {
        llvm::Value *index = b().CreateAdd(b().CreateMul(entry, i64(3)), i64(number));
        return b().CreateLoad(b().getInt64Ty(),
                              b().CreateInBoundsGEP(b().getInt64Ty(), global, index));
      };
      Places next{b().CreateInBoundsGEP(element, places.left, word(1)),
                  b().CreateInBoundsGEP(element, places.right, word(2))};
      emitTaps(axis + 1, b().CreateAdd(before, word(0)), next, tile);
    });
  }

  void emitTile(llvm::Value *tap, const Places &places, const Tile &tile) {
    int64_t vectors = llvm::divideCeil(tile.width, lanes);
    TileProduct product{b(), target, element, lanes};
    product.leftStride = inputPanels->stride(walks.size());
    product.rightStride = gradientPanels->stride(walks.size());
    RowOffsets offsets;
    for (int64_t r = 0; r < tile.rows; ++r)
      offsets.push_back(r);
    auto multiply = [&](const Places &at, llvm::Value *length, const Values &sums) {
      Values panels;
      for (int64_t v = 0; v < vectors; ++v)
        panels.push_back(advance(b(), element, at.right, v * lanes));
      return product.emit(at.left, offsets, panels, length, sums);
    };
    Values sums = product.zeros(tile.rows * vectors);
    if (walks.empty()) {
      sums = multiply(places, lines, sums);
    } else {
      product.leftStride *= walks.back().inputStep;
      product.rightStride *= walks.back().gradientStep;
      sums = emitLoop(b(), i64(0), lines, 1, sums, [&](llvm::Value *line, const Values &carried) {
        Places at{advance(b(), element, places.left, line, inputPanels->stride(0)),
                  advance(b(), element, places.right, line, gradientPanels->stride(0))};
        return emitPositions(0, at, carried, multiply);
      });
    }
    llvm::Value *mask = tile.width % lanes ? maskOf(tile.width % lanes) : nullptr;
    addToResult(tap, tile.row, tile.column, sums, vectors, mask);
  }

  using Multiply =
      llvm::function_ref<Values(const Places &at, llvm::Value *length, const Values &sums)>;

  /// The sums over all positions of the axes from `axis` on.
  Values emitPositions(size_t axis, const Places &at, const Values &sums, Multiply multiply) {
    const PanelWalk &walk = walks[axis];
    if (axis + 1 == walks.size())
      return multiply(at, i64(walk.positions), sums);
    return emitLoop(b(), i64(0), i64(walk.positions), 1, sums,
                    [&](llvm::Value *q, const Values &carried) {
                      Places next{advance(b(), element, at.left, q,
                                          walk.inputStep * inputPanels->stride(axis + 1)),
                                  advance(b(), element, at.right, q,
                                          walk.gradientStep * gradientPanels->stride(axis + 1))};
                      return emitPositions(axis + 1, next, carried, multiply);
                    });
  }

  int64_t tileRows, tileWidth, jointTaps;
  llvm::SmallVector<PanelWalk> walks; ///< of the axes behind the first
  std::optional<Panels> inputPanels, gradientPanels;
  int64_t leftOfInput = 0, leftOfGradient = 0; ///< channels that fill no whole panel
  llvm::Value *lines = nullptr;                ///< positions of the first axis in all images
};

} // namespace

std::unique_ptr<KernelEmitter> createFilterGradientEmitter(const KernelJob &job,
                                                           const TargetSpec &target) {
  return std::make_unique<FilterGradientEmitter>(job, target);
}

} // namespace lamina::codegen
