// RUN: lamina-opt %s --assign-waves --split-input-file --verify-diagnostics | FileCheck %s

// Independent kernels share a wave; kernels are put into the order of waves.
// CHECK-LABEL: module @levels
// CHECK: lamina.kernel {{[a-z_]+}}(%arg0) {wave = 0 : i64}
// CHECK: lamina.exponential
// CHECK: lamina.kernel {{[a-z_]+}}(%arg0) {wave = 0 : i64}
// CHECK: lamina.tanh
// CHECK: lamina.kernel {{[a-z_]+}}(%{{.*}}, %{{.*}}) {wave = 1 : i64}
// CHECK: lamina.add
module @levels {
  func.func @predict(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
    %a = lamina.kernel map(%x) : (tensor<?x4xf32>) -> tensor<?x4xf32> {
    ^bb0(%e: tensor<?x4xf32>):
      %r = lamina.exponential %e : tensor<?x4xf32>
      lamina.yield %r : tensor<?x4xf32>
    }
    %b = lamina.kernel map(%x) : (tensor<?x4xf32>) -> tensor<?x4xf32> {
    ^bb0(%e: tensor<?x4xf32>):
      %r = lamina.tanh %e : tensor<?x4xf32>
      lamina.yield %r : tensor<?x4xf32>
    }
    %c = lamina.kernel map(%a, %b) : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32> {
    ^bb0(%e: tensor<?x4xf32>, %f: tensor<?x4xf32>):
      %r = lamina.add %e, %f : tensor<?x4xf32>
      lamina.yield %r : tensor<?x4xf32>
    }
    return %c : tensor<?x4xf32>
  }
}

// -----

// What is larger than its operands is made right before it is needed, so that it does not take memory
// before; what is not, at once.
// CHECK-LABEL: module @expansion
// CHECK: lamina.kernel {{[a-z_]+}}(%arg2) {wave = 0 : i64} : (tensor<4x3xf32>) -> tensor<3x4xf32>
// CHECK: lamina.kernel {{[a-z_]+}}(%arg0) {wave = 0 : i64} : (tensor<?x4xf32>) -> tensor<?x4xf32>
// CHECK: lamina.kernel {{[a-z_]+}}(%arg1) {wave = 1 : i64} : (tensor<4xf32>) -> tensor<4x3xf32>
// CHECK: lamina.kernel {{[a-z_]+}}({{.*}}) {wave = 1 : i64}
// CHECK: lamina.kernel {{[a-z_]+}}({{.*}}) {wave = 2 : i64}
module @expansion {
  func.func @predict(%x: tensor<?x4xf32>, %v: tensor<4xf32>, %m: tensor<4x3xf32>) -> tensor<?x4xf32> {
    %large = lamina.kernel map(%v) : (tensor<4xf32>) -> tensor<4x3xf32> {
    ^bb0(%e: tensor<4xf32>):
      %r = lamina.broadcast_in_dim %e, dims = [0] : (tensor<4xf32>) -> tensor<4x3xf32>
      lamina.yield %r : tensor<4x3xf32>
    }
    %turned = lamina.kernel map(%m) : (tensor<4x3xf32>) -> tensor<3x4xf32> {
    ^bb0(%e: tensor<4x3xf32>):
      %r = lamina.transpose %e, dims = [1, 0] : (tensor<4x3xf32>) -> tensor<3x4xf32>
      lamina.yield %r : tensor<3x4xf32>
    }
    %a = lamina.kernel map(%x) : (tensor<?x4xf32>) -> tensor<?x4xf32> {
    ^bb0(%e: tensor<?x4xf32>):
      %r = lamina.exponential %e : tensor<?x4xf32>
      lamina.yield %r : tensor<?x4xf32>
    }
    %b = lamina.kernel map(%a) : (tensor<?x4xf32>) -> tensor<?x4xf32> {
    ^bb0(%e: tensor<?x4xf32>):
      %r = lamina.exponential %e : tensor<?x4xf32>
      lamina.yield %r : tensor<?x4xf32>
    }
    %c = lamina.kernel contraction(%b, %large, %turned) : (tensor<?x4xf32>, tensor<4x3xf32>, tensor<3x4xf32>) -> tensor<?x4xf32> {
    ^bb0(%e: tensor<?x4xf32>, %f: tensor<4x3xf32>, %g: tensor<3x4xf32>):
      %s = lamina.dot_general %e, %f, batching = [] x [], contracting = [1] x [0] : (tensor<?x4xf32>, tensor<4x3xf32>) -> tensor<?x3xf32>
      %r = lamina.dot_general %s, %g, batching = [] x [], contracting = [1] x [0] : (tensor<?x3xf32>, tensor<3x4xf32>) -> tensor<?x4xf32>
      lamina.yield %r : tensor<?x4xf32>
    }
    return %c : tensor<?x4xf32>
  }
}

