// RUN: lamina-opt %s --split-input-file --verify-diagnostics

func.func @features(%q: tensor<?x5x2x3xf32>, %k: tensor<?x4x2x6xf32>) -> tensor<?x5x2x6xf32> {
  // expected-error @+2 {{attention: query 'tensor<?x5x2x3xf32>', key 'tensor<?x4x2x6xf32>' and value 'tensor<?x4x2x6xf32>' are not rows x steps x heads x features that fit}}
  // expected-error @+1 {{'lamina.attention' op failed to infer returned types}}
  %y:3 = lamina.attention %q, %k, %k, scale = 1.0 : (tensor<?x5x2x3xf32>, tensor<?x4x2x6xf32>, tensor<?x4x2x6xf32>) -> (tensor<?x5x2x6xf32>, tensor<?x2x5xf32>, tensor<?x2x5xf32>)
  return %y#0 : tensor<?x5x2x6xf32>
}

// -----

func.func @mask(%q: tensor<?x5x2x3xf32>, %m: tensor<?x2x5x4xi1>) -> tensor<?x5x2x3xf32> {
  // expected-error @+2 {{attention: a mask of type 'tensor<?x2x5x4xi1>' does not fit rows x heads x queries x keys}}
  // expected-error @+1 {{'lamina.attention' op failed to infer returned types}}
  %y:3 = lamina.attention %q, %q, %q, scale = 1.0 masks %m : (tensor<?x5x2x3xf32>, tensor<?x5x2x3xf32>, tensor<?x5x2x3xf32>, tensor<?x2x5x4xi1>) -> (tensor<?x5x2x3xf32>, tensor<?x2x5xf32>, tensor<?x2x5xf32>)
  return %y#0 : tensor<?x5x2x3xf32>
}

// -----

func.func @gradient(%q: tensor<?x5x2x3xf32>, %s: tensor<?x5x2xf32>) -> tensor<?x5x2x3xf32> {
  // expected-error @+2 {{attention_gradient: needs an output and a gradient of type 'tensor<?x5x2x3xf32>', a maximum and a sum of type 'tensor<?x2x5xf32>'}}
  // expected-error @+1 {{'lamina.attention_gradient' op failed to infer returned types}}
  %y:3 = lamina.attention_gradient %q, %q, %q, %q, %s, %s, %q, scale = 1.0 : (tensor<?x5x2x3xf32>, tensor<?x5x2x3xf32>, tensor<?x5x2x3xf32>, tensor<?x5x2x3xf32>, tensor<?x5x2xf32>, tensor<?x5x2xf32>, tensor<?x5x2x3xf32>) -> (tensor<?x5x2x3xf32>, tensor<?x5x2x3xf32>, tensor<?x5x2x3xf32>)
  return %y#0 : tensor<?x5x2x3xf32>
}

// -----

// expected-error @+1 {{keys = 50 is no multiple of tileRows = 6}}
module attributes {test.schedule = #lamina.attention<lanes = 16, tileRows = 6, tileVectors = 4, keys = 50, blocks = 1, cost = 9>} {}

// -----

// expected-error @+1 {{heads = 0 is not positive}}
module attributes {test.schedule = #lamina.attention_gradient<lanes = 16, tileRows = 6, tileVectors = 4, keys = 48, heads = 0, cost = 9>} {}
