// RUN: upconv-opt %s -verify-diagnostics -split-input-file
//
// One function per labelled constraint of NormalizationOps.td and of tables in CoreOps.td.

func.func @layer_normalization_c1(%a: tensor<2x3x4xf32>) {
  // expected-error@+2 {{layer (LayerNormalization): 'axis' must name different axes other than the batch, got (-1, 2) for an input of shape (2, 3, 4)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.layer_normalization %a {axis = array<i64: -1, 2>, rms_scaling = false, epsilon = 0.001, center = true, scale = true} : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  return
}

// -----

func.func @layer_normalization_c1_unknown(%a: tensor<2x?x4xf32>) {
  // expected-error@+2 {{layer (LayerNormalization): 'axis' must name axes of known sizes, got (1,) for an input of shape (2, None, 4)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.layer_normalization %a {axis = array<i64: 1>, rms_scaling = false, epsilon = 0.001, center = true, scale = true} : (tensor<2x?x4xf32>) -> tensor<2x?x4xf32>
  return
}

// -----

func.func @layer_normalization_c2(%a: tensor<2x3x4xf32>) {
  // expected-error@+2 {{layer (LayerNormalization): 'epsilon' must not be negative, got -0.5}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.layer_normalization %a {axis = array<i64: -1>, rms_scaling = false, epsilon = -0.5, center = true, scale = true} : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  return
}

// -----

func.func @group_normalization_c1(%a: tensor<2x3x4xf32>) {
  // expected-error@+2 {{layer (GroupNormalization): 'axis' must name an axis of known size other than the batch, got 3 for an input of shape (2, 3, 4)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.group_normalization %a {groups = 2 : i64, axis = 3 : i64, epsilon = 0.001, center = true, scale = true} : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  return
}

// -----

func.func @group_normalization_c2(%a: tensor<2x3x4xf32>) {
  // expected-error@+2 {{layer (GroupNormalization): 'groups' must be positive or -1, got 0}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.group_normalization %a {groups = 0 : i64, axis = 2 : i64, epsilon = 0.001, center = true, scale = true} : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  return
}

// -----

func.func @group_normalization_c2_divides(%a: tensor<2x3x4xf32>) {
  // expected-error@+2 {{layer (GroupNormalization): 'groups' must divide the channels, got 3 and 4}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.group_normalization %a {groups = 3 : i64, axis = 2 : i64, epsilon = 0.001, center = true, scale = true} : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  return
}

// -----

func.func @group_normalization_c3(%a: tensor<2x3x4xf32>) {
  // expected-error@+2 {{layer (GroupNormalization): 'epsilon' must not be negative, got -0.5}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.group_normalization %a {groups = 2 : i64, axis = 2 : i64, epsilon = -0.5, center = true, scale = true} : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  return
}

// -----

func.func @rms_normalization_c1(%a: tensor<2x3x4xf32>) {
  // expected-error@+2 {{layer (RMSNormalization): 'axis' must name different axes other than the batch, got (0,) for an input of shape (2, 3, 4)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.rms_normalization %a {axis = array<i64: 0>, epsilon = 0.001} : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  return
}

// -----

func.func @rms_normalization_c2(%a: tensor<2x3x4xf32>) {
  // expected-error@+2 {{layer (RMSNormalization): 'epsilon' must not be negative, got -0.5}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.rms_normalization %a {axis = array<i64: 1>, epsilon = -0.5} : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  return
}

// -----

func.func @unit_normalization_c1(%a: tensor<2x3x4xf32>) {
  // expected-error@+2 {{layer (UnitNormalization): 'axis' must name different axes other than the batch, got (5,) for an input of shape (2, 3, 4)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.unit_normalization %a {axis = array<i64: 5>} : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  return
}

// -----

func.func @normalization_c1(%a: tensor<2x?x4xf32>) {
  // expected-error@+2 {{layer (Normalization): 'axis' must name axes of known sizes, got (1,) for an input of shape (2, None, 4)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.normalization %a {axis = array<i64: 1>, invert = false} : (tensor<2x?x4xf32>) -> tensor<2x?x4xf32>
  return
}

// -----

func.func @normalization_c2(%a: tensor<2x3x4xf32>) {
  // expected-error@+2 {{layer (Normalization): 'mean' and 'variance' must both be given with the same number of values, or both not}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.normalization %a {axis = array<i64: 2>, mean = array<f64: 1.0>, invert = false} : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  return
}

// -----

func.func @normalization_c2_values(%a: tensor<2x3x4xf32>) {
  // expected-error@+2 {{layer (Normalization): 'mean' must have 1 value or 4, got 3 for an input of shape (2, 3, 4)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.normalization %a {axis = array<i64: 2>, mean = array<f64: 1.0, 2.0, 3.0>, variance = array<f64: 1.0, 2.0, 3.0>, invert = false} : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  return
}

// -----

func.func @rescaling_c1(%a: tensor<2x3x4xf32>) {
  // expected-error@+2 {{layer (Rescaling): 'scale' and 'offset' must have 1 value or one per element of the last axis, got 3 and 1 for an input of shape (2, 3, 4)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.rescaling %a {scale = array<f64: 1.0, 2.0, 3.0>, offset = array<f64: 1.0>} : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  return
}

// -----

func.func @embedding_c1(%a: tensor<2x3xf32>) {
  // expected-error@+2 {{layer (Embedding): 'input_dim' must be positive, got -1}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.embedding %a {input_dim = -1 : i64, output_dim = 3 : i64, mask_zero = false} : (tensor<2x3xf32>) -> tensor<2x3x3xf32>
  return
}

// -----

func.func @embedding_c2(%a: tensor<2x3x1x1x1x1xf32>) {
  // expected-error@+2 {{layer (Embedding): the output must have at most 6 axes, got shape (2, 3, 1, 1, 1, 1, 3)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.embedding %a {input_dim = 1 : i64, output_dim = 3 : i64, mask_zero = false} : (tensor<2x3x1x1x1x1xf32>) -> tensor<2x3x1x1x1x1xf32>
  return
}

// -----

func.func @masking_c1(%a: tensor<2xf32>) {
  // expected-error@+2 {{layer (Masking): the input must have at least 2 axes, got shape (2,)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.masking %a {mask_value = 0.0} : (tensor<2xf32>) -> tensor<2xf32>
  return
}
