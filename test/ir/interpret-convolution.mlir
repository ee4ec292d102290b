// Convolutions and their gradients by filters. Values follow from the descriptions by hand.
// RUN: lamina-opt %s --interpret --rows=1 | FileCheck %s

// CHECK{LITERAL}: @convolution: dense<[[[2.100000e+01], [3.200000e+01], [4.300000e+01]]]> : tensor<1x3x1xf32>
func.func @convolution() -> tensor<1x3x1xf32> {
  %x = lamina.constant dense<[[[1.0], [2.0], [3.0], [4.0]]]> : tensor<1x4x1xf32>
  %w = lamina.constant dense<[[[1.0]], [[10.0]]]> : tensor<2x1x1xf32>
  %y = lamina.convolution %x, %w, strides = [1], low = [0], high = [0],
      lhs_dilation = [1], rhs_dilation = [1], groups = 1
      : (tensor<1x4x1xf32>, tensor<2x1x1xf32>) -> tensor<1x3x1xf32>
  return %y : tensor<1x3x1xf32>
}

// CHECK-NEXT{LITERAL}: @convolution_reversed: dense<[[[1.200000e+01], [2.300000e+01], [3.400000e+01]]]> : tensor<1x3x1xf32>
func.func @convolution_reversed() -> tensor<1x3x1xf32> {
  %x = lamina.constant dense<[[[1.0], [2.0], [3.0], [4.0]]]> : tensor<1x4x1xf32>
  %w = lamina.constant dense<[[[1.0]], [[10.0]]]> : tensor<2x1x1xf32>
  %y = lamina.convolution %x, %w, strides = [1], low = [0], high = [0],
      lhs_dilation = [1], rhs_dilation = [1], groups = 1 reversed
      : (tensor<1x4x1xf32>, tensor<2x1x1xf32>) -> tensor<1x3x1xf32>
  return %y : tensor<1x3x1xf32>
}

// CHECK-NEXT{LITERAL}: @convolution_strides: dense<[[[2.100000e+01], [4.300000e+01]]]> : tensor<1x2x1xf32>
func.func @convolution_strides() -> tensor<1x2x1xf32> {
  %x = lamina.constant dense<[[[1.0], [2.0], [3.0], [4.0]]]> : tensor<1x4x1xf32>
  %w = lamina.constant dense<[[[1.0]], [[10.0]]]> : tensor<2x1x1xf32>
  %y = lamina.convolution %x, %w, strides = [2], low = [0], high = [0],
      lhs_dilation = [1], rhs_dilation = [1], groups = 1
      : (tensor<1x4x1xf32>, tensor<2x1x1xf32>) -> tensor<1x2x1xf32>
  return %y : tensor<1x2x1xf32>
}

// CHECK-NEXT{LITERAL}: @convolution_padded: dense<[[[1.000000e+01], [2.100000e+01], [3.200000e+01], [4.300000e+01], [4.000000e+00]]]> : tensor<1x5x1xf32>
func.func @convolution_padded() -> tensor<1x5x1xf32> {
  %x = lamina.constant dense<[[[1.0], [2.0], [3.0], [4.0]]]> : tensor<1x4x1xf32>
  %w = lamina.constant dense<[[[1.0]], [[10.0]]]> : tensor<2x1x1xf32>
  %y = lamina.convolution %x, %w, strides = [1], low = [1], high = [1],
      lhs_dilation = [1], rhs_dilation = [1], groups = 1
      : (tensor<1x4x1xf32>, tensor<2x1x1xf32>) -> tensor<1x5x1xf32>
  return %y : tensor<1x5x1xf32>
}

// Negative padding takes elements away.
// CHECK-NEXT{LITERAL}: @convolution_cropped: dense<3.200000e+01> : tensor<1x1x1xf32>
func.func @convolution_cropped() -> tensor<1x1x1xf32> {
  %x = lamina.constant dense<[[[1.0], [2.0], [3.0], [4.0]]]> : tensor<1x4x1xf32>
  %w = lamina.constant dense<[[[1.0]], [[10.0]]]> : tensor<2x1x1xf32>
  %y = lamina.convolution %x, %w, strides = [1], low = [-1], high = [-1],
      lhs_dilation = [1], rhs_dilation = [1], groups = 1
      : (tensor<1x4x1xf32>, tensor<2x1x1xf32>) -> tensor<1x1x1xf32>
  return %y : tensor<1x1x1xf32>
}

