// Windows and lookups. Values follow from the descriptions by hand.
// RUN: lamina-opt %s --interpret --rows=1 | FileCheck %s

// CHECK{LITERAL}: @window_maximum: dense<[[[3.000000e+00], [3.000000e+00], [5.000000e+00]]]> : tensor<1x3x1xf32>
func.func @window_maximum() -> tensor<1x3x1xf32> {
  %x = lamina.constant dense<[[[1.0], [3.0], [2.0], [5.0]]]> : tensor<1x4x1xf32>
  %y = lamina.reduce_window maximum %x, window = [2], strides = [1], low = [0], high = [0]
      : (tensor<1x4x1xf32>) -> tensor<1x3x1xf32>
  return %y : tensor<1x3x1xf32>
}

// CHECK-NEXT{LITERAL}: @window_add: dense<[[[4.000000e+00], [5.000000e+00], [7.000000e+00]]]> : tensor<1x3x1xf32>
func.func @window_add() -> tensor<1x3x1xf32> {
  %x = lamina.constant dense<[[[1.0], [3.0], [2.0], [5.0]]]> : tensor<1x4x1xf32>
  %y = lamina.reduce_window add %x, window = [2], strides = [1], low = [0], high = [0]
      : (tensor<1x4x1xf32>) -> tensor<1x3x1xf32>
  return %y : tensor<1x3x1xf32>
}

// CHECK-NEXT{LITERAL}: @window_strides: dense<[[[3.000000e+00], [5.000000e+00]]]> : tensor<1x2x1xf32>
func.func @window_strides() -> tensor<1x2x1xf32> {
  %x = lamina.constant dense<[[[1.0], [3.0], [2.0], [5.0]]]> : tensor<1x4x1xf32>
  %y = lamina.reduce_window maximum %x, window = [2], strides = [2], low = [0], high = [0]
      : (tensor<1x4x1xf32>) -> tensor<1x2x1xf32>
  return %y : tensor<1x2x1xf32>
}

// Padding takes no part.
// CHECK-NEXT{LITERAL}: @window_padding: dense<[[[1.000000e+00], [4.000000e+00], [5.000000e+00], [7.000000e+00], [5.000000e+00]]]> : tensor<1x5x1xf32>
func.func @window_padding() -> tensor<1x5x1xf32> {
  %x = lamina.constant dense<[[[1.0], [3.0], [2.0], [5.0]]]> : tensor<1x4x1xf32>
  %y = lamina.reduce_window add %x, window = [2], strides = [1], low = [1], high = [1]
      : (tensor<1x4x1xf32>) -> tensor<1x5x1xf32>
  return %y : tensor<1x5x1xf32>
}

// CHECK-NEXT{LITERAL}: @window_padding_maximum: dense<[[[-1.000000e+00], [-1.000000e+00], [-3.000000e+00]]]> : tensor<1x3x1xf32>
func.func @window_padding_maximum() -> tensor<1x3x1xf32> {
  %x = lamina.constant dense<[[[-1.0], [-3.0]]]> : tensor<1x2x1xf32>
  %y = lamina.reduce_window maximum %x, window = [2], strides = [1], low = [1], high = [1]
      : (tensor<1x2x1xf32>) -> tensor<1x3x1xf32>
  return %y : tensor<1x3x1xf32>
}

// CHECK-NEXT{LITERAL}: @window_nan: dense<[[[0x7FC00000], [0x7FC00000], [3.000000e+00]]]> : tensor<1x3x1xf32>
func.func @window_nan() -> tensor<1x3x1xf32> {
  %x = lamina.constant dense<[[[1.0], [0x7FC00000], [2.0], [3.0]]]> : tensor<1x4x1xf32>
  %y = lamina.reduce_window maximum %x, window = [2], strides = [1], low = [0], high = [0]
      : (tensor<1x4x1xf32>) -> tensor<1x3x1xf32>
  return %y : tensor<1x3x1xf32>
}

