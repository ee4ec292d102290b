// The elementwise operations on one element.
#include <cmath>
#include <limits>

#include "ir/interpreter/interpreter_table.h"

using namespace mlir;

namespace lamina::ir {
namespace {

template <typename... Ts> struct TypeList {};
using Floats = TypeList<float, double>;
using Integers = TypeList<int64_t, int32_t, int8_t, uint8_t>;
using Numbers = TypeList<float, double, int64_t, int32_t, int8_t, uint8_t>;
using Logic = TypeList<int64_t, int32_t, int8_t, uint8_t, bool>;
using All = TypeList<float, double, int64_t, int32_t, int8_t, uint8_t, bool>;

/// Calls `function(std::type_identity<T>{})` for the type of the list that is `type`. The verifier
/// has seen to it that there is one.
template <typename... Ts, typename Function>
void visitType(TypeList<Ts...>, ElementType type, Function function) {
  bool found = ((elementTypeOf<Ts>() == type && (function(std::type_identity<Ts>{}), true)) || ...);
  if (!found)
    llvm_unreachable("the verifier admits other element types");
}

//===--- Element functions -------------------------------------------------------------------===//

/// Signed overflow is undefined in C++; integers of the dialect wrap around.
template <typename T> using Wrapping = std::make_unsigned_t<T>;

template <typename T> T add(T a, T b) {
  if constexpr (std::is_integral_v<T>)
    return static_cast<T>(static_cast<Wrapping<T>>(a) + static_cast<Wrapping<T>>(b));
  else
    return a + b;
}

template <typename T> T subtract(T a, T b) {
  if constexpr (std::is_integral_v<T>)
    return static_cast<T>(static_cast<Wrapping<T>>(a) - static_cast<Wrapping<T>>(b));
  else
    return a - b;
}

template <typename T> T multiply(T a, T b) {
  if constexpr (std::is_integral_v<T>)
    return static_cast<T>(static_cast<Wrapping<T>>(a) * static_cast<Wrapping<T>>(b));
  else
    return a * b;
}

template <typename T> T negate(T x) {
  if constexpr (std::is_integral_v<T>)
    return subtract<T>(0, x);
  else
    return -x;
}

/// x / 0 is -1 (all bits set), the lowest number / -1 is itself, as in StableHLO's XLA lowering.
template <typename T> T divide(T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    if (b == 0)
      return static_cast<T>(-1);
    if (std::is_signed_v<T> && b == static_cast<T>(-1))
      return negate(a);
  }
  return static_cast<T>(a / b);
}

/// x rem 0 is x for integers.
template <typename T> T remainder(T a, T b) {
  if constexpr (std::is_floating_point_v<T>)
    return std::fmod(a, b);
  else if (b == 0)
    return a;
  else if (std::is_signed_v<T> && b == static_cast<T>(-1))
    return 0;
  else
    return static_cast<T>(a % b);
}

template <typename T> bool isNan(T x) {
  return x != x;
}

template <typename T> T absolute(T x) {
  if constexpr (std::is_floating_point_v<T>)
    return std::fabs(x);
  else
    return x < 0 ? negate(x) : x;
}

template <typename T> T sign(T x) {
  if (isNan(x))
    return x;
  return static_cast<T>((x > 0) - (x < 0));
}

/// The left one at a tie, which also decides between zeros of different sign.
template <typename T> T maximum(T a, T b) {
  return isNan(a) || a >= b ? a : b;
}
template <typename T> T minimum(T a, T b) {
  return isNan(a) || a <= b ? a : b;
}

template <typename T> T shiftRightLogical(T x, T amount) {
  auto bits = static_cast<Wrapping<T>>(x), shift = static_cast<Wrapping<T>>(amount);
  return shift < sizeof(T) * 8 ? static_cast<T>(bits >> shift) : 0;
}

template <typename T> T complement(T x) {
  if constexpr (std::is_same_v<T, bool>)
    return !x;
  else
    return static_cast<T>(~x);
}

template <typename T> bool compare(ComparisonDirection direction, T a, T b) {
  switch (direction) {
  case ComparisonDirection::EQ:
    return a == b;
  case ComparisonDirection::NE:
    return a != b;
  case ComparisonDirection::GE:
    return a >= b;
  case ComparisonDirection::GT:
    return a > b;
  case ComparisonDirection::LE:
    return a <= b;
  case ComparisonDirection::LT:
    return a < b;
  }
  llvm_unreachable("unknown direction");
}

/// Towards zero, saturating, NaN to 0.
template <typename To, typename From> To floatToInteger(From x) {
  if (isNan(x))
    return 0;
  // 2^digits is exact in every floating-point type, the largest integer may not be.
  const From limit = std::ldexp(From(1), std::numeric_limits<To>::digits);
  if (x >= limit)
    return std::numeric_limits<To>::max();
  if (x <= (std::is_signed_v<To> ? -limit : From(0)))
    return std::numeric_limits<To>::min();
  return static_cast<To>(x);
}

template <typename To, typename From> To convert(From x) {
  if constexpr (std::is_same_v<To, bool>)
    return x != From(0);
  else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>)
    return floatToInteger<To>(x);
  else
    return static_cast<To>(x);
}

