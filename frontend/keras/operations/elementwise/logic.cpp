// Operations of keras.ops that ask and choose: comparisons, logic, bits and choices
// (keras/src/ops/numpy.py)
#include <cmath>

#include "frontend/keras/operations/operations.h"

using namespace mlir;

namespace lamina::frontend::keras {
namespace {

using enum ir::ComparisonDirection;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

//===--- Comparisons -------------------------------------------------------------------------===//

template <ir::ComparisonDirection direction> Tensors comparison(OperationCall &call) {
  auto [a, b] = call.promoted("x1", "x2");
  return {compare(direction, a, b)};
}

Tensors isClose(OperationCall &call) {
  auto [a, b] = call.promoted("x1", "x2");
  double relative = call.settings.number("rtol", 1e-5);
  double absolute = call.settings.number("atol", 1e-8);
  bool equalsNan = call.settings.boolean("equal_nan", false);
  if (!a.isFloat())
    return {equal(a, b)};
  Tensor close = compare(LE, abs(a - b), absolute + relative * abs(b));
  return {equalsNan ? logicalOr(close, logicalAnd(isNan(a), isNan(b))) : close};
}

//===--- Kinds of numbers --------------------------------------------------------------------===//

Tensors isNotANumber(OperationCall &call) {
  return {isNan(call.floatTensor("x"))};
}

Tensors isInfinite(OperationCall &call) {
  Tensor x = call.floatTensor("x");
  return {equal(abs(x), x.like(kInfinity))};
}

template <bool isNegative> Tensors isInfinity(OperationCall &call) {
  Tensor x = call.floatTensor("x");
  return {equal(x, x.like(isNegative ? -kInfinity : kInfinity))};
}

Tensors isFinite(OperationCall &call) {
  return {abs(call.floatTensor("x")) < kInfinity};
}

/// Complex numbers do not occur.
Tensors isReal(OperationCall &call) {
  Tensor x = call.tensor("x");
  return {equal(x.like(0), x.like(0)).broadcastTo(x.shape())};
}

/// -0 has a negative inverse.
Tensors hasSignBit(OperationCall &call) {
  Tensor x = call.tensor("x");
  if (!x.isFloat())
    return {x < 0};
  return {logicalOr(x < 0, logicalAnd(equal(x, x.like(0)), 1.0 / x < 0))};
}

//===--- Logic and bits ----------------------------------------------------------------------===//

template <Tensor (*function)(Tensor, Tensor)> Tensors logical(OperationCall &call) {
  Tensor a = call.boolTensor("x1"), b = call.boolTensor("x2");
  checkBroadcast(call, a, b);
  return {function(a, b)};
}

Tensors logicalNot(OperationCall &call) {
  return {call.boolTensor("x").apply<ir::NotOp>()};
}

void refuseFloats(OperationCall &call, Tensor x) {
  if (x.isFloat())
    call.fail("works on bits, but gets floating-point numbers; cast them to integers");
}

template <Tensor (*function)(Tensor, Tensor)> Tensors bitwise(OperationCall &call) {
  auto [a, b] = call.promoted("x", "y");
  refuseFloats(call, a);
  return {function(a, b)};
}

Tensors bitwiseNot(OperationCall &call) {
  Tensor x = call.tensor("x");
  refuseFloats(call, x);
  return {x.apply<ir::NotOp>()};
}

/// By a number of the file: a product with a power of two, or a quotient rounded down.
template <bool isLeft> Tensors shift(OperationCall &call) {
  Tensor x = call.tensor("x");
  refuseFloats(call, x);
  const nlohmann::json &amount = call.settings.raw("y");
  int64_t width = x.elementType().getIntOrFloatBitWidth();
  if (!amount.is_number_integer() || amount < 0 || amount >= width - 1)
    call.fail(fmt::format("shifts by something other than a number from 0 to {}; multiply by or "
                          "floor_divide by a power of two instead",
                          width - 2));
  double factor = std::ldexp(1.0, amount.get<int>());
  return {isLeft ? x * factor : floorQuotient(x, x.like(factor))};
}

//===--- Choices -----------------------------------------------------------------------------===//

Tensors chooseWhere(OperationCall &call) {
  Tensor condition = call.boolTensor("condition");
  if (!call.settings.has("x1") || !call.settings.has("x2"))
    call.fail("is called with a condition alone and gives as many places as hold, which only the "
              "values tell; give it what to choose from");
  auto [a, b] = call.promoted("x1", "x2");
  checkBroadcast(call, condition, a);
  checkBroadcast(call, condition, b);
  return {where(condition, a, b)};
}

/// Of the first condition that holds.
Tensors select(OperationCall &call) {
  Tensors conditions = call.tensors("condlist"), choices = call.tensors("choicelist");
  if (conditions.size() != choices.size())
    call.fail(
        fmt::format("chooses from {} tensors by {} conditions", choices.size(), conditions.size()));
  Tensor result = call.settings.has("default") ? call.tensor("default") : choices[0].like(0);
  result = result.convert(choices[0].elementType());
  mlir::Type boolean = IntegerType::get(call.emit().getContext(), 1);
  for (auto [condition, choice] : llvm::reverse(llvm::zip_equal(conditions, choices))) {
    checkBroadcast(call, condition, choice);
    checkBroadcast(call, choice, result);
    checkBroadcast(call, condition, result);
    result = where(condition.convert(boolean), choice, result);
  }
  return {result};
}

} // namespace

llvm::ArrayRef<OperationEntry> logicOperations() {
  static const OperationEntry entries[] = {
      {"BitwiseAnd", {"x", "y"}, bitwise<logicalAnd>},
      {"BitwiseInvert", {"x"}, bitwiseNot},
      {"BitwiseLeftShift", {"x", "y"}, shift<true>},
      {"BitwiseNot", {"x"}, bitwiseNot},
      {"BitwiseOr", {"x", "y"}, bitwise<logicalOr>},
      {"BitwiseRightShift", {"x", "y"}, shift<false>},
      {"BitwiseXor", {"x", "y"}, bitwise<exclusiveOr>},
      {"Equal", {"x1", "x2"}, comparison<EQ>},
      {"Greater", {"x1", "x2"}, comparison<GT>},
      {"GreaterEqual", {"x1", "x2"}, comparison<GE>},
      {"Isclose", {"x1", "x2", "rtol", "atol"}, isClose},
      {"Isfinite", {"x"}, isFinite},
      {"Isinf", {"x"}, isInfinite},
      {"Isnan", {"x"}, isNotANumber},
      {"Isneginf", {"x"}, isInfinity<true>},
      {"Isposinf", {"x"}, isInfinity<false>},
      {"Isreal", {"x"}, isReal},
      {"LeftShift", {"x", "y"}, shift<true>},
      {"Less", {"x1", "x2"}, comparison<LT>},
      {"LessEqual", {"x1", "x2"}, comparison<LE>},
      {"LogicalAnd", {"x1", "x2"}, logical<logicalAnd>},
      {"LogicalNot", {"x"}, logicalNot},
      {"LogicalOr", {"x1", "x2"}, logical<logicalOr>},
      {"LogicalXor", {"x1", "x2"}, logical<exclusiveOr>},
      {"NotEqual", {"x1", "x2"}, comparison<NE>},
      {"RightShift", {"x", "y"}, shift<false>},
      {"Select", {"condlist", "choicelist", "default"}, select},
      {"Signbit", {"x"}, hasSignBit},
      {"Where", {"condition", "x1", "x2"}, chooseWhere},
  };
  return entries;
}

} // namespace lamina::frontend::keras
