// RUN: lamina-opt %s --interpret | FileCheck %s

// One row and head, two queries, two keys. The second query sees both keys with weights 1/3 and 2/3:
// its scores differ by ln 2.
// CHECK: @attention: dense<{{.*}}[1.000000e+00]{{.*}}[3.000000e+00]{{.*}}> : tensor<1x2x1x1xf32>
func.func @attention() -> tensor<1x2x1x1xf32> {
  %q = lamina.constant dense<[[[[0.0]], [[1.0]]]]> : tensor<1x2x1x1xf32>
  %k = lamina.constant dense<[[[[0.0]], [[0.693147182]]]]> : tensor<1x2x1x1xf32>
  %v = lamina.constant dense<[[[[1.0]], [[4.0]]]]> : tensor<1x2x1x1xf32>
  %y:3 = lamina.attention %q, %k, %v, scale = 1.0 causal : (tensor<1x2x1x1xf32>, tensor<1x2x1x1xf32>, tensor<1x2x1x1xf32>) -> (tensor<1x2x1x1xf32>, tensor<1x1x2xf32>, tensor<1x1x2xf32>)
  return %y#0 : tensor<1x2x1x1xf32>
}

// CHECK-NEXT: @statistics: dense<{{.*}}0.000000e+00, 0.693147182{{.*}}> : tensor<1x1x2xf32>
// CHECK-NEXT: @statistics: dense<{{.*}}1.000000e+00, 1.500000e+00{{.*}}> : tensor<1x1x2xf32>
func.func @statistics() -> (tensor<1x1x2xf32>, tensor<1x1x2xf32>) {
  %q = lamina.constant dense<[[[[0.0]], [[1.0]]]]> : tensor<1x2x1x1xf32>
  %k = lamina.constant dense<[[[[0.0]], [[0.693147182]]]]> : tensor<1x2x1x1xf32>
  %y:3 = lamina.attention %q, %k, %k, scale = 1.0 causal : (tensor<1x2x1x1xf32>, tensor<1x2x1x1xf32>, tensor<1x2x1x1xf32>) -> (tensor<1x2x1x1xf32>, tensor<1x1x2xf32>, tensor<1x1x2xf32>)
  return %y#1, %y#2 : tensor<1x1x2xf32>, tensor<1x1x2xf32>
}

// A mask that leaves nothing: the mean of the values.
// CHECK-NEXT: @nothing: dense<2.500000e+00> : tensor<1x2x1x1xf32>
func.func @nothing() -> tensor<1x2x1x1xf32> {
  %q = lamina.constant dense<[[[[0.0]], [[1.0]]]]> : tensor<1x2x1x1xf32>
  %v = lamina.constant dense<[[[[1.0]], [[4.0]]]]> : tensor<1x2x1x1xf32>
  %m = lamina.constant dense<false> : tensor<1x1x1x1xi1>
  %y:3 = lamina.attention %q, %q, %v, scale = 1.0 masks %m : (tensor<1x2x1x1xf32>, tensor<1x2x1x1xf32>, tensor<1x2x1x1xf32>, tensor<1x1x1x1xi1>) -> (tensor<1x2x1x1xf32>, tensor<1x1x2xf32>, tensor<1x1x2xf32>)
  return %y#0 : tensor<1x2x1x1xf32>
}
