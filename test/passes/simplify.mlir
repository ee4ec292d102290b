// RUN: lamina-opt %s --simplify | FileCheck %s

//===--- Arithmetic --------------------------------------------------------------------------===//

// CHECK-LABEL: @signs(
// CHECK-SAME: %[[A:.*]]: tensor<4xf32>, %[[B:.*]]: tensor<4xf32>)
func.func @signs(%a: tensor<4xf32>, %b: tensor<4xf32>)
    -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  // CHECK-DAG: %[[SUB:.*]] = lamina.subtract %[[A]], %[[B]]
  // CHECK-DAG: %[[BUS:.*]] = lamina.subtract %[[B]], %[[A]]
  // CHECK-DAG: %[[ADD:.*]] = lamina.add %[[A]], %[[B]]
  // CHECK-DAG: %[[MUL:.*]] = lamina.multiply %[[A]], %[[B]]
  // CHECK-DAG: %[[ABS:.*]] = lamina.abs %[[A]]
  // CHECK: return %[[SUB]], %[[BUS]], %[[ADD]], %[[MUL]], %[[ABS]]
  %na = lamina.negate %a : tensor<4xf32>
  %nb = lamina.negate %b : tensor<4xf32>
  %0 = lamina.add %a, %nb : tensor<4xf32>
  %1 = lamina.add %na, %b : tensor<4xf32>
  %2 = lamina.subtract %a, %nb : tensor<4xf32>
  %3 = lamina.multiply %na, %nb : tensor<4xf32>
  %abs = lamina.abs %na : tensor<4xf32>
  %4 = lamina.abs %abs : tensor<4xf32>
  return %0, %1, %2, %3, %4
      : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

// A sign goes to the repeated factor, before it is repeated.
// CHECK-LABEL: @negated_rate(
// CHECK-SAME: %[[RATE:.*]]: tensor<f32>, %[[G:.*]]: tensor<4xf32>)
func.func @negated_rate(%rate: tensor<f32>, %g: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK: %[[N:.*]] = lamina.negate %[[RATE]] : tensor<f32>
  // CHECK: %[[R:.*]] = lamina.broadcast_in_dim %[[N]], dims = []
  // CHECK: lamina.multiply %[[G]], %[[R]]
  %r = lamina.broadcast_in_dim %rate, dims = [] : (tensor<f32>) -> tensor<4xf32>
  %p = lamina.multiply %g, %r : tensor<4xf32>
  %n = lamina.negate %p : tensor<4xf32>
  return %n : tensor<4xf32>
}

// CHECK-LABEL: @selections(
// CHECK-SAME: %[[P:.*]]: tensor<4xi1>, %[[A:.*]]: tensor<4xf32>, %[[B:.*]]: tensor<4xf32>, %[[C:.*]]: tensor<4xf32>)
func.func @selections(%p: tensor<4xi1>, %a: tensor<4xf32>, %b: tensor<4xf32>, %c: tensor<4xf32>)
    -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  // CHECK-DAG: %[[BA:.*]] = lamina.select %[[P]], %[[B]], %[[A]]
  // CHECK-DAG: %[[AC:.*]] = lamina.select %[[P]], %[[A]], %[[C]]
  // CHECK-DAG: %[[CB:.*]] = lamina.select %[[P]], %[[C]], %[[B]]
  // CHECK: return %[[BA]], %[[AC]], %[[CB]]
  %not = lamina.not %p : tensor<4xi1>
  %0 = lamina.select %not, %a, %b : tensor<4xi1>, tensor<4xf32>
  %ab = lamina.select %p, %a, %b : tensor<4xi1>, tensor<4xf32>
  %1 = lamina.select %p, %ab, %c : tensor<4xi1>, tensor<4xf32>
  %2 = lamina.select %p, %c, %ab : tensor<4xi1>, tensor<4xf32>
  return %0, %1, %2 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

