// RUN: lamina-opt %s --pass-pipeline='builtin.module(func.func(schedule{lanes=8 registers=16}))' | FileCheck %s --check-prefixes=CHECK,AVX2
// RUN: lamina-opt %s --pass-pipeline='builtin.module(func.func(schedule{lanes=16 registers=32}))' | FileCheck %s --check-prefixes=CHECK,AVX512

// The schedule of every family; the capacity of 64 rows counts for `?`.
module attributes {lamina.batch_size = 64 : i64} {
  // Elements in whole vectors.
  // CHECK-LABEL: func.func @map
  // AVX2: #lamina.map<lanes = 8, elements = 1664, lines = 1, cost = 17408>
  // AVX512: #lamina.map<lanes = 16, elements = 4096, lines = 1, cost = 8704>
  func.func @map(%x: tensor<?x128xf32>) -> tensor<?x128xf32> {
    %0 = lamina.kernel map(%x) : (tensor<?x128xf32>) -> tensor<?x128xf32> {
    ^bb0(%x_: tensor<?x128xf32>):
      %r = lamina.tanh %x_ : tensor<?x128xf32>
      lamina.yield %r : tensor<?x128xf32>
    }
    return %0 : tensor<?x128xf32>
  }

  // Short rows stay in registers.
  // CHECK-LABEL: func.func @row
  // AVX2: #lamina.row<lanes = 8, rows = 64, unrolled = true, cost = 1448>
  // AVX512: #lamina.row<lanes = 16, rows = 64, unrolled = true, cost = 1364>
  func.func @row(%x: tensor<?x10xf32>) -> tensor<?xf32> {
    %0 = lamina.kernel row(%x) : (tensor<?x10xf32>) -> tensor<?xf32> {
    ^bb0(%x_: tensor<?x10xf32>):
      %r = lamina.reduce maximum %x_, dims = [1] : (tensor<?x10xf32>) -> tensor<?xf32>
      lamina.yield %r : tensor<?xf32>
    }
    return %0 : tensor<?xf32>
  }

  // Long rows are read again.
  // CHECK-LABEL: func.func @long_row
  // AVX2: #lamina.row<lanes = 8, rows = 13, unrolled = false, cost = 16008>
  // AVX512: #lamina.row<lanes = 16, rows = 32, unrolled = false, cost = 8004>
  func.func @long_row(%x: tensor<?x1000xf32>) -> tensor<?xf32> {
    %0 = lamina.kernel row(%x) : (tensor<?x1000xf32>) -> tensor<?xf32> {
    ^bb0(%x_: tensor<?x1000xf32>):
      %r = lamina.reduce maximum %x_, dims = [1] : (tensor<?x1000xf32>) -> tensor<?xf32>
      lamina.yield %r : tensor<?xf32>
    }
    return %0 : tensor<?xf32>
  }

  // Small tensors stay in the caches.
  // CHECK-LABEL: func.func @column
  // AVX2: #lamina.column<lanes = 8, vectors = 4, blocks = 4, ahead = 0, cost = 2064>
  // AVX512: #lamina.column<lanes = 16, vectors = 4, blocks = 2, ahead = 0, cost = 1032>
  func.func @column(%x: tensor<?x128xf32>) -> tensor<128xf32> {
    %0 = lamina.kernel column(%x) : (tensor<?x128xf32>) -> tensor<128xf32> {
    ^bb0(%x_: tensor<?x128xf32>):
      %r = lamina.reduce add %x_, dims = [0] : (tensor<?x128xf32>) -> tensor<128xf32>
      lamina.yield %r : tensor<128xf32>
    }
    return %0 : tensor<128xf32>
  }

  // Large ones are prefetched.
  // CHECK-LABEL: func.func @long_column
  // AVX2: #lamina.column<lanes = 8, vectors = 4, blocks = 112, ahead = 16, cost = 6451200>
  // AVX512: #lamina.column<lanes = 16, vectors = 2, blocks = 112, ahead = 16, cost = 3225600>
  func.func @long_column(%x: tensor<?x112x112x32xf32>) -> tensor<?x112x32xf32> {
    %0 = lamina.kernel column(%x) : (tensor<?x112x112x32xf32>) -> tensor<?x112x32xf32> {
    ^bb0(%x_: tensor<?x112x112x32xf32>):
      %r = lamina.reduce add %x_, dims = [2] : (tensor<?x112x112x32xf32>) -> tensor<?x112x32xf32>
      lamina.yield %r : tensor<?x112x32xf32>
    }
    return %0 : tensor<?x112x32xf32>
  }

