// Operations of keras.ops that put elements into order: keras/src/backend/tensorflow/numpy.py,
// math.py. Elements are counted that come before each one; that needs no order of steps, and the
// gradient of a sorted element is that of the element it was.
#include <cmath>

#include "frontend/keras/operations/dimensions.h"
#include "frontend/keras/operations/operations.h"
#include "frontend/keras/operations/reductions/reductions.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

/// n elements are compared n^2 times.
constexpr int64_t kMostElements = 4096;

/// x with these dimensions as the last one.
Tensor moveToEnd(OperationCall &call, Tensor x, ArrayRef<int64_t> dimensions) {
  llvm::SmallVector<int64_t> order, shape;
  int64_t count = 1;
  for (int64_t i = 0; i < x.rank(); ++i)
    if (!llvm::is_contained(dimensions, i)) {
      order.push_back(i);
      shape.push_back(x.dim(i));
    }
  for (int64_t dimension : dimensions) {
    refuseRows(call, x, dimension, "sorts");
    order.push_back(dimension);
    count *= x.dim(dimension);
    if (count > kMostElements)
      call.fail(fmt::format(
          "sorts more than {} elements, each of which it compares with all others", kMostElements));
  }
  shape.push_back(count);
  return x.transpose(order).reshape(shape);
}

Tensor moveBack(Tensor x, int64_t dimension) {
  llvm::SmallVector<int64_t> order;
  for (int64_t i = 0; i + 1 < x.rank(); ++i)
    order.push_back(i);
  order.insert(order.begin() + dimension, x.rank() - 1);
  return x.transpose(order);
}

Type indexType(Tensor x) {
  return IntegerType::get(x.emit().getContext(), 32);
}

/// For every element along the last dimension how many come before it: smaller ones, or larger ones
/// with `descends`, and equal ones in front of it; NaN comes last.
Tensor rankAlongLast(Tensor x, bool descends = false) {
  int64_t n = x.dim(x.rank() - 1);
  llvm::SmallVector<int64_t> shape(x.shape()), column(shape), row(shape);
  shape.push_back(n);
  column.push_back(1);
  row.insert(row.end() - 1, 1);
  Tensor one = x.reshape(column).broadcastTo(shape), other = x.reshape(row).broadcastTo(shape);
  using enum ir::ComparisonDirection;
  Tensor comes = compare(descends ? GT : LT, other, one), isEqual = equal(one, other);
  if (x.isFloat()) {
    comes = logicalOr(comes, logicalAnd(isNan(one), notEqual(isNan(one), isNan(other))));
    isEqual = logicalOr(isEqual, logicalAnd(isNan(one), isNan(other)));
  }
  Emitter &emit = x.emit();
  Tensor isInFront = compare(LT, emit.iota({n, n}, 1), emit.iota({n, n}, 0)).broadcastTo(shape);
  Tensor before = logicalOr(comes, logicalAnd(isEqual, isInFront));
  return sum(before.convert(indexType(x)), {before.rank() - 1});
}

/// Of every row of `x`, along the last dimension, the elements whose ranks are 0 to `count` - 1.
Tensor arrange(Tensor x, Tensor ranks, int64_t count) {
  llvm::SmallVector<int64_t> shape(x.shape()), column(shape);
  shape.push_back(count);
  column.push_back(1);
  Tensor places = x.emit().iota({count}, 0).broadcastTo(shape);
  Tensor isThere = equal(ranks.reshape(column).broadcastTo(shape), places);
  return sum(where(isThere, x.reshape(column).broadcastTo(shape), 0.0), {x.rank() - 1});
}

/// The numbers of the elements along the last dimension.
Tensor numbersAlongLast(Tensor x) {
  return x.emit().iota({x.dim(x.rank() - 1)}, 0).broadcastTo(x.shape());
}

Tensors sorted(OperationCall &call) {
  Tensor given = call.tensor("x");
  auto [x, axis] = flattenUnlessAxis(call, countable(given));
  Tensor last = moveToEnd(call, x, {axis});
  Tensor result = moveBack(arrange(last, rankAlongLast(last), last.dim(last.rank() - 1)), axis);
  return {result.convert(given.elementType())};
}

Tensors sortedIndices(OperationCall &call) {
  auto [x, axis] = flattenUnlessAxis(call, countable(call.tensor("x")));
  Tensor last = moveToEnd(call, x, {axis});
  Tensor numbers = numbersAlongLast(last);
  return {moveBack(arrange(numbers, rankAlongLast(last), last.dim(last.rank() - 1)), axis)};
}

