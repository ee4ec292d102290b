#pragma once

#include <vector>

#include "codegen/math/math_builder.h"

namespace lamina::codegen {

/// The unevaluated sum high + low, |low| at most half a unit in the last place of high. (Dekker, "A
/// floating-point technique for extending the available precision", 1971.)
struct Pair {
  llvm::Value *high, *low;
};

/// x + y exactly (Knuth).
Pair twoSum(MathBuilder &m, llvm::Value *x, llvm::Value *y);

/// x y exactly, for f64 below 2^996 in magnitude.
Pair twoProduct(MathBuilder &m, llvm::Value *x, llvm::Value *y);

/// The sum of the terms as if computed with about three times the precision (Ogita, Rump and Oishi,
/// "Accurate sum and dot product", 2005, algorithm SumK).
Pair accurateSum(MathBuilder &m, std::vector<llvm::Value *> terms);

} // namespace lamina::codegen