// -----

// The new value replaces the old one, so its kernel runs behind the other reader of the old value
// although it does not need its result.
// CHECK-LABEL: module @write_after_read
// CHECK: lamina.kernel {{[a-z_]+}}(%arg0) {wave = 0 : i64}
// CHECK: lamina.tanh
// CHECK: %[[NEW:.*]] = lamina.kernel {{[a-z_]+}}(%arg0) {wave = 1 : i64}
// CHECK: lamina.exponential
// CHECK-NOT: lamina.kernel
// CHECK: return %[[NEW]]
module @write_after_read {
  lamina.variable @v : tensor<4xf32>
  func.func @train_step(%v: tensor<4xf32> {lamina.variable = @v})
      -> (tensor<4xf32> {lamina.variable = @v}, tensor<4xf32> {lamina.output = "y0"}) {
    %a = lamina.kernel map(%v) : (tensor<4xf32>) -> tensor<4xf32> {
    ^bb0(%e: tensor<4xf32>):
      %r = lamina.exponential %e : tensor<4xf32>
      lamina.yield %r : tensor<4xf32>
    }
    %b = lamina.kernel map(%v) : (tensor<4xf32>) -> tensor<4xf32> {
    ^bb0(%e: tensor<4xf32>):
      %r = lamina.tanh %e : tensor<4xf32>
      lamina.yield %r : tensor<4xf32>
    }
    return %a, %b : tensor<4xf32>, tensor<4xf32>
  }
}

// -----

// A reader of the old value that needs the new one: the new one is copied afterwards.
// CHECK-LABEL: module @cycle
// CHECK: %[[NEW:.*]] = lamina.kernel {{[a-z_]+}}(%arg0) {wave = 0 : i64}
// CHECK: lamina.kernel {{[a-z_]+}}(%[[NEW]], %arg0) {wave = 1 : i64}
// CHECK: %[[COPY:.*]] = lamina.kernel {{[a-z_]+}}(%[[NEW]]) {wave = 2 : i64} : (tensor<4xf32>) -> tensor<4xf32> {
// CHECK-NEXT: ^bb0(%[[E:.*]]: tensor<4xf32>):
// CHECK-NEXT: lamina.yield %[[E]]
// CHECK: return %[[COPY]]
module @cycle {
  lamina.variable @v : tensor<4xf32>
  func.func @train_step(%v: tensor<4xf32> {lamina.variable = @v})
      -> (tensor<4xf32> {lamina.variable = @v}, tensor<4xf32> {lamina.output = "y0"}) {
    %a = lamina.kernel map(%v) : (tensor<4xf32>) -> tensor<4xf32> {
    ^bb0(%e: tensor<4xf32>):
      %r = lamina.exponential %e : tensor<4xf32>
      lamina.yield %r : tensor<4xf32>
    }
    %b = lamina.kernel map(%a, %v) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32> {
    ^bb0(%e: tensor<4xf32>, %f: tensor<4xf32>):
      %r = lamina.add %e, %f : tensor<4xf32>
      lamina.yield %r : tensor<4xf32>
    }
    return %a, %b : tensor<4xf32>, tensor<4xf32>
  }
}

// -----

