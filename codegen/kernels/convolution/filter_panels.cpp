#include "codegen/kernels/convolution/filter_panels.h"

#include <algorithm>

namespace lamina::codegen {

//===--- Axes ---------------------------------------------------------------------------------===//

int64_t PanelAxis::begin() const {
  int64_t skipped = first >= 0 ? 0 : llvm::divideCeil(-first, step);
  return std::min(skipped, count);
}

int64_t PanelAxis::end() const {
  int64_t last = size - 1 - first;
  int64_t inside = last < 0 ? 0 : last / step + 1;
  return std::clamp(inside, begin(), count);
}

PanelWalk PanelWalk::of(const ir::WindowAxis &axis) {
  auto [overInput, walk, phase] = passes::FilterWalkAxis(axis);
  int64_t least = 0, most = 0;
  if (!phase.taps.empty()) {
    least = phase.taps.front().offset;
    most = phase.taps.back().offset;
  }
  // A single tap needs no elements between those that it meets.
  int64_t step = least == most ? phase.inputStep : 1;
  int64_t span = (walk.output - 1) * phase.inputStep + most - least + 1;
  int64_t count = llvm::divideCeil(span, step);
  PanelAxis moving{least, step, count, walk.input};
  PanelAxis still{0, 1, walk.output, walk.output};
  PanelWalk result;
  result.positions = walk.output;
  result.input = overInput ? still : moving;
  result.gradient = overInput ? moving : still;
  (overInput ? result.gradientStep : result.inputStep) = phase.inputStep / step;
  for (const ir::WindowTap &tap : phase.taps) {
    int64_t offset = (tap.offset - least) / step;
    result.taps.push_back({tap.position, overInput ? 0 : offset, overInput ? offset : 0});
  }
  return result;
}

llvm::SmallVector<PanelAxis> PanelWalk::inputAxes(llvm::ArrayRef<PanelWalk> walks) {
  return llvm::map_to_vector(walks, [](const PanelWalk &walk) { return walk.input; });
}

llvm::SmallVector<PanelAxis> PanelWalk::gradientAxes(llvm::ArrayRef<PanelWalk> walks) {
  return llvm::map_to_vector(walks, [](const PanelWalk &walk) { return walk.gradient; });
}

//===--- Panels -------------------------------------------------------------------------------===//

Panels::Panels(llvm::IRBuilder<> &builder, const Image &image, unsigned lanes,
               llvm::ArrayRef<PanelAxis> axes, int64_t width, int64_t channels, int64_t positions)
    : b(builder), image(image), lanes(lanes), axes(axes), width(width) {
  panelElements = positions * stride(0) + this->lanes;
  int64_t panels = llvm::divideCeil(channels, width);
  memory = allocateScratch(b, image.element, panels * panelElements);
}

int64_t Panels::stride(size_t axis) const {
  int64_t elements = width;
  for (size_t inner = axis; inner < axes.size(); ++inner)
    elements *= axes[inner].count;
  return elements;
}

llvm::Value *Panels::panelOf(llvm::Value *channel) const {
  llvm::Value *panel = b.CreateUDiv(channel, b.getInt64(width));
  return advance(b, image.element, memory, panel, panelElements);
}

void Panels::copyLine(llvm::Value *place, llvm::Value *number, llvm::Value *channels, int64_t left,
                      llvm::Value *isLast) const {
  Line line{b.CreateUDiv(channels, b.getInt64(width)), isLast, left};
  copyAxis(0, place, b.CreateMul(number, b.getInt64(stride(0) / width)), line);
}

/// Copies the elements along the axes from `axis` on to positions from `position` on.
void Panels::copyAxis(size_t axis, llvm::Value *place, llvm::Value *position,
                      const Line &line) const {
  if (axis == axes.size()) {
    copyPixel(place, position, line);
    return;
  }
  const PanelAxis &extent = axes[axis];
  int64_t inner = stride(axis + 1) / width, imageStride = image.axisStride(axis + 1);
  auto positionOf = [&](llvm::Value *i) {
    return b.CreateAdd(position, b.CreateMul(i, b.getInt64(inner)));
  };
  clear(position, extent.begin() * inner, line);
  emitLoop(b, b.getInt64(extent.begin()), b.getInt64(extent.end()), 1, [&](llvm::Value *i) {
    llvm::Value *from = advance(b, image.element, place, extent.first * imageStride);
    copyAxis(axis + 1, advance(b, image.element, from, i, extent.step * imageStride), positionOf(i),
             line);
  });
  clear(positionOf(b.getInt64(extent.end())), (extent.count - extent.end()) * inner, line);
}

void Panels::copyPixel(llvm::Value *place, llvm::Value *position, const Line &line) const {
  llvm::Value *to = advance(b, image.element, memory, position, width);
  forPanels(line, [&](llvm::Value *panel, int64_t count) {
    copyChannels(advance(b, image.element, place, panel, width),
                 advance(b, image.element, to, panel, panelElements), count);
  });
}

void Panels::copyChannels(llvm::Value *from, llvm::Value *to, int64_t count) const {
  auto *vector = llvm::FixedVectorType::get(image.element, lanes);
  llvm::Align align(image.element->getPrimitiveSizeInBits() / 8);
  for (int64_t start = 0; start < count; start += lanes) {
    llvm::Value *source = advance(b, image.element, from, start);
    // Behind the last channel of the last pixel nothing may be read.
    llvm::Value *values =
        start + lanes <= count
            ? static_cast<llvm::Value *>(b.CreateAlignedLoad(vector, source, align))
            : b.CreateMaskedLoad(vector, source, align, maskOfFirst(b, lanes, count - start),
                                 llvm::Constant::getNullValue(vector));
    b.CreateAlignedStore(values, advance(b, image.element, to, start), align);
  }
}

void Panels::clear(llvm::Value *position, int64_t count, const Line &line) const {
  if (count == 0)
    return;
  int64_t elementBytes = image.element->getPrimitiveSizeInBits() / 8;
  llvm::Value *to = advance(b, image.element, memory, position, width);
  forPanels(line, [&](llvm::Value *panel, int64_t) {
    b.CreateMemSet(advance(b, image.element, to, panel, panelElements), b.getInt8(0),
                   count * width * elementBytes, llvm::MaybeAlign(elementBytes));
  });
}

/// Runs `body` for every panel of the line with its number and the number of its channels.
void Panels::forPanels(const Line &line,
                       const std::function<void(llvm::Value *, int64_t)> &body) const {
  emitLoop(b, b.getInt64(0), line.wholePanels, 1, [&](llvm::Value *panel) { body(panel, width); });
  if (line.left > 0)
    emitIf(b, line.isLast, [&] { body(line.wholePanels, line.left); });
}

} // namespace lamina::codegen
