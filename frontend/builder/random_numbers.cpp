#include "frontend/builder/random_numbers.h"

namespace lamina::frontend::builder {
namespace {

/// a[0] + a[1] w + a[2] w^2 + …
Tensor polynomial(Tensor w, std::initializer_list<double> coefficients) {
  auto next = std::rbegin(coefficients);
  Tensor value = w * *next + *std::next(next);
  for (next += 2; next != std::rend(coefficients); ++next)
    value = value * w + *next;
  return value;
}

/// The inverse of erf in single precision: Giles, "Approximating the erfinv function", GPU
/// Computing Gems 2, 2011, table 5.
Tensor inverseErf(Tensor x) {
  Tensor w = -log((1.0 - x) * (1.0 + x));
  Tensor central =
      polynomial(w - 2.5, {1.50140941, 0.246640727, -0.00417768164, -0.00125372503, 0.00021858087,
                           -4.39150654e-06, -3.5233877e-06, 3.43273939e-07, 2.81022636e-08});
  Tensor tail = polynomial(sqrt(w) - 3.0,
                           {2.83297682, 1.00167406, 0.00943887047, -0.0076224613, 0.00573950773,
                            -0.00367342844, 0.00134934322, 0.000100950558, -0.000200214257});
  return where(w < 5.0, central, tail) * x;
}

/// Numbers strictly between 0 and 1: 23 random bits and a half.
Tensor openUniform(Tensor bits) {
  Tensor shift = bits.like(9).broadcastTo(bits.shape());
  Tensor mantissa =
      bits.with(bits.emit().create<ir::ShiftRightLogicalOp>(mlir::Value(bits), mlir::Value(shift)));
  return (mantissa.toFloat() + 0.5) * 0x1p-23;
}

} // namespace

// sqrt(2) erfinv(2 u - 1) is normal for uniform u; squeezed to erf(+-2 / sqrt(2)) first, it is the
// normal distribution's part within two standard deviations.
Tensor normalFromBits(Tensor bits, bool isTruncated) {
  constexpr double kErfOfTwoDeviations = 0.95449973610364158;
  Tensor centered = openUniform(bits) * 2.0 - 1.0;
  if (isTruncated)
    centered = centered * kErfOfTwoDeviations;
  return inverseErf(centered) * 1.4142135623730951;
}

} // namespace lamina::frontend::builder
