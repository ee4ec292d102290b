// Convolutions over images with channels last: register tiles of neighbouring outputs of a line x
// vectors of filters that run over all taps and channels, with the kernel's elementwise operations
// applied to the sums before they are stored. A depthwise convolution has one channel for each
// filter, so its input is read in vectors, too. Nothing is copied or padded: outer axes take their
// taps from tables, and along the last axis tiles that reach into the padding leave it out.
// Where a column tile's part of the filter does not stay in the first-level cache, the task goes
// through it in blocks of one tap of the outer axes and some channels; its sums are in scratch
// memory between blocks.
#include "codegen/expressions/elementwise.h"
#include "codegen/kernels/convolution/image_walk.h"
#include "codegen/kernels/kernel_emitter.h"
#include "codegen/kernels/tile_product.h"
#include "passes/families/families.h"
#include "passes/schedule/schedule.h"

using namespace mlir;

namespace lamina::codegen {
namespace {

/// A line of taps with at most so many products is added to the sum of the lines before; longer
/// ones are summed apart.
constexpr int64_t kMostProductsAddedOn = 64;
/// The common fields of the schedules of convolutions and of depthwise ones.
struct ConvolutionPlan {
  int64_t tileRows, tileVectors, channels, lines, positions, columns;
  bool ahead;
};

class ConvolutionEmitter final : public KernelEmitter {
public:
  ConvolutionEmitter(const KernelJob &job, const TargetSpec &target, const ConvolutionPlan &plan)
      : KernelEmitter(job, target), op(passes::anchorAs<ir::ConvolutionOp>(kernel())),
        geometry(passes::ConvolutionGeometry::of(op, passes::canMergeAxes(kernel()))),
        last(geometry.lastAxis()), phases(last.phases()), tileRows(plan.tileRows),
        tileWidth(plan.tileVectors * lanes), channelsPerBlock(plan.channels),
        linesPerTask(plan.lines), positionsPerTask(plan.positions), columnsPerTask(plan.columns),
        prefetchesAhead(plan.ahead) {}

  llvm::Value *emitTaskCount(llvm::IRBuilder<> &builder, llvm::Value *rows) override {
    llvm::Value *images =
        builder.getInt64(lineBlocks() * positionBlocks() * columnBlocks() * geometry.groups);
    return builder.CreateMul(emitProduct(builder, op.getType().getShape().take_front(), rows),
                             images);
  }

private:
  int64_t lineBlocks() { return llvm::divideCeil(geometry.lines(), linesPerTask); }
  int64_t positionBlocks() { return llvm::divideCeil(phases[0].count, positionsPerTask); }
  int64_t columnBlocks() { return llvm::divideCeil(geometry.filters, columnsPerTask); }

  //===--- Tasks --------------------------------------------------------------------------------//

  void emitTask(llvm::Value *task) override {
    bindMemory();
    // Filters vary slowest: neighbouring tasks share them.
    llvm::Value *images = emitProduct(b(), op.getType().getShape().take_front(), rows);
    auto take = [&](llvm::Value *count) { return takePart(b(), task, count); };
    llvm::Value *positionBlock = take(i64(positionBlocks()));
    llvm::Value *lineBlock = take(i64(lineBlocks()));
    image = take(images);
    llvm::Value *columnBlock = take(i64(columnBlocks()));
    group = task;
    lineBegin = b().CreateMul(lineBlock, i64(linesPerTask));
    lineEnd = emitSmaller(b(), b().CreateAdd(lineBegin, i64(linesPerTask)), i64(geometry.lines()));
    positionBegin = b().CreateMul(positionBlock, i64(positionsPerTask));
    positionEnd =
        emitSmaller(b(), b().CreateAdd(positionBegin, i64(positionsPerTask)), i64(phases[0].count));
    columnBegin = b().CreateMul(columnBlock, i64(columnsPerTask));
    columnEnd =
        emitSmaller(b(), b().CreateAdd(columnBegin, i64(columnsPerTask)), i64(geometry.filters));
    if (hasBlocks())
      emitColumns([&] { emitBlocks(); });
    else if (geometry.depthwise)
      // Nothing but the input is kept in cache: all channels of a few outputs come before the next
      // ones, in the order of memory.
      emitLines([&](const Tile &tile) { emitColumns([&] { emitTile(tile); }); });
    else
      emitColumns([&] { emitLines([&](const Tile &tile) { emitTile(tile); }); });
  }