// CHECK-LABEL: @powers(
// CHECK-SAME: %[[A:.*]]: tensor<?xf32>)
func.func @powers(%a: tensor<?xf32>) -> (tensor<?xf32>, tensor<?xf32>, tensor<?xf32>) {
  // CHECK-DAG: %[[SQUARE:.*]] = lamina.multiply %[[A]], %[[A]]
  // CHECK-DAG: %[[CUBE:.*]] = lamina.power %[[A]]
  // CHECK: return %[[A]], %[[SQUARE]], %[[CUBE]]
  %one = lamina.constant dense<1.0> : tensor<f32>
  %two = lamina.constant dense<2.0> : tensor<f32>
  %three = lamina.constant dense<3.0> : tensor<f32>
  %1 = lamina.broadcast_in_dim %one, dims = [] : (tensor<f32>) -> tensor<?xf32>
  %2 = lamina.broadcast_in_dim %two, dims = [] : (tensor<f32>) -> tensor<?xf32>
  %3 = lamina.broadcast_in_dim %three, dims = [] : (tensor<f32>) -> tensor<?xf32>
  %p1 = lamina.power %a, %1 : tensor<?xf32>
  %p2 = lamina.power %a, %2 : tensor<?xf32>
  %p3 = lamina.power %a, %3 : tensor<?xf32>
  return %p1, %p2, %p3 : tensor<?xf32>, tensor<?xf32>, tensor<?xf32>
}

// Only division by a power of two is the same as multiplication.
// CHECK-LABEL: @quotients(
func.func @quotients(%a: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  // CHECK-DAG: %[[THREE:.*]] = lamina.constant dense<3.000000e+00> : tensor<4xf32>
  // CHECK-DAG: %[[EIGHTH:.*]] = lamina.constant dense<1.250000e-01> : tensor<4xf32>
  // CHECK-DAG: lamina.multiply %{{.*}}, %[[EIGHTH]]
  // CHECK-DAG: lamina.divide %{{.*}}, %[[THREE]]
  %eight = lamina.constant dense<8.0> : tensor<4xf32>
  %three = lamina.constant dense<3.0> : tensor<4xf32>
  %0 = lamina.divide %a, %eight : tensor<4xf32>
  %1 = lamina.divide %a, %three : tensor<4xf32>
  return %0, %1 : tensor<4xf32>, tensor<4xf32>
}

//===--- Broadcasts --------------------------------------------------------------------------===//

// Scalars stay scalars.
// CHECK-LABEL: @scalars(
// CHECK-SAME: %[[A:.*]]: tensor<f32>, %[[B:.*]]: tensor<f32>)
func.func @scalars(%a: tensor<f32>, %b: tensor<f32>) -> tensor<?x4xf32> {
  // CHECK: %[[PRODUCT:.*]] = lamina.multiply %[[A]], %[[B]] : tensor<f32>
  // CHECK: %[[ROOT:.*]] = lamina.sqrt %[[PRODUCT]] : tensor<f32>
  // CHECK: %[[Y:.*]] = lamina.broadcast_in_dim %[[ROOT]], dims = [] : (tensor<f32>) -> tensor<?x4xf32>
  // CHECK: return %[[Y]]
  %0 = lamina.broadcast_in_dim %a, dims = [] : (tensor<f32>) -> tensor<?x4xf32>
  %1 = lamina.broadcast_in_dim %b, dims = [] : (tensor<f32>) -> tensor<?x4xf32>
  %2 = lamina.multiply %0, %1 : tensor<?x4xf32>
  %3 = lamina.sqrt %2 : tensor<?x4xf32>
  return %3 : tensor<?x4xf32>
}

// A row of values with a constant; the comparison's type changes.
// CHECK-LABEL: @rows(
// CHECK-SAME: %[[A:.*]]: tensor<?xf32>)
func.func @rows(%a: tensor<?xf32>) -> tensor<?x4xi1> {
  // CHECK-DAG: %[[ZERO:.*]] = lamina.constant dense<0.000000e+00> : tensor<f32>
  // CHECK: %[[Z:.*]] = lamina.broadcast_in_dim %[[ZERO]], dims = [] : (tensor<f32>) -> tensor<?xf32>
  // CHECK: %[[P:.*]] = lamina.compare GT %[[A]], %[[Z]] : tensor<?xf32>
  // CHECK: lamina.broadcast_in_dim %[[P]], dims = [0] : (tensor<?xi1>) -> tensor<?x4xi1>
  %zero = lamina.constant dense<0.0> : tensor<f32>
  %0 = lamina.broadcast_in_dim %zero, dims = [] : (tensor<f32>) -> tensor<?x4xf32>
  %1 = lamina.broadcast_in_dim %a, dims = [0] : (tensor<?xf32>) -> tensor<?x4xf32>
  %2 = lamina.compare GT %1, %0 : tensor<?x4xf32>
  return %2 : tensor<?x4xi1>
}

