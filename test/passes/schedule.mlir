// RUN: lamina-opt %s --pass-pipeline='builtin.module(func.func(schedule{lanes=8 registers=16}))' | FileCheck %s --check-prefixes=CHECK,AVX2
// RUN: lamina-opt %s --pass-pipeline='builtin.module(func.func(schedule{lanes=16 registers=32}))' | FileCheck %s --check-prefixes=CHECK,AVX512

// Tiles fill the registers of the target, a short contracted index is one block, and the capacity of 64
// rows counts for `?`.
module attributes {lamina.batch_size = 64 : i64} {
  // CHECK-LABEL: func.func @contraction
  // AVX2: schedule = #lamina.schedule<contraction, vector = 8, tile = [{{[0-9]+}}, 2, 64], tasks = [
  // AVX512: schedule = #lamina.schedule<contraction, vector = 16, tile = [{{[0-9]+}}, {{[0-9]+}}, 64], tasks =
  func.func @contraction(%x: tensor<?x64xf32>, %w: tensor<64x128xf32>) -> tensor<?x128xf32> {
    %0 = lamina.kernel(%x, %w) : (tensor<?x64xf32>, tensor<64x128xf32>) -> tensor<?x128xf32> {
    ^bb0(%a: tensor<?x64xf32>, %b: tensor<64x128xf32>):
      %1 = lamina.dot_general %a, %b, batching = [] x [], contracting = [1] x [0] : (tensor<?x64xf32>, tensor<64x128xf32>) -> tensor<?x128xf32>
      lamina.yield %1 : tensor<?x128xf32>
    }
    return %0 : tensor<?x128xf32>
  }

  // CHECK-LABEL: func.func @row
  // CHECK: #lamina.schedule<row, vector = {{8|16}}, tasks = [
  func.func @row(%x: tensor<?x10xf32>) -> tensor<?xf32> {
    %0 = lamina.kernel(%x) : (tensor<?x10xf32>) -> tensor<?xf32> {
    ^bb0(%a: tensor<?x10xf32>):
      %1 = lamina.reduce maximum %a, dims = [1] : (tensor<?x10xf32>) -> tensor<?xf32>
      lamina.yield %1 : tensor<?xf32>
    }
    return %0 : tensor<?xf32>
  }

  // CHECK-LABEL: func.func @column
  // CHECK: #lamina.schedule<column, vector = {{8|16}}, tile = [4], tasks = [
  func.func @column(%x: tensor<?x128xf32>) -> tensor<128xf32> {
    %0 = lamina.kernel(%x) : (tensor<?x128xf32>) -> tensor<128xf32> {
    ^bb0(%a: tensor<?x128xf32>):
      %1 = lamina.reduce add %a, dims = [0] : (tensor<?x128xf32>) -> tensor<128xf32>
      lamina.yield %1 : tensor<128xf32>
    }
    return %0 : tensor<128xf32>
  }

  // CHECK-LABEL: func.func @map
  // CHECK: #lamina.schedule<map, vector = {{8|16}}, tasks = [
  func.func @map(%x: tensor<?x128xf32>) -> tensor<?x128xf32> {
    %0 = lamina.kernel(%x) : (tensor<?x128xf32>) -> tensor<?x128xf32> {
    ^bb0(%a: tensor<?x128xf32>):
      %1 = lamina.tanh %a : tensor<?x128xf32>
      lamina.yield %1 : tensor<?x128xf32>
    }
    return %0 : tensor<?x128xf32>
  }

  // Squares fill the registers beside whole panels of filters; 64 images of 7 x 7 have 256 squares.
  // CHECK-LABEL: func.func @winograd
  // CHECK: #lamina.schedule<winograd_filter, vector = {{8|16}}, tasks = [
  // AVX2: #lamina.schedule<winograd, vector = 8, tile = [6, 2], tasks = [36, 128]
  // AVX512: #lamina.schedule<winograd, vector = 16, tile = [14, 2], tasks = [{{[0-9]+}}, 128]
  func.func @winograd(%x: tensor<?x7x7x64xf32>, %w: tensor<3x3x64x128xf32>) -> tensor<?x7x7x128xf32> {
    %0 = lamina.kernel(%w) : (tensor<3x3x64x128xf32>) -> tensor<8x2x36x32x16xf32> {
    ^bb0(%a: tensor<3x3x64x128xf32>):
      %1 = lamina.winograd_filter %a, tile = 4 : (tensor<3x3x64x128xf32>) -> tensor<8x2x36x32x16xf32>
      lamina.yield %1 : tensor<8x2x36x32x16xf32>
    }
    %2 = lamina.kernel(%x, %0) : (tensor<?x7x7x64xf32>, tensor<8x2x36x32x16xf32>) -> tensor<?x7x7x128xf32> {
    ^bb0(%a: tensor<?x7x7x64xf32>, %b: tensor<8x2x36x32x16xf32>):
      %3 = lamina.winograd_convolution %a, %b, tile = 4, filters = 128, low = [1, 1], high = [1, 1]
          : (tensor<?x7x7x64xf32>, tensor<8x2x36x32x16xf32>) -> tensor<?x7x7x128xf32>
      lamina.yield %3 : tensor<?x7x7x128xf32>
    }
    return %2 : tensor<?x7x7x128xf32>
  }
}
