// RUN: upconv-opt %s -convert-keras-to-upconv -split-input-file | FileCheck %s

// same, no output_padding: in*s, crop max(Ke-s, 0)/2.
// CHECK-LABEL: func.func @same
// CHECK: upconv.conv_transpose {{.*}} strides [2] dilations [1] crop_low [1]
// CHECK-SAME: -> tensor<1x10x3xf32>
func.func @same(%x: tensor<1x5x2xf32>) -> tensor<1x10x3xf32> {
  %y = keras.conv1d_transpose %x {filters = 3 : i64, kernel_size = array<i64: 4>, strides = array<i64: 2>,
    padding = "same", data_format = "channels_last", dilation_rate = array<i64: 1>,
    activation = "linear", use_bias = false} : (tensor<1x5x2xf32>) -> tensor<1x10x3xf32>
  return %y : tensor<1x10x3xf32>
}

// -----

// valid with an unknown length: an expression over s0, s1.
// CHECK: #[[$OUT:.+]] = affine_map<()[s0, s1] -> (s0, s1 * 3 + 1, 3)>
// CHECK-LABEL: func.func @unknown
// CHECK-SAME: upconv.extents = [array<i64: 0, 0>, array<i64: 0, 1>]
// CHECK: upconv.conv_transpose
// CHECK-SAME: -> tensor<?x?x3xf32, #[[$OUT]]>
func.func @unknown(%x: tensor<?x?x2xf32>) -> tensor<?x?x3xf32> {
  %y = keras.conv1d_transpose %x {filters = 3 : i64, kernel_size = array<i64: 4>, strides = array<i64: 3>,
    padding = "valid", data_format = "channels_last", dilation_rate = array<i64: 1>,
    activation = "linear", use_bias = false} : (tensor<?x?x2xf32>) -> tensor<?x?x3xf32>
  return %y : tensor<?x?x3xf32>
}

// -----

// channels_first: transposes at the layer's edges.
// CHECK-LABEL: func.func @channels_first
// CHECK: upconv.transpose %{{.*}} [0, 2, 1]
// CHECK: upconv.conv_transpose
// CHECK: upconv.map
// CHECK: upconv.transpose %{{.*}} [0, 2, 1]
func.func @channels_first(%x: tensor<1x2x5xf32>) -> tensor<1x3x10xf32> {
  %y = keras.conv1d_transpose %x {filters = 3 : i64, kernel_size = array<i64: 4>, strides = array<i64: 2>,
    padding = "same", data_format = "channels_first", dilation_rate = array<i64: 1>,
    activation = "relu", use_bias = true} : (tensor<1x2x5xf32>) -> tensor<1x3x10xf32>
  return %y : tensor<1x3x10xf32>
}

// -----

// A forward same convolution of unknown length pads by the length.
// CHECK: #[[$OUT:.+]] = affine_map<()[s0] -> (1, s0 ceildiv 2, 4)>
// CHECK: #[[$PAD:.+]] = affine_map<()[s0] -> ({{.*}} floordiv 2)>
// CHECK-LABEL: func.func @forward
// CHECK-NOT: upconv.require
// CHECK: upconv.conv {{.*}} pad_low #[[$PAD]]
// CHECK-SAME: -> tensor<1x?x4xf32, #[[$OUT]]>
func.func @forward(%x: tensor<1x?x2xf32>) -> tensor<1x?x4xf32> {
  %y = keras.conv1d %x {filters = 4 : i64, kernel_size = array<i64: 7>, strides = array<i64: 2>,
    padding = "same", data_format = "channels_last", dilation_rate = array<i64: 1>, groups = 1 : i64,
    activation = "linear", use_bias = false} : (tensor<1x?x2xf32>) -> tensor<1x?x4xf32>
  return %y : tensor<1x?x4xf32>
}
