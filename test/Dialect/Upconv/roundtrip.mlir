// RUN: upconv-opt %s | upconv-opt | FileCheck %s

// CHECK-DAG: #[[$IN:.+]] = affine_map<()[s0, s1] -> (s0, s1, 8)>
// CHECK-DAG: #[[$POSITIVE:.+]] = affine_map<()[s0] -> (s0 - 1)>
// CHECK-DAG: #[[$ONES:.+]] = affine_map<() -> (1, 1)>
// CHECK-DAG: #[[$ZEROS:.+]] = affine_map<() -> (0, 0)>

// A kernel with everything that a later stage attaches to it.
// CHECK-LABEL: func.func @kernel
// CHECK-SAME: tensor<?x?x8xf32, #[[$IN]]>
func.func @kernel(%x: tensor<?x?x8xf32, affine_map<()[s0, s1] -> (s0, s1, 8)>>)
    -> tensor<?x?x4xf32, affine_map<()[s0, s1] -> (s0, s1 * 2, 4)>>
    attributes {upconv.extents = [array<i64: 0, 0>, array<i64: 0, 1>]} {
  // CHECK: upconv.require "positive" #[[$POSITIVE]] "the output of layer 'a' would be empty"
  upconv.require "positive" affine_map<()[s0] -> (s0 - 1)> "the output of layer 'a' would be empty"
  // CHECK: upconv.weights "a/kernel" role "kernel" axis 1 hash "" folds
  // CHECK-SAME: #upconv.fold<gamma = "n/gamma", beta = "n/beta", mean = "n/moving_mean", variance = "n/moving_variance", epsilon = 1.000000e-03 : f64>
  %w = upconv.weights "a/kernel" role "kernel" axis 1 hash "" folds
    [#upconv.fold<gamma = "n/gamma", beta = "n/beta", mean = "n/moving_mean",
                  variance = "n/moving_variance", epsilon = 1.0e-3 : f64>] : tensor<4x4x8xf32>
  // CHECK: upconv.kernel(
  // CHECK-SAME: schedule <"phase", {nv = 1 : i64, tx = 12 : i64}, "generic/conv-transpose-f32.yaml", 3>
  // CHECK-SAME: halo <low = [0, 1, 0], high = [0, 1, 0]>
  // CHECK-SAME: layout <low = [0, 2, 0], high = [0, 0, 0]> slot 0
  %y = upconv.kernel(%x, %w)
      schedule <"phase", {nv = 1 : i64, tx = 12 : i64}, "generic/conv-transpose-f32.yaml", 3>
      halo <low = [0, 1, 0], high = [0, 1, 0]>
      layout <low = [0, 2, 0], high = [0, 0, 0]> slot 0 {
  ^bb0(%a: tensor<?x?x8xf32, affine_map<()[s0, s1] -> (s0, s1, 8)>>, %b: tensor<4x4x8xf32>):
    // CHECK: upconv.conv_transpose %{{.*}}, %{{.*}} strides [2] dilations [1] crop_low [1]
    %c = upconv.conv_transpose %a, %b strides [2] dilations [1] crop_low [1]
      : (tensor<?x?x8xf32, affine_map<()[s0, s1] -> (s0, s1, 8)>>, tensor<4x4x8xf32>)
      -> tensor<?x?x4xf32, affine_map<()[s0, s1] -> (s0, s1 * 2, 4)>>
    upconv.yield %c : tensor<?x?x4xf32, affine_map<()[s0, s1] -> (s0, s1 * 2, 4)>>
  } : (tensor<?x?x8xf32, affine_map<()[s0, s1] -> (s0, s1, 8)>>, tensor<4x4x8xf32>)
      -> tensor<?x?x4xf32, affine_map<()[s0, s1] -> (s0, s1 * 2, 4)>>
  return %y : tensor<?x?x4xf32, affine_map<()[s0, s1] -> (s0, s1 * 2, 4)>>
}

