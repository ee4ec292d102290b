// Operations of keras.ops that join, split and repeat tensors: keras/src/ops/numpy.py, core.py
#include "frontend/keras/operations/dimensions.h"
#include "frontend/keras/operations/operations.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

using nlohmann::json;

Tensor join(OperationCall &call, ArrayRef<Tensor> parts, int64_t axis) {
  llvm::SmallVector<Value> operands;
  for (Tensor part : parts) {
    bool fits = part.rank() == parts[0].rank();
    for (int64_t i = 0; fits && i < part.rank(); ++i)
      fits = i == axis || part.dim(i) == parts[0].dim(i);
    if (!fits)
      call.fail(fmt::format("shapes {} and {} cannot be joined along axis {}",
                            describeShape(parts[0].shape()), describeShape(part.shape()), axis));
    operands.push_back(part);
  }
  refuseRows(call, parts[0], axis, "joins tensors along");
  return parts[0].with(call.emit().create<ir::ConcatenateOp>(operands, axis));
}

Tensors concatenate(OperationCall &call) {
  Tensors parts = call.tensors("xs");
  return {join(call, parts, call.axis("axis", 0, parts[0].rank()))};
}

Tensors stack(OperationCall &call) {
  Tensors parts = call.tensors("x");
  int64_t axis = call.axis("axis", 0, parts[0].rank() + 1);
  for (Tensor &part : parts) {
    if (axis == 0 && !part.type().hasStaticShape())
      call.fail("puts a dimension before the rows of the batch, which is not supported");
    llvm::SmallVector<int64_t> shape(part.shape());
    shape.insert(shape.begin() + std::min<int64_t>(axis, part.rank()), 1);
    part = part.reshape(shape);
  }
  return {join(call, parts, axis)};
}

