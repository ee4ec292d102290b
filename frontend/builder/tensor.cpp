#include "frontend/builder/tensor.h"

using namespace mlir;

namespace lamina::frontend::builder {

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

Tensor concatenate(ArrayRef<Tensor> parts, int64_t dimension) {
  if (parts.size() == 1)
    return parts[0];
  auto values = llvm::map_to_vector(parts, [](Tensor part) { return Value(part); });
  return parts[0].with(parts[0].emit().create<ir::ConcatenateOp>(values, dimension));
}

Tensor flip(Tensor x, int64_t dimension) {
  llvm::SmallVector<int64_t> indices;
  for (int64_t i = x.dim(dimension) - 1; i >= 0; --i)
    indices.push_back(i);
  return pick(x, dimension, indices);
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

} // namespace lamina::frontend::builder