// CHECK-NEXT{LITERAL}: @window_2d: dense<[[[[5.000000e+00], [6.000000e+00]], [[8.000000e+00], [9.000000e+00]]]]> : tensor<1x2x2x1xf32>
func.func @window_2d() -> tensor<1x2x2x1xf32> {
  %x = lamina.constant dense<[[[[1.0], [2.0], [3.0]], [[4.0], [5.0], [6.0]], [[7.0], [8.0], [9.0]]]]> : tensor<1x3x3x1xf32>
  %y = lamina.reduce_window maximum %x, window = [2, 2], strides = [1, 1], low = [0, 0], high = [0, 0]
      : (tensor<1x3x3x1xf32>) -> tensor<1x2x2x1xf32>
  return %y : tensor<1x2x2x1xf32>
}

// CHECK-NEXT{LITERAL}: @window_channels: dense<[[[3.000000e+00, 3.000000e+01], [5.000000e+00, 5.000000e+01]]]> : tensor<1x2x2xf32>
func.func @window_channels() -> tensor<1x2x2xf32> {
  %x = lamina.constant dense<[[[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]]]> : tensor<1x3x2xf32>
  %y = lamina.reduce_window add %x, window = [2], strides = [1], low = [0], high = [0]
      : (tensor<1x3x2xf32>) -> tensor<1x2x2xf32>
  return %y : tensor<1x2x2xf32>
}

// CHECK-NEXT{LITERAL}: @window_3d: dense<3.600000e+01> : tensor<1x1x1x1x1xf32>
func.func @window_3d() -> tensor<1x1x1x1x1xf32> {
  %x = lamina.constant dense<[[[[[1.0], [2.0]], [[3.0], [4.0]]], [[[5.0], [6.0]], [[7.0], [8.0]]]]]> : tensor<1x2x2x2x1xf32>
  %y = lamina.reduce_window add %x, window = [2, 2, 2], strides = [1, 1, 1], low = [0, 0, 0], high = [0, 0, 0]
      : (tensor<1x2x2x2x1xf32>) -> tensor<1x1x1x1x1xf32>
  return %y : tensor<1x1x1x1x1xf32>
}

// CHECK-NEXT{LITERAL}: @window_wraps: dense<-56> : tensor<1x1x1xi8>
func.func @window_wraps() -> tensor<1x1x1xi8> {
  %x = lamina.constant dense<100> : tensor<1x2x1xi8>
  %y = lamina.reduce_window add %x, window = [2], strides = [1], low = [0], high = [0]
      : (tensor<1x2x1xi8>) -> tensor<1x1x1xi8>
  return %y : tensor<1x1x1xi8>
}

// CHECK-NEXT{LITERAL}: @places: dense<[[[1], [0], [1]]]> : tensor<1x3x1xi8>
func.func @places() -> tensor<1x3x1xi8> {
  %x = lamina.constant dense<[[[1.0], [3.0], [2.0], [5.0]]]> : tensor<1x4x1xf32>
  %y = lamina.argmax_window %x, window = [2], strides = [1], low = [0], high = [0]
      : (tensor<1x4x1xf32>) -> tensor<1x3x1xi8>
  return %y : tensor<1x3x1xi8>
}

// The first of equals, and the first NaN.
// CHECK-NEXT{LITERAL}: @places_ties: dense<0> : tensor<1x1x1xi8>
func.func @places_ties() -> tensor<1x1x1xi8> {
  %x = lamina.constant dense<[[[2.0], [2.0], [1.0]]]> : tensor<1x3x1xf32>
  %y = lamina.argmax_window %x, window = [3], strides = [1], low = [0], high = [0]
      : (tensor<1x3x1xf32>) -> tensor<1x1x1xi8>
  return %y : tensor<1x1x1xi8>
}

// CHECK-NEXT{LITERAL}: @places_nan: dense<1> : tensor<1x1x1xi8>
func.func @places_nan() -> tensor<1x1x1xi8> {
  %x = lamina.constant dense<[[[9.0], [0x7FC00000], [0x7FC00000]]]> : tensor<1x3x1xf32>
  %y = lamina.argmax_window %x, window = [3], strides = [1], low = [0], high = [0]
      : (tensor<1x3x1xf32>) -> tensor<1x1x1xi8>
  return %y : tensor<1x1x1xi8>
}