  bool hasBlocks() const { return channelsPerBlock > 0; }

  void bindMemory() {
    llvm::SmallVector<int64_t> inputs;
    llvm::Module &module = *b().GetInsertBlock()->getModule();
    for (const ir::WindowAxis &axis : geometry.axes)
      inputs.push_back(axis.input);
    for (const ir::WindowAxis &axis : geometry.outerAxes()) {
      if (hasBlocks())
        tapInputs.emplace_back(module, axis);
      else
        tables.emplace_back(module, axis);
    }
    element = registerType(b().getContext(), op.getType().getElementType());
    input =
        Image::make(findMemory(op.getLhs())->pointer, element, inputs, geometry.inputChannels());
    filter = *findMemory(op.getRhs());
    if (hasBlocks())
      partialSums = allocateScratch(b(), element, linesPerTask * lineOutputs() * tileWidth);
  }

  /// Tiles of whole width, then one of the remaining columns.
  void emitColumns(const std::function<void()> &body) {
    emitTiles(b(), columnBegin, columnEnd, geometry.filters, tileWidth,
              [&](llvm::Value *column, int64_t width) {
                selectColumns(column, llvm::divideCeil(width, lanes),
                              width % lanes ? maskOf(width % lanes) : nullptr);
                body();
              });
  }

  void selectColumns(llvm::Value *columnInGroup, int64_t vectors, llvm::Value *mask) {
    llvm::Value *column = b().CreateAdd(columnInGroup, b().CreateMul(group, i64(geometry.filters)));
    columns.clear();
    panels.clear();
    for (int64_t v = 0; v < vectors; ++v) {
      columns.push_back({b().CreateAdd(column, i64(v * lanes)), true, 1});
      Indices first(op.getRhs().getType().getRank(), expressions->constant(0));
      first.back() = {columns.back().base, false, 1};
      panels.push_back(expressions->address(filter, first));
    }
    columnMask = mask;
  }

  //===--- Lines of outputs ---------------------------------------------------------------------//

  /// Neighbouring outputs of one line and phase. `inside`: no tap reaches into the padding.
  struct Tile {
    const ir::WindowPhase &phase;
    llvm::Value *line, *start;
    int64_t height;
    bool inside = true;
  };
  using TileBody = std::function<void(const Tile &tile)>;

  void emitLines(const TileBody &body) {
    emitLoop(b(), lineBegin, lineEnd, 1, [&](llvm::Value *line) {
      outer = outerIndices(line);
      emitLine(line, body);
    });
  }

  /// Indices of a line along the outer axes.
  Indices outerIndices(llvm::Value *line) {
    llvm::SmallVector<int64_t> extents;
    for (const ir::WindowAxis &axis : geometry.outerAxes())
      extents.push_back(axis.output);
    return delinearize(line, extents);
  }

  /// Whether lines are cut into parts, which is only where they have no borders.
  bool cutsLines() { return positionsPerTask < phases[0].count; }

  void emitLine(llvm::Value *line, const TileBody &body) {
    for (const ir::WindowPhase &phase : phases) {
      if (cutsLines())
        emitUniformTiles(phase, line, body);
      else
        emitLineTiles(phase, line, body);
    }
  }

