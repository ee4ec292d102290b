// Gradients of depthwise convolutions by their filters: each filter meets its own channel, so tiles
// are vectors of channels and both images are read as they stand.
#include "codegen/elementwise.h"
#include "codegen/filter_walk.h"

using namespace mlir;

namespace lamina::codegen {
namespace {

/// Sums that neighbouring positions are dealt out to: hides the latency of the additions.
constexpr int64_t kParts = 4;

class DepthwiseGradientEmitter final : public FilterWalkEmitter {
public:
  DepthwiseGradientEmitter(const KernelJob &job, const TargetSpec &target)
      : FilterWalkEmitter(job, target), vectors(schedule().getTile()[1]) {}

private:
  void emitBlock() override { emitTaps(1, firstTap); }

  /// Loops over the taps of the axes after the first; `tap` is the number of the tap so far.
  void emitTaps(size_t axis, llvm::Value *tap) {
    if (axis == tables.size()) {
      emitColumns(tap);
      return;
    }
    int64_t window = geometry.axes[axis].window;
    emitLoop(b(), i64(0), i64(window), 1, [&](llvm::Value *position) {
      stretches.resize(axis);
      stretches.push_back(tables[axis].load(b(), position));
      emitTaps(axis + 1, b().CreateAdd(b().CreateMul(tap, i64(window)), position));
    });
  }

  void emitColumns(llvm::Value *tap) {
    emitTiles(b(), columns.first, columns.second, geometry.filters, vectors * lanes,
              [&](llvm::Value *column, int64_t width) {
                emitTile(tap, column, llvm::divideCeil(width, lanes),
                         width % lanes ? maskOf(width % lanes) : nullptr);
              });
  }

  void emitTile(llvm::Value *tap, llvm::Value *column, int64_t count, llvm::Value *mask) {
    llvm::Constant *zero = llvm::Constant::getNullValue(llvm::FixedVectorType::get(element, lanes));
    Values sums = emitLines(
        Values(kParts * count, zero), [&](llvm::Value *x, llvm::Value *y, const Values &carried) {
          x = advance(b(), element, x, column, 1);
          y = advance(b(), element, y, column, 1);
          llvm::Value *length = stretches.back().length;
          llvm::Value *whole = b().CreateAnd(length, i64(-kParts));
          Values result = emitLoop(b(), i64(0), whole, kParts, carried,
                                   [&](llvm::Value *position, const Values &values) {
                                     Values next(values);
                                     for (int64_t part = 0; part < kParts; ++part)
                                       combine(x, y, position, part, mask, next);
                                     return next;
                                   });
          return emitLoop(b(), whole, length, 1, result,
                          [&](llvm::Value *position, const Values &values) {
                            Values next(values);
                            combine(x, y, position, 0, mask, next);
                            return next;
                          });
        });
    for (int64_t v = 0; v < count; ++v)
      for (int64_t part = 1; part < kParts; ++part)
        sums[v] = b().CreateFAdd(sums[v], sums[part * count + v]);
    sums.resize(count);
    addToResult(tap, i64(0), column, sums, count, mask);
  }

  using LineBody =
      std::function<Values(llvm::Value *input, llvm::Value *gradient, const Values &carried)>;

  /// Runs `body` with both images' pointers at the beginning of the last axis' stretch, for every
  /// line of the other axes' stretches in every image of the block.
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
    const TapStretch &stretch = stretches[axis];
    left = advance(b(), element, left, stretch.input, input.axisStride(axis));
    right = advance(b(), element, right, stretch.gradient, gradient.axisStride(axis));
    if (axis + 1 == tables.size())
      return body(left, right, initial);
    return emitLoop(
        b(), i64(0), stretch.length, 1, initial, [&](llvm::Value *i, const Values &carried) {
          return emitAxis(axis + 1, advance(b(), element, left, i, inputStep(axis)),
                          advance(b(), element, right, i, gradientStep(axis)), carried, body);
        });
  }

  /// Adds the products at position + part to the sums of that part.
  void combine(llvm::Value *x, llvm::Value *y, llvm::Value *position, int64_t part,
               llvm::Value *mask, Values &sums) {
    size_t axis = tables.size() - 1;
    int64_t count = static_cast<int64_t>(sums.size()) / kParts;
    x = advance(b(), element, advance(b(), element, x, position, inputStep(axis)),
                part * inputStep(axis));
    y = advance(b(), element, advance(b(), element, y, position, gradientStep(axis)),
                part * gradientStep(axis));
    mlir::Type type = op.getType().getElementType();
    for (int64_t v = 0; v < count; ++v) {
      expressions->setMask(v + 1 == count ? mask : nullptr);
      llvm::Value *a = expressions->loadAt(advance(b(), element, x, v * lanes), type, true);
      llvm::Value *c = expressions->loadAt(advance(b(), element, y, v * lanes), type, true);
      llvm::Value *&sum = sums[part * count + v];
      sum = emitMultiplyAdd(b(), target, a, c, sum);
      expressions->setMask(nullptr);
    }
  }

  int64_t vectors;
};

} // namespace

std::unique_ptr<KernelEmitter> createDepthwiseGradientEmitter(const KernelJob &job,
                                                              const TargetSpec &target) {
  return std::make_unique<DepthwiseGradientEmitter>(job, target);
}

} // namespace lamina::codegen
