#pragma once

namespace lamina::codegen {

// Coefficients of the polynomials in vector_math, constant term first, as fit_polynomials.py
// derives them. "error" is the largest error of the polynomial with its rounded coefficients,
// relative to the whole function. Those named F32 are exact in f32.

/// (exp(r) - 1 - r) / r^2 for |r| <= ln(2) / 2; error 2^-28.3.
inline constexpr double expTailF32[] = {4.9999994e-1, 1.66665211e-1, 4.16682661e-2, 8.36867094e-3,
                                        1.38206792e-3};
/// Error 2^-57.9.
inline constexpr double expTailF64[] = {
    0.5000000000000011,    0.16666666666666444,   0.04166666666652704,    0.008333333333476026,
    0.0013888888944319242, 0.0001984126954432224, 2.4801492473245315e-05, 2.755755407206589e-06,
    2.763044898261729e-07, 2.5009942149765485e-08};

/// (log(1 + f) - f) / f^2 for f in [-1/4, 1/2]; error 2^-27.6.
inline constexpr double logTailF32[] = {-5.0e-1,        3.33334535e-1,  -2.50001132e-1,
                                        1.99907139e-1,  -1.66465759e-1, 1.44788638e-1,
                                        -1.31683215e-1, 1.04753777e-1,  -4.51394394e-2};
/// (2 atanh(s) - 2 s) / s^3 as a function of s^2, for |s| <= 0.1716; error 2^-59.5.
inline constexpr double logTailF64[] = {
    0.6666666666666734, 0.39999999999417035, 0.285714287419113, 0.2222219861791265,
    0.1818356218440038, 0.15314101330214364, 0.1479547665021196};
/// The same for double-double arithmetic; error 2^-66.6.
inline constexpr double logTailLong[] = {
    0.6666666666666666,  0.4000000000000491,  0.28571428569417057, 0.2222222260603195,
    0.18181778429144602, 0.15386985750412263, 0.13252214707995463, 0.13234201689578562};

/// erf(x) / x - 1 as a function of x^2, for |x| <= 0.84; error 2^-27.3.
inline constexpr double erfSmallF32[] = {1.28379166e-1,  -3.76125932e-1, 1.12829193e-1,
                                         -2.68100947e-2, 5.0631701e-3,   -6.38428202e-4};
/// For |x| <= 1; error 2^-56.1.
inline constexpr double erfSmallF64[] = {
    0.12837916709551256,     -0.3761263890318344,     0.11283791670941837,
    -0.02686617064281612,    0.005223977604094756,    -0.0008548325845443007,
    0.00012055291357381327,  -1.4924673937720334e-05, 1.6446700228726794e-06,
    -1.6203273427219708e-07, 1.3698778760357023e-08,  -7.758194765916058e-10};
/// -log(erfc(x)) / x - 1 for x in [0.84, 4]; error of erf 2^-28.2.
inline constexpr double erfLargeF32[] = {1.28528282e-1,  6.35671198e-1, 1.05323933e-1,
                                         -2.29297616e-2, 3.22735682e-3, -2.15487249e-4};
/// As a function of x - 3, for x in [1, 6]; error of erf 2^-58.0.
inline constexpr double erfLargeF64[] = {
    2.5734543473270866,      0.9100997805592982,      0.01576481274714599,
    -0.002784306998981656,   0.0004769988114005135,   -7.710221974260402e-05,
    1.1340335183504556e-05,  -1.4080089412973787e-06, 1.1285749814761893e-07,
    7.346705457347028e-09,   -6.676845470157209e-09,  1.996972654614577e-09,
    -2.3112757283384485e-10, 1.817800435099496e-10,   -2.00518315128643e-11,
    -2.3510453772546895e-11, -9.899139646922927e-12,  -1.5086873958506347e-12};

/// (sin(r) / r - 1) / r^2 as a function of r^2, for |r| <= pi / 4; error 2^-28.0.
inline constexpr double sinTailF32[] = {-1.66666552e-1, 8.33219197e-3, -1.95187851e-4};
/// Error 2^-58.0.
inline constexpr double sinTailF64[] = {-0.16666666666666632,    0.008333333333322493,
                                        -0.00019841269829860538, 2.7557313707699756e-06,
                                        -2.5050760302120512e-08, 1.5896909909937877e-10};
/// (cos(r) - 1 + r^2 / 2) / r^4 as a function of r^2, for |r| <= pi / 4; error 2^-33.0.
inline constexpr double cosTailF32[] = {4.16666456e-2, -1.38873106e-3, 2.44325638e-5};
/// Error 2^-63.9.
inline constexpr double cosTailF64[] = {0.041666666666666595,   -0.0013888888888873346,
                                        2.480158728900524e-05,  -2.755731421785787e-07,
                                        2.0875705483430843e-09, -1.135875234076053e-11};

} // namespace lamina::codegen