  void emitUniformTiles(const ir::WindowPhase &phase, llvm::Value *line, const TileBody &body) {
    int64_t left = phase.count % positionsPerTask % tileRows;
    llvm::Value *length = b().CreateSub(positionEnd, positionBegin);
    llvm::Value *wholeEnd = b().CreateSub(positionEnd, b().CreateURem(length, i64(tileRows)));
    emitLoop(b(), positionBegin, wholeEnd, tileRows,
             [&](llvm::Value *start) { body({phase, line, start, tileRows}); });
    if (left > 0)
      emitIf(b(), b().CreateICmpSLT(wholeEnd, positionEnd),
             [&] { body({phase, line, wholeEnd, left}); });
  }

  /// A whole line: tiles that meet padding one by one, the others in loops.
  void emitLineTiles(const ir::WindowPhase &phase, llvm::Value *line, const TileBody &body) {
    passes::TileSplit split(phase.count, tileRows);
    for (int64_t tile = 0; tile < split.tiles;) {
      int64_t height = split.heightOf(tile), run = 0;
      while (tile + run < split.tiles && split.heightOf(tile + run) == height &&
             isInside(phase, split.startOf(tile + run), height))
        ++run;
      if (run == 0) {
        body({phase, line, i64(split.startOf(tile)), height, /*inside=*/false});
        ++tile;
        continue;
      }
      emitLoop(b(), i64(split.startOf(tile)), i64(split.startOf(tile) + run * height), height,
               [&](llvm::Value *start) { body({phase, line, start, height}); });
      tile += run;
    }
  }

  static bool isInside(const ir::WindowPhase &phase, int64_t start, int64_t height) {
    return llvm::all_of(phase.taps, [&](const ir::WindowTap &tap) {
      return tap.begin <= start && start + height <= tap.end;
    });
  }

  //===--- One register tile, whole sums --------------------------------------------------------//

  void emitTile(const Tile &tile) {
    expressions->enterScope();
    if (geometry.depthwise && prefetchesAhead)
      prefetchNextTile(tile);
    else
      prefetchResults(firstOutput(tile), tile);
    TileProduct product = makeProduct(tile);
    // The taps of one line are summed apart, as long stretches of channels are: see TileProduct.
    Values zeros = product.zeros(tile.height * columns.size());
    Values sums =
        emitOuterTaps(0, inputPlace(tile), i64(0), zeros,
                      [&](llvm::Value *place, llvm::Value *taps, const Values &carried) {
                        bool apart = !geometry.depthwise &&
                                     last.window * geometry.channels > kMostProductsAddedOn;
                        Values line = emitLastTaps(tile, {i64(0), i64(geometry.channels)}, product,
                                                   place, taps, apart ? zeros : carried);
                        return apart ? product.add(carried, line) : line;
                      });
    storeTile(tile, sums);
    expressions->leaveScope();
  }

  TileProduct makeProduct(const Tile &tile) {
    return {b(), target, element, lanes, 1, rightStride(), loadMask(), distanceAhead(tile)};
  }

  /// Elements from a tile to the next one where its pixels are prefetched, 0 where they are not.
  int64_t distanceAhead(const Tile &tile) {
    return prefetchesAhead && !geometry.depthwise
               ? tile.height * tile.phase.inputStep * lastStride()
               : 0;
  }

  /// The group's first channel that the tile's first output meets in an offset of zero.
  llvm::Value *inputPlace(const Tile &tile) {
    llvm::Value *place = advance(b(), element, input.pointer, image, input.rowStride());
    place = advance(b(), element, place, group, geometry.channels);
    return advance(b(), element, place, tile.start, tile.phase.inputStep * lastStride());
  }

  int64_t lastStride() { return input.axisStride(geometry.axes.size() - 1); }
  int64_t rightStride() {
    return filter.packed ? filter.packed.getWidth() : geometry.filters * geometry.groups;
  }
  /// Panels are filled up with zeros, so only row-major filters need the mask.
  llvm::Value *loadMask() { return filter.packed ? nullptr : columnMask; }

  using TapBody =
      std::function<Values(llvm::Value *place, llvm::Value *taps, const Values &carried)>;

