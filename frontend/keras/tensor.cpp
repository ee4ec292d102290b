#include "frontend/keras/tensor.h"

#include <cmath>

using namespace mlir;

namespace lamina::frontend::keras {

//===--- Emitter -----------------------------------------------------------------------------===//

namespace {

/// `value` rounded to the element type, integers towards zero and not beyond 64 bits.
Attribute toAttribute(Type element, double value) {
  if (auto type = dyn_cast<FloatType>(element))
    return FloatAttr::get(type, value);
  auto whole = static_cast<int64_t>(std::isnan(value) ? 0 : std::clamp(value, -0x1p62, 0x1p62));
  return IntegerAttr::get(element, APInt(element.getIntOrFloatBitWidth(),
                                         static_cast<uint64_t>(whole), /*isSigned=*/true));
}

} // namespace

Tensor Emitter::constant(Type element, double value) {
  return constant(element, llvm::ArrayRef(value), {});
}

Tensor Emitter::constant(double value) {
  return constant(floatType, value);
}

Tensor Emitter::constant(Type element, ArrayRef<double> values, ArrayRef<int64_t> shape) {
  auto attributes = llvm::map_to_vector(values, [&](double v) { return toAttribute(element, v); });
  auto type = RankedTensorType::get(shape, element);
  return Tensor(*this, create<ir::ConstantOp>(DenseElementsAttr::get(type, attributes)));
}

Tensor Emitter::constant(ArrayRef<double> values, ArrayRef<int64_t> shape) {
  return constant(floatType, values, shape);
}

Tensor Emitter::rows() {
  return Tensor(*this, create<ir::RowsOp>(RankedTensorType::get({}, floatType)));
}

Tensor Emitter::iota(ArrayRef<int64_t> shape, int64_t dimension) {
  auto type = RankedTensorType::get(shape, builder->getI32Type());
  return Tensor(*this, create<ir::IotaOp>(type, builder->getI64IntegerAttr(dimension)));
}

//===--- Shape -------------------------------------------------------------------------------===//

int64_t Tensor::elementsPerRow() const {
  int64_t elements = 1;
  for (int64_t extent : shape())
    elements *= ShapedType::isDynamic(extent) ? 1 : extent;
  return elements;
}

Tensor Tensor::like(double number) const {
  return emitter->constant(elementType(), number);
}

Tensor Tensor::broadcastTo(ArrayRef<int64_t> to) const {
  if (shape() == to)
    return *this;
  llvm::SmallVector<int64_t> dimensions;
  for (int64_t i = 0; i < rank(); ++i)
    dimensions.push_back(static_cast<int64_t>(to.size()) - rank() + i);
  return broadcastInDim(to, dimensions);
}

Tensor Tensor::broadcastInDim(ArrayRef<int64_t> to, ArrayRef<int64_t> dimensions) const {
  auto result = RankedTensorType::get(to, elementType());
  return with(emitter->create<ir::BroadcastInDimOp>(result, value, dimensions));
}

Tensor Tensor::reshape(ArrayRef<int64_t> to) const {
  if (shape() == to)
    return *this;
  return with(emitter->create<ir::ReshapeOp>(RankedTensorType::get(to, elementType()), value));
}

Tensor Tensor::transpose(ArrayRef<int64_t> permutation) const {
  if (llvm::is_sorted(permutation))
    return *this;
  return with(emitter->create<ir::TransposeOp>(value, permutation));
}

Tensor Tensor::slice(int64_t dimension, int64_t start, int64_t limit, int64_t step) const {
  llvm::SmallVector<int64_t> starts(rank(), 0), limits(shape()), strides(rank(), 1);
  for (int64_t &extent : limits)
    extent = ShapedType::isDynamic(extent) ? -1 : extent;
  starts[dimension] = start;
  limits[dimension] = limit;
  strides[dimension] = step;
  return with(emitter->create<ir::SliceOp>(value, starts, limits, strides));
}

Tensor Tensor::convert(Type element) const {
  if (elementType() == element)
    return *this;
  return with(emitter->create<ir::ConvertOp>(type().clone(element), value));
}

Tensor Tensor::toFloat() const {
  return isFloat() ? *this : convert(emitter->getFloatType());
}

//===--- Elementwise -------------------------------------------------------------------------===//

namespace {

/// The shape that both shapes broadcast to.
llvm::SmallVector<int64_t> broadcastShape(ArrayRef<int64_t> a, ArrayRef<int64_t> b) {
  if (a.size() < b.size())
    std::swap(a, b);
  llvm::SmallVector<int64_t> shape(a);
  size_t offset = a.size() - b.size();
  for (size_t i = 0; i < b.size(); ++i)
    if (shape[offset + i] == 1)
      shape[offset + i] = b[i];
  return shape;
}

template <typename Op> Tensor binary(Tensor a, Tensor b) {
  llvm::SmallVector<int64_t> shape = broadcastShape(a.shape(), b.shape());
  Value lhs = a.broadcastTo(shape), rhs = b.broadcastTo(shape);
  return a.with(a.emit().create<Op>(lhs, rhs));
}

} // namespace

Tensor operator-(Tensor x) {
  return x.apply<ir::NegateOp>();
}
Tensor operator+(Tensor a, Tensor b) {
  return binary<ir::AddOp>(a, b);
}
Tensor operator-(Tensor a, Tensor b) {
  return binary<ir::SubtractOp>(a, b);
}
Tensor operator*(Tensor a, Tensor b) {
  return binary<ir::MultiplyOp>(a, b);
}
Tensor operator/(Tensor a, Tensor b) {
  return binary<ir::DivideOp>(a, b);
}
Tensor operator+(Tensor a, double b) {
  return a + a.like(b);
}
Tensor operator-(Tensor a, double b) {
  return a - a.like(b);
}
Tensor operator*(Tensor a, double b) {
  return a * a.like(b);
}
Tensor operator/(Tensor a, double b) {
  return a / a.like(b);
}
Tensor operator+(double a, Tensor b) {
  return b.like(a) + b;
}
Tensor operator-(double a, Tensor b) {
  return b.like(a) - b;
}
Tensor operator*(double a, Tensor b) {
  return b.like(a) * b;
}
Tensor operator/(double a, Tensor b) {
  return b.like(a) / b;
}

Tensor maximum(Tensor a, Tensor b) {
  return binary<ir::MaximumOp>(a, b);
}
Tensor minimum(Tensor a, Tensor b) {
  return binary<ir::MinimumOp>(a, b);
}
Tensor maximum(Tensor a, double b) {
  return maximum(a, a.like(b));
}
Tensor minimum(Tensor a, double b) {
  return minimum(a, a.like(b));
}
Tensor power(Tensor a, Tensor b) {
  return binary<ir::PowerOp>(a, b);
}

Tensor remainder(Tensor a, Tensor b) {
  return binary<ir::RemainderOp>(a, b);
}

Tensor compare(ir::ComparisonDirection direction, Tensor a, Tensor b) {
  llvm::SmallVector<int64_t> shape = broadcastShape(a.shape(), b.shape());
  Value lhs = a.broadcastTo(shape), rhs = b.broadcastTo(shape);
  return a.with(a.emit().create<ir::CompareOp>(direction, lhs, rhs));
}
Tensor operator>(Tensor a, double b) {
  return compare(ir::ComparisonDirection::GT, a, a.like(b));
}
Tensor operator>=(Tensor a, double b) {
  return compare(ir::ComparisonDirection::GE, a, a.like(b));
}
Tensor operator<(Tensor a, double b) {
  return compare(ir::ComparisonDirection::LT, a, a.like(b));
}
Tensor operator<=(Tensor a, double b) {
  return compare(ir::ComparisonDirection::LE, a, a.like(b));
}
Tensor equal(Tensor a, Tensor b) {
  return compare(ir::ComparisonDirection::EQ, a, b);
}
Tensor notEqual(Tensor a, Tensor b) {
  return compare(ir::ComparisonDirection::NE, a, b);
}
Tensor logicalAnd(Tensor a, Tensor b) {
  return binary<ir::AndOp>(a, b);
}
Tensor logicalOr(Tensor a, Tensor b) {
  return binary<ir::OrOp>(a, b);
}
Tensor exclusiveOr(Tensor a, Tensor b) {
  return binary<ir::XorOp>(a, b);
}
Tensor isNan(Tensor x) {
  return notEqual(x, x);
}

Tensor where(Tensor condition, Tensor onTrue, Tensor onFalse) {
  auto shape = broadcastShape(condition.shape(), broadcastShape(onTrue.shape(), onFalse.shape()));
  Value predicate = condition.broadcastTo(shape);
  Value a = onTrue.broadcastTo(shape), b = onFalse.broadcastTo(shape);
  return onTrue.with(onTrue.emit().create<ir::SelectOp>(a.getType(), predicate, a, b));
}
Tensor where(Tensor condition, Tensor onTrue, double onFalse) {
  return where(condition, onTrue, onTrue.like(onFalse));
}
Tensor where(Tensor condition, double onTrue, Tensor onFalse) {
  return where(condition, onFalse.like(onTrue), onFalse);
}

Tensor abs(Tensor x) {
  return x.apply<ir::AbsOp>();
}
Tensor ceil(Tensor x) {
  return x.apply<ir::CeilOp>();
}
Tensor cosine(Tensor x) {
  return x.apply<ir::CosineOp>();
}
Tensor erf(Tensor x) {
  return x.apply<ir::ErfOp>();
}
Tensor exp(Tensor x) {
  return x.apply<ir::ExponentialOp>();
}
Tensor expm1(Tensor x) {
  return x.apply<ir::ExponentialMinusOneOp>();
}
Tensor floor(Tensor x) {
  return x.apply<ir::FloorOp>();
}
Tensor log(Tensor x) {
  return x.apply<ir::LogOp>();
}
Tensor log1p(Tensor x) {
  return x.apply<ir::LogPlusOneOp>();
}
Tensor rsqrt(Tensor x) {
  return x.apply<ir::RsqrtOp>();
}
Tensor sigmoid(Tensor x) {
  return x.apply<ir::LogisticOp>();
}
Tensor sine(Tensor x) {
  return x.apply<ir::SineOp>();
}
Tensor sqrt(Tensor x) {
  return x.apply<ir::SqrtOp>();
}
Tensor square(Tensor x) {
  return x * x;
}
Tensor stopGradient(Tensor x) {
  return x.apply<ir::StopGradientOp>();
}
Tensor tan(Tensor x) {
  return x.apply<ir::TanOp>();
}
Tensor tanh(Tensor x) {
  return x.apply<ir::TanhOp>();
}
Tensor clip(Tensor x, double low, double high) {
  return minimum(maximum(x, low), high);
}

Tensor divideNoNan(Tensor a, Tensor b) {
  Tensor isZero = equal(b, b.like(0));
  return where(isZero, a.like(0), a / where(isZero, b.like(1), b));
}

Tensor pick(Tensor x, int64_t dimension, ArrayRef<int64_t> indices) {
  llvm::SmallVector<double> values(indices.begin(), indices.end());
  Tensor places = x.emit().constant(IntegerType::get(x.emit().getContext(), 32), values,
                                    {static_cast<int64_t>(indices.size())});
  return x.with(x.emit().create<ir::GatherOp>(Value(x), Value(places), dimension));
}

Tensor repeat(Tensor x, int64_t dimension, int64_t factor) {
  if (factor == 1)
    return x;
  llvm::SmallVector<int64_t> split(x.shape()), merged(x.shape()), dimensions;
  split.insert(split.begin() + dimension + 1, factor);
  for (int64_t i = 0; i < x.rank(); ++i)
    dimensions.push_back(i <= dimension ? i : i + 1);
  merged[dimension] *= factor;
  return x.broadcastInDim(split, dimensions).reshape(merged);
}

Tensor pad(Tensor x, double value, ArrayRef<int64_t> low, ArrayRef<int64_t> high) {
  llvm::SmallVector<int64_t> interior(x.rank(), 0);
  return x.with(x.emit().create<ir::PadOp>(Value(x), Value(x.like(value)), low, high, interior));
}

//===--- Reductions --------------------------------------------------------------------------===//

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

} // namespace lamina::frontend::keras
