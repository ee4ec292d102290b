// f64 functions against the C library's long double ones, on random bit patterns and arguments
// spread over the range where the function changes.
#include <cstdio>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "ulp.h"
#include "vector_function.h"

namespace lamina::codegen {
namespace {

using Long = long double;

struct DoubleCase {
  const char *name;
  llvm::Value *(*emit)(llvm::IRBuilderBase &, const MathContext &, llvm::Value *);
  Long (*exact)(Long);
  double limit; ///< ulp
};

Long exactLogistic(Long x) {
  return 1 / (1 + std::exp(-x));
}
Long exactRsqrt(Long x) {
  return 1 / std::sqrt(x);
}

const DoubleCase doubleCases[] = {
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
    {"sqrt", emitSqrt, std::sqrt, 0.5001},
    {"rsqrt", emitRsqrt, exactRsqrt, 1.5001},
    {"floor", emitFloor, std::floor, 0},
    {"ceil", emitCeil, std::ceil, 0},
    {"trunc", emitTrunc, std::trunc, 0},
    {"roundEven", emitRoundEven, std::nearbyint, 0},
    {"roundAway", emitRoundAway, std::round, 0},
};

/// Normal numbers of all magnitudes, half of them between 2^-12 and 2^11.
std::vector<double> arguments(size_t count) {
  std::mt19937_64 random(1);
  std::vector<double> x;
  while (x.size() < count) {
    uint64_t bits = random();
    if (x.size() % 2)
      bits = (bits & 0x800fffffffffffff) | ((1011 + bits / 4096 % 4096 % 23) << 52);
    double value = std::bit_cast<double>(bits);
    if (std::isnormal(value))
      x.push_back(value);
  }
  constexpr double infinity = std::numeric_limits<double>::infinity();
  for (double special : {0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.5, -2.5, infinity, -infinity, 1e308,
                         -1e308, 0x1p-60, -0x1p-60, 0x1p52, 0x1.8p51, -0x1p53})
    x.push_back(special);
  while (x.size() % 16)
    x.push_back(std::numeric_limits<double>::quiet_NaN());
  return x;
}

class VectorMathF64 : public ::testing::TestWithParam<DoubleCase> {};

TEST_P(VectorMathF64, ErrorIsWithinLimit) {
  const DoubleCase &test = GetParam();
  for (const TargetSpec &target : testedTargets()) {
    VectorFunction<double> function(target, [&](auto &b, const MathContext &math, auto *x, auto *) {
      return test.emit(b, math, x);
    });
    std::vector<double> x = arguments(500000), y(x.size());
    function(x.data(), x.data(), y.data(), x.size());
    double worst = 0, at = 0;
    for (size_t i = 0; i < x.size(); ++i) {
      Long exact = test.exact(x[i]);
      double ulp = ulpError(y[i], exact);
      if (ulp > worst)
        worst = ulp, at = x[i];
      if (exact == 0 && y[i] == 0)
        EXPECT_EQ(std::signbit(y[i]), std::signbit(exact)) << target.cpu << " " << x[i];
    }
    std::printf("%-10s %-10s largest error %.3f ulp at %a\n", test.name, target.cpu.c_str(), worst,
                at);
    EXPECT_LE(worst, test.limit) << target.cpu << " at " << at;
  }
}

INSTANTIATE_TEST_SUITE_P(All, VectorMathF64, ::testing::ValuesIn(doubleCases),
                         [](const auto &info) { return std::string(info.param.name); });

} // namespace
} // namespace lamina::codegen