  // A short contracted index is one block; small operands are read where they stand.
  // CHECK-LABEL: func.func @contraction
  // AVX2: #lamina.contraction<lanes = 8, tileRows = 4, tileVectors = 2, depth = 64, rows = 32, columns = 32, left = none, right = block, cost = 35328>
  // AVX512: #lamina.contraction<lanes = 16, tileRows = 8, tileVectors = 2, depth = 64, rows = 32, columns = 64, left = none, right = ahead, cost = 17664>
  func.func @contraction(%x: tensor<?x64xf32>, %w: tensor<64x128xf32>) -> tensor<?x128xf32> {
    %0 = lamina.kernel contraction(%x, %w) : (tensor<?x64xf32>, tensor<64x128xf32>) -> tensor<?x128xf32> {
    ^bb0(%x_: tensor<?x64xf32>, %w_: tensor<64x128xf32>):
      %r = lamina.dot_general %x_, %w_, batching = [] x [], contracting = [1] x [0] : (tensor<?x64xf32>, tensor<64x128xf32>) -> tensor<?x128xf32>
      lamina.yield %r : tensor<?x128xf32>
    }
    return %0 : tensor<?x128xf32>
  }

  // Large ones are copied, the right one while the tile of columns before is at work.
  // CHECK-LABEL: func.func @large_contraction
  // AVX2: #lamina.contraction<lanes = 8, tileRows = 6, tileVectors = 2, depth = 344, rows = 258, columns = 512, left = lines, right = ahead, cost = 67633152>
  // AVX512: #lamina.contraction<lanes = 16, tileRows = 6, tileVectors = 4, depth = 352, rows = 258, columns = 512, left = lines, right = ahead, cost = 33816576>
  func.func @large_contraction(%x: tensor<1024x1024xf32>, %w: tensor<1024x1024xf32>) -> tensor<1024x1024xf32> {
    %0 = lamina.kernel contraction(%x, %w) : (tensor<1024x1024xf32>, tensor<1024x1024xf32>) -> tensor<1024x1024xf32> {
    ^bb0(%x_: tensor<1024x1024xf32>, %w_: tensor<1024x1024xf32>):
      %r = lamina.dot_general %x_, %w_, batching = [] x [], contracting = [1] x [0] : (tensor<1024x1024xf32>, tensor<1024x1024xf32>) -> tensor<1024x1024xf32>
      lamina.yield %r : tensor<1024x1024xf32>
    }
    return %0 : tensor<1024x1024xf32>
  }

  // Rows that stand side by side are copied in panels.
  // CHECK-LABEL: func.func @gradient_contraction
  // AVX2: #lamina.contraction<lanes = 8, tileRows = 6, tileVectors = 2, depth = 344, rows = 258, columns = 512, left = panels, right = ahead, cost = 67633152>
  // AVX512: #lamina.contraction<lanes = 16, tileRows = 6, tileVectors = 4, depth = 352, rows = 258, columns = 512, left = panels, right = ahead, cost = 33816576>
  func.func @gradient_contraction(%x: tensor<1024x1024xf32>, %w: tensor<1024x1024xf32>) -> tensor<1024x1024xf32> {
    %0 = lamina.kernel contraction(%x, %w) : (tensor<1024x1024xf32>, tensor<1024x1024xf32>) -> tensor<1024x1024xf32> {
    ^bb0(%x_: tensor<1024x1024xf32>, %w_: tensor<1024x1024xf32>):
      %r = lamina.dot_general %x_, %w_, batching = [] x [], contracting = [0] x [0] : (tensor<1024x1024xf32>, tensor<1024x1024xf32>) -> tensor<1024x1024xf32>
      lamina.yield %r : tensor<1024x1024xf32>
    }
    return %0 : tensor<1024x1024xf32>
  }

