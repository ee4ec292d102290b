#pragma once

#include "codegen/kernels/convolution/image_walk.h"

/// Copies of a block of images for gradients by filters: panels that register tiles read in order.
namespace lamina::codegen {

/// The elements of an axis that are copied: element i of `count` is at first + i * step in the
/// image. Those that are outside become zeros.
struct PanelAxis {
  int64_t first = 0, step = 1, count = 1;
  int64_t size = 1; ///< of the image

  /// The elements within the image: [begin, end) of [0, count).
  int64_t begin() const;
  int64_t end() const;
};

/// How both copies are walked along an axis: position q of `positions` meets, for a tap, element
/// q * inputStep + input of the copied input and q * gradientStep + gradient of the copied
/// gradient.
struct PanelWalk {
  struct Tap {
    int64_t position; ///< in the filter
    int64_t input, gradient;
  };

  PanelAxis input, gradient;
  int64_t positions = 1, inputStep = 1, gradientStep = 1;
  llvm::SmallVector<Tap> taps; ///< those that meet an element

  static PanelWalk of(const ir::WindowAxis &axis);
  static llvm::SmallVector<PanelAxis> inputAxes(llvm::ArrayRef<PanelWalk> walks);
  static llvm::SmallVector<PanelAxis> gradientAxes(llvm::ArrayRef<PanelWalk> walks);
};

/// The copy of one image's side of a block: panels of `width` channels, and in each of them `width`
/// elements for every copied position. Vectors may be written past the end of a position's
/// part, over elements that are written afterwards.
class Panels {
public:
  /// `axes` are those behind the first. Makes room for the task's channels at `positions` positions
  /// of the first axis: called in the function's entry.
  Panels(llvm::IRBuilder<> &builder, const Image &image, unsigned lanes,
         llvm::ArrayRef<PanelAxis> axes, int64_t width, int64_t channels, int64_t positions);

  /// Elements from one position of an axis to the next; of the first axis: to the next line.
  int64_t stride(size_t axis) const;
  /// The panel that a channel of the task begins.
  llvm::Value *panelOf(llvm::Value *channel) const;

  /// Copies the line at position `number` of the first axis: `place` is its first pixel's first
  /// channel, `channels` are so many, and `left` of them fill no whole panel where `isLast` holds.
  void copyLine(llvm::Value *place, llvm::Value *number, llvm::Value *channels, int64_t left,
                llvm::Value *isLast) const;

private:
  struct Line {
    llvm::Value *wholePanels, *isLast;
    int64_t left;
  };

  void copyAxis(size_t axis, llvm::Value *place, llvm::Value *position, const Line &line) const;
  void copyPixel(llvm::Value *place, llvm::Value *position, const Line &line) const;
  void copyChannels(llvm::Value *from, llvm::Value *to, int64_t count) const;
  void clear(llvm::Value *position, int64_t count, const Line &line) const;
  void forPanels(const Line &line, const std::function<void(llvm::Value *, int64_t)> &body) const;

  llvm::IRBuilder<> &b;
  const Image &image;
  int64_t lanes;
  llvm::SmallVector<PanelAxis> axes;
  int64_t width, panelElements;
  llvm::Value *memory;
};

} // namespace lamina::codegen
