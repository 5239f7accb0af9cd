// RUN: upconv-opt %s -upconv-drop-unit-axes -canonicalize | FileCheck %s

// expand_dims, Conv2DTranspose((k, 1), (s, 1)), squeeze: one 1-D operation, also
// where the length is known at run time only.
// CHECK: #[[$IN:.*]] = affine_map<()[s0] -> (1, s0, 4)>
// CHECK-LABEL: func.func @two_for_one
// CHECK-NOT: upconv.reshape
// CHECK: upconv.weights "w" role "kernel" axis 1 {{.*}} : tensor<5x8x4xf32>
// CHECK: upconv.conv_transpose {{.*}} strides [2] dilations [1] crop_low [1]
// CHECK-NOT: upconv.reshape
// CHECK: return
func.func @two_for_one(%x: tensor<1x?x4xf32, affine_map<()[s0] -> (1, s0, 4)>>)
    -> tensor<1x?x8xf32, affine_map<()[s0] -> (1, s0 * 2, 8)>> {
  %w = upconv.weights "w" role "kernel" axis 2 hash "" : tensor<5x1x8x4xf32>
  %a = upconv.reshape %x : tensor<1x?x4xf32, affine_map<()[s0] -> (1, s0, 4)>>
    -> tensor<1x?x1x4xf32, affine_map<()[s0] -> (1, s0, 1, 4)>>
  %c = upconv.conv_transpose %a, %w strides [2, 1] dilations [1, 1] crop_low [1, 0]
    : (tensor<1x?x1x4xf32, affine_map<()[s0] -> (1, s0, 1, 4)>>, tensor<5x1x8x4xf32>)
    -> tensor<1x?x1x8xf32, affine_map<()[s0] -> (1, s0 * 2, 1, 8)>>
  %y = upconv.reshape %c : tensor<1x?x1x8xf32, affine_map<()[s0] -> (1, s0 * 2, 1, 8)>>
    -> tensor<1x?x8xf32, affine_map<()[s0] -> (1, s0 * 2, 8)>>
  return %y : tensor<1x?x8xf32, affine_map<()[s0] -> (1, s0 * 2, 8)>>
}

// A kernel of 3 reads zeros beside the one position: not the same.
// CHECK-LABEL: func.func @wide_kernel
// CHECK: upconv.conv {{.*}} strides [1, 1]
func.func @wide_kernel(%x: tensor<1x6x1x4xf32>) -> tensor<1x6x1x4xf32> {
  %w = upconv.weights "w" role "kernel" axis 3 hash "" : tensor<1x3x4x4xf32>
  %c = upconv.conv %x, %w strides [1, 1] dilations [1, 1] pad_low affine_map<() -> (0, 1)> groups 1
    : (tensor<1x6x1x4xf32>, tensor<1x3x4x4xf32>) -> tensor<1x6x1x4xf32>
  return %c : tensor<1x6x1x4xf32>
}
