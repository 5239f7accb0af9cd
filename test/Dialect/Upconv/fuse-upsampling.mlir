// RUN: upconv-opt %s -upconv-fuse-upsampling | FileCheck %s

// K = 3 behind a repetition by 2, same padding: kernel 4, crop 1.
// CHECK-LABEL: func.func @upsampled
// CHECK-NOT: upconv.reindex
// CHECK: upconv.weights "w" role "kernel" axis 1 hash "" upsampled [2] : tensor<4x8x4xf32>
// CHECK: upconv.conv_transpose {{.*}} strides [2] dilations [1] crop_low [1]
func.func @upsampled(%x: tensor<1x5x4xf32>) -> tensor<1x10x8xf32> {
  %u = upconv.reindex %x starts affine_map<() -> (0, 0, 0)> steps [1, 1, 1] repeats [1, 2, 1]
    border "none" 0.0 : tensor<1x5x4xf32> -> tensor<1x10x4xf32>
  %w = upconv.weights "w" role "kernel" axis 2 hash "" : tensor<3x4x8xf32>
  %c = upconv.conv %u, %w strides [1] dilations [1] pad_low affine_map<() -> (1)> groups 1
    : (tensor<1x10x4xf32>, tensor<3x4x8xf32>) -> tensor<1x10x8xf32>
  return %c : tensor<1x10x8xf32>
}

// A strided convolution skips positions: left alone.
// CHECK-LABEL: func.func @strided
// CHECK: upconv.reindex
func.func @strided(%x: tensor<1x5x4xf32>) -> tensor<1x5x8xf32> {
  %u = upconv.reindex %x starts affine_map<() -> (0, 0, 0)> steps [1, 1, 1] repeats [1, 2, 1]
    border "none" 0.0 : tensor<1x5x4xf32> -> tensor<1x10x4xf32>
  %w = upconv.weights "w" role "kernel" axis 2 hash "" : tensor<3x4x8xf32>
  %c = upconv.conv %u, %w strides [2] dilations [1] pad_low affine_map<() -> (0)> groups 1
    : (tensor<1x10x4xf32>, tensor<3x4x8xf32>) -> tensor<1x5x8xf32>
  return %c : tensor<1x5x8xf32>
}
