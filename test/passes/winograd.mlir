// RUN: lamina-opt %s --winograd | FileCheck %s

module attributes {lamina.batch_size = 8 : i64} {

// Forward and by data.
// CHECK-LABEL: func.func @convolution
func.func @convolution(%x: tensor<?x56x56x64xf32>, %w: tensor<3x3x64x128xf32>) -> tensor<?x56x56x128xf32> {
  // CHECK-NEXT: %[[U:.*]] = lamina.winograd_filter %{{.*}}, tile = 4 : (tensor<3x3x64x128xf32>) -> tensor<8x2x36x32x16xf32>
  // CHECK-NEXT: %[[Y:.*]] = lamina.winograd_convolution %{{.*}}, %[[U]], tile = 4, filters = 128, low = [1, 1], high = [1, 1]
  // CHECK-NEXT: return %[[Y]]
  %y = lamina.convolution %x, %w, strides = [1, 1], low = [1, 1], high = [1, 1], lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 1
      : (tensor<?x56x56x64xf32>, tensor<3x3x64x128xf32>) -> tensor<?x56x56x128xf32>
  return %y : tensor<?x56x56x128xf32>
}

// CHECK-LABEL: func.func @reversed
func.func @reversed(%x: tensor<?x54x54x128xf32>, %w: tensor<3x3x128x64xf32>) -> tensor<?x56x56x64xf32> {
  // CHECK-NEXT: lamina.winograd_filter %{{.*}}, tile = 4 reversed
  // CHECK-NEXT: lamina.winograd_convolution {{.*}}, low = [2, 2], high = [2, 2]
  %y = lamina.convolution %x, %w, strides = [1, 1], low = [2, 2], high = [2, 2], lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 1 reversed
      : (tensor<?x54x54x128xf32>, tensor<3x3x128x64xf32>) -> tensor<?x56x56x64xf32>
  return %y : tensor<?x56x56x64xf32>
}

// CHECK-LABEL: func.func @gradient
func.func @gradient(%x: tensor<?x56x56x64xf32>, %g: tensor<?x56x56x128xf32>) -> tensor<3x3x64x128xf32> {
  // CHECK-NEXT: lamina.filter_gradient {{.*}}, groups = 1 winograd = 4
  %w = lamina.filter_gradient %x, %g, strides = [1, 1], low = [1, 1], high = [1, 1], lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 1
      : (tensor<?x56x56x64xf32>, tensor<?x56x56x128xf32>) -> tensor<3x3x64x128xf32>
  return %w : tensor<3x3x64x128xf32>
}

// The filter's way through memory is more than a few pixels are worth.
// CHECK-LABEL: func.func @small_image
func.func @small_image(%x: tensor<?x2x2x512xf32>, %w: tensor<3x3x512x512xf32>) -> tensor<?x2x2x512xf32> {
  // CHECK-NEXT: lamina.convolution
  %y = lamina.convolution %x, %w, strides = [1, 1], low = [1, 1], high = [1, 1], lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 1
      : (tensor<?x2x2x512xf32>, tensor<3x3x512x512xf32>) -> tensor<?x2x2x512xf32>
  return %y : tensor<?x2x2x512xf32>
}

// Squares of 2 where those of 4 would reach far beyond the image.
// CHECK-LABEL: func.func @small_gradient
func.func @small_gradient(%x: tensor<?x6x6x64xf32>, %g: tensor<?x6x6x64xf32>) -> tensor<3x3x64x64xf32> {
  // CHECK-NEXT: lamina.filter_gradient {{.*}}, groups = 1 winograd = 2
  %w = lamina.filter_gradient %x, %g, strides = [1, 1], low = [1, 1], high = [1, 1], lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 1
      : (tensor<?x6x6x64xf32>, tensor<?x6x6x64xf32>) -> tensor<3x3x64x64xf32>
  return %w : tensor<3x3x64x64xf32>
}

// Left alone: few channels, strides, dilations, other windows and element types, groups.
// CHECK-LABEL: func.func @others
func.func @others(%x: tensor<?x56x56x64xf32>, %rgb: tensor<?x56x56x3xf32>, %d: tensor<?x56x56x64xf64>,
                  %w: tensor<3x3x64x64xf32>, %stem: tensor<3x3x3x64xf32>, %wd: tensor<3x3x64x64xf64>,
                  %five: tensor<5x5x64x64xf32>, %half: tensor<3x3x32x64xf32>) {
  // CHECK-NOT: winograd
  %0 = lamina.convolution %rgb, %stem, strides = [1, 1], low = [1, 1], high = [1, 1], lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 1
      : (tensor<?x56x56x3xf32>, tensor<3x3x3x64xf32>) -> tensor<?x56x56x64xf32>
  %1 = lamina.convolution %x, %w, strides = [2, 2], low = [1, 1], high = [1, 1], lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 1
      : (tensor<?x56x56x64xf32>, tensor<3x3x64x64xf32>) -> tensor<?x28x28x64xf32>
  %2 = lamina.convolution %x, %w, strides = [1, 1], low = [2, 2], high = [2, 2], lhs_dilation = [1, 1], rhs_dilation = [2, 2], groups = 1
      : (tensor<?x56x56x64xf32>, tensor<3x3x64x64xf32>) -> tensor<?x56x56x64xf32>
  %3 = lamina.convolution %x, %five, strides = [1, 1], low = [2, 2], high = [2, 2], lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 1
      : (tensor<?x56x56x64xf32>, tensor<5x5x64x64xf32>) -> tensor<?x56x56x64xf32>
  %4 = lamina.convolution %d, %wd, strides = [1, 1], low = [1, 1], high = [1, 1], lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 1
      : (tensor<?x56x56x64xf64>, tensor<3x3x64x64xf64>) -> tensor<?x56x56x64xf64>
  %5 = lamina.convolution %x, %half, strides = [1, 1], low = [1, 1], high = [1, 1], lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 2
      : (tensor<?x56x56x64xf32>, tensor<3x3x32x64xf32>) -> tensor<?x56x56x64xf32>
  return
}
}
