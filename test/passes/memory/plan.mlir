// RUN: lamina-opt %s --assign-waves --plan-memory --verify-memory-plan --split-input-file --verify-diagnostics | FileCheck %s

// Variables stand 64-byte aligned in the module's order, panel padding included; the state has 64
// readable bytes behind the last one and is a multiple of 4096 bytes.
// CHECK-LABEL: module @state
// CHECK-SAME: lamina.state_bytes = 4096 : i64, lamina.workspace_bytes = 0 : i64
// CHECK: lamina.variable @scalar : tensor<i64> {offset = 0 : i64}
// CHECK: lamina.variable @packed : tensor<4x17xf32> {{.*}}offset = 64 : i64
// CHECK: lamina.variable @flags : tensor<65xi1> {offset = 576 : i64}
// CHECK: lamina.variable @last : tensor<2xf64> {offset = 704 : i64}
// CHECK: func.func @load{{.*}} attributes {lamina.arena_bytes = 0 : i64}
// CHECK: buffers = [#lamina.buffer<state, 704>]
module @state {
  lamina.variable @scalar : tensor<i64>
  lamina.variable @packed : tensor<4x17xf32> {layout = #lamina.packed<dimension = 1, width = 16>}
  lamina.variable @flags : tensor<65xi1>
  lamina.variable @last : tensor<2xf64>
  func.func @load(%v: tensor<2xf64> {lamina.load = @last})
      -> (tensor<2xf64> {lamina.variable = @last}) {
    return %v : tensor<2xf64>
  }
}

// -----

// Rows count with the capacity: 8 x 4 x 4 bytes and 64 more. %a and %b live at the same time; %c is
// written over %a, its last reader. Results have the numbers of those that are no variables.
// CHECK-LABEL: module @arena
// CHECK-SAME: lamina.workspace_bytes = 4096 : i64
// CHECK: lamina.arena_bytes = 384 : i64
// CHECK: %[[A:.*]] = lamina.kernel {{[a-z_]+}}(%arg0) {buffers = [#lamina.buffer<arena, 0>], wave = 0 : i64}
// CHECK: %[[B:.*]] = lamina.kernel {{[a-z_]+}}(%arg0) {buffers = [#lamina.buffer<arena, 192>], wave = 0 : i64}
// CHECK: %[[C:.*]] = lamina.kernel {{[a-z_]+}}(%[[A]], %[[B]]) {buffers = [#lamina.buffer<arena, 0>], wave = 1 : i64}
// CHECK: lamina.kernel {{[a-z_]+}}(%[[C]]) {buffers = [#lamina.buffer<result, 0>, #lamina.buffer<state, 0>, #lamina.buffer<result, 1>], wave = 2 : i64}
module @arena attributes {lamina.batch_size = 8 : i64} {
  lamina.variable @v : tensor<4xf32>
  func.func @train_step(%x: tensor<?x4xf32>)
      -> (tensor<?x4xf32> {lamina.output = "y0"}, tensor<4xf32> {lamina.variable = @v},
          tensor<4xf32> {lamina.log = "loss"}) {
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
    %d:3 = lamina.kernel column(%c) : (tensor<?x4xf32>) -> (tensor<?x4xf32>, tensor<4xf32>, tensor<4xf32>) {
    ^bb0(%e: tensor<?x4xf32>):
      %r = lamina.reduce add %e, dims = [0] : (tensor<?x4xf32>) -> tensor<4xf32>
      %s = lamina.negate %r : tensor<4xf32>
      lamina.yield %e, %r, %s : tensor<?x4xf32>, tensor<4xf32>, tensor<4xf32>
    }
    return %d#0, %d#1, %d#2 : tensor<?x4xf32>, tensor<4xf32>, tensor<4xf32>
  }
}

// -----

// Not written over its operand: a transposition, another size of elements, an operand that a second
// kernel of the wave reads. Memory is used again once its last reader has run.
// CHECK-LABEL: module @separate
// CHECK: %[[A:.*]] = lamina.kernel {{[a-z_]+}}(%arg0) {buffers = [#lamina.buffer<arena, 0>], wave = 0 : i64}
// CHECK: %[[B:.*]] = lamina.kernel {{[a-z_]+}}(%[[A]]) {buffers = [#lamina.buffer<arena, [[FIRST:[1-9][0-9]*]]>], wave = 1 : i64}
// CHECK: lamina.transpose
// CHECK: %[[C:.*]] = lamina.kernel {{[a-z_]+}}(%[[B]]) {buffers = [#lamina.buffer<arena, 0>], wave = 2 : i64}
// CHECK: lamina.convert
// CHECK: %[[D:.*]] = lamina.kernel {{[a-z_]+}}(%[[C]]) {buffers = [#lamina.buffer<arena, [[SECOND:[1-9][0-9]*]]>], wave = 3 : i64}
// CHECK: lamina.exponential
// CHECK: %[[E:.*]] = lamina.kernel {{[a-z_]+}}(%[[C]]) {buffers = [#lamina.buffer<arena, {{[1-9][0-9]*}}>], wave = 3 : i64}
// CHECK: lamina.tanh
module @separate {
  func.func @predict(%x: tensor<4x4xf32>) -> tensor<4x4xf64> {
    %a = lamina.kernel map(%x) : (tensor<4x4xf32>) -> tensor<4x4xf32> {
    ^bb0(%e: tensor<4x4xf32>):
      %r = lamina.exponential %e : tensor<4x4xf32>
      lamina.yield %r : tensor<4x4xf32>
    }
    %b = lamina.kernel map(%a) : (tensor<4x4xf32>) -> tensor<4x4xf32> {
    ^bb0(%e: tensor<4x4xf32>):
      %r = lamina.transpose %e, dims = [1, 0] : (tensor<4x4xf32>) -> tensor<4x4xf32>
      lamina.yield %r : tensor<4x4xf32>
    }
    %c = lamina.kernel map(%b) : (tensor<4x4xf32>) -> tensor<4x4xf64> {
    ^bb0(%e: tensor<4x4xf32>):
      %r = lamina.convert %e : (tensor<4x4xf32>) -> tensor<4x4xf64>
      lamina.yield %r : tensor<4x4xf64>
    }
    %d = lamina.kernel map(%c) : (tensor<4x4xf64>) -> tensor<4x4xf64> {
    ^bb0(%e: tensor<4x4xf64>):
      %r = lamina.exponential %e : tensor<4x4xf64>
      lamina.yield %r : tensor<4x4xf64>
    }
    %f = lamina.kernel map(%c) : (tensor<4x4xf64>) -> tensor<4x4xf64> {
    ^bb0(%e: tensor<4x4xf64>):
      %r = lamina.tanh %e : tensor<4x4xf64>
      lamina.yield %r : tensor<4x4xf64>
    }
    %g = lamina.kernel map(%d, %f) : (tensor<4x4xf64>, tensor<4x4xf64>) -> tensor<4x4xf64> {
    ^bb0(%e: tensor<4x4xf64>, %h: tensor<4x4xf64>):
      %r = lamina.add %e, %h : tensor<4x4xf64>
      lamina.yield %r : tensor<4x4xf64>
    }
    return %g : tensor<4x4xf64>
  }
}

// -----

// Two results of one kernel cannot take the same operand.
// CHECK-LABEL: module @one_taker
// CHECK: lamina.kernel {{[a-z_]+}}(%arg0) {buffers = [#lamina.buffer<arena, 0>], wave = 0 : i64}
// CHECK: buffers = [#lamina.buffer<arena, 0>, #lamina.buffer<arena, 128>], wave = 1 : i64}
module @one_taker {
  func.func @predict(%x: tensor<16xf32>) -> tensor<16xf32> {
    %a = lamina.kernel map(%x) : (tensor<16xf32>) -> tensor<16xf32> {
    ^bb0(%e: tensor<16xf32>):
      %r = lamina.exponential %e : tensor<16xf32>
      lamina.yield %r : tensor<16xf32>
    }
    %b:2 = lamina.kernel map(%a) : (tensor<16xf32>) -> (tensor<16xf32>, tensor<16xf32>) {
    ^bb0(%e: tensor<16xf32>):
      %r = lamina.tanh %e : tensor<16xf32>
      %s = lamina.negate %e : tensor<16xf32>
      lamina.yield %r, %s : tensor<16xf32>, tensor<16xf32>
    }
    %c = lamina.kernel map(%b#0, %b#1) : (tensor<16xf32>, tensor<16xf32>) -> tensor<16xf32> {
    ^bb0(%e: tensor<16xf32>, %f: tensor<16xf32>):
      %r = lamina.add %e, %f : tensor<16xf32>
      lamina.yield %r : tensor<16xf32>
    }
    return %c : tensor<16xf32>
  }
}
