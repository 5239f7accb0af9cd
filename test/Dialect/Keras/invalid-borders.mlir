// RUN: upconv-opt %s -verify-diagnostics -split-input-file
//
// One function per labelled constraint of ShapeOps.td beyond Reshape and Flatten.

func.func @permute_c1(%a: tensor<2x3x4xf32>) {
  // expected-error@+2 {{layer (Permute): 'dims' must be a permutation of 1, 2, ..., got (1, 3)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.permute %a {dims = array<i64: 1, 3>} : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  return
}

// -----

func.func @permute_c2(%a: tensor<2x3x4xf32>) {
  // expected-error@+2 {{layer (Permute): the input must have 4 axes, got shape (2, 3, 4)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.permute %a {dims = array<i64: 1, 3, 2>} : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  return
}

// -----

func.func @repeat_vector_c1(%a: tensor<2x3xf32>) {
  // expected-error@+2 {{layer (RepeatVector): 'n' must be positive, got 0}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.repeat_vector %a {n = 0 : i64} : (tensor<2x3xf32>) -> tensor<2x1x3xf32>
  return
}

// -----

func.func @repeat_vector_c2(%a: tensor<2x3x4xf32>) {
  // expected-error@+2 {{layer (RepeatVector): the input must have 2 axes, got shape (2, 3, 4)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.repeat_vector %a {n = 2 : i64} : (tensor<2x3x4xf32>) -> tensor<2x2x3xf32>
  return
}

// -----

func.func @zero_padding_c1(%a: tensor<2x3x4xf32>) {
  // expected-error@+2 {{layer (ZeroPadding1D): 'padding' must have 2 entries, two per spatial axis, none negative, got (1, -1)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.zero_padding1d %a {padding = array<i64: 1, -1>, data_format = "channels_last"} : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  return
}

// -----

func.func @zero_padding_c2(%a: tensor<2x3x4xf32>) {
  // expected-error@+2 {{layer (ZeroPadding1D): 'data_format' must be 'channels_last' or 'channels_first', got 'last'}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.zero_padding1d %a {padding = array<i64: 1, 1>, data_format = "last"} : (tensor<2x3x4xf32>) -> tensor<2x5x4xf32>
  return
}

// -----

func.func @zero_padding_c3(%a: tensor<2x3x4xf32>) {
  // expected-error@+2 {{layer (ZeroPadding2D): the input must have 4 axes, got shape (2, 3, 4)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.zero_padding2d %a {padding = array<i64: 1, 1, 1, 1>, data_format = "channels_last"} : (tensor<2x3x4xf32>) -> tensor<2x5x6xf32>
  return
}

// -----

func.func @zero_padding_overflow(%a: tensor<2x3x4xf32>) {
  // expected-error@+2 {{layer (ZeroPadding1D): the output length on axis 1 overflows 64 bits, with input length 3}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.zero_padding1d %a {padding = array<i64: 9223372036854775807, 1>, data_format = "channels_last"} : (tensor<2x3x4xf32>) -> tensor<2x5x4xf32>
  return
}

// -----

func.func @cropping_c1(%a: tensor<2x3x4xf32>) {
  // expected-error@+2 {{layer (Cropping1D): 'cropping' must have 2 entries, two per spatial axis, none negative, got (1,)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.cropping1d %a {cropping = array<i64: 1>, data_format = "channels_last"} : (tensor<2x3x4xf32>) -> tensor<2x2x4xf32>
  return
}

// -----

func.func @cropping_c2(%a: tensor<2x3x4xf32>) {
  // expected-error@+2 {{layer (Cropping1D): 'data_format' must be}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.cropping1d %a {cropping = array<i64: 1, 1>, data_format = "last"} : (tensor<2x3x4xf32>) -> tensor<2x1x4xf32>
  return
}

// -----

func.func @cropping_c3(%a: tensor<2x3x4xf32>) {
  // expected-error@+2 {{layer (Cropping3D): the input must have 5 axes, got shape (2, 3, 4)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.cropping3d %a {cropping = array<i64: 1, 1, 1, 1, 1, 1>, data_format = "channels_last"} : (tensor<2x3x4xf32>) -> tensor<2x1x4xf32>
  return
}

// -----

func.func @cropping_c4(%a: tensor<2x3x4xf32>) {
  // expected-error@+2 {{layer (Cropping1D): the output length on axis 1 must be positive, got 0, with input length 3}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.cropping1d %a {cropping = array<i64: 1, 2>, data_format = "channels_last"} : (tensor<2x3x4xf32>) -> tensor<2x1x4xf32>
  return
}

