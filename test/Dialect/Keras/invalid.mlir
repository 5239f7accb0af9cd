// RUN: upconv-opt %s -verify-diagnostics -split-input-file
//
// One function per labelled constraint of KerasOps.td.

func.func @conv_transpose_c1(%a: tensor<4x28x1xf32>) {
  // expected-error@+2 {{layer (Conv1DTranspose): 'filters' must be positive, got 0}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.conv1d_transpose %a {filters = 0, kernel_size = array<i64: 4>,
    strides = array<i64: 2>, padding = "valid", data_format = "channels_last",
    dilation_rate = array<i64: 1>, activation = "linear", use_bias = true}
    : (tensor<4x28x1xf32>) -> tensor<4x58x1xf32>
  return
}

// -----

func.func @conv_transpose_c2_size(%a: tensor<4x28x1xf32>) {
  // expected-error@+2 {{layer (Conv1DTranspose): 'kernel_size' must be positive, got 0}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.conv1d_transpose %a {filters = 8, kernel_size = array<i64: 0>,
    strides = array<i64: 2>, padding = "valid", data_format = "channels_last",
    dilation_rate = array<i64: 1>, activation = "linear", use_bias = true}
    : (tensor<4x28x1xf32>) -> tensor<4x58x8xf32>
  return
}

// -----

func.func @conv_transpose_c2_count(%a: tensor<4x28x1xf32>) {
  // expected-error@+2 {{layer (Conv1DTranspose): 'strides' must have 1 entry, one per spatial axis, got 2}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.conv1d_transpose %a {filters = 8, kernel_size = array<i64: 4>,
    strides = array<i64: 2, 2>, padding = "valid", data_format = "channels_last",
    dilation_rate = array<i64: 1>, activation = "linear", use_bias = true}
    : (tensor<4x28x1xf32>) -> tensor<4x58x8xf32>
  return
}

// -----

func.func @conv_transpose_c2_dilation(%a: tensor<4x8x8x1xf32>) {
  // expected-error@+2 {{layer (Conv2DTranspose): 'dilation_rate' must be positive, got (1, -1)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.conv2d_transpose %a {filters = 8, kernel_size = array<i64: 2, 2>,
    strides = array<i64: 1, 1>, padding = "valid", data_format = "channels_last",
    dilation_rate = array<i64: 1, -1>, activation = "linear", use_bias = true}
    : (tensor<4x8x8x1xf32>) -> tensor<4x9x9x8xf32>
  return
}

// -----

func.func @conv_transpose_c3_count(%a: tensor<4x8x8x1xf32>) {
  // expected-error@+2 {{layer (Conv2DTranspose): 'output_padding' must have 2 entries, one per spatial axis, got 1}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.conv2d_transpose %a {filters = 8, kernel_size = array<i64: 2, 2>,
    strides = array<i64: 1, 1>, padding = "valid", output_padding = array<i64: 0>, data_format = "channels_last",
    dilation_rate = array<i64: 1, 1>, activation = "linear", use_bias = true}
    : (tensor<4x8x8x1xf32>) -> tensor<4x9x9x8xf32>
  return
}

// -----

func.func @conv_transpose_c3_negative(%a: tensor<4x28x1xf32>) {
  // expected-error@+2 {{layer (Conv1DTranspose): 'output_padding' must not be negative, got -1}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.conv1d_transpose %a {filters = 8, kernel_size = array<i64: 4>,
    strides = array<i64: 2>, padding = "valid", output_padding = array<i64: -1>, data_format = "channels_last",
    dilation_rate = array<i64: 1>, activation = "linear", use_bias = true}
    : (tensor<4x28x1xf32>) -> tensor<4x58x8xf32>
  return
}

// -----

