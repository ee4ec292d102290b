// One numeric test per elementwise operation on floating-point numbers, with the special values.
// RUN: lamina-opt %s --interpret | FileCheck %s

// CHECK: @abs: dense<[1.500000e+00, 0.000000e+00, 2.000000e+00, 0x7F800000, 0x{{[7F]}}FC00000]> : tensor<5xf32>
func.func @abs() -> tensor<5xf32> {
  %x = lamina.constant dense<[-1.5, -0.0, 2.0, 0xFF800000, 0x7FC00000]> : tensor<5xf32>
  %y = lamina.abs %x : tensor<5xf32>
  return %y : tensor<5xf32>
}

// CHECK-NEXT: @ceil: dense<[-1.000000e+00, -0.000000e+00, 1.000000e+00, 2.000000e+00, 0x{{[7F]}}FC00000]> : tensor<5xf32>
func.func @ceil() -> tensor<5xf32> {
  %x = lamina.constant dense<[-1.5, -0.5, 0.2, 2.0, 0x7FC00000]> : tensor<5xf32>
  %y = lamina.ceil %x : tensor<5xf32>
  return %y : tensor<5xf32>
}

// CHECK-NEXT: @cosine: dense<[1.000000e+00, 0.540302277, -1.000000e+00, -0.416146845]> : tensor<4xf32>
func.func @cosine() -> tensor<4xf32> {
  %x = lamina.constant dense<[0.0, 1.0, 3.14159274, -2.0]> : tensor<4xf32>
  %y = lamina.cosine %x : tensor<4xf32>
  return %y : tensor<4xf32>
}

// CHECK-NEXT: @erf: dense<[-0.000000e+00, 0.520499885, -0.842700779, 1.000000e+00, 1.000000e+00, 0x{{[7F]}}FC00000]> : tensor<6xf32>
func.func @erf() -> tensor<6xf32> {
  %x = lamina.constant dense<[-0.0, 0.5, -1.0, 4.0, 0x7F800000, 0x7FC00000]> : tensor<6xf32>
  %y = lamina.erf %x : tensor<6xf32>
  return %y : tensor<6xf32>
}

// CHECK-NEXT: @exponential: dense<[1.000000e+00, 2.71828175, 0.36787945, 0x7F800000, 0.000000e+00, 0x{{[7F]}}FC00000]> : tensor<6xf32>
func.func @exponential() -> tensor<6xf32> {
  %x = lamina.constant dense<[0.0, 1.0, -1.0, 89.0, 0xFF800000, 0x7FC00000]> : tensor<6xf32>
  %y = lamina.exponential %x : tensor<6xf32>
  return %y : tensor<6xf32>
}

// CHECK-NEXT: @exponential_minus_one: dense<[-0.000000e+00, 9.99999993E-9, 1.71828175, -1.000000e+00, 0x7F800000, 0x{{[7F]}}FC00000]> : tensor<6xf32>
func.func @exponential_minus_one() -> tensor<6xf32> {
  %x = lamina.constant dense<[-0.0, 1.0e-8, 1.0, 0xFF800000, 0x7F800000, 0x7FC00000]> : tensor<6xf32>
  %y = lamina.exponential_minus_one %x : tensor<6xf32>
  return %y : tensor<6xf32>
}

// CHECK-NEXT: @floor: dense<[-2.000000e+00, -1.000000e+00, 0.000000e+00, 2.000000e+00, 0x{{[7F]}}FC00000]> : tensor<5xf32>
func.func @floor() -> tensor<5xf32> {
  %x = lamina.constant dense<[-1.5, -0.5, 0.2, 2.0, 0x7FC00000]> : tensor<5xf32>
  %y = lamina.floor %x : tensor<5xf32>
  return %y : tensor<5xf32>
}

// CHECK-NEXT: @log: dense<[0.000000e+00, 0.99999994, 0xFF800000, 0x7F800000, 0x{{[7F]}}FC00000]> : tensor<5xf32>
func.func @log() -> tensor<5xf32> {
  %x = lamina.constant dense<[1.0, 2.71828175, 0.0, 0x7F800000, -1.0]> : tensor<5xf32>
  %y = lamina.log %x : tensor<5xf32>
  return %y : tensor<5xf32>
}

// CHECK-NEXT: @log_plus_one: dense<[-0.000000e+00, 9.99999993E-9, 0.693147182, 0xFF800000, 0x7F800000]> : tensor<5xf32>
func.func @log_plus_one() -> tensor<5xf32> {
  %x = lamina.constant dense<[-0.0, 1.0e-8, 1.0, -1.0, 0x7F800000]> : tensor<5xf32>
  %y = lamina.log_plus_one %x : tensor<5xf32>
  return %y : tensor<5xf32>
}

