// RUN: upconv-opt %s -upconv-fold-padding | FileCheck %s

// ZeroPadding1D((1, 2)) and a valid convolution.
// CHECK: #[[$PAD:.*]] = affine_map<() -> (1)>
// CHECK-LABEL: func.func @padded
// CHECK-NOT: upconv.reindex
// CHECK: upconv.conv %arg0, {{.*}} pad_low #[[$PAD]]
func.func @padded(%x: tensor<1x5x4xf32>, %w: tensor<3x4x8xf32>) -> tensor<1x6x8xf32> {
  %u = upconv.reindex %x starts affine_map<() -> (0, -1, 0)> steps [1, 1, 1] repeats [1, 1, 1]
    border "fill" 0.0 : tensor<1x5x4xf32> -> tensor<1x8x4xf32>
  %c = upconv.conv %u, %w strides [1] dilations [1] pad_low affine_map<() -> (0)> groups 1
    : (tensor<1x8x4xf32>, tensor<3x4x8xf32>) -> tensor<1x6x8xf32>
  return %c : tensor<1x6x8xf32>
}

// Zeros beyond the window's reach, another value, channels: left alone.
// CHECK-LABEL: func.func @not_padding
// CHECK-COUNT-3: upconv.reindex
func.func @not_padding(%x: tensor<1x5x4xf32>, %w: tensor<3x4x8xf32>, %v: tensor<3x5x8xf32>)
    -> (tensor<1x9x8xf32>, tensor<1x5x8xf32>, tensor<1x3x8xf32>) {
  %a = upconv.reindex %x starts affine_map<() -> (0, -3, 0)> steps [1, 1, 1] repeats [1, 1, 1]
    border "fill" 0.0 : tensor<1x5x4xf32> -> tensor<1x11x4xf32>
  %c = upconv.conv %a, %w strides [1] dilations [1] pad_low affine_map<() -> (0)> groups 1
    : (tensor<1x11x4xf32>, tensor<3x4x8xf32>) -> tensor<1x9x8xf32>
  %b = upconv.reindex %x starts affine_map<() -> (0, -1, 0)> steps [1, 1, 1] repeats [1, 1, 1]
    border "fill" 1.0 : tensor<1x5x4xf32> -> tensor<1x7x4xf32>
  %d = upconv.conv %b, %w strides [1] dilations [1] pad_low affine_map<() -> (0)> groups 1
    : (tensor<1x7x4xf32>, tensor<3x4x8xf32>) -> tensor<1x5x8xf32>
  %e = upconv.reindex %x starts affine_map<() -> (0, 0, -1)> steps [1, 1, 1] repeats [1, 1, 1]
    border "fill" 0.0 : tensor<1x5x4xf32> -> tensor<1x5x5xf32>
  %f = upconv.conv %e, %v strides [1] dilations [1] pad_low affine_map<() -> (0)> groups 1
    : (tensor<1x5x5xf32>, tensor<3x5x8xf32>) -> tensor<1x3x8xf32>
  return %c, %d, %f : tensor<1x9x8xf32>, tensor<1x5x8xf32>, tensor<1x3x8xf32>
}
