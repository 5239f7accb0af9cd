// RUN: upconv-opt %s -upconv-fold-batch-norm -split-input-file | FileCheck %s

// The only reader of a convolution: folded, and a bias appears.
// CHECK-LABEL: func.func @folds
// CHECK: upconv.weights "a/kernel" role "kernel" axis 1 hash "" folds [#upconv.fold<
// CHECK: upconv.weights "" role "bias" axis 0 hash "" folds [#upconv.fold<
// CHECK: upconv.conv_transpose
// CHECK-NOT: upconv.batch_norm
// CHECK: return
func.func @folds(%x: tensor<1x3x2xf32>) -> tensor<1x6x5xf32> {
  %w = upconv.weights "a/kernel" role "kernel" axis 1 hash "" : tensor<2x5x2xf32>
  %c = upconv.conv_transpose %x, %w strides [2] dilations [1] crop_low [0]
    : (tensor<1x3x2xf32>, tensor<2x5x2xf32>) -> tensor<1x6x5xf32>
  %n = upconv.batch_norm %c <gamma = "n/g", beta = "n/b", mean = "n/m", variance = "n/v", epsilon = 1.0e-3 : f64>
    : tensor<1x6x5xf32> -> tensor<1x6x5xf32>
  return %n : tensor<1x6x5xf32>
}

// -----

// The convolution has another reader: a map with a scale and a shift.
// CHECK-LABEL: func.func @maps
// CHECK: upconv.weights "a/kernel" role "kernel" axis 1 hash "" : tensor
// CHECK: upconv.weights "" role "scale"
// CHECK: upconv.weights "" role "shift"
// CHECK: upconv.map
// CHECK: arith.mulf
// CHECK: arith.addf
func.func @maps(%x: tensor<1x3x2xf32>) -> (tensor<1x6x5xf32>, tensor<1x6x5xf32>) {
  %w = upconv.weights "a/kernel" role "kernel" axis 1 hash "" : tensor<2x5x2xf32>
  %c = upconv.conv_transpose %x, %w strides [2] dilations [1] crop_low [0]
    : (tensor<1x3x2xf32>, tensor<2x5x2xf32>) -> tensor<1x6x5xf32>
  %n = upconv.batch_norm %c <gamma = "n/g", beta = "n/b", mean = "n/m", variance = "n/v", epsilon = 1.0e-3 : f64>
    : tensor<1x6x5xf32> -> tensor<1x6x5xf32>
  return %c, %n : tensor<1x6x5xf32>, tensor<1x6x5xf32>
}
