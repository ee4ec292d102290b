// RUN: lamina-opt %s --attention --simplify | FileCheck %s

// Contraction, scale, masks, softmax and contraction become attention. Here the heads stand in
// dimension 2, one mask is of steps and one compares steps.
// CHECK-LABEL: func.func @heads
// CHECK-SAME: %[[Q:.*]]: tensor<?x5x2x3xf32>, %[[K:.*]]: tensor<?x4x2x3xf32>, %[[V:.*]]: tensor<?x4x2x6xf32>, %[[M:.*]]: tensor<?x4xi1>
func.func @heads(%q: tensor<?x5x2x3xf32>, %k: tensor<?x4x2x3xf32>, %v: tensor<?x4x2x6xf32>, %m: tensor<?x4xi1>) -> tensor<?x5x2x6xf32> {
  // CHECK-NEXT: %[[MASK:.*]] = lamina.reshape %[[M]] : (tensor<?x4xi1>) -> tensor<?x1x1x4xi1>
  // CHECK-NEXT: %[[O:.*]], %{{.*}}, %{{.*}} = lamina.attention %[[Q]], %[[K]], %[[V]], scale = 5.000000e-01 causal masks %[[MASK]]
  // CHECK-NEXT: return %[[O]]
  %s = lamina.dot_general %q, %k, batching = [0, 2] x [0, 2], contracting = [3] x [3] : (tensor<?x5x2x3xf32>, tensor<?x4x2x3xf32>) -> tensor<?x2x5x4xf32>
  %half = lamina.constant dense<0.5> : tensor<f32>
  %halves = lamina.broadcast_in_dim %half, dims = [] : (tensor<f32>) -> tensor<?x2x5x4xf32>
  %scaled = lamina.multiply %s, %halves : tensor<?x2x5x4xf32>
  %low = lamina.constant dense<-2.372671e+38> : tensor<f32>
  %lows = lamina.broadcast_in_dim %low, dims = [] : (tensor<f32>) -> tensor<?x2x5x4xf32>
  %keys = lamina.iota 1 : tensor<5x4xi32>
  %queries = lamina.iota 0 : tensor<5x4xi32>
  %before = lamina.compare LE %keys, %queries : tensor<5x4xi32>
  %causal = lamina.broadcast_in_dim %before, dims = [1, 2] : (tensor<5x4xi1>) -> tensor<?x5x4xi1>
  %steps = lamina.broadcast_in_dim %m, dims = [0, 2] : (tensor<?x4xi1>) -> tensor<?x5x4xi1>
  %both = lamina.and %causal, %steps : tensor<?x5x4xi1>
  %line = lamina.reshape %both : (tensor<?x5x4xi1>) -> tensor<?x1x5x4xi1>
  %mask = lamina.broadcast_in_dim %line, dims = [0, 1, 2, 3] : (tensor<?x1x5x4xi1>) -> tensor<?x2x5x4xi1>
  %masked = lamina.select %mask, %scaled, %lows : tensor<?x2x5x4xi1>, tensor<?x2x5x4xf32>
  %max = lamina.reduce maximum %masked, dims = [3] : (tensor<?x2x5x4xf32>) -> tensor<?x2x5xf32>
  %maxes = lamina.broadcast_in_dim %max, dims = [0, 1, 2] : (tensor<?x2x5xf32>) -> tensor<?x2x5x4xf32>
  %d = lamina.subtract %masked, %maxes : tensor<?x2x5x4xf32>
  %e = lamina.exponential %d : tensor<?x2x5x4xf32>
  %sum = lamina.reduce add %e, dims = [3] : (tensor<?x2x5x4xf32>) -> tensor<?x2x5xf32>
  %sums = lamina.broadcast_in_dim %sum, dims = [0, 1, 2] : (tensor<?x2x5xf32>) -> tensor<?x2x5x4xf32>
  %w = lamina.divide %e, %sums : tensor<?x2x5x4xf32>
  %o = lamina.dot_general %w, %v, batching = [0, 1] x [0, 2], contracting = [3] x [1] : (tensor<?x2x5x4xf32>, tensor<?x4x2x6xf32>) -> tensor<?x2x5x6xf32>
  %r = lamina.transpose %o, dims = [0, 2, 1, 3] : (tensor<?x2x5x6xf32>) -> tensor<?x5x2x6xf32>
  return %r : tensor<?x5x2x6xf32>
}