func.func @conv_transpose_c3(%a: tensor<4x28x1xf32>) {
  // expected-error@+2 {{layer (Conv1DTranspose): 'output_padding' must be smaller than 'strides', got 2 and 2}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.conv1d_transpose %a {filters = 8, kernel_size = array<i64: 4>,
    strides = array<i64: 2>, padding = "valid", output_padding = array<i64: 2>, data_format = "channels_last",
    dilation_rate = array<i64: 1>, activation = "linear", use_bias = true}
    : (tensor<4x28x1xf32>) -> tensor<4x58x8xf32>
  return
}

// -----

func.func @conv_transpose_c3_per_axis(%a: tensor<4x8x8x1xf32>) {
  // expected-error@+2 {{layer (Conv2DTranspose): 'output_padding' must be smaller than 'strides', got (1, 3) and (2, 3)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.conv2d_transpose %a {filters = 8, kernel_size = array<i64: 2, 2>,
    strides = array<i64: 2, 3>, padding = "valid", output_padding = array<i64: 1, 3>, data_format = "channels_last",
    dilation_rate = array<i64: 1, 1>, activation = "linear", use_bias = true}
    : (tensor<4x8x8x1xf32>) -> tensor<4x9x9x8xf32>
  return
}

// -----

func.func @conv_transpose_c4(%a: tensor<4x28x1xf32>) {
  // expected-error@+2 {{layer (Conv1DTranspose): 'padding' must be 'valid' or 'same', got 'causal'}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.conv1d_transpose %a {filters = 8, kernel_size = array<i64: 4>,
    strides = array<i64: 2>, padding = "causal", data_format = "channels_last",
    dilation_rate = array<i64: 1>, activation = "linear", use_bias = true}
    : (tensor<4x28x1xf32>) -> tensor<4x58x8xf32>
  return
}

// -----

func.func @conv_transpose_c5(%a: tensor<4x28x1xf32>) {
  // expected-error@+2 {{layer (Conv1DTranspose): 'data_format' must be 'channels_last' or 'channels_first', got 'nhwc'}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.conv1d_transpose %a {filters = 8, kernel_size = array<i64: 4>,
    strides = array<i64: 2>, padding = "valid", data_format = "nhwc",
    dilation_rate = array<i64: 1>, activation = "linear", use_bias = true}
    : (tensor<4x28x1xf32>) -> tensor<4x58x8xf32>
  return
}

// -----

func.func @conv_transpose_c6(%a: tensor<4x8x8x1xf32>) {
  // expected-error@+2 {{layer (Conv2DTranspose): 'strides' and 'dilation_rate' must not both be greater than one, got (2, 1) and (1, 2)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.conv2d_transpose %a {filters = 8, kernel_size = array<i64: 2, 2>,
    strides = array<i64: 2, 1>, padding = "valid", data_format = "channels_last",
    dilation_rate = array<i64: 1, 2>, activation = "linear", use_bias = true}
    : (tensor<4x8x8x1xf32>) -> tensor<4x9x9x8xf32>
  return
}

// -----

func.func @conv_transpose_c7_rank(%a: tensor<28x1xf32>) {
  // expected-error@+2 {{layer (Conv1DTranspose): the input must have 3 axes, got shape (28, 1)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.conv1d_transpose %a {filters = 8, kernel_size = array<i64: 4>,
    strides = array<i64: 2>, padding = "valid", data_format = "channels_last",
    dilation_rate = array<i64: 1>, activation = "linear", use_bias = true}
    : (tensor<28x1xf32>) -> tensor<58x8xf32>
  return
}

// -----

func.func @conv_transpose_c7_channels(%a: tensor<4x28x?xf32>) {
  // expected-error@+2 {{layer (Conv1DTranspose): the number of input channels (axis 2, 'data_format' 'channels_last') must be known and positive, got shape (4, 28, None)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.conv1d_transpose %a {filters = 8, kernel_size = array<i64: 4>,
    strides = array<i64: 2>, padding = "valid", data_format = "channels_last",
    dilation_rate = array<i64: 1>, activation = "linear", use_bias = true}
    : (tensor<4x28x?xf32>) -> tensor<4x58x8xf32>
  return
}

