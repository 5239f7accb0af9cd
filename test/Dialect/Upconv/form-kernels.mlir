// RUN: upconv-opt %s -upconv-fuse-maps -upconv-form-kernels -split-input-file | FileCheck %s

// A convolution, two maps and a residual operand are one kernel.
// CHECK-LABEL: func.func @epilogue
// CHECK: upconv.kernel(%arg0, %{{.*}}, %arg1)
// CHECK: upconv.conv_transpose
// CHECK: upconv.map
// CHECK: arith.maximumf
// CHECK: arith.addf
// CHECK: upconv.yield
// CHECK-NOT: upconv.kernel
// CHECK: return
func.func @epilogue(%x: tensor<1x3x2xf32>, %r: tensor<1x6x5xf32>) -> tensor<1x6x5xf32> {
  %w = upconv.weights "a/kernel" role "kernel" axis 1 hash "" : tensor<2x5x2xf32>
  %c = upconv.conv_transpose %x, %w strides [2] dilations [1] crop_low [0]
    : (tensor<1x3x2xf32>, tensor<2x5x2xf32>) -> tensor<1x6x5xf32>
  %a = upconv.map(%c) {
  ^bb0(%v: f32):
    %zero = arith.constant 0.0 : f32
    %m = arith.maximumf %v, %zero : f32
    upconv.yield %m : f32
  } : (tensor<1x6x5xf32>) -> tensor<1x6x5xf32>
  %s = upconv.map(%a, %r) {
  ^bb0(%v: f32, %u: f32):
    %m = arith.addf %v, %u : f32
    upconv.yield %m : f32
  } : (tensor<1x6x5xf32>, tensor<1x6x5xf32>) -> tensor<1x6x5xf32>
  return %s : tensor<1x6x5xf32>
}

// -----

// An argument that is returned is copied; so is a value that is returned twice.
// CHECK-LABEL: func.func @copies
// CHECK-COUNT-2: upconv.copy
func.func @copies(%x: tensor<1x3xf32>) -> (tensor<1x3xf32>, tensor<1x3xf32>, tensor<1x3xf32>) {
  %y = upconv.softmax %x : tensor<1x3xf32> -> tensor<1x3xf32>
  return %x, %y, %y : tensor<1x3xf32>, tensor<1x3xf32>, tensor<1x3xf32>
}
