// RUN: upconv-opt %s -split-input-file -verify-diagnostics

func.func @merge_steps_c1(%a: tensor<2x3xf32>) {
  // expected-error@+2 {{layer (TimeDistributed): the input must have a batch, steps and at least one axis more, got shape (2, 3)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.merge_steps %a : (tensor<2x3xf32>) -> tensor<6xf32>
  return
}

// -----

func.func @merge_steps_overflow(%a: tensor<4294967296x4294967296x1xf32>) {
  // expected-error@+2 {{layer (TimeDistributed): the number of steps of (4294967296, 4294967296, 1) overflows 64 bits}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.merge_steps %a : (tensor<4294967296x4294967296x1xf32>) -> tensor<?x1xf32>
  return
}

// -----

func.func @time_distributed_c1(%s: tensor<6xf32>, %a: tensor<2x3xf32>) {
  // expected-error@+2 {{layer (TimeDistributed): the input must have a batch, steps and at least one axis more, got shape (2, 3)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.time_distributed %s, %a : (tensor<6xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @time_distributed_c2(%s: tensor<5x4xf32>, %a: tensor<2x3x4xf32>) {
  // expected-error@+2 {{layer (TimeDistributed): the wrapped layer must keep the steps of an input of shape (2, 3, 4), its output has shape (5, 4)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.time_distributed %s, %a : (tensor<5x4xf32>, tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  return
}

// -----

func.func @time_distributed_c3(%s: tensor<?x1x1x1x1x1xf32>, %a: tensor<?x3x4xf32>) {
  // expected-error@+2 {{layer (TimeDistributed): the output would have more than 6 axes}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.time_distributed %s, %a : (tensor<?x1x1x1x1x1xf32>, tensor<?x3x4xf32>) -> tensor<?x3x1x1x1x1xf32>
  return
}

// -----

func.func @spectral_normalization_c1(%a: tensor<2x3xf32>) {
  // expected-error@+2 {{layer (SpectralNormalization): 'power_iterations' must be positive, got 0}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.spectral_normalization %a {power_iterations = 0} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @spectral_normalization_c2(%a: tensor<2x3xf32>) {
  %0 = keras.re_lu %a {negative_slope = 0.0, threshold = 0.0} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  // expected-error@+2 {{layer (SpectralNormalization): the wrapped layer has neither a kernel nor embeddings}}
  // expected-error@+1 {{failed to infer returned types}}
  %1 = keras.spectral_normalization %0 {power_iterations = 1} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @adaptive_pooling_c1(%a: tensor<2x3x4xf32>) {
  // expected-error@+2 {{layer (AdaptiveMaxPooling1D): 'output_size' must be positive}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.adaptive_max_pooling1d %a {output_size = array<i64: 0>, data_format = "channels_last"} : (tensor<2x3x4xf32>) -> tensor<2x1x4xf32>
  return
}

// -----

func.func @adaptive_pooling_c2(%a: tensor<2x3x4xf32>) {
  // expected-error@+2 {{layer (AdaptiveMaxPooling1D): 'data_format' must be 'channels_last' or 'channels_first', got 'last'}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.adaptive_max_pooling1d %a {output_size = array<i64: 1>, data_format = "last"} : (tensor<2x3x4xf32>) -> tensor<2x1x4xf32>
  return
}

// -----

func.func @adaptive_pooling_c3(%a: tensor<2x4xf32>) {
  // expected-error@+2 {{layer (AdaptiveMaxPooling1D): the input must have 3 axes, got shape (2, 4)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.adaptive_max_pooling1d %a {output_size = array<i64: 1>, data_format = "channels_last"} : (tensor<2x4xf32>) -> tensor<2x1x4xf32>
  return
}