//===--- Over all elements -------------------------------------------------------------------===//

/// Adds an operation whose result element is `function` of the operands' elements at the same
/// index, all of one type of the list.
template <typename Op, typename Types, typename Function>
void addUnary(EvaluatorTable &table, Types types, Function function) {
  table.add<Op>([=](Op, ArrayRef<HostTensor> operands, int64_t) {
    HostTensor result(operands[0].type(), operands[0].shape());
    visitType(types, result.type(), [&]<typename T>(std::type_identity<T>) {
      for (auto [x, y] : llvm::zip(operands[0].elements<T>(), result.elements<T>()))
        y = function(x);
    });
    return result;
  });
}

template <typename Op, typename Types, typename Function>
void addBinary(EvaluatorTable &table, Types types, Function function) {
  table.add<Op>([=](Op, ArrayRef<HostTensor> operands, int64_t) {
    HostTensor result(operands[0].type(), operands[0].shape());
    visitType(types, result.type(), [&]<typename T>(std::type_identity<T>) {
      for (auto [a, b, y] :
           llvm::zip(operands[0].elements<T>(), operands[1].elements<T>(), result.elements<T>()))
        y = function(a, b);
    });
    return result;
  });
}

void addFloatFunctions(EvaluatorTable &table) {
  addUnary<CeilOp>(table, Floats{}, [](auto x) { return std::ceil(x); });
  addUnary<CosineOp>(table, Floats{}, [](auto x) { return std::cos(x); });
  addUnary<ErfOp>(table, Floats{}, [](auto x) { return std::erf(x); });
  addUnary<ExponentialOp>(table, Floats{}, [](auto x) { return std::exp(x); });
  addUnary<ExponentialMinusOneOp>(table, Floats{}, [](auto x) { return std::expm1(x); });
  addUnary<FloorOp>(table, Floats{}, [](auto x) { return std::floor(x); });
  addUnary<LogOp>(table, Floats{}, [](auto x) { return std::log(x); });
  addUnary<LogPlusOneOp>(table, Floats{}, [](auto x) { return std::log1p(x); });
  addUnary<LogisticOp>(table, Floats{}, [](auto x) { return 1 / (1 + std::exp(-x)); });
  addUnary<RoundNearestEvenOp>(table, Floats{}, [](auto x) { return std::nearbyint(x); });
  addUnary<RsqrtOp>(table, Floats{}, [](auto x) { return 1 / std::sqrt(x); });
  addUnary<SineOp>(table, Floats{}, [](auto x) { return std::sin(x); });
  addUnary<SqrtOp>(table, Floats{}, [](auto x) { return std::sqrt(x); });
  addUnary<TanOp>(table, Floats{}, [](auto x) { return std::tan(x); });
  addUnary<TanhOp>(table, Floats{}, [](auto x) { return std::tanh(x); });
  addBinary<PowerOp>(table, Floats{}, [](auto a, auto b) { return std::pow(a, b); });
}

