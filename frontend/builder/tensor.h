#pragma once

#include "ir/dialect.h"
#include "mlir/IR/Builders.h"

/// Formulas over tensors as people write them: `x * sigmoid(x)`. Every operation becomes IR at the
/// emitter's place; shapes broadcast as in NumPy.
namespace lamina::frontend::builder {

/// The addend that keeps quotients and logarithms finite (keras.config.epsilon()).
inline constexpr double kEpsilon = 1e-7;

class Tensor;

/// Where operations are built, and the location (the layer's name) that they get.
class Emitter {
public:
  Emitter(mlir::OpBuilder &builder, mlir::Location loc)
      : Emitter(builder, loc, builder.getF32Type()) {}
  Emitter(mlir::OpBuilder &builder, mlir::Location loc, mlir::Type floatType)
      : builder(&builder), loc(loc), floatType(floatType) {}

  /// The floating-point type that formulas are computed in: f32, or f64 for a layer of such a
  /// policy.
  mlir::Type getFloatType() const { return floatType; }
  /// A scalar constant, rounded to the element type.
  Tensor constant(mlir::Type element, double value);
  Tensor constant(double value);
  /// A constant tensor with these elements in row-major order, rounded to the element type.
  Tensor constant(mlir::Type element, llvm::ArrayRef<double> values, llvm::ArrayRef<int64_t> shape);
  Tensor constant(llvm::ArrayRef<double> values, llvm::ArrayRef<int64_t> shape);
  /// The number of rows of the batch, as a floating-point scalar.
  Tensor rows();
  /// The index along one dimension of an i32 tensor.
  Tensor iota(llvm::ArrayRef<int64_t> shape, int64_t dimension);

  template <typename Op, typename... Args> mlir::Value create(Args &&...args) {
    return builder->create<Op>(loc, std::forward<Args>(args)...);
  }
  /// Where the next operation goes.
  mlir::OpBuilder &getBuilder() { return *builder; }
  mlir::MLIRContext *getContext() const { return builder->getContext(); }
  mlir::Location getLoc() const { return loc; }

private:
  mlir::OpBuilder *builder;
  mlir::Location loc;
  mlir::Type floatType;
};

/// A value of the model together with the emitter of operations on it.
class Tensor {
public:
  Tensor() = default;
  Tensor(Emitter &emitter, mlir::Value value) : emitter(&emitter), value(value) {}

  explicit operator bool() const { return static_cast<bool>(value); }
  operator mlir::Value() const { return value; }
  Emitter &emit() const { return *emitter; }
  mlir::RankedTensorType type() const {
    return mlir::cast<mlir::RankedTensorType>(value.getType());
  }
  mlir::Type elementType() const { return type().getElementType(); }
  llvm::ArrayRef<int64_t> shape() const { return type().getShape(); }
  int64_t rank() const { return type().getRank(); }
  int64_t dim(int64_t index) const { return type().getDimSize(index); }
  bool isFloat() const { return mlir::isa<mlir::FloatType>(elementType()); }
  /// Elements of one row: the product of the static dimensions.
  int64_t elementsPerRow() const;

  /// The result of a unary operation that keeps the type.
  template <typename Op> Tensor apply() const { return with(emitter->template create<Op>(value)); }
  Tensor with(mlir::Value other) const { return Tensor(*emitter, other); }
  /// A scalar constant of this tensor's element type.
  Tensor like(double number) const;

