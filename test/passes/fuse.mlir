// RUN: lamina-opt %s --split-input-file --pass-pipeline='builtin.module(func.func(fuse))' | FileCheck %s

// A contraction takes in what follows it over the same space.
// CHECK-LABEL: func.func @epilogue
// CHECK: %[[K:.*]] = lamina.kernel {{[a-z_]+}}(%arg0, %arg1, %arg2)
// CHECK: lamina.dot_general
// CHECK-NEXT: lamina.broadcast_in_dim
// CHECK-NEXT: lamina.add
// CHECK-NEXT: lamina.tanh
// CHECK-NEXT: lamina.yield
// CHECK: return %[[K]]
func.func @epilogue(%x: tensor<?x4xf32>, %w: tensor<4x3xf32>, %b: tensor<3xf32>) -> tensor<?x3xf32> {
  %0 = lamina.dot_general %x, %w, batching = [] x [], contracting = [1] x [0] : (tensor<?x4xf32>, tensor<4x3xf32>) -> tensor<?x3xf32>
  %1 = lamina.broadcast_in_dim %b, dims = [1] : (tensor<3xf32>) -> tensor<?x3xf32>
  %2 = lamina.add %0, %1 : tensor<?x3xf32>
  %3 = lamina.tanh %2 : tensor<?x3xf32>
  return %3 : tensor<?x3xf32>
}

// -----

// What a contraction reads is in memory.
// CHECK-LABEL: func.func @operand
// CHECK: %[[S:.*]] = lamina.kernel {{[a-z_]+}}(%arg0)
// CHECK: lamina.sqrt
// CHECK: lamina.kernel {{[a-z_]+}}(%[[S]], %arg1)
// CHECK: lamina.dot_general
func.func @operand(%x: tensor<?x4xf32>, %w: tensor<4x3xf32>) -> tensor<?x3xf32> {
  %0 = lamina.sqrt %x : tensor<?x4xf32>
  %1 = lamina.dot_general %0, %w, batching = [] x [], contracting = [1] x [0] : (tensor<?x4xf32>, tensor<4x3xf32>) -> tensor<?x3xf32>
  return %1 : tensor<?x3xf32>
}

// -----

// A softmax is one kernel over rows.
// CHECK-LABEL: func.func @softmax
// CHECK-COUNT-1: lamina.kernel
// CHECK: lamina.reduce {{.*}}maximum
// CHECK: lamina.reduce {{.*}}add
// CHECK: lamina.divide
// CHECK-NOT: lamina.kernel
// CHECK: return
func.func @softmax(%x: tensor<?x10xf32>) -> tensor<?x10xf32> {
  %0 = lamina.reduce maximum %x, dims = [1] : (tensor<?x10xf32>) -> tensor<?xf32>
  %1 = lamina.broadcast_in_dim %0, dims = [0] : (tensor<?xf32>) -> tensor<?x10xf32>
  %2 = lamina.subtract %x, %1 : tensor<?x10xf32>
  %3 = lamina.exponential %2 : tensor<?x10xf32>
  %4 = lamina.reduce add %3, dims = [1] : (tensor<?x10xf32>) -> tensor<?xf32>
  %5 = lamina.broadcast_in_dim %4, dims = [0] : (tensor<?xf32>) -> tensor<?x10xf32>
  %6 = lamina.divide %3, %5 : tensor<?x10xf32>
  return %6 : tensor<?x10xf32>
}

// -----

