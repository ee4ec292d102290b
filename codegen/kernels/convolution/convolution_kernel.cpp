// Convolutions over images with channels last: register tiles of neighbouring outputs of a line x
// vectors of filters that run over all taps and channels, with the kernel's elementwise operations
// applied to the sums before they are stored. A depthwise convolution has one channel for each
// filter, so its input is read in vectors, too. Nothing is copied or padded: outer axes take their
// taps from tables, and along the last axis tiles that reach into the padding leave it out. Only an
// input that is computed elementwise goes through scratch memory, the lines of a task at a time.
// Where a column tile's part of the filter does not stay in the first-level cache, the task goes
// through it in blocks of one tap of the outer axes and some channels; its sums are in scratch
// memory between blocks.
#include "codegen/expressions/elementwise.h"
#include "codegen/kernels/convolution/convolution_emitter.h"
#include "passes/schedule/schedule.h"

using namespace mlir;

namespace lamina::codegen {
namespace {

/// A line of taps with at most so many products is added to the sum of the lines before; longer
/// ones are summed apart.
constexpr int64_t kMostProductsAddedOn = 64;

} // namespace

//===--- Tasks ------------------------------------------------------------------------------===//

llvm::Value *ConvolutionEmitter::emitTaskCount(llvm::IRBuilder<> &builder, llvm::Value *rows) {
  llvm::Value *images =
      builder.getInt64(lineBlocks() * positionBlocks() * columnBlocks() * geometry.groups);
  return builder.CreateMul(emitProduct(builder, op.getType().getShape().take_front(), rows),
                           images);
}

void ConvolutionEmitter::emitTask(llvm::Value *task) {
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
  computeInput();
  if (hasBlocks())
    emitColumns([&] { emitBlocks(); });
  else if (geometry.depthwise)
    // Nothing but the input is kept in cache: all channels of a few outputs come before the next
    // ones, in the order of memory.
    emitLines([&](const Tile &tile) { emitColumns([&] { emitTile(tile); }); },
              [&] { emitColumns([&] { emitLineSums(); }); });
  else
    emitColumns(
        [&] { emitLines([&](const Tile &tile) { emitTile(tile); }, [&] { emitLineSums(); }); });
}

void ConvolutionEmitter::bindMemory() {
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
  std::optional<Storage> memory = findMemory(op.getLhs());
  input =
      Image::make(memory ? memory->pointer : nullptr, element, inputs, geometry.inputChannels());
  if (!memory) {
    int64_t lines = geometry.axes.front().input;
    if (cutsLines())
      lines = positionsPerTask;
    else if (geometry.axes.size() > 1)
      lines = countLinesMetBy(geometry.axes.front(), linesPerTask);
    computed.emplace(b(), *expressions, op.getLhs(), input, /*mostImages=*/1, lines);
    prefetchesAhead = false;
  }
  filter = *findMemory(op.getRhs());
  if (hasBlocks())
    partialSums = allocateScratch(b(), element, linesPerTask * lineOutputs() * tileWidth);
}

void ConvolutionEmitter::computeInput() {
  if (!computed)
    return;
  ComputedImage::Range lines = {i64(0), i64(geometry.axes.front().input)};
  if (cutsLines())
    lines = {positionBegin, positionEnd};
  else if (geometry.axes.size() > 1)
    lines = linesMetBy(b(), geometry.axes.front(), lineBegin, lineEnd);
  ComputedImage::Range channels = {i64(0), i64(geometry.inputChannels())};
  if (geometry.depthwise)
    channels = {columnBegin, columnEnd};
  input.pointer = computed->compute({image, b().CreateAdd(image, i64(1))}, lines, channels);
}

void ConvolutionEmitter::emitColumns(const std::function<void()> &body) {
  emitTiles(b(), columnBegin, columnEnd, geometry.filters, tileWidth,
            [&](llvm::Value *column, int64_t width) {
              selectColumns(column, llvm::divideCeil(width, lanes),
                            width % lanes ? maskOf(width % lanes) : nullptr);
              body();
            });
}

void ConvolutionEmitter::selectColumns(llvm::Value *columnInGroup, int64_t vectors,
                                       llvm::Value *mask) {
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

//===--- Lines of outputs -------------------------------------------------------------------===//

void ConvolutionEmitter::emitLines(const TileBody &body, const std::function<void()> &behind) {
  emitLoop(b(), lineBegin, lineEnd, 1, [&](llvm::Value *line) {
    outer = outerIndices(line);
    emitLine(line, body);
    if (behind)
      behind();
  });
}

Indices ConvolutionEmitter::outerIndices(llvm::Value *line) {
  llvm::SmallVector<int64_t> extents;
  for (const ir::WindowAxis &axis : geometry.outerAxes())
    extents.push_back(axis.output);
  return delinearize(line, extents);
}

void ConvolutionEmitter::emitLine(llvm::Value *line, const TileBody &body) {
  for (const ir::WindowPhase &phase : phases) {
    if (cutsLines())
      emitUniformTiles(phase, line, body);
    else
      emitLineTiles(phase, line, body);
  }
}

void ConvolutionEmitter::emitUniformTiles(const ir::WindowPhase &phase, llvm::Value *line,
                                          const TileBody &body) {
  int64_t left = phase.count % positionsPerTask % tileRows;
  llvm::Value *length = b().CreateSub(positionEnd, positionBegin);
  llvm::Value *wholeEnd = b().CreateSub(positionEnd, b().CreateURem(length, i64(tileRows)));
  emitLoop(b(), positionBegin, wholeEnd, tileRows,
           [&](llvm::Value *start) { body({phase, line, start, tileRows}); });
  if (left > 0)
    emitIf(b(), b().CreateICmpSLT(wholeEnd, positionEnd),
           [&] { body({phase, line, wholeEnd, left}); });
}

void ConvolutionEmitter::emitLineTiles(const ir::WindowPhase &phase, llvm::Value *line,
                                       const TileBody &body) {
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

//===--- One register tile, whole sums ------------------------------------------------------===//

void ConvolutionEmitter::emitTile(const Tile &tile) {
  expressions->enterScope();
  if (geometry.depthwise && prefetchesAhead)
    prefetchNextTile(tile);
  else
    prefetchResults(firstOutput(tile), tile);
  TileProduct product = makeProduct(tile);
  // The taps of one line are summed apart, as long stretches of channels are: see TileProduct.
  Values zeros = product.zeros(tile.height * columns.size());
  Values sums = emitOuterTaps(
      0, inputPlace(tile), i64(0), zeros,
      [&](llvm::Value *place, llvm::Value *taps, const Values &carried) {
        bool apart = !geometry.depthwise && last.window * geometry.channels > kMostProductsAddedOn;
        Values line = emitLastTaps(tile, {i64(0), i64(geometry.channels)}, product, place, taps,
                                   apart ? zeros : carried);
        return apart ? product.add(carried, line) : line;
      });
  storeTile(tile, sums);
  expressions->leaveScope();
}

Values ConvolutionEmitter::emitOuterTaps(size_t axis, llvm::Value *place, llvm::Value *taps,
                                         const Values &sums, const TapBody &body) {
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

Values ConvolutionEmitter::emitLastTaps(const Tile &tile, const ChannelRange &range,
                                        const TileProduct &product, llvm::Value *place,
                                        llvm::Value *taps, const Values &sums) {
  const ir::WindowPhase &phase = tile.phase;
  taps = b().CreateMul(taps, i64(last.window));
  if (tile.inside && !geometry.depthwise && !hasBlocks() && isContiguous(phase)) {
    auto length = static_cast<int64_t>(phase.taps.size()) * geometry.channels;
    return emitChannels(tile, phase.taps.front(), {range.first, i64(length)}, product, place, taps,
                        sums);
  }
  Values result(sums);
  for (const ir::WindowTap &tap : phase.taps)
    result = emitChannels(tile, tap, range, product, place, taps, result);
  return result;
}

bool ConvolutionEmitter::isContiguous(const ir::WindowPhase &phase) {
  for (size_t i = 1; i < phase.taps.size(); ++i)
    if (phase.taps[i].offset != phase.taps[i - 1].offset + 1 ||
        phase.taps[i].position != phase.taps[i - 1].position + 1)
      return false;
  return !phase.taps.empty() && geometry.groups == 1;
}

Values ConvolutionEmitter::emitChannels(const Tile &tile, const ir::WindowTap &tap,
                                        const ChannelRange &range, const TileProduct &product,
                                        llvm::Value *place, llvm::Value *taps, const Values &sums) {
  RowOffsets offsets;
  std::optional<int64_t> start = tile.inside ? std::nullopt : constantOf(tile.start);
  for (int64_t r = 0; r < tile.height; ++r) {
    bool outside = start && (*start + r < tap.begin || *start + r >= tap.end);
    int64_t distance = (r * tile.phase.inputStep + tap.offset) * lastStride();
    offsets.push_back(outside ? std::nullopt : std::optional(distance));
  }
  llvm::Value *line = b().CreateMul(b().CreateAdd(taps, i64(tap.position)), i64(geometry.channels));
  line = b().CreateAdd(line, range.first);
  Values right;
  for (llvm::Value *panel : panels)
    right.push_back(advance(b(), element, panel, line, rightStride()));
  if (geometry.depthwise)
    return emitDepthwiseTap(place, offsets, right, sums);
  return product.emit(advance(b(), element, place, range.first, 1), offsets, right, range.second,
                      sums);
}

Values ConvolutionEmitter::emitDepthwiseTap(llvm::Value *place, const RowOffsets &offsets,
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