  // Vectors of f64 have half as many elements.
  // CHECK-LABEL: func.func @double_contraction
  // AVX2: #lamina.contraction<lanes = 4, tileRows = 4, tileVectors = 2, depth = 64, rows = 32, columns = 32, left = none, right = block, cost = 70656>
  // AVX512: #lamina.contraction<lanes = 8, tileRows = 8, tileVectors = 2, depth = 64, rows = 32, columns = 32, left = none, right = block, cost = 35328>
  func.func @double_contraction(%x: tensor<?x64xf64>, %w: tensor<64x128xf64>) -> tensor<?x128xf64> {
    %0 = lamina.kernel contraction(%x, %w) : (tensor<?x64xf64>, tensor<64x128xf64>) -> tensor<?x128xf64> {
    ^bb0(%x_: tensor<?x64xf64>, %w_: tensor<64x128xf64>):
      %r = lamina.dot_general %x_, %w_, batching = [] x [], contracting = [1] x [0] : (tensor<?x64xf64>, tensor<64x128xf64>) -> tensor<?x128xf64>
      lamina.yield %r : tensor<?x128xf64>
    }
    return %0 : tensor<?x128xf64>
  }

  // The filter of a tile of columns stays in the first-level cache.
  // CHECK-LABEL: func.func @convolution
  // AVX2: #lamina.convolution<lanes = 8, tileRows = 6, tileVectors = 2, channels = 0, lines = 28, positions = 28, columns = 32, ahead = false, cost = 14072384>
  // AVX512: #lamina.convolution<lanes = 16, tileRows = 14, tileVectors = 2, channels = 0, lines = 28, positions = 28, columns = 32, ahead = false, cost = 7036192>
  func.func @convolution(%x: tensor<?x28x28x16xf32>, %w: tensor<3x3x16x32xf32>) -> tensor<?x28x28x32xf32> {
    %0 = lamina.kernel convolution(%x, %w) : (tensor<?x28x28x16xf32>, tensor<3x3x16x32xf32>) -> tensor<?x28x28x32xf32> {
    ^bb0(%x_: tensor<?x28x28x16xf32>, %w_: tensor<3x3x16x32xf32>):
      %r = lamina.convolution %x_, %w_, strides = [1, 1], low = [1, 1], high = [1, 1], lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 1
          : (tensor<?x28x28x16xf32>, tensor<3x3x16x32xf32>) -> tensor<?x28x28x32xf32>
      lamina.yield %r : tensor<?x28x28x32xf32>
    }
    return %0 : tensor<?x28x28x32xf32>
  }

  // It does not: blocks of channels.
  // CHECK-LABEL: func.func @deep_convolution
  // AVX2: #lamina.convolution<lanes = 8, tileRows = 6, tileVectors = 2, channels = 104, lines = 5, positions = 14, columns = 64, ahead = false, cost = 210655232>
  // AVX512: #lamina.convolution<lanes = 16, tileRows = 14, tileVectors = 2, channels = 56, lines = 5, positions = 14, columns = 64, ahead = false, cost = 105327616>
  func.func @deep_convolution(%x: tensor<?x14x14x512xf32>, %w: tensor<3x3x512x64xf32>) -> tensor<?x14x14x64xf32> {
    %0 = lamina.kernel convolution(%x, %w) : (tensor<?x14x14x512xf32>, tensor<3x3x512x64xf32>) -> tensor<?x14x14x64xf32> {
    ^bb0(%x_: tensor<?x14x14x512xf32>, %w_: tensor<3x3x512x64xf32>):
      %r = lamina.convolution %x_, %w_, strides = [1, 1], low = [1, 1], high = [1, 1], lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 1
          : (tensor<?x14x14x512xf32>, tensor<3x3x512x64xf32>) -> tensor<?x14x14x64xf32>
      lamina.yield %r : tensor<?x14x14x64xf32>
    }
    return %0 : tensor<?x14x14x64xf32>
  }