// Softmax reads whole rows of the old value, a transposition other elements: neither is in place.
// CHECK-LABEL: module @not_elementwise
// CHECK: %[[A:.*]] = lamina.kernel {{[a-z_]+}}(%arg0) {wave = 0 : i64}
// CHECK: %[[B:.*]] = lamina.kernel {{[a-z_]+}}(%arg1) {wave = 0 : i64}
// CHECK: %[[COPY_A:.*]] = lamina.kernel {{[a-z_]+}}(%[[A]]) {wave = 1 : i64}
// CHECK: %[[COPY_B:.*]] = lamina.kernel {{[a-z_]+}}(%[[B]]) {wave = 1 : i64}
// CHECK: return %[[COPY_A]], %[[COPY_B]]
module @not_elementwise {
  lamina.variable @a : tensor<4xf32>
  lamina.variable @b : tensor<3x3xf32>
  func.func @train_step(%a: tensor<4xf32> {lamina.variable = @a},
                        %b: tensor<3x3xf32> {lamina.variable = @b})
      -> (tensor<4xf32> {lamina.variable = @a}, tensor<3x3xf32> {lamina.variable = @b}) {
    %0 = lamina.kernel row(%a) : (tensor<4xf32>) -> tensor<4xf32> {
    ^bb0(%e: tensor<4xf32>):
      %s = lamina.reduce add %e, dims = [0] : (tensor<4xf32>) -> tensor<f32>
      %t = lamina.broadcast_in_dim %s, dims = [] : (tensor<f32>) -> tensor<4xf32>
      %r = lamina.divide %e, %t : tensor<4xf32>
      lamina.yield %r : tensor<4xf32>
    }
    %1 = lamina.kernel map(%b) : (tensor<3x3xf32>) -> tensor<3x3xf32> {
    ^bb0(%e: tensor<3x3xf32>):
      %r = lamina.transpose %e, dims = [1, 0] : (tensor<3x3xf32>) -> tensor<3x3xf32>
      lamina.yield %r : tensor<3x3xf32>
    }
    return %0, %1 : tensor<4xf32>, tensor<3x3xf32>
  }
}

// -----

// A contraction that updates a variable and its mirror from the same tile does both in place.
// CHECK-LABEL: module @mirror
// CHECK: %[[R:.*]]:2 = lamina.kernel {{[a-z_]+}}(%arg0, %arg1, %arg2) {wave = 0 : i64}
// CHECK-NOT: lamina.kernel
// CHECK: return %[[R]]#0, %[[R]]#1
module @mirror {
  lamina.variable @w : tensor<3x2xf32>
  lamina.variable @"w^T" : tensor<2x3xf32> {mirror = @w, permutation = array<i64: 1, 0>}
  func.func @train_step(%w: tensor<3x2xf32> {lamina.variable = @w}, %x: tensor<?x3xf32>,
                        %d: tensor<?x2xf32>, %m: tensor<2x3xf32> {lamina.variable = @"w^T"})
      -> (tensor<3x2xf32> {lamina.variable = @w}, tensor<2x3xf32> {lamina.variable = @"w^T"}) {
    %0:2 = lamina.kernel contraction(%w, %x, %d)
        : (tensor<3x2xf32>, tensor<?x3xf32>, tensor<?x2xf32>) -> (tensor<3x2xf32>, tensor<2x3xf32>) {
    ^bb0(%e: tensor<3x2xf32>, %f: tensor<?x3xf32>, %g: tensor<?x2xf32>):
      %h = lamina.dot_general %f, %g, batching = [] x [], contracting = [0] x [0]
          : (tensor<?x3xf32>, tensor<?x2xf32>) -> tensor<3x2xf32>
      %i = lamina.subtract %e, %h : tensor<3x2xf32>
      %t = lamina.transpose %i, dims = [1, 0] : (tensor<3x2xf32>) -> tensor<2x3xf32>
      lamina.yield %i, %t : tensor<3x2xf32>, tensor<2x3xf32>
    }
    return %0#0, %0#1 : tensor<3x2xf32>, tensor<2x3xf32>
  }
}

// -----

// The same without a contraction: an elementwise kernel stores what it has computed in both places.
// CHECK-LABEL: module @mirror_of_map
// CHECK: %[[R:.*]]:2 = lamina.kernel {{[a-z_]+}}(%arg0) {wave = 0 : i64}
// CHECK-NOT: lamina.kernel
// CHECK: return %[[R]]#0, %[[R]]#1
module @mirror_of_map {
  lamina.variable @w : tensor<2x2xf32>
  lamina.variable @"w^T" : tensor<2x2xf32> {mirror = @w, permutation = array<i64: 1, 0>}
  func.func @train_step(%w: tensor<2x2xf32> {lamina.variable = @w})
      -> (tensor<2x2xf32> {lamina.variable = @w}, tensor<2x2xf32> {lamina.variable = @"w^T"}) {
    %0:2 = lamina.kernel map(%w) : (tensor<2x2xf32>) -> (tensor<2x2xf32>, tensor<2x2xf32>) {
    ^bb0(%e: tensor<2x2xf32>):
      %i = lamina.exponential %e : tensor<2x2xf32>
      %t = lamina.transpose %i, dims = [1, 0] : (tensor<2x2xf32>) -> tensor<2x2xf32>
      lamina.yield %i, %t : tensor<2x2xf32>, tensor<2x2xf32>
    }
    return %0#0, %0#1 : tensor<2x2xf32>, tensor<2x2xf32>
  }
}

