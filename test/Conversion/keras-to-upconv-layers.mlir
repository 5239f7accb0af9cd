// RUN: upconv-opt %s -convert-keras-to-upconv -split-input-file | FileCheck %s

// CHECK-LABEL: func.func @gelu
// CHECK: upconv.map
// CHECK: math.erf
func.func @gelu(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %y = keras.activation %x {activation = "gelu"} : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// The learned slopes are an operand that is broadcast.
// CHECK-LABEL: func.func @prelu
// CHECK: %[[A:.+]] = upconv.weights "p/alpha" role "scale" axis 0 {{.*}} : tensor<1x4xf32>
// CHECK: upconv.map(%{{.*}}, %[[A]])
func.func @prelu(%x: tensor<?x?x4xf32>) -> tensor<?x?x4xf32> {
  %y = keras.p_re_lu %x {shared_axes = array<i64: 1>,
    weights = [#keras.variable<"alpha", tensor<1x4xf32>, "p/alpha", "">]} : (tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}

// -----

// Several axes are moved last and made one.
// CHECK-LABEL: func.func @softmax_axes
// CHECK: upconv.transpose %{{.*}} [0, 2, 1, 3]
// CHECK: upconv.reshape {{.*}} -> tensor<2x3x20xf32>
// CHECK: upconv.softmax
// CHECK: upconv.reshape {{.*}} -> tensor<2x3x4x5xf32>
// CHECK: upconv.transpose %{{.*}} [0, 2, 1, 3]
func.func @softmax_axes(%x: tensor<2x4x3x5xf32>) -> tensor<2x4x3x5xf32> {
  %y = keras.softmax %x {axis = array<i64: 1, 3>} : (tensor<2x4x3x5xf32>) -> tensor<2x4x3x5xf32>
  return %y : tensor<2x4x3x5xf32>
}

// -----

// A lower rank stands in front for numpy, behind the batch for layers.
// CHECK-LABEL: func.func @alignment
// CHECK: upconv.reshape {{.*}} : tensor<2x3xf32> -> tensor<1x2x3xf32>
// CHECK: arith.mulf
// CHECK: upconv.reshape {{.*}} : tensor<2x3xf32> -> tensor<2x1x3xf32>
// CHECK: arith.maximumf
func.func @alignment(%x: tensor<2x2x3xf32>, %b: tensor<2x3xf32>) -> tensor<2x2x3xf32> {
  %y = keras.ops_binary %x, %b {function = "multiply"} : (tensor<2x2x3xf32>, tensor<2x3xf32>) -> tensor<2x2x3xf32>
  %z = keras.maximum %y, %b : (tensor<2x2x3xf32>, tensor<2x3xf32>) -> tensor<2x2x3xf32>
  return %z : tensor<2x2x3xf32>
}

// -----

// x^3 by multiplications, 1 / x by a division.
// CHECK-LABEL: func.func @scalar
// CHECK-COUNT-2: arith.mulf
// CHECK: arith.divf
func.func @scalar(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %y = keras.ops_binary %x {function = "power", scalar = 3.0} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %z = keras.ops_binary %y {function = "divide", scalar = 1.0, scalar_first} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %z : tensor<2x3xf32>
}

// -----

// CHECK-LABEL: func.func @moves
// CHECK: upconv.transpose %{{.*}} [0, 2, 1]
// CHECK: upconv.require "equal" {{.*}} "axis 1 of layer '' must have size 1"
// CHECK: upconv.reshape
// CHECK: upconv.map
// CHECK: tensor<?x1x4xf32
func.func @moves(%x: tensor<?x4x?xf32>) -> tensor<?x3x4xf32> {
  %y = keras.permute %x {dims = array<i64: 2, 1>} : (tensor<?x4x?xf32>) -> tensor<?x?x4xf32>
  %z = keras.ops_squeeze %y {axis = array<i64: 1>} : (tensor<?x?x4xf32>) -> tensor<?x4xf32>
  %w = keras.repeat_vector %z {n = 3 : i64} : (tensor<?x4xf32>) -> tensor<?x3x4xf32>
  return %w : tensor<?x3x4xf32>
}

// -----

// Steps are samples: views before and after the layer, also of unknown numbers.
// CHECK-LABEL: func.func @time_distributed
// CHECK: %[[STEPS:.+]] = upconv.reshape {{.*}} -> tensor<?x8xf32
// CHECK: %[[Y:.+]] = upconv.conv %[[STEPS]]
// CHECK: upconv.reshape %[[Y]] {{.*}} -> tensor<?x?x4xf32
func.func @time_distributed(%x: tensor<?x?x8xf32>) -> tensor<?x?x4xf32> {
  %0 = keras.merge_steps %x : (tensor<?x?x8xf32>) -> tensor<?x8xf32>
  %1 = keras.dense %0 {activation = "linear", units = 4, use_bias = false} : (tensor<?x8xf32>) -> tensor<?x4xf32>
  %2 = keras.time_distributed %1, %x : (tensor<?x4xf32>, tensor<?x?x8xf32>) -> tensor<?x?x4xf32>
  return %2 : tensor<?x?x4xf32>
}

// -----

// Lists of numbers are weights without a source, variances as deviations.
// CHECK-LABEL: func.func @lists
// CHECK: upconv.weights "" role "scale" {{.*}} values [1.000000e+00, 2.000000e+00] : tensor<2xf32>
// CHECK: arith.mulf
// CHECK: arith.constant 5.000000e-01
// CHECK: upconv.weights "" role "shift" {{.*}} values [3.000000e+00, 4.000000e+00, 5.000000e+00] : tensor<1x3x1xf32>
// CHECK: upconv.weights "" role "scale" {{.*}} values [2.000000e+00, 1.000000e+00, 1.000000e-07] : tensor<1x3x1xf32>
func.func @lists(%x: tensor<?x3x2xf32>) -> tensor<?x3x2xf32> {
  %0 = keras.rescaling %x {scale = array<f64: 1.0, 2.0>, offset = array<f64: 0.5>} : (tensor<?x3x2xf32>) -> tensor<?x3x2xf32>
  %1 = keras.normalization %0 {axis = array<i64: 1>, mean = array<f64: 3.0, 4.0, 5.0>,
    variance = array<f64: 4.0, 1.0, 0.0>, invert = false} : (tensor<?x3x2xf32>) -> tensor<?x3x2xf32>
  return %1 : tensor<?x3x2xf32>
}

// -----

// CHECK-LABEL: func.func @two_axes
// CHECK: upconv.weights "bn/moving_mean" {{.*}} : tensor<1x4x1x6xf32>
// CHECK-NOT: upconv.batch_norm
// CHECK: upconv.map
func.func @two_axes(%x: tensor<?x4x5x6xf32>) -> tensor<?x4x5x6xf32> {
  %0 = keras.batch_normalization %x {axis = array<i64: 1, 3>, epsilon = 1.0e-3, center = false, scale = false,
    weights = [#keras.variable<"moving_mean", tensor<1x4x1x6xf32>, "bn/moving_mean", "">,
      #keras.variable<"moving_variance", tensor<1x4x1x6xf32>, "bn/moving_variance", "">]}
    : (tensor<?x4x5x6xf32>) -> tensor<?x4x5x6xf32>
  return %0 : tensor<?x4x5x6xf32>
}

// -----

// The nearest element is one reindex per axis; whole factors interpolate by
// residue; other ratios take one reindex per tap, weighted along the axis.
// CHECK-LABEL: func.func @resizing
// CHECK: upconv.reindex {{.*}} steps [1, 14, 1, 1] repeats [1, 18, 1, 1]
// CHECK: upconv.reindex {{.*}} steps [1, 1, 20, 1] repeats [1, 1, 8, 1]
// CHECK: upconv.interpolate {{.*}} axis 1 factor 2
// CHECK-COUNT-2: upconv.reindex {{.*}} steps [1, 1, 8, 1] repeats [1, 1, 6, 1] border "edge"
// CHECK-NOT: upconv.reindex
func.func @resizing(%x: tensor<?x7x10x3xf32>) -> tensor<?x18x3x3xf32> {
  %0 = keras.resizing %x {height = 9, width = 4, interpolation = "nearest", data_format = "channels_last"}
    : (tensor<?x7x10x3xf32>) -> tensor<?x9x4x3xf32>
  %1 = keras.resizing %0 {height = 18, width = 3, interpolation = "bilinear", data_format = "channels_last"}
    : (tensor<?x9x4x3xf32>) -> tensor<?x18x3x3xf32>
  return %1 : tensor<?x18x3x3xf32>
}

// -----

// One pool where the size divides; otherwise two of stride 1 that hold every
// window.
// CHECK-LABEL: func.func @adaptive
// CHECK: upconv.pool "average" {{.*}} window [3] strides [3]
// CHECK: upconv.pool "average" {{.*}} window [1] strides [1]
// CHECK: upconv.pool "average" {{.*}} window [2] strides [1]
// CHECK: arith.select
func.func @adaptive(%x: tensor<?x9x5xf32>) -> tensor<?x4x5xf32> {
  %0 = keras.adaptive_average_pooling1d %x {output_size = array<i64: 3>, data_format = "channels_last"}
    : (tensor<?x9x5xf32>) -> tensor<?x3x5xf32>
  %1 = keras.adaptive_average_pooling1d %0 {output_size = array<i64: 4>, data_format = "channels_last"}
    : (tensor<?x3x5xf32>) -> tensor<?x4x5xf32>
  return %1 : tensor<?x4x5xf32>
}

// -----

// x^-2.25 = 1 / (x^2 exp(0.25 log x)), 2^x = exp(x log 2).
// CHECK-LABEL: func.func @power
// CHECK: arith.mulf
// CHECK: math.log
// CHECK: math.exp
// CHECK: arith.divf
// CHECK: arith.constant 0.693147182
// CHECK: math.exp
func.func @power(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %y = keras.ops_binary %x {function = "power", scalar = -2.25} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %z = keras.ops_binary %y {function = "power", scalar = 2.0, scalar_first} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %z : tensor<2x3xf32>
}