  // A task has as many lines of f64 as of f32.
  // CHECK-LABEL: func.func @double_convolution
  // AVX2: #lamina.convolution<lanes = 4, tileRows = 6, tileVectors = 2, channels = 104, lines = 5, positions = 14, columns = 64, ahead = false, cost = 421310464>
  // AVX512: #lamina.convolution<lanes = 8, tileRows = 14, tileVectors = 2, channels = 56, lines = 5, positions = 14, columns = 64, ahead = false, cost = 210655232>
  func.func @double_convolution(%x: tensor<?x14x14x512xf64>, %w: tensor<3x3x512x64xf64>) -> tensor<?x14x14x64xf64> {
    %0 = lamina.kernel convolution(%x, %w) : (tensor<?x14x14x512xf64>, tensor<3x3x512x64xf64>) -> tensor<?x14x14x64xf64> {
    ^bb0(%x_: tensor<?x14x14x512xf64>, %w_: tensor<3x3x512x64xf64>):
      %r = lamina.convolution %x_, %w_, strides = [1, 1], low = [1, 1], high = [1, 1], lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 1
          : (tensor<?x14x14x512xf64>, tensor<3x3x512x64xf64>) -> tensor<?x14x14x64xf64>
      lamina.yield %r : tensor<?x14x14x64xf64>
    }
    return %0 : tensor<?x14x14x64xf64>
  }

  // Pixels of 1 KiB: the next tile's are prefetched.
  // CHECK-LABEL: func.func @pointwise_convolution
  // AVX2: #lamina.convolution<lanes = 8, tileRows = 6, tileVectors = 2, channels = 0, lines = 1, positions = 162, columns = 64, ahead = true, cost = 53389312>
  // AVX512: #lamina.convolution<lanes = 16, tileRows = 14, tileVectors = 2, channels = 0, lines = 1, positions = 168, columns = 64, ahead = true, cost = 26694656>
  func.func @pointwise_convolution(%x: tensor<?x28x28x256xf32>, %w: tensor<1x1x256x64xf32>) -> tensor<?x28x28x64xf32> {
    %0 = lamina.kernel convolution(%x, %w) : (tensor<?x28x28x256xf32>, tensor<1x1x256x64xf32>) -> tensor<?x28x28x64xf32> {
    ^bb0(%x_: tensor<?x28x28x256xf32>, %w_: tensor<1x1x256x64xf32>):
      %r = lamina.convolution %x_, %w_, strides = [1, 1], low = [0, 0], high = [0, 0], lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 1
          : (tensor<?x28x28x256xf32>, tensor<1x1x256x64xf32>) -> tensor<?x28x28x64xf32>
      lamina.yield %r : tensor<?x28x28x64xf32>
    }
    return %0 : tensor<?x28x28x64xf32>
  }

  // Large images do not stay in the caches.
  // CHECK-LABEL: func.func @depthwise
  // AVX2: #lamina.depthwise<lanes = 8, tileRows = 6, tileVectors = 2, lines = 6, positions = 56, columns = 144, ahead = true, cost = 38970018>
  // AVX512: #lamina.depthwise<lanes = 16, tileRows = 9, tileVectors = 3, lines = 6, positions = 56, columns = 144, ahead = true, cost = 19485009>
  func.func @depthwise(%x: tensor<?x56x56x144xf32>, %w: tensor<3x3x1x144xf32>) -> tensor<?x56x56x144xf32> {
    %0 = lamina.kernel depthwise(%x, %w) : (tensor<?x56x56x144xf32>, tensor<3x3x1x144xf32>) -> tensor<?x56x56x144xf32> {
    ^bb0(%x_: tensor<?x56x56x144xf32>, %w_: tensor<3x3x1x144xf32>):
      %r = lamina.convolution %x_, %w_, strides = [1, 1], low = [1, 1], high = [1, 1], lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 144
          : (tensor<?x56x56x144xf32>, tensor<3x3x1x144xf32>) -> tensor<?x56x56x144xf32>
      lamina.yield %r : tensor<?x56x56x144xf32>
    }
    return %0 : tensor<?x56x56x144xf32>
  }