// CHECK-NEXT: @logistic: dense<[5.000000e-01, 0.731058597, 0.268941432, 0.000000e+00, 1.000000e+00, 0x{{[7F]}}FC00000]> : tensor<6xf32>
func.func @logistic() -> tensor<6xf32> {
  %x = lamina.constant dense<[0.0, 1.0, -1.0, -200.0, 0x7F800000, 0x7FC00000]> : tensor<6xf32>
  %y = lamina.logistic %x : tensor<6xf32>
  return %y : tensor<6xf32>
}

// CHECK-NEXT: @negate: dense<[-1.500000e+00, -0.000000e+00, 0xFF800000]> : tensor<3xf32>
func.func @negate() -> tensor<3xf32> {
  %x = lamina.constant dense<[1.5, 0.0, 0x7F800000]> : tensor<3xf32>
  %y = lamina.negate %x : tensor<3xf32>
  return %y : tensor<3xf32>
}

// CHECK-NEXT: @round_nearest_even: dense<[0.000000e+00, 2.000000e+00, 2.000000e+00, -0.000000e+00, -2.000000e+00, 3.000000e+00]> : tensor<6xf32>
func.func @round_nearest_even() -> tensor<6xf32> {
  %x = lamina.constant dense<[0.5, 1.5, 2.5, -0.5, -2.4, 2.6]> : tensor<6xf32>
  %y = lamina.round_nearest_even %x : tensor<6xf32>
  return %y : tensor<6xf32>
}

// CHECK-NEXT: @rsqrt: dense<[1.000000e+00, 5.000000e-01, 0x7F800000, 0.000000e+00, 0x{{[7F]}}FC00000]> : tensor<5xf32>
func.func @rsqrt() -> tensor<5xf32> {
  %x = lamina.constant dense<[1.0, 4.0, 0.0, 0x7F800000, -1.0]> : tensor<5xf32>
  %y = lamina.rsqrt %x : tensor<5xf32>
  return %y : tensor<5xf32>
}

// CHECK-NEXT: @sign: dense<[-1.000000e+00, 0.000000e+00, 0.000000e+00, 1.000000e+00, 0x{{[7F]}}FC00000]> : tensor<5xf32>
func.func @sign() -> tensor<5xf32> {
  %x = lamina.constant dense<[-3.0, -0.0, 0.0, 2.0, 0x7FC00000]> : tensor<5xf32>
  %y = lamina.sign %x : tensor<5xf32>
  return %y : tensor<5xf32>
}

// CHECK-NEXT: @sine: dense<[0.000000e+00, 0.841470957, -8.74227765E-8, -0.909297406]> : tensor<4xf32>
func.func @sine() -> tensor<4xf32> {
  %x = lamina.constant dense<[0.0, 1.0, 3.14159274, -2.0]> : tensor<4xf32>
  %y = lamina.sine %x : tensor<4xf32>
  return %y : tensor<4xf32>
}

// CHECK-NEXT: @sqrt: dense<[2.000000e+00, 1.41421354, -0.000000e+00, 0x7F800000, 0x{{[7F]}}FC00000]> : tensor<5xf32>
func.func @sqrt() -> tensor<5xf32> {
  %x = lamina.constant dense<[4.0, 2.0, -0.0, 0x7F800000, -1.0]> : tensor<5xf32>
  %y = lamina.sqrt %x : tensor<5xf32>
  return %y : tensor<5xf32>
}

// CHECK-NEXT: @tan: dense<[-0.000000e+00, 1.55740774, 2.18503976, 0x{{[7F]}}FC00000]> : tensor<4xf32>
func.func @tan() -> tensor<4xf32> {
  %x = lamina.constant dense<[-0.0, 1.0, -2.0, 0x7F800000]> : tensor<4xf32>
  %y = lamina.tan %x : tensor<4xf32>
  return %y : tensor<4xf32>
}

// CHECK-NEXT: @tanh: dense<[-0.000000e+00, 0.462117165, -0.761594176, 1.000000e+00, -1.000000e+00, 0x{{[7F]}}FC00000]> : tensor<6xf32>
func.func @tanh() -> tensor<6xf32> {
  %x = lamina.constant dense<[-0.0, 0.5, -1.0, 20.0, 0xFF800000, 0x7FC00000]> : tensor<6xf32>
  %y = lamina.tanh %x : tensor<6xf32>
  return %y : tensor<6xf32>
}

// CHECK-NEXT: @add: dense<[3.750000e+00, 0.000000e+00, 0x{{[7F]}}FC00000, 0x4B800000]> : tensor<4xf32>
func.func @add() -> tensor<4xf32> {
  %a = lamina.constant dense<[1.5, 0.0, 0x7F800000, 16777216.0]> : tensor<4xf32>
  %b = lamina.constant dense<[2.25, -0.0, 0xFF800000, 1.0]> : tensor<4xf32>
  %y = lamina.add %a, %b : tensor<4xf32>
  return %y : tensor<4xf32>
}

