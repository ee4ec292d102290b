// Reductions of keras.ops that leave NaN out: keras/src/backend/tensorflow/numpy.py
#include "frontend/keras/operations/dimensions.h"
#include "frontend/keras/operations/operations.h"
#include "frontend/keras/operations/reductions/reductions.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

/// A reduction with numbers in the place of NaN; integers have none.
template <Reduce reduce, int neutral> Tensors withoutNan(OperationCall &call) {
  Tensor x = addable(call.tensor("x"));
  return reduceOver(call, x.isFloat() ? where(isNan(x), x.like(neutral), x) : x, reduce);
}

/// Where all are NaN, so is the result.
template <Reduce reduce, bool isMaximum> Tensor extremum(Tensor x, ArrayRef<int64_t> dimensions) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  Tensor numbers = where(isNan(x), x.like(isMaximum ? -kInfinity : kInfinity), x);
  Tensor nothing = x.like(std::numeric_limits<double>::quiet_NaN());
  return where(all(isNan(x), dimensions), nothing, reduce(numbers, dimensions));
}

template <Reduce reduce, bool isMaximum> Tensors extremumOf(OperationCall &call) {
  Tensor x = countable(call.tensor("x"));
  return reduceOver(call, x, x.isFloat() ? extremum<reduce, isMaximum> : reduce);
}

Tensor countNumbers(Tensor x, ArrayRef<int64_t> dimensions) {
  return sum(isNan(x).apply<ir::NotOp>().convert(x.elementType()), dimensions);
}

Tensor meanOfNumbers(Tensor x, ArrayRef<int64_t> dimensions) {
  return sum(where(isNan(x), x.like(0), x), dimensions) / countNumbers(x, dimensions);
}

Tensor varianceOfNumbers(Tensor x, ArrayRef<int64_t> dimensions) {
  Tensor deviation = x - spread(meanOfNumbers(x, dimensions), dimensions, x);
  Tensor squares = square(where(isNan(x), x.like(0), deviation));
  return sum(squares, dimensions) / countNumbers(x, dimensions);
}

Tensor deviationOfNumbers(Tensor x, ArrayRef<int64_t> dimensions) {
  return sqrt(varianceOfNumbers(x, dimensions));
}

} // namespace

llvm::ArrayRef<OperationEntry> nanReductionOperations() {
  static const OperationEntry entries[] = {
      {"Nanmax", {"x"}, extremumOf<max, true>},        {"Nanmean", {"x"}, ofFloats<meanOfNumbers>},
      {"Nanmin", {"x"}, extremumOf<min, false>},       {"Nanprod", {"x"}, withoutNan<product, 1>},
      {"Nanstd", {"x"}, ofFloats<deviationOfNumbers>}, {"Nansum", {"x"}, withoutNan<sum, 0>},
      {"Nanvar", {"x"}, ofFloats<varianceOfNumbers>},
  };
  return entries;
}

} // namespace lamina::frontend::keras
