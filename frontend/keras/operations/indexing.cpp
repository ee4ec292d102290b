// Operations of keras.ops that pick elements: keras/src/ops/numpy.py
#include "frontend/keras/operations/dimensions.h"
#include "frontend/keras/operations/operations.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

using nlohmann::json;

/// A place in Python's key, counted from the front and kept within 0 and `extent`.
int64_t bound(const json &value, int64_t fallback, int64_t extent) {
  if (!value.is_number_integer())
    return fallback;
  int64_t place = value.get<int64_t>();
  return std::clamp<int64_t>(place < 0 ? place + extent : place, 0, extent);
}

/// `start:stop:step` of one dimension.
Tensor applySlice(OperationCall &call, Tensor x, int64_t dimension, const json &config) {
  const json start = config.value("start", json()), stop = config.value("stop", json());
  const json stepValue = config.value("step", json());
  int64_t step = stepValue.is_number_integer() ? stepValue.get<int64_t>() : 1;
  for (const json *part : {&start, &stop, &stepValue})
    if (!part->is_null() && !part->is_number_integer())
      call.fail("is indexed with a slice of something other than numbers");
  if ((start.is_null() || start == 0) && stop.is_null() && step == 1)
    return x;
  refuseRows(call, x, dimension, "slices");
  int64_t extent = x.dim(dimension);
  llvm::SmallVector<int64_t> indices;
  if (step > 0)
    for (int64_t i = bound(start, 0, extent); i < bound(stop, extent, extent); i += step)
      indices.push_back(i);
  else if (step < 0)
    for (int64_t i = std::min(bound(start, extent - 1, extent), extent - 1);
         i > (stop.is_null() ? -1 : bound(stop, -1, extent)); i += step)
      indices.push_back(i);
  if (indices.empty())
    call.fail(fmt::format("a slice takes nothing of dimension {} of shape {}", dimension,
                          describeShape(x.shape())));
  if (step < 0)
    return pick(x, dimension, indices);
  llvm::SmallVector<int64_t> starts(x.rank(), 0), limits, strides(x.rank(), 1);
  for (int64_t other : x.shape())
    limits.push_back(ShapedType::isDynamic(other) ? -1 : other);
  starts[dimension] = indices.front();
  limits[dimension] = indices.back() + 1;
  strides[dimension] = step;
  return x.with(call.emit().create<ir::SliceOp>(Value(x), starts, limits, strides));
}

/// One index of a dimension, which stays with an extent of 1.
Tensor applyIndex(OperationCall &call, Tensor x, int64_t dimension, int64_t index) {
  refuseRows(call, x, dimension, "takes one of");
  int64_t extent = x.dim(dimension), place = index < 0 ? index + extent : index;
  if (place < 0 || place >= extent)
    call.fail(fmt::format("index {} is outside of dimension {} of shape {}", index, dimension,
                          describeShape(x.shape())));
  return x.slice(dimension, place, place + 1);
}

bool isKeyOf(const json &item, const char *className) {
  return item.is_object() && item.value("class_name", json()) == className;
}

/// x[key]: indices, slices, new axes and an ellipsis, as in Python.
Tensors getItem(OperationCall &call) {
  Tensor x = call.tensor("x");
  const json &key = call.settings.raw("key");
  const json items = key.is_array() ? key : json::array({key});
  int64_t named = llvm::count_if(
      items, [](const json &item) { return !item.is_null() && !isKeyOf(item, "__ellipsis__"); });
  if (named > x.rank())
    call.fail(fmt::format("is indexed with {} entries but has the shape {}", named,
                          describeShape(x.shape())));
  llvm::SmallVector<int64_t> shape;
  int64_t dimension = 0;
  auto keep = [&](int64_t count) {
    for (; count > 0; --count)
      shape.push_back(x.dim(dimension++));
  };
  for (const json &item : items) {
    if (item.is_null())
      shape.push_back(1);
    else if (isKeyOf(item, "__ellipsis__"))
      keep(x.rank() - named);
    else if (item.is_number_integer()) {
      x = applyIndex(call, x, dimension++, item.get<int64_t>());
    } else if (isKeyOf(item, "__slice__") && item.contains("config") &&
               item["config"].is_object()) {
      x = applySlice(call, x, dimension, item["config"]);
      keep(1);
    } else {
      call.fail(fmt::format("is indexed with {}; indices, slices, new axes and an ellipsis are "
                            "supported",
                            printable(item.dump(), 60)));
    }
  }
  keep(x.rank() - dimension);
  if (!x.type().hasStaticShape() && !ShapedType::isDynamic(shape[0]))
    call.fail("puts a dimension before the rows of the batch, which is not supported");
  return {x.reshape(shape)};
}

Tensors flip(OperationCall &call) {
  Tensor x = call.tensor("x");
  for (int64_t axis : call.axes("axis", x.rank())) {
    refuseRows(call, x, axis, "flips");
    llvm::SmallVector<int64_t> indices;
    for (int64_t i = x.dim(axis) - 1; i >= 0; --i)
      indices.push_back(i);
    x = pick(x, axis, indices);
  }
  return {x};
}

/// Elements of one axis at indices that may count from the end.
Tensors take(OperationCall &call) {
  Tensor x = call.tensor("x"), indices = call.tensor("indices");
  if (!call.settings.has("axis"))
    call.fail("flattens its input, the rows of the batch included; give it an axis");
  int64_t axis = call.axis("axis", 0, x.rank());
  refuseRows(call, x, axis, "takes elements along");
  if (!x.type().hasStaticShape() && !indices.type().hasStaticShape())
    call.fail("takes other elements of each row, which is not supported");
  if (indices.elementType().getIntOrFloatBitWidth() < 32 || indices.isFloat())
    indices = indices.convert(IntegerType::get(call.emit().getContext(), 32));
  Tensor shifted = indices + static_cast<double>(x.dim(axis));
  indices = where(indices < 0, shifted, indices);
  if (!indices.type().hasStaticShape() && axis != 0)
    call.fail("takes elements of a later axis by indices with rows, which is not supported");
  return {x.with(call.emit().create<ir::GatherOp>(Value(x), Value(indices), axis))};
}

/// Zeros above the k-th diagonal (or below it) of the last two dimensions.
template <bool isUpper> Tensors triangle(OperationCall &call) {
  Tensor x = call.tensor("x");
  if (x.rank() < 2)
    call.fail(fmt::format("needs a matrix, got shape {}", describeShape(x.shape())));
  refuseRows(call, x, x.rank() - 2, "cuts along");
  llvm::SmallVector<int64_t> shape(x.shape().take_back(2));
  Tensor row = call.emit().iota(shape, 0), column = call.emit().iota(shape, 1);
  Tensor distance = column - row - static_cast<double>(call.settings.integer("k", 0));
  return {where(isUpper ? distance >= 0 : distance <= 0, x, 0.0)};
}

} // namespace

llvm::ArrayRef<OperationEntry> indexingOperations() {
  static const OperationEntry entries[] = {
      {"Flip", {"x"}, flip},
      {"GetItem", {"x", "key"}, getItem},
      {"Take", {"x", "indices"}, take},
      {"Tril", {"x"}, triangle<false>},
      {"Triu", {"x"}, triangle<true>},
  };
  return entries;
}

} // namespace lamina::frontend::keras
