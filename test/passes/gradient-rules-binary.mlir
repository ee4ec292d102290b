// RUN: lamina-opt %s --gradient --split-input-file | FileCheck %s

// One module per rule: the loss is the sum of the operation's result, whose gradient is %[[G]].

// CHECK-LABEL: module @add
module @add {
  lamina.variable @a : tensor<4xf32> {trainable}
  lamina.variable @b : tensor<4xf32> {trainable}
  // CHECK: func.func @gradient(
  // CHECK-SAME: %[[A:.*]]: tensor<4xf32> {lamina.variable = @a}
  // CHECK-SAME: %[[B:.*]]: tensor<4xf32> {lamina.variable = @b}
  func.func @loss(%a: tensor<4xf32> {lamina.variable = @a}, %b: tensor<4xf32> {lamina.variable = @b})
      -> (tensor<f32> {lamina.log = "loss"}) {
    // CHECK: %[[Y:.*]] = lamina.add %[[A]], %[[B]]
    %y = lamina.add %a, %b : tensor<4xf32>
    %loss = lamina.reduce add %y, dims = [0] : (tensor<4xf32>) -> tensor<f32>
    // CHECK: %[[G:.*]] = lamina.broadcast_in_dim %{{.*}}, dims = [] : (tensor<f32>) -> tensor<4xf32>
    // CHECK: return %{{.*}}, %[[G]], %[[G]]
    return %loss : tensor<f32>
  }
}

// -----

// CHECK-LABEL: module @subtract
module @subtract {
  lamina.variable @a : tensor<4xf32> {trainable}
  lamina.variable @b : tensor<4xf32> {trainable}
  // CHECK: func.func @gradient(
  // CHECK-SAME: %[[A:.*]]: tensor<4xf32> {lamina.variable = @a}
  // CHECK-SAME: %[[B:.*]]: tensor<4xf32> {lamina.variable = @b}
  func.func @loss(%a: tensor<4xf32> {lamina.variable = @a}, %b: tensor<4xf32> {lamina.variable = @b})
      -> (tensor<f32> {lamina.log = "loss"}) {
    // CHECK: %[[Y:.*]] = lamina.subtract %[[A]], %[[B]]
    %y = lamina.subtract %a, %b : tensor<4xf32>
    %loss = lamina.reduce add %y, dims = [0] : (tensor<4xf32>) -> tensor<f32>
    // CHECK: %[[G:.*]] = lamina.broadcast_in_dim %{{.*}}, dims = [] : (tensor<f32>) -> tensor<4xf32>
    // CHECK-NEXT: %[[D:.*]] = lamina.negate %[[G]]
    // CHECK: return %{{.*}}, %[[G]], %[[D]]
    return %loss : tensor<f32>
  }
}

// -----

// CHECK-LABEL: module @multiply
module @multiply {
  lamina.variable @a : tensor<4xf32> {trainable}
  lamina.variable @b : tensor<4xf32> {trainable}
  // CHECK: func.func @gradient(
  // CHECK-SAME: %[[A:.*]]: tensor<4xf32> {lamina.variable = @a}
  // CHECK-SAME: %[[B:.*]]: tensor<4xf32> {lamina.variable = @b}
  func.func @loss(%a: tensor<4xf32> {lamina.variable = @a}, %b: tensor<4xf32> {lamina.variable = @b})
      -> (tensor<f32> {lamina.log = "loss"}) {
    // CHECK: %[[Y:.*]] = lamina.multiply %[[A]], %[[B]]
    %y = lamina.multiply %a, %b : tensor<4xf32>
    %loss = lamina.reduce add %y, dims = [0] : (tensor<4xf32>) -> tensor<f32>
    // CHECK: %[[G:.*]] = lamina.broadcast_in_dim %{{.*}}, dims = [] : (tensor<f32>) -> tensor<4xf32>
    // CHECK-DAG: %[[DA:.*]] = lamina.multiply %[[G]], %[[B]]
    // CHECK-DAG: %[[DB:.*]] = lamina.multiply %[[G]], %[[A]]
    // CHECK: return %{{.*}}, %[[DA]], %[[DB]]
    return %loss : tensor<f32>
  }
}

// -----

