// RUN: upconv-opt %s -split-input-file -verify-diagnostics

func.func @weights_role() {
  // expected-error @+1 {{'role' must be kernel, bias, scale or shift, got 'weight'}}
  %w = upconv.weights "a/kernel" role "weight" axis 0 hash "" : tensor<4xf32>
  return
}

// -----

func.func @weights_axis() {
  // expected-error @+1 {{'channel_axis' must name an axis, got 2 for rank 1}}
  %w = upconv.weights "a/bias" role "bias" axis 2 hash "" : tensor<4xf32>
  return
}

// -----

func.func @conv_transpose_channels(%x: tensor<1x5x3xf32>, %w: tensor<4x8x2xf32>) {
  // expected-error @+1 {{weights have 2 input channels per group, input has 3}}
  %y = upconv.conv_transpose %x, %w strides [2] dilations [1] crop_low [0]
    : (tensor<1x5x3xf32>, tensor<4x8x2xf32>) -> tensor<1x12x8xf32>
  return
}

// -----

func.func @conv_transpose_crop(%x: tensor<1x5x3xf32>, %w: tensor<4x8x3xf32>) {
  // expected-error @+1 {{'crop_low' must not be negative}}
  %y = upconv.conv_transpose %x, %w strides [2] dilations [1] crop_low [-1]
    : (tensor<1x5x3xf32>, tensor<4x8x3xf32>) -> tensor<1x12x8xf32>
  return
}

// -----

func.func @conv_groups(%x: tensor<1x5x4xf32>, %w: tensor<3x2x9xf32>) {
  // expected-error @+1 {{'groups' must be positive and divide the output channels}}
  %y = upconv.conv %x, %w strides [1] dilations [1] pad_low affine_map<() -> (0)> groups 2
    : (tensor<1x5x4xf32>, tensor<3x2x9xf32>) -> tensor<1x3x9xf32>
  return
}

// -----

func.func @conv_pairs(%x: tensor<1x5x2xvector<2xbf16>>, %w: tensor<3x5x9xf32>) {
  // expected-error @+1 {{weights have 5 input channels, input has 2 pairs}}
  %y = upconv.conv %x, %w strides [1] dilations [1] pad_low affine_map<() -> (0)> groups 1
    : (tensor<1x5x2xvector<2xbf16>>, tensor<3x5x9xf32>) -> tensor<1x3x9xf32>
  return
}

// -----

func.func @conv_grouped_pairs(%x: tensor<1x5x2xvector<2xbf16>>, %w: tensor<3x2x8xf32>) {
  // expected-error @+1 {{with pairs of channels must not have groups, got 2}}
  %y = upconv.conv %x, %w strides [1] dilations [1] pad_low affine_map<() -> (0)> groups 2
    : (tensor<1x5x2xvector<2xbf16>>, tensor<3x2x8xf32>) -> tensor<1x3x8xf32>
  return
}

// -----

func.func @round_type(%x: tensor<1x4x5xf32>) {
  // expected-error @+1 {{of this input must have the type 'tensor<1x4x3xvector<2xbf16>>'}}
  %y = upconv.round %x : tensor<1x4x5xf32> -> tensor<1x4x2xvector<2xbf16>>
  return
}

// -----

func.func @sum_parts_type(%x: tensor<7x4x5xf32>) {
  // expected-error @+1 {{of 4 parts must have an input of type 'tensor<8x4x5xf32>'}}
  %y = upconv.sum_parts %x parts 4 : tensor<7x4x5xf32> -> tensor<2x4x5xf32>
  return
}

// -----

func.func @sum_parts_number(%x: tensor<2x4x5xf32>) {
  // expected-error @+1 {{'parts' must be positive, got 0}}
  %y = upconv.sum_parts %x parts 0 : tensor<2x4x5xf32> -> tensor<2x4x5xf32>
  return
}

// -----

func.func @conv_stride(%x: tensor<1x5x4xf32>, %w: tensor<3x4x9xf32>) {
  // expected-error @+1 {{strides and dilations must be positive}}
  %y = upconv.conv %x, %w strides [0] dilations [1] pad_low affine_map<() -> (0)> groups 1
    : (tensor<1x5x4xf32>, tensor<3x4x9xf32>) -> tensor<1x3x9xf32>
  return
}

// -----

func.func @pool_kind(%x: tensor<1x4x4xf32>) {
  // expected-error @+1 {{'kind' must be max or average, got 'min'}}
  %y = upconv.pool "min" %x window [2] strides [2] pad_low affine_map<() -> (0)>
    : (tensor<1x4x4xf32>) -> tensor<1x2x4xf32>
  return
}

// -----

func.func @transpose_permutation(%x: tensor<1x4x4xf32>) {
  // expected-error @+1 {{'permutation' must be a permutation of the axes}}
  %y = upconv.transpose %x [0, 1, 1] : tensor<1x4x4xf32> -> tensor<1x4x4xf32>
  return
}

// -----

func.func @map_broadcast(%x: tensor<1x4xf32>, %y: tensor<3xf32>) {
  // expected-error @+1 {{an operand's size 3 does not broadcast to 4}}
  %z = upconv.map(%x, %y) {
  ^bb0(%a: f32, %b: f32):
    %s = arith.addf %a, %b : f32
    upconv.yield %s : f32
  } : (tensor<1x4xf32>, tensor<3xf32>) -> tensor<1x4xf32>
  return
}

// -----

func.func @kernel_anchor(%x: tensor<1x4xf32>) {
  // expected-error @+1 {{the first operation of the body must be an anchor}}
  %y = upconv.kernel(%x) {
  ^bb0(%a: tensor<1x4xf32>):
    %r = upconv.reshape %a : tensor<1x4xf32> -> tensor<1x4xf32>
    upconv.yield %r : tensor<1x4xf32>
  } : (tensor<1x4xf32>) -> tensor<1x4xf32>
  return
}

// -----

func.func @require_rule() {
  // expected-error @+1 {{'rule' is positive (one result) or equal (two results)}}
  upconv.require "equal" affine_map<()[s0] -> (s0)> "message"
  return
}
