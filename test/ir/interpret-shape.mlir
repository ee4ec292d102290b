// Leaves and operations that move elements; `?` is the number of rows.
// RUN: lamina-opt %s --interpret --rows=2 | FileCheck %s

// CHECK: @constant: dense<{{\[}}[1, 2], [3, 4]]> : tensor<2x2xi64>
func.func @constant() -> tensor<2x2xi64> {
  %x = lamina.constant dense<[[1, 2], [3, 4]]> : tensor<2x2xi64>
  return %x : tensor<2x2xi64>
}

// CHECK-NEXT: @rows: dense<2.000000e+00> : tensor<f32>
func.func @rows() -> tensor<f32> {
  %y = lamina.rows : tensor<f32>
  return %y : tensor<f32>
}

// CHECK-NEXT: @iota: dense<{{\[}}[0, 1, 2], [0, 1, 2]]> : tensor<2x3xi32>
func.func @iota() -> tensor<?x3xi32> {
  %y = lamina.iota 1 : tensor<?x3xi32>
  return %y : tensor<?x3xi32>
}

// CHECK-NEXT: @iota_rows: dense<{{\[}}[0.000000e+00, 0.000000e+00, 0.000000e+00], [1.000000e+00, 1.000000e+00, 1.000000e+00]]> : tensor<2x3xf32>
func.func @iota_rows() -> tensor<?x3xf32> {
  %y = lamina.iota 0 : tensor<?x3xf32>
  return %y : tensor<?x3xf32>
}

// CHECK-NEXT: @broadcast_in_dim: dense<{{\[}}[1, 1, 1], [2, 2, 2]]> : tensor<2x3xi32>
func.func @broadcast_in_dim() -> tensor<2x3xi32> {
  %x = lamina.constant dense<[1, 2]> : tensor<2xi32>
  %y = lamina.broadcast_in_dim %x, dims = [0] : (tensor<2xi32>) -> tensor<2x3xi32>
  return %y : tensor<2x3xi32>
}

// CHECK-NEXT: @broadcast_size_one: dense<{{\[}}[1, 1, 1], [2, 2, 2]]> : tensor<2x3xi32>
func.func @broadcast_size_one() -> tensor<2x3xi32> {
  %x = lamina.constant dense<[[1], [2]]> : tensor<2x1xi32>
  %y = lamina.broadcast_in_dim %x, dims = [0, 1] : (tensor<2x1xi32>) -> tensor<2x3xi32>
  return %y : tensor<2x3xi32>
}

// CHECK-NEXT: @broadcast_to_rows: dense<{{\[}}[1, 2, 3], [1, 2, 3]]> : tensor<2x3xi32>
func.func @broadcast_to_rows() -> tensor<?x3xi32> {
  %x = lamina.constant dense<[1, 2, 3]> : tensor<3xi32>
  %y = lamina.broadcast_in_dim %x, dims = [1] : (tensor<3xi32>) -> tensor<?x3xi32>
  return %y : tensor<?x3xi32>
}

// CHECK-NEXT: @reshape: dense<{{\[}}[1, 2], [3, 4], [5, 6]]> : tensor<3x2xi32>
func.func @reshape() -> tensor<3x2xi32> {
  %x = lamina.constant dense<[[1, 2, 3], [4, 5, 6]]> : tensor<2x3xi32>
  %y = lamina.reshape %x : (tensor<2x3xi32>) -> tensor<3x2xi32>
  return %y : tensor<3x2xi32>
}

// CHECK-NEXT: @transpose: dense<{{\[}}[1, 4], [2, 5], [3, 6]]> : tensor<3x2xi32>
func.func @transpose() -> tensor<3x2xi32> {
  %x = lamina.constant dense<[[1, 2, 3], [4, 5, 6]]> : tensor<2x3xi32>
  %y = lamina.transpose %x, dims = [1, 0] : (tensor<2x3xi32>) -> tensor<3x2xi32>
  return %y : tensor<3x2xi32>
}

// CHECK-NEXT: @transpose_cycle: dense<{{\[}}{{\[}}[1], [2]], {{\[}}[3], [4]], {{\[}}[5], [6]]]> : tensor<3x2x1xi32>
func.func @transpose_cycle() -> tensor<3x2x1xi32> {
  %x = lamina.constant dense<[[[1, 2], [3, 4], [5, 6]]]> : tensor<1x3x2xi32>
  %y = lamina.transpose %x, dims = [1, 2, 0] : (tensor<1x3x2xi32>) -> tensor<3x2x1xi32>
  return %y : tensor<3x2x1xi32>
}

// CHECK-NEXT: @slice: dense<{{\[}}[5, 8]]> : tensor<1x2xi32>
func.func @slice() -> tensor<1x2xi32> {
  %x = lamina.constant dense<[[1, 2, 3, 4], [5, 6, 7, 8]]> : tensor<2x4xi32>
  %y = lamina.slice %x, start = [1, 0], limit = [2, 4], strides = [1, 3] : (tensor<2x4xi32>) -> tensor<1x2xi32>
  return %y : tensor<1x2xi32>
}

// CHECK-NEXT: @slice_rows: dense<{{\[}}[1, 2], [1, 2]]> : tensor<2x2xi32>
func.func @slice_rows() -> tensor<?x2xi32> {
  %x = lamina.iota 1 : tensor<?x4xi32>
  %y = lamina.slice %x, start = [0, 1], limit = [-1, 3], strides = [1, 1] : (tensor<?x4xi32>) -> tensor<?x2xi32>
  return %y : tensor<?x2xi32>
}

// CHECK-NEXT: @pad: dense<[9, 1, 9, 2, 9, 3, 9, 9]> : tensor<8xi32>
func.func @pad() -> tensor<8xi32> {
  %x = lamina.constant dense<[1, 2, 3]> : tensor<3xi32>
  %p = lamina.constant dense<9> : tensor<i32>
  %y = lamina.pad %x, %p, low = [1], high = [2], interior = [1] : (tensor<3xi32>, tensor<i32>) -> tensor<8xi32>
  return %y : tensor<8xi32>
}

// CHECK-NEXT: @concatenate: dense<{{\[}}[1, 3, 4], [2, 5, 6]]> : tensor<2x3xi32>
func.func @concatenate() -> tensor<2x3xi32> {
  %x = lamina.constant dense<[[1], [2]]> : tensor<2x1xi32>
  %z = lamina.constant dense<[[3, 4], [5, 6]]> : tensor<2x2xi32>
  %y = lamina.concatenate %x, %z, dim = 1 : (tensor<2x1xi32>, tensor<2x2xi32>) -> tensor<2x3xi32>
  return %y : tensor<2x3xi32>
}
