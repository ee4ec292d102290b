// Folders: exact identities, and constants through operations that every target computes alike.
// RUN: lamina-opt %s --canonicalize | FileCheck %s

// CHECK-LABEL: @neutral(
// CHECK-SAME: %[[X:.*]]: tensor<?x4xf32>, %[[I:.*]]: tensor<4xi32>
// CHECK-NEXT: return %[[X]], %[[I]]
func.func @neutral(%x: tensor<?x4xf32>, %i: tensor<4xi32>) -> (tensor<?x4xf32>, tensor<4xi32>) {
  %zero = lamina.constant dense<0> : tensor<4xi32>
  %one = lamina.constant dense<1> : tensor<4xi32>
  %a = lamina.add %zero, %i : tensor<4xi32>
  %b = lamina.subtract %a, %zero : tensor<4xi32>
  %c = lamina.multiply %one, %b : tensor<4xi32>
  %d = lamina.divide %c, %one : tensor<4xi32>
  %e = lamina.or %d, %zero : tensor<4xi32>
  %f = lamina.xor %e, %zero : tensor<4xi32>
  %g = lamina.shift_right_logical %f, %zero : tensor<4xi32>
  %h = lamina.maximum %g, %g : tensor<4xi32>
  %j = lamina.and %h, %h : tensor<4xi32>
  return %x, %j : tensor<?x4xf32>, tensor<4xi32>
}

// x + 0.0 makes 0.0 of -0.0, so only -0.0 is neutral; x - 0.0 keeps it.
// CHECK-LABEL: @zeros(
// CHECK-SAME: %[[X:.*]]: tensor<4xf32>
// CHECK: %[[SUM:.*]] = lamina.add %[[X]],
// CHECK: %[[DIFFERENCE:.*]] = lamina.subtract %[[X]],
// CHECK: return %[[SUM]], %[[X]], %[[DIFFERENCE]], %[[X]]
func.func @zeros(%x: tensor<4xf32>)
    -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %zero = lamina.constant dense<0.0> : tensor<4xf32>
  %minus = lamina.constant dense<-0.0> : tensor<4xf32>
  %a = lamina.add %x, %zero : tensor<4xf32>
  %b = lamina.add %x, %minus : tensor<4xf32>
  %c = lamina.subtract %x, %minus : tensor<4xf32>
  %d = lamina.subtract %x, %zero : tensor<4xf32>
  return %a, %b, %c, %d : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

// x * 0.0 is not 0.0 for NaN and infinity; for integers it is.
// CHECK-LABEL: @times_zero(
// CHECK-DAG: %[[ZERO:.*]] = lamina.constant dense<0> : tensor<i32>
// CHECK-DAG: %[[PRODUCT:.*]] = lamina.multiply
// CHECK: return %[[PRODUCT]], %[[ZERO]]
func.func @times_zero(%x: tensor<f32>, %i: tensor<i32>) -> (tensor<f32>, tensor<i32>) {
  %zero = lamina.constant dense<0.0> : tensor<f32>
  %none = lamina.constant dense<0> : tensor<i32>
  %a = lamina.multiply %x, %zero : tensor<f32>
  %b = lamina.multiply %i, %none : tensor<i32>
  return %a, %b : tensor<f32>, tensor<i32>
}

// CHECK-LABEL: @scale(
// CHECK-SAME: %[[X:.*]]: tensor<f32>
// CHECK-NEXT: return %[[X]]
func.func @scale(%x: tensor<f32>) -> tensor<f32> {
  %one = lamina.constant dense<1.0> : tensor<f32>
  %a = lamina.multiply %x, %one : tensor<f32>
  %b = lamina.divide %a, %one : tensor<f32>
  %c = lamina.power %b, %one : tensor<f32>
  %d = lamina.negate %c : tensor<f32>
  %e = lamina.negate %d : tensor<f32>
  %f = lamina.convert %e : (tensor<f32>) -> tensor<f32>
  return %f : tensor<f32>
}

