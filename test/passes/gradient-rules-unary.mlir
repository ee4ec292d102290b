// RUN: lamina-opt %s --gradient --split-input-file | FileCheck %s

// One module per rule: the loss is the sum of the operation's result, whose gradient is %[[G]].

// CHECK-LABEL: module @abs
module @abs {
  lamina.variable @x : tensor<4xf32> {trainable}
  // CHECK: func.func @gradient(
  // CHECK-SAME: %[[X:.*]]: tensor<4xf32> {lamina.variable = @x}
  func.func @loss(%x: tensor<4xf32> {lamina.variable = @x})
      -> (tensor<f32> {lamina.log = "loss"}) {
    // CHECK: %[[Y:.*]] = lamina.abs %[[X]]
    %y = lamina.abs %x : tensor<4xf32>
    %loss = lamina.reduce add %y, dims = [0] : (tensor<4xf32>) -> tensor<f32>
    // CHECK: %[[G:.*]] = lamina.broadcast_in_dim %{{.*}}, dims = [] : (tensor<f32>) -> tensor<4xf32>
    // CHECK-NEXT: %[[S:.*]] = lamina.sign %[[X]]
    // CHECK-NEXT: %[[D:.*]] = lamina.multiply %[[G]], %[[S]]
    // CHECK: return %{{.*}}, %[[D]] : tensor<f32>, tensor<4xf32>
    return %loss : tensor<f32>
  }
}

// -----

// CHECK-LABEL: module @cosine
module @cosine {
  lamina.variable @x : tensor<4xf32> {trainable}
  // CHECK: func.func @gradient(
  // CHECK-SAME: %[[X:.*]]: tensor<4xf32> {lamina.variable = @x}
  func.func @loss(%x: tensor<4xf32> {lamina.variable = @x})
      -> (tensor<f32> {lamina.log = "loss"}) {
    // CHECK: %[[Y:.*]] = lamina.cosine %[[X]]
    %y = lamina.cosine %x : tensor<4xf32>
    %loss = lamina.reduce add %y, dims = [0] : (tensor<4xf32>) -> tensor<f32>
    // CHECK: %[[G:.*]] = lamina.broadcast_in_dim %{{.*}}, dims = [] : (tensor<f32>) -> tensor<4xf32>
    // CHECK-NEXT: %[[S:.*]] = lamina.sine %[[X]]
    // CHECK-NEXT: %[[P:.*]] = lamina.multiply %[[G]], %[[S]]
    // CHECK-NEXT: %[[D:.*]] = lamina.negate %[[P]]
    // CHECK: return %{{.*}}, %[[D]] : tensor<f32>, tensor<4xf32>
    return %loss : tensor<f32>
  }
}

// -----

// 2 / sqrt(pi) exp(-x^2)
// CHECK-LABEL: module @erf
module @erf {
  lamina.variable @x : tensor<4xf32> {trainable}
  // CHECK: func.func @gradient(
  // CHECK-SAME: %[[X:.*]]: tensor<4xf32> {lamina.variable = @x}
  func.func @loss(%x: tensor<4xf32> {lamina.variable = @x})
      -> (tensor<f32> {lamina.log = "loss"}) {
    // CHECK: %[[Y:.*]] = lamina.erf %[[X]]
    %y = lamina.erf %x : tensor<4xf32>
    %loss = lamina.reduce add %y, dims = [0] : (tensor<4xf32>) -> tensor<f32>
    // CHECK: %[[G:.*]] = lamina.broadcast_in_dim %{{.*}}, dims = [] : (tensor<f32>) -> tensor<4xf32>
    // CHECK-NEXT: %[[S:.*]] = lamina.multiply %[[X]], %[[X]]
    // CHECK-NEXT: %[[M:.*]] = lamina.negate %[[S]]
    // CHECK-NEXT: %[[E:.*]] = lamina.exponential %[[M]]
    // CHECK-NEXT: %[[K:.*]] = lamina.constant dense<1.12837923>
    // CHECK-NEXT: %[[P:.*]] = lamina.multiply %[[E]], %[[K]]
    // CHECK-NEXT: %[[D:.*]] = lamina.multiply %[[G]], %[[P]]
    // CHECK: return %{{.*}}, %[[D]] : tensor<f32>, tensor<4xf32>
    return %loss : tensor<f32>
  }
}

// -----

