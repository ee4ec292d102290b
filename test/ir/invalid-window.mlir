// Every diagnostic of convolutions, windows and lookups.
// RUN: lamina-opt %s --split-input-file --verify-diagnostics

func.func @f(%a: tensor<?x4xf32>, %b: tensor<4x6xf32>) {
  // expected-error @+2 {{convolution: 'tensor<?x4xf32>' is not rows x one to three spatial dimensions x channels}}
  // expected-error @+1 {{'lamina.convolution' op failed to infer returned types}}
  %y = lamina.convolution %a, %b, strides = [], low = [], high = [], lhs_dilation = [], rhs_dilation = [], groups = 1
      : (tensor<?x4xf32>, tensor<4x6xf32>) -> tensor<?x6xf32>
  return
}

// -----

func.func @f(%a: tensor<2x?x5x4xf32>, %b: tensor<3x3x4x6xf32>) {
  // expected-error @+2 {{convolution: 'tensor<2x?x5x4xf32>' is not rows x one to three spatial dimensions x channels}}
  // expected-error @+1 {{'lamina.convolution' op failed to infer returned types}}
  %y = lamina.convolution %a, %b, strides = [1, 1], low = [0, 0], high = [0, 0], lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 1
      : (tensor<2x?x5x4xf32>, tensor<3x3x4x6xf32>) -> tensor<2x?x3x6xf32>
  return
}

// -----

func.func @f(%a: tensor<?x5x5x4xf32>, %b: tensor<3x3x4x6xf32>) {
  // expected-error @+2 {{convolution: strides, low, high and dilations need one entry for each of 2 spatial dimensions}}
  // expected-error @+1 {{'lamina.convolution' op failed to infer returned types}}
  %y = lamina.convolution %a, %b, strides = [1], low = [0, 0], high = [0, 0], lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 1
      : (tensor<?x5x5x4xf32>, tensor<3x3x4x6xf32>) -> tensor<?x3x3x6xf32>
  return
}

// -----

func.func @f(%a: tensor<?x5x5x4xf32>, %b: tensor<3x3x4x6xf32>) {
  // expected-error @+2 {{convolution: strides, dilations and groups must be positive}}
  // expected-error @+1 {{'lamina.convolution' op failed to infer returned types}}
  %y = lamina.convolution %a, %b, strides = [0, 1], low = [0, 0], high = [0, 0], lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 1
      : (tensor<?x5x5x4xf32>, tensor<3x3x4x6xf32>) -> tensor<?x3x3x6xf32>
  return
}

// -----

func.func @f(%a: tensor<?x5x5x4xf32>, %b: tensor<3x3x4x6xf32>) {
  // expected-error @+2 {{convolution: strides, dilations and groups must be positive}}
  // expected-error @+1 {{'lamina.convolution' op failed to infer returned types}}
  %y = lamina.convolution %a, %b, strides = [1, 1], low = [0, 0], high = [0, 0], lhs_dilation = [1, 1], rhs_dilation = [1, 0], groups = 1
      : (tensor<?x5x5x4xf32>, tensor<3x3x4x6xf32>) -> tensor<?x3x3x6xf32>
  return
}

// -----

func.func @f(%a: tensor<?x5x5x4xf32>, %b: tensor<3x3x4x6xf32>) {
  // expected-error @+2 {{convolution: strides, dilations and groups must be positive}}
  // expected-error @+1 {{'lamina.convolution' op failed to infer returned types}}
  %y = lamina.convolution %a, %b, strides = [1, 1], low = [0, 0], high = [0, 0], lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 0
      : (tensor<?x5x5x4xf32>, tensor<3x3x4x6xf32>) -> tensor<?x3x3x6xf32>
  return
}

// -----

func.func @f(%a: tensor<?x5x5x4xf32>, %b: tensor<3x3x4x6xf32>) {
  // expected-error @+2 {{convolution: a dimension has both stride 2 and lhs_dilation 3}}
  // expected-error @+1 {{'lamina.convolution' op failed to infer returned types}}
  %y = lamina.convolution %a, %b, strides = [1, 2], low = [0, 0], high = [0, 0], lhs_dilation = [1, 3], rhs_dilation = [1, 1], groups = 1
      : (tensor<?x5x5x4xf32>, tensor<3x3x4x6xf32>) -> tensor<?x3x3x6xf32>
  return
}

// -----