// CHECK-LABEL: func.func @pairs
func.func @pairs(%x: tensor<?x6x5xf32, affine_map<()[s0] -> (s0, 6, 5)>>, %w: tensor<4x8x5xf32>)
    -> tensor<?x14x8xf32, affine_map<()[s0] -> (s0, 14, 8)>> {
  // CHECK: upconv.round %{{.*}} : tensor<?x6x5xf32, {{.*}}> -> tensor<?x6x3xvector<2xbf16>, {{.*}}>
  %p = upconv.round %x : tensor<?x6x5xf32, affine_map<()[s0] -> (s0, 6, 5)>>
    -> tensor<?x6x3xvector<2xbf16>, affine_map<()[s0] -> (s0, 6, 3)>>
  // CHECK: upconv.conv_transpose %{{.*}}vector<2xbf16>
  %y = upconv.conv_transpose %p, %w strides [2] dilations [1] crop_low [0]
    : (tensor<?x6x3xvector<2xbf16>, affine_map<()[s0] -> (s0, 6, 3)>>, tensor<4x8x5xf32>)
    -> tensor<?x14x8xf32, affine_map<()[s0] -> (s0, 14, 8)>>
  return %y : tensor<?x14x8xf32, affine_map<()[s0] -> (s0, 14, 8)>>
}

// CHECK-LABEL: func.func @parts
func.func @parts(%x: tensor<?x6x5xf32, affine_map<()[s0] -> (s0 * 4, 6, 5)>>)
    -> tensor<?x6x5xf32, affine_map<()[s0] -> (s0, 6, 5)>> {
  // CHECK: upconv.sum_parts %{{.*}} parts 4 : tensor<?x6x5xf32, {{.*}}> -> tensor<?x6x5xf32, {{.*}}>
  %y = upconv.sum_parts %x parts 4 : tensor<?x6x5xf32, affine_map<()[s0] -> (s0 * 4, 6, 5)>>
    -> tensor<?x6x5xf32, affine_map<()[s0] -> (s0, 6, 5)>>
  return %y : tensor<?x6x5xf32, affine_map<()[s0] -> (s0, 6, 5)>>
}

// CHECK-LABEL: func.func @operations
func.func @operations(%x: tensor<1x6x6x4xf32>, %w: tensor<3x3x2x8xf32>, %b: tensor<8xf32>)
    -> tensor<1x72xf32> {
  // CHECK: upconv.conv %{{.*}}, %{{.*}}, %{{.*}} strides [1, 1] dilations [1, 1] pad_low #[[$ONES]] groups 2
  %c = upconv.conv %x, %w, %b strides [1, 1] dilations [1, 1] pad_low affine_map<() -> (1, 1)> groups 2
    : (tensor<1x6x6x4xf32>, tensor<3x3x2x8xf32>, tensor<8xf32>) -> tensor<1x6x6x8xf32>
  // CHECK: upconv.batch_norm
  %n = upconv.batch_norm %c <gamma = "", beta = "", mean = "m", variance = "v", epsilon = 1.0e-3 : f64>
    : tensor<1x6x6x8xf32> -> tensor<1x6x6x8xf32>
  // CHECK: upconv.pool "max" %{{.*}} window [2, 2] strides [2, 2] pad_low #[[$ZEROS]]
  %p = upconv.pool "max" %n window [2, 2] strides [2, 2] pad_low affine_map<() -> (0, 0)>
    : (tensor<1x6x6x8xf32>) -> tensor<1x3x3x8xf32>
  // CHECK: upconv.transpose %{{.*}} [0, 3, 1, 2]
  %t = upconv.transpose %p [0, 3, 1, 2] : tensor<1x3x3x8xf32> -> tensor<1x8x3x3xf32>
  // CHECK: upconv.map
  %m = upconv.map(%t) {
  ^bb0(%v: f32):
    %zero = arith.constant 0.0 : f32
    %r = arith.maximumf %v, %zero : f32
    upconv.yield %r : f32
  } : (tensor<1x8x3x3xf32>) -> tensor<1x8x3x3xf32>
  // CHECK: upconv.reshape
  %r = upconv.reshape %m : tensor<1x8x3x3xf32> -> tensor<1x72xf32>
  // CHECK: upconv.softmax
  %s = upconv.softmax %r : tensor<1x72xf32> -> tensor<1x72xf32>
  // CHECK: upconv.copy
  %k = upconv.copy %s : tensor<1x72xf32> -> tensor<1x72xf32>
  return %k : tensor<1x72xf32>
}
