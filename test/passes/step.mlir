// RUN: lamina-opt %s --step --split-input-file --verify-diagnostics | FileCheck %s

// Gradient descent with a moving statistic that the loss assigns and the optimizer reads: it sees
// the new value. Arguments are the variables in the module's order, then inputs and targets.
// CHECK-LABEL: module @descent
// CHECK-NOT: func.func @gradient
// CHECK-NOT: func.func @optimizer
// CHECK: func.func @train_step(%[[RATE:.*]]: tensor<f32> {lamina.variable = @rate},
// CHECK-SAME: %[[MEAN:.*]]: tensor<2xf32> {lamina.variable = @mean},
// CHECK-SAME: %[[W:.*]]: tensor<2xf32> {lamina.variable = @w},
// CHECK-SAME: %[[X:.*]]: tensor<?x2xf32> {lamina.input = "x"},
// CHECK-SAME: %[[T:.*]]: tensor<?xi32> {lamina.target = "y"})
// CHECK-SAME: -> (tensor<f32> {lamina.log = "loss"},
// CHECK-SAME:     tensor<2xf32> {lamina.variable = @mean},
// CHECK-SAME:     tensor<2xf32> {lamina.variable = @w}) {
// CHECK-NEXT: %[[NEW_MEAN:.*]] = lamina.reduce add %[[X]], dims = [0]
// CHECK-NEXT: %[[LOSS:.*]] = lamina.reduce add %[[NEW_MEAN]], dims = [0]
// CHECK-NEXT: %[[G:.*]] = lamina.multiply %[[W]], %[[MEAN]]
// CHECK-NEXT: %[[R:.*]] = lamina.broadcast_in_dim %[[RATE]]
// CHECK-NEXT: %[[S:.*]] = lamina.multiply %[[R]], %[[NEW_MEAN]]
// CHECK-NEXT: %[[D:.*]] = lamina.multiply %[[S]], %[[G]]
// CHECK-NEXT: %[[NEW_W:.*]] = lamina.subtract %[[W]], %[[D]]
// CHECK-NEXT: return %[[LOSS]], %[[NEW_MEAN]], %[[NEW_W]]
module @descent attributes {lamina.batch_size = 8 : i64} {
  lamina.variable @rate : tensor<f32>
  lamina.variable @mean : tensor<2xf32>
  lamina.variable @w : tensor<2xf32> {trainable}
  func.func @gradient(%w: tensor<2xf32> {lamina.variable = @w},
                      %mean: tensor<2xf32> {lamina.variable = @mean},
                      %x: tensor<?x2xf32> {lamina.input = "x"},
                      %t: tensor<?xi32> {lamina.target = "y"})
      -> (tensor<f32> {lamina.log = "loss"}, tensor<2xf32> {lamina.variable = @mean},
          tensor<2xf32> {lamina.gradient = @w}) {
    %new = lamina.reduce add %x, dims = [0] : (tensor<?x2xf32>) -> tensor<2xf32>
    %loss = lamina.reduce add %new, dims = [0] : (tensor<2xf32>) -> tensor<f32>
    %g = lamina.multiply %w, %mean : tensor<2xf32>
    return %loss, %new, %g : tensor<f32>, tensor<2xf32>, tensor<2xf32>
  }
  func.func @optimizer(%w: tensor<2xf32> {lamina.variable = @w},
                       %rate: tensor<f32> {lamina.variable = @rate},
                       %mean: tensor<2xf32> {lamina.variable = @mean},
                       %g: tensor<2xf32> {lamina.gradient = @w})
      -> (tensor<2xf32> {lamina.variable = @w}) {
    %r = lamina.broadcast_in_dim %rate, dims = [] : (tensor<f32>) -> tensor<2xf32>
    %s = lamina.multiply %r, %mean : tensor<2xf32>
    %d = lamina.multiply %s, %g : tensor<2xf32>
    %new = lamina.subtract %w, %d : tensor<2xf32>
    return %new : tensor<2xf32>
  }
}