// An update stands where its gradient is computed, and stores a mirror's transposed copy with it.
// CHECK-LABEL: func.func @update
// CHECK: %[[K:.*]]:2 = lamina.kernel
// CHECK: lamina.dot_general
// CHECK: lamina.subtract
// CHECK: lamina.transpose
// CHECK: lamina.yield {{.*}} : tensor<4x3xf32>, tensor<3x4xf32>
// CHECK: return %[[K]]#0, %[[K]]#1
func.func @update(%x: tensor<?x4xf32>, %g: tensor<?x3xf32>, %w: tensor<4x3xf32>) -> (tensor<4x3xf32>, tensor<3x4xf32>) {
  %0 = lamina.dot_general %x, %g, batching = [] x [], contracting = [0] x [0] : (tensor<?x4xf32>, tensor<?x3xf32>) -> tensor<4x3xf32>
  %1 = lamina.subtract %w, %0 : tensor<4x3xf32>
  %2 = lamina.transpose %1, dims = [1, 0] : (tensor<4x3xf32>) -> tensor<3x4xf32>
  return %1, %2 : tensor<4x3xf32>, tensor<3x4xf32>
}

// -----

// Scaling by a norm of the gradient itself cannot join the gradient's kernel.
// CHECK-LABEL: func.func @norm
// CHECK: %[[G:.*]] = lamina.kernel {{[a-z_]+}}(%arg0, %arg1)
// CHECK: lamina.dot_general
// CHECK: %[[N:.*]] = lamina.kernel {{[a-z_]+}}(%[[G]])
// CHECK: lamina.reduce
// CHECK: lamina.rsqrt
// CHECK: lamina.kernel {{[a-z_]+}}({{.*}}%[[N]]
// CHECK: lamina.multiply
func.func @norm(%x: tensor<?x4xf32>, %g: tensor<?x3xf32>) -> tensor<4x3xf32> {
  %0 = lamina.dot_general %x, %g, batching = [] x [], contracting = [0] x [0] : (tensor<?x4xf32>, tensor<?x3xf32>) -> tensor<4x3xf32>
  %1 = lamina.multiply %0, %0 : tensor<4x3xf32>
  %2 = lamina.reduce add %1, dims = [0, 1] : (tensor<4x3xf32>) -> tensor<f32>
  %3 = lamina.rsqrt %2 : tensor<f32>
  %4 = lamina.broadcast_in_dim %3, dims = [] : (tensor<f32>) -> tensor<4x3xf32>
  %5 = lamina.multiply %0, %4 : tensor<4x3xf32>
  return %5 : tensor<4x3xf32>
}

// -----

// The backward pass of relu reads the activation; what stood before it does not reach memory.
// CHECK-LABEL: func.func @relu
// CHECK: %[[A:.*]] = lamina.kernel {{[a-z_]+}}(%arg0, %arg1) {{.*}}-> tensor<?x3xf32>
// CHECK: lamina.maximum
// CHECK: lamina.kernel {{[a-z_]+}}(%arg2, %arg3, %[[A]])
// CHECK: lamina.compare {{.*}}GE
// CHECK: lamina.select
func.func @relu(%x: tensor<?x4xf32>, %w: tensor<4x3xf32>, %g: tensor<?x5xf32>, %v: tensor<5x3xf32>) -> (tensor<?x3xf32>, tensor<?x3xf32>) {
  %zero = lamina.constant dense<0.0> : tensor<f32>
  %z = lamina.broadcast_in_dim %zero, dims = [] : (tensor<f32>) -> tensor<?x3xf32>
  %0 = lamina.dot_general %x, %w, batching = [] x [], contracting = [1] x [0] : (tensor<?x4xf32>, tensor<4x3xf32>) -> tensor<?x3xf32>
  %1 = lamina.maximum %z, %0 : tensor<?x3xf32>
  %2 = lamina.dot_general %g, %v, batching = [] x [], contracting = [1] x [0] : (tensor<?x5xf32>, tensor<5x3xf32>) -> tensor<?x3xf32>
  %3 = lamina.compare GE %z, %0 : tensor<?x3xf32>
  %4 = lamina.select %3, %z, %2 : tensor<?x3xi1>, tensor<?x3xf32>
  return %1, %4 : tensor<?x3xf32>, tensor<?x3xf32>
}

// -----

