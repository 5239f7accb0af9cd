// RUN: upconv-opt %s | upconv-opt | FileCheck %s

// CHECK-LABEL: @normalizations
func.func @normalizations(%a: tensor<?x9x4xf32>) {
  // CHECK: keras.layer_normalization {{.*}} -> tensor<?x9x4xf32>
  %0 = keras.layer_normalization %a {axis = array<i64: -1>, rms_scaling = false, epsilon = 0.001, center = true, scale = true} : (tensor<?x9x4xf32>) -> tensor<?x9x4xf32>
  // CHECK: keras.layer_normalization {{.*}} -> tensor<?x9x4xf32>
  %1 = keras.layer_normalization %a {axis = array<i64: 2, 1>, rms_scaling = false, epsilon = 0.001, center = true, scale = false, weights = [#keras.variable<"beta", tensor<9x4xf32>, "l/beta", "">]} : (tensor<?x9x4xf32>) -> tensor<?x9x4xf32>
  // CHECK: keras.group_normalization {{.*}} -> tensor<?x9x4xf32>
  %2 = keras.group_normalization %a {groups = 2 : i64, axis = -1 : i64, epsilon = 0.001, center = true, scale = true, weights = [#keras.variable<"gamma", tensor<4xf32>, "g/gamma", "">, #keras.variable<"beta", tensor<4xf32>, "g/beta", "">]} : (tensor<?x9x4xf32>) -> tensor<?x9x4xf32>
  // CHECK: keras.rms_normalization {{.*}} -> tensor<?x9x4xf32>
  %3 = keras.rms_normalization %a {axis = array<i64: -1>, epsilon = 0.001, weights = [#keras.variable<"scale", tensor<4xf32>, "r/scale", "">]} : (tensor<?x9x4xf32>) -> tensor<?x9x4xf32>
  // CHECK: keras.unit_normalization {{.*}} -> tensor<?x9x4xf32>
  %4 = keras.unit_normalization %a {axis = array<i64: 1, 2>} : (tensor<?x9x4xf32>) -> tensor<?x9x4xf32>
  // CHECK: keras.normalization {{.*}} -> tensor<?x9x4xf32>
  %5 = keras.normalization %a {axis = array<i64: -1>, invert = false, weights = [#keras.variable<"mean", tensor<4xf32>, "n/mean", "">, #keras.variable<"variance", tensor<4xf32>, "n/variance", "">, #keras.variable<"count", tensor<f32>, "n/count", "">]} : (tensor<?x9x4xf32>) -> tensor<?x9x4xf32>
  // CHECK: keras.normalization {{.*}} -> tensor<?x9x4xf32>
  %6 = keras.normalization %a {axis = array<i64>, mean = array<f64: 1.0>, variance = array<f64: 2.0>, invert = true} : (tensor<?x9x4xf32>) -> tensor<?x9x4xf32>
  // CHECK: keras.rescaling {{.*}} -> tensor<?x9x4xf32>
  %7 = keras.rescaling %a {scale = array<f64: 1.0, 2.0, 3.0, 4.0>, offset = array<f64: 0.5>} : (tensor<?x9x4xf32>) -> tensor<?x9x4xf32>
  return
}

// CHECK-LABEL: @lookup
func.func @lookup(%a: tensor<?x9xf32>) {
  // CHECK: keras.embedding {{.*}} -> tensor<?x9x3xf32>
  %0 = keras.embedding %a {input_dim = 10 : i64, output_dim = 3 : i64, mask_zero = false, weights = [#keras.variable<"embeddings", tensor<10x3xf32>, "e/embeddings", "">]} : (tensor<?x9xf32>) -> tensor<?x9x3xf32>
  // CHECK: keras.masking {{.*}} -> tensor<?x9xf32>
  %1 = keras.masking %a {mask_value = 0.0} : (tensor<?x9xf32>) -> tensor<?x9xf32>
  return
}