// CHECK-NEXT: @subtract: dense<[-7.500000e-01, -0.000000e+00, 0x{{[7F]}}FC00000]> : tensor<3xf32>
func.func @subtract() -> tensor<3xf32> {
  %a = lamina.constant dense<[1.5, -0.0, 0x7F800000]> : tensor<3xf32>
  %b = lamina.constant dense<[2.25, 0.0, 0x7F800000]> : tensor<3xf32>
  %y = lamina.subtract %a, %b : tensor<3xf32>
  return %y : tensor<3xf32>
}

// CHECK-NEXT: @multiply: dense<[3.000000e+00, -0.000000e+00, 0x{{[7F]}}FC00000]> : tensor<3xf32>
func.func @multiply() -> tensor<3xf32> {
  %a = lamina.constant dense<[1.5, -1.0, 0x7F800000]> : tensor<3xf32>
  %b = lamina.constant dense<[2.0, 0.0, 0.0]> : tensor<3xf32>
  %y = lamina.multiply %a, %b : tensor<3xf32>
  return %y : tensor<3xf32>
}

// CHECK-NEXT: @divide: dense<[0.333333343, 0x7F800000, 0xFF800000, 0x{{[7F]}}FC00000]> : tensor<4xf32>
func.func @divide() -> tensor<4xf32> {
  %a = lamina.constant dense<[1.0, 1.0, -1.0, 0.0]> : tensor<4xf32>
  %b = lamina.constant dense<[3.0, 0.0, 0.0, 0.0]> : tensor<4xf32>
  %y = lamina.divide %a, %b : tensor<4xf32>
  return %y : tensor<4xf32>
}

// CHECK-NEXT: @maximum: dense<[2.000000e+00, -2.000000e+00, 0x{{[7F]}}FC00000, 0x{{[7F]}}FC00000, 0.000000e+00]> : tensor<5xf32>
func.func @maximum() -> tensor<5xf32> {
  %a = lamina.constant dense<[1.0, -2.0, 0x7FC00000, 1.0, 0.0]> : tensor<5xf32>
  %b = lamina.constant dense<[2.0, -3.0, 1.0, 0x7FC00000, -0.0]> : tensor<5xf32>
  %y = lamina.maximum %a, %b : tensor<5xf32>
  return %y : tensor<5xf32>
}

// CHECK-NEXT: @minimum: dense<[1.000000e+00, -3.000000e+00, 0x{{[7F]}}FC00000, 0x{{[7F]}}FC00000, 0.000000e+00]> : tensor<5xf32>
func.func @minimum() -> tensor<5xf32> {
  %a = lamina.constant dense<[1.0, -2.0, 0x7FC00000, 1.0, 0.0]> : tensor<5xf32>
  %b = lamina.constant dense<[2.0, -3.0, 1.0, 0x7FC00000, -0.0]> : tensor<5xf32>
  %y = lamina.minimum %a, %b : tensor<5xf32>
  return %y : tensor<5xf32>
}

// CHECK-NEXT: @power: dense<[1.024000e+03, 2.000000e+00, -8.000000e+00, 0x7F800000, 0x{{[7F]}}FC00000, 1.000000e+00]> : tensor<6xf32>
func.func @power() -> tensor<6xf32> {
  %a = lamina.constant dense<[2.0, 4.0, -2.0, 0.0, -2.0, 0x7FC00000]> : tensor<6xf32>
  %b = lamina.constant dense<[10.0, 0.5, 3.0, -1.0, 0.5, 0.0]> : tensor<6xf32>
  %y = lamina.power %a, %b : tensor<6xf32>
  return %y : tensor<6xf32>
}

// CHECK-NEXT: @remainder: dense<[1.500000e+00, -1.500000e+00, 1.500000e+00, 0x{{[7F]}}FC00000, 1.000000e+00]> : tensor<5xf32>
func.func @remainder() -> tensor<5xf32> {
  %a = lamina.constant dense<[5.5, -5.5, 5.5, 1.0, 1.0]> : tensor<5xf32>
  %b = lamina.constant dense<[2.0, 2.0, -2.0, 0.0, 0x7F800000]> : tensor<5xf32>
  %y = lamina.remainder %a, %b : tensor<5xf32>
  return %y : tensor<5xf32>
}

// The product has no rounding of its own: (1 + 2^-12)^2 - 1 keeps its last bit.
// CHECK-NEXT: @fma: dense<4.88340855E-4> : tensor<1xf32>
func.func @fma() -> tensor<1xf32> {
  %a = lamina.constant dense<1.000244140625> : tensor<1xf32>
  %c = lamina.constant dense<-1.0> : tensor<1xf32>
  %y = lamina.fma %a, %a, %c : tensor<1xf32>
  return %y : tensor<1xf32>
}