  // Panels of both images fit the second-level cache.
  // CHECK-LABEL: func.func @filter_gradient
  // AVX2: #lamina.filter_gradient<lanes = 8, tileRows = 6, tileVectors = 2, channels = 12, columns = 16, positions = 7, images = 1, cost = 13770752>
  // AVX512: #lamina.filter_gradient<lanes = 16, tileRows = 14, tileVectors = 2, channels = 14, columns = 32, positions = 7, images = 1, cost = 6885376>
  func.func @filter_gradient(%x: tensor<?x28x28x16xf32>, %g: tensor<?x28x28x32xf32>) -> tensor<3x3x16x32xf32> {
    %0 = lamina.kernel filter_gradient(%x, %g) : (tensor<?x28x28x16xf32>, tensor<?x28x28x32xf32>) -> tensor<3x3x16x32xf32> {
    ^bb0(%x_: tensor<?x28x28x16xf32>, %g_: tensor<?x28x28x32xf32>):
      %r = lamina.filter_gradient %x_, %g_, strides = [1, 1], low = [1, 1], high = [1, 1], lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 1
          : (tensor<?x28x28x16xf32>, tensor<?x28x28x32xf32>) -> tensor<3x3x16x32xf32>
      lamina.yield %r : tensor<3x3x16x32xf32>
    }
    return %0 : tensor<3x3x16x32xf32>
  }

  // All taps are rows.
  // CHECK-LABEL: func.func @few_channels_gradient
  // AVX2: #lamina.few_channels_gradient<lanes = 8, tileRows = 6, tileVectors = 2, columns = 16, positions = 4, cost = 2582016>
  // AVX512: #lamina.few_channels_gradient<lanes = 16, tileRows = 14, tileVectors = 2, columns = 32, positions = 4, cost = 1291008>
  func.func @few_channels_gradient(%x: tensor<?x28x28x3xf32>, %g: tensor<?x28x28x32xf32>) -> tensor<3x3x3x32xf32> {
    %0 = lamina.kernel few_channels_gradient(%x, %g) : (tensor<?x28x28x3xf32>, tensor<?x28x28x32xf32>) -> tensor<3x3x3x32xf32> {
    ^bb0(%x_: tensor<?x28x28x3xf32>, %g_: tensor<?x28x28x32xf32>):
      %r = lamina.filter_gradient %x_, %g_, strides = [1, 1], low = [1, 1], high = [1, 1], lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 1
          : (tensor<?x28x28x3xf32>, tensor<?x28x28x32xf32>) -> tensor<3x3x3x32xf32>
      lamina.yield %r : tensor<3x3x3x32xf32>
    }
    return %0 : tensor<3x3x3x32xf32>
  }

  // A line of memory of channels at a time.
  // CHECK-LABEL: func.func @depthwise_gradient
  // AVX2: #lamina.depthwise_gradient<lanes = 8, tileVectors = 2, columns = 16, positions = 7, images = 1, cost = 1721344>
  // AVX512: #lamina.depthwise_gradient<lanes = 16, tileVectors = 1, columns = 16, positions = 7, images = 1, cost = 860672>
  func.func @depthwise_gradient(%x: tensor<?x28x28x32xf32>, %g: tensor<?x28x28x32xf32>) -> tensor<3x3x1x32xf32> {
    %0 = lamina.kernel depthwise_gradient(%x, %g) : (tensor<?x28x28x32xf32>, tensor<?x28x28x32xf32>) -> tensor<3x3x1x32xf32> {
    ^bb0(%x_: tensor<?x28x28x32xf32>, %g_: tensor<?x28x28x32xf32>):
      %r = lamina.filter_gradient %x_, %g_, strides = [1, 1], low = [1, 1], high = [1, 1], lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 32
          : (tensor<?x28x28x32xf32>, tensor<?x28x28x32xf32>) -> tensor<3x3x1x32xf32>
      lamina.yield %r : tensor<3x3x1x32xf32>
    }
    return %0 : tensor<3x3x1x32xf32>
  }

  // Channels in vectors.
  // CHECK-LABEL: func.func @window
  // AVX2: #lamina.window<lanes = 8, vectors = 4, pixels = 196, cost = 451584>
  // AVX512: #lamina.window<lanes = 16, vectors = 2, pixels = 196, cost = 225792>
  func.func @window(%x: tensor<?x28x28x32xf32>) -> tensor<?x14x14x32xf32> {
    %0 = lamina.kernel window(%x) : (tensor<?x28x28x32xf32>) -> tensor<?x14x14x32xf32> {
    ^bb0(%x_: tensor<?x28x28x32xf32>):
      %r = lamina.reduce_window maximum %x_, window = [2, 2], strides = [2, 2], low = [0, 0], high = [0, 0]
          : (tensor<?x28x28x32xf32>) -> tensor<?x14x14x32xf32>
      lamina.yield %r : tensor<?x14x14x32xf32>
    }
    return %0 : tensor<?x14x14x32xf32>
  }