  /// Loops over the taps of the outer axes: `place` is the input, `taps` the tap's number.
  Values emitOuterTaps(size_t axis, llvm::Value *place, llvm::Value *taps, const Values &sums,
                       const TapBody &body) {
    if (axis == tables.size())
      return body(place, taps, sums);
    return tables[axis].emitLoop(
        b(), outer[axis].base, sums,
        [&](llvm::Value *position, llvm::Value *inputIndex, const Values &carried) {
          llvm::Value *next = advance(b(), element, place, inputIndex, input.axisStride(axis));
          llvm::Value *number =
              b().CreateAdd(b().CreateMul(taps, i64(geometry.axes[axis].window)), position);
          return emitOuterTaps(axis + 1, next, number, carried, body);
        });
  }

  /// Channels of a block, [first, first + second) of a group's.
  using ChannelRange = std::pair<llvm::Value *, llvm::Value *>;

  /// The taps of the last axis and some channels. Where all taps lie inside and are contiguous
  /// in the input and in the filter, all channels of them make one sum.
  Values emitLastTaps(const Tile &tile, const ChannelRange &range, const TileProduct &product,
                      llvm::Value *place, llvm::Value *taps, const Values &sums) {
    const ir::WindowPhase &phase = tile.phase;
    taps = b().CreateMul(taps, i64(last.window));
    if (tile.inside && !geometry.depthwise && !hasBlocks() && isContiguous(phase)) {
      auto length = static_cast<int64_t>(phase.taps.size()) * geometry.channels;
      return emitChannels(tile, phase.taps.front(), {range.first, i64(length)}, product, place,
                          taps, sums);
    }
    Values result(sums);
    for (const ir::WindowTap &tap : phase.taps)
      result = emitChannels(tile, tap, range, product, place, taps, result);
    return result;
  }

  bool isContiguous(const ir::WindowPhase &phase) {
    for (size_t i = 1; i < phase.taps.size(); ++i)
      if (phase.taps[i].offset != phase.taps[i - 1].offset + 1 ||
          phase.taps[i].position != phase.taps[i - 1].position + 1)
        return false;
    return !phase.taps.empty() && geometry.groups == 1;
  }

  Values emitChannels(const Tile &tile, const ir::WindowTap &tap, const ChannelRange &range,
                      const TileProduct &product, llvm::Value *place, llvm::Value *taps,
                      const Values &sums) {
    RowOffsets offsets;
    std::optional<int64_t> start = tile.inside ? std::nullopt : constantOf(tile.start);
    for (int64_t r = 0; r < tile.height; ++r) {
      bool outside = start && (*start + r < tap.begin || *start + r >= tap.end);
      int64_t distance = (r * tile.phase.inputStep + tap.offset) * lastStride();
      offsets.push_back(outside ? std::nullopt : std::optional(distance));
    }
    llvm::Value *line =
        b().CreateMul(b().CreateAdd(taps, i64(tap.position)), i64(geometry.channels));
    line = b().CreateAdd(line, range.first);
    Values right;
    for (llvm::Value *panel : panels)
      right.push_back(advance(b(), element, panel, line, rightStride()));
    if (geometry.depthwise)
      return emitDepthwiseTap(place, offsets, right, sums);
    return product.emit(advance(b(), element, place, range.first, 1), offsets, right, range.second,
                        sums);
  }

  /// One tap of every channel: the input's vectors times the filter's.
  Values emitDepthwiseTap(llvm::Value *place, const RowOffsets &offsets,
                          ArrayRef<llvm::Value *> right, const Values &sums) {
    Values result(sums);
    for (size_t v = 0; v < columns.size(); ++v) {
      expressions->setMask(v + 1 == columns.size() ? columnMask : nullptr);
      mlir::Type type = op.getType().getElementType();
      llvm::Value *weights = expressions->loadAt(right[v], type, true);
      llvm::Value *channels = b().CreateInBoundsGEP(element, place, columns[v].base);
      for (auto [r, offset] : llvm::enumerate(offsets)) {
        if (!offset)
          continue;
        llvm::Value *&sum = result[r * columns.size() + v];
        llvm::Value *values =
            expressions->loadAt(advance(b(), element, channels, *offset), type, true);
        sum = emitMultiplyAdd(b(), target, values, weights, sum);
      }
      expressions->setMask(nullptr);
    }
    return result;
  }