// CHECK-LABEL: module @exponential
module @exponential {
  lamina.variable @x : tensor<4xf32> {trainable}
  // CHECK: func.func @gradient(
  // CHECK-SAME: %[[X:.*]]: tensor<4xf32> {lamina.variable = @x}
  func.func @loss(%x: tensor<4xf32> {lamina.variable = @x})
      -> (tensor<f32> {lamina.log = "loss"}) {
    // CHECK: %[[Y:.*]] = lamina.exponential %[[X]]
    %y = lamina.exponential %x : tensor<4xf32>
    %loss = lamina.reduce add %y, dims = [0] : (tensor<4xf32>) -> tensor<f32>
    // CHECK: %[[G:.*]] = lamina.broadcast_in_dim %{{.*}}, dims = [] : (tensor<f32>) -> tensor<4xf32>
    // CHECK-NEXT: %[[D:.*]] = lamina.multiply %[[G]], %[[Y]]
    // CHECK: return %{{.*}}, %[[D]] : tensor<f32>, tensor<4xf32>
    return %loss : tensor<f32>
  }
}

// -----

// CHECK-LABEL: module @exponential_minus_one
module @exponential_minus_one {
  lamina.variable @x : tensor<4xf32> {trainable}
  // CHECK: func.func @gradient(
  // CHECK-SAME: %[[X:.*]]: tensor<4xf32> {lamina.variable = @x}
  func.func @loss(%x: tensor<4xf32> {lamina.variable = @x})
      -> (tensor<f32> {lamina.log = "loss"}) {
    // CHECK: %[[Y:.*]] = lamina.exponential_minus_one %[[X]]
    %y = lamina.exponential_minus_one %x : tensor<4xf32>
    %loss = lamina.reduce add %y, dims = [0] : (tensor<4xf32>) -> tensor<f32>
    // CHECK: %[[G:.*]] = lamina.broadcast_in_dim %{{.*}}, dims = [] : (tensor<f32>) -> tensor<4xf32>
    // CHECK-NEXT: %[[E:.*]] = lamina.exponential %[[X]]
    // CHECK-NEXT: %[[D:.*]] = lamina.multiply %[[G]], %[[E]]
    // CHECK: return %{{.*}}, %[[D]] : tensor<f32>, tensor<4xf32>
    return %loss : tensor<f32>
  }
}

// -----

// CHECK-LABEL: module @log
module @log {
  lamina.variable @x : tensor<4xf32> {trainable}
  // CHECK: func.func @gradient(
  // CHECK-SAME: %[[X:.*]]: tensor<4xf32> {lamina.variable = @x}
  func.func @loss(%x: tensor<4xf32> {lamina.variable = @x})
      -> (tensor<f32> {lamina.log = "loss"}) {
    // CHECK: %[[Y:.*]] = lamina.log %[[X]]
    %y = lamina.log %x : tensor<4xf32>
    %loss = lamina.reduce add %y, dims = [0] : (tensor<4xf32>) -> tensor<f32>
    // CHECK: %[[G:.*]] = lamina.broadcast_in_dim %{{.*}}, dims = [] : (tensor<f32>) -> tensor<4xf32>
    // CHECK-NEXT: %[[D:.*]] = lamina.divide %[[G]], %[[X]]
    // CHECK: return %{{.*}}, %[[D]] : tensor<f32>, tensor<4xf32>
    return %loss : tensor<f32>
  }
}

// -----

// CHECK-LABEL: module @log_plus_one
module @log_plus_one {
  lamina.variable @x : tensor<4xf32> {trainable}
  // CHECK: func.func @gradient(
  // CHECK-SAME: %[[X:.*]]: tensor<4xf32> {lamina.variable = @x}
  func.func @loss(%x: tensor<4xf32> {lamina.variable = @x})
      -> (tensor<f32> {lamina.log = "loss"}) {
    // CHECK: %[[Y:.*]] = lamina.log_plus_one %[[X]]
    %y = lamina.log_plus_one %x : tensor<4xf32>
    %loss = lamina.reduce add %y, dims = [0] : (tensor<4xf32>) -> tensor<f32>
    // CHECK: %[[G:.*]] = lamina.broadcast_in_dim %{{.*}}, dims = [] : (tensor<f32>) -> tensor<4xf32>
    // CHECK: %[[S:.*]] = lamina.add %[[X]], %{{.*}}
    // CHECK-NEXT: %[[D:.*]] = lamina.divide %[[G]], %[[S]]
    // CHECK: return %{{.*}}, %[[D]] : tensor<f32>, tensor<4xf32>
    return %loss : tensor<f32>
  }
}

