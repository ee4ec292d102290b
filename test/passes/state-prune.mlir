// RUN: lamina-opt %s --prune-state --split-input-file | FileCheck %s

// @n is given back as it was and not used otherwise; the unused input is the caller's business.
// CHECK-LABEL: module @unchanged
// CHECK: func.func @train_step(%[[W:.*]]: tensor<f32> {lamina.variable = @w},
// CHECK-SAME: %[[X:.*]]: tensor<?xf32> {lamina.input = "x"})
// CHECK-SAME: -> (tensor<f32> {lamina.log = "loss"}, tensor<f32> {lamina.variable = @w}) {
// CHECK: return %[[W]], %{{.*}} : tensor<f32>, tensor<f32>
module @unchanged {
  lamina.variable @w : tensor<f32> {trainable}
  lamina.variable @n : tensor<i64>
  func.func @train_step(%w: tensor<f32> {lamina.variable = @w}, %n: tensor<i64> {lamina.variable = @n},
                        %x: tensor<?xf32> {lamina.input = "x"})
      -> (tensor<f32> {lamina.log = "loss"}, tensor<f32> {lamina.variable = @w},
          tensor<i64> {lamina.variable = @n}) {
    %new = lamina.negate %w : tensor<f32>
    return %w, %new, %n : tensor<f32>, tensor<f32>, tensor<i64>
  }
}

// -----

// Variables that change places are assigned.
// CHECK-LABEL: module @swap
// CHECK: func.func @train_step(%[[A:.*]]: tensor<f32> {lamina.variable = @a}, %[[B:.*]]: tensor<f32> {lamina.variable = @b})
// CHECK-NEXT: return %[[B]], %[[A]]
module @swap {
  lamina.variable @a : tensor<f32>
  lamina.variable @b : tensor<f32>
  func.func @train_step(%a: tensor<f32> {lamina.variable = @a}, %b: tensor<f32> {lamina.variable = @b})
      -> (tensor<f32> {lamina.variable = @a}, tensor<f32> {lamina.variable = @b}) {
    return %b, %a : tensor<f32>, tensor<f32>
  }
}
