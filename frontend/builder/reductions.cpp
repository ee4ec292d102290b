// Reductions, contractions, and formulas made of them.
#include "frontend/builder/tensor.h"

using namespace mlir;

namespace lamina::frontend::builder {

namespace {

llvm::SmallVector<int64_t> normalized(ArrayRef<int64_t> dimensions, int64_t rank) {
  llvm::SmallVector<int64_t> result;
  for (int64_t dimension : dimensions)
    result.push_back(dimension < 0 ? dimension + rank : dimension);
  llvm::sort(result);
  return result;
}

Tensor reduce(Tensor x, ir::ReductionKind kind, ArrayRef<int64_t> dimensions) {
  if (dimensions.empty())
    return x;
  return x.with(x.emit().create<ir::ReduceOp>(Value(x), kind, normalized(dimensions, x.rank())));
}

llvm::SmallVector<int64_t> allDimensions(Tensor x) {
  return llvm::to_vector(llvm::seq<int64_t>(0, x.rank()));
}

} // namespace

Tensor sum(Tensor x, ArrayRef<int64_t> dimensions) {
  return reduce(x, ir::ReductionKind::add, dimensions);
}
Tensor sumAll(Tensor x) {
  return sum(x, allDimensions(x));
}
Tensor max(Tensor x, ArrayRef<int64_t> dimensions) {
  return reduce(x, ir::ReductionKind::maximum, dimensions);
}

Tensor min(Tensor x, ArrayRef<int64_t> dimensions) {
  return reduce(x, ir::ReductionKind::minimum, dimensions);
}
Tensor product(Tensor x, ArrayRef<int64_t> dimensions) {
  return reduce(x, ir::ReductionKind::multiply, dimensions);
}
Tensor any(Tensor x, ArrayRef<int64_t> dimensions) {
  return reduce(x, ir::ReductionKind::or_, dimensions);
}
Tensor all(Tensor x, ArrayRef<int64_t> dimensions) {
  return reduce(x, ir::ReductionKind::and_, dimensions);
}

Tensor mean(Tensor x, ArrayRef<int64_t> dimensions) {
  int64_t elements = 1;
  bool overRows = false;
  for (int64_t dimension : normalized(dimensions, x.rank()))
    if (x.type().isDynamicDim(dimension))
      overRows = true;
    else
      elements *= x.dim(dimension);
  Tensor total = sum(x, dimensions);
  if (!overRows)
    return elements == 1 ? total : total / static_cast<double>(elements);
  Tensor rows = x.emit().rows().convert(x.elementType());
  return total / (elements == 1 ? rows : rows * static_cast<double>(elements));
}

Tensor meanAll(Tensor x) {
  return mean(x, allDimensions(x));
}

Tensor spread(Tensor reduced, ArrayRef<int64_t> dimensions, Tensor like) {
  llvm::SmallVector<int64_t> gone = normalized(dimensions, like.rank()), kept;
  for (int64_t dimension = 0; dimension < like.rank(); ++dimension)
    if (!llvm::is_contained(gone, dimension))
      kept.push_back(dimension);
  return reduced.broadcastInDim(like.shape(), kept);
}

Tensor argmax(Tensor x, int64_t axis) {
  return x.with(x.emit().create<ir::ArgmaxOp>(Value(x), normalized({axis}, x.rank())[0]));
}

Tensor dot(Tensor a, Tensor b, int64_t aDimension, int64_t bDimension, ArrayRef<int64_t> aBatching,
           ArrayRef<int64_t> bBatching) {
  return a.with(a.emit().create<ir::DotGeneralOp>(Value(a), Value(b), aBatching, bBatching,
                                                  ArrayRef<int64_t>{aDimension},
                                                  ArrayRef<int64_t>{bDimension}));
}

Tensor isLabel(Tensor labels, int64_t classes) {
  llvm::SmallVector<int64_t> shape(labels.shape());
  shape.push_back(classes);
  auto dimensions = llvm::to_vector(llvm::seq<int64_t>(0, labels.rank()));
  Tensor index = labels.emit().iota(shape, labels.rank()).convert(labels.elementType());
  return equal(labels.broadcastInDim(shape, dimensions), index);
}

Tensor countReached(Tensor x, Tensor boundaries, bool strictly) {
  llvm::SmallVector<int64_t> pairs(x.shape());
  pairs.push_back(boundaries.dim(0));
  auto leading = llvm::to_vector(llvm::seq<int64_t>(0, x.rank()));
  Tensor element = x.broadcastInDim(pairs, leading);
  Tensor isReached =
      strictly ? compare(ir::ComparisonDirection::GT, element, boundaries)
               : compare(ir::ComparisonDirection::LT, element, boundaries).apply<ir::NotOp>();
  return sum(isReached.convert(IntegerType::get(x.emit().getContext(), 32)), {x.rank()});
}

Tensor uniformFromBits(Tensor bits) {
  Tensor shift = bits.like(8).broadcastTo(bits.shape());
  Tensor mantissa =
      bits.with(bits.emit().create<ir::ShiftRightLogicalOp>(Value(bits), Value(shift)));
  return mantissa.toFloat() * 0x1p-24;
}

/// Numbers from 2^e to 2^(e + 1) have steps of 2^(e - 10), those below 2^-14 the steps of 2^-24.
Tensor roundToHalf(Tensor x) {
  Tensor magnitude = abs(x), step = x.like(0x1p-24);
  for (int exponent = -13; exponent <= 15; ++exponent)
    step = where(magnitude >= std::ldexp(1, exponent), std::ldexp(1, exponent - 10), step);
  Tensor rounded = (x / step).apply<ir::RoundNearestEvenOp>() * step;
  constexpr double kOverflow = 65520; // half a step beyond the largest
  double infinity = std::numeric_limits<double>::infinity();
  Tensor overflowing = where(x < 0, -infinity, x.like(infinity));
  return where(magnitude >= kOverflow, overflowing, rounded);
}

} // namespace lamina::frontend::builder