// -----

// CHECK-LABEL: module @logistic
module @logistic {
  lamina.variable @x : tensor<4xf32> {trainable}
  // CHECK: func.func @gradient(
  // CHECK-SAME: %[[X:.*]]: tensor<4xf32> {lamina.variable = @x}
  func.func @loss(%x: tensor<4xf32> {lamina.variable = @x})
      -> (tensor<f32> {lamina.log = "loss"}) {
    // CHECK: %[[Y:.*]] = lamina.logistic %[[X]]
    %y = lamina.logistic %x : tensor<4xf32>
    %loss = lamina.reduce add %y, dims = [0] : (tensor<4xf32>) -> tensor<f32>
    // CHECK: %[[G:.*]] = lamina.broadcast_in_dim %{{.*}}, dims = [] : (tensor<f32>) -> tensor<4xf32>
    // CHECK: %[[GY:.*]] = lamina.multiply %[[G]], %[[Y]]
    // CHECK: %[[ONE:.*]] = lamina.constant dense<1.000000e+00>
    // CHECK-NEXT: %[[C:.*]] = lamina.subtract %[[ONE]], %[[Y]]
    // CHECK-NEXT: %[[D:.*]] = lamina.multiply %[[GY]], %[[C]]
    // CHECK: return %{{.*}}, %[[D]] : tensor<f32>, tensor<4xf32>
    return %loss : tensor<f32>
  }
}

// -----

// CHECK-LABEL: module @negate
module @negate {
  lamina.variable @x : tensor<4xf32> {trainable}
  // CHECK: func.func @gradient(
  // CHECK-SAME: %[[X:.*]]: tensor<4xf32> {lamina.variable = @x}
  func.func @loss(%x: tensor<4xf32> {lamina.variable = @x})
      -> (tensor<f32> {lamina.log = "loss"}) {
    // CHECK: %[[Y:.*]] = lamina.negate %[[X]]
    %y = lamina.negate %x : tensor<4xf32>
    %loss = lamina.reduce add %y, dims = [0] : (tensor<4xf32>) -> tensor<f32>
    // CHECK: %[[G:.*]] = lamina.broadcast_in_dim %{{.*}}, dims = [] : (tensor<f32>) -> tensor<4xf32>
    // CHECK-NEXT: %[[D:.*]] = lamina.negate %[[G]]
    // CHECK: return %{{.*}}, %[[D]] : tensor<f32>, tensor<4xf32>
    return %loss : tensor<f32>
  }
}

// -----

// -y^3 / 2
// CHECK-LABEL: module @rsqrt
module @rsqrt {
  lamina.variable @x : tensor<4xf32> {trainable}
  // CHECK: func.func @gradient(
  // CHECK-SAME: %[[X:.*]]: tensor<4xf32> {lamina.variable = @x}
  func.func @loss(%x: tensor<4xf32> {lamina.variable = @x})
      -> (tensor<f32> {lamina.log = "loss"}) {
    // CHECK: %[[Y:.*]] = lamina.rsqrt %[[X]]
    %y = lamina.rsqrt %x : tensor<4xf32>
    %loss = lamina.reduce add %y, dims = [0] : (tensor<4xf32>) -> tensor<f32>
    // CHECK: %[[G:.*]] = lamina.broadcast_in_dim %{{.*}}, dims = [] : (tensor<f32>) -> tensor<4xf32>
    // CHECK-NEXT: %[[A:.*]] = lamina.multiply %[[G]], %[[Y]]
    // CHECK-NEXT: %[[B:.*]] = lamina.multiply %[[A]], %[[Y]]
    // CHECK-NEXT: %[[C:.*]] = lamina.multiply %[[B]], %[[Y]]
    // CHECK-NEXT: %[[H:.*]] = lamina.constant dense<-5.000000e-01>
    // CHECK-NEXT: %[[D:.*]] = lamina.multiply %[[C]], %[[H]]
    // CHECK: return %{{.*}}, %[[D]] : tensor<f32>, tensor<4xf32>
    return %loss : tensor<f32>
  }
}

// -----

