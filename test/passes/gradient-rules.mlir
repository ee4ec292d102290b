// RUN: lamina-opt %s --gradient --split-input-file | FileCheck %s

// One module per rule: the loss is the sum of the operation's result, whose gradient is %[[G]].

// CHECK-LABEL: module @broadcast_in_dim
module @broadcast_in_dim {
  lamina.variable @x : tensor<3xf32> {trainable}
  // CHECK: func.func @gradient(
  // CHECK-SAME: %[[X:.*]]: tensor<3xf32> {lamina.variable = @x}
  func.func @loss(%x: tensor<3xf32> {lamina.variable = @x})
      -> (tensor<f32> {lamina.log = "loss"}) {
    %y = lamina.broadcast_in_dim %x, dims = [1] : (tensor<3xf32>) -> tensor<?x3xf32>
    %loss = lamina.reduce add %y, dims = [0, 1] : (tensor<?x3xf32>) -> tensor<f32>
    // CHECK: %[[G:.*]] = lamina.broadcast_in_dim %{{.*}}, dims = [] : (tensor<f32>) -> tensor<?x3xf32>
    // CHECK-NEXT: %[[D:.*]] = lamina.reduce add %[[G]], dims = [0]
    // CHECK: return %{{.*}}, %[[D]] : tensor<f32>, tensor<3xf32>
    return %loss : tensor<f32>
  }
}

// -----

// CHECK-LABEL: module @broadcast_unit
module @broadcast_unit {
  lamina.variable @x : tensor<2x1xf32> {trainable}
  // CHECK: func.func @gradient(
  // CHECK-SAME: %[[X:.*]]: tensor<2x1xf32> {lamina.variable = @x}
  func.func @loss(%x: tensor<2x1xf32> {lamina.variable = @x})
      -> (tensor<f32> {lamina.log = "loss"}) {
    %y = lamina.broadcast_in_dim %x, dims = [0, 1] : (tensor<2x1xf32>) -> tensor<2x3xf32>
    %loss = lamina.reduce add %y, dims = [0, 1] : (tensor<2x3xf32>) -> tensor<f32>
    // CHECK: %[[G:.*]] = lamina.broadcast_in_dim %{{.*}}, dims = [] : (tensor<f32>) -> tensor<2x3xf32>
    // CHECK-NEXT: %[[S:.*]] = lamina.reduce add %[[G]], dims = [1]
    // CHECK-NEXT: %[[D:.*]] = lamina.broadcast_in_dim %[[S]], dims = [0] : (tensor<2xf32>) -> tensor<2x1xf32>
    // CHECK: return %{{.*}}, %[[D]] : tensor<f32>, tensor<2x1xf32>
    return %loss : tensor<f32>
  }
}

// -----

// CHECK-LABEL: module @reshape
module @reshape {
  lamina.variable @x : tensor<2x3xf32> {trainable}
  // CHECK: func.func @gradient(
  // CHECK-SAME: %[[X:.*]]: tensor<2x3xf32> {lamina.variable = @x}
  func.func @loss(%x: tensor<2x3xf32> {lamina.variable = @x})
      -> (tensor<f32> {lamina.log = "loss"}) {
    %y = lamina.reshape %x : (tensor<2x3xf32>) -> tensor<6xf32>
    %loss = lamina.reduce add %y, dims = [0] : (tensor<6xf32>) -> tensor<f32>
    // CHECK: %[[G:.*]] = lamina.broadcast_in_dim %{{.*}}, dims = [] : (tensor<f32>) -> tensor<6xf32>
    // CHECK-NEXT: %[[D:.*]] = lamina.reshape %[[G]] : (tensor<6xf32>) -> tensor<2x3xf32>
    // CHECK: return %{{.*}}, %[[D]] : tensor<f32>, tensor<2x3xf32>
    return %loss : tensor<f32>
  }
}

// -----

