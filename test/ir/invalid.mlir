// Every diagnostic of the verifiers that is in no other file of this name.
// RUN: lamina-opt %s --split-input-file --verify-diagnostics

func.func @f(%a: tensor<2xf32>, %b: tensor<2xf32>) {
  // expected-error @+1 {{'lamina.add' op operands and result must have the same shape, got 'tensor<2xf32>' and 'tensor<3xf32>'}}
  %y = "lamina.add"(%a, %b) : (tensor<2xf32>, tensor<2xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @f(%p: tensor<3xi1>, %a: tensor<2xf32>) {
  // expected-error @+1 {{'lamina.select' op operands and result must have the same shape, got 'tensor<3xi1>' and 'tensor<2xf32>'}}
  %y = lamina.select %p, %a, %a : tensor<3xi1>, tensor<2xf32>
  return
}

// -----

func.func @f(%x: tensor<2xf32>) {
  // expected-error @+1 {{'lamina.convert' op operands and result must have the same shape, got 'tensor<2xf32>' and 'tensor<3xi32>'}}
  %y = lamina.convert %x : (tensor<2xf32>) -> tensor<3xi32>
  return
}

// -----

func.func @f(%x: tensor<2xi32>) {
  // expected-error @+1 {{'lamina.tanh' op operand #0 must be ranked tensor of 32-bit float or 64-bit float values, but got 'tensor<2xi32>'}}
  %y = lamina.tanh %x : tensor<2xi32>
  return
}

// -----

func.func @f(%x: tensor<2xi16>) {
  // expected-error @+1 {{'lamina.abs' op operand #0 must be ranked tensor of 32-bit float or 64-bit float or 64-bit signless integer or 32-bit signless integer or 8-bit signless integer or 8-bit unsigned integer values, but got 'tensor<2xi16>'}}
  %y = lamina.abs %x : tensor<2xi16>
  return
}

// -----

func.func @f(%x: tensor<2xf32>) {
  // expected-error @+1 {{'lamina.not' op operand #0 must be ranked tensor of 64-bit signless integer or 32-bit signless integer or 8-bit signless integer or 8-bit unsigned integer or 1-bit signless integer values, but got 'tensor<2xf32>'}}
  %y = lamina.not %x : tensor<2xf32>
  return
}

// -----

func.func @f() {
  // expected-error @+1 {{'lamina.rows' op gives a scalar, not 'tensor<1xf32>'}}
  %y = lamina.rows : tensor<1xf32>
  return
}

// -----

func.func @f() {
  // expected-error @+1 {{'lamina.iota' op dimension 1 is not one of 'tensor<3xf32>'}}
  %y = lamina.iota 1 : tensor<3xf32>
  return
}

// -----

func.func @f(%s: tensor<1xi64>) {
  // expected-error @+1 {{'lamina.rng_bits' op seed and step must be scalars}}
  %y = lamina.rng_bits %s, %s, stream = 0 : (tensor<1xi64>, tensor<1xi64>) -> tensor<3xi32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @+2 {{reduce: dims must be increasing dimensions of 'tensor<2x3xf32>'}}
  // expected-error @+1 {{'lamina.reduce' op failed to infer returned types}}
  %y = lamina.reduce add %x, dims = [1, 0] : (tensor<2x3xf32>) -> tensor<f32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @+2 {{reduce: and does not apply to 'tensor<2x3xf32>'}}
  // expected-error @+1 {{'lamina.reduce' op failed to infer returned types}}
  %y = lamina.reduce and %x, dims = [0] : (tensor<2x3xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @f(%x: tensor<2xi1>) {
  // expected-error @+2 {{reduce: add does not apply to 'tensor<2xi1>'}}
  // expected-error @+1 {{'lamina.reduce' op failed to infer returned types}}
  %y = lamina.reduce add %x, dims = [0] : (tensor<2xi1>) -> tensor<i1>
  return
}

// -----

func.func @f(%x: tensor<?x3xf32>) {
  // expected-error @+2 {{argmax: dimension 0 of 'tensor<?x3xf32>' is not one to search}}
  // expected-error @+1 {{'lamina.argmax' op failed to infer returned types}}
  %y = lamina.argmax %x, dim = 0 : (tensor<?x3xf32>) -> tensor<3xi32>
  return
}

// -----

func.func @f(%x: tensor<2xf32>) {
  // expected-error @+2 {{argmax: dimension 1 of 'tensor<2xf32>' is not one to search}}
  // expected-error @+1 {{'lamina.argmax' op failed to infer returned types}}
  %y = lamina.argmax %x, dim = 1 : (tensor<2xf32>) -> tensor<2xi32>
  return
}

// -----

func.func @f(%a: tensor<2x3xf32>, %b: tensor<3x4xf64>) {
  // expected-error @+2 {{dot_general: element types of 'tensor<2x3xf32>' and 'tensor<3x4xf64>' differ}}
  // expected-error @+1 {{'lamina.dot_general' op failed to infer returned types}}
  %y = lamina.dot_general %a, %b, batching = [] x [], contracting = [1] x [0]
      : (tensor<2x3xf32>, tensor<3x4xf64>) -> tensor<2x4xf32>
  return
}

// -----

func.func @f(%a: tensor<2x3xf32>, %b: tensor<3x4xf32>) {
  // expected-error @+2 {{dot_general: batching and contracting dimensions must be distinct ones of 'tensor<2x3xf32>' and 'tensor<3x4xf32>'}}
  // expected-error @+1 {{'lamina.dot_general' op failed to infer returned types}}
  %y = lamina.dot_general %a, %b, batching = [] x [], contracting = [1, 1] x [0, 1]
      : (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<2x4xf32>
  return
}

// -----

func.func @f(%a: tensor<2x3xf32>, %b: tensor<3x4xf32>) {
  // expected-error @+2 {{dot_general: needs as many dimensions of 'tensor<2x3xf32>' as of 'tensor<3x4xf32>'}}
  // expected-error @+1 {{'lamina.dot_general' op failed to infer returned types}}
  %y = lamina.dot_general %a, %b, batching = [] x [], contracting = [1] x [0, 1]
      : (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<2x4xf32>
  return
}

// -----

func.func @f(%a: tensor<2x3xf32>, %b: tensor<3x4xf32>) {
  // expected-error @+2 {{dot_general: batching dimension 0 of 'tensor<2x3xf32>' does not match dimension 0 of 'tensor<3x4xf32>'}}
  // expected-error @+1 {{'lamina.dot_general' op failed to infer returned types}}
  %y = lamina.dot_general %a, %b, batching = [0] x [0], contracting = [1] x [1]
      : (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @f(%a: tensor<2x3xf32>, %b: tensor<2x4xf32>) {
  // expected-error @+2 {{dot_general: contracting dimension 1 of 'tensor<2x3xf32>' does not match dimension 0 of 'tensor<2x4xf32>'}}
  // expected-error @+1 {{'lamina.dot_general' op failed to infer returned types}}
  %y = lamina.dot_general %a, %b, batching = [] x [], contracting = [1] x [0]
      : (tensor<2x3xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  return
}

// -----

// expected-error @+1 {{'lamina.variable' op must have a static shape, not 'tensor<?xf32>'}}
lamina.variable @v : tensor<?xf32>

// -----

// expected-error @+1 {{'lamina.variable' op must not be empty, got 'tensor<2x0xf32>'}}
lamina.variable @v : tensor<2x0xf32>

// -----

// expected-error @+1 {{'lamina.variable' op packs dimension 1 of 'tensor<2xf32>'}}
lamina.variable @v : tensor<2xf32> {layout = #lamina.packed<dimension = 1, width = 8>}

// -----

// expected-error @+1 {{packed layout needs a dimension, a positive width and a positive group, got 0, 0 and 1}}
"lamina.variable"() <{sym_name = "v", type = tensor<2xf32>, layout = #lamina.packed<dimension = 0, width = 0>}> : () -> ()

// -----

// expected-error @+1 {{'lamina.variable' op a mirror needs both the variable and the permutation}}
lamina.variable @v : tensor<2xf32> {mirror = @w}

// -----

// expected-error @+1 {{'lamina.batch_size' must be a positive integer of a module}}
module attributes {lamina.batch_size = 0 : i64} {}

// -----

// expected-error @+1 {{'lamina.batch_size' must be a positive integer of a module}}
func.func @f() attributes {lamina.batch_size = 4 : i64} { return }

// -----

func.func @f(%x: tensor<2xf32>) {
  // expected-error @+1 {{'lamina.kernel' op has 1 operands but its body takes 2}}
  %y = lamina.kernel map(%x) : (tensor<2xf32>) -> tensor<2xf32> {
  ^bb0(%a: tensor<2xf32>, %b: tensor<2xf32>):
    lamina.yield %a : tensor<2xf32>
  }
  return
}

// -----

func.func @f(%x: tensor<2xf32>) {
  // expected-error @+1 {{'lamina.kernel' op operand 0 is 'tensor<2xf32>' but its body takes 'tensor<2xi32>'}}
  %y = lamina.kernel map(%x) : (tensor<2xf32>) -> tensor<2xf32> {
  ^bb0(%a: tensor<2xi32>):
    lamina.yield %a : tensor<2xi32>
  }
  return
}

// -----

func.func @f(%x: tensor<2xf32>) {
  // expected-error @+1 {{'lamina.kernel' op results do not match what its body yields}}
  %y = lamina.kernel map(%x) : (tensor<2xf32>) -> tensor<3xf32> {
  ^bb0(%a: tensor<2xf32>):
    lamina.yield %a : tensor<2xf32>
  }
  return
}

// -----

func.func @f(%x: tensor<2xf32>) {
  // expected-error @+1 {{'lamina.kernel' op needs one buffer for each result}}
  %y = lamina.kernel map(%x) {buffers = []} : (tensor<2xf32>) -> tensor<2xf32> {
  ^bb0(%a: tensor<2xf32>):
    lamina.yield %a : tensor<2xf32>
  }
  return
}

// -----

func.func @f(%c: tensor<2xf32>, %x: tensor<0x2xf32>) {
  // expected-error @+1 {{'lamina.scan' op needs at least one iteration}}
  %r:2 = lamina.scan 0 carried(%c) stacked(%x) invariant() : (tensor<2xf32>, tensor<0x2xf32>) -> (tensor<2xf32>, tensor<0x2xf32>) {
  ^bb0(%a: tensor<2xf32>, %b: tensor<2xf32>):
    lamina.yield %a, %b : tensor<2xf32>, tensor<2xf32>
  }
  return
}

// -----

func.func @f(%c: tensor<2xf32>, %x: tensor<4x2xf32>) {
  // expected-error @+1 {{'lamina.scan' op stacked operand 0 must have 3 slices along its first dimension, one for each iteration, got 'tensor<4x2xf32>'}}
  %r:2 = lamina.scan 3 carried(%c) stacked(%x) invariant() : (tensor<2xf32>, tensor<4x2xf32>) -> (tensor<2xf32>, tensor<3x2xf32>) {
  ^bb0(%a: tensor<2xf32>, %b: tensor<2xf32>):
    lamina.yield %a, %b : tensor<2xf32>, tensor<2xf32>
  }
  return
}

// -----

func.func @f(%c: tensor<2xf32>, %x: tensor<3x2xf32>) {
  // expected-error @+1 {{'lamina.scan' op stacked result 0 must have 3 slices along its first dimension, one for each iteration, got 'tensor<4x2xf32>'}}
  %r:2 = lamina.scan 3 carried(%c) stacked(%x) invariant() : (tensor<2xf32>, tensor<3x2xf32>) -> (tensor<2xf32>, tensor<4x2xf32>) {
  ^bb0(%a: tensor<2xf32>, %b: tensor<2xf32>):
    lamina.yield %a, %b : tensor<2xf32>, tensor<2xf32>
  }
  return
}

// -----

func.func @f(%c: tensor<2xf32>, %x: tensor<3x5xf32>) {
  // expected-error @+1 {{'lamina.scan' op carried value 0 begins as 'tensor<2xf32>' but is 'tensor<5xf32>' after an iteration and 'tensor<2xf32>' at the end; it must keep its type}}
  %r:2 = lamina.scan 3 carried(%c) stacked(%x) invariant() : (tensor<2xf32>, tensor<3x5xf32>) -> (tensor<2xf32>, tensor<3x5xf32>) {
  ^bb0(%a: tensor<2xf32>, %b: tensor<5xf32>):
    lamina.yield %b, %b : tensor<5xf32>, tensor<5xf32>
  }
  return
}

// -----

func.func @f(%c: tensor<2xf32>, %x: tensor<3x2xf32>) {
  // expected-error @+1 {{'lamina.scan' op stacked result 0 has slices of type 'tensor<5xf32>', but the body yields 'tensor<2xf32>'}}
  %r:2 = lamina.scan 3 carried(%c) stacked(%x) invariant() : (tensor<2xf32>, tensor<3x2xf32>) -> (tensor<2xf32>, tensor<3x5xf32>) {
  ^bb0(%a: tensor<2xf32>, %b: tensor<2xf32>):
    lamina.yield %a, %b : tensor<2xf32>, tensor<2xf32>
  }
  return
}

// -----

func.func @f(%c: tensor<2xf32>, %x: tensor<3x2xf32>) {
  // expected-error @+1 {{'lamina.scan' op operand 1 gives the body 'tensor<2xf32>', but it takes 'tensor<5xf32>'}}
  %r:2 = lamina.scan 3 carried(%c) stacked(%x) invariant() : (tensor<2xf32>, tensor<3x2xf32>) -> (tensor<2xf32>, tensor<3x2xf32>) {
  ^bb0(%a: tensor<2xf32>, %b: tensor<5xf32>):
    lamina.yield %a, %a : tensor<2xf32>, tensor<2xf32>
  }
  return
}

// -----

func.func @f(%c: tensor<2xf32>, %x: tensor<3x2xf32>) {
  // expected-error @+1 {{'lamina.scan' op has 2 operands but its body takes 1}}
  %r:2 = lamina.scan 3 carried(%c) stacked(%x) invariant() : (tensor<2xf32>, tensor<3x2xf32>) -> (tensor<2xf32>, tensor<3x2xf32>) {
  ^bb0(%a: tensor<2xf32>):
    lamina.yield %a, %a : tensor<2xf32>, tensor<2xf32>
  }
  return
}

// -----

func.func @f(%c: tensor<2xf32>, %x: tensor<3x2xf32>) {
  // expected-error @+1 {{'lamina.scan' op has 1 carried values and 2 results, but its body yields 1}}
  %r:2 = lamina.scan 3 carried(%c) stacked(%x) invariant() : (tensor<2xf32>, tensor<3x2xf32>) -> (tensor<2xf32>, tensor<3x2xf32>) {
  ^bb0(%a: tensor<2xf32>, %b: tensor<2xf32>):
    lamina.yield %a : tensor<2xf32>
  }
  return
}
