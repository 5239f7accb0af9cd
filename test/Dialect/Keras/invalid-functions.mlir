// RUN: upconv-opt %s -verify-diagnostics -split-input-file
//
// One function per labelled constraint of FunctionOps.td.

func.func @ops_unary_c1(%a: tensor<2x3xf32>) {
  // expected-error@+2 {{layer (ops.unary): 'function' must be a function of one element, got 'softmax'}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.ops_unary %a {function = "softmax"} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @ops_binary_c1(%a: tensor<2x3xf32>, %b: tensor<2x3xf32>) {
  // expected-error@+2 {{layer (ops.binary): 'function' must be a function of two elements, got 'abs'}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.ops_binary %a, %b {function = "abs"} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @ops_binary_c2(%a: tensor<2x3xf32>) {
  // expected-error@+2 {{layer (ops.binary): two inputs, or one and a scalar, are required, got 1}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.ops_binary %a {function = "add"} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @ops_binary_c2_both(%a: tensor<2x3xf32>, %b: tensor<2x3xf32>) {
  // expected-error@+2 {{layer (ops.binary): two inputs, or one and a scalar, are required, got 2 and a scalar}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.ops_binary %a, %b {function = "add", scalar = 1.0} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @ops_binary_c3(%a: tensor<2x3x4xf32>, %b: tensor<2x4x4xf32>) {
  // expected-error@+2 {{layer (ops.binary): the inputs' shapes must broadcast, got (2, 3, 4) and (2, 4, 4)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.ops_binary %a, %b {function = "add"} : (tensor<2x3x4xf32>, tensor<2x4x4xf32>) -> tensor<2x3x4xf32>
  return
}

// -----

func.func @ops_expand_dims_c1(%a: tensor<2x3xf32>) {
  // expected-error@+2 {{layer (ops.expand_dims): 'axis' must name a place behind the batch axis, got 0 for an input of shape (2, 3)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.ops_expand_dims %a {axis = 0 : i64} : (tensor<2x3xf32>) -> tensor<1x2x3xf32>
  return
}

// -----

func.func @ops_squeeze_c1(%a: tensor<2x1x3xf32>) {
  // expected-error@+2 {{layer (ops.squeeze): 'axis' must name different axes other than the batch, got (1, -2) for an input of shape (2, 1, 3)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.ops_squeeze %a {axis = array<i64: 1, -2>} : (tensor<2x1x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @ops_squeeze_c2(%a: tensor<2x1x3xf32>) {
  // expected-error@+2 {{layer (ops.squeeze): 'axis' must name axes of size 1, got (2,) for an input of shape (2, 1, 3)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.ops_squeeze %a {axis = array<i64: 2>} : (tensor<2x1x3xf32>) -> tensor<2x1xf32>
  return
}

// -----

func.func @ops_pad_c1(%a: tensor<2x3xf32>) {
  // expected-error@+2 {{layer (ops.pad): 'pad_width' must have two entries per axis, none negative, zero for the batch, got (1, 0, 0, 0) for an input of shape (2, 3)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.ops_pad %a {pad_width = array<i64: 1, 0, 0, 0>, mode = "constant", value = 0.0} : (tensor<2x3xf32>) -> tensor<3x3xf32>
  return
}

// -----

func.func @ops_pad_c2(%a: tensor<2x3xf32>) {
  // expected-error@+2 {{layer (ops.pad): 'mode' must be 'constant', 'reflect', 'symmetric' or 'edge', got 'wrap'}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.ops_pad %a {pad_width = array<i64: 0, 0, 1, 1>, mode = "wrap", value = 0.0} : (tensor<2x3xf32>) -> tensor<2x5xf32>
  return
}

// -----

func.func @ops_pad_c3(%a: tensor<2x3xf32>) {
  // expected-error@+2 {{layer (ops.pad): axis 1 of size 3 is too short to be padded by 3 and 0 in mode 'reflect'}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.ops_pad %a {pad_width = array<i64: 0, 0, 3, 0>, mode = "reflect", value = 0.0} : (tensor<2x3xf32>) -> tensor<2x6xf32>
  return
}

// -----

func.func @ops_pad_c3_symmetric(%a: tensor<2x3xf32>) {
  // expected-error@+2 {{layer (ops.pad): axis 1 of size 3 is too short to be padded by 4 and 0 in mode 'symmetric'}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.ops_pad %a {pad_width = array<i64: 0, 0, 4, 0>, mode = "symmetric", value = 0.0} : (tensor<2x3xf32>) -> tensor<2x7xf32>
  return
}

// -----