// -----

// @idle has no gradient: neither it nor its momentum change, while the counter and @w do.
// CHECK-LABEL: module @untrained
// CHECK: func.func @train_step
// CHECK-SAME: -> (tensor<f32> {lamina.log = "loss"}, tensor<i64> {lamina.variable = @iteration},
// CHECK-SAME:     tensor<f32> {lamina.variable = @w}, tensor<f32> {lamina.variable = @w_momentum})
module @untrained {
  lamina.variable @iteration : tensor<i64>
  lamina.variable @w : tensor<f32> {trainable}
  lamina.variable @w_momentum : tensor<f32>
  lamina.variable @idle : tensor<f32> {trainable}
  lamina.variable @idle_momentum : tensor<f32>
  func.func @gradient(%w: tensor<f32> {lamina.variable = @w})
      -> (tensor<f32> {lamina.log = "loss"}, tensor<f32> {lamina.gradient = @w}) {
    return %w, %w : tensor<f32>, tensor<f32>
  }
  func.func @optimizer(%iteration: tensor<i64> {lamina.variable = @iteration},
                       %w: tensor<f32> {lamina.variable = @w},
                       %wm: tensor<f32> {lamina.variable = @w_momentum},
                       %gw: tensor<f32> {lamina.gradient = @w},
                       %idle: tensor<f32> {lamina.variable = @idle},
                       %im: tensor<f32> {lamina.variable = @idle_momentum},
                       %gi: tensor<f32> {lamina.gradient = @idle})
      -> (tensor<i64> {lamina.variable = @iteration}, tensor<f32> {lamina.variable = @w},
          tensor<f32> {lamina.variable = @w_momentum}, tensor<f32> {lamina.variable = @idle},
          tensor<f32> {lamina.variable = @idle_momentum}) {
    %one = lamina.constant dense<1> : tensor<i64>
    %next = lamina.add %iteration, %one : tensor<i64>
    %norm = lamina.add %gw, %gi : tensor<f32>
    %clipped = lamina.divide %gw, %norm : tensor<f32>
    %wm1 = lamina.add %wm, %clipped : tensor<f32>
    %w1 = lamina.add %w, %wm1 : tensor<f32>
    %clipped_idle = lamina.divide %gi, %norm : tensor<f32>
    %im1 = lamina.add %im, %clipped_idle : tensor<f32>
    %idle1 = lamina.add %idle, %im1 : tensor<f32>
    return %next, %w1, %wm1, %idle1, %im1
        : tensor<i64>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>
  }
}

// -----

// Without a gradient nothing happens.
// CHECK-LABEL: module @inference
// CHECK: func.func @predict
// CHECK-NOT: func.func
module @inference {
  func.func @predict(%x: tensor<?xf32> {lamina.input = "x"}) -> (tensor<?xf32> {lamina.output = "y0"}) {
    return %x : tensor<?xf32>
  }
}

// -----

module {
  // expected-error @below {{needs an @optimizer beside it}}
  func.func @gradient(%x: tensor<f32> {lamina.input = "x"}) -> (tensor<f32> {lamina.log = "loss"}) {
    return %x : tensor<f32>
  }
}

// -----

module {
  lamina.variable @w : tensor<f32> {trainable}
  // expected-error @below {{the loss depends on none of the trainable variables: there is nothing to train}}
  func.func @gradient(%x: tensor<f32> {lamina.input = "x"}) -> (tensor<f32> {lamina.log = "loss"}) {
    return %x : tensor<f32>
  }
  func.func @optimizer(%w: tensor<f32> {lamina.variable = @w}, %g: tensor<f32> {lamina.gradient = @w})
      -> (tensor<f32> {lamina.variable = @w}) {
    return %g : tensor<f32>
  }
}

// -----

