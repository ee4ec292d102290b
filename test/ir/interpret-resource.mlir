// Constants kept as resources, as embedded weights are.
// RUN: lamina-opt %s --interpret=weights | FileCheck %s
// RUN: not lamina-opt %s --interpret=short 2>&1 | FileCheck %s --check-prefix=SHORT

// CHECK: @weights: dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf32>
func.func @weights() -> tensor<2xf32> {
  %x = lamina.constant dense_resource<two> : tensor<2xf32>
  return %x : tensor<2xf32>
}

// SHORT: error: constant: resource 'two' does not hold the elements of its type
func.func @short() -> tensor<3xf32> {
  %x = lamina.constant dense_resource<two> : tensor<3xf32>
  return %x : tensor<3xf32>
}

{-#
  dialect_resources: {
    builtin: {
      two: "0x040000000000803F00000040"
    }
  }
#-}
