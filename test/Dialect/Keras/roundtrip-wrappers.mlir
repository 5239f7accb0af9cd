// RUN: upconv-opt %s | upconv-opt | FileCheck %s
// RUN: upconv-opt %s --mlir-print-op-generic | upconv-opt | FileCheck %s

// CHECK-LABEL: @time_distributed
func.func @time_distributed(%x: tensor<?x10x8xf32>) -> tensor<?x10x4xf32> {
  // CHECK: %[[STEPS:.*]] = keras.merge_steps %[[X:.*]] : (tensor<?x10x8xf32>) -> tensor<?x8xf32>
  %0 = keras.merge_steps %x : (tensor<?x10x8xf32>) -> tensor<?x8xf32>
  // CHECK: %[[Y:.*]] = keras.dense %[[STEPS]]
  %1 = keras.dense %0 {activation = "linear", units = 4, use_bias = true}
    : (tensor<?x8xf32>) -> tensor<?x4xf32>
  // CHECK: keras.time_distributed %[[Y]], %[[X]] : (tensor<?x4xf32>, tensor<?x10x8xf32>) -> tensor<?x10x4xf32>
  %2 = keras.time_distributed %1, %x
    : (tensor<?x4xf32>, tensor<?x10x8xf32>) -> tensor<?x10x4xf32>
  return %2 : tensor<?x10x4xf32>
}

// With known sizes the samples are counted.
// CHECK-LABEL: @known_steps
func.func @known_steps(%x: tensor<2x3x5x1xf32>) {
  // CHECK: keras.merge_steps {{.*}} -> tensor<6x5x1xf32>
  %0 = keras.merge_steps %x : (tensor<2x3x5x1xf32>) -> tensor<6x5x1xf32>
  return
}

// CHECK-LABEL: @spectral_normalization
func.func @spectral_normalization(%x: tensor<?x8xf32>) {
  %0 = keras.dense %x {activation = "linear", units = 4, use_bias = false}
    : (tensor<?x8xf32>) -> tensor<?x4xf32>
  // The variable has one element per element of the kernel's last axis.
  // CHECK: keras.spectral_normalization {{.*}}tensor<1x4xf32>
  %1 = keras.spectral_normalization %0 {power_iterations = 1,
    weights = [#keras.variable<"vector_u", tensor<1x4xf32>, "sn/vector_u", "">]}
    : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return
}

// CHECK-LABEL: @adaptive_pooling
func.func @adaptive_pooling(%x: tensor<?x7x8x3xf32>, %y: tensor<2x3x9xf32>) {
  // CHECK: keras.adaptive_average_pooling2d {{.*}} -> tensor<?x3x4x3xf32>
  %0 = keras.adaptive_average_pooling2d %x {output_size = array<i64: 3, 4>, data_format = "channels_last"}
    : (tensor<?x7x8x3xf32>) -> tensor<?x3x4x3xf32>
  // CHECK: keras.adaptive_max_pooling1d {{.*}} -> tensor<2x3x4xf32>
  %1 = keras.adaptive_max_pooling1d %y {output_size = array<i64: 4>, data_format = "channels_first"}
    : (tensor<2x3x9xf32>) -> tensor<2x3x4xf32>
  return
}

// CHECK-LABEL: @batch_normalization_of_two_axes
func.func @batch_normalization_of_two_axes(%x: tensor<?x4x5x6xf32>) {
  // CHECK: keras.batch_normalization {{.*}}axis = array<i64: 1, 3>
  %0 = keras.batch_normalization %x {axis = array<i64: 1, 3>, epsilon = 1.0e-3, center = false, scale = false,
    weights = [#keras.variable<"moving_mean", tensor<1x4x1x6xf32>, "bn/moving_mean", "">,
      #keras.variable<"moving_variance", tensor<1x4x1x6xf32>, "bn/moving_variance", "">]}
    : (tensor<?x4x5x6xf32>) -> tensor<?x4x5x6xf32>
  return
}
