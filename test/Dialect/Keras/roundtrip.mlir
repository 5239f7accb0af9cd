// RUN: upconv-opt %s | upconv-opt | FileCheck %s

// CHECK-LABEL: @conv_transpose
func.func @conv_transpose(%a: tensor<4x28x1xf32>, %b: tensor<?x?x7x64xf32>,
                          %c: tensor<1x2x3x4x5xf32>) {
  // CHECK: keras.conv1d_transpose %{{.*}} weights = [#keras.variable<"kernel", tensor<4x8x1xf32>, "up0/kernel", "">, #keras.variable<"bias", tensor<8xf32>, "up0/bias", "">]
  // CHECK-SAME: (tensor<4x28x1xf32>) -> tensor<4x58x8xf32>
  %0 = keras.conv1d_transpose %a {filters = 8, kernel_size = array<i64: 4>,
    strides = array<i64: 2>, padding = "valid", data_format = "channels_last",
    dilation_rate = array<i64: 1>, activation = "relu", use_bias = true,
    weights = [#keras.variable<"kernel", tensor<4x8x1xf32>, "up0/kernel", "">,
               #keras.variable<"bias", tensor<8xf32>, "up0/bias", "">]}
    : (tensor<4x28x1xf32>) -> tensor<4x58x8xf32>
  // An unknown length stays unknown.
  // CHECK: -> tensor<?x?x13x4xf32>
  %1 = keras.conv2d_transpose %b {filters = 4, kernel_size = array<i64: 3, 3>,
    strides = array<i64: 2, 2>, padding = "same", output_padding = array<i64: 0, 0>,
    data_format = "channels_last", dilation_rate = array<i64: 1, 1>,
    activation = "linear", use_bias = false}
    : (tensor<?x?x7x64xf32>) -> tensor<?x?x13x4xf32>
  // CHECK: data_format = "channels_first"
  %2 = keras.conv3d_transpose %c {filters = 6, kernel_size = array<i64: 2, 2, 2>,
    strides = array<i64: 2, 1, 3>, padding = "valid",
    data_format = "channels_first", dilation_rate = array<i64: 1, 1, 1>,
    activation = "linear", use_bias = true}
    : (tensor<1x2x3x4x5xf32>) -> tensor<1x6x6x5x15xf32>
  return
}

// CHECK-LABEL: @conv
func.func @conv(%a: tensor<?x10x4xf32>, %b: tensor<1x8x8x4xf32>,
                %c: tensor<1x5x5x5x2xf32>) {
  // CHECK: keras.conv1d
  %0 = keras.conv1d %a {filters = 3, kernel_size = array<i64: 3>,
    strides = array<i64: 1>, padding = "causal", data_format = "channels_last",
    dilation_rate = array<i64: 2>, groups = 1, activation = "tanh", use_bias = true}
    : (tensor<?x10x4xf32>) -> tensor<?x10x3xf32>
  // CHECK: keras.conv2d
  %1 = keras.conv2d %b {filters = 6, kernel_size = array<i64: 3, 3>,
    strides = array<i64: 2, 2>, padding = "same", data_format = "channels_last",
    dilation_rate = array<i64: 1, 1>, groups = 2, activation = "linear", use_bias = true,
    weights = [#keras.variable<"kernel", tensor<3x3x2x6xf32>, "c/kernel", "">,
               #keras.variable<"bias", tensor<6xf32>, "c/bias", "">]}
    : (tensor<1x8x8x4xf32>) -> tensor<1x4x4x6xf32>
  // CHECK: keras.conv3d
  %2 = keras.conv3d %c {filters = 1, kernel_size = array<i64: 3, 3, 3>,
    strides = array<i64: 1, 1, 2>, padding = "valid", data_format = "channels_last",
    dilation_rate = array<i64: 1, 1, 1>, groups = 1, activation = "linear", use_bias = true}
    : (tensor<1x5x5x5x2xf32>) -> tensor<1x3x3x2x1xf32>
  return
}

// CHECK-LABEL: @pooling
func.func @pooling(%a: tensor<1x9x2xf32>, %b: tensor<1x9x9x2xf32>) {
  // CHECK: keras.max_pooling1d
  %0 = keras.max_pooling1d %a {pool_size = array<i64: 2>, strides = array<i64: 2>,
    padding = "same", data_format = "channels_last"}
    : (tensor<1x9x2xf32>) -> tensor<1x5x2xf32>
  // CHECK: keras.average_pooling2d
  %1 = keras.average_pooling2d %b {pool_size = array<i64: 2, 3>,
    strides = array<i64: 2, 3>, padding = "valid", data_format = "channels_last"}
    : (tensor<1x9x9x2xf32>) -> tensor<1x4x3x2xf32>
  return
}

// CHECK-LABEL: @others
func.func @others(%a: tensor<?x100xf32>, %b: tensor<?x7x1x5xf32>) -> tensor<?x7x4x5xf32> {
  // CHECK: keras.dense
  %0 = keras.dense %a {units = 140, activation = "linear", use_bias = false}
    : (tensor<?x100xf32>) -> tensor<?x140xf32>
  // CHECK: keras.batch_normalization
  %1 = keras.batch_normalization %0 {axis = array<i64: -1>, epsilon = 1.0e-3, center = true,
    scale = false, weights = [#keras.variable<"beta", tensor<140xf32>, "bn/beta", "">,
      #keras.variable<"moving_mean", tensor<140xf32>, "bn/moving_mean", "">,
      #keras.variable<"moving_variance", tensor<140xf32>, "bn/moving_variance", "0123456789abcdef">]}
    : (tensor<?x140xf32>) -> tensor<?x140xf32>
  // CHECK: keras.leaky_re_lu
  %2 = keras.leaky_re_lu %1 {negative_slope = 0.2} : (tensor<?x140xf32>) -> tensor<?x140xf32>
  // CHECK: keras.re_lu
  %3 = keras.re_lu %2 {max_value = 6.0, negative_slope = 0.0, threshold = 0.0}
    : (tensor<?x140xf32>) -> tensor<?x140xf32>
  // CHECK: keras.activation
  %4 = keras.activation %3 {activation = "sigmoid"} : (tensor<?x140xf32>) -> tensor<?x140xf32>
  // CHECK: keras.dropout
  %5 = keras.dropout %4 {rate = 0.5} : (tensor<?x140xf32>) -> tensor<?x140xf32>
  // CHECK: keras.softmax
  %6 = keras.softmax %5 {axis = array<i64: -1>} : (tensor<?x140xf32>) -> tensor<?x140xf32>
  // CHECK: keras.reshape
  %7 = keras.reshape %6 {target_shape = array<i64: 7, -1, 5>}
    : (tensor<?x140xf32>) -> tensor<?x7x4x5xf32>
  // CHECK: keras.flatten
  %8 = keras.flatten %7 {data_format = "channels_last"}
    : (tensor<?x7x4x5xf32>) -> tensor<?x140xf32>
  // CHECK: keras.add %{{.*}}, %{{.*}} :
  %9 = keras.add %7, %b : (tensor<?x7x4x5xf32>, tensor<?x7x1x5xf32>) -> tensor<?x7x4x5xf32>
  return %9 : tensor<?x7x4x5xf32>
}