// Places count the padding, and are never in it.
// CHECK-NEXT{LITERAL}: @places_padding: dense<[[[1], [1], [0]]]> : tensor<1x3x1xi8>
func.func @places_padding() -> tensor<1x3x1xi8> {
  %x = lamina.constant dense<[[[1.0], [3.0]]]> : tensor<1x2x1xf32>
  %y = lamina.argmax_window %x, window = [2], strides = [1], low = [1], high = [1]
      : (tensor<1x2x1xf32>) -> tensor<1x3x1xi8>
  return %y : tensor<1x3x1xi8>
}

// CHECK-NEXT{LITERAL}: @places_infinity: dense<[[[1], [0], [0]]]> : tensor<1x3x1xi8>
func.func @places_infinity() -> tensor<1x3x1xi8> {
  %x = lamina.constant dense<0xFF800000> : tensor<1x2x1xf32>
  %y = lamina.argmax_window %x, window = [2], strides = [1], low = [1], high = [1]
      : (tensor<1x2x1xf32>) -> tensor<1x3x1xi8>
  return %y : tensor<1x3x1xi8>
}

// CHECK-NEXT{LITERAL}: @places_2d: dense<2> : tensor<1x1x1x1xi8>
func.func @places_2d() -> tensor<1x1x1x1xi8> {
  %x = lamina.constant dense<[[[[1.0], [2.0]], [[9.0], [4.0]]]]> : tensor<1x2x2x1xf32>
  %y = lamina.argmax_window %x, window = [2, 2], strides = [1, 1], low = [0, 0], high = [0, 0]
      : (tensor<1x2x2x1xf32>) -> tensor<1x1x1x1xi8>
  return %y : tensor<1x1x1x1xi8>
}

// CHECK-NEXT{LITERAL}: @places_128: dense<0> : tensor<1x1x1xi8>
func.func @places_128() -> tensor<1x1x1xi8> {
  %x = lamina.constant dense<7.0> : tensor<1x128x1xf32>
  %y = lamina.argmax_window %x, window = [128], strides = [1], low = [0], high = [0]
      : (tensor<1x128x1xf32>) -> tensor<1x1x1xi8>
  return %y : tensor<1x1x1xi8>
}

// Windows of more than 128 elements have i32 places.
// CHECK-NEXT{LITERAL}: @places_129: dense<0> : tensor<1x1x1xi32>
func.func @places_129() -> tensor<1x1x1xi32> {
  %x = lamina.constant dense<7.0> : tensor<1x129x1xf32>
  %y = lamina.argmax_window %x, window = [129], strides = [1], low = [0], high = [0]
      : (tensor<1x129x1xf32>) -> tensor<1x1x1xi32>
  return %y : tensor<1x1x1xi32>
}

// CHECK-NEXT{LITERAL}: @sent_back: dense<[[[1.000000e+00], [1.100000e+01], [1.100000e+02], [1.000000e+02]]]> : tensor<1x4x1xf32>
func.func @sent_back() -> tensor<1x4x1xf32> {
  %x = lamina.constant dense<[[[1.0], [10.0], [100.0]]]> : tensor<1x3x1xf32>
  %y = lamina.window_scatter %x, window = [2], strides = [1], low = [0], high = [0]
      : (tensor<1x3x1xf32>) -> tensor<1x4x1xf32>
  return %y : tensor<1x4x1xf32>
}

// CHECK-NEXT{LITERAL}: @sent_back_to_places: dense<[[[0.000000e+00], [1.100000e+01], [0.000000e+00], [1.000000e+02]]]> : tensor<1x4x1xf32>
func.func @sent_back_to_places() -> tensor<1x4x1xf32> {
  %x = lamina.constant dense<[[[1.0], [10.0], [100.0]]]> : tensor<1x3x1xf32>
  %w = lamina.constant dense<[[[1], [0], [1]]]> : tensor<1x3x1xi8>
  %y = lamina.window_scatter %x places %w, window = [2], strides = [1], low = [0], high = [0]
      : (tensor<1x3x1xf32>, tensor<1x3x1xi8>) -> tensor<1x4x1xf32>
  return %y : tensor<1x4x1xf32>
}

// What no window covers is zero.
// CHECK-NEXT{LITERAL}: @sent_back_gaps: dense<[[[1.000000e+00], [1.000000e+00], [0.000000e+00], [1.000000e+01], [1.000000e+01]]]> : tensor<1x5x1xf32>
func.func @sent_back_gaps() -> tensor<1x5x1xf32> {
  %x = lamina.constant dense<[[[1.0], [10.0]]]> : tensor<1x2x1xf32>
  %y = lamina.window_scatter %x, window = [2], strides = [3], low = [0], high = [0]
      : (tensor<1x2x1xf32>) -> tensor<1x5x1xf32>
  return %y : tensor<1x5x1xf32>
}

