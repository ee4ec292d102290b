// Operations of keras.ops along one axis that compare or add up neighbours:
// keras/src/backend/tensorflow/numpy.py
#include "frontend/keras/operations/dimensions.h"
#include "frontend/keras/operations/operations.h"
#include "frontend/keras/operations/reductions/reductions.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

using Combine = Tensor (*)(Tensor, Tensor);

/// Each element combined with all before it (Hillis and Steele 1986): with those at distance 1,
/// then 2, 4, …, and the neutral element before the first.
Tensor accumulate(Tensor x, int64_t axis, Combine combine, double neutral) {
  int64_t extent = x.dim(axis);
  for (int64_t distance = 1; distance < extent; distance *= 2) {
    llvm::SmallVector<int64_t> low(x.rank(), 0), high(x.rank(), 0);
    low[axis] = distance;
    x = combine(x, pad(x.slice(axis, 0, extent - distance), neutral, low, high));
  }
  return x;
}

/// Running sums or products. With `skipsNan` NaN counts as the neutral element, and infinities as
/// the largest numbers.
template <Combine combine, int neutral, bool skipsNan = false>
Tensors cumulative(OperationCall &call) {
  Tensor given = countable(call.tensor("x"));
  if (skipsNan && given.isFloat())
    given = toNumbers(given, neutral);
  if (mlir::Type type = call.elementType("dtype"))
    given = given.convert(type);
  auto [x, axis] = flattenUnlessAxis(call, given);
  refuseRows(call, x, axis, "adds up along");
  return {accumulate(x, axis, combine, neutral)};
}

Tensor difference(Tensor x, int64_t axis) {
  Tensor later = x.slice(axis, 1, x.dim(axis)), earlier = x.slice(axis, 0, x.dim(axis) - 1);
  return x.elementType().isInteger(1) ? notEqual(later, earlier) : later - earlier;
}

/// Differences of neighbours, "n" times.
Tensors differences(OperationCall &call) {
  Tensor x = call.tensor("a");
  int64_t axis = call.axis("axis", -1, x.rank()), count = call.settings.integer("n", 1);
  refuseRows(call, x, axis, "takes differences along");
  if (count < 0 || count >= x.dim(axis))
    call.fail(fmt::format("cannot take differences {} times of {} elements", count, x.dim(axis)));
  for (; count > 0; --count)
    x = difference(x, axis);
  return {x};
}

/// Places of the values "x" along one axis, or all dx apart: the sum of the trapezoids between
/// neighbours.
Tensors trapezoid(OperationCall &call) {
  Tensor y = call.floatTensor("y"), places = call.optionalTensor("x");
  int64_t axis = call.axis("axis", -1, y.rank());
  refuseRows(call, y, axis, "integrates along");
  int64_t extent = y.dim(axis);
  if (extent < 2)
    call.fail("integrates over less than two elements");
  Tensor heights = 0.5 * (y.slice(axis, 1, extent) + y.slice(axis, 0, extent - 1));
  double width = call.settings.number("dx", 1);
  if (!places)
    return {sum(heights * width, {axis})};
  if (places.rank() != 1 || places.dim(0) != extent)
    call.fail(fmt::format("'x' of shape {} does not give {} places", describeShape(places.shape()),
                          extent));
  Tensor widths = difference(places.convert(y.elementType()), 0);
  return {sum(heights * widths.broadcastInDim(heights.shape(), {axis}), {axis})};
}

} // namespace

llvm::ArrayRef<OperationEntry> cumulativeOperations() {
  static const OperationEntry entries[] = {
      {"Cumprod", {"x"}, cumulative<operator*, 1>},
      {"Cumsum", {"x"}, cumulative<operator+, 0>},
      {"Diff", {"a"}, differences},
      {"Nancumprod", {"x"}, cumulative<operator*, 1, true>},
      {"Nancumsum", {"x"}, cumulative<operator+, 0, true>},
      {"Trapezoid", {"y"}, trapezoid},
  };
  return entries;
}

} // namespace lamina::frontend::keras