func.func @f(%a: tensor<?x5x5x4xf32>, %b: tensor<3x4x6xf32>) {
  // expected-error @+2 {{convolution: 'tensor<3x4x6xf32>' is not a filter for 'tensor<?x5x5x4xf32>'}}
  // expected-error @+1 {{'lamina.convolution' op failed to infer returned types}}
  %y = lamina.convolution %a, %b, strides = [1, 1], low = [0, 0], high = [0, 0], lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 1
      : (tensor<?x5x5x4xf32>, tensor<3x4x6xf32>) -> tensor<?x3x3x6xf32>
  return
}

// -----

func.func @f(%a: tensor<?x5x5x4xf32>, %b: tensor<3x3x4x6xf64>) {
  // expected-error @+2 {{convolution: 'tensor<3x3x4x6xf64>' is not a filter for 'tensor<?x5x5x4xf32>'}}
  // expected-error @+1 {{'lamina.convolution' op failed to infer returned types}}
  %y = lamina.convolution %a, %b, strides = [1, 1], low = [0, 0], high = [0, 0], lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 1
      : (tensor<?x5x5x4xf32>, tensor<3x3x4x6xf64>) -> tensor<?x3x3x6xf32>
  return
}

// -----

func.func @f(%a: tensor<?x5x5x4xf32>, %b: tensor<3x3x4x6xf32>) {
  // expected-error @+2 {{convolution: 2 groups of 4 channels do not make the 4 channels of 'tensor<?x5x5x4xf32>' and 6 filters}}
  // expected-error @+1 {{'lamina.convolution' op failed to infer returned types}}
  %y = lamina.convolution %a, %b, strides = [1, 1], low = [0, 0], high = [0, 0], lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 2
      : (tensor<?x5x5x4xf32>, tensor<3x3x4x6xf32>) -> tensor<?x3x3x6xf32>
  return
}

// -----

func.func @f(%a: tensor<?x5x5x4xf32>, %b: tensor<3x3x1x6xf32>) {
  // expected-error @+2 {{convolution: 4 groups of 1 channels do not make the 4 channels of 'tensor<?x5x5x4xf32>' and 6 filters}}
  // expected-error @+1 {{'lamina.convolution' op failed to infer returned types}}
  %y = lamina.convolution %a, %b, strides = [1, 1], low = [0, 0], high = [0, 0], lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 4
      : (tensor<?x5x5x4xf32>, tensor<3x3x1x6xf32>) -> tensor<?x3x3x6xf32>
  return
}

// -----

func.func @f(%a: tensor<?x5x5x4xf32>, %b: tensor<3x3x4x6xf32>) {
  // expected-error @+2 {{convolution: a window of 5 does not fit 5 elements of spatial dimension 1 padded by -1 and 0}}
  // expected-error @+1 {{'lamina.convolution' op failed to infer returned types}}
  %y = lamina.convolution %a, %b, strides = [1, 1], low = [0, -1], high = [0, 0], lhs_dilation = [1, 1], rhs_dilation = [1, 2], groups = 1
      : (tensor<?x5x5x4xf32>, tensor<3x3x4x6xf32>) -> tensor<?x3x3x6xf32>
  return
}

// -----

func.func @f(%a: tensor<?x5x5x4xf32>, %b: tensor<?x3x3x5xf32>) {
  // expected-error @+1 {{'lamina.filter_gradient' op needs a gradient of type 'tensor<?x3x3x6xf32>', got 'tensor<?x3x3x5xf32>'}}
  %y = lamina.filter_gradient %a, %b, strides = [1, 1], low = [0, 0], high = [0, 0], lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 1
      : (tensor<?x5x5x4xf32>, tensor<?x3x3x5xf32>) -> tensor<3x3x4x6xf32>
  return
}

// -----

func.func @f(%a: tensor<?x5x5x4xf32>, %b: tensor<?x3x3x6xf32>) {
  // expected-error @+1 {{'lamina.filter_gradient' op needs slices of at least one image and a known number of them}}
  %y = lamina.filter_gradient %a, %b, strides = [1, 1], low = [0, 0], high = [0, 0], lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 1 slice = 0
      : (tensor<?x5x5x4xf32>, tensor<?x3x3x6xf32>) -> tensor<2x3x3x4x6xf32>
  return
}

// -----

func.func @f(%a: tensor<?x5x5x4xf32>, %b: tensor<?x3x3x6xf32>) {
  // expected-error @+1 {{filter_gradient: strides, dilations and groups must be positive}}
  %y = lamina.filter_gradient %a, %b, strides = [1, 0], low = [0, 0], high = [0, 0], lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 1
      : (tensor<?x5x5x4xf32>, tensor<?x3x3x6xf32>) -> tensor<3x3x4x6xf32>
  return
}

