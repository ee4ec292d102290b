// What the interpreter refuses: one located line, exit status 1.
// RUN: not lamina-opt %s --interpret=missing 2>&1 | FileCheck %s --check-prefix=MISSING
// RUN: not lamina-opt %s --interpret=takes 2>&1 | FileCheck %s --check-prefix=TAKES
// RUN: not lamina-opt %s --interpret=loops 2>&1 | FileCheck %s --check-prefix=LOOPS
// RUN: not lamina-opt %s --interpret=external 2>&1 | FileCheck %s --check-prefix=EXTERNAL
// RUN: not lamina-opt %s --interpret=nothing 2>&1 | FileCheck %s --check-prefix=NOTHING
// RUN: not lamina-opt %s --interpret=picks 2>&1 | FileCheck %s --check-prefix=PICKS
// RUN: not lamina-opt %s --interpret=foreign 2>&1 | FileCheck %s --check-prefix=FOREIGN
// RUN: not lamina-opt %s --interpret=picks --rows=0 2>&1 | FileCheck %s --check-prefix=ROWS
// RUN: not lamina-opt %s --interpret=picks --rows=9 2>&1 | FileCheck %s --check-prefix=ROWS9
// RUN: not lamina-opt %s.missing --interpret 2>&1 | FileCheck %s --check-prefix=FILE

// MISSING: error: there is no function @missing
// ROWS: error: @picks: 0 rows are not within the batch size 8
// ROWS9: error: @picks: 9 rows are not within the batch size 8
// FILE: error: cannot open input file '{{.*}}interpret-errors.mlir.missing': No such file or directory
module attributes {lamina.batch_size = 8 : i64} {

// TAKES: interpret-errors.mlir:[[#@LINE+1]]:1: error: @takes takes 1 arguments, got 0
func.func @takes(%x: tensor<f32>) -> tensor<f32> {
  return %x : tensor<f32>
}

// LOOPS: interpret-errors.mlir:[[#@LINE+1]]:1: error: @loops calls itself
func.func @loops() -> tensor<f32> {
  %x = call @loops() : () -> tensor<f32>
  return %x : tensor<f32>
}

// EXTERNAL: interpret-errors.mlir:[[#@LINE+1]]:1: error: @external has no body
func.func private @external() -> tensor<f32>

// NOTHING: error: reduce: the operand has no elements
func.func @nothing() -> tensor<f32> {
  %x = lamina.constant dense<> : tensor<0xf32>
  %y = lamina.reduce maximum %x, dims = [0] : (tensor<0xf32>) -> tensor<f32>
  return %y : tensor<f32>
}

// PICKS: error: argmax: the operand has no elements
func.func @picks() -> tensor<2xi32> {
  %x = lamina.constant dense<> : tensor<2x0xf32>
  %y = lamina.argmax %x, dim = 1 : (tensor<2x0xf32>) -> tensor<2xi32>
  return %y : tensor<2xi32>
}

// FOREIGN: error: the interpreter does not know the operation 'func.constant'
func.func @foreign() -> tensor<f32> {
  %f = func.constant @nothing : () -> tensor<f32>
  %x = func.call_indirect %f() : () -> tensor<f32>
  return %x : tensor<f32>
}

}