  /// Repeats to `shape`; this tensor's dimensions are the last ones of it, as in NumPy.
  Tensor broadcastTo(llvm::ArrayRef<int64_t> shape) const;
  /// Repeats to `shape`; dimension i of this tensor is dimension dimensions[i] of it.
  Tensor broadcastInDim(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<int64_t> dimensions) const;
  /// The same elements in another shape.
  Tensor reshape(llvm::ArrayRef<int64_t> shape) const;
  Tensor transpose(llvm::ArrayRef<int64_t> permutation) const;
  /// Elements [start, limit) of one dimension.
  Tensor slice(int64_t dimension, int64_t start, int64_t limit, int64_t step = 1) const;
  /// Another element type.
  Tensor convert(mlir::Type element) const;
  /// The emitter's floating-point type where the elements are integers or booleans, else the tensor
  /// itself.
  Tensor toFloat() const;

private:
  Emitter *emitter = nullptr;
  mlir::Value value;
};

using Tensors = llvm::SmallVector<Tensor, 2>;

Tensor operator-(Tensor x);
Tensor operator+(Tensor a, Tensor b);
Tensor operator-(Tensor a, Tensor b);
Tensor operator*(Tensor a, Tensor b);
Tensor operator/(Tensor a, Tensor b);
Tensor operator+(Tensor a, double b);
Tensor operator-(Tensor a, double b);
Tensor operator*(Tensor a, double b);
Tensor operator/(Tensor a, double b);
Tensor operator+(double a, Tensor b);
Tensor operator-(double a, Tensor b);
Tensor operator*(double a, Tensor b);
Tensor operator/(double a, Tensor b);

Tensor maximum(Tensor a, Tensor b);
Tensor minimum(Tensor a, Tensor b);
Tensor maximum(Tensor a, double b);
Tensor minimum(Tensor a, double b);
Tensor power(Tensor a, Tensor b);
/// The remainder of a division that rounds towards zero.
Tensor remainder(Tensor a, Tensor b);

/// Comparisons give i1.
Tensor compare(ir::ComparisonDirection direction, Tensor a, Tensor b);
Tensor operator>(Tensor a, double b);
Tensor operator>=(Tensor a, double b);
Tensor operator<(Tensor a, double b);
Tensor operator<=(Tensor a, double b);
Tensor equal(Tensor a, Tensor b);
Tensor notEqual(Tensor a, Tensor b);
Tensor logicalAnd(Tensor a, Tensor b);
Tensor logicalOr(Tensor a, Tensor b);
Tensor exclusiveOr(Tensor a, Tensor b);
Tensor isNan(Tensor x);
/// `onTrue` where the condition holds, else `onFalse`.
Tensor where(Tensor condition, Tensor onTrue, Tensor onFalse);
Tensor where(Tensor condition, Tensor onTrue, double onFalse);
Tensor where(Tensor condition, double onTrue, Tensor onFalse);

Tensor abs(Tensor x);
Tensor ceil(Tensor x);
Tensor cosine(Tensor x);
Tensor erf(Tensor x);
Tensor exp(Tensor x);
Tensor expm1(Tensor x);
Tensor floor(Tensor x);
Tensor log(Tensor x);
Tensor log1p(Tensor x);
Tensor rsqrt(Tensor x);
Tensor sigmoid(Tensor x);
Tensor sine(Tensor x);
Tensor sqrt(Tensor x);
Tensor square(Tensor x);
Tensor stopGradient(Tensor x);
Tensor tan(Tensor x);
Tensor tanh(Tensor x);
/// min(max(x, low), high)
Tensor clip(Tensor x, double low, double high);
/// a / b, and 0 where b is 0.
Tensor divideNoNan(Tensor a, Tensor b);

/// The parts one after the other along a dimension.
Tensor concatenate(llvm::ArrayRef<Tensor> parts, int64_t dimension);
/// Elements at `indices` of one dimension.
Tensor pick(Tensor x, int64_t dimension, llvm::ArrayRef<int64_t> indices);
/// The elements of a dimension in reverse order.
Tensor flip(Tensor x, int64_t dimension);
/// Each element of a dimension `factor` times.
Tensor repeat(Tensor x, int64_t dimension, int64_t factor);
/// x with `low` and `high` elements of one value before and after those of each dimension.
Tensor pad(Tensor x, double value, llvm::ArrayRef<int64_t> low, llvm::ArrayRef<int64_t> high);

/// Reductions over `dimensions`, which vanish; an axis may count from the end.
Tensor sum(Tensor x, llvm::ArrayRef<int64_t> dimensions);
Tensor sumAll(Tensor x);
Tensor max(Tensor x, llvm::ArrayRef<int64_t> dimensions);
Tensor min(Tensor x, llvm::ArrayRef<int64_t> dimensions);
Tensor product(Tensor x, llvm::ArrayRef<int64_t> dimensions);
/// Of i1.
Tensor any(Tensor x, llvm::ArrayRef<int64_t> dimensions);
Tensor all(Tensor x, llvm::ArrayRef<int64_t> dimensions);
/// sum / number of elements, where rows count as the rows of the batch at hand.
Tensor mean(Tensor x, llvm::ArrayRef<int64_t> dimensions);
Tensor meanAll(Tensor x);
/// Repeats the result of a reduction of `like` over `dimensions` along those dimensions again.
Tensor spread(Tensor reduced, llvm::ArrayRef<int64_t> dimensions, Tensor like);
/// The nearest number of float16 (ties to even), in x's own type: f32.
Tensor roundToHalf(Tensor x);
/// First index of the maximum along an axis, i32.
Tensor argmax(Tensor x, int64_t axis);

/// Contraction of one dimension of each, batched over the given pairs.
Tensor dot(Tensor a, Tensor b, int64_t aDimension, int64_t bDimension,
           llvm::ArrayRef<int64_t> aBatching = {}, llvm::ArrayRef<int64_t> bBatching = {});

/// 1 where the class index equals `labels` (an integer tensor), along a new last dimension of
/// `classes` entries; i1.
Tensor isLabel(Tensor labels, int64_t classes);

/// How many of the `boundaries` (of rank 1 and x's type) each element of x reaches, or with
/// `strictly` exceeds; i32. NaN reaches all and exceeds none.
Tensor countReached(Tensor x, Tensor boundaries, bool strictly = false);

/// Uniform numbers in [0, 1) with 24 bits from random i32 bits.
Tensor uniformFromBits(Tensor bits);

} // namespace lamina::frontend::builder
