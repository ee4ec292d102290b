// RUN: lamina-opt %s --layout --split-input-file --verify-diagnostics | FileCheck %s

// A dense layer and its backward contraction: the kernel is read as it stands in one and transposed
// in the other. The transposed copy is a mirror variable that every function writes which writes
// the kernel. Both are packed, and so is the slot that is updated with the kernel.
// CHECK-LABEL: module @dense
// CHECK: lamina.variable @kernel : tensor<4x3xf32> {layout = #lamina.packed<dimension = 1, width = 16>, trainable}
// CHECK-NEXT: lamina.variable @"kernel^T" : tensor<3x4xf32> {layout = #lamina.packed<dimension = 1, width = 16>, mirror = @kernel, permutation = array<i64: 1, 0>}
// CHECK-NEXT: lamina.variable @momentum : tensor<4x3xf32> {layout = #lamina.packed<dimension = 1, width = 16>}
// CHECK-NEXT: lamina.variable @other : tensor<4x3xf32>{{$}}
// CHECK: func.func @train_step(
// CHECK-SAME: %[[DY:[^:]*]]: tensor<?x3xf32> {lamina.input = "dy"}, %[[MIRROR:[^:]*]]: tensor<3x4xf32> {lamina.variable = @"kernel^T"})
// CHECK-SAME: -> (tensor<?x4xf32> {lamina.output = "dx"}, tensor<4x3xf32> {lamina.variable = @kernel}, tensor<4x3xf32> {lamina.variable = @momentum}, tensor<3x4xf32> {lamina.variable = @"kernel^T"})
// CHECK: %[[DX:.*]] = lamina.dot_general %[[DY]], %[[MIRROR]], batching = [] x [], contracting = [1] x [0]
// CHECK: %[[NEW:.*]] = lamina.subtract
// CHECK: %[[NEW_MIRROR:.*]] = lamina.transpose %[[NEW]], dims = [1, 0]
// CHECK: return %[[DX]], %[[NEW]], %{{.*}}, %[[NEW_MIRROR]]
// CHECK: func.func @load(%[[LOADED:.*]]: tensor<4x3xf32> {lamina.load = @kernel})
// CHECK-SAME: -> (tensor<4x3xf32> {lamina.variable = @kernel}, tensor<3x4xf32> {lamina.variable = @"kernel^T"})
// CHECK: %[[T:.*]] = lamina.transpose %[[LOADED]]
// CHECK: return %[[LOADED]], %[[T]]
// CHECK: func.func @save(%{{[^,]*}}) -> (tensor<4x3xf32> {lamina.save = @kernel})
module @dense {
  lamina.variable @kernel : tensor<4x3xf32> {trainable}
  lamina.variable @momentum : tensor<4x3xf32>
  lamina.variable @other : tensor<4x3xf32>
  func.func @train_step(%w: tensor<4x3xf32> {lamina.variable = @kernel},
                        %m: tensor<4x3xf32> {lamina.variable = @momentum},
                        %x: tensor<?x4xf32> {lamina.input = "x"},
                        %dy: tensor<?x3xf32> {lamina.input = "dy"})
      -> (tensor<?x4xf32> {lamina.output = "dx"}, tensor<4x3xf32> {lamina.variable = @kernel},
          tensor<4x3xf32> {lamina.variable = @momentum}) {
    %y = lamina.dot_general %x, %w, batching = [] x [], contracting = [1] x [0]
        : (tensor<?x4xf32>, tensor<4x3xf32>) -> tensor<?x3xf32>
    %d = lamina.multiply %y, %dy : tensor<?x3xf32>
    %dx = lamina.dot_general %dy, %w, batching = [] x [], contracting = [1] x [1]
        : (tensor<?x3xf32>, tensor<4x3xf32>) -> tensor<?x4xf32>
    %dw = lamina.dot_general %x, %d, batching = [] x [], contracting = [0] x [0]
        : (tensor<?x4xf32>, tensor<?x3xf32>) -> tensor<4x3xf32>
    %m1 = lamina.add %m, %dw : tensor<4x3xf32>
    %w1 = lamina.subtract %w, %m1 : tensor<4x3xf32>
    return %dx, %w1, %m1 : tensor<?x4xf32>, tensor<4x3xf32>, tensor<4x3xf32>
  }
  func.func @load(%w: tensor<4x3xf32> {lamina.load = @kernel})
      -> (tensor<4x3xf32> {lamina.variable = @kernel}) {
    return %w : tensor<4x3xf32>
  }
  func.func @save(%w: tensor<4x3xf32> {lamina.variable = @kernel})
      -> (tensor<4x3xf32> {lamina.save = @kernel}) {
    return %w : tensor<4x3xf32>
  }
}