// -----

func.func @up_sampling_c1(%a: tensor<2x3x4xf32>) {
  // expected-error@+2 {{layer (UpSampling1D): 'size' must be positive, got 0}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.up_sampling1d %a {size = array<i64: 0>, data_format = "channels_last", interpolation = "nearest"} : (tensor<2x3x4xf32>) -> tensor<2x1x4xf32>
  return
}

// -----

func.func @up_sampling_c2(%a: tensor<2x3x4x4xf32>) {
  // expected-error@+2 {{layer (UpSampling2D): 'data_format' must be}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.up_sampling2d %a {size = array<i64: 2, 2>, data_format = "last", interpolation = "nearest"} : (tensor<2x3x4x4xf32>) -> tensor<2x6x8x4xf32>
  return
}

// -----

func.func @up_sampling_c3(%a: tensor<2x3x4xf32>) {
  // expected-error@+2 {{layer (UpSampling2D): the input must have 4 axes, got shape (2, 3, 4)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.up_sampling2d %a {size = array<i64: 2, 2>, data_format = "channels_last", interpolation = "nearest"} : (tensor<2x3x4xf32>) -> tensor<2x6x8xf32>
  return
}

// -----

func.func @up_sampling_c4(%a: tensor<2x3x4x4xf32>) {
  // expected-error@+2 {{layer (UpSampling2D): 'interpolation' must be 'nearest', 'bilinear', 'bicubic', 'lanczos3', 'lanczos5', 'area', 'gaussian' or 'mitchellcubic', got 'cubic'}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.up_sampling2d %a {size = array<i64: 2, 2>, data_format = "channels_last", interpolation = "cubic"} : (tensor<2x3x4x4xf32>) -> tensor<2x6x8x4xf32>
  return
}

// -----

func.func @up_sampling_c4_rank(%a: tensor<2x3x4xf32>) {
  // expected-error@+2 {{layer (UpSampling1D): 'interpolation' must be 'nearest', got 'bilinear'}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.up_sampling1d %a {size = array<i64: 2>, data_format = "channels_last", interpolation = "bilinear"} : (tensor<2x3x4xf32>) -> tensor<2x6x4xf32>
  return
}

// -----

func.func @up_sampling_c5(%a: tensor<2x3x4xf32>) {
  // expected-error@+2 {{layer (UpSampling1D): the output length on axis 1 overflows 64 bits, with input length 3}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.up_sampling1d %a {size = array<i64: 4611686018427387904>, data_format = "channels_last", interpolation = "nearest"} : (tensor<2x3x4xf32>) -> tensor<2x6x4xf32>
  return
}

// -----

func.func @resizing_c1(%a: tensor<2x3x4x4xf32>) {
  // expected-error@+2 {{layer (Resizing): 'height' must be positive, got 0}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.resizing %a {height = 0 : i64, width = 3 : i64, interpolation = "area", data_format = "channels_last"} : (tensor<2x3x4x4xf32>) -> tensor<2x1x3x4xf32>
  return
}

// -----

func.func @resizing_c2(%a: tensor<2x3x4x4xf32>) {
  // expected-error@+2 {{layer (Resizing): 'data_format' must be}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.resizing %a {height = 1 : i64, width = 3 : i64, interpolation = "area", data_format = "last"} : (tensor<2x3x4x4xf32>) -> tensor<2x1x3x4xf32>
  return
}

// -----

func.func @resizing_c3(%a: tensor<2x3x4xf32>) {
  // expected-error@+2 {{layer (Resizing): the input must have 4 axes, got shape (2, 3, 4)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.resizing %a {height = 1 : i64, width = 3 : i64, interpolation = "area", data_format = "channels_last"} : (tensor<2x3x4xf32>) -> tensor<2x1x3xf32>
  return
}

// -----

func.func @resizing_c4(%a: tensor<2x3x4x4xf32>) {
  // expected-error@+2 {{layer (Resizing): 'interpolation' must be 'nearest'}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.resizing %a {height = 1 : i64, width = 3 : i64, interpolation = "box", data_format = "channels_last"} : (tensor<2x3x4x4xf32>) -> tensor<2x1x3x4xf32>
  return
}

// -----

func.func @center_crop_c1(%a: tensor<2x3x4x4xf32>) {
  // expected-error@+2 {{layer (CenterCrop): 'width' must be positive, got -1}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.center_crop %a {height = 1 : i64, width = -1 : i64, data_format = "channels_last"} : (tensor<2x3x4x4xf32>) -> tensor<2x1x3x4xf32>
  return
}
