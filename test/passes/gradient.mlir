// RUN: lamina-opt %s --gradient --split-input-file --verify-diagnostics | FileCheck %s

// A dense layer: the results of @loss stay, gradients follow in the order of the arguments. The
// input gets none, nor does the variable that is not trainable.
// CHECK-LABEL: module @dense
// CHECK-NOT: func.func @loss
module @dense attributes {lamina.batch_size = 8 : i64} {
  lamina.variable @w : tensor<3x2xf32> {trainable}
  lamina.variable @b : tensor<2xf32> {trainable}
  lamina.variable @scale : tensor<f32>
  // CHECK: func.func @gradient(%[[W:.*]]: tensor<3x2xf32> {lamina.variable = @w}
  // CHECK-SAME: %[[B:.*]]: tensor<2xf32> {lamina.variable = @b}
  // CHECK-SAME: %[[SCALE:.*]]: tensor<f32> {lamina.variable = @scale}
  // CHECK-SAME: %[[X:.*]]: tensor<?x3xf32> {lamina.input = "x"}
  // CHECK-SAME: -> (tensor<f32> {lamina.log = "loss"},
  // CHECK-SAME:     tensor<f32> {lamina.variable = @scale},
  // CHECK-SAME:     tensor<3x2xf32> {lamina.gradient = @w},
  // CHECK-SAME:     tensor<2xf32> {lamina.gradient = @b})
  func.func @loss(%w: tensor<3x2xf32> {lamina.variable = @w},
                  %b: tensor<2xf32> {lamina.variable = @b},
                  %scale: tensor<f32> {lamina.variable = @scale},
                  %x: tensor<?x3xf32> {lamina.input = "x"})
      -> (tensor<f32> {lamina.log = "loss"}, tensor<f32> {lamina.variable = @scale}) {
    // CHECK: %[[H:.*]] = lamina.dot_general %[[X]], %[[W]]
    // CHECK: %[[SUM:.*]] = lamina.reduce add
    // CHECK: %[[LOSS:.*]] = lamina.multiply %[[SUM]], %[[SCALE]]
    %h = lamina.dot_general %x, %w, batching = [] x [], contracting = [1] x [0]
        : (tensor<?x3xf32>, tensor<3x2xf32>) -> tensor<?x2xf32>
    %c = lamina.broadcast_in_dim %b, dims = [1] : (tensor<2xf32>) -> tensor<?x2xf32>
    %y = lamina.add %h, %c : tensor<?x2xf32>
    %sum = lamina.reduce add %y, dims = [0, 1] : (tensor<?x2xf32>) -> tensor<f32>
    %loss = lamina.multiply %sum, %scale : tensor<f32>
    // CHECK: %[[ONE:.*]] = lamina.constant dense<1.000000e+00> : tensor<f32>
    // CHECK: %[[GSUM:.*]] = lamina.multiply %[[ONE]], %[[SCALE]]
    // CHECK-NOT: lamina.multiply
    // CHECK: %[[GY:.*]] = lamina.broadcast_in_dim %[[GSUM]], dims = [] : (tensor<f32>) -> tensor<?x2xf32>
    // CHECK: %[[GB:.*]] = lamina.reduce add %[[GY]], dims = [0]
    // CHECK-NOT: lamina.dot_general %[[GY]]
    // CHECK: %[[GW:.*]] = lamina.dot_general %[[X]], %[[GY]], batching = [] x [], contracting = [0] x [0]
    // CHECK: return %[[LOSS]], %[[SCALE]], %[[GW]], %[[GB]]
    return %loss, %scale : tensor<f32>, tensor<f32>
  }
}

// -----

// Several uses: gradients are added from the last use to the first.
// CHECK-LABEL: module @uses
module @uses {
  lamina.variable @v : tensor<f32> {trainable}
  // CHECK: func.func @gradient(%[[V:.*]]: tensor<f32>
  func.func @loss(%v: tensor<f32> {lamina.variable = @v}) -> (tensor<f32> {lamina.log = "loss"}) {
    // CHECK: %[[SINE:.*]] = lamina.sine
    // CHECK: %[[EXP:.*]] = lamina.exponential
    // CHECK: %[[SECOND:.*]] = lamina.multiply %{{.*}}, %[[EXP]]
    // CHECK: %[[FIRST:.*]] = lamina.multiply %{{.*}}, %{{.*}}
    // CHECK: %[[BOTH:.*]] = lamina.add %[[SECOND]], %[[FIRST]]
    // CHECK: return %{{.*}}, %[[BOTH]]
    %first = lamina.sine %v : tensor<f32>
    %second = lamina.exponential %v : tensor<f32>
    %loss = lamina.add %first, %second : tensor<f32>
    return %loss : tensor<f32>
  }
}

// -----

