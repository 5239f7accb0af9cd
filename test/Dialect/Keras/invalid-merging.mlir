// RUN: upconv-opt %s -verify-diagnostics -split-input-file
//
// One function per labelled constraint of MergingOps.td.

func.func @subtract_c1(%a: tensor<2x3xf32>) {
  // expected-error@+2 {{layer (Subtract): exactly 2 inputs are required, got 1}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.subtract %a : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @subtract_c2(%a: tensor<2x3xf32>, %b: tensor<2x4xf32>) {
  // expected-error@+2 {{layer (Subtract): the inputs' shapes must broadcast, got (2, 3) and (2, 4)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.subtract %a, %b : (tensor<2x3xf32>, tensor<2x4xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @merging_c2_batch(%a: tensor<2x3xf32>, %b: tensor<1x3xf32>) {
  // expected-error@+2 {{layer (Multiply): the inputs' shapes must broadcast, got (2, 3) and (1, 3)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.multiply %a, %b : (tensor<2x3xf32>, tensor<1x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @concatenate_c2(%a: tensor<2x3xf32>, %b: tensor<2x3xf32>) {
  // expected-error@+2 {{layer (Concatenate): 'axis' must name different axes other than the batch, got (0,) for an input of shape (2, 3)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.concatenate %a, %b {axis = 0 : i64} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<4x3xf32>
  return
}

// -----

func.func @concatenate_c3(%a: tensor<2x3x4xf32>, %b: tensor<2x4x4xf32>) {
  // expected-error@+2 {{layer (Concatenate): the inputs' shapes must agree except on axis 2, got (2, 3, 4) and (2, 4, 4)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.concatenate %a, %b {axis = -1 : i64} : (tensor<2x3x4xf32>, tensor<2x4x4xf32>) -> tensor<2x3x8xf32>
  return
}

// -----

func.func @concatenate_c3_rank(%a: tensor<2x3xf32>, %b: tensor<2x3x4xf32>) {
  // expected-error@+2 {{layer (Concatenate): the inputs' shapes must agree except on axis 1, got (2, 3) and (2, 3, 4)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.concatenate %a, %b {axis = 1 : i64} : (tensor<2x3xf32>, tensor<2x3x4xf32>) -> tensor<2x6xf32>
  return
}

// -----

func.func @dot_c1(%a: tensor<2x3xf32>) {
  // expected-error@+2 {{layer (Dot): exactly 2 inputs are required, got 1}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.dot %a {axes = array<i64: 1, 1>, normalize = false} : (tensor<2x3xf32>) -> tensor<2x1xf32>
  return
}

// -----

func.func @dot_c1_rank(%a: tensor<2xf32>, %b: tensor<2x3xf32>) {
  // expected-error@+2 {{layer (Dot): the inputs must have at least 2 axes, got shape (2,)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.dot %a, %b {axes = array<i64: 1, 1>, normalize = false} : (tensor<2xf32>, tensor<2x3xf32>) -> tensor<2x1xf32>
  return
}

// -----

func.func @dot_c2(%a: tensor<2x3xf32>, %b: tensor<2x3xf32>) {
  // expected-error@+2 {{layer (Dot): 'axes' must have 2 entries, one per input, got 1}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.dot %a, %b {axes = array<i64: 1>, normalize = false} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x1xf32>
  return
}

// -----

func.func @dot_c2_batch(%a: tensor<2x3xf32>, %b: tensor<2x3xf32>) {
  // expected-error@+2 {{layer (Dot): 'axes' must name different axes other than the batch, got (0,) for an input of shape (2, 3)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.dot %a, %b {axes = array<i64: 0, 1>, normalize = false} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x1xf32>
  return
}

// -----

func.func @dot_c3(%a: tensor<2x3x4xf32>, %b: tensor<2x5x4xf32>) {
  // expected-error@+2 {{layer (Dot): the inputs must agree in batch and contracted axis, got (2, 3, 4) and (2, 5, 4) for 'axes' (1, 1)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.dot %a, %b {axes = array<i64: 1, 1>, normalize = false} : (tensor<2x3x4xf32>, tensor<2x5x4xf32>) -> tensor<2x4x4xf32>
  return
}
