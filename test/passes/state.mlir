// RUN: lamina-opt %s --state-functions --split-input-file | FileCheck %s

// CHECK-LABEL: module @state
// CHECK: func.func @load(%[[W:.*]]: tensor<3x2xf32> {lamina.load = @w},
// CHECK-SAME: %[[N:.*]]: tensor<i64> {lamina.load = @n})
// CHECK-SAME: -> (tensor<3x2xf32> {lamina.variable = @w}, tensor<i64> {lamina.variable = @n}) {
// CHECK-NEXT: return %[[W]], %[[N]]
// CHECK: func.func @save(%[[W:.*]]: tensor<3x2xf32> {lamina.variable = @w},
// CHECK-SAME: %[[N:.*]]: tensor<i64> {lamina.variable = @n})
// CHECK-SAME: -> (tensor<3x2xf32> {lamina.save = @w}, tensor<i64> {lamina.save = @n}) {
// CHECK-NEXT: return %[[W]], %[[N]]
module @state {
  lamina.variable @w : tensor<3x2xf32> {trainable}
  lamina.variable @n : tensor<i64>
}

// -----

// A module without variables has no state to move.
// CHECK-LABEL: module @stateless
// CHECK-NOT: func.func
module @stateless {
}
