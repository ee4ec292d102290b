// Sine and cosine. x 2/pi modulo 4 comes from the bits of 2/pi that matter for the exponent of x
// (Payne and Hanek, "Radian reduction for trigonometric functions", 1983), in f64 for both types:
// one path without branches, exact enough for every argument.
#include <cmath>

#include "codegen/expressions/exact_arithmetic.h"
#include "codegen/math/math_builder.h"
#include "codegen/math/vector_coefficients.h"

#include "llvm/IR/Module.h"

namespace lamina::codegen {

namespace {

/// The binary fraction 2/pi, first bits first.
constexpr uint32_t twoOverPi[] = {
    0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0, 0xdb629599, 0x3c439041, 0xfe5163ab, 0xdebbc561,
    0xb7246e3a, 0x424dd2e0, 0x06492eea, 0x09d1921c, 0xfe1deb1c, 0xb129a73e, 0xe88235f5, 0x2ebb4484,
    0xe99c7026, 0xb45f7e41, 0x3991d639, 0x835339f4, 0x9c845f8b, 0xbdf9283b, 0x1ff897ff, 0xde05980f,
    0xef2f118b, 0x5a0a6d1f, 0x6d367ecf, 0x27cb09b7, 0x4f463f66, 0x9e5fea2d, 0x7527bac7, 0xebe5f17b,
    0x3d0739f7, 0x8a5292ea, 0x6bfb5fb1, 0x1f8d5d08, 0x56033046};

/// Bits of a window: two factors of so many bits have an exact product in f64.
constexpr unsigned windowBits = 26;

/// How much of 2/pi a type needs: x is mantissa 2^exponent with a 53-bit mantissa, the largest
/// exponent, and the number of windows until the rest is negligible.
struct Extent {
  unsigned largestExponent, windows;
};
constexpr Extent extentF32{75, 5}, extentF64{971, 7};

/// The window that starts at bit `start` of 2/pi (1 is the first after the point; 0 and -1 are 0).
uint32_t windowAt(int start) {
  uint32_t window = 0;
  for (int bit = start - 1; bit < start - 1 + int(windowBits); ++bit)
    window = window * 2 + (bit < 0 ? 0 : twoOverPi[bit / 32] >> (31 - bit % 32) & 1);
  return window;
}

/// A constant of the module: element e is the window whose first bit has weight 2 in 2^e 2/pi.
llvm::GlobalVariable *windowTable(llvm::Module &module, Extent extent) {
  std::string name = "lamina.two_over_pi." + std::to_string(extent.windows);
  if (llvm::GlobalVariable *table = module.getNamedGlobal(name))
    return table;
  std::vector<uint32_t> windows;
  for (unsigned e = 0; e <= extent.largestExponent + windowBits * (extent.windows - 1); ++e)
    windows.push_back(windowAt(int(e) - 1));
  llvm::Constant *data = llvm::ConstantDataArray::get(module.getContext(), windows);
  auto *table = new llvm::GlobalVariable(module, data->getType(), /*isConstant=*/true,
                                         llvm::GlobalValue::PrivateLinkage, data, name);
  table->setUnnamedAddr(llvm::GlobalValue::UnnamedAddr::Global);
  return table;
}

/// Elements of the table as f64, at i64 indices.
llvm::Value *loadWindows(MathBuilder &m, llvm::GlobalVariable *table, llvm::Value *indices) {
  llvm::IRBuilderBase &b = m.builder();
  llvm::Type *word = b.getInt32Ty();
  llvm::Value *addresses = b.CreateGEP(word, table, indices);
  llvm::Type *type = indices->getType()->getWithNewType(word);
  llvm::Value *words = type->isVectorTy()
                           ? b.CreateMaskedGather(type, addresses, llvm::Align(4))
                           : static_cast<llvm::Value *>(b.CreateLoad(word, addresses));
  return b.CreateSIToFP(words, m.type());
}

/// x less the nearest multiple of 4.
llvm::Value *modulo4(MathBuilder &m, llvm::Value *x) {
  llvm::Value *quarter = emitRoundEven(m.builder(), m.context(), m.mul(x, m.constant(0.25)));
  return m.sub(x, m.mul(quarter, m.constant(4.0)));
}

/// The angle x as quarter turns modulo 4: an integer and a rest in [-1/2, 1/2].
struct QuarterTurns {
  llvm::Value *whole; ///< as integers, the lowest two bits count
  Pair rest;
};

/// For a finite f64 x >= 0.
QuarterTurns quarterTurns(MathBuilder &m, llvm::Value *x, Extent extent) {
  llvm::IRBuilderBase &b = m.builder();
  // Below 2^52 the exponent counts as 0, and x is its own mantissa.
  llvm::Value *exponent = b.CreateSub(b.CreateLShr(m.bits(x), 52), m.integer(1075));
  auto clamp = [&](llvm::CmpInst::Predicate predicate, uint64_t bound) {
    llvm::Value *beyond = b.CreateICmp(predicate, exponent, m.integer(bound));
    exponent = b.CreateSelect(beyond, m.integer(bound), exponent);
  };
  clamp(llvm::CmpInst::ICMP_SLT, 0);
  clamp(llvm::CmpInst::ICMP_SGT, extent.largestExponent);
  llvm::Value *mantissa = m.fromBits(b.CreateSub(m.bits(x), b.CreateShl(exponent, 52)));
  llvm::Value *upper = m.fromBits(b.CreateAnd(m.bits(mantissa), m.integer(~0ull << 27)));
  llvm::Value *lower = m.sub(mantissa, upper);

  llvm::GlobalVariable *table = windowTable(*b.GetInsertBlock()->getModule(), extent);
  std::vector<llvm::Value *> terms;
  for (unsigned i = 0; i < extent.windows; ++i) {
    llvm::Value *index = b.CreateAdd(exponent, m.integer(windowBits * i));
    llvm::Value *window =
        m.mul(loadWindows(m, table, index), m.constant(std::ldexp(1.0, -24 - int(windowBits * i))));
    for (llvm::Value *part : {upper, lower}) {
      llvm::Value *product = m.mul(part, window);
      terms.push_back(i < 3 ? modulo4(m, product) : product);
    }
  }
  Pair sum = accurateSum(m, terms);
  llvm::Value *whole = emitRoundEven(b, m.context(), sum.high);
  Pair rest = twoSum(m, m.sub(sum.high, whole), sum.low);
  return {m.bits(m.add(whole, m.constant(0x1.8p52))), rest};
}

/// sin(r) and cos(r) for r = high + low, |r| <= pi / 4 (the formulas of fdlibm's kernels), and what
/// rounding took from them.
struct SineAndCosine {
  llvm::Value *sine, *cosine, *sineRest, *cosineRest;
};
SineAndCosine reducedSineAndCosine(MathBuilder &m, llvm::Value *r, llvm::Value *low) {
  llvm::Value *z = m.mul(r, r);
  llvm::Value *s = m.isF32() ? m.polynomial(sinTailF32, z) : m.polynomial(sinTailF64, z);
  llvm::Value *c = m.isF32() ? m.polynomial(cosTailF32, z) : m.polynomial(cosTailF64, z);
  llvm::Value *term = m.fma(m.mul(z, r), s, low);
  llvm::Value *sine = m.add(r, term);
  llvm::Value *halfSquare = m.mul(z, m.constant(0.5)), *one = m.constant(1.0);
  llvm::Value *first = m.sub(one, halfSquare);
  llvm::Value *lost = m.sub(m.sub(one, first), halfSquare);
  llvm::Value *tail = m.fma(m.mul(z, z), c, m.sub(lost, m.mul(r, low)));
  llvm::Value *cosine = m.add(first, tail);
  return {sine, cosine, m.add(m.sub(r, sine), term), m.add(m.sub(first, cosine), tail)};
}

/// |x| in quarter turns and the rest, of which sine and cosine are known.
struct ReducedAngle {
  SineAndCosine rest;
  llvm::Value *quadrant;
  llvm::Value *invalid; ///< NaN where x is NaN or infinite, 0 elsewhere
};

ReducedAngle reduceMagnitude(MathBuilder &m, llvm::Value *x) {
  llvm::IRBuilderBase &b = m.builder();
  llvm::Value *magnitude = m.abs(x);
  llvm::Type *wide = m.type()->getWithNewType(b.getDoubleTy());
  MathBuilder d(b, m.context(), wide);
  QuarterTurns turned = m.isF32() ? quarterTurns(d, b.CreateFPExt(magnitude, wide), extentF32)
                                  : quarterTurns(d, magnitude, extentF64);
  constexpr double halfPi = 0x1.921fb54442d18p+0, halfPiLow = 0x1.1a62633145c07p-54;
  Pair angle = twoProduct(d, turned.rest.high, d.constant(halfPi));
  llvm::Value *low = d.add(d.mul(turned.rest.high, d.constant(halfPiLow)),
                           d.mul(turned.rest.low, d.constant(halfPi)));
  low = d.add(low, angle.low);
  if (!m.isF32())
    return {reducedSineAndCosine(m, angle.high, low), turned.whole, m.sub(magnitude, magnitude)};
  llvm::Value *high = b.CreateFPTrunc(angle.high, m.type());
  low = b.CreateFPTrunc(d.sub(angle.high, b.CreateFPExt(high, wide)), m.type());
  return {reducedSineAndCosine(m, high, low), b.CreateTrunc(turned.whole, m.bitsType()),
          m.sub(magnitude, magnitude)};
}

llvm::Value *isOdd(MathBuilder &m, llvm::Value *quadrant) {
  return m.builder().CreateICmpNE(m.builder().CreateAnd(quadrant, m.integer(1)), m.integer(0));
}

/// y with the sign changed where the bit `place` of `bits` is set.
llvm::Value *flipSign(MathBuilder &m, llvm::Value *y, llvm::Value *bits, unsigned place) {
  llvm::IRBuilderBase &b = m.builder();
  llvm::Value *sign = b.CreateShl(bits, (m.isF32() ? 31 : 63) - place);
  return m.fromBits(b.CreateXor(m.bits(y), b.CreateAnd(sign, m.signMask())));
}

/// sin(|x| + turns quarter turns).
llvm::Value *sineOfMagnitude(MathBuilder &m, llvm::Value *x, unsigned turns) {
  ReducedAngle angle = reduceMagnitude(m, x);
  llvm::Value *quadrant = m.builder().CreateAdd(angle.quadrant, m.integer(turns));
  llvm::Value *y = m.select(isOdd(m, quadrant), angle.rest.cosine, angle.rest.sine);
  return flipSign(m, m.add(y, angle.invalid), quadrant, 1);
}

/// An odd function of x from that of |x|. The least numbers lose bits to underflow in the
/// reduction; there the function is x.
llvm::Value *oddFunction(MathBuilder &m, llvm::Value *x, llvm::Value *ofMagnitude) {
  llvm::IRBuilderBase &b = m.builder();
  llvm::Value *y =
      m.fromBits(b.CreateXor(m.bits(ofMagnitude), b.CreateAnd(m.bits(x), m.signMask())));
  return m.select(m.less(m.abs(x), m.constant(0x1p-27)), x, y);
}

/// (over + overRest) / (under + underRest), rounded about once.
llvm::Value *divide(MathBuilder &m, llvm::Value *over, llvm::Value *overRest, llvm::Value *under,
                    llvm::Value *underRest) {
  llvm::IRBuilderBase &b = m.builder();
  if (m.isF32()) {
    llvm::Type *wide = m.type()->getWithNewType(b.getDoubleTy());
    auto sum = [&](llvm::Value *high, llvm::Value *low) {
      return b.CreateFAdd(b.CreateFPExt(high, wide), b.CreateFPExt(low, wide));
    };
    return b.CreateFPTrunc(b.CreateFDiv(sum(over, overRest), sum(under, underRest)), m.type());
  }
  // The quotient, and its remainder.
  llvm::Value *quotient = b.CreateFDiv(over, under);
  Pair product = twoProduct(m, quotient, under);
  llvm::Value *left = m.sub(m.sub(over, product.high), product.low);
  left = m.add(left, m.sub(overRest, m.mul(quotient, underRest)));
  return m.add(quotient, b.CreateFDiv(left, under));
}

} // namespace

llvm::Value *emitSin(llvm::IRBuilderBase &b, const MathContext &math, llvm::Value *x) {
  MathBuilder m(b, math, x->getType());
  return oddFunction(m, x, sineOfMagnitude(m, x, 0));
}

llvm::Value *emitCos(llvm::IRBuilderBase &b, const MathContext &math, llvm::Value *x) {
  MathBuilder m(b, math, x->getType());
  return sineOfMagnitude(m, x, 1);
}

llvm::Value *emitTan(llvm::IRBuilderBase &b, const MathContext &math, llvm::Value *x) {
  MathBuilder m(b, math, x->getType());
  ReducedAngle angle = reduceMagnitude(m, x);
  const SineAndCosine &rest = angle.rest;
  llvm::Value *odd = isOdd(m, angle.quadrant);
  llvm::Value *over = m.select(odd, rest.cosine, rest.sine);
  llvm::Value *under = m.select(odd, rest.sine, rest.cosine);
  llvm::Value *overRest = m.select(odd, rest.cosineRest, rest.sineRest);
  llvm::Value *underRest = m.select(odd, rest.sineRest, rest.cosineRest);
  llvm::Value *y = divide(m, over, overRest, under, underRest);
  return oddFunction(m, x, flipSign(m, m.add(y, angle.invalid), angle.quadrant, 0));
}

} // namespace lamina::codegen