// A window that meets nothing gives zero.
// CHECK-NEXT{LITERAL}: @convolution_beyond: dense<[[[0.000000e+00], [1.000000e+01], [2.100000e+01], [3.200000e+01], [4.300000e+01]]]> : tensor<1x5x1xf32>
func.func @convolution_beyond() -> tensor<1x5x1xf32> {
  %x = lamina.constant dense<[[[1.0], [2.0], [3.0], [4.0]]]> : tensor<1x4x1xf32>
  %w = lamina.constant dense<[[[1.0]], [[10.0]]]> : tensor<2x1x1xf32>
  %y = lamina.convolution %x, %w, strides = [1], low = [2], high = [0],
      lhs_dilation = [1], rhs_dilation = [1], groups = 1
      : (tensor<1x4x1xf32>, tensor<2x1x1xf32>) -> tensor<1x5x1xf32>
  return %y : tensor<1x5x1xf32>
}

// CHECK-NEXT{LITERAL}: @convolution_lhs_dilation: dense<[[[1.000000e+00], [2.000000e+01], [2.000000e+00], [3.000000e+01], [3.000000e+00], [4.000000e+01]]]> : tensor<1x6x1xf32>
func.func @convolution_lhs_dilation() -> tensor<1x6x1xf32> {
  %x = lamina.constant dense<[[[1.0], [2.0], [3.0], [4.0]]]> : tensor<1x4x1xf32>
  %w = lamina.constant dense<[[[1.0]], [[10.0]]]> : tensor<2x1x1xf32>
  %y = lamina.convolution %x, %w, strides = [1], low = [0], high = [0],
      lhs_dilation = [2], rhs_dilation = [1], groups = 1
      : (tensor<1x4x1xf32>, tensor<2x1x1xf32>) -> tensor<1x6x1xf32>
  return %y : tensor<1x6x1xf32>
}

// CHECK-NEXT{LITERAL}: @convolution_rhs_dilation: dense<[[[3.100000e+01], [4.200000e+01]]]> : tensor<1x2x1xf32>
func.func @convolution_rhs_dilation() -> tensor<1x2x1xf32> {
  %x = lamina.constant dense<[[[1.0], [2.0], [3.0], [4.0]]]> : tensor<1x4x1xf32>
  %w = lamina.constant dense<[[[1.0]], [[10.0]]]> : tensor<2x1x1xf32>
  %y = lamina.convolution %x, %w, strides = [1], low = [0], high = [0],
      lhs_dilation = [1], rhs_dilation = [2], groups = 1
      : (tensor<1x4x1xf32>, tensor<2x1x1xf32>) -> tensor<1x2x1xf32>
  return %y : tensor<1x2x1xf32>
}

// Two filters for each group of one channel.
// CHECK-NEXT{LITERAL}: @convolution_groups: dense<[[[1.000000e+00, 1.000000e+01, 2.000000e+02, 2.000000e+03], [3.000000e+00, 3.000000e+01, 4.000000e+02, 4.000000e+03]]]> : tensor<1x2x4xf32>
func.func @convolution_groups() -> tensor<1x2x4xf32> {
  %x = lamina.constant dense<[[[1.0, 2.0], [3.0, 4.0]]]> : tensor<1x2x2xf32>
  %w = lamina.constant dense<[[[1.0, 10.0, 100.0, 1000.0]]]> : tensor<1x1x4xf32>
  %y = lamina.convolution %x, %w, strides = [1], low = [0], high = [0],
      lhs_dilation = [1], rhs_dilation = [1], groups = 2
      : (tensor<1x2x2xf32>, tensor<1x1x4xf32>) -> tensor<1x2x4xf32>
  return %y : tensor<1x2x4xf32>
}

// CHECK-NEXT{LITERAL}: @convolution_depthwise: dense<[[[3.010000e+02, 4.020000e+03]]]> : tensor<1x1x2xf32>
func.func @convolution_depthwise() -> tensor<1x1x2xf32> {
  %x = lamina.constant dense<[[[1.0, 2.0], [3.0, 4.0]]]> : tensor<1x2x2xf32>
  %w = lamina.constant dense<[[[1.0, 10.0]], [[100.0, 1000.0]]]> : tensor<2x1x2xf32>
  %y = lamina.convolution %x, %w, strides = [1], low = [0], high = [0],
      lhs_dilation = [1], rhs_dilation = [1], groups = 2
      : (tensor<1x2x2xf32>, tensor<2x1x2xf32>) -> tensor<1x1x2xf32>
  return %y : tensor<1x1x2xf32>
}