// Expensive and read by two kernels: computed once. Cheap: computed in both. Unused: not at all.
// CHECK-LABEL: func.func @shared
// CHECK: lamina.exponential
// CHECK-NOT: lamina.exponential
// CHECK-NOT: lamina.sine
// CHECK-COUNT-2: lamina.negate
func.func @shared(%x: tensor<8xf32>, %a: tensor<5x8xf32>) -> (tensor<5xf32>, tensor<8xf32>) {
  %0 = lamina.exponential %a : tensor<5x8xf32>
  %unused = lamina.sine %x : tensor<8xf32>
  %1 = lamina.negate %0 : tensor<5x8xf32>
  %2 = lamina.reduce add %1, dims = [1] : (tensor<5x8xf32>) -> tensor<5xf32>
  %3 = lamina.reduce add %1, dims = [0] : (tensor<5x8xf32>) -> tensor<8xf32>
  return %2, %3 : tensor<5xf32>, tensor<8xf32>
}

// -----

// What an expensive operation and those behind it give, repeated along rows by a reader: stored at
// the end of the chain.
// CHECK-LABEL: func.func @repeated
// CHECK: %[[E:.*]] = lamina.kernel {{[a-z_]+}}(%arg0) {{.*}}-> tensor<8xf32>
// CHECK: lamina.exponential
// CHECK: lamina.negate
// CHECK-NOT: lamina.negate
func.func @repeated(%x: tensor<8xf32>, %a: tensor<5x8xf32>) -> (tensor<5xf32>, tensor<8xf32>) {
  %0 = lamina.exponential %x : tensor<8xf32>
  %1 = lamina.negate %0 : tensor<8xf32>
  %2 = lamina.broadcast_in_dim %1, dims = [1] : (tensor<8xf32>) -> tensor<5x8xf32>
  %3 = lamina.add %a, %2 : tensor<5x8xf32>
  %4 = lamina.reduce add %3, dims = [1] : (tensor<5x8xf32>) -> tensor<5xf32>
  %5 = lamina.reduce add %a, dims = [0] : (tensor<5x8xf32>) -> tensor<8xf32>
  %6 = lamina.multiply %5, %1 : tensor<8xf32>
  return %4, %6 : tensor<5xf32>, tensor<8xf32>
}

// -----

