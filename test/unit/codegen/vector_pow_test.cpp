#include <cstdio>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "ulp.h"
#include "vector_function.h"

namespace lamina::codegen {
namespace {

template <typename T> class VectorPow : public ::testing::Test {
public:
  using Wide = std::conditional_t<std::is_same_v<T, float>, double, long double>;
  static VectorFunction<T> compile(const TargetSpec &target) {
    return VectorFunction<T>(target, [](auto &b, const MathContext &math, auto *x, auto *y) {
      return emitPow(b, math, x, y);
    });
  }
};

using Types = ::testing::Types<float, double>;
TYPED_TEST_SUITE(VectorPow, Types);

/// Positive bases of all magnitudes; exponents for which most results are finite.
TYPED_TEST(VectorPow, ErrorIsWithinLimit) {
  using T = TypeParam;
  using Wide = typename TestFixture::Wide;
  constexpr size_t count = 400000;
  std::mt19937_64 random(2);
  std::uniform_real_distribution<double> uniform(-1, 1);
  std::vector<T> x(count), y(count), result(count);
  for (size_t i = 0; i < count; ++i) {
    double range = std::numeric_limits<T>::max_exponent - 2;
    double exponent =
        i % 2 ? uniform(random) * range : uniform(random) * std::pow(2, -10 * (i % 5));
    x[i] = static_cast<T>(std::exp2(exponent));
    y[i] = static_cast<T>(uniform(random) * range /
                          std::max(std::fabs(std::log2(double(x[i]))), 1e-9));
  }
  for (const TargetSpec &target : testedTargets()) {
    this->compile(target)(x.data(), y.data(), result.data(), count);
    double worst = 0;
    size_t at = 0;
    for (size_t i = 0; i < count; ++i)
      if (double ulp = ulpError(result[i], std::pow(Wide(x[i]), Wide(y[i]))); ulp > worst)
        worst = ulp, at = i;
    std::printf("pow f%zu    %-10s largest error %.3f ulp at %a, %a\n", 8 * sizeof(T),
                target.cpu.c_str(), worst, double(x[at]), double(y[at]));
    EXPECT_LE(worst, 2) << target.cpu << " " << x[at] << " ** " << y[at] << " = " << result[at];
  }
}

TYPED_TEST(VectorPow, SpecialCasesAreThoseOfC) {
  using T = TypeParam;
  constexpr T infinity = std::numeric_limits<T>::infinity();
  constexpr T nan = std::numeric_limits<T>::quiet_NaN();
  constexpr T huge = std::numeric_limits<T>::max();
  const T values[] = {T(0),     T(-0.0),   T(1),   T(-1),  T(2),   T(-2),
                      T(3),     T(-3),     T(0.5), T(-.5), T(1.5), T(-1.5),
                      infinity, -infinity, nan,    huge,   -huge,  T(16777217)};
  for (const TargetSpec &target : testedTargets()) {
    auto function = this->compile(target);
    for (T x : values)
      for (T y : values) {
        T exact = std::pow(x, y), result = function(x, y);
        EXPECT_LE(ulpError(result, static_cast<long double>(exact)), 2)
            << target.cpu << " " << x << " ** " << y << " = " << result;
        if (!std::isnan(exact))
          EXPECT_EQ(std::signbit(result), std::signbit(exact)) << x << " ** " << y;
      }
  }
}

} // namespace
} // namespace lamina::codegen