// -----

func.func @conv_transpose_c8(%a: tensor<4x1x1xf32>) {
  // expected-error@+2 {{layer (Conv1DTranspose): the output length on axis 1 must be positive, got 0, with input length 1, 'kernel_size' 4, 'strides' 2}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.conv1d_transpose %a {filters = 8, kernel_size = array<i64: 4>,
    strides = array<i64: 2>, padding = "same", output_padding = array<i64: 0>, data_format = "channels_last",
    dilation_rate = array<i64: 1>, activation = "linear", use_bias = true}
    : (tensor<4x1x1xf32>) -> tensor<4x1x8xf32>
  return
}

// -----

func.func @conv_transpose_c8_overflow(%a: tensor<4x4611686018427387904x1xf32>) {
  // expected-error@+2 {{layer (Conv1DTranspose): the output length on axis 1 overflows 64 bits, with input length 4611686018427387904, 'kernel_size' 4, 'strides' 2}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.conv1d_transpose %a {filters = 8, kernel_size = array<i64: 4>,
    strides = array<i64: 2>, padding = "valid", data_format = "channels_last",
    dilation_rate = array<i64: 1>, activation = "linear", use_bias = true}
    : (tensor<4x4611686018427387904x1xf32>) -> tensor<4x1x8xf32>
  return
}

// -----

func.func @conv_transpose_c8_size(%a: tensor<1073741824x1073741824x1xf32>) {
  // expected-error@+2 {{layer (Conv1DTranspose): the output of shape (1073741824, 2147483650, 8) has a size that overflows 64 bits}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.conv1d_transpose %a {filters = 8, kernel_size = array<i64: 4>,
    strides = array<i64: 2>, padding = "valid", data_format = "channels_last",
    dilation_rate = array<i64: 1>, activation = "linear", use_bias = true}
    : (tensor<1073741824x1073741824x1xf32>) -> tensor<1073741824x2147483650x8xf32>
  return
}

// -----

func.func @conv_transpose_c8_kernel(%a: tensor<1x1x4294967296xf32>) {
  // expected-error@+2 {{layer (Conv1DTranspose): the kernel of shape (4, 4294967296, 4294967296) has a size that overflows 64 bits}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.conv1d_transpose %a {filters = 4294967296, kernel_size = array<i64: 4>,
    strides = array<i64: 2>, padding = "valid", data_format = "channels_last",
    dilation_rate = array<i64: 1>, activation = "linear", use_bias = true}
    : (tensor<1x1x4294967296xf32>) -> tensor<1x4x4294967296xf32>
  return
}

// -----

func.func @conv_transpose_every_error(%a: tensor<4x28x1xf32>) {
  // expected-error@+3 {{layer (Conv1DTranspose): 'filters' must be positive, got -1}}
  // expected-error@+2 {{layer (Conv1DTranspose): 'padding' must be 'valid' or 'same', got 'reflect'}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.conv1d_transpose %a {filters = -1, kernel_size = array<i64: 4>,
    strides = array<i64: 2>, padding = "reflect", data_format = "channels_last",
    dilation_rate = array<i64: 1>, activation = "linear", use_bias = true}
    : (tensor<4x28x1xf32>) -> tensor<4x58x8xf32>
  return
}

// -----

func.func @conv_transpose_activation(%a: tensor<4x28x1xf32>) {
  // expected-error@+2 {{layer (Conv1DTranspose): 'activation' must be one of Keras's functions, got 'geru'}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.conv1d_transpose %a {filters = 8, kernel_size = array<i64: 4>,
    strides = array<i64: 2>, padding = "valid", data_format = "channels_last",
    dilation_rate = array<i64: 1>, activation = "geru", use_bias = true}
    : (tensor<4x28x1xf32>) -> tensor<4x58x8xf32>
  return
}