// Reductions of the same dimensions that read some of the same elements go through memory together;
// one that needs the other's result goes through them again, as long as they are in the caches. A
// third time is another kernel.
// CHECK-LABEL: func.func @siblings
// CHECK: %[[K:.*]]:3 = lamina.kernel column(%arg1, %arg0)
// CHECK: lamina.reduce add
// CHECK: lamina.multiply
// CHECK: lamina.reduce add
// CHECK: lamina.subtract
// CHECK: lamina.reduce maximum
// CHECK: lamina.kernel column(%[[K]]#2, %arg1)
// CHECK-NOT: lamina.kernel
// CHECK: return
func.func @siblings(%x: tensor<?x4xf32>, %g: tensor<?x4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %0 = lamina.reduce add %g, dims = [0] : (tensor<?x4xf32>) -> tensor<4xf32>
  %1 = lamina.multiply %x, %g : tensor<?x4xf32>
  %2 = lamina.reduce add %1, dims = [0] : (tensor<?x4xf32>) -> tensor<4xf32>
  %3 = lamina.broadcast_in_dim %0, dims = [1] : (tensor<4xf32>) -> tensor<?x4xf32>
  %4 = lamina.subtract %g, %3 : tensor<?x4xf32>
  %5 = lamina.reduce maximum %4, dims = [0] : (tensor<?x4xf32>) -> tensor<4xf32>
  %6 = lamina.broadcast_in_dim %5, dims = [1] : (tensor<4xf32>) -> tensor<?x4xf32>
  %7 = lamina.subtract %g, %6 : tensor<?x4xf32>
  %8 = lamina.reduce add %7, dims = [0] : (tensor<?x4xf32>) -> tensor<4xf32>
  return %0, %2, %5, %8 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

// -----

// The lines of images are summed up by whoever makes them, and the squares of the distances from
// their means, too; the image is a result although nothing else reads it. What reads it together
// with the sums is another kernel.
// CHECK-LABEL: func.func @line_sums
// CHECK: %[[K:.*]]:3 = lamina.kernel convolution(%arg0, %arg1)
// CHECK: lamina.convolution
// CHECK: lamina.reduce add
// CHECK: lamina.subtract
// CHECK: lamina.reduce add
// CHECK: lamina.kernel map(%[[K]]#{{[01]}}, %[[K]]#{{[01]}})
// CHECK-NOT: lamina.kernel
// CHECK: return
func.func @line_sums(%x: tensor<?x6x8x4xf32>, %w: tensor<1x1x4x8xf32>) -> (tensor<?x6x8xf32>, tensor<?x6x8x8xf32>) {
  %y = lamina.convolution %x, %w, strides = [1, 1], low = [0, 0], high = [0, 0],
      lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 1
      : (tensor<?x6x8x4xf32>, tensor<1x1x4x8xf32>) -> tensor<?x6x8x8xf32>
  %s = lamina.reduce add %y, dims = [2] : (tensor<?x6x8x8xf32>) -> tensor<?x6x8xf32>
  %b = lamina.broadcast_in_dim %s, dims = [0, 1, 3] : (tensor<?x6x8xf32>) -> tensor<?x6x8x8xf32>
  %d = lamina.subtract %y, %b : tensor<?x6x8x8xf32>
  %d2 = lamina.multiply %d, %d : tensor<?x6x8x8xf32>
  %v = lamina.reduce add %d2, dims = [2] : (tensor<?x6x8x8xf32>) -> tensor<?x6x8xf32>
  %e = lamina.add %y, %b : tensor<?x6x8x8xf32>
  return %v, %e : tensor<?x6x8xf32>, tensor<?x6x8x8xf32>
}

// -----

// What a contraction reads from memory is stored by the reduction over columns that computes it.
// Where rows are summed up, too, all rows of a column come one after another, and a kernel of its own
// stores it.
// CHECK-LABEL: func.func @stored_on_the_way
// CHECK: %[[K:.*]]:2 = lamina.kernel column(%arg0)
// CHECK: lamina.negate
// CHECK: lamina.reduce add
// CHECK: lamina.yield %{{.*}}, %{{.*}} : tensor<?x6x4xf32>, tensor<?x4xf32>
// CHECK: lamina.kernel contraction(%[[K]]#0, %arg1)
// CHECK: %[[N:.*]] = lamina.kernel map(%arg2)
// CHECK: lamina.kernel column(%[[N]])
func.func @stored_on_the_way(%x: tensor<?x6x4xf32>, %w: tensor<4x3xf32>, %z: tensor<?x4xf32>) -> (tensor<?x4xf32>, tensor<?x6x3xf32>, tensor<4xf32>, tensor<?x3xf32>) {
  %n = lamina.negate %x : tensor<?x6x4xf32>
  %s = lamina.reduce add %n, dims = [1] : (tensor<?x6x4xf32>) -> tensor<?x4xf32>
  %d = lamina.dot_general %n, %w, batching = [] x [], contracting = [2] x [0] : (tensor<?x6x4xf32>, tensor<4x3xf32>) -> tensor<?x6x3xf32>
  %m = lamina.negate %z : tensor<?x4xf32>
  %t = lamina.reduce add %m, dims = [0] : (tensor<?x4xf32>) -> tensor<4xf32>
  %e = lamina.dot_general %m, %w, batching = [] x [], contracting = [1] x [0] : (tensor<?x4xf32>, tensor<4x3xf32>) -> tensor<?x3xf32>
  return %s, %d, %t, %e : tensor<?x4xf32>, tensor<?x6x3xf32>, tensor<4xf32>, tensor<?x3xf32>
}

// -----

// An image that only convolutions and gradients by their filters read, made of another image and of
// numbers of the channels, is computed by these.
// CHECK-LABEL: func.func @computed_image
// CHECK: lamina.kernel convolution(%arg1, %arg0, %arg2)
// CHECK: lamina.multiply
// CHECK-NEXT: lamina.convolution
// CHECK: lamina.kernel filter_gradient(%arg1, %arg0, %arg3)
// CHECK: lamina.multiply
// CHECK-NEXT: lamina.filter_gradient
// CHECK-NOT: lamina.kernel
// CHECK: return
func.func @computed_image(%x: tensor<?x6x8x8xf32>, %s: tensor<8xf32>, %w: tensor<1x1x8x8xf32>, %g: tensor<?x6x8x8xf32>) -> (tensor<?x6x8x8xf32>, tensor<1x1x8x8xf32>) {
  %b = lamina.broadcast_in_dim %s, dims = [3] : (tensor<8xf32>) -> tensor<?x6x8x8xf32>
  %m = lamina.multiply %x, %b : tensor<?x6x8x8xf32>
  %y = lamina.convolution %m, %w, strides = [1, 1], low = [0, 0], high = [0, 0],
      lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 1
      : (tensor<?x6x8x8xf32>, tensor<1x1x8x8xf32>) -> tensor<?x6x8x8xf32>
  %d = lamina.filter_gradient %m, %g, strides = [1, 1], low = [0, 0], high = [0, 0],
      lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 1
      : (tensor<?x6x8x8xf32>, tensor<?x6x8x8xf32>) -> tensor<1x1x8x8xf32>
  return %y, %d : tensor<?x6x8x8xf32>, tensor<1x1x8x8xf32>
}

// -----

// It is stored where one of the readers cannot compute it, where it takes long, and where it is made
// of two images that three would read.
// CHECK-LABEL: func.func @stored_images
// CHECK-COUNT-3: lamina.kernel map
// CHECK: return
func.func @stored_images(%x: tensor<?x6x8x8xf32>, %z: tensor<?x6x8x8xf32>, %w: tensor<1x1x8x8xf32>) -> (tensor<?x6x8x8xf32>, tensor<?x3x4x8xf32>, tensor<?x6x8x8xf32>, tensor<?x6x8x8xf32>, tensor<1x1x8x8xf32>, tensor<1x1x8x8xf32>) {
  %a = lamina.abs %x : tensor<?x6x8x8xf32>
  %0 = lamina.convolution %a, %w, strides = [1, 1], low = [0, 0], high = [0, 0],
      lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 1
      : (tensor<?x6x8x8xf32>, tensor<1x1x8x8xf32>) -> tensor<?x6x8x8xf32>
  %1 = lamina.reduce_window maximum %a, window = [2, 2], strides = [2, 2], low = [0, 0], high = [0, 0] : (tensor<?x6x8x8xf32>) -> tensor<?x3x4x8xf32>
  %e = lamina.exponential %z : tensor<?x6x8x8xf32>
  %2 = lamina.convolution %e, %w, strides = [1, 1], low = [0, 0], high = [0, 0],
      lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 1
      : (tensor<?x6x8x8xf32>, tensor<1x1x8x8xf32>) -> tensor<?x6x8x8xf32>
  %s = lamina.add %x, %z : tensor<?x6x8x8xf32>
  %3 = lamina.convolution %s, %w, strides = [1, 1], low = [0, 0], high = [0, 0],
      lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 1
      : (tensor<?x6x8x8xf32>, tensor<1x1x8x8xf32>) -> tensor<?x6x8x8xf32>
  %4 = lamina.filter_gradient %s, %z, strides = [1, 1], low = [0, 0], high = [0, 0],
      lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 1
      : (tensor<?x6x8x8xf32>, tensor<?x6x8x8xf32>) -> tensor<1x1x8x8xf32>
  %5 = lamina.filter_gradient %x, %s, strides = [1, 1], low = [0, 0], high = [0, 0],
      lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 1
      : (tensor<?x6x8x8xf32>, tensor<?x6x8x8xf32>) -> tensor<1x1x8x8xf32>
  return %0, %1, %2, %3, %4, %5 : tensor<?x6x8x8xf32>, tensor<?x3x4x8xf32>, tensor<?x6x8x8xf32>, tensor<?x6x8x8xf32>, tensor<1x1x8x8xf32>, tensor<1x1x8x8xf32>
}

// -----

// Two readers of what two images make read these instead.
// CHECK-LABEL: func.func @two_images
// CHECK-NOT: lamina.kernel map
// CHECK: return
func.func @two_images(%x: tensor<?x6x8x8xf32>, %z: tensor<?x6x8x8xf32>, %w: tensor<1x1x8x8xf32>) -> (tensor<?x6x8x8xf32>, tensor<1x1x8x8xf32>) {
  %s = lamina.add %x, %z : tensor<?x6x8x8xf32>
  %0 = lamina.convolution %s, %w, strides = [1, 1], low = [0, 0], high = [0, 0],
      lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 1
      : (tensor<?x6x8x8xf32>, tensor<1x1x8x8xf32>) -> tensor<?x6x8x8xf32>
  %1 = lamina.filter_gradient %x, %s, strides = [1, 1], low = [0, 0], high = [0, 0],
      lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 1
      : (tensor<?x6x8x8xf32>, tensor<?x6x8x8xf32>) -> tensor<1x1x8x8xf32>
  return %0, %1 : tensor<?x6x8x8xf32>, tensor<1x1x8x8xf32>
}

// -----

// Reductions of the same dimensions that read nothing in common stay apart.
// CHECK-LABEL: func.func @strangers
// CHECK: lamina.kernel {{[a-z_]+}}(%arg0)
// CHECK: lamina.kernel {{[a-z_]+}}(%arg1)
func.func @strangers(%x: tensor<?x4xf32>, %y: tensor<?x4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %0 = lamina.reduce add %x, dims = [0] : (tensor<?x4xf32>) -> tensor<4xf32>
  %1 = lamina.reduce add %y, dims = [0] : (tensor<?x4xf32>) -> tensor<4xf32>
  return %0, %1 : tensor<4xf32>, tensor<4xf32>
}

// -----

// Places of maxima are found while the maxima are.
// CHECK-LABEL: func.func @places
// CHECK: lamina.kernel window(%arg0)
// CHECK: lamina.reduce_window maximum
// CHECK-NEXT: lamina.argmax_window
// CHECK-NOT: lamina.kernel
// CHECK: return
func.func @places(%x: tensor<?x8x4xf32>) -> (tensor<?x4x4xf32>, tensor<?x4x4xi8>) {
  %0 = lamina.reduce_window maximum %x, window = [2], strides = [2], low = [0], high = [0] : (tensor<?x8x4xf32>) -> tensor<?x4x4xf32>
  %1 = lamina.argmax_window %x, window = [2], strides = [2], low = [0], high = [0] : (tensor<?x8x4xf32>) -> tensor<?x4x4xi8>
  return %0, %1 : tensor<?x4x4xf32>, tensor<?x4x4xi8>
}

// -----

// Not with other windows, and not while sums are taken.
// CHECK-LABEL: func.func @other_places
// CHECK: lamina.kernel window(%arg0)
// CHECK: lamina.kernel window(%arg0)
// CHECK: lamina.kernel window(%arg0)
func.func @other_places(%x: tensor<?x8x4xf32>) -> (tensor<?x4x4xf32>, tensor<?x7x4xf32>, tensor<?x4x4xi8>) {
  %0 = lamina.reduce_window add %x, window = [2], strides = [2], low = [0], high = [0] : (tensor<?x8x4xf32>) -> tensor<?x4x4xf32>
  %1 = lamina.reduce_window maximum %x, window = [2], strides = [1], low = [0], high = [0] : (tensor<?x8x4xf32>) -> tensor<?x7x4xf32>
  %2 = lamina.argmax_window %x, window = [2], strides = [2], low = [0], high = [0] : (tensor<?x8x4xf32>) -> tensor<?x4x4xi8>
  return %0, %1, %2 : tensor<?x4x4xf32>, tensor<?x7x4xf32>, tensor<?x4x4xi8>
}