// Calls are taken apart, stop_gradient is a constant and vanishes everywhere.
// CHECK-LABEL: module @calls
module @calls {
  lamina.variable @v : tensor<f32> {trainable}
  // CHECK: func.func private @square
  func.func private @square(%x: tensor<f32>) -> tensor<f32> {
    %y = lamina.multiply %x, %x : tensor<f32>
    return %y : tensor<f32>
  }
  // CHECK: func.func @gradient(%[[V:.*]]: tensor<f32>
  // CHECK-NEXT: %[[Y:.*]] = lamina.multiply %[[V]], %[[V]]
  // CHECK-NEXT: %[[LOSS:.*]] = lamina.add %[[Y]], %[[V]]
  // CHECK-NEXT: %[[ONE:.*]] = lamina.constant
  // CHECK-NEXT: %[[A:.*]] = lamina.multiply %[[ONE]], %[[V]]
  // CHECK-NEXT: %[[B:.*]] = lamina.multiply %[[ONE]], %[[V]]
  // CHECK-NEXT: %[[G:.*]] = lamina.add %[[A]], %[[B]]
  // CHECK-NEXT: return %[[LOSS]], %[[G]]
  func.func @loss(%v: tensor<f32> {lamina.variable = @v}) -> (tensor<f32> {lamina.log = "loss"}) {
    %y = call @square(%v) : (tensor<f32>) -> tensor<f32>
    %fixed = lamina.stop_gradient %v : tensor<f32>
    %loss = lamina.add %y, %fixed : tensor<f32>
    return %loss : tensor<f32>
  }
  // CHECK: func.func @predict(%[[P:.*]]: tensor<f32>
  // CHECK-NEXT: return %[[P]]
  func.func @predict(%v: tensor<f32> {lamina.variable = @v}) -> tensor<f32> {
    %fixed = lamina.stop_gradient %v : tensor<f32>
    return %fixed : tensor<f32>
  }
}

// -----

// No gradient flows through integers, and a variable that nobody reads has none.
// CHECK-LABEL: module @integers
module @integers {
  lamina.variable @v : tensor<4xf32> {trainable}
  // expected-warning @below {{the loss does not depend on @unused: it will not be trained}}
  func.func @loss(%v: tensor<4xf32> {lamina.variable = @v},
                  %unused: tensor<4xf32> {lamina.variable = @unused})
      -> (tensor<f32> {lamina.log = "loss"}) {
    // CHECK: lamina.convert
    // CHECK: lamina.convert
    // CHECK-NOT: lamina.convert
    %i = lamina.convert %v : (tensor<4xf32>) -> tensor<4xi32>
    %f = lamina.convert %i : (tensor<4xi32>) -> tensor<4xf32>
    %p = lamina.multiply %f, %v : tensor<4xf32>
    %loss = lamina.reduce add %p, dims = [0] : (tensor<4xf32>) -> tensor<f32>
    return %loss : tensor<f32>
  }
  lamina.variable @unused : tensor<4xf32> {trainable}
}

// -----

// Without a loss nothing happens.
// CHECK-LABEL: module @inference
module @inference {
  // CHECK: func.func @predict
  func.func @predict(%x: tensor<?xf32> {lamina.input = "x"}) -> (tensor<?xf32> {lamina.output = "y0"}) {
    return %x : tensor<?xf32>
  }
}

// -----

module {
  lamina.variable @v : tensor<4xf32> {trainable}
  func.func @loss(%v: tensor<4xf32> {lamina.variable = @v}) -> (tensor<f32> {lamina.log = "loss"}) {
    // expected-error @below {{'lamina.kernel' op has no gradient rule, but the loss depends on a trainable variable through it}}
    %loss = lamina.kernel row(%v) : (tensor<4xf32>) -> tensor<f32> {
    ^bb0(%x: tensor<4xf32>):
      %sum = lamina.reduce add %x, dims = [0] : (tensor<4xf32>) -> tensor<f32>
      lamina.yield %sum : tensor<f32>
    }
    return %loss : tensor<f32>
  }
}

// -----

module {
  // expected-error @below {{returns no loss: none of its results has 'lamina.log'}}
  func.func @loss(%x: tensor<f32> {lamina.input = "x"}) -> tensor<f32> {
    return %x : tensor<f32>
  }
}

// -----

module {
  // expected-error @below {{the loss must be a floating-point scalar, not 'tensor<4xf32>'}}
  func.func @loss(%x: tensor<4xf32> {lamina.input = "x"}) -> (tensor<4xf32> {lamina.log = "loss"}) {
    return %x : tensor<4xf32>
  }
}

// -----

module {
  // expected-error @below {{takes @w, which is not a variable of the module}}
  func.func @loss(%w: tensor<f32> {lamina.variable = @w}) -> (tensor<f32> {lamina.log = "loss"}) {
    return %w : tensor<f32>
  }
}

// -----

module {
  // expected-error @below {{has no body to differentiate}}
  func.func private @loss(tensor<f32> {lamina.input = "x"}) -> (tensor<f32> {lamina.log = "loss"})
}

// -----

module {
  func.func private @away(tensor<f32>) -> tensor<f32>
  func.func @loss(%x: tensor<f32> {lamina.input = "x"}) -> (tensor<f32> {lamina.log = "loss"}) {
    // expected-error @below {{calls @away, which has no body}}
    %y = call @away(%x) : (tensor<f32>) -> tensor<f32>
    return %y : tensor<f32>
  }
}

// -----

module {
  func.func @loss(%x: tensor<f32> {lamina.input = "x"}) -> (tensor<f32> {lamina.log = "loss"}) {
    // expected-error @below {{calls @loss, which calls itself}}
    %y = call @loss(%x) : (tensor<f32>) -> tensor<f32>
    return %y : tensor<f32>
  }
}