// CHECK-LABEL: @projections(
// CHECK-NEXT: %[[A:.*]] = lamina.abs
// CHECK-NEXT: %[[F:.*]] = lamina.floor %[[A]]
// CHECK-NEXT: return %[[F]]
func.func @projections(%x: tensor<f32>) -> tensor<f32> {
  %a = lamina.abs %x : tensor<f32>
  %b = lamina.abs %a : tensor<f32>
  %c = lamina.floor %b : tensor<f32>
  %d = lamina.floor %c : tensor<f32>
  return %d : tensor<f32>
}

// CHECK-LABEL: @logic(
// CHECK-SAME: %[[P:.*]]: tensor<2xi1>
// CHECK-NEXT: return %[[P]]
func.func @logic(%p: tensor<2xi1>) -> tensor<2xi1> {
  %true = lamina.constant dense<true> : tensor<2xi1>
  %false = lamina.constant dense<false> : tensor<2xi1>
  %a = lamina.and %p, %true : tensor<2xi1>
  %b = lamina.or %a, %false : tensor<2xi1>
  %c = lamina.not %b : tensor<2xi1>
  %d = lamina.not %c : tensor<2xi1>
  return %d : tensor<2xi1>
}

// CHECK-LABEL: @select(
// CHECK-SAME: %[[P:.*]]: tensor<2xi1>, %[[A:.*]]: tensor<2xf32>, %[[B:.*]]: tensor<2xf32>
// CHECK-NEXT: return %[[A]], %[[B]], %[[A]]
func.func @select(%p: tensor<2xi1>, %a: tensor<2xf32>, %b: tensor<2xf32>)
    -> (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) {
  %true = lamina.constant dense<true> : tensor<2xi1>
  %false = lamina.constant dense<false> : tensor<2xi1>
  %x = lamina.select %true, %a, %b : tensor<2xi1>, tensor<2xf32>
  %y = lamina.select %false, %a, %b : tensor<2xi1>, tensor<2xf32>
  %z = lamina.select %p, %a, %a : tensor<2xi1>, tensor<2xf32>
  return %x, %y, %z : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>
}

// CHECK-LABEL: @constants(
// CHECK-DAG: %[[SUM:.*]] = lamina.constant dense<[4.000000e+00, 6.000000e+00]> : tensor<2xf32>
// CHECK-DAG: %[[LESS:.*]] = lamina.constant dense<true> : tensor<2xi1>
// CHECK-DAG: %[[ROOT:.*]] = lamina.constant dense<1.41421354> : tensor<64x128xf32>
// CHECK-DAG: %[[WHOLE:.*]] = lamina.constant dense<[1, 2]> : tensor<2xi32>
// CHECK-DAG: %[[MOST:.*]] = lamina.constant dense<2.000000e+00> : tensor<f32>
// CHECK: return %[[SUM]], %[[LESS]], %[[ROOT]], %[[WHOLE]], %[[MOST]]
func.func @constants() -> (tensor<2xf32>, tensor<2xi1>, tensor<64x128xf32>, tensor<2xi32>,
                           tensor<f32>) {
  %a = lamina.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %b = lamina.constant dense<[3.0, 4.0]> : tensor<2xf32>
  %c = lamina.constant dense<2.0> : tensor<64x128xf32>
  %sum = lamina.add %a, %b : tensor<2xf32>
  %less = lamina.compare LT %a, %b : tensor<2xf32>
  %root = lamina.sqrt %c : tensor<64x128xf32>
  %whole = lamina.convert %a : (tensor<2xf32>) -> tensor<2xi32>
  %most = lamina.reduce maximum %a, dims = [0] : (tensor<2xf32>) -> tensor<f32>
  return %sum, %less, %root, %whole, %most
      : tensor<2xf32>, tensor<2xi1>, tensor<64x128xf32>, tensor<2xi32>, tensor<f32>
}