module {
  lamina.variable @w : tensor<f32>
  func.func @gradient(%w: tensor<f32> {lamina.variable = @w}) -> (tensor<f32> {lamina.log = "loss"}) {
    return %w : tensor<f32>
  }
  // expected-error @below {{takes the gradient of @w, which is not trainable}}
  func.func @optimizer(%w: tensor<f32> {lamina.variable = @w}, %g: tensor<f32> {lamina.gradient = @w})
      -> (tensor<f32> {lamina.variable = @w}) {
    return %g : tensor<f32>
  }
}

// -----

module {
  lamina.variable @w : tensor<2xf32> {trainable}
  func.func @gradient(%x: tensor<f32> {lamina.input = "x"}, %w: tensor<2xf32> {lamina.variable = @w})
      -> (tensor<f32> {lamina.log = "loss"}, tensor<2xf32> {lamina.gradient = @w}) {
    return %x, %w : tensor<f32>, tensor<2xf32>
  }
  // expected-error @below {{takes @w as 'tensor<f32>', but it is 'tensor<2xf32>'}}
  func.func @optimizer(%w: tensor<f32> {lamina.variable = @w}, %g: tensor<2xf32> {lamina.gradient = @w})
      -> (tensor<2xf32> {lamina.variable = @w}) {
    return %g : tensor<2xf32>
  }
}

// -----

module {
  lamina.variable @w : tensor<f32> {trainable}
  func.func @gradient(%w: tensor<f32> {lamina.variable = @w})
      -> (tensor<f32> {lamina.log = "loss"}, tensor<f32> {lamina.gradient = @w}) {
    return %w, %w : tensor<f32>, tensor<f32>
  }
  // expected-error @below {{assigns @v, which is not a variable of the module}}
  func.func @optimizer(%g: tensor<f32> {lamina.gradient = @w}) -> (tensor<f32> {lamina.variable = @v}) {
    return %g : tensor<f32>
  }
}

// -----

module {
  lamina.variable @w : tensor<f32> {trainable}
  func.func @gradient(%w: tensor<f32> {lamina.variable = @w})
      -> (tensor<f32> {lamina.log = "loss"}, tensor<f32> {lamina.gradient = @w}) {
    return %w, %w : tensor<f32>, tensor<f32>
  }
  // expected-error @below {{argument 1 is neither a variable nor a gradient}}
  func.func @optimizer(%g: tensor<f32> {lamina.gradient = @w}, %x: tensor<f32>)
      -> (tensor<f32> {lamina.variable = @w}) {
    return %g : tensor<f32>
  }
}

// -----

// Calls in bodies are taken apart, too.
// CHECK-LABEL: module @body
// CHECK: func.func @train_step
// CHECK: lamina.kernel
// CHECK-NEXT: ^bb0(%[[OLD:.*]]: tensor<f32>, %[[G:.*]]: tensor<f32>):
// CHECK-NEXT: %[[NEW:.*]] = lamina.subtract %[[OLD]], %[[G]]
// CHECK-NEXT: lamina.yield %[[NEW]]
module @body {
  lamina.variable @w : tensor<f32> {trainable}
  func.func private @descend(%w: tensor<f32>, %g: tensor<f32>) -> tensor<f32> {
    %new = lamina.subtract %w, %g : tensor<f32>
    return %new : tensor<f32>
  }
  func.func @gradient(%w: tensor<f32> {lamina.variable = @w})
      -> (tensor<f32> {lamina.log = "loss"}, tensor<f32> {lamina.gradient = @w}) {
    return %w, %w : tensor<f32>, tensor<f32>
  }
  func.func @optimizer(%w: tensor<f32> {lamina.variable = @w},
                       %g: tensor<f32> {lamina.gradient = @w})
      -> (tensor<f32> {lamina.variable = @w}) {
    %r = lamina.kernel map(%w, %g) : (tensor<f32>, tensor<f32>) -> tensor<f32> {
    ^bb0(%old: tensor<f32>, %e: tensor<f32>):
      %new = func.call @descend(%old, %e) : (tensor<f32>, tensor<f32>) -> tensor<f32>
      lamina.yield %new : tensor<f32>
    }
    return %r : tensor<f32>
  }
}
