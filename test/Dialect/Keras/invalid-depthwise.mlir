// RUN: upconv-opt %s -verify-diagnostics -split-input-file
//
// One function per labelled constraint of depthwise and separable convolutions and of
// global pooling.

func.func @depthwise_c1(%a: tensor<1x9x3xf32>) {
  // expected-error@+2 {{layer (DepthwiseConv1D): 'depth_multiplier' must be positive, got 0}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.depthwise_conv1d %a {kernel_size = array<i64: 3>, strides = array<i64: 1>, padding = "same", depth_multiplier = 0 : i64, data_format = "channels_last", dilation_rate = array<i64: 1>, activation = "linear", use_bias = true} : (tensor<1x9x3xf32>) -> tensor<1x9x3xf32>
  return
}

// -----

func.func @depthwise_c2(%a: tensor<1x9x3xf32>) {
  // expected-error@+2 {{layer (DepthwiseConv1D): 'kernel_size' must be positive, got 0}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.depthwise_conv1d %a {kernel_size = array<i64: 0>, strides = array<i64: 1>, padding = "same", depth_multiplier = 1 : i64, data_format = "channels_last", dilation_rate = array<i64: 1>, activation = "linear", use_bias = true} : (tensor<1x9x3xf32>) -> tensor<1x9x3xf32>
  return
}

// -----

func.func @depthwise_c3(%a: tensor<1x9x9x3xf32>) {
  // expected-error@+2 {{layer (DepthwiseConv2D): 'strides' must be equal on all axes, got (1, 2)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.depthwise_conv2d %a {kernel_size = array<i64: 3, 3>, strides = array<i64: 1, 2>, padding = "same", depth_multiplier = 1 : i64, data_format = "channels_last", dilation_rate = array<i64: 1, 1>, activation = "linear", use_bias = true} : (tensor<1x9x9x3xf32>) -> tensor<1x9x5x3xf32>
  return
}

// -----

func.func @depthwise_c4(%a: tensor<1x9x3xf32>) {
  // expected-error@+2 {{layer (DepthwiseConv1D): 'padding' must be 'valid' or 'same', got 'causal'}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.depthwise_conv1d %a {kernel_size = array<i64: 3>, strides = array<i64: 1>, padding = "causal", depth_multiplier = 1 : i64, data_format = "channels_last", dilation_rate = array<i64: 1>, activation = "linear", use_bias = true} : (tensor<1x9x3xf32>) -> tensor<1x9x3xf32>
  return
}

// -----

func.func @depthwise_c5(%a: tensor<1x9x3xf32>) {
  // expected-error@+2 {{layer (DepthwiseConv1D): 'data_format' must be}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.depthwise_conv1d %a {kernel_size = array<i64: 3>, strides = array<i64: 1>, padding = "same", depth_multiplier = 1 : i64, data_format = "NWC", dilation_rate = array<i64: 1>, activation = "linear", use_bias = true} : (tensor<1x9x3xf32>) -> tensor<1x9x3xf32>
  return
}

// -----

func.func @depthwise_c6(%a: tensor<1x9x9x3xf32>) {
  // expected-error@+2 {{layer (DepthwiseConv2D): 'strides' and 'dilation_rate' must not both be greater than one, got 2 and (1, 2)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.depthwise_conv2d %a {kernel_size = array<i64: 3, 3>, strides = array<i64: 2, 2>, padding = "same", depth_multiplier = 1 : i64, data_format = "channels_last", dilation_rate = array<i64: 1, 2>, activation = "linear", use_bias = true} : (tensor<1x9x9x3xf32>) -> tensor<1x5x5x3xf32>
  return
}

// -----

func.func @depthwise_c7(%a: tensor<1x9x?xf32>) {
  // expected-error@+2 {{layer (DepthwiseConv1D): the number of input channels (axis 2) must be known, got shape (1, 9, None)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.depthwise_conv1d %a {kernel_size = array<i64: 3>, strides = array<i64: 1>, padding = "same", depth_multiplier = 1 : i64, data_format = "channels_last", dilation_rate = array<i64: 1>, activation = "linear", use_bias = true} : (tensor<1x9x?xf32>) -> tensor<1x9x?xf32>
  return
}

// -----

func.func @depthwise_c7_rank(%a: tensor<1x9xf32>) {
  // expected-error@+2 {{layer (DepthwiseConv1D): the input must have 3 axes, got shape (1, 9)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.depthwise_conv1d %a {kernel_size = array<i64: 3>, strides = array<i64: 1>, padding = "same", depth_multiplier = 1 : i64, data_format = "channels_last", dilation_rate = array<i64: 1>, activation = "linear", use_bias = true} : (tensor<1x9xf32>) -> tensor<1x9xf32>
  return
}

// -----

func.func @depthwise_c8(%a: tensor<1x2x3xf32>) {
  // expected-error@+2 {{layer (DepthwiseConv1D): the output length on axis 1 must be positive, got 0}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.depthwise_conv1d %a {kernel_size = array<i64: 3>, strides = array<i64: 1>, padding = "valid", depth_multiplier = 1 : i64, data_format = "channels_last", dilation_rate = array<i64: 1>, activation = "linear", use_bias = true} : (tensor<1x2x3xf32>) -> tensor<1x1x3xf32>
  return
}

// -----

func.func @depthwise_c8_size(%a: tensor<1x9x3xf32>) {
  // expected-error@+2 {{layer (DepthwiseConv1D): the kernel of shape (3, 3, 4611686018427387904) has a size that overflows 64 bits}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.depthwise_conv1d %a {kernel_size = array<i64: 3>, strides = array<i64: 1>, padding = "valid", depth_multiplier = 4611686018427387904 : i64, data_format = "channels_last", dilation_rate = array<i64: 1>, activation = "linear", use_bias = true} : (tensor<1x9x3xf32>) -> tensor<1x1x3xf32>
  return
}

// -----

func.func @separable_c9(%a: tensor<1x9x3xf32>) {
  // expected-error@+2 {{layer (SeparableConv1D): 'filters' must be positive, got 0}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.separable_conv1d %a {filters = 0 : i64, kernel_size = array<i64: 3>, strides = array<i64: 1>, padding = "same", depth_multiplier = 1 : i64, data_format = "channels_last", dilation_rate = array<i64: 1>, activation = "linear", use_bias = true} : (tensor<1x9x3xf32>) -> tensor<1x9x3xf32>
  return
}

// -----

func.func @global_pooling_c1(%a: tensor<1x9x3xf32>) {
  // expected-error@+2 {{layer (GlobalMaxPooling1D): 'data_format' must be}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.global_max_pooling1d %a {data_format = "NWC", keepdims = false} : (tensor<1x9x3xf32>) -> tensor<1x3xf32>
  return
}

// -----

func.func @global_pooling_c2(%a: tensor<1x9x3xf32>) {
  // expected-error@+2 {{layer (GlobalAveragePooling3D): the input must have 5 axes, got shape (1, 9, 3)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.global_average_pooling3d %a {data_format = "channels_last", keepdims = false} : (tensor<1x9x3xf32>) -> tensor<1x3xf32>
  return
}
