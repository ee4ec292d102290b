// RUN: lamina-opt %s --verify-memory-plan --split-input-file --verify-diagnostics

// Every module breaks one rule of memory plans.

// A reader in the wave of the kernel that computes its operand.
func.func @predict(%x: tensor<16xf32>) -> tensor<16xf32> attributes {lamina.arena_bytes = 128 : i64} {
  %a = lamina.kernel map(%x) {buffers = [#lamina.buffer<arena, 0>], wave = 0 : i64} : (tensor<16xf32>) -> tensor<16xf32> {
  ^bb0(%e: tensor<16xf32>):
    lamina.yield %e : tensor<16xf32>
  }
  // expected-error@+1 {{'lamina.kernel' op operand 0 is not in arena 0 when it runs}}
  %b = lamina.kernel map(%a) {buffers = [#lamina.buffer<result, 0>], wave = 0 : i64} : (tensor<16xf32>) -> tensor<16xf32> {
  ^bb0(%e: tensor<16xf32>):
    lamina.yield %e : tensor<16xf32>
  }
  return %b : tensor<16xf32>
}

// -----

// %b destroys %a before its reader has run.
func.func @predict(%x: tensor<16xf32>) -> tensor<16xf32> attributes {lamina.arena_bytes = 192 : i64} {
  %a = lamina.kernel map(%x) {buffers = [#lamina.buffer<arena, 0>], wave = 0 : i64} : (tensor<16xf32>) -> tensor<16xf32> {
  ^bb0(%e: tensor<16xf32>):
    lamina.yield %e : tensor<16xf32>
  }
  %b = lamina.kernel map(%x) {buffers = [#lamina.buffer<arena, 64>], wave = 1 : i64} : (tensor<16xf32>) -> tensor<16xf32> {
  ^bb0(%e: tensor<16xf32>):
    lamina.yield %e : tensor<16xf32>
  }
  %c = lamina.kernel map(%x) {buffers = [#lamina.buffer<arena, 0>], wave = 2 : i64} : (tensor<16xf32>) -> tensor<16xf32> {
  ^bb0(%e: tensor<16xf32>):
    lamina.yield %e : tensor<16xf32>
  }
  // expected-error@+1 {{'lamina.kernel' op operand 0 is not in arena 0 when it runs}}
  %d = lamina.kernel map(%a, %b, %c) {buffers = [#lamina.buffer<result, 0>], wave = 3 : i64} : (tensor<16xf32>, tensor<16xf32>, tensor<16xf32>) -> tensor<16xf32> {
  ^bb0(%e: tensor<16xf32>, %f: tensor<16xf32>, %g: tensor<16xf32>):
    lamina.yield %e : tensor<16xf32>
  }
  return %d : tensor<16xf32>
}

// -----

// A kernel of the same wave reads the variable that is overwritten.
module attributes {lamina.state_bytes = 4096 : i64} {
  lamina.variable @v : tensor<16xf32> {offset = 0 : i64}
  func.func @train_step(%v: tensor<16xf32> {lamina.variable = @v}) -> (tensor<16xf32> {lamina.variable = @v}, tensor<16xf32>) {
    %a = lamina.kernel map(%v) {buffers = [#lamina.buffer<state, 0>], wave = 0 : i64} : (tensor<16xf32>) -> tensor<16xf32> {
    ^bb0(%e: tensor<16xf32>):
      lamina.yield %e : tensor<16xf32>
    }
    // expected-error@+1 {{'lamina.kernel' op operand 0 is overwritten in state 0 while it is read}}
    %b = lamina.kernel map(%v) {buffers = [#lamina.buffer<result, 0>], wave = 0 : i64} : (tensor<16xf32>) -> tensor<16xf32> {
    ^bb0(%e: tensor<16xf32>):
      lamina.yield %e : tensor<16xf32>
    }
    return %a, %b : tensor<16xf32>, tensor<16xf32>
  }
}

// -----

// A kernel that reads other elements than it overwrites.
module attributes {lamina.state_bytes = 4096 : i64} {
  lamina.variable @v : tensor<4x4xf32> {offset = 0 : i64}
  func.func @train_step(%v: tensor<4x4xf32> {lamina.variable = @v}) -> (tensor<4x4xf32> {lamina.variable = @v}) {
    // expected-error@+1 {{'lamina.kernel' op operand 0 is overwritten in state 0 while it is read}}
    %a = lamina.kernel map(%v) {buffers = [#lamina.buffer<state, 0>], wave = 0 : i64} : (tensor<4x4xf32>) -> tensor<4x4xf32> {
    ^bb0(%e: tensor<4x4xf32>):
      %t = lamina.transpose %e, dims = [1, 0] : (tensor<4x4xf32>) -> tensor<4x4xf32>
      lamina.yield %t : tensor<4x4xf32>
    }
    return %a : tensor<4x4xf32>
  }
}

// -----

// Two results in one place.
func.func @predict(%x: tensor<16xf32>) attributes {lamina.arena_bytes = 192 : i64} {
  // expected-error@+1 {{'lamina.kernel' op writes arena 0 together with another result}}
  %a:2 = lamina.kernel map(%x) {buffers = [#lamina.buffer<arena, 0>, #lamina.buffer<arena, 0>], wave = 0 : i64} : (tensor<16xf32>) -> (tensor<16xf32>, tensor<16xf32>) {
  ^bb0(%e: tensor<16xf32>):
    lamina.yield %e, %e : tensor<16xf32>, tensor<16xf32>
  }
  return
}

// -----

// The arena ends before the buffer's slack does.
func.func @predict(%x: tensor<16xf32>) attributes {lamina.arena_bytes = 64 : i64} {
  // expected-error@+1 {{'lamina.kernel' op writes arena 0, which is not aligned or not within the 64 bytes of it}}
  %a = lamina.kernel map(%x) {buffers = [#lamina.buffer<arena, 0>], wave = 0 : i64} : (tensor<16xf32>) -> tensor<16xf32> {
  ^bb0(%e: tensor<16xf32>):
    lamina.yield %e : tensor<16xf32>
  }
  return
}

// -----

func.func @predict(%x: tensor<16xf32>) attributes {lamina.arena_bytes = 256 : i64} {
  // expected-error@+1 {{'lamina.kernel' op writes arena 32, which is not aligned or not within the 256 bytes of it}}
  %a = lamina.kernel map(%x) {buffers = [#lamina.buffer<arena, 32>], wave = 0 : i64} : (tensor<16xf32>) -> tensor<16xf32> {
  ^bb0(%e: tensor<16xf32>):
    lamina.yield %e : tensor<16xf32>
  }
  return
}

// -----

// A write to the state that no result of the function stands for.
module attributes {lamina.state_bytes = 4096 : i64} {
  lamina.variable @v : tensor<16xf32> {offset = 0 : i64}
  func.func @predict(%x: tensor<16xf32>) {
    // expected-error@+1 {{'lamina.kernel' op writes state 0 but its result 0 is not returned}}
    %a = lamina.kernel map(%x) {buffers = [#lamina.buffer<state, 0>], wave = 0 : i64} : (tensor<16xf32>) -> tensor<16xf32> {
    ^bb0(%e: tensor<16xf32>):
      lamina.yield %e : tensor<16xf32>
    }
    return
  }
}

// -----

func.func @predict(%x: tensor<16xf32>) -> tensor<16xf32> attributes {lamina.arena_bytes = 128 : i64} {
  // expected-error@+1 {{'lamina.kernel' op writes arena 0 but its result 0 is returned}}
  %a = lamina.kernel map(%x) {buffers = [#lamina.buffer<arena, 0>], wave = 0 : i64} : (tensor<16xf32>) -> tensor<16xf32> {
  ^bb0(%e: tensor<16xf32>):
    lamina.yield %e : tensor<16xf32>
  }
  return %a : tensor<16xf32>
}

// -----

// The results stand in each other's places.
func.func @predict(%x: tensor<16xf32>) -> (tensor<16xf32>, tensor<16xf32>) {
  %a:2 = lamina.kernel map(%x) {buffers = [#lamina.buffer<result, 1>, #lamina.buffer<result, 0>], wave = 0 : i64} : (tensor<16xf32>) -> (tensor<16xf32>, tensor<16xf32>) {
  ^bb0(%e: tensor<16xf32>):
    lamina.yield %e, %e : tensor<16xf32>, tensor<16xf32>
  }
  // expected-error@+1 {{'func.return' op operand 0 is not where result 0 of the function belongs}}
  return %a#0, %a#1 : tensor<16xf32>, tensor<16xf32>
}

// -----

func.func @predict(%x: tensor<16xf32>) -> (tensor<16xf32>, tensor<16xf32>) {
  %a = lamina.kernel map(%x) {buffers = [#lamina.buffer<result, 0>], wave = 1 : i64} : (tensor<16xf32>) -> tensor<16xf32> {
  ^bb0(%e: tensor<16xf32>):
    lamina.yield %e : tensor<16xf32>
  }
  // expected-error@+1 {{'lamina.kernel' op follows a kernel of a later wave}}
  %b = lamina.kernel map(%x) {buffers = [#lamina.buffer<result, 1>], wave = 0 : i64} : (tensor<16xf32>) -> tensor<16xf32> {
  ^bb0(%e: tensor<16xf32>):
    lamina.yield %e : tensor<16xf32>
  }
  return %a, %b : tensor<16xf32>, tensor<16xf32>
}

// -----

func.func @predict(%x: tensor<16xf32>) -> tensor<16xf32> {
  // expected-error@+1 {{'lamina.kernel' op has no place in the memory plan}}
  %a = lamina.kernel map(%x) {wave = 0 : i64} : (tensor<16xf32>) -> tensor<16xf32> {
  ^bb0(%e: tensor<16xf32>):
    lamina.yield %e : tensor<16xf32>
  }
  return %a : tensor<16xf32>
}

// -----

// expected-error@+1 {{'lamina.variable' op has no aligned place in the state}}
lamina.variable @v : tensor<16xf32> {offset = 4 : i64}

// -----

module attributes {lamina.state_bytes = 4096 : i64} {
  // expected-error@+1 {{'lamina.variable' op ends at byte 68 of the state, behind 64}}
  lamina.variable @v : tensor<17xf32> {offset = 0 : i64}
  lamina.variable @w : tensor<16xf32> {offset = 64 : i64}
}

// -----

module attributes {lamina.state_bytes = 128 : i64} {
  // expected-error@+1 {{'lamina.variable' op ends at byte 128 of the state, behind 64}}
  lamina.variable @v : tensor<32xf32> {offset = 0 : i64}
}
