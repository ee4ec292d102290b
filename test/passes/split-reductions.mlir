// RUN: lamina-opt %s --split-reductions | FileCheck %s

module attributes {lamina.batch_size = 8 : i64} {

// Statistics over images and positions: within each image, then over the images.
// CHECK-LABEL: func.func @statistics
func.func @statistics(%x: tensor<?x112x112x64xf32>) -> tensor<64xf32> {
  // CHECK-NEXT: %[[P:.*]] = lamina.reduce add %{{.*}}, dims = [1, 2] : (tensor<?x112x112x64xf32>) -> tensor<?x64xf32>
  // CHECK-NEXT: %[[Y:.*]] = lamina.reduce add %[[P]], dims = [0] : (tensor<?x64xf32>) -> tensor<64xf32>
  // CHECK-NEXT: return %[[Y]]
  %y = lamina.reduce add %x, dims = [0, 1, 2] : (tensor<?x112x112x64xf32>) -> tensor<64xf32>
  return %y : tensor<64xf32>
}

// It does not matter whether the leading dimension is the rows.
// CHECK-LABEL: func.func @static
func.func @static(%x: tensor<4x30x20x3xf32>) -> tensor<3xf32> {
  // CHECK-NEXT: %[[P:.*]] = lamina.reduce maximum %{{.*}}, dims = [1, 2] : (tensor<4x30x20x3xf32>) -> tensor<4x3xf32>
  // CHECK-NEXT: lamina.reduce maximum %[[P]], dims = [0]
  %y = lamina.reduce maximum %x, dims = [0, 1, 2] : (tensor<4x30x20x3xf32>) -> tensor<3xf32>
  return %y : tensor<3xf32>
}

// CHECK-LABEL: func.func @to_a_scalar
func.func @to_a_scalar(%x: tensor<?x1000xf32>) -> tensor<f32> {
  // CHECK-NEXT: %[[P:.*]] = lamina.reduce minimum %{{.*}}, dims = [1] : (tensor<?x1000xf32>) -> tensor<?xf32>
  // CHECK-NEXT: lamina.reduce minimum %[[P]], dims = [0] : (tensor<?xf32>) -> tensor<f32>
  %y = lamina.reduce minimum %x, dims = [0, 1] : (tensor<?x1000xf32>) -> tensor<f32>
  return %y : tensor<f32>
}

// Left alone: little to combine, much kept, the leading dimension kept or of one element, products.
// CHECK-LABEL: func.func @others
func.func @others(%a: tensor<?x10x10x64xf32>, %b: tensor<?x32x32x4096xf32>, %c: tensor<?x1000x8xf32>,
                  %d: tensor<1x1000x8xf32>, %e: tensor<1000x?xf32>) {
  // CHECK-NEXT: lamina.reduce add %{{.*}}, dims = [0, 1, 2]
  %0 = lamina.reduce add %a, dims = [0, 1, 2] : (tensor<?x10x10x64xf32>) -> tensor<64xf32>
  // CHECK-NEXT: lamina.reduce add %{{.*}}, dims = [0, 1, 2]
  %1 = lamina.reduce add %b, dims = [0, 1, 2] : (tensor<?x32x32x4096xf32>) -> tensor<4096xf32>
  // CHECK-NEXT: lamina.reduce add %{{.*}}, dims = [1]
  %2 = lamina.reduce add %c, dims = [1] : (tensor<?x1000x8xf32>) -> tensor<?x8xf32>
  // CHECK-NEXT: lamina.reduce add %{{.*}}, dims = [0, 1]
  %3 = lamina.reduce add %d, dims = [0, 1] : (tensor<1x1000x8xf32>) -> tensor<8xf32>
  // CHECK-NEXT: lamina.reduce multiply %{{.*}}, dims = [0, 1]
  %4 = lamina.reduce multiply %c, dims = [0, 1] : (tensor<?x1000x8xf32>) -> tensor<8xf32>
  // CHECK-NEXT: lamina.reduce add %{{.*}}, dims = [0, 1]
  %5 = lamina.reduce add %e, dims = [0, 1] : (tensor<1000x?xf32>) -> tensor<f32>
  return
}

// The mean and the variance of images: of each line from its own mean, then over the lines.
// CHECK-LABEL: func.func @variance
func.func @variance(%x: tensor<?x10x20x8xf32>) -> (tensor<8xf32>, tensor<8xf32>) {
  // CHECK: %[[SUMS:.*]] = lamina.reduce add %arg0, dims = [2] : (tensor<?x10x20x8xf32>) -> tensor<?x10x8xf32>
  // CHECK: lamina.constant dense<5.000000e-02>
  // CHECK: %[[MEANS:.*]] = lamina.multiply %[[SUMS]]
  // CHECK: %[[REPEATED:.*]] = lamina.broadcast_in_dim %[[MEANS]], dims = [0, 1, 3]
  // CHECK: %[[APART:.*]] = lamina.subtract %arg0, %[[REPEATED]]
  // CHECK: %[[SQUARES:.*]] = lamina.multiply %[[APART]], %[[APART]]
  // CHECK: %[[WITHIN:.*]] = lamina.reduce add %[[SQUARES]], dims = [2]
  // CHECK: %[[TOTAL:.*]] = lamina.reduce add %[[SUMS]], dims = [0, 1]
  // CHECK: %[[MEAN:.*]] = lamina.multiply %[[TOTAL]]
  // CHECK: %[[CENTER:.*]] = lamina.broadcast_in_dim %[[MEAN]], dims = [2]
  // CHECK: %[[DISTANCE:.*]] = lamina.subtract %[[MEANS]], %[[CENTER]]
  // CHECK: lamina.constant dense<2.000000e+01>
  // CHECK: %[[SCALED:.*]] = lamina.multiply %[[DISTANCE]]
  // CHECK: %[[LINES:.*]] = lamina.fma %[[SCALED]], %[[DISTANCE]], %[[WITHIN]]
  // CHECK: lamina.reduce add %[[LINES]], dims = [0, 1]
  %c = lamina.constant dense<0.01> : tensor<8xf32>
  %s = lamina.reduce add %x, dims = [0, 1, 2] : (tensor<?x10x20x8xf32>) -> tensor<8xf32>
  %m = lamina.multiply %s, %c : tensor<8xf32>
  %b = lamina.broadcast_in_dim %m, dims = [3] : (tensor<8xf32>) -> tensor<?x10x20x8xf32>
  %d = lamina.subtract %x, %b : tensor<?x10x20x8xf32>
  %q = lamina.multiply %d, %d : tensor<?x10x20x8xf32>
  %v = lamina.reduce add %q, dims = [0, 1, 2] : (tensor<?x10x20x8xf32>) -> tensor<8xf32>
  return %m, %v : tensor<8xf32>, tensor<8xf32>
}

// Distances from something that is not made of the same elements take one pass anyway, and lines of
// three elements are not worth it.
// CHECK-LABEL: func.func @squares
func.func @squares(%x: tensor<?x10x20x8xf32>, %m: tensor<8xf32>, %y: tensor<?x10x3x8xf32>) -> (tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) {
  // CHECK-COUNT-3: lamina.reduce add {{.*}} dims = [0, 1, 2]
  // CHECK-NOT: lamina.reduce
  // CHECK: return
  %b = lamina.broadcast_in_dim %m, dims = [3] : (tensor<8xf32>) -> tensor<?x10x20x8xf32>
  %d = lamina.subtract %x, %b : tensor<?x10x20x8xf32>
  %q = lamina.multiply %d, %d : tensor<?x10x20x8xf32>
  %v = lamina.reduce add %q, dims = [0, 1, 2] : (tensor<?x10x20x8xf32>) -> tensor<8xf32>
  %s = lamina.reduce add %y, dims = [0, 1, 2] : (tensor<?x10x3x8xf32>) -> tensor<8xf32>
  %c = lamina.broadcast_in_dim %s, dims = [3] : (tensor<8xf32>) -> tensor<?x10x3x8xf32>
  %e = lamina.subtract %y, %c : tensor<?x10x3x8xf32>
  %r = lamina.multiply %e, %e : tensor<?x10x3x8xf32>
  %w = lamina.reduce add %r, dims = [0, 1, 2] : (tensor<?x10x3x8xf32>) -> tensor<8xf32>
  return %v, %s, %w : tensor<8xf32>, tensor<8xf32>, tensor<8xf32>
}

// What a convolution makes last is summed up line by line, however few elements there are; sums of
// something that is made later are not.
// CHECK-LABEL: func.func @lines
func.func @lines(%x: tensor<?x6x8x4xf32>, %w: tensor<1x1x4x8xf32>, %z: tensor<?x6x8x8xf32>) -> (tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) {
  // CHECK: %[[Y:.*]] = lamina.convolution
  // CHECK: %[[S:.*]] = lamina.reduce add %[[Y]], dims = [2]
  // CHECK: lamina.reduce add %[[S]], dims = [0, 1]
  // CHECK: %[[P:.*]] = lamina.multiply %[[Y]], %arg2
  // CHECK: %[[T:.*]] = lamina.reduce add %[[P]], dims = [2]
  // CHECK: lamina.reduce add %[[T]], dims = [0, 1]
  // CHECK: lamina.reduce_window
  // CHECK: lamina.reduce add %{{.*}}, dims = [0, 1, 2]
  %y = lamina.convolution %x, %w, strides = [1, 1], low = [0, 0], high = [0, 0],
      lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 1
      : (tensor<?x6x8x4xf32>, tensor<1x1x4x8xf32>) -> tensor<?x6x8x8xf32>
  %0 = lamina.reduce add %y, dims = [0, 1, 2] : (tensor<?x6x8x8xf32>) -> tensor<8xf32>
  %p = lamina.multiply %y, %z : tensor<?x6x8x8xf32>
  %1 = lamina.reduce add %p, dims = [0, 1, 2] : (tensor<?x6x8x8xf32>) -> tensor<8xf32>
  %q = lamina.reduce_window maximum %z, window = [1, 1], strides = [1, 1], low = [0, 0], high = [0, 0] : (tensor<?x6x8x8xf32>) -> tensor<?x6x8x8xf32>
  %r = lamina.multiply %q, %y : tensor<?x6x8x8xf32>
  %2 = lamina.reduce add %r, dims = [0, 1, 2] : (tensor<?x6x8x8xf32>) -> tensor<8xf32>
  return %0, %1, %2 : tensor<8xf32>, tensor<8xf32>, tensor<8xf32>
}

// Small filters: the images in slices. Eight images: three, three and two.
// CHECK-LABEL: func.func @filter_gradient
func.func @filter_gradient(%x: tensor<?x16x16x6xf32>, %g: tensor<?x16x16x8xf32>) -> tensor<5x5x6x8xf32> {
  // CHECK-NEXT: %[[PARTS:.*]] = lamina.filter_gradient {{.*}} groups = 1 slice = 3 : (tensor<?x16x16x6xf32>, tensor<?x16x16x8xf32>) -> tensor<3x5x5x6x8xf32>
  // CHECK-NEXT: %[[SUM:.*]] = lamina.reduce add %[[PARTS]], dims = [0] : (tensor<3x5x5x6x8xf32>) -> tensor<5x5x6x8xf32>
  // CHECK-NEXT: return %[[SUM]]
  %0 = lamina.filter_gradient %x, %g, strides = [1, 1], low = [2, 2], high = [2, 2],
      lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 1
      : (tensor<?x16x16x6xf32>, tensor<?x16x16x8xf32>) -> tensor<5x5x6x8xf32>
  return %0 : tensor<5x5x6x8xf32>
}

// Of few channels all taps are in one task, so there are more slices.
// CHECK-LABEL: func.func @few_channels_filter_gradient
func.func @few_channels_filter_gradient(%x: tensor<?x16x16x1xf32>, %g: tensor<?x16x16x8xf32>) -> tensor<3x3x1x8xf32> {
  // CHECK-NEXT: lamina.filter_gradient {{.*}} groups = 1 slice = 1 : (tensor<?x16x16x1xf32>, tensor<?x16x16x8xf32>) -> tensor<8x3x3x1x8xf32>
  // CHECK-NEXT: lamina.reduce add
  %0 = lamina.filter_gradient %x, %g, strides = [1, 1], low = [1, 1], high = [1, 1],
      lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 1
      : (tensor<?x16x16x1xf32>, tensor<?x16x16x8xf32>) -> tensor<3x3x1x8xf32>
  return %0 : tensor<3x3x1x8xf32>
}

// A depthwise one in slices of one image: its taps make no tasks.
// CHECK-LABEL: func.func @depthwise_filter_gradient
func.func @depthwise_filter_gradient(%x: tensor<?x16x16x4xf32>, %g: tensor<?x16x16x4xf32>) -> tensor<3x3x1x4xf32> {
  // CHECK-NEXT: lamina.filter_gradient {{.*}} groups = 4 slice = 1 : (tensor<?x16x16x4xf32>, tensor<?x16x16x4xf32>) -> tensor<8x3x3x1x4xf32>
  // CHECK-NEXT: lamina.reduce add
  %0 = lamina.filter_gradient %x, %g, strides = [1, 1], low = [1, 1], high = [1, 1],
      lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 4
      : (tensor<?x16x16x4xf32>, tensor<?x16x16x4xf32>) -> tensor<3x3x1x4xf32>
  return %0 : tensor<3x3x1x4xf32>
}

// Slices of a large filter would cost more than they give.
// CHECK-LABEL: func.func @large_filter_gradient
func.func @large_filter_gradient(%x: tensor<?x4x4x64xf32>, %g: tensor<?x4x4x64xf32>) -> tensor<3x3x64x64xf32> {
  // CHECK-NEXT: lamina.filter_gradient {{.*}} groups = 1 :
  %0 = lamina.filter_gradient %x, %g, strides = [1, 1], low = [1, 1], high = [1, 1],
      lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 1
      : (tensor<?x4x4x64xf32>, tensor<?x4x4x64xf32>) -> tensor<3x3x64x64xf32>
  return %0 : tensor<3x3x64x64xf32>
}

// With Winograd's minimal filtering two tasks make all channels and filters of a slice.
// CHECK-LABEL: func.func @winograd_gradient
func.func @winograd_gradient(%x: tensor<?x56x56x64xf32>, %g: tensor<?x56x56x64xf32>) -> tensor<3x3x64x64xf32> {
  // CHECK-NEXT: lamina.filter_gradient {{.*}} groups = 1 slice = 1 winograd = 4 : {{.*}} -> tensor<8x3x3x64x64xf32>
  // CHECK-NEXT: lamina.reduce add
  %0 = lamina.filter_gradient %x, %g, strides = [1, 1], low = [1, 1], high = [1, 1],
      lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 1 winograd = 4
      : (tensor<?x56x56x64xf32>, tensor<?x56x56x64xf32>) -> tensor<3x3x64x64xf32>
  return %0 : tensor<3x3x64x64xf32>
}

}
