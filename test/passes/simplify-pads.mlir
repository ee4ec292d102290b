// Sums of padded tensors that do not overlap are concatenations.
// RUN: lamina-opt %s --pass-pipeline='builtin.module(func.func(simplify))' | FileCheck %s

// CHECK-LABEL: @gates(
// CHECK-SAME: %[[A:.*]]: tensor<?x2xf32>, %[[B:.*]]: tensor<?x3xf32>, %[[C:.*]]: tensor<?x2xf32>
// CHECK-NEXT: %[[Y:.*]] = lamina.concatenate %[[C]], %[[B]], %[[A]], dim = 1
// CHECK-NEXT: return %[[Y]]
func.func @gates(%a: tensor<?x2xf32>, %b: tensor<?x3xf32>, %c: tensor<?x2xf32>)
    -> tensor<?x7xf32> {
  %zero = lamina.constant dense<0.0> : tensor<f32>
  %p = lamina.pad %a, %zero, low = [0, 5], high = [0, 0], interior = [0, 0]
      : (tensor<?x2xf32>, tensor<f32>) -> tensor<?x7xf32>
  %q = lamina.pad %b, %zero, low = [0, 2], high = [0, 2], interior = [0, 0]
      : (tensor<?x3xf32>, tensor<f32>) -> tensor<?x7xf32>
  %r = lamina.pad %c, %zero, low = [0, 0], high = [0, 5], interior = [0, 0]
      : (tensor<?x2xf32>, tensor<f32>) -> tensor<?x7xf32>
  %s = lamina.add %p, %q : tensor<?x7xf32>
  %y = lamina.add %s, %r : tensor<?x7xf32>
  return %y : tensor<?x7xf32>
}

// What overlaps is summed up; so is what is padded by another number.
// CHECK-LABEL: @overlap(
// CHECK: lamina.add
// CHECK: lamina.add
func.func @overlap(%a: tensor<2xf32>) -> (tensor<3xf32>, tensor<4xf32>) {
  %zero = lamina.constant dense<0.0> : tensor<f32>
  %one = lamina.constant dense<1.0> : tensor<f32>
  %p = lamina.pad %a, %zero, low = [0], high = [1], interior = [0]
      : (tensor<2xf32>, tensor<f32>) -> tensor<3xf32>
  %q = lamina.pad %a, %zero, low = [1], high = [0], interior = [0]
      : (tensor<2xf32>, tensor<f32>) -> tensor<3xf32>
  %x = lamina.add %p, %q : tensor<3xf32>
  %r = lamina.pad %a, %one, low = [0], high = [2], interior = [0]
      : (tensor<2xf32>, tensor<f32>) -> tensor<4xf32>
  %s = lamina.pad %a, %zero, low = [2], high = [0], interior = [0]
      : (tensor<2xf32>, tensor<f32>) -> tensor<4xf32>
  %y = lamina.add %r, %s : tensor<4xf32>
  return %x, %y : tensor<3xf32>, tensor<4xf32>
}