  // Columns of all slices.
  // CHECK-LABEL: func.func @scatter
  // AVX2: #lamina.scatter<lanes = 8, columns = 8, cost = 24320>
  // AVX512: #lamina.scatter<lanes = 16, columns = 16, cost = 12160>
  func.func @scatter(%i: tensor<?x16xi32>, %u: tensor<?x16x64xf32>) -> tensor<1000x64xf32> {
    %0 = lamina.kernel scatter(%i, %u) : (tensor<?x16xi32>, tensor<?x16x64xf32>) -> tensor<1000x64xf32> {
    ^bb0(%i_: tensor<?x16xi32>, %u_: tensor<?x16x64xf32>):
      %r = lamina.scatter %i_, %u_, dim = 0 : (tensor<?x16xi32>, tensor<?x16x64xf32>) -> tensor<1000x64xf32>
      lamina.yield %r : tensor<1000x64xf32>
    }
    return %0 : tensor<1000x64xf32>
  }

  // Blocks of 16 filters and 32 channels.
  // CHECK-LABEL: func.func @winograd_filter
  // AVX2: #lamina.winograd_filter<lanes = 8, blocks = 1, streamed = false, cost = 141312>
  // AVX512: #lamina.winograd_filter<lanes = 16, blocks = 1, streamed = false, cost = 70656>
  func.func @winograd_filter(%w: tensor<3x3x64x128xf32>) -> tensor<8x2x36x32x16xf32> {
    %0 = lamina.kernel winograd_filter(%w) : (tensor<3x3x64x128xf32>) -> tensor<8x2x36x32x16xf32> {
    ^bb0(%w_: tensor<3x3x64x128xf32>):
      %r = lamina.winograd_filter %w_, tile = 4 : (tensor<3x3x64x128xf32>) -> tensor<8x2x36x32x16xf32>
      lamina.yield %r : tensor<8x2x36x32x16xf32>
    }
    return %0 : tensor<8x2x36x32x16xf32>
  }

  // Squares fill the registers beside whole panels of filters; 64 images of 7 x 7 have 256 squares.
  // CHECK-LABEL: func.func @winograd
  // AVX2: #lamina.winograd<lanes = 8, tileRows = 6, tileVectors = 2, squares = 36, filters = 128, cost = 5709994>
  // AVX512: #lamina.winograd<lanes = 16, tileRows = 14, tileVectors = 2, squares = 42, filters = 128, cost = 2854997>
  func.func @winograd(%x: tensor<?x7x7x64xf32>, %w: tensor<8x2x36x32x16xf32>) -> tensor<?x7x7x128xf32> {
    %0 = lamina.kernel winograd(%x, %w) : (tensor<?x7x7x64xf32>, tensor<8x2x36x32x16xf32>) -> tensor<?x7x7x128xf32> {
    ^bb0(%x_: tensor<?x7x7x64xf32>, %w_: tensor<8x2x36x32x16xf32>):
      %r = lamina.winograd_convolution %x_, %w_, tile = 4, filters = 128, low = [1, 1], high = [1, 1]
          : (tensor<?x7x7x64xf32>, tensor<8x2x36x32x16xf32>) -> tensor<?x7x7x128xf32>
      lamina.yield %r : tensor<?x7x7x128xf32>
    }
    return %0 : tensor<?x7x7x128xf32>
  }

