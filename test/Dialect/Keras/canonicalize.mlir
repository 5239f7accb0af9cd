// RUN: upconv-opt %s --canonicalize | FileCheck %s

// Layers that change nothing at inference.
// CHECK-LABEL: @no_ops
// CHECK-SAME: (%[[A:.*]]: tensor<?x4xf32>)
// CHECK-NEXT: return %[[A]]
func.func @no_ops(%a: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %0 = keras.dropout %a {rate = 0.5} : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %1 = keras.activation %0 {activation = "linear"} : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %2 = keras.reshape %1 {target_shape = array<i64: 4>} : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %3 = keras.add %2 : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %3 : tensor<?x4xf32>
}

// Two unknown sizes may be swapped by a reshape of equal types.
// CHECK-LABEL: @keep_reshape
// CHECK: keras.reshape
func.func @keep_reshape(%a: tensor<?x?x4xf32>) -> tensor<?x?x4xf32> {
  %0 = keras.reshape %a {target_shape = array<i64: -1, 4>} : (tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  return %0 : tensor<?x?x4xf32>
}

// A layer whose result nobody uses goes away.
// CHECK-LABEL: @unused
// CHECK-NEXT: return
func.func @unused(%a: tensor<1x4xf32>) {
  %0 = keras.dense %a {units = 3, activation = "relu", use_bias = true}
    : (tensor<1x4xf32>) -> tensor<1x3xf32>
  return
}