// -----

// Variables that swap their values: one of them goes through a buffer.
// CHECK-LABEL: module @swap
// CHECK: %[[OLD_A:.*]] = lamina.kernel {{[a-z_]+}}(%arg0) {wave = 0 : i64}
// CHECK: %[[NEW_A:.*]] = lamina.kernel {{[a-z_]+}}(%arg1) {wave = 1 : i64}
// CHECK: %[[NEW_B:.*]] = lamina.kernel {{[a-z_]+}}(%[[OLD_A]]) {wave = 2 : i64}
// CHECK: return %[[NEW_A]], %[[NEW_B]]
module @swap {
  lamina.variable @a : tensor<4xf32>
  lamina.variable @b : tensor<4xf32>
  func.func @train_step(%a: tensor<4xf32> {lamina.variable = @a},
                        %b: tensor<4xf32> {lamina.variable = @b})
      -> (tensor<4xf32> {lamina.variable = @a}, tensor<4xf32> {lamina.variable = @b}) {
    return %b, %a : tensor<4xf32>, tensor<4xf32>
  }
}

// -----

// A value that is returned twice is copied for its second place. A variable's own value needs
// nothing, as another result it is copied, before the variable changes.
// CHECK-LABEL: module @returns
// CHECK: %[[ONCE:.*]] = lamina.kernel {{[a-z_]+}}(%arg0) {wave = 0 : i64}
// CHECK: %[[OLD:.*]] = lamina.kernel {{[a-z_]+}}(%arg1) {wave = 0 : i64}
// CHECK: %[[TWICE:.*]] = lamina.kernel {{[a-z_]+}}(%[[ONCE]]) {wave = 1 : i64}
// CHECK: return %[[ONCE]], %[[TWICE]], %arg2, %[[OLD]]
module @returns {
  lamina.variable @v : tensor<4xf32>
  lamina.variable @same : tensor<4xf32>
  func.func @train_step(%x: tensor<4xf32>, %v: tensor<4xf32> {lamina.variable = @v},
                        %s: tensor<4xf32> {lamina.variable = @same})
      -> (tensor<4xf32> {lamina.output = "y0"}, tensor<4xf32> {lamina.variable = @v},
          tensor<4xf32> {lamina.variable = @same}, tensor<4xf32> {lamina.output = "y1"}) {
    %a = lamina.kernel map(%x) : (tensor<4xf32>) -> tensor<4xf32> {
    ^bb0(%e: tensor<4xf32>):
      %r = lamina.exponential %e : tensor<4xf32>
      lamina.yield %r : tensor<4xf32>
    }
    return %a, %a, %s, %v : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
  }
}

// -----

// Loading and saving are copies.
// CHECK-LABEL: module @load_save
// CHECK: func.func @load
// CHECK: lamina.kernel {{[a-z_]+}}(%arg0) {wave = 0 : i64}
// CHECK: func.func @save
// CHECK: lamina.kernel {{[a-z_]+}}(%arg0) {wave = 0 : i64}
module @load_save {
  lamina.variable @v : tensor<4xf32>
  func.func @load(%v: tensor<4xf32> {lamina.load = @v})
      -> (tensor<4xf32> {lamina.variable = @v}) {
    return %v : tensor<4xf32>
  }
  func.func @save(%v: tensor<4xf32> {lamina.variable = @v})
      -> (tensor<4xf32> {lamina.save = @v}) {
    return %v : tensor<4xf32>
  }
}

// -----

func.func @predict(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{'lamina.tanh' op stands outside of a kernel; waves are assigned after fusion}}
  %a = lamina.tanh %x : tensor<4xf32>
  return %a : tensor<4xf32>
}
