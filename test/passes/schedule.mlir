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
}
