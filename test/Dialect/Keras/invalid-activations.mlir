// RUN: upconv-opt %s -verify-diagnostics -split-input-file
//
// One function per labelled constraint of ActivationOps.td and IdentityOps.td.

func.func @thresholded_re_lu_c1(%a: tensor<2x3xf32>) {
  // expected-error@+2 {{layer (ThresholdedReLU): 'theta' must not be negative, got -1}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.thresholded_re_lu %a {theta = -1.0} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @p_re_lu_c1(%a: tensor<2x3x4xf32>) {
  // expected-error@+2 {{layer (PReLU): 'shared_axes' must name axes other than the batch, got (0,) for an input of shape (2, 3, 4)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.p_re_lu %a {shared_axes = array<i64: 0>} : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  return
}

// -----

func.func @p_re_lu_c2(%a: tensor<2x?x4xf32>) {
  // expected-error@+2 {{layer (PReLU): the axes that 'shared_axes' does not name must have known sizes, got shape (2, None, 4)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.p_re_lu %a {shared_axes = array<i64: 2>} : (tensor<2x?x4xf32>) -> tensor<2x?x4xf32>
  return
}

// -----

func.func @softmax_c1_several(%a: tensor<2x3x4xf32>) {
  // expected-error@+2 {{layer (Softmax): 'axis' must name different axes other than the batch, got (1, -2) for an input of shape (2, 3, 4)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.softmax %a {axis = array<i64: 1, -2>} : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  return
}

// -----

func.func @softmax_c1_empty(%a: tensor<2x3xf32>) {
  // expected-error@+2 {{layer (Softmax): 'axis' must not be empty}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.softmax %a {axis = array<i64>} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @alpha_dropout_c1(%a: tensor<2x3xf32>) {
  // expected-error@+2 {{layer (AlphaDropout): 'rate' must be between 0 and 1, got -0.5}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.alpha_dropout %a {rate = -0.5} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @spatial_dropout_c2(%a: tensor<2x3xf32>) {
  // expected-error@+2 {{layer (SpatialDropout1D): the input must have 3 axes, got shape (2, 3)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.spatial_dropout1d %a {rate = 0.5} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @gaussian_noise_c1(%a: tensor<2x3xf32>) {
  // expected-error@+2 {{layer (GaussianNoise): 'stddev' must not be negative, got -1}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.gaussian_noise %a {stddev = -1.0} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @activity_regularization_c1(%a: tensor<2x3xf32>) {
  // expected-error@+3 {{layer (ActivityRegularization): 'l1' must not be negative, got -1}}
  // expected-error@+2 {{layer (ActivityRegularization): 'l2' must not be negative, got -2}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.activity_regularization %a {l1 = -1.0, l2 = -2.0} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}
