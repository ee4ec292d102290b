#include "codegen/expressions/exact_arithmetic.h"

namespace lamina::codegen {

namespace {

/// The upper 26 bits of x and the rest (Veltkamp).
Pair split(MathBuilder &m, llvm::Value *x) {
  llvm::Value *scaled = m.mul(x, m.constant(0x1p27 + 1));
  llvm::Value *high = m.sub(scaled, m.sub(scaled, x));
  return {high, m.sub(x, high)};
}

} // namespace

Pair twoSum(MathBuilder &m, llvm::Value *x, llvm::Value *y) {
  llvm::Value *sum = m.add(x, y);
  llvm::Value *yRounded = m.sub(sum, x);
  llvm::Value *xRounded = m.sub(sum, yRounded);
  return {sum, m.add(m.sub(x, xRounded), m.sub(y, yRounded))};
}

Pair twoProduct(MathBuilder &m, llvm::Value *x, llvm::Value *y) {
  llvm::Value *product = m.mul(x, y);
  if (m.context().hasFma)
    return {product, m.fma(x, y, m.negate(product))};
  Pair u = split(m, x), v = split(m, y);
  llvm::Value *rest = m.sub(m.mul(u.high, v.high), product);
  rest = m.add(rest, m.mul(u.high, v.low));
  rest = m.add(rest, m.mul(u.low, v.high));
  return {product, m.add(rest, m.mul(u.low, v.low))};
}

Pair accurateSum(MathBuilder &m, std::vector<llvm::Value *> terms) {
  // Each pass leaves the rounded sum at the end and what it lost in the other places.
  for (int pass = 0; pass < 2; ++pass)
    for (size_t i = 1; i < terms.size(); ++i) {
      Pair sum = twoSum(m, terms[i], terms[i - 1]);
      terms[i] = sum.high;
      terms[i - 1] = sum.low;
    }
  llvm::Value *low = terms[0];
  for (size_t i = 1; i + 1 < terms.size(); ++i)
    low = m.add(low, terms[i]);
  return twoSum(m, terms.back(), low);
}

} // namespace lamina::codegen