/// Into equal parts, or at the given places.
Tensors split(OperationCall &call) {
  Tensor x = call.tensor("x");
  int64_t axis = call.axis("axis", 0, x.rank()), extent = x.dim(axis);
  refuseRows(call, x, axis, "splits");
  std::vector<int64_t> places = readIntegers(call, "indices_or_sections");
  if (call.settings.raw("indices_or_sections").is_number_integer()) {
    int64_t count = places[0];
    places.clear();
    if (count < 1 || extent % count != 0)
      call.fail(fmt::format("cannot split {} elements into {} equal parts", extent, count));
    for (int64_t i = 1; i < count; ++i)
      places.push_back(extent / count * i);
  }
  Tensors parts;
  int64_t start = 0;
  places.push_back(extent);
  for (int64_t place : places) {
    if (place <= start || place > extent)
      call.fail(fmt::format("cannot split {} elements at {}", extent, place));
    parts.push_back(x.slice(axis, start, place));
    start = place;
  }
  return parts;
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

/// Each element of an axis several times.
Tensors repeat(OperationCall &call) {
  Tensor x = call.tensor("x");
  if (!call.settings.has("axis"))
    call.fail("flattens its input, the rows of the batch included; give it an axis");
  int64_t axis = call.axis("axis", 0, x.rank());
  refuseRows(call, x, axis, "repeats");
  std::vector<int64_t> counts = readIntegers(call, "repeats");
  if (counts.size() == 1)
    counts.assign(x.dim(axis), counts[0]);
  int64_t total = 0;
  for (int64_t count : counts)
    if (count < 0 || llvm::AddOverflow(total, count, total))
      call.fail("'repeats' must not be negative");
  if (static_cast<int64_t>(counts.size()) != x.dim(axis) || total == 0)
    call.fail(fmt::format("'repeats' does not fit {} elements", x.dim(axis)));
  llvm::SmallVector<int64_t> shape(x.shape()), indices;
  shape[axis] = total;
  checkSize(call.layer.place(), shape);
  for (auto [i, count] : llvm::enumerate(counts))
    indices.append(count, static_cast<int64_t>(i));
  return {pick(x, axis, indices)};
}

/// The whole tensor several times along each axis.
Tensors tile(OperationCall &call) {
  Tensor x = call.tensor("x");
  std::vector<int64_t> counts = readIntegers(call, "repeats");
  while (static_cast<int64_t>(counts.size()) < x.rank())
    counts.insert(counts.begin(), 1);
  if (static_cast<int64_t>(counts.size()) != x.rank())
    call.fail("'repeats' has more entries than its input dimensions, which is not supported");
  for (auto [axis, count] : llvm::enumerate(counts)) {
    if (count == 1)
      continue;
    refuseRows(call, x, static_cast<int64_t>(axis), "repeats");
    llvm::SmallVector<int64_t> split(x.shape()), merged(x.shape()), dimensions;
    if (count < 1 || llvm::MulOverflow(merged[axis], count, merged[axis]))
      call.fail(fmt::format("'repeats' {} is not possible", count));
    checkSize(call.layer.place(), merged);
    split.insert(split.begin() + axis, count);
    for (int64_t i = 0; i < x.rank(); ++i)
      dimensions.push_back(i < static_cast<int64_t>(axis) ? i : i + 1);
    x = x.broadcastInDim(split, dimensions).reshape(merged);
  }
  return {x};
}

/// With one value around.
Tensors pad(OperationCall &call) {
  Tensor x = call.tensor("x");
  if (call.settings.text("mode", "constant") != "constant")
    call.fail("pads with a 'mode' other than constant, which is not supported");
  double value = call.settings.number("constant_values", 0);
  const json &widths = call.settings.raw("pad_width");
  llvm::SmallVector<int64_t> low, high, interior(x.rank(), 0);
  constexpr int64_t kMostWidth = int64_t(1) << 31;
  for (int64_t i = 0; i < x.rank(); ++i) {
    json width = widths.is_array() && widths.size() == static_cast<size_t>(x.rank()) ? widths[i]
                 : widths.is_array() && widths.size() == 1                           ? widths[0]
                                                                                     : widths;
    if (width.is_number_integer())
      width = json::array({width, width});
    if (!width.is_array() || width.size() != 2 || !width[0].is_number_integer() ||
        !width[1].is_number_integer() || width[0] < 0 || width[1] < 0 || width[0] > kMostWidth ||
        width[1] > kMostWidth)
      call.fail("'pad_width' must hold a pair of numbers for each dimension, none negative");
    low.push_back(width[0].get<int64_t>());
    high.push_back(width[1].get<int64_t>());
    if (low.back() + high.back() > 0)
      refuseRows(call, x, i, "pads");
  }
  return {
      x.with(call.emit().create<ir::PadOp>(Value(x), Value(x.like(value)), low, high, interior))};
}

/// Moves elements along an axis, those that fall off back in at the other end.
Tensors roll(OperationCall &call) {
  Tensor x = call.tensor("x");
  std::vector<int64_t> shifts = readIntegers(call, "shift");
  if (!call.settings.has("axis"))
    call.fail("flattens its input, the rows of the batch included; give it an axis");
  std::vector<int64_t> axes = readIntegers(call, "axis");
  if (shifts.size() != axes.size())
    call.fail("'shift' and 'axis' have different lengths");
  for (auto [shift, given] : llvm::zip(shifts, axes)) {
    int64_t axis = normalizeAxis(call.layer.place(), given, x.rank());
    refuseRows(call, x, axis, "rolls");
    int64_t extent = x.dim(axis), first = ((-shift) % extent + extent) % extent;
    if (first != 0)
      x = join(call, {x.slice(axis, first, extent), x.slice(axis, 0, first)}, axis);
  }
  return {x};
}

} // namespace

llvm::ArrayRef<OperationEntry> joiningOperations() {
  static const OperationEntry entries[] = {
      {"Concatenate", {"xs"}, concatenate},
      {"Pad", {"x", "constant_values"}, pad},
      {"Repeat", {"x"}, repeat},
      {"Roll", {"x"}, roll},
      {"Split", {"x"}, split},
      {"Stack", {"x"}, stack},
      {"Tile", {"x"}, tile},
      {"Unstack", {"x"}, unstack},
  };
  return entries;
}

} // namespace lamina::frontend::keras
