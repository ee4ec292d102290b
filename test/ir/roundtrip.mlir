// Every operation and attribute parses, prints and parses back, in this form and the generic one.
// RUN: lamina-opt %s | lamina-opt | FileCheck %s
// RUN: lamina-opt %s --mlir-print-op-generic | lamina-opt | FileCheck %s

// CHECK: module attributes {lamina.batch_size = 64 : i64}
module attributes {lamina.batch_size = 64 : i64} {

// CHECK-NEXT: lamina.variable @kernel : tensor<4x8xf32> {path = "layers/dense/vars/0", trainable}
lamina.variable @kernel : tensor<4x8xf32> {path = "layers/dense/vars/0", trainable}
// CHECK-NEXT: lamina.variable @packed : tensor<4x8xf32> {layout = #lamina.packed<dimension = 1, width = 16>, offset = 128 : i64}
lamina.variable @packed : tensor<4x8xf32>
    {layout = #lamina.packed<dimension = 1, width = 16>, offset = 128 : i64}
// CHECK-NEXT: lamina.variable @"kernel^T" : tensor<8x4xf32> {mirror = @kernel, permutation = array<i64: 1, 0>}
lamina.variable @"kernel^T" : tensor<8x4xf32>
    {mirror = @kernel, permutation = array<i64: 1, 0>}

// CHECK-LABEL: func.func @leaves(%{{.*}}: tensor<i64>)
func.func @leaves(%seed: tensor<i64>) {
  // CHECK-NEXT: lamina.constant dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf32>
  %0 = lamina.constant dense<[1.0, 2.0]> : tensor<2xf32>
  // CHECK-NEXT: lamina.rows : tensor<f32>
  %1 = lamina.rows : tensor<f32>
  // CHECK-NEXT: lamina.iota 1 : tensor<?x3xi32>
  %2 = lamina.iota 1 : tensor<?x3xi32>
  // CHECK-NEXT: lamina.rng_bits %{{.*}}, %{{.*}}, stream = 7 : (tensor<i64>, tensor<i64>) -> tensor<?x3xi32>
  %3 = lamina.rng_bits %seed, %seed, stream = 7 : (tensor<i64>, tensor<i64>) -> tensor<?x3xi32>
  return
}

// CHECK-LABEL: func.func @unary
func.func @unary(%x: tensor<?x4xf32>, %i: tensor<4xui8>) {
  // CHECK-NEXT: lamina.abs %{{.*}} : tensor<?x4xf32>
  %0 = lamina.abs %x : tensor<?x4xf32>
  // CHECK-NEXT: lamina.ceil %{{.*}} : tensor<?x4xf32>
  %1 = lamina.ceil %x : tensor<?x4xf32>
  // CHECK-NEXT: lamina.cosine %{{.*}} : tensor<?x4xf32>
  %2 = lamina.cosine %x : tensor<?x4xf32>
  // CHECK-NEXT: lamina.erf %{{.*}} : tensor<?x4xf32>
  %3 = lamina.erf %x : tensor<?x4xf32>
  // CHECK-NEXT: lamina.exponential %{{.*}} : tensor<?x4xf32>
  %4 = lamina.exponential %x : tensor<?x4xf32>
  // CHECK-NEXT: lamina.exponential_minus_one %{{.*}} : tensor<?x4xf32>
  %5 = lamina.exponential_minus_one %x : tensor<?x4xf32>
  // CHECK-NEXT: lamina.floor %{{.*}} : tensor<?x4xf32>
  %6 = lamina.floor %x : tensor<?x4xf32>
  // CHECK-NEXT: lamina.log %{{.*}} : tensor<?x4xf32>
  %7 = lamina.log %x : tensor<?x4xf32>
  // CHECK-NEXT: lamina.log_plus_one %{{.*}} : tensor<?x4xf32>
  %8 = lamina.log_plus_one %x : tensor<?x4xf32>
  // CHECK-NEXT: lamina.logistic %{{.*}} : tensor<?x4xf32>
  %9 = lamina.logistic %x : tensor<?x4xf32>
  // CHECK-NEXT: lamina.negate %{{.*}} : tensor<?x4xf32>
  %10 = lamina.negate %x : tensor<?x4xf32>
  // CHECK-NEXT: lamina.not %{{.*}} : tensor<4xui8>
  %11 = lamina.not %i : tensor<4xui8>
  // CHECK-NEXT: lamina.round_nearest_even %{{.*}} : tensor<?x4xf32>
  %12 = lamina.round_nearest_even %x : tensor<?x4xf32>
  // CHECK-NEXT: lamina.rsqrt %{{.*}} : tensor<?x4xf32>
  %13 = lamina.rsqrt %x : tensor<?x4xf32>
  // CHECK-NEXT: lamina.sign %{{.*}} : tensor<?x4xf32>
  %14 = lamina.sign %x : tensor<?x4xf32>
  // CHECK-NEXT: lamina.sine %{{.*}} : tensor<?x4xf32>
  %15 = lamina.sine %x : tensor<?x4xf32>
  // CHECK-NEXT: lamina.sqrt %{{.*}} : tensor<?x4xf32>
  %16 = lamina.sqrt %x : tensor<?x4xf32>
  // CHECK-NEXT: lamina.tanh %{{.*}} : tensor<?x4xf32>
  %17 = lamina.tanh %x : tensor<?x4xf32>
  // CHECK-NEXT: lamina.tan %{{.*}} : tensor<?x4xf32>
  %19 = lamina.tan %x : tensor<?x4xf32>
  // CHECK-NEXT: lamina.stop_gradient %{{.*}} : tensor<?x4xf32>
  %18 = lamina.stop_gradient %x : tensor<?x4xf32>
  return
}

// CHECK-LABEL: func.func @binary
func.func @binary(%x: tensor<?x4xf64>, %i: tensor<4xi8>, %p: tensor<?x4xi1>) {
  // CHECK-NEXT: lamina.add %{{.*}}, %{{.*}} : tensor<?x4xf64>
  %0 = lamina.add %x, %x : tensor<?x4xf64>
  // CHECK-NEXT: lamina.subtract %{{.*}}, %{{.*}} : tensor<?x4xf64>
  %1 = lamina.subtract %x, %x : tensor<?x4xf64>
  // CHECK-NEXT: lamina.multiply %{{.*}}, %{{.*}} : tensor<?x4xf64>
  %2 = lamina.multiply %x, %x : tensor<?x4xf64>
  // CHECK-NEXT: lamina.divide %{{.*}}, %{{.*}} : tensor<?x4xf64>
  %3 = lamina.divide %x, %x : tensor<?x4xf64>
  // CHECK-NEXT: lamina.maximum %{{.*}}, %{{.*}} : tensor<?x4xf64>
  %4 = lamina.maximum %x, %x : tensor<?x4xf64>
  // CHECK-NEXT: lamina.minimum %{{.*}}, %{{.*}} : tensor<?x4xf64>
  %5 = lamina.minimum %x, %x : tensor<?x4xf64>
  // CHECK-NEXT: lamina.power %{{.*}}, %{{.*}} : tensor<?x4xf64>
  %6 = lamina.power %x, %x : tensor<?x4xf64>
  // CHECK-NEXT: lamina.remainder %{{.*}}, %{{.*}} : tensor<?x4xf64>
  %7 = lamina.remainder %x, %x : tensor<?x4xf64>
  // CHECK-NEXT: lamina.and %{{.*}}, %{{.*}} : tensor<4xi8>
  %8 = lamina.and %i, %i : tensor<4xi8>
  // CHECK-NEXT: lamina.or %{{.*}}, %{{.*}} : tensor<4xi8>
  %9 = lamina.or %i, %i : tensor<4xi8>
  // CHECK-NEXT: lamina.xor %{{.*}}, %{{.*}} : tensor<4xi8>
  %10 = lamina.xor %i, %i : tensor<4xi8>
  // CHECK-NEXT: lamina.shift_right_logical %{{.*}}, %{{.*}} : tensor<4xi8>
  %11 = lamina.shift_right_logical %i, %i : tensor<4xi8>
  // CHECK-NEXT: lamina.fma %{{.*}}, %{{.*}}, %{{.*}} : tensor<?x4xf64>
  %12 = lamina.fma %x, %x, %x : tensor<?x4xf64>
  // CHECK-NEXT: lamina.compare GE %{{.*}}, %{{.*}} : tensor<?x4xf64>
  %13 = lamina.compare GE %x, %x : tensor<?x4xf64>
  // CHECK-NEXT: lamina.select %{{.*}}, %{{.*}}, %{{.*}} : tensor<?x4xi1>, tensor<?x4xf64>
  %14 = lamina.select %p, %x, %x : tensor<?x4xi1>, tensor<?x4xf64>
  // CHECK-NEXT: lamina.convert %{{.*}} : (tensor<?x4xf64>) -> tensor<?x4xi32>
  %15 = lamina.convert %x : (tensor<?x4xf64>) -> tensor<?x4xi32>
  return
}

// CHECK-LABEL: func.func @shape
func.func @shape(%x: tensor<?x4xf32>, %p: tensor<f32>, %b: tensor<3xi1>) {
  // CHECK-NEXT: lamina.broadcast_in_dim %{{.*}}, dims = [0, 2] : (tensor<?x4xf32>) -> tensor<?x3x4xf32>
  %0 = lamina.broadcast_in_dim %x, dims = [0, 2] : (tensor<?x4xf32>) -> tensor<?x3x4xf32>
  // CHECK-NEXT: lamina.reshape %{{.*}} : (tensor<?x4xf32>) -> tensor<?x2x2xf32>
  %1 = lamina.reshape %x : (tensor<?x4xf32>) -> tensor<?x2x2xf32>
  // CHECK-NEXT: lamina.transpose %{{.*}}, dims = [1, 0] : (tensor<?x4xf32>) -> tensor<4x?xf32>
  %2 = lamina.transpose %x, dims = [1, 0] : (tensor<?x4xf32>) -> tensor<4x?xf32>
  // CHECK-NEXT: lamina.slice %{{.*}}, start = [0, 1], limit = [-1, 4], strides = [1, 2] : (tensor<?x4xf32>) -> tensor<?x2xf32>
  %3 = lamina.slice %x, start = [0, 1], limit = [-1, 4], strides = [1, 2]
      : (tensor<?x4xf32>) -> tensor<?x2xf32>
  // CHECK-NEXT: lamina.pad %{{.*}}, %{{.*}}, low = [0, 1], high = [0, 2], interior = [0, 1] : (tensor<?x4xf32>, tensor<f32>) -> tensor<?x10xf32>
  %4 = lamina.pad %x, %p, low = [0, 1], high = [0, 2], interior = [0, 1]
      : (tensor<?x4xf32>, tensor<f32>) -> tensor<?x10xf32>
  // CHECK-NEXT: lamina.concatenate %{{.*}}, %{{.*}}, dim = 1 : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x8xf32>
  %5 = lamina.concatenate %x, %x, dim = 1 : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x8xf32>
  // CHECK-NEXT: lamina.reduce add %{{.*}}, dims = [0] : (tensor<?x4xf32>) -> tensor<4xf32>
  %6 = lamina.reduce add %x, dims = [0] : (tensor<?x4xf32>) -> tensor<4xf32>
  // CHECK-NEXT: lamina.reduce and %{{.*}}, dims = [0] : (tensor<3xi1>) -> tensor<i1>
  %7 = lamina.reduce and %b, dims = [0] : (tensor<3xi1>) -> tensor<i1>
  // CHECK-NEXT: lamina.argmax %{{.*}}, dim = 1 : (tensor<?x4xf32>) -> tensor<?xi32>
  %8 = lamina.argmax %x, dim = 1 : (tensor<?x4xf32>) -> tensor<?xi32>
  // CHECK-NEXT: lamina.dot_general %{{.*}}, %{{.*}}, batching = [] x [], contracting = [0] x [0] : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<4x4xf32>
  %9 = lamina.dot_general %x, %x, batching = [] x [], contracting = [0] x [0]
      : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<4x4xf32>
  return
}

// CHECK-LABEL: func.func @windows
func.func @windows(%x: tensor<?x8x8x4xf32>, %w: tensor<3x2x2x6xf32>, %p: tensor<?x4x4x4xi8>,
                   %y: tensor<?x4x4x4xf32>, %taps: tensor<3x3x4x20xf32>) {
  // CHECK-NEXT: lamina.convolution %{{.*}}, %{{.*}}, strides = [1, 2], low = [1, -1], high = [0, 2], lhs_dilation = [2, 1], rhs_dilation = [1, 3], groups = 2 : (tensor<?x8x8x4xf32>, tensor<3x2x2x6xf32>) -> tensor<?x14x3x6xf32>
  %0 = lamina.convolution %x, %w, strides = [1, 2], low = [1, -1], high = [0, 2],
      lhs_dilation = [2, 1], rhs_dilation = [1, 3], groups = 2
      : (tensor<?x8x8x4xf32>, tensor<3x2x2x6xf32>) -> tensor<?x14x3x6xf32>
  // CHECK-NEXT: lamina.convolution {{.*}}, groups = 2 reversed {padding = "same"} : (tensor<?x8x8x4xf32>, tensor<3x2x2x6xf32>) -> tensor<?x6x7x6xf32>
  %1 = lamina.convolution %x, %w, strides = [1, 1], low = [0, 0], high = [0, 0],
      lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 2 reversed {padding = "same"}
      : (tensor<?x8x8x4xf32>, tensor<3x2x2x6xf32>) -> tensor<?x6x7x6xf32>
  // CHECK-NEXT: lamina.filter_gradient %{{.*}}, %{{.*}}, strides = [1, 1], low = [0, 0], high = [0, 0], lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 2 reversed : (tensor<?x8x8x4xf32>, tensor<?x6x7x6xf32>) -> tensor<3x2x2x6xf32>
  %2 = lamina.filter_gradient %x, %1, strides = [1, 1], low = [0, 0], high = [0, 0],
      lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 2 reversed
      : (tensor<?x8x8x4xf32>, tensor<?x6x7x6xf32>) -> tensor<3x2x2x6xf32>
  // CHECK-NEXT: lamina.filter_gradient {{.*}}, groups = 2 slice = 4 : (tensor<?x8x8x4xf32>, tensor<?x6x7x6xf32>) -> tensor<5x3x2x2x6xf32>
  %sliced = lamina.filter_gradient %x, %1, strides = [1, 1], low = [0, 0], high = [0, 0],
      lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 2 slice = 4
      : (tensor<?x8x8x4xf32>, tensor<?x6x7x6xf32>) -> tensor<5x3x2x2x6xf32>
  // CHECK-NEXT: lamina.winograd_filter %{{.*}}, tile = 4 reversed : (tensor<3x3x4x20xf32>) -> tensor<2x1x36x32x16xf32>
  %filter = lamina.winograd_filter %taps, tile = 4 reversed
      : (tensor<3x3x4x20xf32>) -> tensor<2x1x36x32x16xf32>
  // CHECK-NEXT: lamina.winograd_convolution %{{.*}}, %{{.*}}, tile = 4, filters = 20, low = [1, 0], high = [0, -1] : (tensor<?x8x8x4xf32>, tensor<2x1x36x32x16xf32>) -> tensor<?x7x5x20xf32>
  %squares = lamina.winograd_convolution %x, %filter, tile = 4, filters = 20, low = [1, 0], high = [0, -1]
      : (tensor<?x8x8x4xf32>, tensor<2x1x36x32x16xf32>) -> tensor<?x7x5x20xf32>
  // CHECK-NEXT: lamina.filter_gradient {{.*}}, groups = 1 winograd = 2 : (tensor<?x8x8x4xf32>, tensor<?x7x5x20xf32>) -> tensor<3x3x4x20xf32>
  %by_filter = lamina.filter_gradient %x, %squares, strides = [1, 1], low = [1, 0], high = [0, -1],
      lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 1 winograd = 2
      : (tensor<?x8x8x4xf32>, tensor<?x7x5x20xf32>) -> tensor<3x3x4x20xf32>
  // CHECK-NEXT: lamina.constant dense<true> : tensor<1x1x1x8xi1>
  // CHECK-NEXT: %[[A:.*]], %[[MOST:.*]], %[[SUM:.*]] = lamina.attention %{{.*}}, %{{.*}}, %{{.*}}, scale = 2.500000e-01 causal masks %{{.*}} : (tensor<?x8x8x4xf32>, tensor<?x8x8x4xf32>, tensor<?x8x8x4xf32>, tensor<1x1x1x8xi1>) -> (tensor<?x8x8x4xf32>, tensor<?x8x8xf32>, tensor<?x8x8xf32>)
  %pairs = lamina.constant dense<true> : tensor<1x1x1x8xi1>
  %attended:3 = lamina.attention %x, %x, %x, scale = 0.25 causal masks %pairs
      : (tensor<?x8x8x4xf32>, tensor<?x8x8x4xf32>, tensor<?x8x8x4xf32>, tensor<1x1x1x8xi1>) -> (tensor<?x8x8x4xf32>, tensor<?x8x8xf32>, tensor<?x8x8xf32>)
  // CHECK-NEXT: lamina.attention_gradient %{{.*}}, %{{.*}}, %{{.*}}, %[[A]], %[[MOST]], %[[SUM]], %{{.*}}, scale = 1.000000e+00 :
  %back:3 = lamina.attention_gradient %x, %x, %x, %attended#0, %attended#1, %attended#2, %x, scale = 1.0
      : (tensor<?x8x8x4xf32>, tensor<?x8x8x4xf32>, tensor<?x8x8x4xf32>, tensor<?x8x8x4xf32>, tensor<?x8x8xf32>, tensor<?x8x8xf32>, tensor<?x8x8x4xf32>) -> (tensor<?x8x8x4xf32>, tensor<?x8x8x4xf32>, tensor<?x8x8x4xf32>)
  // CHECK-NEXT: lamina.reduce_window maximum %{{.*}}, window = [3, 3], strides = [2, 2], low = [1, 0], high = [0, 1] : (tensor<?x8x8x4xf32>) -> tensor<?x4x4x4xf32>
  %3 = lamina.reduce_window maximum %x, window = [3, 3], strides = [2, 2], low = [1, 0],
      high = [0, 1] : (tensor<?x8x8x4xf32>) -> tensor<?x4x4x4xf32>
  // CHECK-NEXT: lamina.argmax_window %{{.*}}, window = [3, 3], strides = [2, 2], low = [1, 0], high = [0, 1] : (tensor<?x8x8x4xf32>) -> tensor<?x4x4x4xi8>
  %4 = lamina.argmax_window %x, window = [3, 3], strides = [2, 2], low = [1, 0], high = [0, 1]
      : (tensor<?x8x8x4xf32>) -> tensor<?x4x4x4xi8>
  // CHECK-NEXT: lamina.window_scatter %{{.*}}, window = [3, 3], strides = [2, 2], low = [1, 0], high = [0, 1] : (tensor<?x4x4x4xf32>) -> tensor<?x8x8x4xf32>
  %5 = lamina.window_scatter %y, window = [3, 3], strides = [2, 2], low = [1, 0], high = [0, 1]
      : (tensor<?x4x4x4xf32>) -> tensor<?x8x8x4xf32>
  // CHECK-NEXT: lamina.window_scatter %{{.*}} places %{{.*}}, window = [3, 3], strides = [2, 2], low = [1, 0], high = [0, 1] : (tensor<?x4x4x4xf32>, tensor<?x4x4x4xi8>) -> tensor<?x8x8x4xf32>
  %6 = lamina.window_scatter %y places %p, window = [3, 3], strides = [2, 2], low = [1, 0],
      high = [0, 1] : (tensor<?x4x4x4xf32>, tensor<?x4x4x4xi8>) -> tensor<?x8x8x4xf32>
  return
}

// CHECK-LABEL: func.func @lookups
func.func @lookups(%t: tensor<9x4xf32>, %i: tensor<?x3xi32>) {
  // CHECK-NEXT: %[[G:.*]] = lamina.gather %{{.*}}, %{{.*}}, dim = 0 : (tensor<9x4xf32>, tensor<?x3xi32>) -> tensor<?x3x4xf32>
  %0 = lamina.gather %t, %i, dim = 0 : (tensor<9x4xf32>, tensor<?x3xi32>) -> tensor<?x3x4xf32>
  // CHECK-NEXT: lamina.scatter %{{.*}}, %[[G]], dim = 0 : (tensor<?x3xi32>, tensor<?x3x4xf32>) -> tensor<9x4xf32>
  %1 = lamina.scatter %i, %0, dim = 0 : (tensor<?x3xi32>, tensor<?x3x4xf32>) -> tensor<9x4xf32>
  return
}

// CHECK-LABEL: func.func @kernel_of
func.func @kernel_of(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  // CHECK-NEXT: %[[Y:.*]] = lamina.kernel map(%{{.*}}) {buffers = [#lamina.buffer<arena, 64>], schedule = #lamina.map<lanes = 8, elements = 64, lines = 1, cost = 900>, wave = 2 : i64} : (tensor<?x4xf32>) -> tensor<?x4xf32> {
  %y = lamina.kernel map(%x) {
      buffers = [#lamina.buffer<arena, 64>],
      schedule = #lamina.map<lanes = 8, elements = 64, lines = 1, cost = 900>,
      wave = 2 : i64} : (tensor<?x4xf32>) -> tensor<?x4xf32> {
  // CHECK-NEXT: ^bb0(%[[A:.*]]: tensor<?x4xf32>):
  ^bb0(%a: tensor<?x4xf32>):
    // CHECK-NEXT: %[[B:.*]] = lamina.tanh %[[A]]
    %b = lamina.tanh %a : tensor<?x4xf32>
    // CHECK-NEXT: lamina.yield %[[B]] : tensor<?x4xf32>
    lamina.yield %b : tensor<?x4xf32>
  }
  return %y : tensor<?x4xf32>
}

}

// CHECK-LABEL: @scan
// CHECK: lamina.scan 2 reverse carried(%{{.*}}) stacked() invariant(%{{.*}}) : (tensor<3xf32>, tensor<3xf32>) -> (tensor<3xf32>, tensor<2x3xf32>) {
// CHECK-NEXT: ^bb0(%{{.*}}: tensor<3xf32>, %{{.*}}: tensor<3xf32>):
func.func @scan(%c: tensor<3xf32>, %w: tensor<3xf32>) -> (tensor<3xf32>, tensor<2x3xf32>) {
  %r:2 = lamina.scan 2 reverse carried(%c) stacked() invariant(%w)
      : (tensor<3xf32>, tensor<3xf32>) -> (tensor<3xf32>, tensor<2x3xf32>) {
  ^bb0(%d: tensor<3xf32>, %v: tensor<3xf32>):
    %n = lamina.add %d, %v : tensor<3xf32>
    lamina.yield %n, %d : tensor<3xf32>, tensor<3xf32>
  }
  return %r#0, %r#1 : tensor<3xf32>, tensor<2x3xf32>
}
