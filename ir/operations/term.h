#pragma once

#include "ir/dialect.h"
#include "mlir/IR/Builders.h"

/// Arithmetic on tensor values written as formulas: `gradient * (1.0 - y * y)`. Gradient rules and
/// rewrites that build elementwise expressions use it.
namespace lamina::ir {

/// A tensor of `type` whose elements are all `value` (rounded to the element type). With rows in
/// the type it is a broadcast scalar, else a constant.
mlir::Value splat(mlir::OpBuilder &builder, mlir::Location loc, mlir::Type type, double value);

/// A value together with where operations on it are built. Operands of an operator have one type;
/// a number beside a term stands for a splat of the term's type.
class Term {
public:
  Term(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value)
      : builder(&builder), loc(loc), value(value) {}

  operator mlir::Value() const { return value; }
  mlir::RankedTensorType getType() const {
    return mlir::cast<mlir::RankedTensorType>(value.getType());
  }

  /// A splat of this term's type.
  Term like(double number) const { return with(splat(*builder, loc, getType(), number)); }
  /// The result of a new operation with this term as its first operand.
  template <typename Op, typename... Operands> Term apply(Operands... operands) const {
    return with(builder->create<Op>(loc, value, operands...).getResult());
  }
  /// This term where `condition` holds, `other` elsewhere.
  Term where(mlir::Value condition, mlir::Value other) const {
    return with(builder->create<SelectOp>(loc, condition, value, other).getResult());
  }
  /// This term where `condition` holds, zero elsewhere.
  Term where(mlir::Value condition) const { return where(condition, like(0)); }
  mlir::Value compare(ComparisonDirection direction, mlir::Value other) const {
    return builder->create<CompareOp>(loc, direction, value, other);
  }

  Term operator-() const { return apply<NegateOp>(); }
  friend Term operator+(Term a, Term b) { return a.apply<AddOp>(b.value); }
  friend Term operator-(Term a, Term b) { return a.apply<SubtractOp>(b.value); }
  friend Term operator*(Term a, Term b) { return a.apply<MultiplyOp>(b.value); }
  friend Term operator/(Term a, Term b) { return a.apply<DivideOp>(b.value); }
  friend Term operator+(Term a, double b) { return a + a.like(b); }
  friend Term operator-(Term a, double b) { return a - a.like(b); }
  friend Term operator*(Term a, double b) { return a * a.like(b); }
  friend Term operator/(Term a, double b) { return a / a.like(b); }
  friend Term operator-(double a, Term b) { return b.like(a) - b; }
  friend Term operator/(double a, Term b) { return b.like(a) / b; }

private:
  Term with(mlir::Value other) const { return Term(*builder, loc, other); }

  mlir::OpBuilder *builder;
  mlir::Location loc;
  mlir::Value value;
};

} // namespace lamina::ir
