// RUN: upconv-opt %s -pass-pipeline='builtin.module(upconv-schedules{target=cuda-sm_80})' 2>/dev/null | FileCheck %s

// A schedule that splits sums: the contraction without bias and epilogue makes
// parts in a slot of the workspace, and a kernel behind it adds them, the bias and
// does the rest. The second operand of the map is the bias, the third the
// kernel's own.
// CHECK-LABEL: func.func @small
// CHECK: %[[PARTS:.*]] = upconv.kernel(%{{[^,]*}}, %{{[^,]*}}) schedule <{{.*}}split = 16
// CHECK-SAME: slot 0
// CHECK: upconv.conv_transpose %{{[^,]*}}, %{{[^,]*}} strides [2, 2]
// CHECK-SAME: -> tensor<32x8x8x64xf32>
// CHECK-NEXT: upconv.yield
// CHECK: upconv.kernel(%[[PARTS]], %{{[^,]*}}, %{{[^,]*}}) schedule <
// CHECK: ^bb0(%[[IN:.*]]: tensor<32x8x8x64xf32>, %[[BIAS:.*]]: tensor<64xf32>, %[[OTHER:.*]]: tensor<2x8x8x64xf32>):
// CHECK-NEXT: %[[SUM:.*]] = upconv.sum_parts %[[IN]] parts 16
// CHECK-NEXT: upconv.map(%[[SUM]], %[[BIAS]], %[[OTHER]])
// CHECK-NEXT: ^bb0(%[[V:.*]]: f32, %[[B:.*]]: f32, %[[O:.*]]: f32):
// CHECK-NEXT: %[[BIASED:.*]] = arith.addf %[[V]], %[[B]]
// CHECK-NEXT: arith.mulf %[[O]], %[[BIASED]]
func.func @small(%x: tensor<2x4x4x512xf32>, %o: tensor<2x8x8x64xf32>) -> tensor<2x8x8x64xf32> {
  %w = upconv.weights "a/kernel" role "kernel" axis 2 hash "" : tensor<4x4x64x512xf32>
  %b = upconv.weights "a/bias" role "bias" axis 0 hash "" : tensor<64xf32>
  %y = upconv.kernel(%x, %w, %b, %o) {
  ^bb0(%0: tensor<2x4x4x512xf32>, %1: tensor<4x4x64x512xf32>, %2: tensor<64xf32>, %3: tensor<2x8x8x64xf32>):
    %t = upconv.conv_transpose %0, %1, %2 strides [2, 2] dilations [1, 1] crop_low [1, 1]
      : (tensor<2x4x4x512xf32>, tensor<4x4x64x512xf32>, tensor<64xf32>) -> tensor<2x8x8x64xf32>
    %m = upconv.map(%t, %3) {
    ^bb0(%v: f32, %u: f32):
      %p = arith.mulf %u, %v : f32
      upconv.yield %p : f32
    } : (tensor<2x8x8x64xf32>, tensor<2x8x8x64xf32>) -> tensor<2x8x8x64xf32>
    upconv.yield %m : tensor<2x8x8x64xf32>
  } : (tensor<2x4x4x512xf32>, tensor<4x4x64x512xf32>, tensor<64xf32>, tensor<2x8x8x64xf32>) -> tensor<2x8x8x64xf32>
  return %y : tensor<2x8x8x64xf32>
}