void addNumberFunctions(EvaluatorTable &table) {
  addUnary<AbsOp>(table, Numbers{}, [](auto x) { return absolute(x); });
  addUnary<NegateOp>(table, Numbers{}, [](auto x) { return negate(x); });
  addUnary<SignOp>(table, Numbers{}, [](auto x) { return sign(x); });
  addBinary<AddOp>(table, Numbers{}, [](auto a, auto b) { return add(a, b); });
  addBinary<SubtractOp>(table, Numbers{}, [](auto a, auto b) { return subtract(a, b); });
  addBinary<MultiplyOp>(table, Numbers{}, [](auto a, auto b) { return multiply(a, b); });
  addBinary<DivideOp>(table, Numbers{}, [](auto a, auto b) { return divide(a, b); });
  addBinary<RemainderOp>(table, Numbers{}, [](auto a, auto b) { return remainder(a, b); });
  addBinary<MaximumOp>(table, Numbers{}, [](auto a, auto b) { return maximum(a, b); });
  addBinary<MinimumOp>(table, Numbers{}, [](auto a, auto b) { return minimum(a, b); });
}

void addLogicFunctions(EvaluatorTable &table) {
  addUnary<NotOp>(table, Logic{}, [](auto x) { return complement(x); });
  addBinary<AndOp>(table, Logic{}, [](auto a, auto b) { return a & b; });
  addBinary<OrOp>(table, Logic{}, [](auto a, auto b) { return a | b; });
  addBinary<XorOp>(table, Logic{}, [](auto a, auto b) { return a ^ b; });
  addBinary<ShiftRightLogicalOp>(table, Integers{},
                                 [](auto x, auto amount) { return shiftRightLogical(x, amount); });
}

//===--- Operations of several types ---------------------------------------------------------===//

HostTensor evaluateFma(FmaOp, ArrayRef<HostTensor> operands, int64_t) {
  HostTensor result(operands[0].type(), operands[0].shape());
  visitType(Floats{}, result.type(), [&]<typename T>(std::type_identity<T>) {
    for (int64_t i = 0; i < result.size(); ++i)
      result.elements<T>()[i] = std::fma(operands[0].elements<T>()[i], operands[1].elements<T>()[i],
                                         operands[2].elements<T>()[i]);
  });
  return result;
}

HostTensor evaluateCompare(CompareOp op, ArrayRef<HostTensor> operands, int64_t) {
  HostTensor result(ElementType::I1, operands[0].shape());
  visitType(All{}, operands[0].type(), [&]<typename T>(std::type_identity<T>) {
    for (auto [a, b, y] :
         llvm::zip(operands[0].elements<T>(), operands[1].elements<T>(), result.elements<bool>()))
      y = compare(op.getDirection(), a, b);
  });
  return result;
}

HostTensor evaluateSelect(SelectOp, ArrayRef<HostTensor> operands, int64_t) {
  HostTensor result(operands[1].type(), operands[0].shape());
  visitType(All{}, result.type(), [&]<typename T>(std::type_identity<T>) {
    for (int64_t i = 0; i < result.size(); ++i)
      result.elements<T>()[i] = operands[operands[0].elements<bool>()[i] ? 1 : 2].elements<T>()[i];
  });
  return result;
}

HostTensor evaluateConvert(ConvertOp op, ArrayRef<HostTensor> operands, int64_t) {
  HostTensor result(toElementType(op.getOutput().getType().getElementType()), operands[0].shape());
  visitType(All{}, operands[0].type(), [&]<typename From>(std::type_identity<From>) {
    visitType(All{}, result.type(), [&]<typename To>(std::type_identity<To>) {
      for (auto [x, y] : llvm::zip(operands[0].elements<From>(), result.elements<To>()))
        y = convert<To, From>(x);
    });
  });
  return result;
}

} // namespace

void addElementwiseEvaluators(EvaluatorTable &table) {
  addFloatFunctions(table);
  addNumberFunctions(table);
  addLogicFunctions(table);
  table.add<FmaOp>(evaluateFma);
  table.add<CompareOp>(evaluateCompare);
  table.add<SelectOp>(evaluateSelect);
  table.add<StopGradientOp>(
      [](StopGradientOp, ArrayRef<HostTensor> operands, int64_t) { return operands[0]; });
  table.add<ConvertOp>(evaluateConvert);
}

} // namespace lamina::ir