// CHECK-NEXT{LITERAL}: @sent_back_padding: dense<[[[1.100000e+01], [1.100000e+02]]]> : tensor<1x2x1xf32>
func.func @sent_back_padding() -> tensor<1x2x1xf32> {
  %x = lamina.constant dense<[[[1.0], [10.0], [100.0]]]> : tensor<1x3x1xf32>
  %y = lamina.window_scatter %x, window = [2], strides = [1], low = [1], high = [1]
      : (tensor<1x3x1xf32>) -> tensor<1x2x1xf32>
  return %y : tensor<1x2x1xf32>
}

// Windows in order: the one is lost in the first sum already.
// CHECK-NEXT{LITERAL}: @sent_back_order: dense<0.000000e+00> : tensor<1x1x1xf32>
func.func @sent_back_order() -> tensor<1x1x1xf32> {
  %x = lamina.constant dense<[[[16777216.0], [1.0], [-16777216.0]]]> : tensor<1x3x1xf32>
  %y = lamina.window_scatter %x, window = [3], strides = [1], low = [2], high = [2]
      : (tensor<1x3x1xf32>) -> tensor<1x1x1xf32>
  return %y : tensor<1x1x1xf32>
}

// CHECK-NEXT{LITERAL}: @sent_back_2d: dense<[[[[1.000000e+00], [1.100000e+01], [1.000000e+01]], [[1.010000e+02], [1.111000e+03], [1.010000e+03]], [[1.000000e+02], [1.100000e+03], [1.000000e+03]]]]> : tensor<1x3x3x1xf32>
func.func @sent_back_2d() -> tensor<1x3x3x1xf32> {
  %x = lamina.constant dense<[[[[1.0], [10.0]], [[100.0], [1000.0]]]]> : tensor<1x2x2x1xf32>
  %y = lamina.window_scatter %x, window = [2, 2], strides = [1, 1], low = [0, 0], high = [0, 0]
      : (tensor<1x2x2x1xf32>) -> tensor<1x3x3x1xf32>
  return %y : tensor<1x3x3x1xf32>
}

// CHECK-NEXT{LITERAL}: @gather: dense<[[5.000000e+00, 6.000000e+00], [1.000000e+00, 2.000000e+00], [3.000000e+00, 4.000000e+00], [1.000000e+00, 2.000000e+00]]> : tensor<4x2xf32>
func.func @gather() -> tensor<4x2xf32> {
  %x = lamina.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>
  %w = lamina.constant dense<[2, 0, 1, 0]> : tensor<4xi32>
  %y = lamina.gather %x, %w, dim = 0
      : (tensor<3x2xf32>, tensor<4xi32>) -> tensor<4x2xf32>
  return %y : tensor<4x2xf32>
}

// Indices outside are clamped.
// CHECK-NEXT{LITERAL}: @gather_clamps: dense<[[5.000000e+00, 6.000000e+00], [1.000000e+00, 2.000000e+00]]> : tensor<2x2xf32>
func.func @gather_clamps() -> tensor<2x2xf32> {
  %x = lamina.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>
  %w = lamina.constant dense<[7, -1]> : tensor<2xi64>
  %y = lamina.gather %x, %w, dim = 0
      : (tensor<3x2xf32>, tensor<2xi64>) -> tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}

// CHECK-NEXT{LITERAL}: @gather_unsigned: dense<[[5.000000e+00, 6.000000e+00]]> : tensor<1x2xf32>
func.func @gather_unsigned() -> tensor<1x2xf32> {
  %x = lamina.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>
  %w = lamina.constant dense<200> : tensor<1xui8>
  %y = lamina.gather %x, %w, dim = 0
      : (tensor<3x2xf32>, tensor<1xui8>) -> tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}

