// Gradients of convolutions by their filters: register tiles of input channels x vectors of filters
// that run over positions. The positions are cut into blocks of lines, small enough that a block of
// both images stays in cache while all tiles read it again; the tiles' sums stand in the result
// between blocks. Blocks follow from shapes alone, so the order of every sum does. In a depthwise
// convolution each filter meets its own channel: tiles are vectors of channels.
#include "codegen/elementwise.h"
#include "codegen/filter_walk.h"
#include "codegen/kernel_emitter.h"
#include "passes/schedule.h"

using namespace mlir;

namespace lamina::codegen {
namespace {

/// Sums that the positions of a depthwise gradient are dealt out to.
constexpr int64_t kParts = 4;

class FilterGradientEmitter final : public KernelEmitter {
public:
  FilterGradientEmitter(const KernelJob &job, const TargetSpec &target)
      : KernelEmitter(job, target), op(*body().getOps<ir::FilterGradientOp>().begin()),
        depthwise(schedule().getFamily() == ir::KernelFamily::depthwise_gradient),
        geometry(passes::ConvolutionGeometry::of(op)),
        channelsOfPixel(geometry.channels * geometry.groups), tileRows(schedule().getTile()[0]),
        tileWidth(schedule().getTile()[1] * lanes), channelsPerTask(schedule().getTasks()[0]),
        columnsPerTask(schedule().getTasks()[1]),
        blockLength(schedule().getTasks()[geometry.axes.size() == 1 ? 3 : 2]) {
    if (depthwise) // one group whose filters are its channels
      std::swap(geometry.groups, geometry.filters);
  }

  llvm::Value *emitTaskCount(llvm::IRBuilder<> &builder, llvm::Value *) override {
    return builder.getInt64(channelBlocks() * columnBlocks() * geometry.axes.front().window *
                            geometry.groups);
  }

private:
  int64_t channelBlocks() { return llvm::divideCeil(geometry.channels, channelsPerTask); }
  int64_t columnBlocks() { return llvm::divideCeil(geometry.filters, columnsPerTask); }
  int64_t filtersOfPixel() { return geometry.filters * geometry.groups; }

  //===--- Tasks and blocks
  //---------------------------------------------------------------------===//

  void emitTask(llvm::Value *task) override {
    bindMemory();
    auto take = [&](int64_t count) {
      llvm::Value *part = b().CreateURem(task, i64(count));
      task = b().CreateUDiv(task, i64(count));
      return part;
    };
    auto range = [&](int64_t block, int64_t size, int64_t blocks) {
      llvm::Value *begin = b().CreateMul(take(blocks), i64(block));
      return std::pair(begin, emitSmaller(b(), b().CreateAdd(begin, i64(block)), i64(size)));
    };
    channels = range(channelsPerTask, geometry.channels, channelBlocks());
    columns = range(columnsPerTask, geometry.filters, columnBlocks());
    firstTap = take(geometry.axes.front().window);
    group = task;
    emitZeros();
    llvm::Value *images =
        KernelEmitter::emitProduct(b(), op.getLhs().getType().getShape().take_front(), rows);
    emitLoop(b(), i64(0), images, 1, [&](llvm::Value *number) {
      image = number;
      int64_t positions = tables.front().positions;
      emitLoop(b(), i64(0), i64(positions), blockLength, [&](llvm::Value *begin) {
        block = {begin, emitSmaller(b(), b().CreateAdd(begin, i64(blockLength)), i64(positions))};
        stretches.assign(1, tables[0].loadPart(b(), firstTap, block.first, block.second));
        emitTaps(1, firstTap);
      });
    });
  }

  void bindMemory() {
    llvm::SmallVector<int64_t> inputs, outputAxes;
    llvm::Module &module = *b().GetInsertBlock()->getModule();
    for (const ir::WindowAxis &axis : geometry.axes) {
      inputs.push_back(axis.input);
      outputAxes.push_back(axis.output);
      tables.emplace_back(module, axis);
    }
    element = registerType(b().getContext(), op.getType().getElementType());
    input = Image::make(memoryOf(op.getLhs()), element, inputs, channelsOfPixel);
    gradient = Image::make(memoryOf(op.getGradient()), element, outputAxes, filtersOfPixel());
    result = outputs[0].pointer;
  }

  llvm::Value *memoryOf(Value operand) {
    auto reshape = operand.getDefiningOp<ir::ReshapeOp>();
    return expressions->getStorage(reshape ? reshape.getOperand() : operand)->pointer;
  }

  /// The task's part of the result, before the first block is added.
  void emitZeros() {
    int64_t taps = geometry.taps() / geometry.axes.front().window;
    emitLoop(b(), i64(0), i64(taps), 1, [&](llvm::Value *tap) {
      llvm::Value *number = b().CreateAdd(b().CreateMul(firstTap, i64(taps)), tap);
      emitLoop(b(), channels.first, channels.second, 1, [&](llvm::Value *channel) {
        llvm::Value *line = resultAddress(number, channel, columns.first);
        llvm::Value *bytes = b().CreateMul(b().CreateSub(columns.second, columns.first),
                                           i64(element->getPrimitiveSizeInBits() / 8));
        b().CreateMemSet(line, b().getInt8(0), bytes, llvm::MaybeAlign(4));
      });
    });
  }