// CHECK-LABEL: module @transpose
module @transpose {
  lamina.variable @x : tensor<2x3x4xf32> {trainable}
  // CHECK: func.func @gradient(
  // CHECK-SAME: %[[X:.*]]: tensor<2x3x4xf32> {lamina.variable = @x}
  func.func @loss(%x: tensor<2x3x4xf32> {lamina.variable = @x})
      -> (tensor<f32> {lamina.log = "loss"}) {
    %y = lamina.transpose %x, dims = [2, 0, 1] : (tensor<2x3x4xf32>) -> tensor<4x2x3xf32>
    %loss = lamina.reduce add %y, dims = [0, 1, 2] : (tensor<4x2x3xf32>) -> tensor<f32>
    // CHECK: %[[G:.*]] = lamina.broadcast_in_dim %{{.*}}, dims = [] : (tensor<f32>) -> tensor<4x2x3xf32>
    // CHECK-NEXT: %[[D:.*]] = lamina.transpose %[[G]], dims = [1, 2, 0]
    // CHECK: return %{{.*}}, %[[D]] : tensor<f32>, tensor<2x3x4xf32>
    return %loss : tensor<f32>
  }
}

// -----

// CHECK-LABEL: module @slice
module @slice {
  lamina.variable @x : tensor<7xf32> {trainable}
  // CHECK: func.func @gradient(
  // CHECK-SAME: %[[X:.*]]: tensor<7xf32> {lamina.variable = @x}
  func.func @loss(%x: tensor<7xf32> {lamina.variable = @x})
      -> (tensor<f32> {lamina.log = "loss"}) {
    %y = lamina.slice %x, start = [1], limit = [6], strides = [2] : (tensor<7xf32>) -> tensor<3xf32>
    %loss = lamina.reduce add %y, dims = [0] : (tensor<3xf32>) -> tensor<f32>
    // CHECK: %[[G:.*]] = lamina.broadcast_in_dim %{{.*}}, dims = [] : (tensor<f32>) -> tensor<3xf32>
    // CHECK: %[[D:.*]] = lamina.pad %[[G]], %{{.*}}, low = [1], high = [1], interior = [1]
    // CHECK: return %{{.*}}, %[[D]] : tensor<f32>, tensor<7xf32>
    return %loss : tensor<f32>
  }
}

// -----

// The padding value's gradient is the sum where it was put in.
// CHECK-LABEL: module @pad
module @pad {
  lamina.variable @x : tensor<3xf32> {trainable}
  lamina.variable @v : tensor<f32> {trainable}
  // CHECK: func.func @gradient(
  // CHECK-SAME: %[[X:.*]]: tensor<3xf32> {lamina.variable = @x}
  // CHECK-SAME: %[[V:.*]]: tensor<f32> {lamina.variable = @v}
  func.func @loss(%x: tensor<3xf32> {lamina.variable = @x}, %v: tensor<f32> {lamina.variable = @v})
      -> (tensor<f32> {lamina.log = "loss"}) {
    %y = lamina.pad %x, %v, low = [1], high = [2], interior = [1] : (tensor<3xf32>, tensor<f32>) -> tensor<8xf32>
    %loss = lamina.reduce add %y, dims = [0] : (tensor<8xf32>) -> tensor<f32>
    // CHECK: %[[G:.*]] = lamina.broadcast_in_dim %{{.*}}, dims = [] : (tensor<f32>) -> tensor<8xf32>
    // CHECK-DAG: %[[DX:.*]] = lamina.slice %[[G]], start = [1], limit = [6], strides = [2]
    // CHECK-DAG: %[[MASK:.*]] = lamina.pad %{{.*}}, %{{.*}}, low = [1], high = [2], interior = [1]
    // CHECK-DAG: %[[M:.*]] = lamina.multiply %[[G]], %[[MASK]]
    // CHECK-DAG: %[[DV:.*]] = lamina.reduce add %[[M]], dims = [0]
    // CHECK: return %{{.*}}, %[[DX]], %[[DV]]
    return %loss : tensor<f32>
  }
}

// -----

// CHECK-LABEL: module @concatenate
module @concatenate {
  lamina.variable @a : tensor<2xf32> {trainable}
  lamina.variable @b : tensor<3xf32> {trainable}
  // CHECK: func.func @gradient(
  // CHECK-SAME: %[[A:.*]]: tensor<2xf32> {lamina.variable = @a}
  // CHECK-SAME: %[[B:.*]]: tensor<3xf32> {lamina.variable = @b}
  func.func @loss(%a: tensor<2xf32> {lamina.variable = @a}, %b: tensor<3xf32> {lamina.variable = @b})
      -> (tensor<f32> {lamina.log = "loss"}) {
    %y = lamina.concatenate %a, %b, dim = 0 : (tensor<2xf32>, tensor<3xf32>) -> tensor<5xf32>
    %loss = lamina.reduce add %y, dims = [0] : (tensor<5xf32>) -> tensor<f32>
    // CHECK: %[[G:.*]] = lamina.broadcast_in_dim %{{.*}}, dims = [] : (tensor<f32>) -> tensor<5xf32>
    // CHECK-NEXT: %[[DA:.*]] = lamina.slice %[[G]], start = [0], limit = [2], strides = [1]
    // CHECK-NEXT: %[[DB:.*]] = lamina.slice %[[G]], start = [2], limit = [5], strides = [1]
    // CHECK: return %{{.*}}, %[[DA]], %[[DB]]
    return %loss : tensor<f32>
  }
}