  // Blocks of squares of both images.
  // CHECK-LABEL: func.func @winograd_gradient
  // AVX2: #lamina.winograd_gradient<lanes = 8, tileRows = 6, tileVectors = 2, channels = 64, filters = 64, squares = 64, cost = 12185941>
  // AVX512: #lamina.winograd_gradient<lanes = 16, tileRows = 14, tileVectors = 2, channels = 64, filters = 64, squares = 64, cost = 6092970>
  func.func @winograd_gradient(%x: tensor<?x14x14x64xf32>, %g: tensor<?x14x14x64xf32>) -> tensor<3x3x64x64xf32> {
    %0 = lamina.kernel winograd_gradient(%x, %g) : (tensor<?x14x14x64xf32>, tensor<?x14x14x64xf32>) -> tensor<3x3x64x64xf32> {
    ^bb0(%x_: tensor<?x14x14x64xf32>, %g_: tensor<?x14x14x64xf32>):
      %r = lamina.filter_gradient %x_, %g_, strides = [1, 1], low = [1, 1], high = [1, 1], lhs_dilation = [1, 1], rhs_dilation = [1, 1], groups = 1 winograd = 4
          : (tensor<?x14x14x64xf32>, tensor<?x14x14x64xf32>) -> tensor<3x3x64x64xf32>
      lamina.yield %r : tensor<3x3x64x64xf32>
    }
    return %0 : tensor<3x3x64x64xf32>
  }

  // Four vectors of queries, two where there are 16 registers, with as many keys as fit beside them.
  // CHECK-LABEL: func.func @attention
  // AVX2: #lamina.attention<lanes = 8, tileRows = 6, tileVectors = 2, keys = 96, blocks = 32, cost = 44040190>
  // AVX512: #lamina.attention<lanes = 16, tileRows = 6, tileVectors = 4, keys = 96, blocks = 8, cost = 22020092>
  func.func @attention(%q: tensor<?x128x4x64xf32>) -> tensor<?x128x4x64xf32> {
    %0:3 = lamina.kernel attention(%q) : (tensor<?x128x4x64xf32>) -> (tensor<?x128x4x64xf32>, tensor<?x4x128xf32>, tensor<?x4x128xf32>) {
    ^bb0(%q_: tensor<?x128x4x64xf32>):
      %r:3 = lamina.attention %q_, %q_, %q_, scale = 0.125 : (tensor<?x128x4x64xf32>, tensor<?x128x4x64xf32>, tensor<?x128x4x64xf32>) -> (tensor<?x128x4x64xf32>, tensor<?x4x128xf32>, tensor<?x4x128xf32>)
      lamina.yield %r#0, %r#1, %r#2 : tensor<?x128x4x64xf32>, tensor<?x4x128xf32>, tensor<?x4x128xf32>
    }
    return %0#0 : tensor<?x128x4x64xf32>
  }

  // Whole heads.
  // CHECK-LABEL: func.func @attention_gradient
  // AVX2: #lamina.attention_gradient<lanes = 8, tileRows = 6, tileVectors = 2, keys = 48, heads = 4, cost = 94371838>
  // AVX512: #lamina.attention_gradient<lanes = 16, tileRows = 6, tileVectors = 4, keys = 48, heads = 4, cost = 47185916>
  func.func @attention_gradient(%q: tensor<?x128x4x64xf32>, %s: tensor<?x4x128xf32>) -> tensor<?x128x4x64xf32> {
    %0:3 = lamina.kernel attention_gradient(%q, %s) : (tensor<?x128x4x64xf32>, tensor<?x4x128xf32>) -> (tensor<?x128x4x64xf32>, tensor<?x128x4x64xf32>, tensor<?x128x4x64xf32>) {
    ^bb0(%q_: tensor<?x128x4x64xf32>, %s_: tensor<?x4x128xf32>):
      %r:3 = lamina.attention_gradient %q_, %q_, %q_, %q_, %s_, %s_, %q_, scale = 0.125 : (tensor<?x128x4x64xf32>, tensor<?x128x4x64xf32>, tensor<?x128x4x64xf32>, tensor<?x128x4x64xf32>, tensor<?x4x128xf32>, tensor<?x4x128xf32>, tensor<?x128x4x64xf32>) -> (tensor<?x128x4x64xf32>, tensor<?x128x4x64xf32>, tensor<?x128x4x64xf32>)
      lamina.yield %r#0, %r#1, %r#2 : tensor<?x128x4x64xf32>, tensor<?x128x4x64xf32>, tensor<?x128x4x64xf32>
    }
    return %0#0 : tensor<?x128x4x64xf32>
  }
}