// Elementary functions are polynomials of the target, sums are cut as the schedule says.
// CHECK-LABEL: @not_folded(
// CHECK: lamina.exponential
// CHECK: lamina.reduce add
func.func @not_folded() -> (tensor<2xf32>, tensor<f32>) {
  %a = lamina.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %b = lamina.exponential %a : tensor<2xf32>
  %c = lamina.reduce add %a, dims = [0] : (tensor<2xf32>) -> tensor<f32>
  return %b, %c : tensor<2xf32>, tensor<f32>
}

// … except at the points where every target is exact.
// CHECK-LABEL: @exact_points(
// CHECK-DAG: %[[HALF:.*]] = lamina.constant dense<5.000000e-01> : tensor<f32>
// CHECK-DAG: %[[ONE:.*]] = lamina.constant dense<1.000000e+00> : tensor<f32>
// CHECK-DAG: %[[ZERO:.*]] = lamina.constant dense<0.000000e+00> : tensor<f32>
// CHECK: return %[[ONE]], %[[ONE]], %[[ZERO]], %[[HALF]], %[[ZERO]], %[[ZERO]], %[[ZERO]], %[[ZERO]], %[[ZERO]]
func.func @exact_points() -> (tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>,
                              tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>) {
  %zero = lamina.constant dense<0.0> : tensor<f32>
  %one = lamina.constant dense<1.0> : tensor<f32>
  %a = lamina.exponential %zero : tensor<f32>
  %b = lamina.cosine %zero : tensor<f32>
  %c = lamina.log %one : tensor<f32>
  %d = lamina.logistic %zero : tensor<f32>
  %e = lamina.tanh %zero : tensor<f32>
  %f = lamina.erf %zero : tensor<f32>
  %g = lamina.sine %zero : tensor<f32>
  %h = lamina.exponential_minus_one %zero : tensor<f32>
  %i = lamina.log_plus_one %zero : tensor<f32>
  return %a, %b, %c, %d, %e, %f, %g, %h, %i : tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>,
      tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>
}

// CHECK-LABEL: @shapes(
// CHECK-SAME: %[[X:.*]]: tensor<?x4xf32>
// CHECK-NEXT: return %[[X]], %[[X]], %[[X]], %[[X]], %[[X]], %[[X]], %[[X]]
func.func @shapes(%x: tensor<?x4xf32>)
    -> (tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32>,
        tensor<?x4xf32>, tensor<?x4xf32>) {
  %p = lamina.constant dense<0.0> : tensor<f32>
  %a = lamina.broadcast_in_dim %x, dims = [0, 1] : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %b = lamina.reshape %x : (tensor<?x4xf32>) -> tensor<?x2x2xf32>
  %c = lamina.reshape %b : (tensor<?x2x2xf32>) -> tensor<?x4xf32>
  %d = lamina.transpose %x, dims = [1, 0] : (tensor<?x4xf32>) -> tensor<4x?xf32>
  %e = lamina.transpose %d, dims = [1, 0] : (tensor<4x?xf32>) -> tensor<?x4xf32>
  %f = lamina.slice %x, start = [0, 0], limit = [-1, 4], strides = [1, 1]
      : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %g = lamina.pad %x, %p, low = [0, 0], high = [0, 0], interior = [0, 0]
      : (tensor<?x4xf32>, tensor<f32>) -> tensor<?x4xf32>
  %h = lamina.concatenate %x, dim = 1 : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %i = lamina.reduce add %x, dims = [] : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %a, %c, %e, %f, %g, %h, %i
      : tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32>,
        tensor<?x4xf32>, tensor<?x4xf32>
}