// -----

// Two contractions and two functions share one mirror. A function that returns the variable
// unchanged leaves the mirror alone.
// CHECK-LABEL: module @shared
// CHECK: lamina.variable @"w^T"
// CHECK-NOT: lamina.variable
// CHECK: func.func @predict(
// CHECK-SAME: %[[MIRROR:[^:]*]]: tensor<2x3xf32> {lamina.variable = @"w^T"})
// CHECK: %[[H:.*]] = lamina.dot_general %{{.*}}, %[[MIRROR]]
// CHECK: lamina.dot_general %[[H]]
// CHECK: lamina.dot_general %{{.*}}, %[[MIRROR]]
// CHECK: func.func @evaluate({{.*}} {lamina.variable = @"w^T"}) -> (tensor<?x3xf32>, tensor<3x2xf32> {lamina.variable = @w}) {
// CHECK-NOT: lamina.transpose
module @shared {
  lamina.variable @w : tensor<3x2xf32>
  func.func @predict(%w: tensor<3x2xf32> {lamina.variable = @w}, %x: tensor<?x2xf32>)
      -> tensor<?x3xf32> {
    %a = lamina.dot_general %x, %w, batching = [] x [], contracting = [1] x [1]
        : (tensor<?x2xf32>, tensor<3x2xf32>) -> tensor<?x3xf32>
    %b = lamina.dot_general %a, %w, batching = [] x [], contracting = [1] x [0]
        : (tensor<?x3xf32>, tensor<3x2xf32>) -> tensor<?x2xf32>
    %c = lamina.dot_general %b, %w, batching = [] x [], contracting = [1] x [1]
        : (tensor<?x2xf32>, tensor<3x2xf32>) -> tensor<?x3xf32>
    return %c : tensor<?x3xf32>
  }
  func.func @evaluate(%w: tensor<3x2xf32> {lamina.variable = @w}, %x: tensor<?x2xf32>)
      -> (tensor<?x3xf32>, tensor<3x2xf32> {lamina.variable = @w}) {
    %a = lamina.dot_general %x, %w, batching = [] x [], contracting = [1] x [1]
        : (tensor<?x2xf32>, tensor<3x2xf32>) -> tensor<?x3xf32>
    return %a, %w : tensor<?x3xf32>, tensor<3x2xf32>
  }
}

// -----

// A computed value is transposed once for all its contractions, right behind its operation; the
// order is batching, contracting, free dimensions.
// CHECK-LABEL: module @computed
// CHECK: %[[E:.*]] = lamina.exponential
// CHECK-NEXT: %[[T:.*]] = lamina.transpose %[[E]], dims = [0, 2, 1]
// CHECK-NEXT: lamina.dot_general %{{.*}}, %[[T]], batching = [0] x [0], contracting = [2] x [1]
// CHECK-NEXT: lamina.dot_general %{{.*}}, %[[T]], batching = [0] x [0], contracting = [2] x [1]
// CHECK-NOT: lamina.transpose
module @computed {
  func.func @predict(%a: tensor<?x5x4xf32>, %b: tensor<?x3x4xf32>)
      -> (tensor<?x5x3xf32>, tensor<?x5x3xf32>) {
    %e = lamina.exponential %b : tensor<?x3x4xf32>
    %c = lamina.dot_general %a, %e, batching = [0] x [0], contracting = [2] x [2]
        : (tensor<?x5x4xf32>, tensor<?x3x4xf32>) -> tensor<?x5x3xf32>
    %d = lamina.dot_general %a, %e, batching = [0] x [0], contracting = [2] x [2]
        : (tensor<?x5x4xf32>, tensor<?x3x4xf32>) -> tensor<?x5x3xf32>
    return %c, %d : tensor<?x5x3xf32>, tensor<?x5x3xf32>
  }
}

