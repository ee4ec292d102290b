// Operations of keras.ops that split tensors: keras/src/ops/numpy.py, core.py
#include "frontend/keras/operations/dimensions.h"
#include "frontend/keras/operations/operations.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

/// Parts that end at `places`, and the last one at the end of the axis.
Tensors splitAt(OperationCall &call, Tensor x, int64_t axis, std::vector<int64_t> places) {
  int64_t extent = x.dim(axis), start = 0;
  places.push_back(extent);
  Tensors parts;
  for (int64_t place : places) {
    if (place <= start || place > extent)
      call.fail(fmt::format("cannot split {} elements at {}", extent, place));
    parts.push_back(x.slice(axis, start, place));
    start = place;
  }
  return parts;
}

/// Into a number of parts, the first ones larger by one where they are `uneven`, or at the given
/// places.
Tensors splitAlong(OperationCall &call, Tensor x, int64_t axis, bool uneven = false) {
  int64_t extent = x.dim(axis);
  refuseRows(call, x, axis, "splits");
  std::vector<int64_t> places = readIntegers(call, "indices_or_sections");
  if (!call.settings.raw("indices_or_sections").is_number_integer())
    return splitAt(call, x, axis, places);
  int64_t count = places[0];
  places.clear();
  if (count < 1 || count > extent || (!uneven && extent % count != 0))
    call.fail(fmt::format("cannot split {} elements into {}{} parts", extent, count,
                          uneven ? "" : " equal"));
  for (int64_t i = 1; i < count; ++i)
    places.push_back(extent / count * i + std::min(i, extent % count));
  return splitAt(call, x, axis, places);
}

template <bool uneven> Tensors split(OperationCall &call) {
  Tensor x = call.tensor("x");
  return splitAlong(call, x, call.axis("axis", 0, x.rank()), uneven);
}

/// By position: along the dimension itself, or with `elseFirst` the first of vectors.
template <int64_t axis, bool elseFirst = false> Tensors splitDimension(OperationCall &call) {
  Tensor x = call.tensor("x");
  bool isVector = elseFirst && x.rank() == 1;
  return splitAlong(call, x, isVector ? 0 : normalizeAxis(call.layer.place(), axis, x.rank()));
}

/// Each index of one axis on its own.
Tensors unstack(OperationCall &call) {
  call.settings.ignore({"num"});
  Tensor x = call.tensor("x");
  int64_t axis = call.axis("axis", 0, x.rank());
  refuseRows(call, x, axis, "splits");
  llvm::SmallVector<int64_t> shape(x.shape());
  shape.erase(shape.begin() + axis);
  Tensors parts;
  for (int64_t i = 0; i < x.dim(axis); ++i)
    parts.push_back(x.slice(axis, i, i + 1).reshape(shape));
  return parts;
}

} // namespace

llvm::ArrayRef<OperationEntry> splittingOperations() {
  static const OperationEntry entries[] = {
      {"ArraySplit", {"x"}, split<true>},
      {"Dsplit", {"x"}, splitDimension<2>},
      {"Hsplit", {"x"}, splitDimension<1, true>},
      {"Split", {"x"}, split<false>},
      {"Unstack", {"x"}, unstack},
      {"Vsplit", {"x"}, splitDimension<0>},
  };
  return entries;
}

} // namespace lamina::frontend::keras