  //===--- Results ------------------------------------------------------------------------------//

  /// The place of an output. Merged dimensions count along their last one, past its end: that is
  /// how they lie in memory.
  Indices resultIndices(llvm::Value *position, const Index &column) {
    Indices indices(op.getSpatialRank() + 2, expressions->constant(0));
    indices.front() = {image, false, 1};
    for (auto [axis, dimension] : llvm::enumerate(geometry.lastDimensions))
      indices[dimension + 1] = axis < outer.size() ? outer[axis] : Index{position, false, 1};
    indices.back() = column;
    return indices;
  }

  /// Applies the operations behind the convolution to the sums and stores.
  void storeTile(const Tile &tile, const Values &sums) {
    llvm::Value *first = firstOutput(tile);
    for (int64_t r = 0; r < tile.height; ++r) {
      llvm::Value *position = b().CreateAdd(first, i64(r * tile.phase.outputStep));
      for (size_t v = 0; v < columns.size(); ++v) {
        Indices indices = resultIndices(position, columns[v]);
        expressions->setMask(v + 1 == columns.size() ? columnMask : nullptr);
        expressions->bind(op.getOutput(), indices, sums[r * columns.size() + v]);
        storeResults(indices);
        expressions->setMask(nullptr);
      }
    }
  }

  /// The place of a tile's first output in its line.
  llvm::Value *firstOutput(const Tile &tile) {
    return b().CreateAdd(b().CreateMul(tile.start, i64(tile.phase.outputStep)),
                         i64(tile.phase.first));
  }

  /// Prefetches the operands of a tile's epilogue and the lines of its results, from position
  /// `first` of the line on: a few elements of each pixel, which is no pattern that a hardware
  /// prefetcher finds.
  void prefetchResults(llvm::Value *first, const Tile &tile) {
    auto ask = [&](const Storage &storage, bool write) {
      if (storage.type.getShape() != op.getType().getShape())
        return;
      int64_t vectorsOfLine = std::max<int64_t>(1, elementsOfLine(element) / lanes);
      for (int64_t r = 0; r < tile.height; ++r)
        for (size_t v = 0; v < columns.size(); v += vectorsOfLine) {
          llvm::Value *position = b().CreateAdd(first, i64(r * tile.phase.outputStep));
          emitPrefetch(b(), expressions->address(storage, resultIndices(position, columns[v])),
                       CacheLevel::second, write);
        }
    };
    for (BlockArgument argument : body().getArguments())
      if (argument != op.getLhs())
        ask(*expressions->getStorage(argument), /*write=*/false);
    for (const Storage &storage : outputs)
      ask(storage, /*write=*/true);
  }

  /// Prefetches the results of the next tile of the line, or of the first one of the next line, and
  /// the pixels that the tile after it is the first to read.
  void prefetchNextTile(const Tile &tile) {
    prefetchResults(b().CreateAdd(firstOutput(tile), i64(tile.height * tile.phase.outputStep)),
                    tile);
    if (tile.phase.first == phases.front().first) // the others read the same
      prefetchInput(tile, b().CreateAdd(tile.start, i64(2 * tile.height)));
  }

