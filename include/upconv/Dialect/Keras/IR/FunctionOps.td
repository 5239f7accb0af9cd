//===- FunctionOps.td - Functions of tensors, not layers ---*- tablegen -*-===//

#ifndef UPCONV_DIALECT_KERAS_IR_FUNCTIONOPS_TD
#define UPCONV_DIALECT_KERAS_IR_FUNCTIONOPS_TD

include "upconv/Dialect/Keras/IR/KerasBase.td"

// `keras.ops`, `tf.keras.backend` and TFOpLambda nodes of a graph. What a layer
// says exactly is that layer's op: reshape is keras.reshape, transpose is
// keras.permute, concatenate keras.concatenate, softmax keras.softmax, relu with
// arguments keras.re_lu, and so on. These are the others; the batch axis is the
// first of every tensor and stays where it is.

def Keras_OpsUnaryOp : Keras_Layer<"ops_unary", "ops.unary"> {
  let summary = "a function of each element";
  let description = [{
    ```mlir
    %1 = keras.ops_unary %0 {function = "rsqrt"} : (tensor<?x4xf32>) -> tensor<?x4xf32>
    ```

    Constraints:
    - (C1) `function` is one of `getUnaryFunctionNames()`.
  }];
  let arguments = (ins Keras_Tensor:$input, StrAttr:$function);
}

def Keras_OpsBinaryOp : Keras_Layer<"ops_binary", "ops.binary"> {
  let summary = "a function of the elements of two tensors, or a tensor and a number";
  let description = [{
    Two operands broadcast as in numpy: aligned at their last axes, sizes equal or
    one of them 1. With one operand, `scalar` is the right argument, or the left
    one if `scalar_first` is there.

    ```mlir
    %2 = keras.ops_binary %0, %1 {function = "multiply"} : (tensor<?x8x4xf32>, tensor<?x1x4xf32>) -> tensor<?x8x4xf32>
    %3 = keras.ops_binary %2 {function = "subtract", scalar = 1.0, scalar_first} : (tensor<?x8x4xf32>) -> tensor<?x8x4xf32>
    ```

    Constraints:
    - (C1) `function` is one of `getBinaryFunctionNames()`.
    - (C2) there are two operands, or one and a `scalar`.
    - (C3) the operands' shapes broadcast.
  }];
  let arguments = (ins Variadic<Keras_Tensor>:$inputs, StrAttr:$function,
    OptionalAttr<F64Attr>:$scalar, UnitAttr:$scalar_first);
}

def Keras_OpsExpandDimsOp : Keras_Layer<"ops_expand_dims", "ops.expand_dims"> {
  let summary = "a new axis of size 1";
  let description = [{
    Constraints:
    - (C1) `axis` names a place of the result other than the batch's, which exists.
  }];
  let arguments = (ins Keras_Tensor:$input, I64Attr:$axis);
}

def Keras_OpsSqueezeOp : Keras_Layer<"ops_squeeze", "ops.squeeze"> {
  let summary = "without the named axes, which have size 1";
  let description = [{
    Constraints:
    - (C1) `axis` names different axes, none of them the batch.
    - (C2) their sizes are 1; unknown ones are checked when the program runs.
  }];
  let arguments = (ins Keras_Tensor:$input, DenseI64ArrayAttr:$axis);
}

def Keras_OpsPadOp : Keras_Layer<"ops_pad", "ops.pad"> {
  let summary = "elements added before and after each axis";
  let description = [{
    `pad_width` holds (low, high) per axis, the batch included. `reflect` mirrors
    without the border element, `symmetric` with it, `edge` repeats it; `constant`
    writes `value`.

    Constraints:
    - (C1) `pad_width` has two entries per axis, none negative, zero for the batch.
    - (C2) `mode` is `constant`, `reflect`, `symmetric` or `edge`.
    - (C3) a known axis is long enough to be mirrored: longer than either pad for
      `reflect`, at least as long for `symmetric`.
  }];
  let arguments = (ins Keras_Tensor:$input, DenseI64ArrayAttr:$pad_width,
    StrAttr:$mode, F64Attr:$value);
}

def Keras_OpsSliceOp : Keras_Layer<"ops_slice", "ops.slice"> {
  let summary = "basic indexing as in Python";
  let description = [{
    `begin`, `end` and `strides` have one entry per axis and mean what Python's
    slices mean: negative counts from the end, the smallest 64-bit integer stands
    for None. The axes in `squeeze` (counted in the input) are indexed with the
    integer `begin` and vanish from the result.

    ```mlir
    // x[:, 1:-1, ::2, 0]
    %1 = keras.ops_slice %0 {begin = array<i64: -9223372036854775808, 1, -9223372036854775808, 0>,
      end = array<i64: -9223372036854775808, -1, -9223372036854775808, -9223372036854775808>,
      strides = array<i64: 1, 1, 2, 1>, squeeze = array<i64: 3>}
      : (tensor<?x?x9x4xf32>) -> tensor<?x?x5xf32>
    ```

    Constraints:
    - (C1) `begin`, `end`, `strides` have one entry per axis of the input.
    - (C2) no stride is zero.
    - (C3) the batch axis is taken whole.
    - (C4) `squeeze` names different axes with a `begin`, within known sizes.
    - (C5) no known result axis is empty.
  }];
  let arguments = (ins Keras_Tensor:$input, DenseI64ArrayAttr:$begin,
    DenseI64ArrayAttr:$end, DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$squeeze);
}

def Keras_OpsReduceOp : Keras_Layer<"ops_reduce", "ops.reduce"> {
  let summary = "mean, sum, maximum, minimum or product over axes";
  let description = [{
    Constraints:
    - (C1) `function` is `mean`, `sum`, `max`, `min` or `prod`.
    - (C2) `axis` names different axes, none of them the batch.
  }];
  let arguments = (ins Keras_Tensor:$input, StrAttr:$function,
    DenseI64ArrayAttr:$axis, BoolAttr:$keepdims);
}

class Keras_OpsBlocks<string mnemonic, string kerasClass, string rule>
    : Keras_Layer<mnemonic, kerasClass> {
  let description = [{
    With block b and channels_last, the finer image's (b*y + i, b*x + j, c) is the
    coarser one's (y, x, (i*b + j)*C + c).

    Constraints:
    - (C1) `block_size` is at least 2.
    - (C2) `data_format` is `channels_last` or `channels_first`.
    - (C3) the input has rank 4 and a known number of channels.
    - (C4) }] # rule;
  let arguments = (ins Keras_Tensor:$input, I64Attr:$block_size, StrAttr:$data_format);
}
def Keras_OpsDepthToSpaceOp
    : Keras_OpsBlocks<"ops_depth_to_space", "ops.depth_to_space",
                      "the square of `block_size` divides the channels."> {
  let summary = "blocks of channels to blocks of pixels (pixel shuffle)";
}
def Keras_OpsSpaceToDepthOp
    : Keras_OpsBlocks<"ops_space_to_depth", "ops.space_to_depth",
                      "`block_size` divides the known spatial sizes."> {
  let summary = "blocks of pixels to blocks of channels";
}

def Keras_OpsMatmulOp : Keras_Layer<"ops_matmul", "ops.matmul"> {
  let summary = "matrix product of the last two axes, the others broadcast";
  let description = [{
    Constraints:
    - (C1) there are exactly two operands, of the same rank, at least 3.
    - (C2) the last axis of the first and the one before the last of the second
      have the same size; the axes before those broadcast.
  }];
  let arguments = (ins Variadic<Keras_Tensor>:$inputs);
}

#endif // UPCONV_DIALECT_KERAS_IR_FUNCTIONOPS_TD