// CHECK-NEXT{LITERAL}: @convolution_images: dense<[[[2.100000e+01], [3.200000e+01]], [[5.400000e+01], [6.500000e+01]]]> : tensor<2x2x1xf32>
func.func @convolution_images() -> tensor<2x2x1xf32> {
  %x = lamina.constant dense<[[[1.0], [2.0], [3.0]], [[4.0], [5.0], [6.0]]]> : tensor<2x3x1xf32>
  %w = lamina.constant dense<[[[1.0]], [[10.0]]]> : tensor<2x1x1xf32>
  %y = lamina.convolution %x, %w, strides = [1], low = [0], high = [0],
      lhs_dilation = [1], rhs_dilation = [1], groups = 1
      : (tensor<2x3x1xf32>, tensor<2x1x1xf32>) -> tensor<2x2x1xf32>
  return %y : tensor<2x2x1xf32>
}

// CHECK-NEXT{LITERAL}: @convolution_2d: dense<4.321000e+03> : tensor<1x1x1x1xf32>
func.func @convolution_2d() -> tensor<1x1x1x1xf32> {
  %x = lamina.constant dense<[[[[1.0], [2.0]], [[3.0], [4.0]]]]> : tensor<1x2x2x1xf32>
  %w = lamina.constant dense<[[[[1.0]], [[10.0]]], [[[100.0]], [[1000.0]]]]> : tensor<2x2x1x1xf32>
  %y = lamina.convolution %x, %w, strides = [1, 1], low = [0, 0], high = [0, 0],
      lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 1
      : (tensor<1x2x2x1xf32>, tensor<2x2x1x1xf32>) -> tensor<1x1x1x1xf32>
  return %y : tensor<1x1x1x1xf32>
}

// CHECK-NEXT{LITERAL}: @convolution_2d_reversed: dense<1.234000e+03> : tensor<1x1x1x1xf32>
func.func @convolution_2d_reversed() -> tensor<1x1x1x1xf32> {
  %x = lamina.constant dense<[[[[1.0], [2.0]], [[3.0], [4.0]]]]> : tensor<1x2x2x1xf32>
  %w = lamina.constant dense<[[[[1.0]], [[10.0]]], [[[100.0]], [[1000.0]]]]> : tensor<2x2x1x1xf32>
  %y = lamina.convolution %x, %w, strides = [1, 1], low = [0, 0], high = [0, 0],
      lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 1 reversed
      : (tensor<1x2x2x1xf32>, tensor<2x2x1x1xf32>) -> tensor<1x1x1x1xf32>
  return %y : tensor<1x1x1x1xf32>
}

// CHECK-NEXT{LITERAL}: @convolution_3d: dense<[[[[[3.100000e+01], [4.200000e+01]]]]]> : tensor<1x1x1x2x1xf32>
func.func @convolution_3d() -> tensor<1x1x1x2x1xf32> {
  %x = lamina.constant dense<[[[[[1.0], [2.0]]], [[[3.0], [4.0]]]]]> : tensor<1x2x1x2x1xf32>
  %w = lamina.constant dense<[[[[[1.0]]]], [[[[10.0]]]]]> : tensor<2x1x1x1x1xf32>
  %y = lamina.convolution %x, %w, strides = [1, 1, 1], low = [0, 0, 0], high = [0, 0, 0],
      lhs_dilation = [1, 1, 1], rhs_dilation = [1, 1, 1], groups = 1
      : (tensor<1x2x1x2x1xf32>, tensor<2x1x1x1x1xf32>) -> tensor<1x1x1x2x1xf32>
  return %y : tensor<1x1x1x2x1xf32>
}

// CHECK-NEXT{LITERAL}: @convolution_f64: dense<[[[2.100000e+01], [3.200000e+01], [4.300000e+01]]]> : tensor<1x3x1xf64>
func.func @convolution_f64() -> tensor<1x3x1xf64> {
  %x = lamina.constant dense<[[[1.0], [2.0], [3.0], [4.0]]]> : tensor<1x4x1xf64>
  %w = lamina.constant dense<[[[1.0]], [[10.0]]]> : tensor<2x1x1xf64>
  %y = lamina.convolution %x, %w, strides = [1], low = [0], high = [0],
      lhs_dilation = [1], rhs_dilation = [1], groups = 1
      : (tensor<1x4x1xf64>, tensor<2x1x1xf64>) -> tensor<1x3x1xf64>
  return %y : tensor<1x3x1xf64>
}

