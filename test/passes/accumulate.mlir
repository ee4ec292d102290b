// RUN: lamina-opt %s --accumulate --split-input-file | FileCheck %s

// A part adds its gradient, times its rows, to the sum; the last one divides by all rows and clears
// the sums. What the loss assigns is assigned by every part.
// CHECK-LABEL: module @descent
// CHECK: lamina.variable @w
// CHECK-NEXT: lamina.variable @"sum of rows" : tensor<f32> {lamina.role = "gradient_sum"}
// CHECK-NEXT: lamina.variable @"sum of w" : tensor<2xf64> {lamina.role = "gradient_sum"}
// CHECK: func.func @gradient({{.*}}%[[ROWS_BEFORE:[a-z0-9]+]]: tensor<f32> {lamina.variable = @"sum of rows"},
// CHECK-SAME: %[[BEFORE:[a-z0-9]+]]: tensor<2xf64> {lamina.variable = @"sum of w"})
// CHECK-SAME: -> (tensor<f32> {lamina.log = "loss"}, tensor<2xf32> {lamina.variable = @mean},
// CHECK-SAME: tensor<2xf64> {lamina.gradient = @w}, tensor<f32> {lamina.variable = @"sum of rows"},
// CHECK-SAME: tensor<2xf64> {lamina.variable = @"sum of w"})
// CHECK: %[[G:.*]] = lamina.negate
// CHECK: %[[ROWS:.*]] = lamina.rows
// CHECK: %[[ALL_ROWS:.*]] = lamina.add %[[ROWS_BEFORE]], %[[ROWS]]
// CHECK: %[[WIDE:.*]] = lamina.convert %[[ROWS]]
// CHECK: %[[EACH:.*]] = lamina.broadcast_in_dim %[[WIDE]]
// CHECK: %[[WEIGHTED:.*]] = lamina.multiply %[[G]], %[[EACH]]
// CHECK: %[[SUM:.*]] = lamina.add %[[BEFORE]], %[[WEIGHTED]]
// CHECK: %[[WIDE_ALL:.*]] = lamina.convert %[[ALL_ROWS]]
// CHECK: %[[ALL:.*]] = lamina.broadcast_in_dim %[[WIDE_ALL]]
// CHECK: %[[MEAN:.*]] = lamina.divide %[[SUM]], %[[ALL]]
// CHECK: %[[NO_ROWS:.*]] = lamina.constant dense<0.000000e+00> : tensor<f32>
// CHECK: %[[NONE:.*]] = lamina.constant dense<0.000000e+00> : tensor<2xf64>
// CHECK: return %{{.*}}, %{{.*}}, %[[MEAN]], %[[NO_ROWS]], %[[NONE]]
// CHECK: func.func @accumulate(
// CHECK-SAME: -> (tensor<f32> {lamina.log = "loss"}, tensor<2xf32> {lamina.variable = @mean},
// CHECK-SAME: tensor<2xf64> {lamina.variable = @"sum of w"}, tensor<f32> {lamina.variable = @"sum of rows"})
// CHECK: %[[COUNT:.*]] = lamina.add %{{.*}}, %{{.*}} : tensor<f32>
// CHECK: %[[PART:.*]] = lamina.add %{{.*}}, %{{.*}} : tensor<2xf64>
// CHECK: return %{{.*}}, %{{.*}}, %[[PART]], %[[COUNT]]
module @descent attributes {lamina.batch_size = 8 : i64} {
  lamina.variable @mean : tensor<2xf32>
  lamina.variable @w : tensor<2xf64> {trainable}
  func.func @gradient(%w: tensor<2xf64> {lamina.variable = @w},
                      %mean: tensor<2xf32> {lamina.variable = @mean},
                      %x: tensor<?x2xf32> {lamina.input = "x"})
      -> (tensor<f32> {lamina.log = "loss"}, tensor<2xf32> {lamina.variable = @mean},
          tensor<2xf64> {lamina.gradient = @w}) {
    %new = lamina.reduce add %x, dims = [0] : (tensor<?x2xf32>) -> tensor<2xf32>
    %loss = lamina.reduce add %new, dims = [0] : (tensor<2xf32>) -> tensor<f32>
    %g = lamina.negate %w : tensor<2xf64>
    return %loss, %new, %g : tensor<f32>, tensor<2xf32>, tensor<2xf64>
  }
}

// -----

// Nothing is trained.
// CHECK-LABEL: module @frozen
// CHECK-NEXT: lamina.variable @w
// CHECK-NEXT: }
module @frozen {
  lamina.variable @w : tensor<2xf32>
}