/// The largest elements and their places; sorted whether asked for or not, as on TensorFlow.
Tensors largest(OperationCall &call) {
  Tensor x = call.tensor("x");
  int64_t count = call.settings.positive("k");
  call.settings.boolean("sorted", true);
  if (x.rank() < 1 || x.type().isDynamicDim(x.rank() - 1) || count > x.dim(x.rank() - 1))
    call.fail(
        fmt::format("cannot take the {} largest elements along the last dimension of shape {}",
                    count, describeShape(x.shape())));
  Tensor last = moveToEnd(call, x, {x.rank() - 1}), ranks = rankAlongLast(last, true);
  return {arrange(last, ranks, count), arrange(numbersAlongLast(last), ranks, count)};
}

/// The element of rank `place`, a whole number, along the last dimension.
Tensor elementAt(Tensor x, Tensor ranks, Tensor place) {
  llvm::SmallVector<int64_t> column(place.shape());
  column.push_back(1);
  Tensor wanted = place.convert(indexType(x)).reshape(column).broadcastTo(x.shape());
  return sum(where(equal(ranks, wanted), x, 0.0), {x.rank() - 1});
}

/// Between which elements a quantile lies.
struct QuantileSettings {
  double fraction = 0.5;
  std::string method = "linear";
};

/// `count` of the elements along the last dimension are numbers, the first in order (f64).
Tensor quantileOf(OperationCall &call, Tensor x, Tensor count, const QuantileSettings &settings) {
  Tensor ranks = rankAlongLast(x), zero = count.like(0);
  Tensor last = maximum(count - 1.0, 0.0), exact = last * settings.fraction;
  auto at = [&](Tensor place) { return elementAt(x, ranks, minimum(maximum(place, zero), last)); };
  if (settings.method == "lower")
    return at(floor(exact));
  if (settings.method == "higher")
    return at(ceil(exact));
  if (settings.method == "nearest")
    return at(exact.apply<ir::RoundNearestEvenOp>());
  if (settings.method == "midpoint")
    return 0.5 * (at(floor(exact)) + at(ceil(exact)));
  if (settings.method != "linear")
    call.fail(fmt::format("'method' is {}; it can be linear, lower, higher, midpoint or nearest",
                          printable(settings.method)));
  Tensor below = maximum(ceil(exact) - 1.0, 0.0), above = minimum(below + 1.0, last);
  Tensor share = (above - exact).convert(x.elementType());
  return at(above) * (1.0 - share) + at(below) * share;
}

Tensors quantileOver(OperationCall &call, const QuantileSettings &settings) {
  Tensor x = call.floatTensor("x");
  llvm::SmallVector<int64_t> dimensions = call.axes("axis", x.rank());
  Tensor last = moveToEnd(call, x, dimensions);
  llvm::SmallVector<int64_t> shape(last.shape().drop_back());
  Type wide = Float64Type::get(x.emit().getContext());
  Tensor n = x.emit().constant(wide, static_cast<double>(last.dim(last.rank() - 1)));
  Tensor count = n.broadcastTo(shape);
  Tensor result = quantileOf(call, last, count, settings);
  result =
      where(any(isNan(last), {last.rank() - 1}), std::numeric_limits<double>::quiet_NaN(), result);
  return {keepDimensions(call, result, x, dimensions)};
}

/// "q", in single precision as Keras takes it.
double readFraction(OperationCall &call, float most) {
  Config::Numbers q = call.settings.numbers("q", 0);
  if (!q.shape.empty() || !call.settings.has("q"))
    call.fail("takes one number as 'q'; several would come before the rows of the batch");
  float fraction = static_cast<float>(q.values[0]) / most;
  if (!(fraction >= 0 && fraction <= 1))
    call.fail(fmt::format("'q' is {}, which is not between 0 and {}", q.values[0], most));
  return fraction;
}

Tensors median(OperationCall &call) {
  return quantileOver(call, {});
}

/// Keras' Quantile passes "method" over where a model comes from a file.
Tensors quantile(OperationCall &call) {
  call.settings.ignore({"method"});
  return quantileOver(call, {readFraction(call, 1)});
}

Tensors percentile(OperationCall &call) {
  double fraction = readFraction(call, 100);
  return quantileOver(call, {fraction, call.settings.text("method", "linear")});
}

} // namespace

llvm::ArrayRef<OperationEntry> sortingOperations() {
  static const OperationEntry entries[] = {
      {"Argsort", {"x"}, sortedIndices},
      {"Median", {"x"}, median},
      {"Percentile", {"x", "q"}, percentile},
      {"Quantile", {"x", "q"}, quantile},
      {"Sort", {"x"}, sorted},
      {"TopK", {"x"}, largest},
  };
  return entries;
}

} // namespace lamina::frontend::keras