// CHECK-LABEL: module @sine
module @sine {
  lamina.variable @x : tensor<4xf32> {trainable}
  // CHECK: func.func @gradient(
  // CHECK-SAME: %[[X:.*]]: tensor<4xf32> {lamina.variable = @x}
  func.func @loss(%x: tensor<4xf32> {lamina.variable = @x})
      -> (tensor<f32> {lamina.log = "loss"}) {
    // CHECK: %[[Y:.*]] = lamina.sine %[[X]]
    %y = lamina.sine %x : tensor<4xf32>
    %loss = lamina.reduce add %y, dims = [0] : (tensor<4xf32>) -> tensor<f32>
    // CHECK: %[[G:.*]] = lamina.broadcast_in_dim %{{.*}}, dims = [] : (tensor<f32>) -> tensor<4xf32>
    // CHECK-NEXT: %[[C:.*]] = lamina.cosine %[[X]]
    // CHECK-NEXT: %[[D:.*]] = lamina.multiply %[[G]], %[[C]]
    // CHECK: return %{{.*}}, %[[D]] : tensor<f32>, tensor<4xf32>
    return %loss : tensor<f32>
  }
}

// -----

// CHECK-LABEL: module @sqrt
module @sqrt {
  lamina.variable @x : tensor<4xf32> {trainable}
  // CHECK: func.func @gradient(
  // CHECK-SAME: %[[X:.*]]: tensor<4xf32> {lamina.variable = @x}
  func.func @loss(%x: tensor<4xf32> {lamina.variable = @x})
      -> (tensor<f32> {lamina.log = "loss"}) {
    // CHECK: %[[Y:.*]] = lamina.sqrt %[[X]]
    %y = lamina.sqrt %x : tensor<4xf32>
    %loss = lamina.reduce add %y, dims = [0] : (tensor<4xf32>) -> tensor<f32>
    // CHECK: %[[G:.*]] = lamina.broadcast_in_dim %{{.*}}, dims = [] : (tensor<f32>) -> tensor<4xf32>
    // CHECK-NEXT: %[[H:.*]] = lamina.constant dense<5.000000e-01>
    // CHECK-NEXT: %[[P:.*]] = lamina.multiply %[[G]], %[[H]]
    // CHECK-NEXT: %[[D:.*]] = lamina.divide %[[P]], %[[Y]]
    // CHECK: return %{{.*}}, %[[D]] : tensor<f32>, tensor<4xf32>
    return %loss : tensor<f32>
  }
}

// -----

// CHECK-LABEL: module @tanh
module @tanh {
  lamina.variable @x : tensor<4xf32> {trainable}
  // CHECK: func.func @gradient(
  // CHECK-SAME: %[[X:.*]]: tensor<4xf32> {lamina.variable = @x}
  func.func @loss(%x: tensor<4xf32> {lamina.variable = @x})
      -> (tensor<f32> {lamina.log = "loss"}) {
    // CHECK: %[[Y:.*]] = lamina.tanh %[[X]]
    %y = lamina.tanh %x : tensor<4xf32>
    %loss = lamina.reduce add %y, dims = [0] : (tensor<4xf32>) -> tensor<f32>
    // CHECK: %[[G:.*]] = lamina.broadcast_in_dim %{{.*}}, dims = [] : (tensor<f32>) -> tensor<4xf32>
    // CHECK-NEXT: %[[S:.*]] = lamina.multiply %[[Y]], %[[Y]]
    // CHECK-NEXT: %[[ONE:.*]] = lamina.constant dense<1.000000e+00>
    // CHECK-NEXT: %[[C:.*]] = lamina.subtract %[[ONE]], %[[S]]
    // CHECK-NEXT: %[[D:.*]] = lamina.multiply %[[G]], %[[C]]
    // CHECK: return %{{.*}}, %[[D]] : tensor<f32>, tensor<4xf32>
    return %loss : tensor<f32>
  }
}

// -----