// -----

func.func @conv_c4(%a: tensor<1x8x8x3xf32>) {
  // expected-error@+2 {{layer (Conv2D): 'padding' must be 'valid' or 'same', got 'causal'}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.conv2d %a {filters = 4, kernel_size = array<i64: 3, 3>,
    strides = array<i64: 1, 1>, padding = "causal", data_format = "channels_last",
    dilation_rate = array<i64: 1, 1>, groups = 1, activation = "linear", use_bias = true}
    : (tensor<1x8x8x3xf32>) -> tensor<1x8x8x4xf32>
  return
}

// -----

func.func @conv_c8(%a: tensor<1x4x4x3xf32>) {
  // expected-error@+3 {{layer (Conv2D): the output length on axis 1 must be positive, got 0, with input length 4, 'kernel_size' 5, 'strides' 1}}
  // expected-error@+2 {{layer (Conv2D): the output length on axis 2 must be positive, got 0, with input length 4, 'kernel_size' 5, 'strides' 1}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.conv2d %a {filters = 4, kernel_size = array<i64: 5, 5>,
    strides = array<i64: 1, 1>, padding = "valid", data_format = "channels_last",
    dilation_rate = array<i64: 1, 1>, groups = 1, activation = "linear", use_bias = true}
    : (tensor<1x4x4x3xf32>) -> tensor<1x1x1x4xf32>
  return
}

// -----

func.func @conv_c9_positive(%a: tensor<1x8x8x3xf32>) {
  // expected-error@+2 {{layer (Conv2D): 'groups' must be positive, got 0}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.conv2d %a {filters = 4, kernel_size = array<i64: 3, 3>,
    strides = array<i64: 1, 1>, padding = "valid", data_format = "channels_last",
    dilation_rate = array<i64: 1, 1>, groups = 0, activation = "linear", use_bias = true}
    : (tensor<1x8x8x3xf32>) -> tensor<1x8x8x4xf32>
  return
}

// -----

func.func @conv_c9_filters(%a: tensor<1x8x8x3xf32>) {
  // expected-error@+2 {{layer (Conv2D): 'groups' must divide 'filters', got 3 and 4}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.conv2d %a {filters = 4, kernel_size = array<i64: 3, 3>,
    strides = array<i64: 1, 1>, padding = "valid", data_format = "channels_last",
    dilation_rate = array<i64: 1, 1>, groups = 3, activation = "linear", use_bias = true}
    : (tensor<1x8x8x3xf32>) -> tensor<1x8x8x4xf32>
  return
}

// -----

func.func @conv_c9_channels(%a: tensor<1x8x8x3xf32>) {
  // expected-error@+2 {{layer (Conv2D): 'groups' must divide the input channels, got 2 and 3}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.conv2d %a {filters = 4, kernel_size = array<i64: 3, 3>,
    strides = array<i64: 1, 1>, padding = "valid", data_format = "channels_last",
    dilation_rate = array<i64: 1, 1>, groups = 2, activation = "linear", use_bias = true}
    : (tensor<1x8x8x3xf32>) -> tensor<1x8x8x4xf32>
  return
}

// -----

func.func @dense_c1(%a: tensor<1x4xf32>) {
  // expected-error@+2 {{layer (Dense): 'units' must be positive, got 0}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.dense %a {units = 0, activation = "relu", use_bias = true} : (tensor<1x4xf32>) -> tensor<1x1xf32>
  return
}

// -----

func.func @dense_c2(%a: tensor<4xf32>) {
  // expected-error@+2 {{layer (Dense): the input must have at least 2 axes, the last of them known and positive, got shape (4,)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.dense %a {units = 3, activation = "relu", use_bias = true} : (tensor<4xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @pooling_c1(%a: tensor<1x8x2xf32>) {
  // expected-error@+2 {{layer (MaxPooling1D): 'pool_size' must be positive, got 0}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.max_pooling1d %a {pool_size = array<i64: 0>, strides = array<i64: 2>, padding = "valid", data_format = "channels_last"} : (tensor<1x8x2xf32>) -> tensor<1x4x2xf32>
  return
}

