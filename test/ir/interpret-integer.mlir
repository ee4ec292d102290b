// Elementwise operations on integers and booleans: they wrap around, and division is total.
// RUN: lamina-opt %s --interpret | FileCheck %s

// CHECK: @abs: dense<[-128, 5, 7]> : tensor<3xi8>
func.func @abs() -> tensor<3xi8> {
  %x = lamina.constant dense<[-128, -5, 7]> : tensor<3xi8>
  %y = lamina.abs %x : tensor<3xi8>
  return %y : tensor<3xi8>
}

// CHECK-NEXT: @negate: dense<[-128, -5]> : tensor<2xi8>
func.func @negate() -> tensor<2xi8> {
  %x = lamina.constant dense<[-128, 5]> : tensor<2xi8>
  %y = lamina.negate %x : tensor<2xi8>
  return %y : tensor<2xi8>
}

// CHECK-NEXT: @negate_unsigned: dense<[255, 0]> : tensor<2xui8>
func.func @negate_unsigned() -> tensor<2xui8> {
  %x = lamina.constant dense<[1, 0]> : tensor<2xui8>
  %y = lamina.negate %x : tensor<2xui8>
  return %y : tensor<2xui8>
}

// CHECK-NEXT: @sign: dense<[-1, 0, 1]> : tensor<3xi32>
func.func @sign() -> tensor<3xi32> {
  %x = lamina.constant dense<[-7, 0, 9]> : tensor<3xi32>
  %y = lamina.sign %x : tensor<3xi32>
  return %y : tensor<3xi32>
}

// CHECK-NEXT: @not: dense<[-1, 0, -6]> : tensor<3xi32>
func.func @not() -> tensor<3xi32> {
  %x = lamina.constant dense<[0, -1, 5]> : tensor<3xi32>
  %y = lamina.not %x : tensor<3xi32>
  return %y : tensor<3xi32>
}

// CHECK-NEXT: @not_bool: dense<[false, true]> : tensor<2xi1>
func.func @not_bool() -> tensor<2xi1> {
  %x = lamina.constant dense<[true, false]> : tensor<2xi1>
  %y = lamina.not %x : tensor<2xi1>
  return %y : tensor<2xi1>
}

// CHECK-NEXT: @add: dense<[-2147483648, -2]> : tensor<2xi32>
func.func @add() -> tensor<2xi32> {
  %a = lamina.constant dense<[2147483647, 1]> : tensor<2xi32>
  %b = lamina.constant dense<[1, -3]> : tensor<2xi32>
  %y = lamina.add %a, %b : tensor<2xi32>
  return %y : tensor<2xi32>
}

// CHECK-NEXT: @add_unsigned: dense<[4, 3]> : tensor<2xui8>
func.func @add_unsigned() -> tensor<2xui8> {
  %a = lamina.constant dense<[250, 1]> : tensor<2xui8>
  %b = lamina.constant dense<[10, 2]> : tensor<2xui8>
  %y = lamina.add %a, %b : tensor<2xui8>
  return %y : tensor<2xui8>
}

// CHECK-NEXT: @subtract: dense<[127, -2]> : tensor<2xi8>
func.func @subtract() -> tensor<2xi8> {
  %a = lamina.constant dense<[-128, 5]> : tensor<2xi8>
  %b = lamina.constant dense<[1, 7]> : tensor<2xi8>
  %y = lamina.subtract %a, %b : tensor<2xi8>
  return %y : tensor<2xi8>
}

// CHECK-NEXT: @multiply: dense<[0, -21]> : tensor<2xi32>
func.func @multiply() -> tensor<2xi32> {
  %a = lamina.constant dense<[65536, -3]> : tensor<2xi32>
  %b = lamina.constant dense<[65536, 7]> : tensor<2xi32>
  %y = lamina.multiply %a, %b : tensor<2xi32>
  return %y : tensor<2xi32>
}

// CHECK-NEXT: @multiply_i64: dense<[0, -6]> : tensor<2xi64>
func.func @multiply_i64() -> tensor<2xi64> {
  %a = lamina.constant dense<[4294967296, 3]> : tensor<2xi64>
  %b = lamina.constant dense<[4294967296, -2]> : tensor<2xi64>
  %y = lamina.multiply %a, %b : tensor<2xi64>
  return %y : tensor<2xi64>
}