// CHECK-LABEL: module @divide
module @divide {
  lamina.variable @a : tensor<4xf32> {trainable}
  lamina.variable @b : tensor<4xf32> {trainable}
  // CHECK: func.func @gradient(
  // CHECK-SAME: %[[A:.*]]: tensor<4xf32> {lamina.variable = @a}
  // CHECK-SAME: %[[B:.*]]: tensor<4xf32> {lamina.variable = @b}
  func.func @loss(%a: tensor<4xf32> {lamina.variable = @a}, %b: tensor<4xf32> {lamina.variable = @b})
      -> (tensor<f32> {lamina.log = "loss"}) {
    // CHECK: %[[Y:.*]] = lamina.divide %[[A]], %[[B]]
    %y = lamina.divide %a, %b : tensor<4xf32>
    %loss = lamina.reduce add %y, dims = [0] : (tensor<4xf32>) -> tensor<f32>
    // CHECK: %[[G:.*]] = lamina.broadcast_in_dim %{{.*}}, dims = [] : (tensor<f32>) -> tensor<4xf32>
    // CHECK-NEXT: %[[DA:.*]] = lamina.divide %[[G]], %[[B]]
    // CHECK-NEXT: %[[P:.*]] = lamina.multiply %[[DA]], %[[Y]]
    // CHECK-NEXT: %[[DB:.*]] = lamina.negate %[[P]]
    // CHECK: return %{{.*}}, %[[DA]], %[[DB]]
    return %loss : tensor<f32>
  }
}

// -----

// The left operand wins ties.
// CHECK-LABEL: module @maximum
module @maximum {
  lamina.variable @a : tensor<4xf32> {trainable}
  lamina.variable @b : tensor<4xf32> {trainable}
  // CHECK: func.func @gradient(
  // CHECK-SAME: %[[A:.*]]: tensor<4xf32> {lamina.variable = @a}
  // CHECK-SAME: %[[B:.*]]: tensor<4xf32> {lamina.variable = @b}
  func.func @loss(%a: tensor<4xf32> {lamina.variable = @a}, %b: tensor<4xf32> {lamina.variable = @b})
      -> (tensor<f32> {lamina.log = "loss"}) {
    // CHECK: %[[Y:.*]] = lamina.maximum %[[A]], %[[B]]
    %y = lamina.maximum %a, %b : tensor<4xf32>
    %loss = lamina.reduce add %y, dims = [0] : (tensor<4xf32>) -> tensor<f32>
    // CHECK: %[[G:.*]] = lamina.broadcast_in_dim %{{.*}}, dims = [] : (tensor<f32>) -> tensor<4xf32>
    // CHECK-NEXT: %[[LEFT:.*]] = lamina.compare GE %[[A]], %[[B]]
    // CHECK: %[[ZERO:.*]] = lamina.constant dense<0.000000e+00>
    // CHECK: %[[DA:.*]] = lamina.select %[[LEFT]], %[[G]], %{{.*}}
    // CHECK: %[[DB:.*]] = lamina.select %[[LEFT]], %{{.*}}, %[[G]]
    // CHECK: return %{{.*}}, %[[DA]], %[[DB]]
    return %loss : tensor<f32>
  }
}

// -----

// The left operand wins ties.
// CHECK-LABEL: module @minimum
module @minimum {
  lamina.variable @a : tensor<4xf32> {trainable}
  lamina.variable @b : tensor<4xf32> {trainable}
  // CHECK: func.func @gradient(
  // CHECK-SAME: %[[A:.*]]: tensor<4xf32> {lamina.variable = @a}
  // CHECK-SAME: %[[B:.*]]: tensor<4xf32> {lamina.variable = @b}
  func.func @loss(%a: tensor<4xf32> {lamina.variable = @a}, %b: tensor<4xf32> {lamina.variable = @b})
      -> (tensor<f32> {lamina.log = "loss"}) {
    // CHECK: %[[Y:.*]] = lamina.minimum %[[A]], %[[B]]
    %y = lamina.minimum %a, %b : tensor<4xf32>
    %loss = lamina.reduce add %y, dims = [0] : (tensor<4xf32>) -> tensor<f32>
    // CHECK: %[[G:.*]] = lamina.broadcast_in_dim %{{.*}}, dims = [] : (tensor<f32>) -> tensor<4xf32>
    // CHECK-NEXT: %[[LEFT:.*]] = lamina.compare LE %[[A]], %[[B]]
    // CHECK: %[[ZERO:.*]] = lamina.constant dense<0.000000e+00>
    // CHECK: %[[DA:.*]] = lamina.select %[[LEFT]], %[[G]], %{{.*}}
    // CHECK: %[[DB:.*]] = lamina.select %[[LEFT]], %{{.*}}, %[[G]]
    // CHECK: return %{{.*}}, %[[DA]], %[[DB]]
    return %loss : tensor<f32>
  }
}