// -----

// CHECK-LABEL: module @reduce_add
module @reduce_add {
  lamina.variable @x : tensor<2x3xf32> {trainable}
  // CHECK: func.func @gradient(
  // CHECK-SAME: %[[X:.*]]: tensor<2x3xf32> {lamina.variable = @x}
  func.func @loss(%x: tensor<2x3xf32> {lamina.variable = @x})
      -> (tensor<f32> {lamina.log = "loss"}) {
    %y = lamina.reduce add %x, dims = [0] : (tensor<2x3xf32>) -> tensor<3xf32>
    %loss = lamina.reduce add %y, dims = [0] : (tensor<3xf32>) -> tensor<f32>
    // CHECK: %[[G:.*]] = lamina.broadcast_in_dim %{{.*}}, dims = [] : (tensor<f32>) -> tensor<3xf32>
    // CHECK-NEXT: %[[D:.*]] = lamina.broadcast_in_dim %[[G]], dims = [1] : (tensor<3xf32>) -> tensor<2x3xf32>
    // CHECK: return %{{.*}}, %[[D]] : tensor<f32>, tensor<2x3xf32>
    return %loss : tensor<f32>
  }
}

// -----

// Extremes share the gradient evenly.
// CHECK-LABEL: module @reduce_maximum
module @reduce_maximum {
  lamina.variable @x : tensor<2x3xf32> {trainable}
  // CHECK: func.func @gradient(
  // CHECK-SAME: %[[X:.*]]: tensor<2x3xf32> {lamina.variable = @x}
  func.func @loss(%x: tensor<2x3xf32> {lamina.variable = @x})
      -> (tensor<f32> {lamina.log = "loss"}) {
    // CHECK: %[[Y:.*]] = lamina.reduce maximum
    %y = lamina.reduce maximum %x, dims = [0] : (tensor<2x3xf32>) -> tensor<3xf32>
    %loss = lamina.reduce add %y, dims = [0] : (tensor<3xf32>) -> tensor<f32>
    // CHECK: %[[G:.*]] = lamina.broadcast_in_dim %{{.*}}, dims = [] : (tensor<f32>) -> tensor<3xf32>
    // CHECK-NEXT: %[[YS:.*]] = lamina.broadcast_in_dim %[[Y]], dims = [1]
    // CHECK-NEXT: %[[EQ:.*]] = lamina.compare EQ %[[X]], %[[YS]]
    // CHECK-NEXT: %[[W:.*]] = lamina.convert %[[EQ]]
    // CHECK-NEXT: %[[COUNT:.*]] = lamina.reduce add %[[W]], dims = [0]
    // CHECK-NEXT: %[[SHARE:.*]] = lamina.divide %[[G]], %[[COUNT]]
    // CHECK-NEXT: %[[SHARES:.*]] = lamina.broadcast_in_dim %[[SHARE]], dims = [1]
    // CHECK-NEXT: %[[D:.*]] = lamina.multiply %[[W]], %[[SHARES]]
    // CHECK: return %{{.*}}, %[[D]]
    return %loss : tensor<f32>
  }
}

// -----

