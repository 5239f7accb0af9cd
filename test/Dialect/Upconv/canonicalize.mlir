// RUN: upconv-opt %s -canonicalize -split-input-file | FileCheck %s

// Two channels_first layers with an activation between them: the transposes at
// their edges cancel.
// CHECK-LABEL: func.func @transposes_cancel
// CHECK-NOT: upconv.transpose
// CHECK: upconv.map
// CHECK-NOT: upconv.transpose
// CHECK: return
func.func @transposes_cancel(%x: tensor<1x5x3xf32>) -> tensor<1x5x3xf32> {
  %first = upconv.transpose %x [0, 2, 1] : tensor<1x5x3xf32> -> tensor<1x3x5xf32>
  %y = upconv.map(%first) {
  ^bb0(%v: f32):
    %n = arith.negf %v : f32
    upconv.yield %n : f32
  } : (tensor<1x3x5xf32>) -> tensor<1x3x5xf32>
  %last = upconv.transpose %y [0, 2, 1] : tensor<1x3x5xf32> -> tensor<1x5x3xf32>
  return %last : tensor<1x5x3xf32>
}

// -----

// Two rotations of four axes in the same direction do not cancel: they compose.
// CHECK-LABEL: func.func @transposes_compose
// CHECK: upconv.transpose %{{.*}} [0, 2, 3, 1]
// CHECK-NOT: upconv.transpose
func.func @transposes_compose(%x: tensor<1x2x3x4xf32>) -> tensor<1x3x4x2xf32> {
  %a = upconv.transpose %x [0, 3, 1, 2] : tensor<1x2x3x4xf32> -> tensor<1x4x2x3xf32>
  %b = upconv.transpose %a [0, 3, 1, 2] : tensor<1x4x2x3xf32> -> tensor<1x3x4x2xf32>
  return %b : tensor<1x3x4x2xf32>
}

// -----

// CHECK-LABEL: func.func @reshapes
// CHECK-COUNT-1: upconv.reshape
// CHECK-NOT: upconv.reshape
func.func @reshapes(%x: tensor<1x6xf32>) -> tensor<1x3x2xf32> {
  %a = upconv.reshape %x : tensor<1x6xf32> -> tensor<1x2x3xf32>
  %b = upconv.reshape %a : tensor<1x2x3xf32> -> tensor<1x3x2xf32>
  return %b : tensor<1x3x2xf32>
}

// -----

// Two channels_first tensors are joined in channels-last.
// CHECK-LABEL: func.func @concat
// CHECK-NOT: upconv.transpose
// CHECK: upconv.concat(%arg0, %arg1) axis 3
// CHECK-NOT: upconv.transpose
// CHECK: return
func.func @concat(%x: tensor<1x4x5x3xf32>, %y: tensor<1x4x5x2xf32>) -> tensor<1x4x5x5xf32> {
  %a = upconv.transpose %x [0, 3, 1, 2] : tensor<1x4x5x3xf32> -> tensor<1x3x4x5xf32>
  %b = upconv.transpose %y [0, 3, 1, 2] : tensor<1x4x5x2xf32> -> tensor<1x2x4x5xf32>
  %c = upconv.concat(%a, %b) axis 1 : (tensor<1x3x4x5xf32>, tensor<1x2x4x5xf32>) -> tensor<1x5x4x5xf32>
  %r = upconv.transpose %c [0, 2, 3, 1] : tensor<1x5x4x5xf32> -> tensor<1x4x5x5xf32>
  return %r : tensor<1x4x5x5xf32>
}
