// Every diagnostic of Winograd's minimal filtering.
// RUN: lamina-opt %s --split-input-file --verify-diagnostics

func.func @f(%w: tensor<3x3x4x6xf32>) {
  // expected-error @+2 {{winograd_filter: squares have 2 or 4 rows and columns, not 3}}
  // expected-error @+1 {{'lamina.winograd_filter' op failed to infer returned types}}
  %u = lamina.winograd_filter %w, tile = 3 : (tensor<3x3x4x6xf32>) -> tensor<1x1x25x32x16xf32>
  return
}

// -----

func.func @f(%w: tensor<3x5x4x6xf32>) {
  // expected-error @+2 {{winograd_filter: 'tensor<3x5x4x6xf32>' is not 3 x 3 x channels x filters}}
  // expected-error @+1 {{'lamina.winograd_filter' op failed to infer returned types}}
  %u = lamina.winograd_filter %w, tile = 2 : (tensor<3x5x4x6xf32>) -> tensor<1x1x16x32x16xf32>
  return
}

// -----

func.func @f(%x: tensor<?x5x5x4xf32>, %u: tensor<1x1x49x32x16xf32>) {
  // expected-error @+2 {{winograd_convolution: squares have 2 or 4 rows and columns, not 5}}
  // expected-error @+1 {{'lamina.winograd_convolution' op failed to infer returned types}}
  %y = lamina.winograd_convolution %x, %u, tile = 5, filters = 6, low = [0, 0], high = [0, 0]
      : (tensor<?x5x5x4xf32>, tensor<1x1x49x32x16xf32>) -> tensor<?x3x3x6xf32>
  return
}

// -----

func.func @f(%x: tensor<?x5x4xf32>, %u: tensor<1x1x16x32x16xf32>) {
  // expected-error @+2 {{winograd_convolution: 'tensor<?x5x4xf32>' is not rows x two spatial dimensions x channels}}
  // expected-error @+1 {{'lamina.winograd_convolution' op failed to infer returned types}}
  %y = lamina.winograd_convolution %x, %u, tile = 2, filters = 6, low = [0, 0], high = [0, 0]
      : (tensor<?x5x4xf32>, tensor<1x1x16x32x16xf32>) -> tensor<?x3x6xf32>
  return
}

// -----

func.func @f(%x: tensor<?x5x5x4xf32>, %u: tensor<1x1x16x32x16xf32>) {
  // expected-error @+2 {{winograd_convolution: low and high need one entry for each of 2 spatial dimensions}}
  // expected-error @+1 {{'lamina.winograd_convolution' op failed to infer returned types}}
  %y = lamina.winograd_convolution %x, %u, tile = 2, filters = 6, low = [0], high = [0, 0]
      : (tensor<?x5x5x4xf32>, tensor<1x1x16x32x16xf32>) -> tensor<?x3x3x6xf32>
  return
}

// -----

func.func @f(%x: tensor<?x5x5x4xf32>, %u: tensor<1x1x16x32x16xf32>) {
  // expected-error @+2 {{winograd_convolution: filters must be positive}}
  // expected-error @+1 {{'lamina.winograd_convolution' op failed to infer returned types}}
  %y = lamina.winograd_convolution %x, %u, tile = 2, filters = 0, low = [0, 0], high = [0, 0]
      : (tensor<?x5x5x4xf32>, tensor<1x1x16x32x16xf32>) -> tensor<?x3x3x6xf32>
  return
}

// -----

func.func @f(%x: tensor<?x5x5x4xf32>, %u: tensor<1x1x16x32x16xf32>) {
  // expected-error @+2 {{winograd_convolution: needs a filter of type 'tensor<2x1x16x32x16xf32>', got 'tensor<1x1x16x32x16xf32>'}}
  // expected-error @+1 {{'lamina.winograd_convolution' op failed to infer returned types}}
  %y = lamina.winograd_convolution %x, %u, tile = 2, filters = 17, low = [0, 0], high = [0, 0]
      : (tensor<?x5x5x4xf32>, tensor<1x1x16x32x16xf32>) -> tensor<?x3x3x17xf32>
  return
}

// -----

func.func @f(%x: tensor<?x5x2x4xf32>, %u: tensor<1x1x16x32x16xf32>) {
  // expected-error @+2 {{winograd_convolution: a window of 3 does not fit 2 elements of spatial dimension 1 padded by 0 and 0}}
  // expected-error @+1 {{'lamina.winograd_convolution' op failed to infer returned types}}
  %y = lamina.winograd_convolution %x, %u, tile = 2, filters = 6, low = [0, 0], high = [0, 0]
      : (tensor<?x5x2x4xf32>, tensor<1x1x16x32x16xf32>) -> tensor<?x3x1x6xf32>
  return
}

// -----

func.func @f(%x: tensor<?x5x5x4xf32>, %g: tensor<?x3x3x6xf32>) {
  // expected-error @+1 {{needs squares of 2 or 4 rows and columns, and 3 x 3 taps without strides, dilations, groups and reversal, for winograd = 3}}
  %w = lamina.filter_gradient %x, %g, strides = [1, 1], low = [0, 0], high = [0, 0], lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 1 winograd = 3
      : (tensor<?x5x5x4xf32>, tensor<?x3x3x6xf32>) -> tensor<3x3x4x6xf32>
  return
}

// -----

func.func @f(%x: tensor<?x5x5x4xf32>, %g: tensor<?x2x2x6xf32>) {
  // expected-error @+1 {{needs squares of 2 or 4 rows and columns, and 3 x 3 taps without strides, dilations, groups and reversal, for winograd = 4}}
  %w = lamina.filter_gradient %x, %g, strides = [2, 2], low = [0, 0], high = [0, 0], lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 1 winograd = 4
      : (tensor<?x5x5x4xf32>, tensor<?x2x2x6xf32>) -> tensor<3x3x4x6xf32>
  return
}