// Without heads, scale and masks.
// CHECK-LABEL: func.func @plain
func.func @plain(%q: tensor<?x5x3xf32>, %k: tensor<?x4x3xf32>, %v: tensor<?x4x6xf32>) -> tensor<?x5x6xf32> {
  // CHECK: %[[O:.*]], %{{.*}}, %{{.*}} = lamina.attention {{.*}}, scale = 1.000000e+00 : (tensor<?x5x1x3xf32>, tensor<?x4x1x3xf32>, tensor<?x4x1x6xf32>)
  // CHECK-NEXT: lamina.reshape %[[O]]
  %s = lamina.dot_general %q, %k, batching = [0] x [0], contracting = [2] x [2] : (tensor<?x5x3xf32>, tensor<?x4x3xf32>) -> tensor<?x5x4xf32>
  %max = lamina.reduce maximum %s, dims = [2] : (tensor<?x5x4xf32>) -> tensor<?x5xf32>
  %maxes = lamina.broadcast_in_dim %max, dims = [0, 1] : (tensor<?x5xf32>) -> tensor<?x5x4xf32>
  %d = lamina.subtract %s, %maxes : tensor<?x5x4xf32>
  %e = lamina.exponential %d : tensor<?x5x4xf32>
  %sum = lamina.reduce add %e, dims = [2] : (tensor<?x5x4xf32>) -> tensor<?x5xf32>
  %sums = lamina.broadcast_in_dim %sum, dims = [0, 1] : (tensor<?x5xf32>) -> tensor<?x5x4xf32>
  %w = lamina.divide %e, %sums : tensor<?x5x4xf32>
  %o = lamina.dot_general %w, %v, batching = [0] x [0], contracting = [2] x [1] : (tensor<?x5x4xf32>, tensor<?x4x6xf32>) -> tensor<?x5x6xf32>
  return %o : tensor<?x5x6xf32>
}

// Weights that somebody sees are held in memory.
// CHECK-LABEL: func.func @returned
func.func @returned(%q: tensor<?x5x3xf32>, %k: tensor<?x4x3xf32>, %v: tensor<?x4x6xf32>) -> (tensor<?x5x6xf32>, tensor<?x5x4xf32>) {
  // CHECK-NOT: lamina.attention
  // CHECK: return
  %s = lamina.dot_general %q, %k, batching = [0] x [0], contracting = [2] x [2] : (tensor<?x5x3xf32>, tensor<?x4x3xf32>) -> tensor<?x5x4xf32>
  %max = lamina.reduce maximum %s, dims = [2] : (tensor<?x5x4xf32>) -> tensor<?x5xf32>
  %maxes = lamina.broadcast_in_dim %max, dims = [0, 1] : (tensor<?x5xf32>) -> tensor<?x5x4xf32>
  %d = lamina.subtract %s, %maxes : tensor<?x5x4xf32>
  %e = lamina.exponential %d : tensor<?x5x4xf32>
  %sum = lamina.reduce add %e, dims = [2] : (tensor<?x5x4xf32>) -> tensor<?x5xf32>
  %sums = lamina.broadcast_in_dim %sum, dims = [0, 1] : (tensor<?x5xf32>) -> tensor<?x5x4xf32>
  %w = lamina.divide %e, %sums : tensor<?x5x4xf32>
  %o = lamina.dot_general %w, %v, batching = [0] x [0], contracting = [2] x [1] : (tensor<?x5x4xf32>, tensor<?x4x6xf32>) -> tensor<?x5x6xf32>
  return %o, %w : tensor<?x5x6xf32>, tensor<?x5x4xf32>
}

// Division by other numbers is no softmax.
// CHECK-LABEL: func.func @other
func.func @other(%q: tensor<?x5x3xf32>, %k: tensor<?x4x3xf32>, %v: tensor<?x4x6xf32>, %sums: tensor<?x5x4xf32>) -> tensor<?x5x6xf32> {
  // CHECK-NOT: lamina.attention
  // CHECK: return
  %s = lamina.dot_general %q, %k, batching = [0] x [0], contracting = [2] x [2] : (tensor<?x5x3xf32>, tensor<?x4x3xf32>) -> tensor<?x5x4xf32>
  %max = lamina.reduce maximum %s, dims = [2] : (tensor<?x5x4xf32>) -> tensor<?x5xf32>
  %maxes = lamina.broadcast_in_dim %max, dims = [0, 1] : (tensor<?x5xf32>) -> tensor<?x5x4xf32>
  %d = lamina.subtract %s, %maxes : tensor<?x5x4xf32>
  %e = lamina.exponential %d : tensor<?x5x4xf32>
  %w = lamina.divide %e, %sums : tensor<?x5x4xf32>
  %o = lamina.dot_general %w, %v, batching = [0] x [0], contracting = [2] x [1] : (tensor<?x5x4xf32>, tensor<?x4x6xf32>) -> tensor<?x5x6xf32>
  return %o : tensor<?x5x6xf32>
}
