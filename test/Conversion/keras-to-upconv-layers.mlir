// RUN: upconv-opt %s -convert-keras-to-upconv -split-input-file | FileCheck %s

// CHECK-LABEL: func.func @gelu
// CHECK: upconv.map
// CHECK: math.erf
func.func @gelu(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %y = keras.activation %x {activation = "gelu"} : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// The learned slopes are an operand that is broadcast.
// CHECK-LABEL: func.func @prelu
// CHECK: %[[A:.+]] = upconv.weights "p/alpha" role "scale" axis 0 {{.*}} : tensor<1x4xf32>
// CHECK: upconv.map(%{{.*}}, %[[A]])
func.func @prelu(%x: tensor<?x?x4xf32>) -> tensor<?x?x4xf32> {
  %y = keras.p_re_lu %x {shared_axes = array<i64: 1>,
    weights = [#keras.variable<"alpha", tensor<1x4xf32>, "p/alpha", "">]} : (tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}

// -----

// Several axes are moved last and made one.
// CHECK-LABEL: func.func @softmax_axes
// CHECK: upconv.transpose %{{.*}} [0, 2, 1, 3]
// CHECK: upconv.reshape {{.*}} -> tensor<2x3x20xf32>
// CHECK: upconv.softmax
// CHECK: upconv.reshape {{.*}} -> tensor<2x3x4x5xf32>
// CHECK: upconv.transpose %{{.*}} [0, 2, 1, 3]
func.func @softmax_axes(%x: tensor<2x4x3x5xf32>) -> tensor<2x4x3x5xf32> {
  %y = keras.softmax %x {axis = array<i64: 1, 3>} : (tensor<2x4x3x5xf32>) -> tensor<2x4x3x5xf32>
  return %y : tensor<2x4x3x5xf32>
}

// -----

// A lower rank stands in front for numpy, behind the batch for layers.
// CHECK-LABEL: func.func @alignment
// CHECK: upconv.reshape {{.*}} : tensor<2x3xf32> -> tensor<1x2x3xf32>
// CHECK: arith.mulf
// CHECK: upconv.reshape {{.*}} : tensor<2x3xf32> -> tensor<2x1x3xf32>
// CHECK: arith.maximumf
func.func @alignment(%x: tensor<2x2x3xf32>, %b: tensor<2x3xf32>) -> tensor<2x2x3xf32> {
  %y = keras.ops_binary %x, %b {function = "multiply"} : (tensor<2x2x3xf32>, tensor<2x3xf32>) -> tensor<2x2x3xf32>
  %z = keras.maximum %y, %b : (tensor<2x2x3xf32>, tensor<2x3xf32>) -> tensor<2x2x3xf32>
  return %z : tensor<2x2x3xf32>
}

// -----

// x^3 by multiplications, 1 / x by a division.
// CHECK-LABEL: func.func @scalar
// CHECK-COUNT-2: arith.mulf
// CHECK: arith.divf
func.func @scalar(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %y = keras.ops_binary %x {function = "power", scalar = 3.0} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %z = keras.ops_binary %y {function = "divide", scalar = 1.0, scalar_first} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %z : tensor<2x3xf32>
}

// -----

// CHECK-LABEL: func.func @moves
// CHECK: upconv.transpose %{{.*}} [0, 2, 1]
// CHECK: upconv.require "equal" {{.*}} "axis 1 of layer '' must have size 1"
// CHECK: upconv.reshape
// CHECK: upconv.map
// CHECK: tensor<?x1x4xf32
func.func @moves(%x: tensor<?x4x?xf32>) -> tensor<?x3x4xf32> {
  %y = keras.permute %x {dims = array<i64: 2, 1>} : (tensor<?x4x?xf32>) -> tensor<?x?x4xf32>
  %z = keras.ops_squeeze %y {axis = array<i64: 1>} : (tensor<?x?x4xf32>) -> tensor<?x4xf32>
  %w = keras.repeat_vector %z {n = 3 : i64} : (tensor<?x4xf32>) -> tensor<?x3x4xf32>
  return %w : tensor<?x3x4xf32>
}