// Extremes share the gradient evenly.
// CHECK-LABEL: module @reduce_minimum
module @reduce_minimum {
  lamina.variable @x : tensor<2x3xf32> {trainable}
  // CHECK: func.func @gradient(
  // CHECK-SAME: %[[X:.*]]: tensor<2x3xf32> {lamina.variable = @x}
  func.func @loss(%x: tensor<2x3xf32> {lamina.variable = @x})
      -> (tensor<f32> {lamina.log = "loss"}) {
    // CHECK: %[[Y:.*]] = lamina.reduce minimum
    %y = lamina.reduce minimum %x, dims = [0] : (tensor<2x3xf32>) -> tensor<3xf32>
    %loss = lamina.reduce add %y, dims = [0] : (tensor<3xf32>) -> tensor<f32>
    // CHECK: %[[G:.*]] = lamina.broadcast_in_dim %{{.*}}, dims = [] : (tensor<f32>) -> tensor<3xf32>
    // CHECK-NEXT: %[[YS:.*]] = lamina.broadcast_in_dim %[[Y]], dims = [1]
    // CHECK-NEXT: %[[EQ:.*]] = lamina.compare EQ %[[X]], %[[YS]]
    // CHECK-NEXT: %[[W:.*]] = lamina.convert %[[EQ]]
    // CHECK-NEXT: %[[COUNT:.*]] = lamina.reduce add %[[W]], dims = [0]
    // CHECK-NEXT: %[[SHARE:.*]] = lamina.divide %[[G]], %[[COUNT]]
    // CHECK-NEXT: %[[SHARES:.*]] = lamina.broadcast_in_dim %[[SHARE]], dims = [1]
    // CHECK-NEXT: %[[D:.*]] = lamina.multiply %[[W]], %[[SHARES]]
    // CHECK: return %{{.*}}, %[[D]]
    return %loss : tensor<f32>
  }
}

// -----

