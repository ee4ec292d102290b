// Norms of keras.ops and what is divided by them: keras/src/backend/tensorflow/linalg.py,
// keras/src/ops/nn.py
#include <cmath>

#include "frontend/keras/operations/operations.h"
#include "frontend/keras/operations/reductions/reductions.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

/// Of vectors along one or more dimensions: the p-th root of the sum of p-th powers, the number of
/// elements that are not 0, or the largest or smallest magnitude.
Tensor vectorNorm(Tensor x, ArrayRef<int64_t> dimensions, double order) {
  if (order == 2)
    return sqrt(sum(square(x), dimensions));
  if (order == 0)
    return sum(notEqual(x, x.like(0)).convert(x.elementType()), dimensions);
  if (std::isinf(order))
    return order > 0 ? max(abs(x), dimensions) : min(abs(x), dimensions);
  if (order == 1)
    return sum(abs(x), dimensions);
  Tensor powers = sum(power(abs(x), x.like(order)), dimensions);
  return power(powers, x.like(1 / order));
}

/// Of matrices in two dimensions: the largest or smallest (`order` negative) sum of magnitudes of a
/// column (1) or of a row (infinity).
Tensor matrixNorm(OperationCall &call, Tensor x, double order) {
  std::vector<int64_t> axes = *call.settings.integers("axis");
  if (std::abs(order) != 1 && !std::isinf(order))
    call.fail(fmt::format("'ord' = {} of matrices needs singular values, for which there is no "
                          "operation; the Frobenius norm, 1 and infinity do not",
                          order));
  for (int64_t &axis : axes)
    axis = normalizeAxis(call.layer.place(), axis, x.rank());
  int64_t summed = std::isinf(order) ? axes[1] : axes[0];
  int64_t compared = std::isinf(order) ? axes[0] : axes[1];
  Tensor sums = sum(abs(x), {summed});
  compared -= compared > summed;
  return order > 0 ? max(sums, {compared}) : min(sums, {compared});
}

Tensors norm(OperationCall &call) {
  const nlohmann::json order = call.settings.raw("ord");
  Tensor x = call.floatTensor("x");
  llvm::SmallVector<int64_t> dimensions = call.axes("axis", x.rank());
  bool isEuclidean = order.is_null() || order == "fro";
  if (!isEuclidean && (!order.is_number() || dimensions.size() > 2 || !call.settings.has("axis")))
    call.fail(
        fmt::format("'ord' = {} over {} dimension{} is not supported; numbers over one or two "
                    "given dimensions are, and the Frobenius norm",
                    printable(order.dump()), dimensions.size(), dimensions.size() == 1 ? "" : "s"));
  Tensor y = isEuclidean              ? vectorNorm(x, dimensions, 2)
             : dimensions.size() == 1 ? vectorNorm(x, dimensions, order.get<double>())
                                      : matrixNorm(call, x, order.get<double>());
  return {keepDimensions(call, y, x, dimensions)};
}

/// x / max(norm, epsilon) along the axes.
Tensors normalized(OperationCall &call) {
  Tensor x = call.floatTensor("x");
  int64_t order = call.settings.integer("order", 2);
  double epsilon = call.settings.number("epsilon", 1e-7);
  llvm::SmallVector<int64_t> dimensions = call.settings.has("axis")
                                              ? call.axes("axis", x.rank())
                                              : llvm::SmallVector<int64_t>{x.rank() - 1};
  if (order < 1 || (order != 2 && dimensions.size() > 1))
    call.fail(fmt::format("normalizes with 'order' {} over {} dimension{}, which is not supported",
                          order, dimensions.size(), dimensions.size() == 1 ? "" : "s"));
  if (order == 2) {
    Tensor inverse = minimum(rsqrt(sum(square(x), dimensions)), 1 / epsilon);
    return {x * spread(inverse, dimensions, x)};
  }
  Tensor length = maximum(vectorNorm(x, dimensions, static_cast<double>(order)), epsilon);
  return {x / spread(length, dimensions, x)};
}

} // namespace

llvm::ArrayRef<OperationEntry> normOperations() {
  static const OperationEntry entries[] = {
      {"Norm", {"x"}, norm},
      {"Normalize", {"x"}, normalized},
  };
  return entries;
}

} // namespace lamina::frontend::keras