// CHECK-NEXT: @divide: dense<[3, -3, -1, -2147483648]> : tensor<4xi32>
func.func @divide() -> tensor<4xi32> {
  %a = lamina.constant dense<[7, -7, 5, -2147483648]> : tensor<4xi32>
  %b = lamina.constant dense<[2, 2, 0, -1]> : tensor<4xi32>
  %y = lamina.divide %a, %b : tensor<4xi32>
  return %y : tensor<4xi32>
}

// CHECK-NEXT: @divide_unsigned: dense<[66, 255]> : tensor<2xui8>
func.func @divide_unsigned() -> tensor<2xui8> {
  %a = lamina.constant dense<[200, 5]> : tensor<2xui8>
  %b = lamina.constant dense<[3, 0]> : tensor<2xui8>
  %y = lamina.divide %a, %b : tensor<2xui8>
  return %y : tensor<2xui8>
}

// CHECK-NEXT: @remainder: dense<[1, -1, 5, 0]> : tensor<4xi32>
func.func @remainder() -> tensor<4xi32> {
  %a = lamina.constant dense<[7, -7, 5, -2147483648]> : tensor<4xi32>
  %b = lamina.constant dense<[2, 2, 0, -1]> : tensor<4xi32>
  %y = lamina.remainder %a, %b : tensor<4xi32>
  return %y : tensor<4xi32>
}

// CHECK-NEXT: @maximum: dense<[3, 2]> : tensor<2xi64>
func.func @maximum() -> tensor<2xi64> {
  %a = lamina.constant dense<[3, -3]> : tensor<2xi64>
  %b = lamina.constant dense<[2, 2]> : tensor<2xi64>
  %y = lamina.maximum %a, %b : tensor<2xi64>
  return %y : tensor<2xi64>
}

// CHECK-NEXT: @minimum: dense<[100, 3]> : tensor<2xui8>
func.func @minimum() -> tensor<2xui8> {
  %a = lamina.constant dense<[200, 3]> : tensor<2xui8>
  %b = lamina.constant dense<[100, 4]> : tensor<2xui8>
  %y = lamina.minimum %a, %b : tensor<2xui8>
  return %y : tensor<2xui8>
}

// CHECK-NEXT: @and: dense<[2, 12]> : tensor<2xi32>
func.func @and() -> tensor<2xi32> {
  %a = lamina.constant dense<[6, -1]> : tensor<2xi32>
  %b = lamina.constant dense<[3, 12]> : tensor<2xi32>
  %y = lamina.and %a, %b : tensor<2xi32>
  return %y : tensor<2xi32>
}

// CHECK-NEXT: @and_bool: dense<[true, false, false]> : tensor<3xi1>
func.func @and_bool() -> tensor<3xi1> {
  %a = lamina.constant dense<[true, true, false]> : tensor<3xi1>
  %b = lamina.constant dense<[true, false, false]> : tensor<3xi1>
  %y = lamina.and %a, %b : tensor<3xi1>
  return %y : tensor<3xi1>
}

// CHECK-NEXT: @or: dense<[7, 12]> : tensor<2xi32>
func.func @or() -> tensor<2xi32> {
  %a = lamina.constant dense<[6, 0]> : tensor<2xi32>
  %b = lamina.constant dense<[3, 12]> : tensor<2xi32>
  %y = lamina.or %a, %b : tensor<2xi32>
  return %y : tensor<2xi32>
}

// CHECK-NEXT: @xor: dense<[5, -13]> : tensor<2xi32>
func.func @xor() -> tensor<2xi32> {
  %a = lamina.constant dense<[6, -1]> : tensor<2xi32>
  %b = lamina.constant dense<[3, 12]> : tensor<2xi32>
  %y = lamina.xor %a, %b : tensor<2xi32>
  return %y : tensor<2xi32>
}

// CHECK-NEXT: @shift_right_logical: dense<[15, 16, 0, 0]> : tensor<4xi32>
func.func @shift_right_logical() -> tensor<4xi32> {
  %a = lamina.constant dense<[-1, 256, 7, 7]> : tensor<4xi32>
  %b = lamina.constant dense<[28, 4, 32, -1]> : tensor<4xi32>
  %y = lamina.shift_right_logical %a, %b : tensor<4xi32>
  return %y : tensor<4xi32>
}

