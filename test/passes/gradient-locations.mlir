// RUN: lamina-opt %s --gradient --mlir-print-debuginfo --mlir-print-local-scope | FileCheck %s

// What a gradient is made of stands where its forward operation does: in the layer.
module {
  lamina.variable @v : tensor<f32> {trainable}
  // CHECK: lamina.tanh %{{.*}} loc("dense")
  // CHECK: lamina.exponential %{{.*}} loc("head")
  // CHECK: lamina.multiply %{{.*}} loc("head")
  // CHECK: lamina.subtract %{{.*}} loc("dense")
  // CHECK: lamina.multiply %{{.*}} loc("dense")
  func.func @loss(%v: tensor<f32> {lamina.variable = @v}) -> (tensor<f32> {lamina.log = "loss"}) {
    %y = lamina.tanh %v : tensor<f32> loc("dense")
    %loss = lamina.exponential %y : tensor<f32> loc("head")
    return %loss : tensor<f32>
  }
}