// -----

func.func @pooling_c2(%a: tensor<1x8x2xf32>) {
  // expected-error@+2 {{layer (MaxPooling1D): 'padding' must be 'valid' or 'same', got 'full'}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.max_pooling1d %a {pool_size = array<i64: 2>, strides = array<i64: 2>, padding = "full", data_format = "channels_last"} : (tensor<1x8x2xf32>) -> tensor<1x4x2xf32>
  return
}

// -----

func.func @pooling_c3(%a: tensor<1x8x2xf32>) {
  // expected-error@+2 {{layer (AveragePooling1D): 'data_format' must be 'channels_last' or 'channels_first', got 'ncw'}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.average_pooling1d %a {pool_size = array<i64: 2>, strides = array<i64: 2>, padding = "same", data_format = "ncw"} : (tensor<1x8x2xf32>) -> tensor<1x4x2xf32>
  return
}

// -----

func.func @pooling_c4(%a: tensor<1x8x8x2xf32>) {
  // expected-error@+2 {{layer (MaxPooling1D): the input must have 3 axes, got shape (1, 8, 8, 2)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.max_pooling1d %a {pool_size = array<i64: 2>, strides = array<i64: 2>, padding = "same", data_format = "channels_last"} : (tensor<1x8x8x2xf32>) -> tensor<1x4x2xf32>
  return
}

// -----

func.func @pooling_c5(%a: tensor<1x3x2xf32>) {
  // expected-error@+2 {{layer (MaxPooling1D): the output length on axis 1 must be positive, got 0, with input length 3, 'pool_size' 4, 'strides' 2}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.max_pooling1d %a {pool_size = array<i64: 4>, strides = array<i64: 2>, padding = "valid", data_format = "channels_last"} : (tensor<1x3x2xf32>) -> tensor<1x1x2xf32>
  return
}

// -----

func.func @reshape_c1(%a: tensor<1x12xf32>) {
  // expected-error@+2 {{layer (Reshape): 'target_shape' must hold positive sizes and at most one -1, got (-1, -1, 5)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.reshape %a {target_shape = array<i64: -1, -1, 5>} : (tensor<1x12xf32>) -> tensor<1x1x1x5xf32>
  return
}

// -----

func.func @reshape_c2(%a: tensor<1x12xf32>) {
  // expected-error@+2 {{layer (Reshape): 'target_shape' must keep the number of elements per sample, got (5, -1) for an input of shape (1, 12)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.reshape %a {target_shape = array<i64: 5, -1>} : (tensor<1x12xf32>) -> tensor<1x5x2xf32>
  return
}

// -----

func.func @flatten_c1(%a: tensor<1x3x4xf32>) {
  // expected-error@+2 {{layer (Flatten): 'data_format' must be 'channels_last' or 'channels_first', got 'last'}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.flatten %a {data_format = "last"} : (tensor<1x3x4xf32>) -> tensor<1x12xf32>
  return
}

// -----