  /// A column tile's share of the pixels that a tile from output `start` of the phase on meets in
  /// its last taps and no tile before, in the order of memory.
  void prefetchInput(const Tile &tile, llvm::Value *start) {
    llvm::Value *place = advance(b(), element, input.pointer, image, input.rowStride());
    int64_t newLines = 1, lineStride = 0;
    for (auto [number, axis] : llvm::enumerate(geometry.outerAxes())) {
      lineStride = input.axisStride(number);
      newLines = llvm::divideCeil(axis.stride, axis.inputDilation);
      llvm::Value *end = b().CreateAdd(b().CreateMul(outer[number].base, i64(axis.stride)),
                                       i64(axis.span() - axis.low));
      llvm::Value *line = b().CreateSDiv(end, i64(axis.inputDilation));
      place = advance(b(), element, place, b().CreateSub(line, i64(newLines)), lineStride);
    }
    int64_t step = tile.phase.inputStep, newPixels = tile.height * step;
    place = advance(b(), element, place, start, step * lastStride());
    place = advance(b(), element, place, (tile.phase.taps.back().offset + 1 - step) * lastStride());
    place = advance(b(), element, place, columns.front().base, newPixels);
    auto share = static_cast<int64_t>(newPixels * columns.size() * lanes);
    for (int64_t line = 0; line < newLines; ++line)
      emitPrefetchLines(b(), element, advance(b(), element, place, line * lineStride), share,
                        CacheLevel::second);
  }

  //===--- Blocks -------------------------------------------------------------------------------//

  /// The sums of the task's outputs for one tile of columns, block by block.
  void emitBlocks() {
    int64_t elements = linesPerTask * lineOutputs() * tileWidth;
    b().CreateMemSet(partialSums, b().getInt8(0), elements * element->getPrimitiveSizeInBits() / 8,
                     llvm::MaybeAlign(64));
    emitBlockTaps(0, i64(0), [&](llvm::Value *taps) {
      emitLoop(b(), i64(0), i64(geometry.channels), channelsPerBlock, [&](llvm::Value *begin) {
        llvm::Value *end =
            emitSmaller(b(), b().CreateAdd(begin, i64(channelsPerBlock)), i64(geometry.channels));
        addBlock(taps, {begin, b().CreateSub(end, begin)});
      });
    });
    emitLines([&](const Tile &tile) {
      expressions->enterScope();
      prefetchResults(firstOutput(tile), tile);
      Values sums = makeProduct(tile).zeros(tile.height * columns.size());
      forPartialSums(tile, [&](int64_t number, llvm::Value *address) {
        sums[number] = b().CreateLoad(sums[number]->getType(), address);
      });
      storeTile(tile, sums);
      expressions->leaveScope();
    });
  }

  /// Runs over all taps of the outer axes, whose indices are in `blockTaps`, with their number.
  void emitBlockTaps(size_t axis, llvm::Value *taps,
                     const std::function<void(llvm::Value *)> &body) {
    if (axis == tapInputs.size()) {
      body(taps);
      return;
    }
    int64_t window = geometry.axes[axis].window;
    emitLoop(b(), i64(0), i64(window), 1, [&](llvm::Value *tap) {
      blockTaps.resize(axis);
      blockTaps.push_back(tap);
      emitBlockTaps(axis + 1, b().CreateAdd(b().CreateMul(taps, i64(window)), tap), body);
    });
  }

  /// Adds one tap of the outer axes and some channels to the sums of all lines that meet them.
  void addBlock(llvm::Value *taps, const ChannelRange &range) {
    emitLoop(b(), lineBegin, lineEnd, 1, [&](llvm::Value *line) {
      outer = outerIndices(line);
      llvm::Value *distance = i64(0), *meets = b().getTrue();
      for (size_t axis = 0; axis < tapInputs.size(); ++axis) {
        llvm::Value *place = tapInputs[axis].find(b(), outer[axis].base, blockTaps[axis]);
        meets = b().CreateAnd(meets, b().CreateICmpSGE(place, i64(0)));
        distance = b().CreateAdd(distance, b().CreateMul(place, i64(input.axisStride(axis))));
      }
      emitIf(b(), meets, [&] {
        emitLine(line, [&](const Tile &tile) {
          expressions->enterScope();
          TileProduct product = makeProduct(tile);
          llvm::Value *place = b().CreateInBoundsGEP(element, inputPlace(tile), distance);
          Values sums = emitLastTaps(tile, range, product, place, taps,
                                     product.zeros(tile.height * columns.size()));
          forPartialSums(tile, [&](int64_t number, llvm::Value *address) {
            llvm::Value *before = b().CreateLoad(sums[number]->getType(), address);
            b().CreateStore(b().CreateFAdd(before, sums[number]), address);
          });
          expressions->leaveScope();
        });
      });
    });
  }

