#include "frontend/builder/shapes.h"

#include "mlir/IR/BuiltinTypeInterfaces.h"
#include "support/error.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace lamina::frontend::builder {

int64_t normalizeAxis(const Place &place, int64_t axis, int64_t rank) {
  int64_t normalized = axis < 0 ? axis + rank : axis;
  if (normalized < 0 || normalized >= rank)
    place.fail(fmt::format("axis {} is not one of the {} dimensions of its input", axis, rank));
  return normalized;
}

void refuseRepeated(const Place &place, ArrayRef<int64_t> dimensions) {
  for (size_t i = 0; i < dimensions.size(); ++i)
    if (llvm::is_contained(dimensions.take_front(i), dimensions[i]))
      place.fail(fmt::format("dimension {} is named twice", dimensions[i]));
}

void checkSize(const Place &place, ArrayRef<int64_t> shape) {
  constexpr int64_t kMostElements = int64_t(1) << 32;
  int64_t elements = 1;
  for (int64_t extent : shape)
    if (!ShapedType::isDynamic(extent) &&
        (llvm::MulOverflow(elements, extent, elements) || elements > kMostElements))
      place.fail(fmt::format("a tensor of shape {} is too large", describeShape(shape)));
}

std::string describeShape(ArrayRef<int64_t> shape) {
  std::string text = "(";
  for (size_t i = 0; i < shape.size(); ++i) {
    text += i ? ", " : "";
    text += ShapedType::isDynamic(shape[i]) ? "None" : std::to_string(shape[i]);
  }
  return text + (shape.size() == 1 ? ",)" : ")");
}

} // namespace lamina::frontend::builder
