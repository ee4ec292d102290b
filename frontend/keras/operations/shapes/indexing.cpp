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
  return x.slice(dimension, indices.front(), indices.back() + 1, step);
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

/// x with its rows as the first dimension, where only dimensions of extent 1 are before them: the
/// elements keep their order.
Tensor rowsFirst(Tensor x) {
  llvm::SmallVector<int64_t> order;
  for (int64_t i = 0; i < x.rank(); ++i)
    if (x.type().isDynamicDim(i))
      order.insert(order.begin(), i);
    else
      order.push_back(i);
  bool onlyOnes = order.empty() || llvm::all_of(x.shape().take_front(order.front()),
                                                [](int64_t extent) { return extent == 1; });
  return onlyOnes ? x.transpose(order) : x;
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
  x = rowsFirst(x);
  if (!shape.empty() && !ShapedType::isDynamic(shape[0]))
    refuseBeforeRows(call, x, 0);
  return {x.reshape(shape)};
}

/// An integer tensor in a type that can count to any extent.
Tensor toIndices(Tensor indices) {
  if (!indices.isFloat() && indices.elementType().getIntOrFloatBitWidth() >= 32)
    return indices;
  return indices.convert(IntegerType::get(indices.emit().getContext(), 32));
}

/// Indices that count from the end, counted from the front.
Tensor countFromFront(Tensor indices, int64_t extent) {
  return where(indices < 0, indices + static_cast<double>(extent), indices);
}

/// Elements of one axis at indices that may count from the end.
Tensors take(OperationCall &call) {
  auto [x, axis] = flattenUnlessAxis(call, call.tensor("x"));
  Tensor indices = toIndices(call.tensor("indices"));
  refuseRows(call, x, axis, "takes elements along");
  if (!x.type().hasStaticShape() && !indices.type().hasStaticShape())
    call.fail("takes other elements of each row, which is not supported; use take_along_axis");
  indices = countFromFront(indices, x.dim(axis));
  if (!indices.type().hasStaticShape() && axis != 0)
    call.fail("takes elements of a later axis by indices with rows, which is not supported");
  return {x.with(call.emit().create<ir::GatherOp>(Value(x), Value(indices), axis))};
}

/// At each place the element of x that its index names along one axis: the sum of the elements
/// there, of which all but one count as 0.
Tensors takeAlongAxis(OperationCall &call) {
  auto [x, axis] = flattenUnlessAxis(call, call.tensor("x"));
  Tensor indices = toIndices(call.tensor("indices"));
  refuseRows(call, x, axis, "takes elements along");
  bool fits = x.rank() == indices.rank();
  for (int64_t i = 0; fits && i < x.rank(); ++i)
    fits = i == axis || x.dim(i) == indices.dim(i) || x.dim(i) == 1 || indices.dim(i) == 1;
  if (!fits)
    call.fail(fmt::format("indices of shape {} do not fit a tensor of shape {}",
                          describeShape(indices.shape()), describeShape(x.shape())));
  // With the axis as the last one, and its elements along one more.
  llvm::SmallVector<int64_t> exchanged = llvm::to_vector(llvm::seq<int64_t>(0, x.rank()));
  std::swap(exchanged[axis], exchanged.back());
  Tensor places = countFromFront(indices, x.dim(axis)).transpose(exchanged);
  Tensor moved = x.transpose(exchanged);
  llvm::SmallVector<int64_t> choices(moved.shape());
  choices.insert(choices.end() - 1, 1);
  Tensor isTaken = isLabel(places, x.dim(axis));
  return {sum(where(isTaken, moved.reshape(choices), 0.0), {x.rank()}).transpose(exchanged)};
}

/// Numbers of the file, one for each dimension.
std::vector<int64_t> readStarts(OperationCall &call, Tensor x) {
  std::vector<double> values = call.settings.numbers("start_indices", 0).values;
  if (static_cast<int64_t>(values.size()) != x.rank())
    call.fail(fmt::format("'start_indices' must be {} numbers, one for each dimension", x.rank()));
  std::vector<int64_t> starts;
  for (auto [i, value] : llvm::enumerate(values)) {
    starts.push_back(static_cast<int64_t>(std::clamp(value, -0x1p31, 0x1p31)));
    if (starts.back() != 0)
      refuseRows(call, x, static_cast<int64_t>(i), "slices");
  }
  return starts;
}

/// A part of a size; -1 takes all that is left.
Tensors sliceOf(OperationCall &call) {
  Tensor x = call.tensor("inputs");
  std::vector<int64_t> starts = readStarts(call, x), sizes = readIntegers(call, "shape");
  if (static_cast<int64_t>(sizes.size()) != x.rank())
    call.fail(fmt::format("'shape' must be {} numbers, one for each dimension", x.rank()));
  for (auto [i, part] : llvm::enumerate(llvm::zip_equal(starts, sizes))) {
    auto [start, size] = part;
    auto dimension = static_cast<int64_t>(i);
    if (x.type().isDynamicDim(dimension) && size == -1)
      continue;
    refuseRows(call, x, dimension, "slices");
    int64_t extent = x.dim(dimension), taken = size == -1 ? extent - start : size;
    if (start < 0 || taken < 1 || taken > extent - start)
      call.fail(fmt::format("a slice of {} from {} on does not fit dimension {} of shape {}", size,
                            start, dimension, describeShape(x.shape())));
    if (taken < extent)
      x = x.slice(dimension, start, start + taken);
  }
  return {x};
}

/// x with `updates` in the place of a part of it; starts that reach too far are moved back.
Tensors updateSlice(OperationCall &call) {
  Tensor x = call.tensor("inputs"), updates = call.tensor("updates").convert(x.elementType());
  std::vector<int64_t> starts = readStarts(call, x);
  llvm::SmallVector<int64_t> low(x.rank(), 0), high(x.rank(), 0), replaced;
  for (int64_t i = 0; i < x.rank(); ++i) {
    if (updates.rank() != x.rank() || (updates.dim(i) > x.dim(i) && !x.type().isDynamicDim(i)) ||
        x.type().isDynamicDim(i) != updates.type().isDynamicDim(i))
      call.fail(fmt::format("updates of shape {} do not fit a tensor of shape {}",
                            describeShape(updates.shape()), describeShape(x.shape())));
    replaced.push_back(x.type().isDynamicDim(i) ? 1 : updates.dim(i));
    if (x.type().isDynamicDim(i))
      continue;
    low[i] = std::clamp<int64_t>(starts[i], 0, x.dim(i) - updates.dim(i));
    high[i] = x.dim(i) - updates.dim(i) - low[i];
  }
  Tensor isReplaced = call.emit().constant(IntegerType::get(call.emit().getContext(), 1), 1);
  isReplaced = pad(isReplaced.broadcastTo(replaced), 0, low, high);
  return {where(isReplaced, pad(updates, 0, low, high), x)};
}

} // namespace

llvm::ArrayRef<OperationEntry> indexingOperations() {
  static const OperationEntry entries[] = {
      {"GetItem", {"x", "key"}, getItem},
      {"Slice", {"inputs", "start_indices"}, sliceOf},
      {"SliceUpdate", {"inputs", "start_indices", "updates"}, updateSlice},
      {"Take", {"x", "indices"}, take},
      {"TakeAlongAxis", {"x", "indices"}, takeAlongAxis},
  };
  return entries;
}

} // namespace lamina::frontend::keras