// Channels in order: the one is lost in the first sum already.
// CHECK-NEXT{LITERAL}: @convolution_order: dense<0.000000e+00> : tensor<1x1x1xf32>
func.func @convolution_order() -> tensor<1x1x1xf32> {
  %x = lamina.constant dense<[[[16777216.0, 1.0, -16777216.0]]]> : tensor<1x1x3xf32>
  %w = lamina.constant dense<1.0> : tensor<1x3x1xf32>
  %y = lamina.convolution %x, %w, strides = [1], low = [0], high = [0],
      lhs_dilation = [1], rhs_dilation = [1], groups = 1
      : (tensor<1x1x3xf32>, tensor<1x3x1xf32>) -> tensor<1x1x1xf32>
  return %y : tensor<1x1x1xf32>
}

// All channels of a tap before the next tap.
// CHECK-NEXT{LITERAL}: @convolution_taps_first: dense<1.000000e+00> : tensor<1x1x1xf32>
func.func @convolution_taps_first() -> tensor<1x1x1xf32> {
  %x = lamina.constant dense<[[[16777216.0, -16777216.0], [1.0, 0.0]]]> : tensor<1x2x2xf32>
  %w = lamina.constant dense<1.0> : tensor<2x2x1xf32>
  %y = lamina.convolution %x, %w, strides = [1], low = [0], high = [0],
      lhs_dilation = [1], rhs_dilation = [1], groups = 1
      : (tensor<1x2x2xf32>, tensor<2x2x1xf32>) -> tensor<1x1x1xf32>
  return %y : tensor<1x1x1xf32>
}

// A product is not rounded before it is added.
// CHECK-NEXT{LITERAL}: @convolution_fma: dense<4.88340855E-4> : tensor<1x1x1xf32>
func.func @convolution_fma() -> tensor<1x1x1xf32> {
  %x = lamina.constant dense<[[[1.0, 1.000244140625]]]> : tensor<1x1x2xf32>
  %w = lamina.constant dense<[[[-1.0], [1.000244140625]]]> : tensor<1x2x1xf32>
  %y = lamina.convolution %x, %w, strides = [1], low = [0], high = [0],
      lhs_dilation = [1], rhs_dilation = [1], groups = 1
      : (tensor<1x1x2xf32>, tensor<1x2x1xf32>) -> tensor<1x1x1xf32>
  return %y : tensor<1x1x1xf32>
}

// CHECK-NEXT{LITERAL}: @filter_gradient: dense<[[[3.210000e+02]], [[4.320000e+02]]]> : tensor<2x1x1xf32>
func.func @filter_gradient() -> tensor<2x1x1xf32> {
  %x = lamina.constant dense<[[[1.0], [2.0], [3.0], [4.0]]]> : tensor<1x4x1xf32>
  %w = lamina.constant dense<[[[1.0], [10.0], [100.0]]]> : tensor<1x3x1xf32>
  %y = lamina.filter_gradient %x, %w, strides = [1], low = [0], high = [0],
      lhs_dilation = [1], rhs_dilation = [1], groups = 1
      : (tensor<1x4x1xf32>, tensor<1x3x1xf32>) -> tensor<2x1x1xf32>
  return %y : tensor<2x1x1xf32>
}

// CHECK-NEXT{LITERAL}: @filter_gradient_reversed: dense<[[[4.320000e+02]], [[3.210000e+02]]]> : tensor<2x1x1xf32>
func.func @filter_gradient_reversed() -> tensor<2x1x1xf32> {
  %x = lamina.constant dense<[[[1.0], [2.0], [3.0], [4.0]]]> : tensor<1x4x1xf32>
  %w = lamina.constant dense<[[[1.0], [10.0], [100.0]]]> : tensor<1x3x1xf32>
  %y = lamina.filter_gradient %x, %w, strides = [1], low = [0], high = [0],
      lhs_dilation = [1], rhs_dilation = [1], groups = 1 reversed
      : (tensor<1x4x1xf32>, tensor<1x3x1xf32>) -> tensor<2x1x1xf32>
  return %y : tensor<2x1x1xf32>
}

// CHECK-NEXT{LITERAL}: @filter_gradient_strides: dense<[[[3.100000e+01]], [[4.200000e+01]]]> : tensor<2x1x1xf32>
func.func @filter_gradient_strides() -> tensor<2x1x1xf32> {
  %x = lamina.constant dense<[[[1.0], [2.0], [3.0], [4.0]]]> : tensor<1x4x1xf32>
  %w = lamina.constant dense<[[[1.0], [10.0]]]> : tensor<1x2x1xf32>
  %y = lamina.filter_gradient %x, %w, strides = [2], low = [0], high = [0],
      lhs_dilation = [1], rhs_dilation = [1], groups = 1
      : (tensor<1x4x1xf32>, tensor<1x2x1xf32>) -> tensor<2x1x1xf32>
  return %y : tensor<2x1x1xf32>
}