func.func @ops_slice_c1(%a: tensor<2x3xf32>) {
  // expected-error@+2 {{layer (ops.slice): a slice must have one entry per axis, got 1, 2, 2 for an input of shape (2, 3)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.ops_slice %a {begin = array<i64: -9223372036854775808>, end = array<i64: -9223372036854775808, -9223372036854775808>, strides = array<i64: 1, 1>, squeeze = array<i64>} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @ops_slice_c2(%a: tensor<2x3xf32>) {
  // expected-error@+2 {{layer (ops.slice): 'strides' must not be zero, got (1, 0)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.ops_slice %a {begin = array<i64: -9223372036854775808, -9223372036854775808>, end = array<i64: -9223372036854775808, -9223372036854775808>, strides = array<i64: 1, 0>, squeeze = array<i64>} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @ops_slice_c3(%a: tensor<2x3xf32>) {
  // expected-error@+2 {{layer (ops.slice): a slice must take the whole batch axis}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.ops_slice %a {begin = array<i64: 1, -9223372036854775808>, end = array<i64: -9223372036854775808, -9223372036854775808>, strides = array<i64: 1, 1>, squeeze = array<i64>} : (tensor<2x3xf32>) -> tensor<1x3xf32>
  return
}

// -----

func.func @ops_slice_c4(%a: tensor<2x3xf32>) {
  // expected-error@+2 {{layer (ops.slice): the index on axis 1 must be within (2, 3)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.ops_slice %a {begin = array<i64: -9223372036854775808, 3>, end = array<i64: -9223372036854775808, -9223372036854775808>, strides = array<i64: 1, 1>, squeeze = array<i64: 1>} : (tensor<2x3xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @ops_slice_c5(%a: tensor<2x3xf32>) {
  // expected-error@+2 {{layer (ops.slice): the slice of axis 1 of (2, 3) is empty}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.ops_slice %a {begin = array<i64: -9223372036854775808, 2>, end = array<i64: -9223372036854775808, -1>, strides = array<i64: 1, 1>, squeeze = array<i64>} : (tensor<2x3xf32>) -> tensor<2x1xf32>
  return
}

// -----

func.func @ops_reduce_c1(%a: tensor<2x3xf32>) {
  // expected-error@+2 {{layer (ops.reduce): 'function' must be 'mean', 'sum', 'max', 'min' or 'prod', got 'argmax'}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.ops_reduce %a {function = "argmax", axis = array<i64: 1>, keepdims = false} : (tensor<2x3xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @ops_reduce_c2(%a: tensor<2x3xf32>) {
  // expected-error@+2 {{layer (ops.reduce): 'axis' must name different axes other than the batch, got (0,) for an input of shape (2, 3)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.ops_reduce %a {function = "sum", axis = array<i64: 0>, keepdims = false} : (tensor<2x3xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @ops_blocks_c1(%a: tensor<2x4x4x4xf32>) {
  // expected-error@+2 {{layer (ops.depth_to_space): 'block_size' must be at least 2, got 1}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.ops_depth_to_space %a {block_size = 1 : i64, data_format = "channels_last"} : (tensor<2x4x4x4xf32>) -> tensor<2x4x4x4xf32>
  return
}

// -----

func.func @ops_blocks_c2(%a: tensor<2x4x4x4xf32>) {
  // expected-error@+2 {{layer (ops.depth_to_space): 'data_format' must be 'channels_last' or 'channels_first', got 'NHWC'}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.ops_depth_to_space %a {block_size = 2 : i64, data_format = "NHWC"} : (tensor<2x4x4x4xf32>) -> tensor<2x8x8x1xf32>
  return
}

// -----

func.func @ops_blocks_c3(%a: tensor<2x4x4xf32>) {
  // expected-error@+2 {{layer (ops.space_to_depth): the input must have 4 axes, got shape (2, 4, 4)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.ops_space_to_depth %a {block_size = 2 : i64, data_format = "channels_last"} : (tensor<2x4x4xf32>) -> tensor<2x2x4xf32>
  return
}

// -----

func.func @ops_blocks_c4_channels(%a: tensor<2x4x4x6xf32>) {
  // expected-error@+2 {{layer (ops.depth_to_space): 'block_size' 2 must divide the channels twice, and the channels be known, got shape (2, 4, 4, 6)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.ops_depth_to_space %a {block_size = 2 : i64, data_format = "channels_last"} : (tensor<2x4x4x6xf32>) -> tensor<2x8x8x1xf32>
  return
}

// -----

func.func @ops_blocks_c4_pixels(%a: tensor<2x5x4x6xf32>) {
  // expected-error@+2 {{layer (ops.space_to_depth): 'block_size' 2 must divide the spatial sizes, and the channels be known, got shape (2, 5, 4, 6)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.ops_space_to_depth %a {block_size = 2 : i64, data_format = "channels_last"} : (tensor<2x5x4x6xf32>) -> tensor<2x2x2x24xf32>
  return
}

// -----

func.func @ops_matmul_c1(%a: tensor<2x3x4xf32>) {
  // expected-error@+2 {{layer (ops.matmul): exactly 2 inputs are required, got 1}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.ops_matmul %a : (tensor<2x3x4xf32>) -> tensor<2x3x3xf32>
  return
}

// -----

func.func @ops_matmul_c2(%a: tensor<2x3x4xf32>, %b: tensor<2x3x4xf32>) {
  // expected-error@+2 {{layer (ops.matmul): the inputs must be stacks of matrices that can be multiplied, got (2, 3, 4) and (2, 3, 4)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.ops_matmul %a, %b : (tensor<2x3x4xf32>, tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  return
}