// Repeated differently: nothing can be done.
// CHECK-LABEL: @differently(
func.func @differently(%a: tensor<4xf32>, %b: tensor<4xf32>) -> tensor<4x4xf32> {
  // CHECK-COUNT-2: lamina.broadcast_in_dim
  // CHECK: lamina.add %{{.*}}, %{{.*}} : tensor<4x4xf32>
  %0 = lamina.broadcast_in_dim %a, dims = [0] : (tensor<4xf32>) -> tensor<4x4xf32>
  %1 = lamina.broadcast_in_dim %b, dims = [1] : (tensor<4xf32>) -> tensor<4x4xf32>
  %2 = lamina.add %0, %1 : tensor<4x4xf32>
  return %2 : tensor<4x4xf32>
}

// The sum of rows of one number is the number times the rows.
// CHECK-LABEL: @sum_of_repeated(
// CHECK-SAME: %[[A:.*]]: tensor<f32>)
func.func @sum_of_repeated(%a: tensor<f32>) -> tensor<4xf32> {
  // CHECK: %[[ROWS:.*]] = lamina.rows : tensor<f32>
  // CHECK: %[[SUM:.*]] = lamina.multiply %[[A]], %[[ROWS]] : tensor<f32>
  // CHECK: %[[Y:.*]] = lamina.broadcast_in_dim %[[SUM]], dims = [] : (tensor<f32>) -> tensor<4xf32>
  // CHECK: return %[[Y]]
  %0 = lamina.broadcast_in_dim %a, dims = [] : (tensor<f32>) -> tensor<?x4xf32>
  %1 = lamina.reduce add %0, dims = [0] : (tensor<?x4xf32>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}

// A reduction over repeated and own dimensions.
// CHECK-LABEL: @sum_of_partly_repeated(
// CHECK-SAME: %[[A:.*]]: tensor<3x5xf32>)
func.func @sum_of_partly_repeated(%a: tensor<3x5xf32>) -> tensor<2x5xf32> {
  // CHECK-DAG: %[[FOUR:.*]] = lamina.constant dense<4.000000e+00> : tensor<5xf32>
  // CHECK-DAG: %[[R:.*]] = lamina.reduce add %[[A]], dims = [0]
  // CHECK: %[[SUM:.*]] = lamina.multiply %[[R]], %[[FOUR]] : tensor<5xf32>
  // CHECK: lamina.broadcast_in_dim %[[SUM]], dims = [1] : (tensor<5xf32>) -> tensor<2x5xf32>
  %0 = lamina.broadcast_in_dim %a, dims = [2, 3] : (tensor<3x5xf32>) -> tensor<2x4x3x5xf32>
  %1 = lamina.reduce add %0, dims = [1, 2] : (tensor<2x4x3x5xf32>) -> tensor<2x5xf32>
  return %1 : tensor<2x5xf32>
}

// CHECK-LABEL: @maximum_of_repeated(
// CHECK-SAME: %[[A:.*]]: tensor<?xf32>)
// CHECK-NEXT: return %[[A]]
func.func @maximum_of_repeated(%a: tensor<?xf32>) -> tensor<?xf32> {
  %0 = lamina.broadcast_in_dim %a, dims = [0] : (tensor<?xf32>) -> tensor<?x4xf32>
  %1 = lamina.reduce maximum %0, dims = [1] : (tensor<?x4xf32>) -> tensor<?xf32>
  return %1 : tensor<?xf32>
}

// A dimension of extent 1 that is only there to be repeated.
// CHECK-LABEL: @kept_dimension(
// CHECK-SAME: %[[A:.*]]: tensor<?xf32>)
func.func @kept_dimension(%a: tensor<?xf32>) -> tensor<?x4xf32> {
  // CHECK-NEXT: lamina.broadcast_in_dim %[[A]], dims = [0] : (tensor<?xf32>) -> tensor<?x4xf32>
  %0 = lamina.reshape %a : (tensor<?xf32>) -> tensor<?x1xf32>
  %1 = lamina.broadcast_in_dim %0, dims = [0, 1] : (tensor<?x1xf32>) -> tensor<?x4xf32>
  return %1 : tensor<?x4xf32>
}

// CHECK-LABEL: @moved_scalar(
// CHECK-SAME: %[[A:.*]]: tensor<f32>)
func.func @moved_scalar(%a: tensor<f32>) -> tensor<?x12xf32> {
  // CHECK-NEXT: lamina.broadcast_in_dim %[[A]], dims = [] : (tensor<f32>) -> tensor<?x12xf32>
  %0 = lamina.broadcast_in_dim %a, dims = [] : (tensor<f32>) -> tensor<?x3x4xf32>
  %1 = lamina.reshape %0 : (tensor<?x3x4xf32>) -> tensor<?x12xf32>
  return %1 : tensor<?x12xf32>
}

//===--- Contractions ------------------------------------------------------------------------===//

// CHECK-LABEL: @transposed_operands(
// CHECK-SAME: %[[A:.*]]: tensor<3x2xf32>, %[[B:.*]]: tensor<4x3xf32>)
func.func @transposed_operands(%a: tensor<3x2xf32>, %b: tensor<4x3xf32>) -> tensor<2x4xf32> {
  // CHECK-NEXT: lamina.dot_general %[[A]], %[[B]], batching = [] x [], contracting = [0] x [1]
  %0 = lamina.transpose %a, dims = [1, 0] : (tensor<3x2xf32>) -> tensor<2x3xf32>
  %1 = lamina.transpose %b, dims = [1, 0] : (tensor<4x3xf32>) -> tensor<3x4xf32>
  %2 = lamina.dot_general %0, %1, batching = [] x [], contracting = [1] x [0]
      : (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<2x4xf32>
  return %2 : tensor<2x4xf32>
}

// Free dimensions that change their order keep the transpose.
// CHECK-LABEL: @transposed_free(
func.func @transposed_free(%a: tensor<3x2x5xf32>, %b: tensor<5x4xf32>) -> tensor<2x3x4xf32> {
  // CHECK-NEXT: lamina.transpose
  // CHECK-NEXT: lamina.dot_general
  %0 = lamina.transpose %a, dims = [1, 0, 2] : (tensor<3x2x5xf32>) -> tensor<2x3x5xf32>
  %1 = lamina.dot_general %0, %b, batching = [] x [], contracting = [2] x [0]
      : (tensor<2x3x5xf32>, tensor<5x4xf32>) -> tensor<2x3x4xf32>
  return %1 : tensor<2x3x4xf32>
}

// CHECK-LABEL: @transposed_batched(
// CHECK-SAME: %[[A:.*]]: tensor<3x2x5xf32>, %[[B:.*]]: tensor<2x5x4xf32>)
func.func @transposed_batched(%a: tensor<3x2x5xf32>, %b: tensor<2x5x4xf32>) -> tensor<2x3x4xf32> {
  // CHECK-NEXT: lamina.dot_general %[[A]], %[[B]], batching = [1] x [0], contracting = [2] x [1]
  %0 = lamina.transpose %a, dims = [1, 0, 2] : (tensor<3x2x5xf32>) -> tensor<2x3x5xf32>
  %1 = lamina.dot_general %0, %b, batching = [0] x [0], contracting = [2] x [1]
      : (tensor<2x3x5xf32>, tensor<2x5x4xf32>) -> tensor<2x3x4xf32>
  return %1 : tensor<2x3x4xf32>
}

// CHECK-LABEL: @transposed_result(
// CHECK-SAME: %[[A:.*]]: tensor<2x3xf32>, %[[B:.*]]: tensor<3x4xf32>)
func.func @transposed_result(%a: tensor<2x3xf32>, %b: tensor<3x4xf32>) -> tensor<4x2xf32> {
  // CHECK-NEXT: lamina.dot_general %[[B]], %[[A]], batching = [] x [], contracting = [0] x [1]
  %0 = lamina.dot_general %a, %b, batching = [] x [], contracting = [1] x [0]
      : (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<2x4xf32>
  %1 = lamina.transpose %0, dims = [1, 0] : (tensor<2x4xf32>) -> tensor<4x2xf32>
  return %1 : tensor<4x2xf32>
}

//===--- Duplicates and dead code ------------------------------------------------------------===//

// CHECK-LABEL: @duplicates(
func.func @duplicates(%a: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK-NEXT: %[[E:.*]] = lamina.exponential
  // CHECK-NEXT: %[[Y:.*]] = lamina.multiply %[[E]], %[[E]]
  // CHECK-NEXT: return %[[Y]]
  %dead = lamina.tanh %a : tensor<4xf32>
  %0 = lamina.exponential %a : tensor<4xf32>
  %1 = lamina.exponential %a : tensor<4xf32>
  %2 = lamina.multiply %0, %1 : tensor<4xf32>
  return %2 : tensor<4xf32>
}
