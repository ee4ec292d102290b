// What a loop need not do again and again is in front of it or behind it.
// RUN: lamina-opt %s --pass-pipeline='builtin.module(func.func(simplify))' | FileCheck %s

module attributes {lamina.batch_size = 4 : i64} {

// A contraction of slices is one of all iterations, with what leads to it; what is the same in all
// iterations is computed once; what carried values lead to stays.
// CHECK-LABEL: @before(
// CHECK-SAME: %[[H:.*]]: tensor<?x3xf32>, %[[X:.*]]: tensor<5x?x2xf32>, %[[W:.*]]: tensor<2x3xf32>,
// CHECK-SAME: %[[U:.*]]: tensor<3x3xf32>
// CHECK: %[[T:.*]] = lamina.tanh %[[X]] : tensor<5x?x2xf32>
// CHECK: %[[D:.*]] = lamina.dot_general %[[T]], %[[W]], batching = [] x [], contracting = [2] x [0]
// CHECK: %[[E:.*]] = lamina.exponential %[[U]]
// CHECK: lamina.scan 5 carried(%[[H]]) stacked(%[[D]]) invariant(%[[E]])
// CHECK-NEXT: ^bb0(%[[C:.*]]: tensor<?x3xf32>, %[[S:.*]]: tensor<?x3xf32>, %[[V:.*]]: tensor<3x3xf32>):
// CHECK-NEXT: %[[P:.*]] = lamina.dot_general %[[C]], %[[V]]
// CHECK-NEXT: %[[N:.*]] = lamina.add %[[P]], %[[S]]
// CHECK-NEXT: lamina.yield %[[N]]
func.func @before(%h: tensor<?x3xf32>, %x: tensor<5x?x2xf32>, %w: tensor<2x3xf32>,
                  %u: tensor<3x3xf32>) -> tensor<?x3xf32> {
  %r = lamina.scan 5 carried(%h) stacked(%x) invariant(%w, %u)
      : (tensor<?x3xf32>, tensor<5x?x2xf32>, tensor<2x3xf32>, tensor<3x3xf32>) -> tensor<?x3xf32> {
  ^bb0(%c: tensor<?x3xf32>, %s: tensor<?x2xf32>, %a: tensor<2x3xf32>, %b: tensor<3x3xf32>):
    %t = lamina.tanh %s : tensor<?x2xf32>
    %d = lamina.dot_general %t, %a, batching = [] x [], contracting = [1] x [0]
        : (tensor<?x2xf32>, tensor<2x3xf32>) -> tensor<?x3xf32>
    %e = lamina.exponential %b : tensor<3x3xf32>
    %p = lamina.dot_general %c, %e, batching = [] x [], contracting = [1] x [0]
        : (tensor<?x3xf32>, tensor<3x3xf32>) -> tensor<?x3xf32>
    %n = lamina.add %p, %d : tensor<?x3xf32>
    lamina.yield %n : tensor<?x3xf32>
  }
  return %r : tensor<?x3xf32>
}

// A contraction that only a stacked result reads is one behind the loop.
// CHECK-LABEL: @behind(
// CHECK-SAME: %{{.*}}: tensor<?x3xf32>, %{{.*}}: tensor<5x?x3xf32>, %[[W:.*]]: tensor<4x3xf32>
// CHECK: %[[R:.*]]:2 = lamina.scan 5 carried(%{{.*}}) stacked(%{{.*}}) invariant()
// CHECK-NOT: dot_general
// CHECK: lamina.yield %[[N:.*]], %[[N]]
// CHECK: lamina.dot_general %[[R]]#1, %[[W]], batching = [] x [], contracting = [2] x [1]
// CHECK-SAME: -> tensor<5x?x4xf32>
func.func @behind(%h: tensor<?x3xf32>, %x: tensor<5x?x3xf32>, %w: tensor<4x3xf32>)
    -> (tensor<?x3xf32>, tensor<5x?x4xf32>) {
  %r:2 = lamina.scan 5 carried(%h) stacked(%x) invariant(%w)
      : (tensor<?x3xf32>, tensor<5x?x3xf32>, tensor<4x3xf32>)
      -> (tensor<?x3xf32>, tensor<5x?x4xf32>) {
  ^bb0(%c: tensor<?x3xf32>, %s: tensor<?x3xf32>, %a: tensor<4x3xf32>):
    %n = lamina.multiply %c, %s : tensor<?x3xf32>
    %d = lamina.dot_general %n, %a, batching = [] x [], contracting = [1] x [1]
        : (tensor<?x3xf32>, tensor<4x3xf32>) -> tensor<?x4xf32>
    lamina.yield %n, %d : tensor<?x3xf32>, tensor<?x4xf32>
  }
  return %r#0, %r#1 : tensor<?x3xf32>, tensor<5x?x4xf32>
}

// A loop that carries nothing need not be one.
// CHECK-LABEL: @none(
// CHECK-SAME: %[[X:.*]]: tensor<5x?x3xf32>, %[[B:.*]]: tensor<3xf32>
// CHECK-DAG: %[[M:.*]] = lamina.reduce maximum %[[X]], dims = [2]
// CHECK-DAG: lamina.broadcast_in_dim %[[B]], dims = [2]
// CHECK-NOT: lamina.scan
// CHECK: return
func.func @none(%x: tensor<5x?x3xf32>, %b: tensor<3xf32>) -> tensor<5x?x3xf32> {
  %r = lamina.scan 5 carried() stacked(%x) invariant(%b)
      : (tensor<5x?x3xf32>, tensor<3xf32>) -> tensor<5x?x3xf32> {
  ^bb0(%s: tensor<?x3xf32>, %c: tensor<3xf32>):
    %m = lamina.reduce maximum %s, dims = [1] : (tensor<?x3xf32>) -> tensor<?xf32>
    %w = lamina.broadcast_in_dim %m, dims = [0] : (tensor<?xf32>) -> tensor<?x3xf32>
    %v = lamina.broadcast_in_dim %c, dims = [1] : (tensor<3xf32>) -> tensor<?x3xf32>
    %d = lamina.subtract %s, %w : tensor<?x3xf32>
    %e = lamina.multiply %d, %v : tensor<?x3xf32>
    lamina.yield %e : tensor<?x3xf32>
  }
  return %r : tensor<5x?x3xf32>
}
}