// No gradient through the piecewise constant factor.
// CHECK-LABEL: module @ceil
module @ceil {
  lamina.variable @x : tensor<4xf32> {trainable}
  // CHECK: func.func @gradient(
  // CHECK-SAME: %[[X:.*]]: tensor<4xf32> {lamina.variable = @x}
  func.func @loss(%x: tensor<4xf32> {lamina.variable = @x})
      -> (tensor<f32> {lamina.log = "loss"}) {
    // CHECK: %[[Y:.*]] = lamina.ceil %[[X]]
    %s = lamina.ceil %x : tensor<4xf32>
    %y = lamina.multiply %s, %x : tensor<4xf32>
    %loss = lamina.reduce add %y, dims = [0] : (tensor<4xf32>) -> tensor<f32>
    // CHECK: %[[G:.*]] = lamina.broadcast_in_dim %{{.*}}, dims = [] : (tensor<f32>) -> tensor<4xf32>
    // CHECK-NEXT: %[[D:.*]] = lamina.multiply %[[G]], %[[Y]]
    // CHECK: return %{{.*}}, %[[D]] : tensor<f32>, tensor<4xf32>
    return %loss : tensor<f32>
  }
}

// -----

// No gradient through the piecewise constant factor.
// CHECK-LABEL: module @floor
module @floor {
  lamina.variable @x : tensor<4xf32> {trainable}
  // CHECK: func.func @gradient(
  // CHECK-SAME: %[[X:.*]]: tensor<4xf32> {lamina.variable = @x}
  func.func @loss(%x: tensor<4xf32> {lamina.variable = @x})
      -> (tensor<f32> {lamina.log = "loss"}) {
    // CHECK: %[[Y:.*]] = lamina.floor %[[X]]
    %s = lamina.floor %x : tensor<4xf32>
    %y = lamina.multiply %s, %x : tensor<4xf32>
    %loss = lamina.reduce add %y, dims = [0] : (tensor<4xf32>) -> tensor<f32>
    // CHECK: %[[G:.*]] = lamina.broadcast_in_dim %{{.*}}, dims = [] : (tensor<f32>) -> tensor<4xf32>
    // CHECK-NEXT: %[[D:.*]] = lamina.multiply %[[G]], %[[Y]]
    // CHECK: return %{{.*}}, %[[D]] : tensor<f32>, tensor<4xf32>
    return %loss : tensor<f32>
  }
}

// -----

// No gradient through the piecewise constant factor.
// CHECK-LABEL: module @round_nearest_even
module @round_nearest_even {
  lamina.variable @x : tensor<4xf32> {trainable}
  // CHECK: func.func @gradient(
  // CHECK-SAME: %[[X:.*]]: tensor<4xf32> {lamina.variable = @x}
  func.func @loss(%x: tensor<4xf32> {lamina.variable = @x})
      -> (tensor<f32> {lamina.log = "loss"}) {
    // CHECK: %[[Y:.*]] = lamina.round_nearest_even %[[X]]
    %s = lamina.round_nearest_even %x : tensor<4xf32>
    %y = lamina.multiply %s, %x : tensor<4xf32>
    %loss = lamina.reduce add %y, dims = [0] : (tensor<4xf32>) -> tensor<f32>
    // CHECK: %[[G:.*]] = lamina.broadcast_in_dim %{{.*}}, dims = [] : (tensor<f32>) -> tensor<4xf32>
    // CHECK-NEXT: %[[D:.*]] = lamina.multiply %[[G]], %[[Y]]
    // CHECK: return %{{.*}}, %[[D]] : tensor<f32>, tensor<4xf32>
    return %loss : tensor<f32>
  }
}

// -----

// No gradient through the piecewise constant factor.
// CHECK-LABEL: module @sign
module @sign {
  lamina.variable @x : tensor<4xf32> {trainable}
  // CHECK: func.func @gradient(
  // CHECK-SAME: %[[X:.*]]: tensor<4xf32> {lamina.variable = @x}
  func.func @loss(%x: tensor<4xf32> {lamina.variable = @x})
      -> (tensor<f32> {lamina.log = "loss"}) {
    // CHECK: %[[Y:.*]] = lamina.sign %[[X]]
    %s = lamina.sign %x : tensor<4xf32>
    %y = lamina.multiply %s, %x : tensor<4xf32>
    %loss = lamina.reduce add %y, dims = [0] : (tensor<4xf32>) -> tensor<f32>
    // CHECK: %[[G:.*]] = lamina.broadcast_in_dim %{{.*}}, dims = [] : (tensor<f32>) -> tensor<4xf32>
    // CHECK-NEXT: %[[D:.*]] = lamina.multiply %[[G]], %[[Y]]
    // CHECK: return %{{.*}}, %[[D]] : tensor<f32>, tensor<4xf32>
    return %loss : tensor<f32>
  }
}
