// Zeros around images become padding, and what is cut off results is not computed.
// RUN: lamina-opt %s --pass-pipeline='builtin.module(func.func(simplify))' | FileCheck %s

// CHECK-LABEL: @padded(
// CHECK-SAME: %[[X:.*]]: tensor<?x8x8x4xf32>, %[[W:.*]]: tensor<3x3x1x4xf32>, %[[G:.*]]: tensor<?x4x4x4xf32>
// CHECK-NEXT: lamina.convolution %[[X]], %[[W]], strides = [2, 2], low = [0, 1], high = [1, 3]
// CHECK-NEXT: lamina.filter_gradient %[[X]], %[[G]], strides = [2, 2], low = [0, 0], high = [1, 1]
// CHECK-NEXT: return
func.func @padded(%x: tensor<?x8x8x4xf32>, %w: tensor<3x3x1x4xf32>, %g: tensor<?x4x4x4xf32>)
    -> (tensor<?x4x5x4xf32>, tensor<3x3x1x4xf32>) {
  %zero = lamina.constant dense<0.0> : tensor<f32>
  %p = lamina.pad %x, %zero, low = [0, 0, 0, 0], high = [0, 1, 1, 0], interior = [0, 0, 0, 0]
      : (tensor<?x8x8x4xf32>, tensor<f32>) -> tensor<?x9x9x4xf32>
  %y = lamina.convolution %p, %w, strides = [2, 2], low = [0, 1], high = [0, 2],
      lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 4
      : (tensor<?x9x9x4xf32>, tensor<3x3x1x4xf32>) -> tensor<?x4x5x4xf32>
  %d = lamina.filter_gradient %p, %g, strides = [2, 2], low = [0, 0], high = [0, 0],
      lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 4
      : (tensor<?x9x9x4xf32>, tensor<?x4x4x4xf32>) -> tensor<3x3x1x4xf32>
  return %y, %d : tensor<?x4x5x4xf32>, tensor<3x3x1x4xf32>
}

// Elements of a dilated image are so many positions apart.
// CHECK-LABEL: @dilated(
// CHECK-NEXT: lamina.convolution %{{.*}}, low = [4], high = [2], lhs_dilation = [2]
func.func @dilated(%x: tensor<?x8x4xf32>, %w: tensor<3x4x4xf32>) -> tensor<?x19x4xf32> {
  %zero = lamina.constant dense<0.0> : tensor<f32>
  %p = lamina.pad %x, %zero, low = [0, 1, 0], high = [0, 0, 0], interior = [0, 0, 0]
      : (tensor<?x8x4xf32>, tensor<f32>) -> tensor<?x9x4xf32>
  %y = lamina.convolution %p, %w, strides = [1], low = [2], high = [2],
      lhs_dilation = [2], rhs_dilation = [1], groups = 1
      : (tensor<?x9x4xf32>, tensor<3x4x4xf32>) -> tensor<?x19x4xf32>
  return %y : tensor<?x19x4xf32>
}