// CHECK-NEXT{LITERAL}: @gather_columns: dense<[[[2.000000e+00], [1.000000e+00], [2.000000e+00]], [[4.000000e+00], [3.000000e+00], [4.000000e+00]], [[6.000000e+00], [5.000000e+00], [6.000000e+00]]]> : tensor<3x3x1xf32>
func.func @gather_columns() -> tensor<3x3x1xf32> {
  %x = lamina.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>
  %w = lamina.constant dense<[[1], [0], [1]]> : tensor<3x1xi8>
  %y = lamina.gather %x, %w, dim = 1
      : (tensor<3x2xf32>, tensor<3x1xi8>) -> tensor<3x3x1xf32>
  return %y : tensor<3x3x1xf32>
}

// CHECK-NEXT{LITERAL}: @gather_one: dense<[3.000000e+00, 4.000000e+00]> : tensor<2xf32>
func.func @gather_one() -> tensor<2xf32> {
  %x = lamina.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>
  %w = lamina.constant dense<1> : tensor<i32>
  %y = lamina.gather %x, %w, dim = 0
      : (tensor<3x2xf32>, tensor<i32>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// Each row has indices of its own.
// CHECK-NEXT{LITERAL}: @gather_batched: dense<[[2.000000e+00, 1.000000e+00], [3.000000e+00, 3.000000e+00]]> : tensor<2x2xf32>
func.func @gather_batched() -> tensor<2x2xf32> {
  %x = lamina.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %w = lamina.constant dense<[[1, 0], [0, 0]]> : tensor<2x2xi32>
  %y = lamina.gather %x, %w, dim = 1, batching = 1
      : (tensor<2x2xf32>, tensor<2x2xi32>) -> tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}

// CHECK-NEXT{LITERAL}: @scatter_batched: dense<[[2.000000e+00, 1.000000e+00], [7.000000e+00, 0.000000e+00]]> : tensor<2x2xf32>
func.func @scatter_batched() -> tensor<2x2xf32> {
  %x = lamina.constant dense<[[1, 0], [0, 0]]> : tensor<2x2xi32>
  %w = lamina.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %y = lamina.scatter %x, %w, dim = 1, batching = 1
      : (tensor<2x2xi32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}

// CHECK-NEXT{LITERAL}: @scatter: dense<[[3.000000e+00, 4.000000e+00], [0.000000e+00, 0.000000e+00], [6.000000e+00, 8.000000e+00]]> : tensor<3x2xf32>
func.func @scatter() -> tensor<3x2xf32> {
  %x = lamina.constant dense<[2, 0, 2]> : tensor<3xi32>
  %w = lamina.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>
  %y = lamina.scatter %x, %w, dim = 0
      : (tensor<3xi32>, tensor<3x2xf32>) -> tensor<3x2xf32>
  return %y : tensor<3x2xf32>
}

// CHECK-NEXT{LITERAL}: @scatter_clamps: dense<[2.000000e+00, 0.000000e+00, 1.000000e+00]> : tensor<3xf32>
func.func @scatter_clamps() -> tensor<3xf32> {
  %x = lamina.constant dense<[7, -1]> : tensor<2xi64>
  %w = lamina.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %y = lamina.scatter %x, %w, dim = 0
      : (tensor<2xi64>, tensor<2xf32>) -> tensor<3xf32>
  return %y : tensor<3xf32>
}

// CHECK-NEXT{LITERAL}: @scatter_columns: dense<[[0.000000e+00, 3.000000e+00, 0.000000e+00], [0.000000e+00, 7.000000e+00, 0.000000e+00]]> : tensor<2x3xf32>
func.func @scatter_columns() -> tensor<2x3xf32> {
  %x = lamina.constant dense<1> : tensor<2xi32>
  %w = lamina.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %y = lamina.scatter %x, %w, dim = 1
      : (tensor<2xi32>, tensor<2x2xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// Indices in order: the one is lost in the first sum already.
// CHECK-NEXT{LITERAL}: @scatter_order: dense<0.000000e+00> : tensor<1xf32>
func.func @scatter_order() -> tensor<1xf32> {
  %x = lamina.constant dense<0> : tensor<3xi32>
  %w = lamina.constant dense<[16777216.0, 1.0, -16777216.0]> : tensor<3xf32>
  %y = lamina.scatter %x, %w, dim = 0
      : (tensor<3xi32>, tensor<3xf32>) -> tensor<1xf32>
  return %y : tensor<1xf32>
}