  llvm::Value *resultAddress(llvm::Value *tap, llvm::Value *channel, llvm::Value *column) {
    llvm::Value *line = b().CreateAdd(b().CreateMul(tap, i64(geometry.channels)), channel);
    llvm::Value *place = advance(b(), element, result, line, filtersOfPixel());
    place = advance(b(), element, place, group, geometry.filters);
    return advance(b(), element, place, column, 1);
  }

  /// Loops over the taps of the axes after the first; `tap` is the number of the tap so far.
  void emitTaps(size_t axis, llvm::Value *tap) {
    if (axis == tables.size()) {
      emitChannels(tap);
      return;
    }
    int64_t window = geometry.axes[axis].window;
    emitLoop(b(), i64(0), i64(window), 1, [&](llvm::Value *position) {
      stretches.resize(axis);
      stretches.push_back(tables[axis].load(b(), position));
      emitTaps(axis + 1, b().CreateAdd(b().CreateMul(tap, i64(window)), position));
    });
  }

  //===--- Tiles
  //--------------------------------------------------------------------------------===//

  void emitChannels(llvm::Value *tap) {
    int64_t left = geometry.channels % tileRows;
    llvm::Value *wholeEnd = emitSmaller(b(), channels.second, i64(geometry.channels - left));
    emitLoop(b(), channels.first, wholeEnd, tileRows,
             [&](llvm::Value *channel) { emitColumns(tap, channel, tileRows); });
    if (left > 0)
      emitIf(b(), b().CreateICmpEQ(channels.second, i64(geometry.channels)),
             [&] { emitColumns(tap, i64(geometry.channels - left), left); });
  }

  void emitColumns(llvm::Value *tap, llvm::Value *channel, int64_t height) {
    int64_t left = geometry.filters % tileWidth;
    llvm::Value *wholeEnd = emitSmaller(b(), columns.second, i64(geometry.filters - left));
    if (geometry.filters >= tileWidth)
      emitLoop(b(), columns.first, wholeEnd, tileWidth, [&](llvm::Value *column) {
        emitTile(tap, channel, height, column, tileWidth / lanes, nullptr);
      });
    if (left > 0)
      emitIf(b(), b().CreateICmpEQ(columns.second, i64(geometry.filters)), [&] {
        emitTile(tap, channel, height, i64(geometry.filters - left), llvm::divideCeil(left, lanes),
                 left % lanes ? maskOf(left % lanes) : nullptr);
      });
  }

  void emitTile(llvm::Value *tap, llvm::Value *channel, int64_t height, llvm::Value *column,
                int64_t vectors, llvm::Value *mask) {
    llvm::Value *place = resultAddress(tap, channel, column);
    mlir::Type type = op.getType().getElementType();
    auto forAll = [&](auto &&body) {
      for (int64_t r = 0; r < height; ++r)
        for (int64_t v = 0; v < vectors; ++v) {
          expressions->setMask(v + 1 == vectors ? mask : nullptr);
          body(r * vectors + v, advance(b(), element, place, r * filtersOfPixel() + v * lanes));
        }
      expressions->setMask(nullptr);
    };
    Values old;
    forAll([&](size_t, llvm::Value *address) {
      old.push_back(expressions->loadAt(address, type, true));
    });
    llvm::Value *left = advance(b(), element, input.pointer, image, input.rowStride());
    left = advance(b(), element, left, group, geometry.channels);
    left = advance(b(), element, left, channel, 1);
    llvm::Value *right = advance(b(), element, gradient.pointer, image, gradient.rowStride());
    right = advance(b(), element, right, group, geometry.filters);
    right = advance(b(), element, right, column, 1);
    Values sums;
    if (depthwise)
      sums = emitChannelSums(advance(b(), element, left, column, 1), right, mask, old);
    else
      sums = emitPositions(0, left, right, old,
                           [&](llvm::Value *x, llvm::Value *y, const Values &carried) {
                             return emitProduct(x, y, height, vectors, mask, carried);
                           });
    forAll([&](size_t number, llvm::Value *address) { storeVector(address, sums[number]); });
  }

  void storeVector(llvm::Value *address, llvm::Value *value) {
    llvm::Align align(element->getPrimitiveSizeInBits() / 8);
    if (llvm::Value *mask = expressions->getMask())
      b().CreateMaskedStore(value, address, align, mask);
    else
      b().CreateAlignedStore(value, address, align);
  }

  using LineBody =
      std::function<Values(llvm::Value *left, llvm::Value *right, const Values &carried)>;

