// RUN: lamina-opt %s --assign-waves --recompute=limit=3000 --plan-memory | FileCheck %s
// RUN: lamina-opt %s --assign-waves --recompute=limit=9000 --plan-memory | FileCheck %s --check-prefix=ENOUGH
// RUN: not lamina-opt %s --assign-waves --recompute=limit=100 2>&1 | FileCheck %s --check-prefix=LITTLE

// What waits from the first wave to the last one is computed again right before it is needed; in between
// others have its place.
// CHECK: func.func @main({{.*}} attributes {lamina.arena_bytes = 2240 : i64}
// CHECK: %[[A:.*]] = lamina.kernel map(%arg0) {buffers = [#lamina.buffer<arena, 0>], wave = 0 : i64}
// CHECK: %[[B:.*]] = lamina.kernel row(%arg1)
// CHECK: lamina.kernel map(%[[A]], %[[B]]) {buffers = [#lamina.buffer<arena, 0>], wave = 1 : i64}
// CHECK: %[[AGAIN:.*]] = lamina.kernel map(%arg0) {buffers = [#lamina.buffer<arena, 0>], lamina.recomputed, wave = 3 : i64}
// CHECK-NEXT: ^bb0
// CHECK-NEXT: lamina.tanh
// CHECK: lamina.kernel map(%[[AGAIN]], %{{.*}}) {buffers = [#lamina.buffer<result, 0>], wave = 4 : i64}

// ENOUGH: attributes {lamina.arena_bytes = 4352 : i64}
// ENOUGH-NOT: lamina.recomputed

// LITTLE: error: 'main' needs at least 0.002 MiB beside the state, more than the memory limit of 0.000 MiB; a smaller batch, or one in parts, takes less
module attributes {lamina.batch_size = 8 : i64} {
func.func @main(%x: tensor<?x64xf32>, %y: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %a = lamina.kernel map(%x) : (tensor<?x64xf32>) -> tensor<?x64xf32> {
  ^bb0(%0: tensor<?x64xf32>):
    %1 = lamina.tanh %0 : tensor<?x64xf32>
    lamina.yield %1 : tensor<?x64xf32>
  }
  %b = lamina.kernel row(%y) : (tensor<?x64xf32>) -> tensor<?xf32> {
  ^bb0(%0: tensor<?x64xf32>):
    %1 = lamina.reduce add %0, dims = [1] : (tensor<?x64xf32>) -> tensor<?xf32>
    lamina.yield %1 : tensor<?xf32>
  }
  %c = lamina.kernel map(%a, %b) : (tensor<?x64xf32>, tensor<?xf32>) -> tensor<?x64xf32> {
  ^bb0(%0: tensor<?x64xf32>, %1: tensor<?xf32>):
    %2 = lamina.broadcast_in_dim %1, dims = [0] : (tensor<?xf32>) -> tensor<?x64xf32>
    %3 = lamina.add %0, %2 : tensor<?x64xf32>
    lamina.yield %3 : tensor<?x64xf32>
  }
  %d = lamina.kernel row(%c) : (tensor<?x64xf32>) -> tensor<?xf32> {
  ^bb0(%0: tensor<?x64xf32>):
    %1 = lamina.reduce add %0, dims = [1] : (tensor<?x64xf32>) -> tensor<?xf32>
    lamina.yield %1 : tensor<?xf32>
  }
  %e = lamina.kernel map(%d) : (tensor<?xf32>) -> tensor<?xf32> {
  ^bb0(%0: tensor<?xf32>):
    %1 = lamina.tanh %0 : tensor<?xf32>
    lamina.yield %1 : tensor<?xf32>
  }
  %f = lamina.kernel map(%a, %e) : (tensor<?x64xf32>, tensor<?xf32>) -> tensor<?x64xf32> {
  ^bb0(%0: tensor<?x64xf32>, %1: tensor<?xf32>):
    %2 = lamina.broadcast_in_dim %1, dims = [0] : (tensor<?xf32>) -> tensor<?x64xf32>
    %3 = lamina.multiply %0, %2 : tensor<?x64xf32>
    lamina.yield %3 : tensor<?x64xf32>
  }
  return %f : tensor<?x64xf32>
}
}
