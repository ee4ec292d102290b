// Functions that call functions, kernels, random bits, and a dynamic number of rows.
// RUN: lamina-opt %s --interpret --rows=3 | FileCheck %s
// RUN: lamina-opt %s --interpret=mean --rows=2 | FileCheck %s --check-prefix=ONE

module attributes {lamina.batch_size = 4 : i64} {

// The mean of 0 … rows-1: 1 for three rows, 0.5 for two.
// CHECK: @mean: dense<1.000000e+00> : tensor<f32>
// ONE: @mean: dense<5.000000e-01> : tensor<f32>
// ONE-NOT: @
func.func @mean() -> tensor<f32> {
  %x = lamina.iota 0 : tensor<?xf32>
  %sum = lamina.reduce add %x, dims = [0] : (tensor<?xf32>) -> tensor<f32>
  %rows = lamina.rows : tensor<f32>
  %mean = lamina.divide %sum, %rows : tensor<f32>
  return %mean : tensor<f32>
}

// Several results make several lines.
// CHECK-NEXT: @two: dense<[7.000000e+00, 8.000000e+00]> : tensor<2xf32>
// CHECK-NEXT: @two: dense<true> : tensor<i1>
func.func @two() -> (tensor<2xf32>, tensor<i1>) {
  %x = lamina.constant dense<[7.0, 8.0]> : tensor<2xf32>
  %y = lamina.constant dense<true> : tensor<i1>
  return %x, %y : tensor<2xf32>, tensor<i1>
}

func.func @square(%x: tensor<?xf32>) -> tensor<?xf32> {
  %y = lamina.multiply %x, %x : tensor<?xf32>
  return %y : tensor<?xf32>
}

// CHECK-NEXT: @call: dense<[0.000000e+00, 1.000000e+00, 4.000000e+00]> : tensor<3xf32>
func.func @call() -> tensor<?xf32> {
  %x = lamina.iota 0 : tensor<?xf32>
  %y = call @square(%x) : (tensor<?xf32>) -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// CHECK-NEXT: @kernel: dense<[3.000000e+00, 4.000000e+00]> : tensor<2xf32>
// CHECK-NEXT: @kernel: dense<7.000000e+00> : tensor<f32>
func.func @kernel() -> (tensor<2xf32>, tensor<f32>) {
  %a = lamina.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %b = lamina.constant dense<2.0> : tensor<2xf32>
  %y:2 = lamina.kernel row(%a, %b) : (tensor<2xf32>, tensor<2xf32>) -> (tensor<2xf32>, tensor<f32>) {
  ^bb0(%l: tensor<2xf32>, %r: tensor<2xf32>):
    %s = lamina.add %l, %r : tensor<2xf32>
    %t = lamina.reduce add %s, dims = [0] : (tensor<2xf32>) -> tensor<f32>
    lamina.yield %s, %t : tensor<2xf32>, tensor<f32>
  }
  return %y#0, %y#1 : tensor<2xf32>, tensor<f32>
}

// A batch with fewer rows has the same bits in its rows; step and stream change all of them.
// CHECK-NEXT: @rng_bits: dense<{{\[}}[327646410, -1122325285], [792329422, 1893858986], [-921215496, 257205226]]> : tensor<3x2xi32>
// CHECK-NEXT: @rng_bits: dense<{{\[}}[1561658641, 338155136], [-1822306227, -206357351], [-1615365, 1665390724]]> : tensor<3x2xi32>
// CHECK-NEXT: @rng_bits: dense<{{\[}}[934955986, -1581091837], [-991443698, -547269357], [1718946424, -1866409987]]> : tensor<3x2xi32>
func.func @rng_bits() -> (tensor<?x2xi32>, tensor<?x2xi32>, tensor<?x2xi32>) {
  %seed = lamina.constant dense<12345678901> : tensor<i64>
  %zero = lamina.constant dense<0> : tensor<i64>
  %one = lamina.constant dense<1> : tensor<i64>
  %a = lamina.rng_bits %seed, %zero, stream = 3 : (tensor<i64>, tensor<i64>) -> tensor<?x2xi32>
  %b = lamina.rng_bits %seed, %one, stream = 3 : (tensor<i64>, tensor<i64>) -> tensor<?x2xi32>
  %c = lamina.rng_bits %seed, %zero, stream = 4 : (tensor<i64>, tensor<i64>) -> tensor<?x2xi32>
  return %a, %b, %c : tensor<?x2xi32>, tensor<?x2xi32>, tensor<?x2xi32>
}

}
