// RUN: lamina-opt %s --pipeline-memory --verify-memory-plan | FileCheck %s

// A dense layer with momentum from import to memory plan: the contraction for the gradient updates
// kernel and slot where they stand in the state, the bias is updated behind its reduction. Nothing
// is copied but what is loaded and saved, and these copies have schedules too.
// CHECK-LABEL: module @dense
// CHECK: lamina.variable @w : tensor<4x16xf32> {layout = #lamina.packed<dimension = 1, width = 16>, offset = 0 : i64, trainable}
// CHECK: lamina.variable @b : tensor<16xf32> {offset = 256 : i64, trainable}
// CHECK: lamina.variable @m : tensor<4x16xf32> {layout = #lamina.packed<dimension = 1, width = 16>, offset = 320 : i64}

// CHECK-LABEL: func.func @train_step(
// CHECK: lamina.kernel{{.*}} schedule = #lamina.contraction<{{.*}} wave = 0 : i64
// CHECK: lamina.kernel{{.*}} {buffers = [#lamina.buffer<result, 0>], {{.*}} wave = 1 : i64
// CHECK-DAG: buffers = [#lamina.buffer<state, {{0|320}}>, #lamina.buffer<state, {{0|320}}>], schedule = #lamina.contraction<{{.*}} wave = 1 : i64
// CHECK-DAG: buffers = [#lamina.buffer<state, 256>], schedule = #lamina.column<{{.*}} wave = 1 : i64
// CHECK-NOT: lamina.kernel
// CHECK: return

// CHECK-LABEL: func.func @load(
// CHECK: lamina.kernel {{[a-z_]+}}(%arg0) {buffers = [#lamina.buffer<state, 0>], schedule = #lamina.map<{{.*}} wave = 0 : i64
// CHECK-LABEL: func.func @save(
// CHECK: lamina.kernel {{[a-z_]+}}(%arg0) {buffers = [#lamina.buffer<result, 0>], schedule = #lamina.map<{{.*}} wave = 0 : i64
module @dense attributes {lamina.batch_size = 8 : i64} {
  lamina.variable @w : tensor<4x16xf32> {trainable}
  lamina.variable @b : tensor<16xf32> {trainable}
  lamina.variable @m : tensor<4x16xf32>
  func.func @loss(%w: tensor<4x16xf32> {lamina.variable = @w},
                  %b: tensor<16xf32> {lamina.variable = @b},
                  %x: tensor<?x4xf32> {lamina.input = "x"},
                  %y: tensor<?x16xf32> {lamina.target = "y"}) -> (tensor<f32> {lamina.log = "loss"}) {
    %0 = lamina.dot_general %x, %w, batching = [] x [], contracting = [1] x [0]
        : (tensor<?x4xf32>, tensor<4x16xf32>) -> tensor<?x16xf32>
    %1 = lamina.broadcast_in_dim %b, dims = [1] : (tensor<16xf32>) -> tensor<?x16xf32>
    %2 = lamina.add %0, %1 : tensor<?x16xf32>
    %3 = lamina.subtract %2, %y : tensor<?x16xf32>
    %4 = lamina.multiply %3, %3 : tensor<?x16xf32>
    %5 = lamina.reduce add %4, dims = [0, 1] : (tensor<?x16xf32>) -> tensor<f32>
    return %5 : tensor<f32>
  }
  func.func @optimizer(%w: tensor<4x16xf32> {lamina.variable = @w},
                       %b: tensor<16xf32> {lamina.variable = @b},
                       %m: tensor<4x16xf32> {lamina.variable = @m},
                       %dw: tensor<4x16xf32> {lamina.gradient = @w},
                       %db: tensor<16xf32> {lamina.gradient = @b})
      -> (tensor<4x16xf32> {lamina.variable = @w}, tensor<16xf32> {lamina.variable = @b},
          tensor<4x16xf32> {lamina.variable = @m}) {
    %0 = lamina.add %m, %dw : tensor<4x16xf32>
    %1 = lamina.subtract %w, %0 : tensor<4x16xf32>
    %2 = lamina.subtract %b, %db : tensor<16xf32>
    return %1, %2, %0 : tensor<4x16xf32>, tensor<16xf32>, tensor<4x16xf32>
  }
}