// CHECK-NEXT: @compare_eq: dense<[false, true, false, true, false]> : tensor<5xi1>
func.func @compare_eq() -> tensor<5xi1> {
  %a = lamina.constant dense<[1.0, 2.0, 3.0, 0.0, 0x7FC00000]> : tensor<5xf32>
  %b = lamina.constant dense<[2.0, 2.0, 2.0, -0.0, 0x7FC00000]> : tensor<5xf32>
  %y = lamina.compare EQ %a, %b : tensor<5xf32>
  return %y : tensor<5xi1>
}

// CHECK-NEXT: @compare_ne: dense<[true, false, true, false, true]> : tensor<5xi1>
func.func @compare_ne() -> tensor<5xi1> {
  %a = lamina.constant dense<[1.0, 2.0, 3.0, 0.0, 0x7FC00000]> : tensor<5xf32>
  %b = lamina.constant dense<[2.0, 2.0, 2.0, -0.0, 0x7FC00000]> : tensor<5xf32>
  %y = lamina.compare NE %a, %b : tensor<5xf32>
  return %y : tensor<5xi1>
}

// CHECK-NEXT: @compare_ge: dense<[false, true, true, true, false]> : tensor<5xi1>
func.func @compare_ge() -> tensor<5xi1> {
  %a = lamina.constant dense<[1.0, 2.0, 3.0, 0.0, 0x7FC00000]> : tensor<5xf32>
  %b = lamina.constant dense<[2.0, 2.0, 2.0, -0.0, 0x7FC00000]> : tensor<5xf32>
  %y = lamina.compare GE %a, %b : tensor<5xf32>
  return %y : tensor<5xi1>
}

// CHECK-NEXT: @compare_gt: dense<[false, false, true, false, false]> : tensor<5xi1>
func.func @compare_gt() -> tensor<5xi1> {
  %a = lamina.constant dense<[1.0, 2.0, 3.0, 0.0, 0x7FC00000]> : tensor<5xf32>
  %b = lamina.constant dense<[2.0, 2.0, 2.0, -0.0, 0x7FC00000]> : tensor<5xf32>
  %y = lamina.compare GT %a, %b : tensor<5xf32>
  return %y : tensor<5xi1>
}

// CHECK-NEXT: @compare_le: dense<[true, true, false, true, false]> : tensor<5xi1>
func.func @compare_le() -> tensor<5xi1> {
  %a = lamina.constant dense<[1.0, 2.0, 3.0, 0.0, 0x7FC00000]> : tensor<5xf32>
  %b = lamina.constant dense<[2.0, 2.0, 2.0, -0.0, 0x7FC00000]> : tensor<5xf32>
  %y = lamina.compare LE %a, %b : tensor<5xf32>
  return %y : tensor<5xi1>
}

// CHECK-NEXT: @compare_lt: dense<[true, false, false, false, false]> : tensor<5xi1>
func.func @compare_lt() -> tensor<5xi1> {
  %a = lamina.constant dense<[1.0, 2.0, 3.0, 0.0, 0x7FC00000]> : tensor<5xf32>
  %b = lamina.constant dense<[2.0, 2.0, 2.0, -0.0, 0x7FC00000]> : tensor<5xf32>
  %y = lamina.compare LT %a, %b : tensor<5xf32>
  return %y : tensor<5xi1>
}

// CHECK-NEXT: @select: dense<[1.000000e+00, 4.000000e+00]> : tensor<2xf32>
func.func @select() -> tensor<2xf32> {
  %p = lamina.constant dense<[true, false]> : tensor<2xi1>
  %a = lamina.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %b = lamina.constant dense<[0x7FC00000, 4.0]> : tensor<2xf32>
  %y = lamina.select %p, %a, %b : tensor<2xi1>, tensor<2xf32>
  return %y : tensor<2xf32>
}

// CHECK-NEXT: @stop_gradient: dense<[1.500000e+00, -0.000000e+00]> : tensor<2xf32>
func.func @stop_gradient() -> tensor<2xf32> {
  %x = lamina.constant dense<[1.5, -0.0]> : tensor<2xf32>
  %y = lamina.stop_gradient %x : tensor<2xf32>
  return %y : tensor<2xf32>
}

// f64 is computed in f64.
// CHECK-NEXT: @double: dense<[2.7182818284590451, 1.1051709180756477]> : tensor<2xf64>
func.func @double() -> tensor<2xf64> {
  %x = lamina.constant dense<[1.0, 0.1]> : tensor<2xf64>
  %y = lamina.exponential %x : tensor<2xf64>
  return %y : tensor<2xf64>
}