  /// Runs `body` for the stretch of the last axis in every line of the other axes' stretches.
  Values emitPositions(size_t axis, llvm::Value *left, llvm::Value *right, const Values &sums,
                       const LineBody &body) {
    const TapStretch &stretch = stretches[axis];
    left = advance(b(), element, left, stretch.input, input.axisStride(axis));
    right = advance(b(), element, right, stretch.gradient, gradient.axisStride(axis));
    if (axis + 1 == tables.size())
      return body(left, right, sums);
    return emitLoop(
        b(), i64(0), stretch.length, 1, sums, [&](llvm::Value *i, const Values &carried) {
          return emitPositions(axis + 1, advance(b(), element, left, i, leftStep(axis)),
                               advance(b(), element, right, i, rightStep(axis)), carried, body);
        });
  }

  /// Elements from one position of an axis to the next.
  int64_t leftStep(size_t axis) { return tables[axis].inputStep * input.axisStride(axis); }
  int64_t rightStep(size_t axis) { return tables[axis].gradientStep * gradient.axisStride(axis); }

  Values emitProduct(llvm::Value *left, llvm::Value *right, int64_t height, int64_t vectors,
                     llvm::Value *mask, const Values &sums) {
    size_t axis = tables.size() - 1;
    TileProduct product{b(), target, element, lanes, leftStep(axis), rightStep(axis), mask};
    RowOffsets offsets;
    for (int64_t r = 0; r < height; ++r)
      offsets.push_back(r);
    Values panels;
    for (int64_t v = 0; v < vectors; ++v)
      panels.push_back(advance(b(), element, right, v * lanes));
    return product.emit(left, offsets, panels, stretches[axis].length, sums);
  }

  /// Adds to `old` the sums of products of both images' vectors. Neighbouring positions go to
  /// different sums, which hides the latency of the additions.
  Values emitChannelSums(llvm::Value *left, llvm::Value *right, llvm::Value *mask,
                         const Values &old) {
    size_t axis = tables.size() - 1, vectors = old.size();
    auto combine = [&](llvm::Value *x, llvm::Value *y, llvm::Value *position, int64_t part,
                       const Values &carried) {
      Values next(carried);
      x = advance(b(), element, advance(b(), element, x, position, leftStep(axis)),
                  part * leftStep(axis));
      y = advance(b(), element, advance(b(), element, y, position, rightStep(axis)),
                  part * rightStep(axis));
      mlir::Type type = op.getType().getElementType();
      for (size_t v = 0; v < vectors; ++v) {
        expressions->setMask(v + 1 == vectors ? mask : nullptr);
        llvm::Value *a = expressions->loadAt(advance(b(), element, x, v * lanes), type, true);
        llvm::Value *c = expressions->loadAt(advance(b(), element, y, v * lanes), type, true);
        llvm::Value *&sum = next[part * vectors + v];
        sum = emitMultiplyAdd(b(), target, a, c, sum);
        expressions->setMask(nullptr);
      }
      return next;
    };
    Values sums(kParts * vectors, llvm::Constant::getNullValue(old[0]->getType()));
    sums = emitPositions(
        0, left, right, sums, [&](llvm::Value *x, llvm::Value *y, const Values &carried) {
          llvm::Value *length = stretches[axis].length;
          llvm::Value *whole = b().CreateAnd(length, i64(-kParts));
          Values result = emitLoop(b(), i64(0), whole, kParts, carried,
                                   [&](llvm::Value *position, const Values &values) {
                                     Values next(values);
                                     for (int64_t part = 0; part < kParts; ++part)
                                       next = combine(x, y, position, part, next);
                                     return next;
                                   });
          return emitLoop(b(), whole, length, 1, result,
                          [&](llvm::Value *position, const Values &values) {
                            return combine(x, y, position, 0, values);
                          });
        });
    Values result;
    for (size_t v = 0; v < vectors; ++v) {
      llvm::Value *sum = old[v];
      for (int64_t part = 0; part < kParts; ++part)
        sum = b().CreateFAdd(sum, sums[part * vectors + v]);
      result.push_back(sum);
    }
    return result;
  }

  ir::FilterGradientOp op;
  bool depthwise;
  passes::ConvolutionGeometry geometry;
  int64_t channelsOfPixel, tileRows, tileWidth, channelsPerTask, columnsPerTask, blockLength;

  llvm::Type *element = nullptr;
  Image input, gradient;
  llvm::Value *result = nullptr;
  std::vector<StretchTable> tables;

  using Range = std::pair<llvm::Value *, llvm::Value *>;
  Range channels, columns, block; ///< of the task and of the block of the first axis
  llvm::Value *firstTap = nullptr, *group = nullptr, *image = nullptr;
  llvm::SmallVector<TapStretch> stretches; ///< of the tap at hand
};

} // namespace

std::unique_ptr<KernelEmitter> createFilterGradientEmitter(const KernelJob &job,
                                                           const TargetSpec &target) {
  return std::make_unique<FilterGradientEmitter>(job, target);
}

} // namespace lamina::codegen
