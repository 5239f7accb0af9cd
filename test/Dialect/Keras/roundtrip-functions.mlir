// RUN: upconv-opt %s | upconv-opt | FileCheck %s

// CHECK-LABEL: @elementwise
func.func @elementwise(%a: tensor<?x3x4xf32>, %b: tensor<?x1x4xf32>, %c: tensor<4xf32>) {
  // CHECK: keras.ops_unary {{.*}} -> tensor<?x3x4xf32>
  %0 = keras.ops_unary %a {function = "rsqrt"} : (tensor<?x3x4xf32>) -> tensor<?x3x4xf32>
  // CHECK: keras.ops_binary {{.*}} -> tensor<?x3x4xf32>
  %1 = keras.ops_binary %b, %a {function = "divide"} : (tensor<?x1x4xf32>, tensor<?x3x4xf32>) -> tensor<?x3x4xf32>
  // CHECK: keras.ops_binary {{.*}} -> tensor<?x3x4xf32>
  %2 = keras.ops_binary %a {function = "power", scalar = 2.0} : (tensor<?x3x4xf32>) -> tensor<?x3x4xf32>
  // CHECK: keras.ops_binary {{.*}} -> tensor<?x3x4xf32>
  %3 = keras.ops_binary %a {function = "subtract", scalar = 1.0, scalar_first} : (tensor<?x3x4xf32>) -> tensor<?x3x4xf32>
  // CHECK: keras.ops_binary {{.*}} -> tensor<?x3x4xf32>
  %4 = keras.ops_binary %c, %a {function = "maximum"} : (tensor<4xf32>, tensor<?x3x4xf32>) -> tensor<?x3x4xf32>
  return
}

// CHECK-LABEL: @axes
func.func @axes(%a: tensor<?x?x1x4xf32>) {
  // CHECK: keras.ops_expand_dims {{.*}} -> tensor<?x?x1x4x1xf32>
  %0 = keras.ops_expand_dims %a {axis = -1 : i64} : (tensor<?x?x1x4xf32>) -> tensor<?x?x1x4x1xf32>
  // CHECK: keras.ops_squeeze {{.*}} -> tensor<?x?x4xf32>
  %1 = keras.ops_squeeze %a {axis = array<i64: 2>} : (tensor<?x?x1x4xf32>) -> tensor<?x?x4xf32>
  // CHECK: keras.ops_reduce {{.*}} -> tensor<?x1x1x4xf32>
  %2 = keras.ops_reduce %a {function = "mean", axis = array<i64: 1, 2>, keepdims = true} : (tensor<?x?x1x4xf32>) -> tensor<?x1x1x4xf32>
  // CHECK: keras.ops_reduce {{.*}} -> tensor<?x?x1xf32>
  %3 = keras.ops_reduce %a {function = "max", axis = array<i64: -1>, keepdims = false} : (tensor<?x?x1x4xf32>) -> tensor<?x?x1xf32>
  return
}

// CHECK-LABEL: @moves
func.func @moves(%a: tensor<?x?x9x4xf32>) {
  // CHECK: keras.ops_pad {{.*}} -> tensor<?x?x14x4xf32>
  %0 = keras.ops_pad %a {pad_width = array<i64: 0, 0, 1, 1, 2, 3, 0, 0>, mode = "reflect", value = 0.0} : (tensor<?x?x9x4xf32>) -> tensor<?x?x14x4xf32>
  // CHECK: keras.ops_slice {{.*}} -> tensor<?x?x5xf32>
  %1 = keras.ops_slice %a {begin = array<i64: -9223372036854775808, 1, -9223372036854775808, 0>, end = array<i64: -9223372036854775808, -1, -9223372036854775808, -9223372036854775808>, strides = array<i64: 1, 1, 2, 1>, squeeze = array<i64: 3>} : (tensor<?x?x9x4xf32>) -> tensor<?x?x5xf32>
  // CHECK: keras.ops_slice {{.*}} -> tensor<?x?x3x2xf32>
  %2 = keras.ops_slice %a {begin = array<i64: -9223372036854775808, -9223372036854775808, -3, -9223372036854775808>, end = array<i64: -9223372036854775808, -9223372036854775808, -9223372036854775808, 1>, strides = array<i64: 1, 1, 1, -1>, squeeze = array<i64>} : (tensor<?x?x9x4xf32>) -> tensor<?x?x3x2xf32>
  return
}

// CHECK-LABEL: @blocks
func.func @blocks(%a: tensor<?x6x8x12xf32>) {
  // CHECK: keras.ops_depth_to_space {{.*}} -> tensor<?x12x16x3xf32>
  %0 = keras.ops_depth_to_space %a {block_size = 2 : i64, data_format = "channels_last"} : (tensor<?x6x8x12xf32>) -> tensor<?x12x16x3xf32>
  // CHECK: keras.ops_space_to_depth {{.*}} -> tensor<?x24x4x6xf32>
  %1 = keras.ops_space_to_depth %a {block_size = 2 : i64, data_format = "channels_first"} : (tensor<?x6x8x12xf32>) -> tensor<?x24x4x6xf32>
  return
}

// CHECK-LABEL: @matmul
func.func @matmul(%a: tensor<?x1x3x4xf32>, %b: tensor<?x2x4x5xf32>) {
  // CHECK: keras.ops_matmul {{.*}} -> tensor<?x2x3x5xf32>
  %0 = keras.ops_matmul %a, %b : (tensor<?x1x3x4xf32>, tensor<?x2x4x5xf32>) -> tensor<?x2x3x5xf32>
  return
}
