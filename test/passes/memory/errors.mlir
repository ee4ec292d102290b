// RUN: lamina-opt %s --plan-memory --split-input-file --verify-diagnostics

func.func @predict(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{'lamina.kernel' op has no wave; waves are given by assign-waves}}
  %a = lamina.kernel map(%x) : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%e: tensor<4xf32>):
    %r = lamina.tanh %e : tensor<4xf32>
    lamina.yield %r : tensor<4xf32>
  }
  return %a : tensor<4xf32>
}

// -----

// expected-error@+1 {{'func.func' op result names @v, which is not a variable}}
func.func @load(%x: tensor<4xf32>) -> (tensor<4xf32> {lamina.variable = @v}) {
  return %x : tensor<4xf32>
}

// -----

func.func @predict(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{'lamina.tanh' op is outside of a kernel}}
  %a = lamina.tanh %x : tensor<4xf32>
  return %a : tensor<4xf32>
}
