#include "codegen/expressions/random_bits.h"

#include <algorithm>
#include <utility>

namespace lamina::codegen {

namespace {

using llvm::Value;

unsigned laneCount(Value *value) {
  auto *vector = llvm::dyn_cast<llvm::FixedVectorType>(value->getType());
  return vector ? vector->getNumElements() : 0;
}

/// High and low halves of x * multiplier, for a scalar or an odd number of lanes.
std::pair<Value *, Value *> multiplyByWidening(llvm::IRBuilderBase &b, Value *x,
                                               uint64_t multiplier) {
  llvm::Type *wide = x->getType()->getWithNewType(b.getInt64Ty());
  Value *product = b.CreateMul(b.CreateZExt(x, wide), llvm::ConstantInt::get(wide, multiplier));
  return {b.CreateTrunc(b.CreateLShr(product, 32), x->getType()),
          b.CreateTrunc(product, x->getType())};
}

/// The same for an even number of lanes: even and odd lanes are multiplied where they are, without
/// the shuffles of a widening and a narrowing conversion (pmuludq on x86).
std::pair<Value *, Value *> multiplyInPlace(llvm::IRBuilderBase &b, Value *x, uint64_t multiplier) {
  llvm::Type *pairs = llvm::FixedVectorType::get(b.getInt64Ty(), laneCount(x) / 2);
  auto constant = [&](uint64_t value) { return llvm::ConstantInt::get(pairs, value); };
  Value *lowMask = constant(0xffffffffu), *highMask = constant(0xffffffff00000000u);
  Value *both = b.CreateBitCast(x, pairs);
  Value *even = b.CreateMul(b.CreateAnd(both, lowMask), constant(multiplier));
  Value *odd = b.CreateMul(b.CreateLShr(both, 32), constant(multiplier));
  Value *high = b.CreateOr(b.CreateLShr(even, 32), b.CreateAnd(odd, highMask));
  Value *low = b.CreateOr(b.CreateAnd(even, lowMask), b.CreateShl(odd, 32));
  return {b.CreateBitCast(high, x->getType()), b.CreateBitCast(low, x->getType())};
}

} // namespace

Value *emitPhilox(llvm::IRBuilderBase &b, Value *key, Value *counterLow, Value *counterHigh) {
  constexpr uint32_t multiplier = 0xD256D193u, weyl = 0x9E3779B9u;
  unsigned lanes = std::max({laneCount(key), laneCount(counterLow), laneCount(counterHigh)});
  auto widen = [&](Value *value) {
    return lanes && !laneCount(value) ? b.CreateVectorSplat(lanes, value) : value;
  };
  Value *low = widen(counterLow), *high = widen(counterHigh);
  for (int round = 0; round < 10; ++round) {
    auto [productHigh, productLow] = lanes && lanes % 2 == 0
                                         ? multiplyInPlace(b, low, multiplier)
                                         : multiplyByWidening(b, low, multiplier);
    low = b.CreateXor(b.CreateXor(productHigh, widen(key)), high);
    high = productLow;
    key = b.CreateAdd(key, llvm::ConstantInt::get(key->getType(), weyl));
  }
  return low;
}

} // namespace lamina::codegen
