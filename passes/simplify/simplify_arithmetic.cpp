// Arithmetic rewrites: the predicates that simplify.td uses, and the patterns made from it.
#include <cmath>

#include "ir/operations/term.h"
#include "mlir/IR/Matchers.h"
#include "passes/simplify/simplify_patterns.h"

using namespace mlir;
using namespace lamina::ir;

namespace lamina::passes {

std::optional<double> matchSplat(Value value) {
  while (auto broadcast = value.getDefiningOp<BroadcastInDimOp>())
    value = broadcast.getOperand();
  DenseElementsAttr elements;
  if (!matchPattern(value, m_Constant(&elements)) || !elements.isSplat())
    return std::nullopt;
  if (isa<FloatType>(elements.getElementType()))
    return elements.getSplatValue<APFloat>().convertToDouble();
  return std::nullopt;
}

namespace {

bool isCheapToNegate(Value value) {
  return value.getDefiningOp<BroadcastInDimOp>() || matchPattern(value, m_Constant());
}

/// A power of two whose reciprocal is a normal number of single precision.
bool isPowerOfTwo(Value value) {
  std::optional<double> number = matchSplat(value);
  int exponent = 0;
  return number && std::abs(std::frexp(*number, &exponent)) == 0.5 && std::abs(exponent) < 120;
}

Value makeReciprocal(OpBuilder &builder, Location loc, Value value) {
  return splat(builder, loc, value.getType(), 1 / *matchSplat(value));
}

#include "passes/simplify.inc"

} // namespace

void populateArithmeticPatterns(RewritePatternSet &patterns) {
  populateWithGenerated(patterns);
}

} // namespace lamina::passes
