// Loops: what simplify leaves out of them, and where their values are.
// RUN: lamina-opt %s --pass-pipeline='builtin.module(func.func(simplify))' | FileCheck %s --check-prefix=SIMPLIFY
// RUN: lamina-opt %s --pass-pipeline='builtin.module(func.func(simplify,fuse,assign-waves,schedule),plan-memory,verify-memory-plan)' | FileCheck %s --check-prefix=MEMORY

module attributes {lamina.batch_size = 4 : i64} {

// A value that no iteration changes is invariant; a stack of slices is the operand; what leads to no
// result is gone; constants are inside.
// SIMPLIFY-LABEL: @unneeded(
// SIMPLIFY-SAME: %[[H:.*]]: tensor<2xf32>, %[[W:.*]]: tensor<2xf32>, %[[X:.*]]: tensor<3x2xf32>
// SIMPLIFY: %[[R:.*]] = lamina.scan 3 carried(%[[H]]) stacked(%[[X]]) invariant(%[[W]])
// SIMPLIFY-NEXT: ^bb0(%[[C:.*]]: tensor<2xf32>, %[[S:.*]]: tensor<2xf32>, %[[V:.*]]: tensor<2xf32>):
// SIMPLIFY-NEXT: %[[P:.*]] = lamina.multiply %[[C]], %[[V]]
// SIMPLIFY-NEXT: %[[N:.*]] = lamina.add %[[P]], %[[S]]
// SIMPLIFY-NEXT: lamina.yield %[[N]] :
// SIMPLIFY: return %[[R]], %[[W]], %[[X]]
func.func @unneeded(%h: tensor<2xf32>, %w: tensor<2xf32>, %x: tensor<3x2xf32>)
    -> (tensor<2xf32>, tensor<2xf32>, tensor<3x2xf32>) {
  %one = lamina.constant dense<1.0> : tensor<2xf32>
  %r:5 = lamina.scan 3 carried(%h, %w, %h) stacked(%x) invariant(%one)
      : (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<3x2xf32>, tensor<2xf32>)
      -> (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<3x2xf32>, tensor<3x2xf32>) {
  ^bb0(%c: tensor<2xf32>, %v: tensor<2xf32>, %d: tensor<2xf32>, %s: tensor<2xf32>,
       %k: tensor<2xf32>):
    %p = lamina.multiply %c, %v : tensor<2xf32>
    %q = lamina.multiply %p, %k : tensor<2xf32>
    %n = lamina.add %q, %s : tensor<2xf32>
    %e = lamina.multiply %d, %s : tensor<2xf32>
    lamina.yield %n, %v, %e, %s, %e : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>,
                                      tensor<2xf32>
  }
  return %r#0, %r#1, %r#3 : tensor<2xf32>, tensor<2xf32>, tensor<3x2xf32>
}

// A recurrent step is one kernel; its states are the stack that the loop returns, in four slots.
// MEMORY-LABEL: @recurrent(
// MEMORY: %[[FIRST:.*]] = lamina.kernel map(%{{.*}}) {buffers = [#lamina.buffer<arena, [[FIRST_SLOT:[0-9]+]]>]
// MEMORY: lamina.scan 3 carried(%[[FIRST]]) stacked(%{{.*}}) invariant(%{{.*}}) {buffers =
// MEMORY-SAME: [#lamina.buffer<arena, [[FIRST_SLOT]]>, #lamina.buffer<arena, {{[0-9]+}}>]
// MEMORY-SAME: slots = array<i64: 4>
// MEMORY-NEXT: ^bb0
// MEMORY-NEXT: lamina.kernel contraction(
// MEMORY: lamina.tanh
// MEMORY-NEXT: lamina.yield
// MEMORY-NEXT: }
// MEMORY-NEXT: lamina.yield %[[NEXT:.*]], %[[NEXT]]
func.func @recurrent(%h: tensor<?x3xf32>, %x: tensor<3x?x3xf32>, %u: tensor<3x3xf32>)
    -> (tensor<?x3xf32>, tensor<3x?x3xf32>) {
  %r:2 = lamina.scan 3 carried(%h) stacked(%x) invariant(%u)
      : (tensor<?x3xf32>, tensor<3x?x3xf32>, tensor<3x3xf32>)
      -> (tensor<?x3xf32>, tensor<3x?x3xf32>) {
  ^bb0(%c: tensor<?x3xf32>, %s: tensor<?x3xf32>, %w: tensor<3x3xf32>):
    %p = lamina.dot_general %c, %w, batching = [] x [], contracting = [1] x [0]
        : (tensor<?x3xf32>, tensor<3x3xf32>) -> tensor<?x3xf32>
    %z = lamina.add %p, %s : tensor<?x3xf32>
    %n = lamina.tanh %z : tensor<?x3xf32>
    lamina.yield %n, %n : tensor<?x3xf32>, tensor<?x3xf32>
  }
  return %r#0, %r#1 : tensor<?x3xf32>, tensor<3x?x3xf32>
}

}