  /// Outputs of a line, or of the part of one, that a task has.
  int64_t lineOutputs() { return cutsLines() ? positionsPerTask : last.output; }

  void forPartialSums(const Tile &tile,
                      llvm::function_ref<void(int64_t number, llvm::Value *address)> body) {
    llvm::Value *output = firstOutput(tile);
    if (cutsLines())
      output = b().CreateSub(output, positionBegin);
    llvm::Value *line = b().CreateMul(b().CreateSub(tile.line, lineBegin), i64(lineOutputs()));
    llvm::Value *place = advance(b(), element, partialSums, b().CreateAdd(line, output), tileWidth);
    auto vectors = static_cast<int64_t>(columns.size());
    for (int64_t r = 0; r < tile.height; ++r)
      for (int64_t v = 0; v < vectors; ++v)
        body(r * vectors + v,
             advance(b(), element, place, r * tile.phase.outputStep * tileWidth + v * lanes));
  }

  ir::ConvolutionOp op;
  passes::ConvolutionGeometry geometry;
  const ir::WindowAxis &last;
  llvm::SmallVector<ir::WindowPhase> phases; ///< of the last axis
  int64_t tileRows, tileWidth;
  int64_t channelsPerBlock; ///< 0: all taps and channels in one go
  int64_t linesPerTask, positionsPerTask, columnsPerTask;
  bool prefetchesAhead;

  llvm::Type *element = nullptr;
  Image input;
  Storage filter;
  std::vector<TapTable> tables;     ///< of the outer axes, without blocks
  std::vector<TapInputs> tapInputs; ///< of the outer axes, with blocks

  llvm::Value *image = nullptr, *group = nullptr;
  llvm::Value *lineBegin = nullptr, *lineEnd = nullptr;
  llvm::Value *positionBegin = nullptr, *positionEnd = nullptr;
  llvm::Value *columnBegin = nullptr, *columnEnd = nullptr;
  Indices outer; ///< of the line at hand
  llvm::SmallVector<Index> columns;
  Values panels; ///< the filter's first line for each vector of columns
  llvm::Value *columnMask = nullptr;
  Values blockTaps; ///< of the outer axes
  llvm::Value *partialSums = nullptr;
};

} // namespace

std::unique_ptr<KernelEmitter> createConvolutionEmitter(const KernelJob &job,
                                                        const TargetSpec &target) {
  auto chosen = passes::scheduleAs<ir::ConvolutionScheduleAttr>(job.kernel);
  ConvolutionPlan plan{chosen.getTileRows(), chosen.getTileVectors(), chosen.getChannels(),
                       chosen.getLines(),    chosen.getPositions(),   chosen.getColumns(),
                       chosen.getAhead()};
  return std::make_unique<ConvolutionEmitter>(job, target, plan);
}

std::unique_ptr<KernelEmitter> createDepthwiseEmitter(const KernelJob &job,
                                                      const TargetSpec &target) {
  auto chosen = passes::scheduleAs<ir::DepthwiseScheduleAttr>(job.kernel);
  ConvolutionPlan plan{chosen.getTileRows(), chosen.getTileVectors(), /*channels=*/0,
                       chosen.getLines(),    chosen.getPositions(),   chosen.getColumns(),
                       chosen.getAhead()};
  return std::make_unique<ConvolutionEmitter>(job, target, plan);
}

} // namespace lamina::codegen