// Other numbers, zeros between elements, and channels are no padding.
// CHECK-LABEL: @others(
// CHECK-COUNT-3: lamina.pad
// CHECK: return
func.func @others(%x: tensor<?x8x4xf32>, %w: tensor<3x4x4xf32>)
    -> (tensor<?x7x4xf32>, tensor<?x13x4xf32>, tensor<?x6x4xf32>) {
  %zero = lamina.constant dense<0.0> : tensor<f32>
  %one = lamina.constant dense<1.0> : tensor<f32>
  %p = lamina.pad %x, %one, low = [0, 1, 0], high = [0, 0, 0], interior = [0, 0, 0]
      : (tensor<?x8x4xf32>, tensor<f32>) -> tensor<?x9x4xf32>
  %y = lamina.convolution %p, %w, strides = [1], low = [0], high = [0],
      lhs_dilation = [1], rhs_dilation = [1], groups = 1
      : (tensor<?x9x4xf32>, tensor<3x4x4xf32>) -> tensor<?x7x4xf32>
  %q = lamina.pad %x, %zero, low = [0, 0, 0], high = [0, 0, 0], interior = [0, 1, 0]
      : (tensor<?x8x4xf32>, tensor<f32>) -> tensor<?x15x4xf32>
  %z = lamina.convolution %q, %w, strides = [1], low = [0], high = [0],
      lhs_dilation = [1], rhs_dilation = [1], groups = 1
      : (tensor<?x15x4xf32>, tensor<3x4x4xf32>) -> tensor<?x13x4xf32>
  %s = lamina.slice %x, start = [0, 0, 0], limit = [-1, 8, 3], strides = [1, 1, 1]
      : (tensor<?x8x4xf32>) -> tensor<?x8x3xf32>
  %r = lamina.pad %s, %zero, low = [0, 0, 0], high = [0, 0, 1], interior = [0, 0, 0]
      : (tensor<?x8x3xf32>, tensor<f32>) -> tensor<?x8x4xf32>
  %t = lamina.convolution %r, %w, strides = [1], low = [0], high = [0],
      lhs_dilation = [1], rhs_dilation = [1], groups = 1
      : (tensor<?x8x4xf32>, tensor<3x4x4xf32>) -> tensor<?x6x4xf32>
  return %y, %z, %t : tensor<?x7x4xf32>, tensor<?x13x4xf32>, tensor<?x6x4xf32>
}

// CHECK-LABEL: @cut(
// CHECK: lamina.convolution %{{.*}}, strides = [2, 2], low = [-1, 1], high = [0, -3], {{.*}} -> tensor<?x3x2x8xf32>
// CHECK-NEXT: return
func.func @cut(%x: tensor<?x8x8x4xf32>, %w: tensor<3x3x4x8xf32>) -> tensor<?x3x2x8xf32> {
  %y = lamina.convolution %x, %w, strides = [2, 2], low = [1, 1], high = [2, 3],
      lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 1
      : (tensor<?x8x8x4xf32>, tensor<3x3x4x8xf32>) -> tensor<?x5x5x8xf32>
  %z = lamina.slice %y, start = [0, 1, 0, 0], limit = [-1, 5, 3, 8], strides = [1, 1, 1, 1]
      : (tensor<?x5x5x8xf32>) -> tensor<?x4x3x8xf32>
  %a = lamina.slice %z, start = [0, 0, 0, 0], limit = [-1, 3, 2, 8], strides = [1, 1, 1, 1]
      : (tensor<?x4x3x8xf32>) -> tensor<?x3x2x8xf32>
  return %a : tensor<?x3x2x8xf32>
}

// Channels are not cut, and what is also read whole is made whole.
// CHECK-LABEL: @whole(
// CHECK-COUNT-2: lamina.slice
// CHECK: return
func.func @whole(%x: tensor<?x8x4xf32>, %w: tensor<3x4x8xf32>)
    -> (tensor<?x6x4xf32>, tensor<?x6x8xf32>, tensor<?x5x8xf32>) {
  %y = lamina.convolution %x, %w, strides = [1], low = [0], high = [0],
      lhs_dilation = [1], rhs_dilation = [1], groups = 1
      : (tensor<?x8x4xf32>, tensor<3x4x8xf32>) -> tensor<?x6x8xf32>
  %n = lamina.negate %w : tensor<3x4x8xf32>
  %z = lamina.convolution %x, %n, strides = [1], low = [0], high = [0],
      lhs_dilation = [1], rhs_dilation = [1], groups = 1
      : (tensor<?x8x4xf32>, tensor<3x4x8xf32>) -> tensor<?x6x8xf32>
  %a = lamina.slice %y, start = [0, 0, 0], limit = [-1, 6, 4], strides = [1, 1, 1]
      : (tensor<?x6x8xf32>) -> tensor<?x6x4xf32>
  %b = lamina.slice %z, start = [0, 1, 0], limit = [-1, 6, 8], strides = [1, 1, 1]
      : (tensor<?x6x8xf32>) -> tensor<?x5x8xf32>
  return %a, %z, %b : tensor<?x6x4xf32>, tensor<?x6x8xf32>, tensor<?x5x8xf32>
}
