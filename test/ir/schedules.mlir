// RUN: lamina-opt %s -split-input-file -verify-diagnostics | FileCheck %s

// The schedules of all families keep their text.
// CHECK: #lamina.map<lanes = 16, elements = 64, lines = 16, cost = 9>
// CHECK: #lamina.row<lanes = 16, rows = 4, unrolled = true, cost = 9>
// CHECK: #lamina.column<lanes = 16, vectors = 4, blocks = 2, ahead = 16, cost = 9>
// CHECK: #lamina.contraction<lanes = 16, tileRows = 6, tileVectors = 4, depth = 384, rows = 288, columns = 512, left = lines, right = ahead, cost = 9>
// CHECK: #lamina.convolution<lanes = 16, tileRows = 14, tileVectors = 2, channels = 40, lines = 4, positions = 56, columns = 64, ahead = false, cost = 9>
// CHECK: #lamina.depthwise<lanes = 16, tileRows = 14, tileVectors = 2, lines = 4, positions = 56, columns = 64, ahead = true, cost = 9>
// CHECK: #lamina.filter_gradient<lanes = 16, tileRows = 6, tileVectors = 4, channels = 60, columns = 64, positions = 8, images = 2, cost = 9>
// CHECK: #lamina.few_channels_gradient<lanes = 16, tileRows = 9, tileVectors = 3, columns = 48, positions = 8, cost = 9>
// CHECK: #lamina.depthwise_gradient<lanes = 16, tileVectors = 1, columns = 48, positions = 8, images = 2, cost = 9>
// CHECK: #lamina.window<lanes = 16, vectors = 4, pixels = 30, cost = 9>
// CHECK: #lamina.scatter<lanes = 16, columns = 30, cost = 9>
// CHECK: #lamina.winograd<lanes = 16, tileRows = 14, tileVectors = 2, squares = 42, filters = 64, cost = 9>
// CHECK: #lamina.winograd_filter<lanes = 16, blocks = 3, streamed = true, cost = 9>
// CHECK: #lamina.winograd_gradient<lanes = 16, tileRows = 14, tileVectors = 2, channels = 64, filters = 64, squares = 30, cost = 9>
module attributes {test.schedules = [
  #lamina.map<lanes = 16, elements = 64, lines = 16, cost = 9>,
  #lamina.row<lanes = 16, rows = 4, unrolled = true, cost = 9>,
  #lamina.column<lanes = 16, vectors = 4, blocks = 2, ahead = 16, cost = 9>,
  #lamina.contraction<lanes = 16, tileRows = 6, tileVectors = 4, depth = 384, rows = 288, columns = 512, left = lines, right = ahead, cost = 9>,
  #lamina.convolution<lanes = 16, tileRows = 14, tileVectors = 2, channels = 40, lines = 4, positions = 56, columns = 64, ahead = false, cost = 9>,
  #lamina.depthwise<lanes = 16, tileRows = 14, tileVectors = 2, lines = 4, positions = 56, columns = 64, ahead = true, cost = 9>,
  #lamina.filter_gradient<lanes = 16, tileRows = 6, tileVectors = 4, channels = 60, columns = 64, positions = 8, images = 2, cost = 9>,
  #lamina.few_channels_gradient<lanes = 16, tileRows = 9, tileVectors = 3, columns = 48, positions = 8, cost = 9>,
  #lamina.depthwise_gradient<lanes = 16, tileVectors = 1, columns = 48, positions = 8, images = 2, cost = 9>,
  #lamina.window<lanes = 16, vectors = 4, pixels = 30, cost = 9>,
  #lamina.scatter<lanes = 16, columns = 30, cost = 9>,
  #lamina.winograd<lanes = 16, tileRows = 14, tileVectors = 2, squares = 42, filters = 64, cost = 9>,
  #lamina.winograd_filter<lanes = 16, blocks = 3, streamed = true, cost = 9>,
  #lamina.winograd_gradient<lanes = 16, tileRows = 14, tileVectors = 2, channels = 64, filters = 64, squares = 30, cost = 9>
]} {}

// -----

// expected-error @+1 {{lanes = 12 is not a power of two}}
module attributes {test.schedule = #lamina.map<lanes = 12, elements = 64, lines = 1, cost = 9>} {}

// -----

// expected-error @+1 {{cost = -1 is negative}}
module attributes {test.schedule = #lamina.map<lanes = 16, elements = 64, lines = 1, cost = -1>} {}

// -----

// expected-error @+1 {{rows = 0 is not positive}}
module attributes {test.schedule = #lamina.row<lanes = 16, rows = 0, unrolled = false, cost = 9>} {}

// -----

// expected-error @+1 {{ahead = -16 is negative}}
module attributes {test.schedule = #lamina.column<lanes = 16, vectors = 4, blocks = 2, ahead = -16, cost = 9>} {}

// -----

// expected-error @+1 {{a tile of 9 x 4 vectors does not fit 32 registers}}
module attributes {test.schedule = #lamina.few_channels_gradient<lanes = 16, tileRows = 9, tileVectors = 4, columns = 64, positions = 8, cost = 9>} {}

// -----

// expected-error @+1 {{rows = 100 is no multiple of tileRows = 6}}
module attributes {test.schedule = #lamina.contraction<lanes = 16, tileRows = 6, tileVectors = 4, depth = 384, rows = 100, columns = 512, left = none, right = none, cost = 9>} {}

// -----

// expected-error @+1 {{columns = 500 is no multiple of the tile's width = 64}}
module attributes {test.schedule = #lamina.contraction<lanes = 16, tileRows = 6, tileVectors = 4, depth = 384, rows = 12, columns = 500, left = none, right = none, cost = 9>} {}

// -----

// expected-error @+1 {{right = ahead with one tile of columns: there is none before it}}
module attributes {test.schedule = #lamina.contraction<lanes = 16, tileRows = 6, tileVectors = 4, depth = 384, rows = 12, columns = 64, left = none, right = ahead, cost = 9>} {}

// -----

// expected-error @+1 {{channels = -8 is negative}}
module attributes {test.schedule = #lamina.convolution<lanes = 16, tileRows = 14, tileVectors = 2, channels = -8, lines = 4, positions = 56, columns = 64, ahead = false, cost = 9>} {}

// -----

// expected-error @+1 {{squares = 40 is no multiple of tileRows = 14}}
module attributes {test.schedule = #lamina.winograd<lanes = 16, tileRows = 14, tileVectors = 2, squares = 40, filters = 64, cost = 9>} {}

// -----

// expected-error @+1 {{channels = 60 is no multiple of lanes = 16}}
module attributes {test.schedule = #lamina.winograd_gradient<lanes = 16, tileRows = 14, tileVectors = 2, channels = 60, filters = 64, squares = 30, cost = 9>} {}

// -----

func.func @family(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{is of the family map, but its schedule is for row}}
  %0 = lamina.kernel map(%x) {schedule = #lamina.row<lanes = 16, rows = 4, unrolled = true, cost = 9>} : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%a: tensor<4xf32>):
    lamina.yield %a : tensor<4xf32>
  }
  return %0 : tensor<4xf32>
}