// -----

// With free dimensions on the left alone the operands change places.
// CHECK-LABEL: module @vector
// CHECK: lamina.dot_general %[[V:.*]], %[[A:.*]], batching = [] x [], contracting = [0] x [0]
// CHECK-SAME: (tensor<4xf32>, tensor<4x3xf32>) -> tensor<3xf32>
// Neither side is free: nothing to do.
// CHECK: lamina.dot_general %{{.*}}, %{{.*}}, batching = [] x [], contracting = [0] x [0]
// CHECK-SAME: (tensor<4xf32>, tensor<4xf32>) -> tensor<f32>
module @vector {
  func.func @predict(%a: tensor<4x3xf32>, %v: tensor<4xf32>) -> (tensor<3xf32>, tensor<f32>) {
    %b = lamina.dot_general %a, %v, batching = [] x [], contracting = [0] x [0]
        : (tensor<4x3xf32>, tensor<4xf32>) -> tensor<3xf32>
    %c = lamina.dot_general %v, %v, batching = [] x [], contracting = [0] x [0]
        : (tensor<4xf32>, tensor<4xf32>) -> tensor<f32>
    return %b, %c : tensor<3xf32>, tensor<f32>
  }
}

// -----

// A contraction of several dimensions: the mirror's name tells the order. Only matrices are packed.
// CHECK-LABEL: module @heads
// CHECK: lamina.variable @"w^T1_2_0" : tensor<2x5x6xf32> {mirror = @w, permutation = array<i64: 1, 2, 0>}
// CHECK: lamina.dot_general %{{.*}}, %{{.*}}, batching = [] x [], contracting = [1, 2] x [0, 1]
module @heads {
  lamina.variable @w : tensor<6x2x5xf32>
  func.func @predict(%w: tensor<6x2x5xf32> {lamina.variable = @w}, %x: tensor<?x2x5xf32>)
      -> tensor<?x6xf32> {
    %a = lamina.dot_general %x, %w, batching = [] x [], contracting = [1, 2] x [1, 2]
        : (tensor<?x2x5xf32>, tensor<6x2x5xf32>) -> tensor<?x6xf32>
    return %a : tensor<?x6xf32>
  }
}

// -----

// Panels are 64 bytes wide. Not packed: a single column, and what only a shared constant joins with a
// packed variable.
// CHECK-LABEL: module @unpacked
// CHECK: lamina.variable @column : tensor<4x1xf32>{{$}}
// CHECK: lamina.variable @double : tensor<4x3xf64> {layout = #lamina.packed<dimension = 1, width = 8>}
// CHECK: lamina.variable @packed : tensor<4x3xf32> {layout
// CHECK: lamina.variable @apart : tensor<4x3xf32>{{$}}
module @unpacked {
  lamina.variable @column : tensor<4x1xf32>
  lamina.variable @double : tensor<4x3xf64>
  lamina.variable @packed : tensor<4x3xf32>
  lamina.variable @apart : tensor<4x3xf32>
  func.func @train_step(%c: tensor<4x1xf32> {lamina.variable = @column},
                        %d: tensor<4x3xf64> {lamina.variable = @double},
                        %p: tensor<4x3xf32> {lamina.variable = @packed},
                        %q: tensor<4x3xf32> {lamina.variable = @apart},
                        %x: tensor<?x4xf32>, %z: tensor<?x4xf64>)
      -> (tensor<?x1xf32>, tensor<?x3xf64>, tensor<?x3xf32>,
          tensor<4x3xf32> {lamina.variable = @packed}, tensor<4x3xf32> {lamina.variable = @apart}) {
    %0 = lamina.dot_general %x, %c, batching = [] x [], contracting = [1] x [0]
        : (tensor<?x4xf32>, tensor<4x1xf32>) -> tensor<?x1xf32>
    %1 = lamina.dot_general %z, %d, batching = [] x [], contracting = [1] x [0]
        : (tensor<?x4xf64>, tensor<4x3xf64>) -> tensor<?x3xf64>
    %2 = lamina.dot_general %x, %p, batching = [] x [], contracting = [1] x [0]
        : (tensor<?x4xf32>, tensor<4x3xf32>) -> tensor<?x3xf32>
    %half = lamina.constant dense<0.5> : tensor<4x3xf32>
    %3 = lamina.multiply %p, %half : tensor<4x3xf32>
    %4 = lamina.multiply %q, %half : tensor<4x3xf32>
    return %0, %1, %2, %3, %4
        : tensor<?x1xf32>, tensor<?x3xf64>, tensor<?x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>
  }
}

