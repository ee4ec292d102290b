#include "codegen/kernels/convolution/filter_walk.h"

#include "passes/families/families.h"
#include "llvm/IR/Module.h"

using namespace mlir;

namespace lamina::codegen {

//===--- Stretches ----------------------------------------------------------------------------===//

StretchTable::StretchTable(llvm::Module &module, const ir::WindowAxis &axis) {
  auto [overInput, walk, phase] = passes::FilterWalkAxis(axis);
  positions = walk.output;
  (overInput ? gradientStep : inputStep) = phase.inputStep;
  llvm::SmallVector<int64_t> entries(axis.window * 4, 0);
  for (const ir::WindowTap &tap : phase.taps) {
    int64_t other = tap.begin * phase.inputStep + tap.offset;
    int64_t *entry = &entries[tap.position * 4];
    entry[0] = tap.begin;
    entry[1] = overInput ? tap.begin : other;
    entry[2] = overInput ? other : tap.begin;
    entry[3] = tap.end - tap.begin;
  }
  table =
      addConstant(module, llvm::ConstantDataArray::get(module.getContext(), entries), "stretches");
}

static llvm::Value *loadField(llvm::IRBuilder<> &builder, llvm::GlobalVariable *table,
                              llvm::Value *position, int64_t field) {
  llvm::Type *word = builder.getInt64Ty();
  llvm::Value *index = builder.CreateAdd(builder.CreateShl(position, 2), builder.getInt64(field));
  return builder.CreateLoad(word, builder.CreateInBoundsGEP(word, table, index));
}

TapStretch StretchTable::load(llvm::IRBuilder<> &builder, llvm::Value *position) const {
  return {loadField(builder, table, position, 1), loadField(builder, table, position, 2),
          loadField(builder, table, position, 3)};
}

TapStretch StretchTable::loadPart(llvm::IRBuilder<> &builder, llvm::Value *position,
                                  llvm::Value *begin, llvm::Value *end) const {
  llvm::Value *first = loadField(builder, table, position, 0);
  TapStretch whole = load(builder, position);
  llvm::Value *zero = builder.getInt64(0);
  auto larger = [&](llvm::Value *a, llvm::Value *b) {
    return builder.CreateBinaryIntrinsic(llvm::Intrinsic::smax, a, b);
  };
  llvm::Value *skipped = larger(builder.CreateSub(begin, first), zero);
  llvm::Value *last = emitSmaller(builder, whole.length, builder.CreateSub(end, first));
  return {
      builder.CreateAdd(whole.input, builder.CreateMul(skipped, builder.getInt64(inputStep))),
      builder.CreateAdd(whole.gradient, builder.CreateMul(skipped, builder.getInt64(gradientStep))),
      larger(builder.CreateSub(last, skipped), zero)};
}

//===--- Tasks and blocks ---------------------------------------------------------------------===//

FilterWalkEmitter::FilterWalkEmitter(const KernelJob &job, const TargetSpec &target,
                                     FirstTaps firstTaps, const WalkPlan &plan)
    : KernelEmitter(job, target), op(passes::anchorAs<ir::FilterGradientOp>(kernel())),
      geometry(passes::ConvolutionGeometry::of(op)), tileRows(plan.tileRows),
      tileWidth(plan.tileVectors * lanes), channelsPerTask(plan.channels),
      columnsPerTask(plan.columns), blockLength(plan.positions), imagesPerBlock(plan.images),
      firstTaps(firstTaps) {
  for (const ir::WindowAxis &axis : geometry.axes)
    walks.push_back(PanelWalk::of(axis));
}

llvm::Value *FilterWalkEmitter::emitTaskCount(llvm::IRBuilder<> &builder, llvm::Value *) {
  int64_t slices = op.getSlice() ? op.getType().getDimSize(0) : 1;
  return builder.getInt64(llvm::divideCeil(geometry.channels, channelsPerTask) *
                          llvm::divideCeil(geometry.filters, columnsPerTask) * sharedTaps() *
                          geometry.groups * slices);
}

void FilterWalkEmitter::emitTask(llvm::Value *task) {
  bindMemory();
  prepare();
  auto take = [&](int64_t count) { return takePart(b(), task, i64(count)); };
  auto range = [&](int64_t part, int64_t size) {
    llvm::Value *begin = b().CreateMul(take(llvm::divideCeil(size, part)), i64(part));
    return Range(begin, emitSmaller(b(), b().CreateAdd(begin, i64(part)), i64(size)));
  };
  channels = range(channelsPerTask, geometry.channels);
  columns = range(columnsPerTask, geometry.filters);
  firstTap = take(sharedTaps());
  group = take(geometry.groups);
  llvm::Value *all = emitProduct(b(), op.getLhs().getType().getShape().take_front(), rows);
  Range taskImages = {i64(0), all};
  if (op.getSlice()) {
    slice = task;
    auto length = static_cast<int64_t>(*op.getSlice());
    llvm::Value *first = b().CreateMul(slice, i64(length));
    taskImages = {first, emitSmaller(b(), b().CreateAdd(first, i64(length)), all)};
  }
  emitZeros();
  emitLoop(b(), taskImages.first, taskImages.second, imagesPerBlock, [&](llvm::Value *image) {
    images = {image,
              emitSmaller(b(), b().CreateAdd(image, i64(imagesPerBlock)), taskImages.second)};
    llvm::Value *all = i64(tables.front().positions);
    emitLoop(b(), i64(0), all, blockLength, [&](llvm::Value *begin) {
      positions = {begin, emitSmaller(b(), b().CreateAdd(begin, i64(blockLength)), all)};
      computeOperands();
      emitBlock();
    });
  });
}

void FilterWalkEmitter::bindMemory() {
  llvm::SmallVector<int64_t> inputs, outputAxes;
  llvm::Module &module = *b().GetInsertBlock()->getModule();
  for (const ir::WindowAxis &axis : geometry.axes) {
    inputs.push_back(axis.input);
    outputAxes.push_back(axis.output);
    tables.emplace_back(module, axis);
  }
  element = registerType(b().getContext(), op.getType().getElementType());
  auto bind = [&](Value operand, ArrayRef<int64_t> axes, int64_t channels, int64_t mostLines,
                  std::optional<ComputedImage> &computed) {
    std::optional<Storage> memory = findMemory(operand);
    Image image = Image::make(memory ? memory->pointer : nullptr, element, axes, channels);
    if (!memory)
      computed.emplace(b(), *expressions, operand, image, imagesPerBlock, mostLines);
    return image;
  };
  const ir::WindowAxis &first = geometry.axes.front();
  int64_t lines = std::min(blockLength, first.output);
  input = bind(op.getLhs(), inputs, geometry.inputChannels(), countLinesMetBy(first, lines),
               computedInput);
  gradient = bind(op.getGradient(), outputAxes, filtersOfPixel(), lines, computedGradient);
}

void FilterWalkEmitter::computeOperands() {
  if (computedInput)
    input.pointer = computedInput->compute(
        images, linesMetBy(b(), geometry.axes.front(), positions.first, positions.second),
        geometry.depthwise ? columns : channels);
  if (computedGradient)
    gradient.pointer = computedGradient->compute(images, positions, columns);
}

/// The task's part of the result, before the first block is added.
void FilterWalkEmitter::emitZeros() {
  int64_t taps = geometry.taps() / sharedTaps();
  emitLoop(b(), i64(0), i64(taps), 1, [&](llvm::Value *tap) {
    llvm::Value *number = b().CreateAdd(b().CreateMul(firstTap, i64(taps)), tap);
    emitLoop(b(), channels.first, channels.second, 1, [&](llvm::Value *channel) {
      int64_t width = element->getPrimitiveSizeInBits() / 8;
      llvm::Value *bytes = b().CreateMul(b().CreateSub(columns.second, columns.first), i64(width));
      b().CreateMemSet(resultAddress(number, channel, columns.first), b().getInt8(0), bytes,
                       llvm::MaybeAlign(width));
    });
  });
}

//===--- Inside a block -----------------------------------------------------------------------===//

llvm::Value *FilterWalkEmitter::resultAddress(llvm::Value *tap, llvm::Value *channel,
                                              llvm::Value *column) {
  llvm::Value *line = b().CreateAdd(b().CreateMul(tap, i64(geometry.channels)), channel);
  llvm::Value *place = advance(b(), element, outputs[0].pointer, line, filtersOfPixel());
  if (slice)
    place = advance(b(), element, place, slice, op.getFilterType().getNumElements());
  place = advance(b(), element, place, group, geometry.filters);
  return advance(b(), element, place, column, 1);
}

void FilterWalkEmitter::addToResult(llvm::Value *tap, llvm::Value *channel, llvm::Value *column,
                                    llvm::ArrayRef<llvm::Value *> sums, int64_t vectors,
                                    llvm::Value *mask) {
  llvm::Align align(element->getPrimitiveSizeInBits() / 8);
  llvm::Value *place = resultAddress(tap, channel, column);
  for (auto [number, sum] : llvm::enumerate(sums)) {
    auto row = static_cast<int64_t>(number) / vectors, v = static_cast<int64_t>(number) % vectors;
    llvm::Value *own = v + 1 == vectors ? mask : nullptr;
    llvm::Value *address = advance(b(), element, place, row * filtersOfPixel() + v * lanes);
    expressions->setMask(own);
    llvm::Value *old = expressions->loadAt(address, op.getType().getElementType(), true);
    expressions->setMask(nullptr);
    llvm::Value *next = b().CreateFAdd(old, sum);
    if (own)
      b().CreateMaskedStore(next, address, align, own);
    else
      b().CreateAlignedStore(next, address, align);
  }
}

//===--- The next block -----------------------------------------------------------------------===//

void FilterWalkEmitter::prefetchNextBlock(llvm::Value *row, llvm::Value *column, int64_t rows) {
  int64_t filters = std::min(columnsPerTask, geometry.filters);
  int64_t rowTiles = llvm::divideCeil(rows, tileRows);
  int64_t tiles = rowTiles * llvm::divideCeil(filters, tileWidth);
  llvm::Value *tile = b().CreateMul(b().CreateUDiv(column, i64(tileWidth)), i64(rowTiles));
  tile = b().CreateAdd(tile, b().CreateUDiv(row, i64(tileRows)));
  auto inputAxes = PanelWalk::inputAxes(walks), gradientAxes = PanelWalk::gradientAxes(walks);
  llvm::Value *firstFilter =
      b().CreateAdd(b().CreateMul(group, i64(geometry.filters)), columns.first);
  llvm::Value *firstChannel =
      b().CreateAdd(b().CreateMul(group, i64(geometry.channels)), channels.first);
  int64_t inputChannels = std::min(channelsPerTask, geometry.channels);
  if (!computedInput && geometry.depthwise)
    prefetchNext(input, inputStep(0), inputAxes, firstFilter, filters, tile, tiles);
  else if (!computedInput)
    prefetchNext(input, inputStep(0), inputAxes, firstChannel, inputChannels, tile, tiles);
  if (!computedGradient)
    prefetchNext(gradient, gradientStep(0), gradientAxes, firstFilter, filters, tile, tiles);
}

/// `step` elements lie between the lines of neighbouring positions of the first axis. What the next
/// block reads follows this one's part, or lies in the next images.
void FilterWalkEmitter::prefetchNext(const Image &image, int64_t step,
                                     llvm::ArrayRef<PanelAxis> axes, llvm::Value *channel,
                                     int64_t count, llvm::Value *part, int64_t parts) {
  bool wholeImages = imagesPerBlock > 1 || blockLength >= tables.front().positions;
  int64_t distance = wholeImages ? imagesPerBlock * image.rowStride() : blockLength * step;
  int64_t lineStep = firstTaps == FirstTaps::Apart ? step : axes[0].step * image.axisStride(0);
  LineGrid lines;
  lines.add(imagesPerBlock, image.rowStride());
  lines.add(blockLength * step / lineStep, lineStep);
  for (auto [axis, extent] : llvm::drop_begin(llvm::enumerate(axes))) {
    lines.add(extent.end() - extent.begin(), extent.step * image.axisStride(axis));
    distance += (extent.first + extent.begin() * extent.step) * image.axisStride(axis);
  }
  lines.add(count, 1);
  llvm::Value *place = advance(b(), element, image.pointer, images.first, image.rowStride());
  place = advance(b(), element, place, positions.first, step);
  place = advance(b(), element, place, channel, 1);
  lines.prefetch(b(), element, advance(b(), element, place, distance), part, parts);
}

} // namespace lamina::codegen
