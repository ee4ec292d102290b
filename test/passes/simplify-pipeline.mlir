// RUN: lamina-opt %s --pipeline-simplify | FileCheck %s

// Softmax cross-entropy on a dense layer with plain gradient descent, through all stages up to
// simplify: what has to be left of it.
// CHECK-NOT: func.func @loss
// CHECK-NOT: stop_gradient
// CHECK: func.func @train_step(%[[W:.*]]: tensor<4x3xf32> {lamina.variable = @w}, %[[B:.*]]: tensor<3xf32> {lamina.variable = @b}, %[[RATE:.*]]: tensor<f32> {lamina.variable = @rate}, %[[X:.*]]: tensor<?x4xf32> {lamina.input = "x"}, %[[T:.*]]: tensor<?xi32> {lamina.target = "y"})
// @rate is not assigned: it does not change.
// CHECK-SAME: -> (tensor<f32> {lamina.log = "loss"}, tensor<4x3xf32> {lamina.variable = @w}, tensor<3xf32> {lamina.variable = @b}) {
// CHECK: %[[H:.*]] = lamina.dot_general %[[X]], %[[W]]
// CHECK: %[[EXP:.*]] = lamina.exponential
// CHECK: %[[SUM:.*]] = lamina.reduce add %[[EXP]], dims = [1]
// CHECK: %[[IS_LABEL:.*]] = lamina.compare EQ
// CHECK: %[[LOSS:.*]] = lamina.divide %{{.*}}, %[[ROWS:.*]] : tensor<f32>
// The gradient of the logits: softmax minus one at the label, both over the rows, the scalar work
// done once and for scalars.
// CHECK: %[[SHARE:.*]] = lamina.divide %{{.*}}, %[[ROWS]] : tensor<f32>
// CHECK: %[[SHARES:.*]] = lamina.broadcast_in_dim %[[SHARE]], dims = [] : (tensor<f32>) -> tensor<?xf32>
// CHECK: %[[MINUS:.*]] = lamina.negate %[[SHARE]] : tensor<f32>
// CHECK: %[[AT_LABEL:.*]] = lamina.select %[[IS_LABEL]]
// CHECK: %[[FACTOR:.*]] = lamina.divide %[[SHARES]], %[[SUM]] : tensor<?xf32>
// CHECK: %[[FACTORS:.*]] = lamina.broadcast_in_dim %[[FACTOR]], dims = [0]
// CHECK: %[[G:.*]] = lamina.fma %[[FACTORS]], %[[EXP]], %[[AT_LABEL]]
// CHECK: %[[GB:.*]] = lamina.reduce add %[[G]], dims = [0]
// CHECK: %[[GW:.*]] = lamina.dot_general %[[X]], %[[G]], batching = [] x [], contracting = [0] x [0]
// The gradient of the input is nobody's business.
// CHECK-NOT: lamina.dot_general
// CHECK: %[[NEW_W:.*]] = lamina.fma %{{.*}}, %{{.*}}, %[[W]]
// CHECK: %[[NEW_B:.*]] = lamina.fma %{{.*}}, %{{.*}}, %[[B]]
// CHECK: return %[[LOSS]], %[[NEW_W]], %[[NEW_B]]
// CHECK: func.func @load
// CHECK: func.func @save
module @classifier attributes {lamina.batch_size = 8 : i64} {
  lamina.variable @w : tensor<4x3xf32> {trainable}
  lamina.variable @b : tensor<3xf32> {trainable}
  lamina.variable @rate : tensor<f32>
  func.func @loss(%w: tensor<4x3xf32> {lamina.variable = @w},
                  %b: tensor<3xf32> {lamina.variable = @b},
                  %x: tensor<?x4xf32> {lamina.input = "x"},
                  %t: tensor<?xi32> {lamina.target = "y"}) -> (tensor<f32> {lamina.log = "loss"}) {
    %h = lamina.dot_general %x, %w, batching = [] x [], contracting = [1] x [0]
        : (tensor<?x4xf32>, tensor<4x3xf32>) -> tensor<?x3xf32>
    %c = lamina.broadcast_in_dim %b, dims = [1] : (tensor<3xf32>) -> tensor<?x3xf32>
    %z = lamina.add %h, %c : tensor<?x3xf32>
    %max = lamina.reduce maximum %z, dims = [1] : (tensor<?x3xf32>) -> tensor<?xf32>
    %fixed = lamina.stop_gradient %max : tensor<?xf32>
    %m = lamina.broadcast_in_dim %fixed, dims = [0] : (tensor<?xf32>) -> tensor<?x3xf32>
    %d = lamina.subtract %z, %m : tensor<?x3xf32>
    %e = lamina.exponential %d : tensor<?x3xf32>
    %s = lamina.reduce add %e, dims = [1] : (tensor<?x3xf32>) -> tensor<?xf32>
    %log = lamina.log %s : tensor<?xf32>
    %index = lamina.iota 1 : tensor<?x3xi32>
    %label = lamina.broadcast_in_dim %t, dims = [0] : (tensor<?xi32>) -> tensor<?x3xi32>
    %is = lamina.compare EQ %index, %label : tensor<?x3xi32>
    %zero = lamina.constant dense<0.0> : tensor<f32>
    %zeros = lamina.broadcast_in_dim %zero, dims = [] : (tensor<f32>) -> tensor<?x3xf32>
    %pick = lamina.select %is, %d, %zeros : tensor<?x3xi1>, tensor<?x3xf32>
    %picked = lamina.reduce add %pick, dims = [1] : (tensor<?x3xf32>) -> tensor<?xf32>
    %each = lamina.subtract %log, %picked : tensor<?xf32>
    %sum = lamina.reduce add %each, dims = [0] : (tensor<?xf32>) -> tensor<f32>
    %rows = lamina.rows : tensor<f32>
    %loss = lamina.divide %sum, %rows : tensor<f32>
    return %loss : tensor<f32>
  }
  func.func @optimizer(%w: tensor<4x3xf32> {lamina.variable = @w},
                       %b: tensor<3xf32> {lamina.variable = @b},
                       %rate: tensor<f32> {lamina.variable = @rate},
                       %gw: tensor<4x3xf32> {lamina.gradient = @w},
                       %gb: tensor<3xf32> {lamina.gradient = @b})
      -> (tensor<4x3xf32> {lamina.variable = @w}, tensor<3xf32> {lamina.variable = @b},
          tensor<f32> {lamina.variable = @rate}) {
    %rw = lamina.broadcast_in_dim %rate, dims = [] : (tensor<f32>) -> tensor<4x3xf32>
    %dw = lamina.multiply %gw, %rw : tensor<4x3xf32>
    %w1 = lamina.subtract %w, %dw : tensor<4x3xf32>
    %rb = lamina.broadcast_in_dim %rate, dims = [] : (tensor<f32>) -> tensor<3xf32>
    %db = lamina.multiply %gb, %rb : tensor<3xf32>
    %b1 = lamina.subtract %b, %db : tensor<3xf32>
    return %w1, %b1, %rate : tensor<4x3xf32>, tensor<3xf32>, tensor<f32>
  }
}