// -----

func.func @f(%a: tensor<?x4x4x3xf32>) {
  // expected-error @+2 {{reduce_window: windows combine by add or maximum}}
  // expected-error @+1 {{'lamina.reduce_window' op failed to infer returned types}}
  %y = lamina.reduce_window minimum %a, window = [2, 2], strides = [2, 2], low = [0, 0], high = [0, 0]
      : (tensor<?x4x4x3xf32>) -> tensor<?x2x2x3xf32>
  return
}

// -----

func.func @f(%a: tensor<4x3xf32>) {
  // expected-error @+2 {{reduce_window: 'tensor<4x3xf32>' is not rows x one to three spatial dimensions x channels}}
  // expected-error @+1 {{'lamina.reduce_window' op failed to infer returned types}}
  %y = lamina.reduce_window maximum %a, window = [2, 2], strides = [2, 2], low = [0, 0], high = [0, 0]
      : (tensor<4x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @f(%a: tensor<?x4x4x3xf32>) {
  // expected-error @+2 {{reduce_window: window, strides, low and high need one entry for each of 2 spatial dimensions}}
  // expected-error @+1 {{'lamina.reduce_window' op failed to infer returned types}}
  %y = lamina.reduce_window maximum %a, window = [2], strides = [2, 2], low = [0, 0], high = [0, 0]
      : (tensor<?x4x4x3xf32>) -> tensor<?x2x2x3xf32>
  return
}

// -----

func.func @f(%a: tensor<?x4x4x3xf32>) {
  // expected-error @+2 {{reduce_window: windows and strides must be positive, padding not negative}}
  // expected-error @+1 {{'lamina.reduce_window' op failed to infer returned types}}
  %y = lamina.reduce_window maximum %a, window = [2, 2], strides = [2, 0], low = [0, 0], high = [0, 0]
      : (tensor<?x4x4x3xf32>) -> tensor<?x2x2x3xf32>
  return
}

// -----

func.func @f(%a: tensor<?x4x4x3xf32>) {
  // expected-error @+2 {{reduce_window: windows and strides must be positive, padding not negative}}
  // expected-error @+1 {{'lamina.reduce_window' op failed to infer returned types}}
  %y = lamina.reduce_window maximum %a, window = [2, 2], strides = [2, 2], low = [-1, 0], high = [0, 0]
      : (tensor<?x4x4x3xf32>) -> tensor<?x2x2x3xf32>
  return
}

// -----

func.func @f(%a: tensor<?x4x4x3xf32>) {
  // expected-error @+2 {{reduce_window: padding of 0 and 2 is not smaller than the window of 2}}
  // expected-error @+1 {{'lamina.reduce_window' op failed to infer returned types}}
  %y = lamina.reduce_window maximum %a, window = [2, 2], strides = [2, 2], low = [0, 0], high = [2, 0]
      : (tensor<?x4x4x3xf32>) -> tensor<?x2x2x3xf32>
  return
}

// -----

func.func @f(%a: tensor<?x4x4x3xf32>) {
  // expected-error @+2 {{reduce_window: a window of 6 does not fit 4 elements of spatial dimension 1 padded by 1 and 0}}
  // expected-error @+1 {{'lamina.reduce_window' op failed to infer returned types}}
  %y = lamina.reduce_window maximum %a, window = [2, 6], strides = [2, 2], low = [0, 1], high = [0, 0]
      : (tensor<?x4x4x3xf32>) -> tensor<?x2x2x3xf32>
  return
}

// -----

func.func @f(%a: tensor<?x4x4x3xf32>) {
  // expected-error @+2 {{argmax_window: windows and strides must be positive, padding not negative}}
  // expected-error @+1 {{'lamina.argmax_window' op failed to infer returned types}}
  %y = lamina.argmax_window %a, window = [0, 2], strides = [2, 2], low = [0, 0], high = [0, 0]
      : (tensor<?x4x4x3xf32>) -> tensor<?x2x2x3xi8>
  return
}

// -----

func.func @f(%a: tensor<?x4x4x3xf32>) {
  // expected-error @+2 {{'lamina.argmax_window' op inferred type(s) 'tensor<?x2x2x3xi8>' are incompatible with return type(s) of operation 'tensor<?x2x2x3xi32>'}}
  // expected-error @+1 {{'lamina.argmax_window' op failed to infer returned types}}
  %y = lamina.argmax_window %a, window = [2, 2], strides = [2, 2], low = [0, 0], high = [0, 0]
      : (tensor<?x4x4x3xf32>) -> tensor<?x2x2x3xi32>
  return
}

// -----

func.func @f(%a: tensor<?x2x2x3xf32>) {
  // expected-error @+1 {{window_scatter: windows and strides must be positive, padding not negative}}
  %y = lamina.window_scatter %a, window = [2, -1], strides = [2, 2], low = [0, 0], high = [0, 0]
      : (tensor<?x2x2x3xf32>) -> tensor<?x4x4x3xf32>
  return
}

// -----

func.func @f(%a: tensor<?x2x1x3xf32>) {
  // expected-error @+1 {{'lamina.window_scatter' op needs a source of type 'tensor<?x2x2x3xf32>', got 'tensor<?x2x1x3xf32>'}}
  %y = lamina.window_scatter %a, window = [2, 2], strides = [2, 2], low = [0, 0], high = [0, 0]
      : (tensor<?x2x1x3xf32>) -> tensor<?x4x4x3xf32>
  return
}

// -----

func.func @f(%a: tensor<?x2x2x3xf32>, %b: tensor<?x2x2x3xi32>) {
  // expected-error @+1 {{'lamina.window_scatter' op needs places of type 'tensor<?x2x2x3xi8>', got 'tensor<?x2x2x3xi32>'}}
  %y = lamina.window_scatter %a places %b, window = [2, 2], strides = [2, 2], low = [0, 0], high = [0, 0]
      : (tensor<?x2x2x3xf32>, tensor<?x2x2x3xi32>) -> tensor<?x4x4x3xf32>
  return
}

// -----

func.func @f(%a: tensor<9x4xf32>, %b: tensor<?xi32>) {
  // expected-error @+2 {{gather: dimension 2 of 'tensor<9x4xf32>' is not one to look up}}
  // expected-error @+1 {{'lamina.gather' op failed to infer returned types}}
  %y = lamina.gather %a, %b, dim = 2
      : (tensor<9x4xf32>, tensor<?xi32>) -> tensor<?x4xf32>
  return
}

// -----

func.func @f(%a: tensor<?x4xf32>, %b: tensor<3xi32>) {
  // expected-error @+2 {{gather: dimension 0 of 'tensor<?x4xf32>' is not one to look up}}
  // expected-error @+1 {{'lamina.gather' op failed to infer returned types}}
  %y = lamina.gather %a, %b, dim = 0
      : (tensor<?x4xf32>, tensor<3xi32>) -> tensor<3x4xf32>
  return
}

// -----

func.func @f(%a: tensor<?x4xf32>, %b: tensor<?xi32>) {
  // expected-error @+2 {{gather: both 'tensor<?x4xf32>' and 'tensor<?xi32>' have rows}}
  // expected-error @+1 {{'lamina.gather' op failed to infer returned types}}
  %y = lamina.gather %a, %b, dim = 1
      : (tensor<?x4xf32>, tensor<?xi32>) -> tensor<?x3xf32>
  return
}

// -----

func.func @f(%a: tensor<?x4xf32>, %b: tensor<3xi32>) {
  // expected-error @+2 {{gather: 'tensor<?x4xf32>' and 'tensor<3xi32>' do not begin with the same 1 dimensions before dimension 1}}
  // expected-error @+1 {{'lamina.gather' op failed to infer returned types}}
  %y = lamina.gather %a, %b, dim = 1, batching = 1
      : (tensor<?x4xf32>, tensor<3xi32>) -> tensor<?xf32>
  return
}

// -----

func.func @f(%a: tensor<?xi32>, %b: tensor<?x4xf32>) {
  // expected-error @+1 {{scatter: dimension -1 of 'tensor<9x4xf32>' is not one to look up}}
  %y = lamina.scatter %a, %b, dim = -1
      : (tensor<?xi32>, tensor<?x4xf32>) -> tensor<9x4xf32>
  return
}

// -----

func.func @f(%a: tensor<?xi32>, %b: tensor<?x5xf32>) {
  // expected-error @+1 {{'lamina.scatter' op needs updates of type 'tensor<?x4xf32>', got 'tensor<?x5xf32>'}}
  %y = lamina.scatter %a, %b, dim = 0
      : (tensor<?xi32>, tensor<?x5xf32>) -> tensor<9x4xf32>
  return
}