// CHECK-NEXT{LITERAL}: @filter_gradient_padded: dense<[[[3.210000e+03]], [[4.321000e+03]]]> : tensor<2x1x1xf32>
func.func @filter_gradient_padded() -> tensor<2x1x1xf32> {
  %x = lamina.constant dense<[[[1.0], [2.0], [3.0], [4.0]]]> : tensor<1x4x1xf32>
  %w = lamina.constant dense<[[[1.0], [10.0], [100.0], [1000.0]]]> : tensor<1x4x1xf32>
  %y = lamina.filter_gradient %x, %w, strides = [1], low = [1], high = [0],
      lhs_dilation = [1], rhs_dilation = [1], groups = 1
      : (tensor<1x4x1xf32>, tensor<1x4x1xf32>) -> tensor<2x1x1xf32>
  return %y : tensor<2x1x1xf32>
}

// CHECK-NEXT{LITERAL}: @filter_gradient_lhs_dilation: dense<[[[1.000000e+00]], [[2.000000e+01]]]> : tensor<2x1x1xf32>
func.func @filter_gradient_lhs_dilation() -> tensor<2x1x1xf32> {
  %x = lamina.constant dense<[[[1.0], [2.0]]]> : tensor<1x2x1xf32>
  %w = lamina.constant dense<[[[1.0], [10.0]]]> : tensor<1x2x1xf32>
  %y = lamina.filter_gradient %x, %w, strides = [1], low = [0], high = [0],
      lhs_dilation = [2], rhs_dilation = [1], groups = 1
      : (tensor<1x2x1xf32>, tensor<1x2x1xf32>) -> tensor<2x1x1xf32>
  return %y : tensor<2x1x1xf32>
}

// Images add up.
// CHECK-NEXT{LITERAL}: @filter_gradient_images: dense<[[[3.100000e+01]], [[4.200000e+01]]]> : tensor<2x1x1xf32>
func.func @filter_gradient_images() -> tensor<2x1x1xf32> {
  %x = lamina.constant dense<[[[1.0], [2.0]], [[3.0], [4.0]]]> : tensor<2x2x1xf32>
  %w = lamina.constant dense<[[[1.0]], [[10.0]]]> : tensor<2x1x1xf32>
  %y = lamina.filter_gradient %x, %w, strides = [1], low = [0], high = [0],
      lhs_dilation = [1], rhs_dilation = [1], groups = 1
      : (tensor<2x2x1xf32>, tensor<2x1x1xf32>) -> tensor<2x1x1xf32>
  return %y : tensor<2x1x1xf32>
}

// Slices of two images of the three there are; the last one has none.
// CHECK-NEXT{LITERAL}: @filter_gradient_slices: dense<[[[[2.100000e+01]]], [[[3.000000e+02]]], [[[0.000000e+00]]]]> : tensor<3x1x1x1xf32>
func.func @filter_gradient_slices() -> tensor<3x1x1x1xf32> {
  %x = lamina.constant dense<[[[1.0]], [[2.0]], [[3.0]]]> : tensor<3x1x1xf32>
  %w = lamina.constant dense<[[[1.0]], [[10.0]], [[100.0]]]> : tensor<3x1x1xf32>
  %y = lamina.filter_gradient %x, %w, strides = [1], low = [0], high = [0],
      lhs_dilation = [1], rhs_dilation = [1], groups = 1 slice = 2
      : (tensor<3x1x1xf32>, tensor<3x1x1xf32>) -> tensor<3x1x1x1xf32>
  return %y : tensor<3x1x1x1xf32>
}

// CHECK-NEXT{LITERAL}: @filter_gradient_groups: dense<[[[1.000000e+00, 1.000000e+01, 2.000000e+02, 2.000000e+03]]]> : tensor<1x1x4xf32>
func.func @filter_gradient_groups() -> tensor<1x1x4xf32> {
  %x = lamina.constant dense<[[[1.0, 2.0]]]> : tensor<1x1x2xf32>
  %w = lamina.constant dense<[[[1.0, 10.0, 100.0, 1000.0]]]> : tensor<1x1x4xf32>
  %y = lamina.filter_gradient %x, %w, strides = [1], low = [0], high = [0],
      lhs_dilation = [1], rhs_dilation = [1], groups = 2
      : (tensor<1x1x2xf32>, tensor<1x1x4xf32>) -> tensor<1x1x4xf32>
  return %y : tensor<1x1x4xf32>
}
