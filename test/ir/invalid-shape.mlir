// Every diagnostic of operations that move elements.
// RUN: lamina-opt %s --split-input-file --verify-diagnostics

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @+2 {{transpose: dims are not a permutation of the dimensions of 'tensor<2x3xf32>'}}
  // expected-error @+1 {{'lamina.transpose' op failed to infer returned types}}
  %y = lamina.transpose %x, dims = [0, 0] : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @+2 {{'lamina.transpose' op inferred type(s) 'tensor<3x2xf32>' are incompatible with return type(s) of operation 'tensor<2x3xf32>'}}
  // expected-error @+1 {{'lamina.transpose' op failed to infer returned types}}
  %y = lamina.transpose %x, dims = [1, 0] : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @f(%x: tensor<2xf32>) {
  // expected-error @+1 {{'lamina.broadcast_in_dim' op changes the element type: 'tensor<2xf32>' to 'tensor<2xf64>'}}
  %y = lamina.broadcast_in_dim %x, dims = [0] : (tensor<2xf32>) -> tensor<2xf64>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{'lamina.broadcast_in_dim' op dims must be increasing, one dimension of 'tensor<3x2xf32>' for each of 'tensor<2x3xf32>'}}
  %y = lamina.broadcast_in_dim %x, dims = [1, 0] : (tensor<2x3xf32>) -> tensor<3x2xf32>
  return
}

// -----

func.func @f(%x: tensor<2xf32>) {
  // expected-error @+1 {{'lamina.broadcast_in_dim' op cannot repeat dimension 0 of 'tensor<2xf32>' to dimension 0 of 'tensor<4xf32>'}}
  %y = lamina.broadcast_in_dim %x, dims = [0] : (tensor<2xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<?xf32>) {
  // expected-error @+1 {{'lamina.broadcast_in_dim' op cannot repeat dimension 0 of 'tensor<?xf32>' to dimension 0 of 'tensor<4xf32>'}}
  %y = lamina.broadcast_in_dim %x, dims = [0] : (tensor<?xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'lamina.reshape' op changes the element type: 'tensor<4xf32>' to 'tensor<2x2xi32>'}}
  %y = lamina.reshape %x : (tensor<4xf32>) -> tensor<2x2xi32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'lamina.reshape' op changes the number of elements: 'tensor<4xf32>' to 'tensor<3xf32>'}}
  %y = lamina.reshape %x : (tensor<4xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @f(%x: tensor<?x4xf32>) {
  // expected-error @+1 {{'lamina.reshape' op keeps the rows as the leading dimension, got 'tensor<?x4xf32>' to 'tensor<4x?xf32>'}}
  %y = lamina.reshape %x : (tensor<?x4xf32>) -> tensor<4x?xf32>
  return
}

// -----

func.func @f(%x: tensor<?x4xf32>) {
  // expected-error @+1 {{'lamina.reshape' op keeps the rows as the leading dimension, got 'tensor<?x4xf32>' to 'tensor<8xf32>'}}
  %y = lamina.reshape %x : (tensor<?x4xf32>) -> tensor<8xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+2 {{slice: start, limit and strides need one entry for each dimension of 'tensor<4xf32>'}}
  // expected-error @+1 {{'lamina.slice' op failed to infer returned types}}
  %y = lamina.slice %x, start = [0, 0], limit = [4], strides = [1]
      : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+2 {{slice: 2 to 5 by 1 is not within dimension 0 of 'tensor<4xf32>'}}
  // expected-error @+1 {{'lamina.slice' op failed to infer returned types}}
  %y = lamina.slice %x, start = [2], limit = [5], strides = [1]
      : (tensor<4xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>) {
  // expected-error @+2 {{slice: 2 to 2 by 1 is not within dimension 0 of 'tensor<4xf32>'}}
  // expected-error @+1 {{'lamina.slice' op failed to infer returned types}}
  %y = lamina.slice %x, start = [2], limit = [2], strides = [1]
      : (tensor<4xf32>) -> tensor<0xf32>
  return
}

// -----

func.func @f(%x: tensor<?xf32>) {
  // expected-error @+2 {{slice: the row dimension of 'tensor<?xf32>' is taken whole (0, -1, 1)}}
  // expected-error @+1 {{'lamina.slice' op failed to infer returned types}}
  %y = lamina.slice %x, start = [1], limit = [-1], strides = [1]
      : (tensor<?xf32>) -> tensor<?xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>, %p: tensor<f32>) {
  // expected-error @+2 {{pad: the padding value must be a scalar of the type of 'tensor<4xf32>', got 'tensor<4xf32>'}}
  // expected-error @+1 {{'lamina.pad' op failed to infer returned types}}
  %y = lamina.pad %x, %x, low = [0], high = [0], interior = [0]
      : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>, %p: tensor<f32>) {
  // expected-error @+2 {{pad: low, high and interior need one entry for each dimension of 'tensor<4xf32>'}}
  // expected-error @+1 {{'lamina.pad' op failed to infer returned types}}
  %y = lamina.pad %x, %p, low = [0, 1], high = [0], interior = [0]
      : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  return
}

// -----

func.func @f(%x: tensor<4xf32>, %p: tensor<f32>) {
  // expected-error @+2 {{pad: negative padding of dimension 0 of 'tensor<4xf32>'}}
  // expected-error @+1 {{'lamina.pad' op failed to infer returned types}}
  %y = lamina.pad %x, %p, low = [-1], high = [0], interior = [0]
      : (tensor<4xf32>, tensor<f32>) -> tensor<3xf32>
  return
}

// -----

func.func @f(%x: tensor<?xf32>, %p: tensor<f32>) {
  // expected-error @+2 {{pad: the row dimension of 'tensor<?xf32>' cannot be padded}}
  // expected-error @+1 {{'lamina.pad' op failed to infer returned types}}
  %y = lamina.pad %x, %p, low = [1], high = [0], interior = [0]
      : (tensor<?xf32>, tensor<f32>) -> tensor<?xf32>
  return
}

// -----

func.func @f() {
  // expected-error @+2 {{concatenate: needs at least one operand}}
  // expected-error @+1 {{'lamina.concatenate' op failed to infer returned types}}
  %y = "lamina.concatenate"() <{dimension = 0 : i64}> : () -> tensor<1xf32>
  return
}

// -----

func.func @f(%x: tensor<?xf32>) {
  // expected-error @+2 {{concatenate: dimension 0 of 'tensor<?xf32>' is not one to concatenate along}}
  // expected-error @+1 {{'lamina.concatenate' op failed to infer returned types}}
  %y = lamina.concatenate %x, %x, dim = 0 : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  return
}

// -----

func.func @f(%x: tensor<2x3xf32>, %z: tensor<3x3xf32>) {
  // expected-error @+2 {{concatenate: 'tensor<2x3xf32>' and 'tensor<3x3xf32>' differ in more than dimension 1}}
  // expected-error @+1 {{'lamina.concatenate' op failed to infer returned types}}
  %y = lamina.concatenate %x, %z, dim = 1 : (tensor<2x3xf32>, tensor<3x3xf32>) -> tensor<2x6xf32>
  return
}