// CHECK-NEXT: @compare_unsigned: dense<[true, false]> : tensor<2xi1>
func.func @compare_unsigned() -> tensor<2xi1> {
  %a = lamina.constant dense<[200, 1]> : tensor<2xui8>
  %b = lamina.constant dense<[100, 2]> : tensor<2xui8>
  %y = lamina.compare GT %a, %b : tensor<2xui8>
  return %y : tensor<2xi1>
}

// Towards zero and saturating; NaN is 0.
// CHECK-NEXT: @convert_to_integer: dense<[1, -1, 2147483647, -2147483648, 0]> : tensor<5xi32>
func.func @convert_to_integer() -> tensor<5xi32> {
  %x = lamina.constant dense<[1.9, -1.9, 3.0e9, 0xFF800000, 0x7FC00000]> : tensor<5xf32>
  %y = lamina.convert %x : (tensor<5xf32>) -> tensor<5xi32>
  return %y : tensor<5xi32>
}

// CHECK-NEXT: @convert_to_i8: dense<[127, 127, -128, -128]> : tensor<4xi8>
func.func @convert_to_i8() -> tensor<4xi8> {
  %x = lamina.constant dense<[127.5, 128.0, -128.9, -1.0e9]> : tensor<4xf32>
  %y = lamina.convert %x : (tensor<4xf32>) -> tensor<4xi8>
  return %y : tensor<4xi8>
}

// CHECK-NEXT: @convert_to_unsigned: dense<[0, 0, 255, 255]> : tensor<4xui8>
func.func @convert_to_unsigned() -> tensor<4xui8> {
  %x = lamina.constant dense<[-0.5, -1.0, 255.9, 256.0]> : tensor<4xf32>
  %y = lamina.convert %x : (tensor<4xf32>) -> tensor<4xui8>
  return %y : tensor<4xui8>
}

// CHECK-NEXT: @convert_to_i64: dense<[9000000202358128640, 9223372036854775807, -9223372036854775808]> : tensor<3xi64>
func.func @convert_to_i64() -> tensor<3xi64> {
  %x = lamina.constant dense<[9.0e18, 1.0e19, -1.0e19]> : tensor<3xf32>
  %y = lamina.convert %x : (tensor<3xf32>) -> tensor<3xi64>
  return %y : tensor<3xi64>
}

// CHECK-NEXT: @convert_narrow: dense<[44, -1]> : tensor<2xi8>
func.func @convert_narrow() -> tensor<2xi8> {
  %x = lamina.constant dense<[300, -1]> : tensor<2xi32>
  %y = lamina.convert %x : (tensor<2xi32>) -> tensor<2xi8>
  return %y : tensor<2xi8>
}

// CHECK-NEXT: @convert_to_bool: dense<[false, false, true, true]> : tensor<4xi1>
func.func @convert_to_bool() -> tensor<4xi1> {
  %x = lamina.constant dense<[0.0, -0.0, 0.5, 0x7FC00000]> : tensor<4xf32>
  %y = lamina.convert %x : (tensor<4xf32>) -> tensor<4xi1>
  return %y : tensor<4xi1>
}

// CHECK-NEXT: @convert_from_bool: dense<[1.000000e+00, 0.000000e+00]> : tensor<2xf32>
func.func @convert_from_bool() -> tensor<2xf32> {
  %x = lamina.constant dense<[true, false]> : tensor<2xi1>
  %y = lamina.convert %x : (tensor<2xi1>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// CHECK-NEXT: @convert_to_float: dense<[0x4B800000, -3.000000e+00]> : tensor<2xf32>
func.func @convert_to_float() -> tensor<2xf32> {
  %x = lamina.constant dense<[16777217, -3]> : tensor<2xi32>
  %y = lamina.convert %x : (tensor<2xi32>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// CHECK-NEXT: @convert_to_single: dense<[1.000000e-01, 0x7F800000]> : tensor<2xf32>
func.func @convert_to_single() -> tensor<2xf32> {
  %x = lamina.constant dense<[0.1, 1.0e300]> : tensor<2xf64>
  %y = lamina.convert %x : (tensor<2xf64>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}
