// RUN: upconv-opt %s | upconv-opt | FileCheck %s

// CHECK-LABEL: @merging
func.func @merging(%a: tensor<?x3x4xf32>, %b: tensor<?x1x4xf32>, %c: tensor<?x5x4xf32>, %d: tensor<2x3x4xf32>) {
  // CHECK: keras.subtract {{.*}} -> tensor<?x3x4xf32>
  %0 = keras.subtract %a, %b : (tensor<?x3x4xf32>, tensor<?x1x4xf32>) -> tensor<?x3x4xf32>
  // CHECK: keras.multiply {{.*}} -> tensor<?x3x4xf32>
  %1 = keras.multiply %b, %a : (tensor<?x1x4xf32>, tensor<?x3x4xf32>) -> tensor<?x3x4xf32>
  // CHECK: keras.average {{.*}} -> tensor<2x3x4xf32>
  %2 = keras.average %a, %d : (tensor<?x3x4xf32>, tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  // CHECK: keras.maximum {{.*}} -> tensor<?x3x4xf32>
  %3 = keras.maximum %a, %b : (tensor<?x3x4xf32>, tensor<?x1x4xf32>) -> tensor<?x3x4xf32>
  // CHECK: keras.minimum {{.*}} -> tensor<?x3x4xf32>
  %4 = keras.minimum %a : (tensor<?x3x4xf32>) -> tensor<?x3x4xf32>
  // CHECK: keras.concatenate {{.*}} -> tensor<?x9x4xf32>
  %5 = keras.concatenate %a, %c, %b {axis = 1 : i64} : (tensor<?x3x4xf32>, tensor<?x5x4xf32>, tensor<?x1x4xf32>) -> tensor<?x9x4xf32>
  // CHECK: keras.concatenate {{.*}} -> tensor<2x3x8xf32>
  %6 = keras.concatenate %a, %d {axis = -1 : i64} : (tensor<?x3x4xf32>, tensor<2x3x4xf32>) -> tensor<2x3x8xf32>
  // CHECK: keras.dot {{.*}} -> tensor<?x3x5xf32>
  %7 = keras.dot %a, %c {axes = array<i64: 2, 2>, normalize = true} : (tensor<?x3x4xf32>, tensor<?x5x4xf32>) -> tensor<?x3x5xf32>
  return
}

// CHECK-LABEL: @vectors
func.func @vectors(%a: tensor<?x4xf32>, %b: tensor<?x4xf32>) {
  // CHECK: keras.dot {{.*}} -> tensor<?x1xf32>
  %0 = keras.dot %a, %b {axes = array<i64: 1, -1>, normalize = false} : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x1xf32>
  return
}