// -----

// The logarithm is taken as 0 where the base is not positive.
// CHECK-LABEL: module @power
module @power {
  lamina.variable @a : tensor<4xf32> {trainable}
  lamina.variable @b : tensor<4xf32> {trainable}
  // CHECK: func.func @gradient(
  // CHECK-SAME: %[[A:.*]]: tensor<4xf32> {lamina.variable = @a}
  // CHECK-SAME: %[[B:.*]]: tensor<4xf32> {lamina.variable = @b}
  func.func @loss(%a: tensor<4xf32> {lamina.variable = @a}, %b: tensor<4xf32> {lamina.variable = @b})
      -> (tensor<f32> {lamina.log = "loss"}) {
    // CHECK: %[[Y:.*]] = lamina.power %[[A]], %[[B]]
    %y = lamina.power %a, %b : tensor<4xf32>
    %loss = lamina.reduce add %y, dims = [0] : (tensor<4xf32>) -> tensor<f32>
    // CHECK: %[[G:.*]] = lamina.broadcast_in_dim %{{.*}}, dims = [] : (tensor<f32>) -> tensor<4xf32>
    // CHECK-DAG: %[[POSITIVE:.*]] = lamina.compare GT %[[A]], %{{.*}}
    // CHECK-DAG: %[[SAFE:.*]] = lamina.select %[[POSITIVE]], %[[A]], %{{.*}}
    // CHECK-DAG: %[[LOG:.*]] = lamina.log %[[SAFE]]
    // CHECK-DAG: %[[L:.*]] = lamina.select %[[POSITIVE]], %[[LOG]], %{{.*}}
    // CHECK-DAG: %[[YL:.*]] = lamina.multiply %[[Y]], %[[L]]
    // CHECK-DAG: %[[DB:.*]] = lamina.multiply %[[G]], %[[YL]]
    // CHECK-DAG: %[[LESS:.*]] = lamina.subtract %[[B]], %{{.*}}
    // CHECK-DAG: %[[POWER:.*]] = lamina.power %[[A]], %[[LESS]]
    // CHECK-DAG: %[[BP:.*]] = lamina.multiply %[[B]], %[[POWER]]
    // CHECK-DAG: %[[DA:.*]] = lamina.multiply %[[G]], %[[BP]]
    // CHECK: return %{{.*}}, %[[DA]], %[[DB]]
    return %loss : tensor<f32>
  }
}

// -----

// CHECK-LABEL: module @remainder
module @remainder {
  lamina.variable @a : tensor<4xf32> {trainable}
  lamina.variable @b : tensor<4xf32> {trainable}
  // CHECK: func.func @gradient(
  // CHECK-SAME: %[[A:.*]]: tensor<4xf32> {lamina.variable = @a}
  // CHECK-SAME: %[[B:.*]]: tensor<4xf32> {lamina.variable = @b}
  func.func @loss(%a: tensor<4xf32> {lamina.variable = @a}, %b: tensor<4xf32> {lamina.variable = @b})
      -> (tensor<f32> {lamina.log = "loss"}) {
    // CHECK: %[[Y:.*]] = lamina.remainder %[[A]], %[[B]]
    %y = lamina.remainder %a, %b : tensor<4xf32>
    %loss = lamina.reduce add %y, dims = [0] : (tensor<4xf32>) -> tensor<f32>
    // CHECK: %[[G:.*]] = lamina.broadcast_in_dim %{{.*}}, dims = [] : (tensor<f32>) -> tensor<4xf32>
    // CHECK-NEXT: %[[Q:.*]] = lamina.divide %[[A]], %[[B]]
    // CHECK: %[[T:.*]] = lamina.select %{{.*}}, %{{.*}}, %{{.*}}
    // CHECK: %[[P:.*]] = lamina.multiply %[[G]], %[[T]]
    // CHECK: %[[DB:.*]] = lamina.negate %[[P]]
    // CHECK: return %{{.*}}, %[[G]], %[[DB]]
    return %loss : tensor<f32>
  }
}