// -----

// expected-error@+1 {{'func.func' op argument names @missing, which is not a variable}}
func.func @predict(%w: tensor<3x2xf32> {lamina.variable = @missing}) {
  return
}

// -----

lamina.variable @w : tensor<3x2xf32>
// expected-error@+1 {{'func.func' op argument of type 'tensor<3xf32>' stands for @w of type 'tensor<3x2xf32>'}}
func.func @predict(%w: tensor<3xf32> {lamina.variable = @w}) {
  return
}

// -----

lamina.variable @w : tensor<2xf32>
// expected-error@+1 {{'func.func' op has more than one result for @w}}
func.func @load(%a: tensor<2xf32>, %b: tensor<2xf32>)
    -> (tensor<2xf32> {lamina.variable = @w}, tensor<2xf32> {lamina.variable = @w}) {
  return %a, %b : tensor<2xf32>, tensor<2xf32>
}

// -----

// Weights that stand in a body as block arguments are the variables that they come from: the right
// operands are packed, the transposed ones are mirrors that the body takes beside what it takes
// already (the convolution's filter too), and so is what is updated with them.
// CHECK-LABEL: module @bodies
// CHECK: lamina.variable @w : tensor<4x3xf32> {layout = #lamina.packed<dimension = 1, width = 16>}
// CHECK-NEXT: lamina.variable @"w^T" : tensor<3x4xf32> {layout = #lamina.packed<dimension = 1, width = 16>, mirror = @w, permutation = array<i64: 1, 0>}
// CHECK-NEXT: lamina.variable @m : tensor<4x3xf32> {layout = #lamina.packed<dimension = 1, width = 16>}
// CHECK-NEXT: lamina.variable @f : tensor<3x2x5xf32>{{$}}
// CHECK-NEXT: lamina.variable @"f^T0_2_1" : tensor<3x5x2xf32> {layout = #lamina.packed<dimension = 2, width = 16>, mirror = @f, permutation = array<i64: 0, 2, 1>}
// CHECK: func.func @train_step(%[[W:[^:]*]]: tensor<4x3xf32>
// CHECK-SAME: %[[WT:[^:]*]]: tensor<3x4xf32> {lamina.variable = @"w^T"}
// CHECK-SAME: %[[FT:[^:]*]]: tensor<3x5x2xf32> {lamina.variable = @"f^T0_2_1"}
// CHECK: lamina.kernel {{[a-z_]+}}(%[[W]], %{{.*}}, %{{.*}}, %[[WT]]) :
// CHECK-NEXT: ^bb0(%[[OLD:[^:]*]]: tensor<4x3xf32>, %[[X:[^:]*]]: tensor<?x4xf32>, %[[DY:[^:]*]]: tensor<?x3xf32>, %[[INNER:[^:]*]]: tensor<3x4xf32>):
// CHECK-NEXT: lamina.dot_general %[[X]], %[[OLD]], batching = [] x [], contracting = [1] x [0]
// CHECK-NEXT: lamina.dot_general %[[DY]], %[[INNER]], batching = [] x [], contracting = [1] x [0]
// CHECK-NEXT: lamina.dot_general %[[DY]], %[[INNER]], batching = [] x [], contracting = [1] x [0]
// CHECK: lamina.kernel {{[a-z_]+}}(%{{.*}}, %{{.*}}, %[[FT]]) :
// CHECK-NEXT: ^bb0(%{{.*}}, %[[FILTER:[^:]*]]: tensor<3x5x2xf32>):
// CHECK-NEXT: lamina.convolution %{{.*}}, %[[FILTER]],
module @bodies {
  lamina.variable @w : tensor<4x3xf32>
  lamina.variable @m : tensor<4x3xf32>
  lamina.variable @f : tensor<3x2x5xf32>
  func.func @train_step(%w: tensor<4x3xf32> {lamina.variable = @w},
                        %m: tensor<4x3xf32> {lamina.variable = @m},
                        %f: tensor<3x2x5xf32> {lamina.variable = @f},
                        %x: tensor<?x4xf32> {lamina.input = "x"},
                        %dy: tensor<?x3xf32> {lamina.input = "dy"},
                        %image: tensor<?x8x5xf32> {lamina.input = "image"})
      -> (tensor<?x3xf32>, tensor<?x4xf32>, tensor<?x4xf32>, tensor<4x3xf32>, tensor<?x8x2xf32>) {
    %y:3 = lamina.kernel contraction(%w, %x, %dy) : (tensor<4x3xf32>, tensor<?x4xf32>, tensor<?x3xf32>)
        -> (tensor<?x3xf32>, tensor<?x4xf32>, tensor<?x4xf32>) {
    ^bb0(%wi: tensor<4x3xf32>, %xi: tensor<?x4xf32>, %dyi: tensor<?x3xf32>):
      %a = lamina.dot_general %xi, %wi, batching = [] x [], contracting = [1] x [0]
          : (tensor<?x4xf32>, tensor<4x3xf32>) -> tensor<?x3xf32>
      %b = lamina.dot_general %dyi, %wi, batching = [] x [], contracting = [1] x [1]
          : (tensor<?x3xf32>, tensor<4x3xf32>) -> tensor<?x4xf32>
      %c = lamina.dot_general %dyi, %wi, batching = [] x [], contracting = [1] x [1]
          : (tensor<?x3xf32>, tensor<4x3xf32>) -> tensor<?x4xf32>
      lamina.yield %a, %b, %c : tensor<?x3xf32>, tensor<?x4xf32>, tensor<?x4xf32>
    }
    %n = lamina.kernel map(%w, %m) : (tensor<4x3xf32>, tensor<4x3xf32>) -> tensor<4x3xf32> {
    ^bb0(%wi: tensor<4x3xf32>, %mi: tensor<4x3xf32>):
      %a = lamina.add %wi, %mi : tensor<4x3xf32>
      lamina.yield %a : tensor<4x3xf32>
    }
    %z = lamina.kernel convolution(%image, %f) : (tensor<?x8x5xf32>, tensor<3x2x5xf32>) -> tensor<?x8x2xf32> {
    ^bb0(%i: tensor<?x8x5xf32>, %fi: tensor<3x2x5xf32>):
      %t = lamina.transpose %fi, dims = [0, 2, 1] : (tensor<3x2x5xf32>) -> tensor<3x5x2xf32>
      %a = lamina.convolution %i, %t, strides = [1], low = [1], high = [1], lhs_dilation = [1],
          rhs_dilation = [1], groups = 1 : (tensor<?x8x5xf32>, tensor<3x5x2xf32>) -> tensor<?x8x2xf32>
      lamina.yield %a : tensor<?x8x2xf32>
    }
    return %y#0, %y#1, %y#2, %n, %z : tensor<?x3xf32>, tensor<?x4xf32>, tensor<?x4xf32>,
        tensor<4x3xf32>, tensor<?x8x2xf32>
  }
}
