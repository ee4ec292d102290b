// RUN: lamina-opt %s --contract | FileCheck %s

// CHECK-LABEL: @sum(
// CHECK-SAME: %[[A:.*]]: tensor<4xf32>, %[[B:.*]]: tensor<4xf32>, %[[C:.*]]: tensor<4xf32>)
func.func @sum(%a: tensor<4xf32>, %b: tensor<4xf32>, %c: tensor<4xf32>)
    -> (tensor<4xf32>, tensor<4xf32>) {
  // CHECK-NEXT: %[[X:.*]] = lamina.fma %[[A]], %[[B]], %[[C]]
  // CHECK-NEXT: %[[Y:.*]] = lamina.fma %[[B]], %[[C]], %[[A]]
  // CHECK-NEXT: return %[[X]], %[[Y]]
  %ab = lamina.multiply %a, %b : tensor<4xf32>
  %x = lamina.add %ab, %c : tensor<4xf32>
  %bc = lamina.multiply %b, %c : tensor<4xf32>
  %y = lamina.add %a, %bc : tensor<4xf32>
  return %x, %y : tensor<4xf32>, tensor<4xf32>
}

// Of two products the left one.
// CHECK-LABEL: @two_products(
// CHECK-SAME: %[[A:.*]]: tensor<4xf32>, %[[B:.*]]: tensor<4xf32>)
func.func @two_products(%a: tensor<4xf32>, %b: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK-NEXT: %[[BB:.*]] = lamina.multiply %[[B]], %[[B]]
  // CHECK-NEXT: lamina.fma %[[A]], %[[A]], %[[BB]]
  %aa = lamina.multiply %a, %a : tensor<4xf32>
  %bb = lamina.multiply %b, %b : tensor<4xf32>
  %y = lamina.add %aa, %bb : tensor<4xf32>
  return %y : tensor<4xf32>
}

// CHECK-LABEL: @difference(
// CHECK-SAME: %[[A:.*]]: tensor<4xf32>, %[[B:.*]]: tensor<4xf32>, %[[C:.*]]: tensor<4xf32>)
func.func @difference(%a: tensor<4xf32>, %b: tensor<4xf32>, %c: tensor<4xf32>)
    -> (tensor<4xf32>, tensor<4xf32>) {
  // CHECK-DAG: %[[NA:.*]] = lamina.negate %[[A]]
  // CHECK-DAG: %[[X:.*]] = lamina.fma %[[NA]], %[[B]], %[[C]]
  // CHECK-DAG: %[[NC:.*]] = lamina.negate %[[C]]
  // CHECK-DAG: %[[Y:.*]] = lamina.fma %[[A]], %[[B]], %[[NC]]
  // CHECK: return %[[X]], %[[Y]]
  %p = lamina.multiply %a, %b : tensor<4xf32>
  %x = lamina.subtract %c, %p : tensor<4xf32>
  %q = lamina.multiply %a, %b : tensor<4xf32>
  %y = lamina.subtract %q, %c : tensor<4xf32>
  return %x, %y : tensor<4xf32>, tensor<4xf32>
}

// A product that is used elsewhere stays, and integers have no multiply-add.
// CHECK-LABEL: @kept(
// CHECK-NOT: lamina.fma
func.func @kept(%a: tensor<4xf32>, %i: tensor<4xi32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xi32>) {
  %p = lamina.multiply %a, %a : tensor<4xf32>
  %x = lamina.add %p, %a : tensor<4xf32>
  %q = lamina.multiply %i, %i : tensor<4xi32>
  %y = lamina.add %q, %i : tensor<4xi32>
  return %p, %x, %y : tensor<4xf32>, tensor<4xf32>, tensor<4xi32>
}