// CHECK-LABEL: @merged(
// CHECK-SAME: %[[X:.*]]: tensor<2x3x4xf32>, %[[V:.*]]: tensor<4xf32>
// CHECK-DAG: %[[T:.*]] = lamina.transpose %[[X]], dims = [2, 0, 1]
// CHECK-DAG: %[[B:.*]] = lamina.broadcast_in_dim %[[V]], dims = [2] : (tensor<4xf32>) -> tensor<?x3x4xf32>
// CHECK-DAG: %[[R:.*]] = lamina.reshape %[[X]] : (tensor<2x3x4xf32>) -> tensor<24xf32>
// CHECK: return %[[T]], %[[B]], %[[R]]
func.func @merged(%x: tensor<2x3x4xf32>, %v: tensor<4xf32>)
    -> (tensor<4x2x3xf32>, tensor<?x3x4xf32>, tensor<24xf32>) {
  %a = lamina.transpose %x, dims = [1, 2, 0] : (tensor<2x3x4xf32>) -> tensor<3x4x2xf32>
  %b = lamina.transpose %a, dims = [1, 2, 0] : (tensor<3x4x2xf32>) -> tensor<4x2x3xf32>
  %c = lamina.broadcast_in_dim %v, dims = [1] : (tensor<4xf32>) -> tensor<3x4xf32>
  %d = lamina.broadcast_in_dim %c, dims = [1, 2] : (tensor<3x4xf32>) -> tensor<?x3x4xf32>
  %e = lamina.reshape %x : (tensor<2x3x4xf32>) -> tensor<6x4xf32>
  %f = lamina.reshape %e : (tensor<6x4xf32>) -> tensor<24xf32>
  return %b, %d, %f : tensor<4x2x3xf32>, tensor<?x3x4xf32>, tensor<24xf32>
}

// CHECK-LABEL: @moved_constants(
// CHECK-DAG: %[[B:.*]] = lamina.constant dense<2.000000e+00> : tensor<64x128xf32>
// CHECK-DAG: %[[R:.*]] = lamina.constant dense<{{\[}}[1, 2], [3, 4]]> : tensor<2x2xi32>
// CHECK-DAG: %[[T:.*]] = lamina.constant dense<{{\[}}[1, 3], [2, 4]]> : tensor<2x2xi32>
// CHECK-DAG: %[[S:.*]] = lamina.constant dense<[2, 3]> : tensor<2xi32>
// CHECK-DAG: %[[P:.*]] = lamina.constant dense<[1, 2, 3, 4, 7]> : tensor<5xi32>
// CHECK-DAG: %[[C:.*]] = lamina.constant dense<[1, 2, 3, 4, 1, 2, 3, 4]> : tensor<8xi32>
// CHECK: return %[[B]], %[[R]], %[[T]], %[[S]], %[[P]], %[[C]]
func.func @moved_constants() -> (tensor<64x128xf32>, tensor<2x2xi32>, tensor<2x2xi32>,
                                 tensor<2xi32>, tensor<5xi32>, tensor<8xi32>) {
  %two = lamina.constant dense<2.0> : tensor<f32>
  %x = lamina.constant dense<[1, 2, 3, 4]> : tensor<4xi32>
  %seven = lamina.constant dense<7> : tensor<i32>
  %a = lamina.broadcast_in_dim %two, dims = [] : (tensor<f32>) -> tensor<64x128xf32>
  %b = lamina.reshape %x : (tensor<4xi32>) -> tensor<2x2xi32>
  %c = lamina.transpose %b, dims = [1, 0] : (tensor<2x2xi32>) -> tensor<2x2xi32>
  %d = lamina.slice %x, start = [1], limit = [3], strides = [1] : (tensor<4xi32>) -> tensor<2xi32>
  %e = lamina.pad %x, %seven, low = [0], high = [1], interior = [0]
      : (tensor<4xi32>, tensor<i32>) -> tensor<5xi32>
  %f = lamina.concatenate %x, %x, dim = 0 : (tensor<4xi32>, tensor<4xi32>) -> tensor<8xi32>
  return %a, %b, %c, %d, %e, %f : tensor<64x128xf32>, tensor<2x2xi32>, tensor<2x2xi32>,
      tensor<2xi32>, tensor<5xi32>, tensor<8xi32>
}
