// RUN: upconv-opt %s | upconv-opt | FileCheck %s
// RUN: upconv-opt %s -upconv-fuse-maps -upconv-form-kernels | FileCheck %s --check-prefix=FORM

// CHECK: #[[$STARTS:.*]] = affine_map<()[s0] -> (0, -1, s0 - 1, 0)>
// CHECK-LABEL: func.func @movement
func.func @movement(%x: tensor<1x4x4x3xf32>) -> tensor<1x6x4x6xf32> {
  // CHECK: upconv.reindex %{{.*}} starts #[[$STARTS]] steps [1, 1, -1, 1] repeats [1, 1, 1, 1] border "fill" 1.000000e+00
  %p = upconv.reindex %x starts affine_map<()[s0] -> (0, -1, s0 - 1, 0)> steps [1, 1, -1, 1]
    repeats [1, 1, 1, 1] border "fill" 1.0 : tensor<1x4x4x3xf32> -> tensor<1x6x4x3xf32>
  // CHECK: upconv.interpolate %{{.*}} axis 1 factor 1 first [-1] weights [5.000000e-01, 5.000000e-01] border "edge"
  %i = upconv.interpolate %p axis 1 factor 1 first [-1] weights [0.5, 0.5] border "edge"
    : tensor<1x6x4x3xf32> -> tensor<1x6x4x3xf32>
  // CHECK: upconv.concat(%{{.*}}, %{{.*}}) axis 3
  %c = upconv.concat(%p, %i) axis 3 : (tensor<1x6x4x3xf32>, tensor<1x6x4x3xf32>) -> tensor<1x6x4x6xf32>
  return %c : tensor<1x6x4x6xf32>
}

// A map is computed where it is reduced.
// CHECK-LABEL: func.func @mean_square
// FORM-LABEL: func.func @mean_square
func.func @mean_square(%x: tensor<2x3x5xf32>) -> tensor<2x1x5xf32> {
  // FORM-NOT: upconv.map
  // FORM: upconv.reduce "mean"
  // FORM-NEXT: ^bb0
  // FORM-NEXT: arith.mulf
  %q = upconv.map(%x) {
  ^bb0(%v: f32):
    %r = arith.mulf %v, %v : f32
    upconv.yield %r : f32
  } : (tensor<2x3x5xf32>) -> tensor<2x3x5xf32>
  // CHECK: upconv.reduce "mean"(%{{.*}}) axis 1
  %m = upconv.reduce "mean" (%q) axis 1 {
  ^bb0(%v: f32):
    upconv.yield %v : f32
  } : (tensor<2x3x5xf32>) -> tensor<2x1x5xf32>
  return %m : tensor<2x1x5xf32>
}
