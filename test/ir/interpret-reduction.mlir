// Reductions and contractions.
// RUN: lamina-opt %s --interpret --rows=3 | FileCheck %s

// CHECK: @reduce_add: dense<[6.000000e+00, 1.500000e+01]> : tensor<2xf32>
func.func @reduce_add() -> tensor<2xf32> {
  %x = lamina.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %y = lamina.reduce add %x, dims = [1] : (tensor<2x3xf32>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// CHECK-NEXT: @reduce_add_first: dense<[5.000000e+00, 7.000000e+00, 9.000000e+00]> : tensor<3xf32>
func.func @reduce_add_first() -> tensor<3xf32> {
  %x = lamina.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %y = lamina.reduce add %x, dims = [0] : (tensor<2x3xf32>) -> tensor<3xf32>
  return %y : tensor<3xf32>
}

// CHECK-NEXT: @reduce_add_all: dense<2.100000e+01> : tensor<f32>
func.func @reduce_add_all() -> tensor<f32> {
  %x = lamina.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %y = lamina.reduce add %x, dims = [0, 1] : (tensor<2x3xf32>) -> tensor<f32>
  return %y : tensor<f32>
}

// In order: the small number is lost in the first sum already.
// CHECK-NEXT: @reduce_add_order: dense<0.000000e+00> : tensor<f32>
func.func @reduce_add_order() -> tensor<f32> {
  %x = lamina.constant dense<[16777216.0, 1.0, -16777216.0]> : tensor<3xf32>
  %y = lamina.reduce add %x, dims = [0] : (tensor<3xf32>) -> tensor<f32>
  return %y : tensor<f32>
}

// CHECK-NEXT: @reduce_add_wraps: dense<44> : tensor<i8>
func.func @reduce_add_wraps() -> tensor<i8> {
  %x = lamina.constant dense<[100, 100, 100]> : tensor<3xi8>
  %y = lamina.reduce add %x, dims = [0] : (tensor<3xi8>) -> tensor<i8>
  return %y : tensor<i8>
}

// CHECK-NEXT: @reduce_multiply: dense<[6, 120]> : tensor<2xi64>
func.func @reduce_multiply() -> tensor<2xi64> {
  %x = lamina.constant dense<[[1, 2, 3], [4, 5, 6]]> : tensor<2x3xi64>
  %y = lamina.reduce multiply %x, dims = [1] : (tensor<2x3xi64>) -> tensor<2xi64>
  return %y : tensor<2xi64>
}

// CHECK-NEXT: @reduce_maximum: dense<[3.000000e+00, 0x{{[7F]}}FC00000]> : tensor<2xf32>
func.func @reduce_maximum() -> tensor<2xf32> {
  %x = lamina.constant dense<[[1.0, 3.0, 2.0], [0xFF800000, 0x7FC00000, 9.0]]> : tensor<2x3xf32>
  %y = lamina.reduce maximum %x, dims = [1] : (tensor<2x3xf32>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// CHECK-NEXT: @reduce_minimum: dense<[-2.000000e+00, 0x{{[7F]}}FC00000]> : tensor<2xf32>
func.func @reduce_minimum() -> tensor<2xf32> {
  %x = lamina.constant dense<[[1.0, 3.0, -2.0], [0x7FC00000, 0xFF800000, 9.0]]> : tensor<2x3xf32>
  %y = lamina.reduce minimum %x, dims = [1] : (tensor<2x3xf32>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// CHECK-NEXT: @reduce_minimum_unsigned: dense<100> : tensor<ui8>
func.func @reduce_minimum_unsigned() -> tensor<ui8> {
  %x = lamina.constant dense<[200, 100]> : tensor<2xui8>
  %y = lamina.reduce minimum %x, dims = [0] : (tensor<2xui8>) -> tensor<ui8>
  return %y : tensor<ui8>
}

// CHECK-NEXT: @reduce_and: dense<[true, false]> : tensor<2xi1>
func.func @reduce_and() -> tensor<2xi1> {
  %x = lamina.constant dense<[[true, true], [true, false]]> : tensor<2x2xi1>
  %y = lamina.reduce and %x, dims = [1] : (tensor<2x2xi1>) -> tensor<2xi1>
  return %y : tensor<2xi1>
}

// CHECK-NEXT: @reduce_or: dense<[false, true]> : tensor<2xi1>
func.func @reduce_or() -> tensor<2xi1> {
  %x = lamina.constant dense<[[false, false], [true, false]]> : tensor<2x2xi1>
  %y = lamina.reduce or %x, dims = [1] : (tensor<2x2xi1>) -> tensor<2xi1>
  return %y : tensor<2xi1>
}

// CHECK-NEXT: @reduce_rows: dense<3.000000e+00> : tensor<2xf32>
func.func @reduce_rows() -> tensor<2xf32> {
  %x = lamina.iota 0 : tensor<?x2xf32>
  %y = lamina.reduce add %x, dims = [0] : (tensor<?x2xf32>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// The first of equals, and the first NaN.
// CHECK-NEXT: @argmax: dense<[1, 1, 0]> : tensor<3xi32>
func.func @argmax() -> tensor<3xi32> {
  %x = lamina.constant dense<[[1.0, 3.0, 3.0], [2.0, 0x7FC00000, 0x7F800000], [0x7FC00000, 1.0, 0x7FC00000]]> : tensor<3x3xf32>
  %y = lamina.argmax %x, dim = 1 : (tensor<3x3xf32>) -> tensor<3xi32>
  return %y : tensor<3xi32>
}

// CHECK-NEXT: @argmax_first_dimension: dense<[1, 2]> : tensor<2xi32>
func.func @argmax_first_dimension() -> tensor<2xi32> {
  %x = lamina.constant dense<[[1, 5], [7, 5], [3, 9]]> : tensor<3x2xi32>
  %y = lamina.argmax %x, dim = 0 : (tensor<3x2xi32>) -> tensor<2xi32>
  return %y : tensor<2xi32>
}

// CHECK-NEXT: @dot_general: dense<{{\[}}[2.100000e+01, 2.400000e+01, 2.700000e+01], [4.700000e+01, 5.400000e+01, 6.100000e+01]]> : tensor<2x3xf32>
func.func @dot_general() -> tensor<2x3xf32> {
  %a = lamina.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %b = lamina.constant dense<[[5.0, 6.0, 7.0], [8.0, 9.0, 10.0]]> : tensor<2x3xf32>
  %y = lamina.dot_general %a, %b, batching = [] x [], contracting = [1] x [0] : (tensor<2x2xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// CHECK-NEXT: @dot_general_transposed: dense<{{\[}}[2.300000e+01, 3.100000e+01], [3.400000e+01, 4.600000e+01]]> : tensor<2x2xf32>
func.func @dot_general_transposed() -> tensor<2x2xf32> {
  %a = lamina.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %b = lamina.constant dense<[[5.0, 6.0], [7.0, 8.0]]> : tensor<2x2xf32>
  %y = lamina.dot_general %a, %b, batching = [] x [], contracting = [0] x [1] : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}

// CHECK-NEXT: @dot_general_batching: dense<{{\[}}[1.700000e+01], [5.300000e+01]]> : tensor<2x1xf32>
func.func @dot_general_batching() -> tensor<2x1xf32> {
  %a = lamina.constant dense<[[[1.0, 2.0]], [[3.0, 4.0]]]> : tensor<2x1x2xf32>
  %b = lamina.constant dense<[[5.0, 6.0], [7.0, 8.0]]> : tensor<2x2xf32>
  %y = lamina.dot_general %a, %b, batching = [0] x [0], contracting = [2] x [1] : (tensor<2x1x2xf32>, tensor<2x2xf32>) -> tensor<2x1xf32>
  return %y : tensor<2x1xf32>
}

// CHECK-NEXT: @dot_general_outer: dense<{{\[}}[3.000000e+00, 4.000000e+00, 5.000000e+00], [6.000000e+00, 8.000000e+00, 1.000000e+01]]> : tensor<2x3xf64>
func.func @dot_general_outer() -> tensor<2x3xf64> {
  %a = lamina.constant dense<[1.0, 2.0]> : tensor<2xf64>
  %b = lamina.constant dense<[3.0, 4.0, 5.0]> : tensor<3xf64>
  %y = lamina.dot_general %a, %b, batching = [] x [], contracting = [] x [] : (tensor<2xf64>, tensor<3xf64>) -> tensor<2x3xf64>
  return %y : tensor<2x3xf64>
}

// CHECK-NEXT: @dot_general_two_dimensions: dense<6.900000e+01> : tensor<f32>
func.func @dot_general_two_dimensions() -> tensor<f32> {
  %a = lamina.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %b = lamina.constant dense<[[5.0, 6.0], [7.0, 8.0]]> : tensor<2x2xf32>
  %y = lamina.dot_general %a, %b, batching = [] x [], contracting = [0, 1] x [1, 0] : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<f32>
  return %y : tensor<f32>
}

// (1 + 2^-12)^2 - 1 with one rounding for each multiply-add.
// CHECK-NEXT: @dot_general_fma: dense<4.88340855E-4> : tensor<f32>
func.func @dot_general_fma() -> tensor<f32> {
  %a = lamina.constant dense<[1.0, 1.000244140625]> : tensor<2xf32>
  %b = lamina.constant dense<[-1.0, 1.000244140625]> : tensor<2xf32>
  %y = lamina.dot_general %a, %b, batching = [] x [], contracting = [0] x [0] : (tensor<2xf32>, tensor<2xf32>) -> tensor<f32>
  return %y : tensor<f32>
}

// CHECK-NEXT: @dot_general_rows: dense<5.000000e+00> : tensor<2x2xf32>
func.func @dot_general_rows() -> tensor<2x2xf32> {
  %x = lamina.iota 0 : tensor<?x2xf32>
  %y = lamina.dot_general %x, %x, batching = [] x [], contracting = [0] x [0] : (tensor<?x2xf32>, tensor<?x2xf32>) -> tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}
