// RUN: upconv-opt %s | upconv-opt | FileCheck %s

// CHECK-LABEL: @depthwise
func.func @depthwise(%a: tensor<?x9x3xf32>, %b: tensor<?x9x?x3xf32>) {
  // CHECK: keras.depthwise_conv1d {{.*}} -> tensor<?x5x6xf32>
  %0 = keras.depthwise_conv1d %a {kernel_size = array<i64: 3>, strides = array<i64: 2>, padding = "same", depth_multiplier = 2 : i64, data_format = "channels_last", dilation_rate = array<i64: 1>, activation = "linear", use_bias = true} : (tensor<?x9x3xf32>) -> tensor<?x5x6xf32>
  // CHECK: keras.depthwise_conv2d {{.*}} -> tensor<?x5x?x3xf32>
  %1 = keras.depthwise_conv2d %b {kernel_size = array<i64: 3, 2>, strides = array<i64: 1, 1>, padding = "valid", depth_multiplier = 1 : i64, data_format = "channels_last", dilation_rate = array<i64: 2, 2>, activation = "linear", use_bias = true} : (tensor<?x9x?x3xf32>) -> tensor<?x5x?x3xf32>
  // CHECK: keras.separable_conv1d {{.*}} -> tensor<?x7x7xf32>
  %2 = keras.separable_conv1d %a {filters = 7 : i64, kernel_size = array<i64: 3>, strides = array<i64: 1>, padding = "valid", depth_multiplier = 2 : i64, data_format = "channels_last", dilation_rate = array<i64: 1>, activation = "linear", use_bias = true, weights = [#keras.variable<"depthwise_kernel", tensor<3x3x2xf32>, "s/d", "">, #keras.variable<"pointwise_kernel", tensor<1x6x7xf32>, "s/p", "">, #keras.variable<"bias", tensor<7xf32>, "s/b", "">]} : (tensor<?x9x3xf32>) -> tensor<?x7x7xf32>
  // CHECK: keras.separable_conv2d {{.*}} -> tensor<?x9x?x7xf32>
  %3 = keras.separable_conv2d %b {filters = 7 : i64, kernel_size = array<i64: 3, 2>, strides = array<i64: 1, 1>, padding = "same", depth_multiplier = 1 : i64, data_format = "channels_last", dilation_rate = array<i64: 1, 1>, activation = "linear", use_bias = true} : (tensor<?x9x?x3xf32>) -> tensor<?x9x?x7xf32>
  return
}

// CHECK-LABEL: @global_pooling
func.func @global_pooling(%a: tensor<?x9x3xf32>, %b: tensor<?x3x9x?xf32>) {
  // CHECK: keras.global_max_pooling1d {{.*}} -> tensor<?x3xf32>
  %0 = keras.global_max_pooling1d %a {data_format = "channels_last", keepdims = false} : (tensor<?x9x3xf32>) -> tensor<?x3xf32>
  // CHECK: keras.global_average_pooling2d {{.*}} -> tensor<?x3x1x1xf32>
  %1 = keras.global_average_pooling2d %b {data_format = "channels_first", keepdims = true} : (tensor<?x3x9x?xf32>) -> tensor<?x3x1x1xf32>
  return
}