// The gradients of a matrix product need no transpose.
// CHECK-LABEL: module @dot_general
module @dot_general {
  lamina.variable @a : tensor<2x3xf32> {trainable}
  lamina.variable @b : tensor<3x4xf32> {trainable}
  // CHECK: func.func @gradient(
  // CHECK-SAME: %[[A:.*]]: tensor<2x3xf32> {lamina.variable = @a}
  // CHECK-SAME: %[[B:.*]]: tensor<3x4xf32> {lamina.variable = @b}
  func.func @loss(%a: tensor<2x3xf32> {lamina.variable = @a}, %b: tensor<3x4xf32> {lamina.variable = @b})
      -> (tensor<f32> {lamina.log = "loss"}) {
    %y = lamina.dot_general %a, %b, batching = [] x [], contracting = [1] x [0]
        : (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<2x4xf32>
    %loss = lamina.reduce add %y, dims = [0, 1] : (tensor<2x4xf32>) -> tensor<f32>
    // CHECK: %[[G:.*]] = lamina.broadcast_in_dim %{{.*}}, dims = [] : (tensor<f32>) -> tensor<2x4xf32>
    // CHECK-NEXT: %[[DA:.*]] = lamina.dot_general %[[G]], %[[B]], batching = [] x [], contracting = [1] x [1]
    // CHECK-NEXT: %[[DB:.*]] = lamina.dot_general %[[A]], %[[G]], batching = [] x [], contracting = [0] x [0]
    // CHECK: return %{{.*}}, %[[DA]], %[[DB]]
    return %loss : tensor<f32>
  }
}

// -----

// CHECK-LABEL: module @dot_general_batched
module @dot_general_batched {
  lamina.variable @a : tensor<5x2x3xf32> {trainable}
  lamina.variable @b : tensor<5x4x3xf32> {trainable}
  // CHECK: func.func @gradient(
  // CHECK-SAME: %[[A:.*]]: tensor<5x2x3xf32> {lamina.variable = @a}
  // CHECK-SAME: %[[B:.*]]: tensor<5x4x3xf32> {lamina.variable = @b}
  func.func @loss(%a: tensor<5x2x3xf32> {lamina.variable = @a}, %b: tensor<5x4x3xf32> {lamina.variable = @b})
      -> (tensor<f32> {lamina.log = "loss"}) {
    %y = lamina.dot_general %a, %b, batching = [0] x [0], contracting = [2] x [2]
        : (tensor<5x2x3xf32>, tensor<5x4x3xf32>) -> tensor<5x2x4xf32>
    %loss = lamina.reduce add %y, dims = [0, 1, 2] : (tensor<5x2x4xf32>) -> tensor<f32>
    // CHECK: %[[G:.*]] = lamina.broadcast_in_dim %{{.*}}, dims = [] : (tensor<f32>) -> tensor<5x2x4xf32>
    // CHECK-NEXT: %[[DA:.*]] = lamina.dot_general %[[G]], %[[B]], batching = [0] x [0], contracting = [2] x [1]
    // CHECK-NEXT: %[[T:.*]] = lamina.dot_general %[[A]], %[[G]], batching = [0] x [0], contracting = [1] x [1]
    // CHECK-NEXT: %[[DB:.*]] = lamina.transpose %[[T]], dims = [0, 2, 1]
    // CHECK: return %{{.*}}, %[[DA]], %[[DB]]
    return %loss : tensor<f32>
  }
}

// -----

// By the operand a convolution of the gradient with the filter turned around, whose strides and
// dilation are exchanged; padding is as far as the window reaches.
// CHECK-LABEL: module @convolution
module @convolution {
  lamina.variable @x : tensor<2x7x3xf32> {trainable}
  lamina.variable @w : tensor<3x3x4xf32> {trainable}
  // CHECK: func.func @gradient(
  // CHECK-SAME: %[[X:.*]]: tensor<2x7x3xf32> {lamina.variable = @x}
  // CHECK-SAME: %[[W:.*]]: tensor<3x3x4xf32> {lamina.variable = @w}
  func.func @loss(%x: tensor<2x7x3xf32> {lamina.variable = @x}, %w: tensor<3x3x4xf32> {lamina.variable = @w})
      -> (tensor<f32> {lamina.log = "loss"}) {
    %y = lamina.convolution %x, %w, strides = [2], low = [1], high = [0], lhs_dilation = [1],
        rhs_dilation = [1], groups = 1 : (tensor<2x7x3xf32>, tensor<3x3x4xf32>) -> tensor<2x3x4xf32>
    %loss = lamina.reduce add %y, dims = [0, 1, 2] : (tensor<2x3x4xf32>) -> tensor<f32>
    // CHECK: %[[G:.*]] = lamina.broadcast_in_dim %{{.*}}, dims = [] : (tensor<f32>) -> tensor<2x3x4xf32>
    // CHECK-NEXT: %[[T:.*]] = lamina.transpose %[[W]], dims = [0, 2, 1] : (tensor<3x3x4xf32>) -> tensor<3x4x3xf32>
    // CHECK-NEXT: %[[DX:.*]] = lamina.convolution %[[G]], %[[T]], strides = [1], low = [1], high = [3], lhs_dilation = [2], rhs_dilation = [1], groups = 1 reversed : (tensor<2x3x4xf32>, tensor<3x4x3xf32>) -> tensor<2x7x3xf32>
    // CHECK-NEXT: %[[DW:.*]] = lamina.filter_gradient %[[X]], %[[G]], strides = [2], low = [1], high = [0], lhs_dilation = [1], rhs_dilation = [1], groups = 1 : (tensor<2x7x3xf32>, tensor<2x3x4xf32>) -> tensor<3x3x4xf32>
    // CHECK: return %{{.*}}, %[[DX]], %[[DW]]
    return %loss : tensor<f32>
  }
}

// -----

// Channels are exchanged group by group; with one of each in every group there is nothing to do.
// CHECK-LABEL: module @convolution_groups
module @convolution_groups {
  lamina.variable @x : tensor<2x5x4xf32> {trainable}
  lamina.variable @w : tensor<3x2x6xf32> {trainable}
  lamina.variable @d : tensor<3x1x4xf32> {trainable}
  // CHECK: func.func @gradient(
  // CHECK-SAME: %{{.*}}: tensor<2x5x4xf32> {lamina.variable = @x}
  // CHECK-SAME: %[[W:.*]]: tensor<3x2x6xf32> {lamina.variable = @w}
  // CHECK-SAME: %[[D:.*]]: tensor<3x1x4xf32> {lamina.variable = @d}
  func.func @loss(%x: tensor<2x5x4xf32> {lamina.variable = @x}, %w: tensor<3x2x6xf32> {lamina.variable = @w},
                  %d: tensor<3x1x4xf32> {lamina.variable = @d}) -> (tensor<f32> {lamina.log = "loss"}) {
    %h = lamina.convolution %x, %d, strides = [1], low = [1], high = [1], lhs_dilation = [1],
        rhs_dilation = [1], groups = 4 : (tensor<2x5x4xf32>, tensor<3x1x4xf32>) -> tensor<2x5x4xf32>
    %y = lamina.convolution %h, %w, strides = [1], low = [0], high = [0], lhs_dilation = [1],
        rhs_dilation = [1], groups = 2 : (tensor<2x5x4xf32>, tensor<3x2x6xf32>) -> tensor<2x3x6xf32>
    %loss = lamina.reduce add %y, dims = [0, 1, 2] : (tensor<2x3x6xf32>) -> tensor<f32>
    // CHECK: %[[S:.*]] = lamina.reshape %[[W]] : (tensor<3x2x6xf32>) -> tensor<3x2x2x3xf32>
    // CHECK-NEXT: %[[T:.*]] = lamina.transpose %[[S]], dims = [0, 3, 2, 1] : (tensor<3x2x2x3xf32>) -> tensor<3x3x2x2xf32>
    // CHECK-NEXT: %[[E:.*]] = lamina.reshape %[[T]] : (tensor<3x3x2x2xf32>) -> tensor<3x3x4xf32>
    // CHECK-NEXT: %[[DH:.*]] = lamina.convolution %{{.*}}, %[[E]], strides = [1], low = [2], high = [2], {{.*}} groups = 2 reversed
    // CHECK: lamina.convolution %[[DH]], %[[D]], {{.*}} groups = 4 reversed
    return %loss : tensor<f32>
  }
}

// -----

// CHECK-LABEL: module @reduce_window
module @reduce_window {
  lamina.variable @x : tensor<2x7x3xf32> {trainable}
  // CHECK: func.func @gradient(%[[X:.*]]: tensor<2x7x3xf32> {lamina.variable = @x})
  func.func @loss(%x: tensor<2x7x3xf32> {lamina.variable = @x}) -> (tensor<f32> {lamina.log = "loss"}) {
    %m = lamina.reduce_window maximum %x, window = [3], strides = [2], low = [1], high = [0]
        : (tensor<2x7x3xf32>) -> tensor<2x3x3xf32>
    %s = lamina.reduce_window add %x, window = [3], strides = [2], low = [1], high = [0]
        : (tensor<2x7x3xf32>) -> tensor<2x3x3xf32>
    %y = lamina.add %m, %s : tensor<2x3x3xf32>
    %loss = lamina.reduce add %y, dims = [0, 1, 2] : (tensor<2x3x3xf32>) -> tensor<f32>
    // CHECK: lamina.window_scatter %[[G:[^ ]*]], window = [3], strides = [2], low = [1], high = [0]
    // CHECK-NEXT: %[[P:.*]] = lamina.argmax_window %[[X]], window = [3], strides = [2], low = [1], high = [0] : (tensor<2x7x3xf32>) -> tensor<2x3x3xi8>
    // CHECK-NEXT: lamina.window_scatter %[[G]] places %[[P]], window = [3], strides = [2], low = [1], high = [0]
    return %loss : tensor<f32>
  }
}

// -----

// Each is the gradient of the other.
// CHECK-LABEL: module @gather_scatter
module @gather_scatter {
  lamina.variable @t : tensor<9x4xf32> {trainable}
  // CHECK: func.func @gradient(%[[V:.*]]: tensor<9x4xf32> {lamina.variable = @t}, %[[I:.*]]: tensor<?x3xi32>
  func.func @loss(%t: tensor<9x4xf32> {lamina.variable = @t}, %i: tensor<?x3xi32> {lamina.input = "i"})
      -> (tensor<f32> {lamina.log = "loss"}) {
    %s = lamina.gather %t, %i, dim = 0 : (tensor<9x4xf32>, tensor<?x3xi32>) -> tensor<?x3x4xf32>
    %y = lamina.scatter %i, %s, dim = 0 : (tensor<?x3xi32>, tensor<?x3x4xf32>) -> tensor<9x4xf32>
    %loss = lamina.reduce add %y, dims = [0, 1] : (tensor<9x4xf32>) -> tensor<f32>
    // CHECK: %[[G:.*]] = lamina.broadcast_in_dim %{{.*}}, dims = [] : (tensor<f32>) -> tensor<9x4xf32>
    // CHECK-NEXT: %[[DS:.*]] = lamina.gather %[[G]], %[[I]], dim = 0 : (tensor<9x4xf32>, tensor<?x3xi32>) -> tensor<?x3x4xf32>
    // CHECK-NEXT: %[[DT:.*]] = lamina.scatter %[[I]], %[[DS]], dim = 0 : (tensor<?x3xi32>, tensor<?x3x4xf32>) -> tensor<9x4xf32>
    // CHECK: return %{{.*}}, %[[DT]]
    return %loss : tensor<f32>
  }
}