func.func @batch_normalization_c1(%a: tensor<2x3xf32>) {
  // expected-error@+2 {{layer (BatchNormalization): 'axis' must name different axes other than the batch, got (0,) for an input of shape (2, 3)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.batch_normalization %a {axis = array<i64: 0>, epsilon = 1.0e-3, center = true, scale = true} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @batch_normalization_c2(%a: tensor<2x3xf32>) {
  // expected-error@+2 {{layer (BatchNormalization): 'epsilon' must not be negative, got -1}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.batch_normalization %a {axis = array<i64: 1>, epsilon = -1.0, center = true, scale = true} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @re_lu_c1(%a: tensor<2x3xf32>) {
  // expected-error@+2 {{layer (ReLU): 'max_value' must not be negative, got -10}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.re_lu %a {max_value = -10.0, negative_slope = 0.0, threshold = 0.0} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @leaky_re_lu_c1(%a: tensor<2x3xf32>) {
  // expected-error@+2 {{layer (LeakyReLU): 'negative_slope' must not be negative, got -0.5}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.leaky_re_lu %a {negative_slope = -0.5} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @softmax_c1(%a: tensor<2x3xf32>) {
  // expected-error@+2 {{layer (Softmax): 'axis' must name an axis of the input, got 2 for an input of shape (2, 3)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.softmax %a {axis = array<i64: 2>} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @activation_c1(%a: tensor<2x3xf32>) {
  // expected-error@+2 {{layer (Activation): 'activation' must be one of Keras's functions, got 'swish'}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.activation %a {activation = "swish"} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @dropout_c1(%a: tensor<2x3xf32>) {
  // expected-error@+2 {{layer (Dropout): 'rate' must be between 0 and 1, got 1.5}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.dropout %a {rate = 1.5} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @add_c1() {
  // expected-error@+2 {{layer (Add): at least one input is required}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.add : () -> tensor<1x2xf32>
  return
}

// -----

func.func @add_c2(%a: tensor<1x2x3xf32>, %b: tensor<1x4xf32>) {
  // expected-error@+2 {{layer (Add): the inputs' shapes must broadcast, got (1, 2, 3) and (1, 4)}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = keras.add %a, %b : (tensor<1x2x3xf32>, tensor<1x4xf32>) -> tensor<1x2x3xf32>
  return
}

// -----

func.func @weights_count(%a: tensor<1x4xf32>) {
  // expected-error@+1 {{layer (Dense): the layer has 2 variables, but 'weights' holds 1}}
  %0 = keras.dense %a {units = 3, activation = "relu", use_bias = true,
    weights = [#keras.variable<"kernel", tensor<4x3xf32>, "d/kernel", "">]}
    : (tensor<1x4xf32>) -> tensor<1x3xf32>
  return
}

// -----

func.func @weights_name(%a: tensor<1x4xf32>) {
  // expected-error@+1 {{layer (Dense): 'weights' must name 'kernel' here, got 'gamma'}}
  %0 = keras.dense %a {units = 3, activation = "relu", use_bias = false,
    weights = [#keras.variable<"gamma", tensor<4x3xf32>, "d/gamma", "">]}
    : (tensor<1x4xf32>) -> tensor<1x3xf32>
  return
}

// -----

func.func @weights_shape(%a: tensor<1x4xf32>) {
  // expected-error@+1 {{layer (Dense): variable 'kernel' must be float32 of shape (4, 3), got 'tensor<3x4xf32>'}}
  %0 = keras.dense %a {units = 3, activation = "relu", use_bias = false,
    weights = [#keras.variable<"kernel", tensor<3x4xf32>, "d/kernel", "">]}
    : (tensor<1x4xf32>) -> tensor<1x3xf32>
  return
}

// -----

func.func @weights_kind(%a: tensor<1x4xf32>) {
  // expected-error@+1 {{layer (Dense): 'weights' must hold variables, got "kernel"}}
  %0 = keras.dense %a {units = 3, activation = "relu", use_bias = false,
    weights = ["kernel"]} : (tensor<1x4xf32>) -> tensor<1x3xf32>
  return
}

// -----

// The inferred type is the type.
func.func @result_type(%a: tensor<1x4xf32>) {
  // expected-error@+2 {{failed to infer returned types}}
  // expected-error@+1 {{inferred type(s) 'tensor<1x3xf32>' are incompatible with return type(s) of operation 'tensor<1x5xf32>'}}
  %0 = keras.dense %a {units = 3, activation = "relu", use_bias = false}
    : (tensor<1x4xf32>) -> tensor<1x5xf32>
  return
}