// -----

// CHECK-LABEL: module @fma
module @fma {
  lamina.variable @a : tensor<4xf32> {trainable}
  lamina.variable @b : tensor<4xf32> {trainable}
  lamina.variable @c : tensor<4xf32> {trainable}
  // CHECK: func.func @gradient(
  // CHECK-SAME: %[[A:.*]]: tensor<4xf32> {lamina.variable = @a}
  // CHECK-SAME: %[[B:.*]]: tensor<4xf32> {lamina.variable = @b}
  // CHECK-SAME: %[[C:.*]]: tensor<4xf32> {lamina.variable = @c}
  func.func @loss(%a: tensor<4xf32> {lamina.variable = @a}, %b: tensor<4xf32> {lamina.variable = @b}, %c: tensor<4xf32> {lamina.variable = @c})
      -> (tensor<f32> {lamina.log = "loss"}) {
    %y = lamina.fma %a, %b, %c : tensor<4xf32>
    %loss = lamina.reduce add %y, dims = [0] : (tensor<4xf32>) -> tensor<f32>
    // CHECK: %[[G:.*]] = lamina.broadcast_in_dim %{{.*}}, dims = [] : (tensor<f32>) -> tensor<4xf32>
    // CHECK-DAG: %[[DA:.*]] = lamina.multiply %[[G]], %[[B]]
    // CHECK-DAG: %[[DB:.*]] = lamina.multiply %[[G]], %[[A]]
    // CHECK: return %{{.*}}, %[[DA]], %[[DB]], %[[G]]
    return %loss : tensor<f32>
  }
}

// -----

// CHECK-LABEL: module @select
module @select {
  lamina.variable @a : tensor<4xf32> {trainable}
  lamina.variable @b : tensor<4xf32> {trainable}
  // CHECK: func.func @gradient(
  // CHECK-SAME: %[[A:.*]]: tensor<4xf32> {lamina.variable = @a}
  // CHECK-SAME: %[[B:.*]]: tensor<4xf32> {lamina.variable = @b}
  func.func @loss(%a: tensor<4xf32> {lamina.variable = @a}, %b: tensor<4xf32> {lamina.variable = @b})
      -> (tensor<f32> {lamina.log = "loss"}) {
    // CHECK: %[[P:.*]] = lamina.compare
    %p = lamina.compare LT %a, %b : tensor<4xf32>
    %y = lamina.select %p, %a, %b : tensor<4xi1>, tensor<4xf32>
    %loss = lamina.reduce add %y, dims = [0] : (tensor<4xf32>) -> tensor<f32>
    // CHECK: %[[G:.*]] = lamina.broadcast_in_dim %{{.*}}, dims = [] : (tensor<f32>) -> tensor<4xf32>
    // CHECK: %[[DA:.*]] = lamina.select %[[P]], %[[G]], %{{.*}}
    // CHECK: %[[DB:.*]] = lamina.select %[[P]], %{{.*}}, %[[G]]
    // CHECK: return %{{.*}}, %[[DA]], %[[DB]]
    return %loss : tensor<f32>
  }
}

// -----

// CHECK-LABEL: module @convert
module @convert {
  lamina.variable @x : tensor<4xf32> {trainable}
  // CHECK: func.func @gradient(
  // CHECK-SAME: %[[X:.*]]: tensor<4xf32> {lamina.variable = @x}
  func.func @loss(%x: tensor<4xf32> {lamina.variable = @x})
      -> (tensor<f32> {lamina.log = "loss"}) {
    %y = lamina.convert %x : (tensor<4xf32>) -> tensor<4xf64>
    %s = lamina.reduce add %y, dims = [0] : (tensor<4xf64>) -> tensor<f64>
    %loss = lamina.convert %s : (tensor<f64>) -> tensor<f32>
    // CHECK: %[[G:.*]] = lamina.broadcast_in_dim %{{.*}}, dims = [] : (tensor<f64>) -> tensor<4xf64>
    // CHECK: %[[D:.*]] = lamina.convert %[[G]] : (tensor<4xf64>) -> tensor<4xf32>
    // CHECK: return %{{.*}}, %[[D]] : tensor<f32>, tensor<4xf32>
    return %loss : tensor<f32>
  }
}
