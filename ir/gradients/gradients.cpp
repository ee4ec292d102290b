// Gradient rules of elementwise operations. Where a rule has a choice it is TensorFlow's
// (tensorflow/python/ops/math_grad.py); each names the formula it stands for.
#include <cmath>
#include <numbers>

#include "ir/operations/term.h"

using namespace mlir;

namespace lamina::ir {
namespace {

using Gradients = SmallVectorImpl<Value>;

/// The operands of a rule's formula: g is the result's gradient, y the result.
template <typename Op> struct Formula {
  Formula(OpBuilder &builder, Op op, ValueRange resultGradients)
      : builder(builder), op(op), g(builder, op.getLoc(), resultGradients[0]),
        y(builder, op.getLoc(), op.getOutput()) {}

  Term term(Value value) { return Term(builder, op.getLoc(), value); }

  OpBuilder &builder;
  Op op;
  Term g, y;
};

/// y = f(x): the rule gives the gradient of x from g, x and y.
template <typename Op, typename Rule>
LogicalResult unary(Op op, OpBuilder &builder, ValueRange resultGradients, Gradients &gradients,
                    Rule rule) {
  Formula<Op> formula(builder, op, resultGradients);
  gradients.push_back(rule(formula.g, formula.term(op.getOperand()), formula.y));
  return success();
}

/// y = f(a, b): the rule gives the pair of the operands' gradients from g, a, b and y.
template <typename Op, typename Rule>
LogicalResult binary(Op op, OpBuilder &builder, ValueRange resultGradients, Gradients &gradients,
                     Rule rule) {
  Formula<Op> formula(builder, op, resultGradients);
  auto [lhs, rhs] =
      rule(formula.g, formula.term(op.getLhs()), formula.term(op.getRhs()), formula.y);
  gradients.push_back(lhs);
  gradients.push_back(rhs);
  return success();
}

/// Piecewise constant, or of integers or truth values: no gradient flows.
LogicalResult constant(Operation *op, Gradients &gradients) {
  gradients.append(op->getNumOperands(), Value());
  return success();
}

using Pair = std::pair<Value, Value>;
constexpr double kTwoOverSqrtPi = 2 * std::numbers::inv_sqrtpi;

/// The gradient goes to the left operand where `leftWins`, to the right one elsewhere.
Pair route(Term g, Value leftWins) {
  Value zero = g.like(0);
  return {g.where(leftWins, zero), Term(g).like(0).where(leftWins, g)};
}

} // namespace

//===--- No gradient -------------------------------------------------------------------------===//

#define LAMINA_CONSTANT_RULE(OP)                                                                   \
  LogicalResult OP::buildGradient(OpBuilder &, ValueRange, Gradients &gradients) {                 \
    return constant(*this, gradients);                                                             \
  }
LAMINA_CONSTANT_RULE(AndOp)
LAMINA_CONSTANT_RULE(CeilOp)
LAMINA_CONSTANT_RULE(CompareOp)
LAMINA_CONSTANT_RULE(FloorOp)
LAMINA_CONSTANT_RULE(NotOp)
LAMINA_CONSTANT_RULE(OrOp)
LAMINA_CONSTANT_RULE(RoundNearestEvenOp)
LAMINA_CONSTANT_RULE(ShiftRightLogicalOp)
LAMINA_CONSTANT_RULE(SignOp)
LAMINA_CONSTANT_RULE(XorOp)
#undef LAMINA_CONSTANT_RULE

//===--- Of one operand ----------------------------------------------------------------------===//

#define LAMINA_UNARY_RULE(OP, FORMULA)                                                             \
  LogicalResult OP::buildGradient(OpBuilder &builder, ValueRange results, Gradients &gradients) {  \
    return unary(*this, builder, results, gradients, [](Term g, Term x, Term y) -> Value FORMULA); \
  }
LAMINA_UNARY_RULE(AbsOp, { return g * x.apply<SignOp>(); })
LAMINA_UNARY_RULE(CosineOp, { return -(g * x.apply<SineOp>()); })
LAMINA_UNARY_RULE(ErfOp, { return g * ((-(x * x)).apply<ExponentialOp>() * kTwoOverSqrtPi); })
LAMINA_UNARY_RULE(ExponentialOp, { return g * y; })
LAMINA_UNARY_RULE(ExponentialMinusOneOp, { return g * x.apply<ExponentialOp>(); })
LAMINA_UNARY_RULE(LogOp, { return g / x; })
LAMINA_UNARY_RULE(LogPlusOneOp, { return g / (x + 1.0); })
LAMINA_UNARY_RULE(LogisticOp, { return g * y * (1.0 - y); })
LAMINA_UNARY_RULE(NegateOp, { return -g; })
LAMINA_UNARY_RULE(RsqrtOp, { return g * y * y * y * -0.5; })
LAMINA_UNARY_RULE(SineOp, { return g * x.apply<CosineOp>(); })
LAMINA_UNARY_RULE(SqrtOp, { return g * 0.5 / y; })
LAMINA_UNARY_RULE(TanOp, { return g * (y * y + 1.0); })
LAMINA_UNARY_RULE(TanhOp, { return g * (1.0 - y * y); })
#undef LAMINA_UNARY_RULE

LogicalResult ConvertOp::buildGradient(OpBuilder &builder, ValueRange results,
                                       Gradients &gradients) {
  RankedTensorType from = getOperand().getType();
  if (!isa<FloatType>(from.getElementType()) || !isa<FloatType>(getType().getElementType()))
    return constant(*this, gradients);
  gradients.push_back(builder.create<ConvertOp>(getLoc(), from, results[0]));
  return success();
}

//===--- Of several operands -----------------------------------------------------------------===//

LogicalResult AddOp::buildGradient(OpBuilder &, ValueRange results, Gradients &gradients) {
  gradients.append(2, results[0]);
  return success();
}

LogicalResult SubtractOp::buildGradient(OpBuilder &builder, ValueRange results,
                                        Gradients &gradients) {
  return binary(*this, builder, results, gradients,
                [](Term g, Term, Term, Term) { return Pair(g, -g); });
}

LogicalResult MultiplyOp::buildGradient(OpBuilder &builder, ValueRange results,
                                        Gradients &gradients) {
  return binary(*this, builder, results, gradients,
                [](Term g, Term a, Term b, Term) { return Pair(g * b, g * a); });
}

LogicalResult DivideOp::buildGradient(OpBuilder &builder, ValueRange results,
                                      Gradients &gradients) {
  // d(a/b)/db = -(a/b)/b; the division by b is shared with a's gradient.
  return binary(*this, builder, results, gradients, [](Term g, Term, Term b, Term y) {
    Term quotient = g / b;
    return Pair(quotient, -(quotient * y));
  });
}

LogicalResult MaximumOp::buildGradient(OpBuilder &builder, ValueRange results,
                                       Gradients &gradients) {
  return binary(*this, builder, results, gradients, [](Term g, Term a, Term b, Term) {
    return route(g, a.compare(ComparisonDirection::GE, b));
  });
}

LogicalResult MinimumOp::buildGradient(OpBuilder &builder, ValueRange results,
                                       Gradients &gradients) {
  return binary(*this, builder, results, gradients, [](Term g, Term a, Term b, Term) {
    return route(g, a.compare(ComparisonDirection::LE, b));
  });
}

LogicalResult PowerOp::buildGradient(OpBuilder &builder, ValueRange results, Gradients &gradients) {
  // As TensorFlow: the logarithm in the exponent's gradient is taken as 0 where a <= 0.
  return binary(*this, builder, results, gradients, [](Term g, Term a, Term b, Term y) {
    Value positive = a.compare(ComparisonDirection::GT, a.like(0));
    Term log = a.where(positive, a.like(1)).apply<LogOp>().where(positive);
    return Pair(g * (b * a.apply<PowerOp>(Value(b - 1.0))), g * (y * log));
  });
}

LogicalResult RemainderOp::buildGradient(OpBuilder &builder, ValueRange results,
                                         Gradients &gradients) {
  // a - trunc(a / b) * b.
  return binary(*this, builder, results, gradients, [](Term g, Term a, Term b, Term) {
    Term quotient = a / b;
    Value negative = quotient.compare(ComparisonDirection::LT, quotient.like(0));
    Term truncated = quotient.apply<CeilOp>().where(negative, quotient.apply<FloorOp>());
    return Pair(g, -(g * truncated));
  });
}

LogicalResult FmaOp::buildGradient(OpBuilder &builder, ValueRange results, Gradients &gradients) {
  Term g(builder, getLoc(), results[0]), a(builder, getLoc(), getA()), b(builder, getLoc(), getB());
  gradients.append({g * b, g * a, g});
  return success();
}

LogicalResult SelectOp::buildGradient(OpBuilder &builder, ValueRange results,
                                      Gradients &gradients) {
  auto [onTrue, onFalse] = route(Term(builder, getLoc(), results[0]), getPredicate());
  gradients.append({Value(), onTrue, onFalse});
  return success();
}

} // namespace lamina::ir
