#include "codegen/kernels/convolution/computed_image.h"

using namespace mlir;

namespace lamina::codegen {
namespace {

/// Pixels that are computed together: what belongs to a channel is read once for them.
constexpr int64_t kPixelsAtOnce = 4;

} // namespace

ComputedImage::ComputedImage(llvm::IRBuilder<> &builder, ExpressionEmitter &expressions,
                             Value value, const Image &layout, int64_t mostImages,
                             int64_t mostLines)
    : b(builder), expressions(expressions), value(value), layout(layout) {
  auto type = cast<RankedTensorType>(value.getType());
  rank = type.getRank();
  channelCount = type.getShape().back();
  linePixels = layout.axisStride(0) / channelCount;
  int64_t elements = (mostImages - 1) * layout.rowStride() + mostLines * layout.axisStride(0);
  memory = allocateScratch(b, layout.element, elements + expressions.getLanes());
}

llvm::Value *ComputedImage::compute(const Range &images, const Range &lines,
                                    const Range &channels) const {
  llvm::Value *first = b.CreateMul(images.first, b.getInt64(layout.rowStride()));
  first = b.CreateAdd(first, b.CreateMul(lines.first, b.getInt64(layout.axisStride(0))));
  llvm::Value *whole = b.CreateGEP(layout.element, memory, b.CreateNeg(first));
  int64_t lanes = expressions.getLanes();
  Range wide = {
      b.CreateAnd(channels.first, b.getInt64(-lanes)),
      b.CreateAnd(b.CreateAdd(channels.second, b.getInt64(lanes - 1)), b.getInt64(-lanes))};
  wide.second = emitSmaller(b, wide.second, b.getInt64(channelCount));
  auto pixels = [&](llvm::Value *line) { return b.CreateMul(line, b.getInt64(linePixels)); };
  emitLoop(b, images.first, images.second, 1, [&](llvm::Value *image) {
    llvm::Value *start =
        b.CreateGEP(layout.element, whole, b.CreateMul(image, b.getInt64(layout.rowStride())));
    auto take = [&](int64_t count) {
      return [&, count](llvm::Value *pixel) { computePixels(image, pixel, count, start, wide); };
    };
    llvm::Value *begin = pixels(lines.first), *end = pixels(lines.second);
    llvm::Value *together = b.CreateAnd(b.CreateSub(end, begin), b.getInt64(-kPixelsAtOnce));
    together = b.CreateAdd(begin, together);
    emitLoop(b, begin, together, kPixelsAtOnce, take(kPixelsAtOnce));
    emitLoop(b, together, end, 1, take(1));
  });
  return whole;
}

/// Pixels count along the last axis, past its end: that is how they lie in memory, and what else is
/// read depends on the channel alone, so it is read once for several.
void ComputedImage::computePixels(llvm::Value *image, llvm::Value *first, int64_t count,
                                  llvm::Value *start, const Range &channels) const {
  int64_t lanes = expressions.getLanes();
  llvm::Align align(layout.element->getPrimitiveSizeInBits() / 8);
  emitTiles(b, channels.first, channels.second, channelCount, lanes,
            [&](llvm::Value *channel, int64_t width) {
              llvm::Constant *mask = width < lanes ? maskOfFirst(b, lanes, width) : nullptr;
              expressions.enterScope();
              expressions.setMask(mask);
              Values elements, places;
              for (int64_t i = 0; i < count; ++i) {
                Indices indices(rank, expressions.constant(0));
                indices.front() = {image, false, 1};
                indices[rank - 2] = {b.CreateAdd(first, b.getInt64(i)), false, 1};
                indices.back() = {channel, true, 1};
                elements.push_back(expressions.evaluateVector(value, indices));
                llvm::Value *pixel =
                    advance(b, layout.element, start, indices[rank - 2].base, channelCount);
                places.push_back(b.CreateGEP(layout.element, pixel, channel));
              }
              for (auto [element, place] : llvm::zip(elements, places))
                if (mask)
                  b.CreateMaskedStore(element, place, align, mask);
                else
                  b.CreateAlignedStore(element, place, align);
              expressions.setMask(nullptr);
              expressions.leaveScope();
            });
}

ComputedImage::Range linesMetBy(llvm::IRBuilder<> &builder, const ir::WindowAxis &axis,
                                llvm::Value *begin, llvm::Value *end) {
  if (axis.isIdentity())
    return {begin, end};
  auto inside = [&](llvm::Value *line) {
    llvm::Value *zero = builder.getInt64(0);
    line = builder.CreateBinaryIntrinsic(llvm::Intrinsic::smax, line, zero);
    return emitSmaller(builder, line, builder.getInt64(axis.input));
  };
  auto firstOf = [&](llvm::Value *output) {
    return builder.CreateSub(builder.CreateMul(output, builder.getInt64(axis.stride)),
                             builder.getInt64(axis.low));
  };
  llvm::Value *last = firstOf(builder.CreateSub(end, builder.getInt64(1)));
  return {inside(firstOf(begin)), inside(builder.CreateAdd(last, builder.getInt64(axis.span())))};
}

int64_t countLinesMetBy(const ir::WindowAxis &axis, int64_t outputs) {
  return std::min(axis.input, (outputs - 1) * axis.stride + axis.span());
}

} // namespace lamina::codegen
