// f32 functions against the C library's double-precision ones, on every 1021st bit pattern (the
// variable LAMINA_TEST_STRIDE says otherwise; 1 is all of them) and on the special values.
#include <cstdio>
#include <cstdlib>
#include <vector>

#include <gtest/gtest.h>

#include "ulp.h"
#include "vector_function.h"

namespace lamina::codegen {
namespace {

struct Case {
  const char *name;
  llvm::Value *(*emit)(llvm::IRBuilderBase &, const MathContext &, llvm::Value *);
  double (*exact)(double);
  double limit; ///< ulp
};

double exactLogistic(double x) {
  return 1 / (1 + std::exp(-x));
}
double exactRsqrt(double x) {
  return 1 / std::sqrt(x);
}
double exactSign(double x) {
  return x == 0 || std::isnan(x) ? x : std::copysign(1.0, x);
}

const Case cases[] = {
    {"exp", emitExp, std::exp, 2},
    {"expm1", emitExpm1, std::expm1, 2},
    {"log", emitLog, std::log, 2},
    {"log1p", emitLog1p, std::log1p, 2},
    {"tanh", emitTanh, std::tanh, 2},
    {"erf", emitErf, std::erf, 2},
    {"logistic", emitLogistic, exactLogistic, 2},
    {"sin", emitSin, std::sin, 2},
    {"cos", emitCos, std::cos, 2},
    {"tan", emitTan, std::tan, 2},
    {"sqrt", emitSqrt, std::sqrt, 0.5},
    {"rsqrt", emitRsqrt, exactRsqrt, 1.5},
    {"floor", emitFloor, std::floor, 0},
    {"ceil", emitCeil, std::ceil, 0},
    {"trunc", emitTrunc, std::trunc, 0},
    {"roundEven", emitRoundEven, std::nearbyint, 0},
    {"roundAway", emitRoundAway, std::round, 0},
    {"abs", emitAbs, std::fabs, 0},
    {"sign", emitSign, exactSign, 0},
};

class VectorMathF32 : public ::testing::TestWithParam<Case> {};

struct Worst {
  double ulp = 0;
  float x = 0, y = 0;
};

Worst sweep(const Case &test, const TargetSpec &target) {
  constexpr size_t block = 1 << 14;
  const char *chosen = std::getenv("LAMINA_TEST_STRIDE");
  const uint64_t stride = chosen ? std::strtoull(chosen, nullptr, 10) : 1021;
  VectorFunction<float> function(target, [&](auto &b, const MathContext &math, auto *x, auto *) {
    return test.emit(b, math, x);
  });
  std::vector<float> x(block), y(block);
  Worst worst;
  for (uint64_t start = 0; start < 1ull << 32; start += block * stride) {
    for (size_t i = 0; i < block; ++i)
      x[i] = std::bit_cast<float>(static_cast<uint32_t>(start + i * stride));
    function(x.data(), x.data(), y.data(), block);
    for (size_t i = 0; i < block; ++i) {
      // A denormal argument may count as zero.
      if (std::fpclassify(x[i]) == FP_SUBNORMAL)
        continue;
      double ulp = ulpError(y[i], test.exact(x[i]));
      if (ulp > worst.ulp)
        worst = {ulp, x[i], y[i]};
    }
  }
  return worst;
}

TEST_P(VectorMathF32, ErrorIsWithinLimit) {
  for (const TargetSpec &target : testedTargets()) {
    Worst worst = sweep(GetParam(), target);
    std::printf("%-10s %-10s largest error %.3f ulp at %a\n", GetParam().name, target.cpu.c_str(),
                worst.ulp, worst.x);
    EXPECT_LE(worst.ulp, GetParam().limit)
        << worst.x << " gives " << worst.y << " instead of " << GetParam().exact(worst.x);
  }
}

TEST_P(VectorMathF32, SpecialValues) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  for (const TargetSpec &target : testedTargets()) {
    VectorFunction<float> function(target, [&](auto &b, const MathContext &math, auto *x, auto *) {
      return GetParam().emit(b, math, x);
    });
    for (float x : {0.0f, -0.0f, 1.0f, -1.0f, 0.5f, -0.5f, 2.5f, -2.5f, infinity, -infinity,
                    std::numeric_limits<float>::max(), std::numeric_limits<float>::lowest()}) {
      float y = function(x), exact = static_cast<float>(GetParam().exact(x));
      EXPECT_LE(ulpError(y, GetParam().exact(x)), GetParam().limit) << target.cpu << " " << x;
      if (exact == 0)
        EXPECT_EQ(std::signbit(y), std::signbit(exact)) << target.cpu << " " << x;
    }
    for (uint32_t nan : {0x7fc00000u, 0xffc00000u, 0x7fc00001u, 0xffffffffu, 0x7fffffffu})
      EXPECT_TRUE(std::isnan(function(std::bit_cast<float>(nan)))) << target.cpu << " " << nan;
  }
}

INSTANTIATE_TEST_SUITE_P(All, VectorMathF32, ::testing::ValuesIn(cases),
                         [](const auto &info) { return std::string(info.param.name); });

} // namespace
} // namespace lamina::codegen
