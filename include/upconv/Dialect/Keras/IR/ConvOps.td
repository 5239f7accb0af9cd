//===- ConvOps.td - Convolutions -------------------------*- tablegen -*-===//

#ifndef UPCONV_DIALECT_KERAS_IR_CONVOPS_TD
#define UPCONV_DIALECT_KERAS_IR_CONVOPS_TD

include "upconv/Dialect/Keras/IR/KerasBase.td"

class Keras_ConvTranspose<string mnemonic, string kerasClass, int rank>
    : Keras_Layer<mnemonic, kerasClass> {
  let summary = rank # "-D transposed convolution";
  let description = [{
    The gradient of a convolution with respect to its input. Per spatial axis,
    with `Ke = (kernel_size - 1) * dilation_rate + 1`:

        out[n, i*s + k*d - P, co] += in[n, i, ci] * kernel[k, co, ci]

    | padding | output_padding | output length                  | P |
    |---------|----------------|--------------------------------|---|
    | valid   | none           | (in-1)*s + max(Ke, s)          | 0 |
    | valid   | op             | (in-1)*s + Ke + op             | 0 |
    | same    | none           | in*s                           | max(Ke-s, 0) / 2 |
    | same    | op             | (in-1)*s + Ke mod 2 + op       | max(Ke - Ke mod 2 - op, 0) / 2 |

    The bias and the activation reach every output position, also those that no
    tap reaches. This is TensorFlow's rule; other back ends have differed.

    Constraints:
    - (C1) `filters` is positive.
    - (C2) `kernel_size`, `strides`, `dilation_rate` have one positive entry per
      spatial axis.
    - (C3) `output_padding`, where given, has one entry per spatial axis, not
      negative and smaller than the stride of its axis.
    - (C4) `padding` is `valid` or `same`.
    - (C5) `data_format` is `channels_last` or `channels_first`.
    - (C6) not both a stride and a dilation rate are greater than one, on
      whichever axes.
    - (C7) the input has rank }] # !add(rank, 2) # [{ and a known number of channels.
    - (C8) every known output length is positive and fits in 64 bits, and so do
      the sizes of the output and of the kernel.
  }];
  let arguments = !con((ins Keras_Tensor:$input, I64Attr:$filters,
    DenseI64ArrayAttr:$kernel_size, DenseI64ArrayAttr:$strides, StrAttr:$padding,
    OptionalAttr<DenseI64ArrayAttr>:$output_padding, StrAttr:$data_format,
    DenseI64ArrayAttr:$dilation_rate, StrAttr:$activation, BoolAttr:$use_bias),
    trainingArguments);
}
def Keras_Conv1DTransposeOp : Keras_ConvTranspose<"conv1d_transpose", "Conv1DTranspose", 1>;
def Keras_Conv2DTransposeOp : Keras_ConvTranspose<"conv2d_transpose", "Conv2DTranspose", 2>;
def Keras_Conv3DTransposeOp : Keras_ConvTranspose<"conv3d_transpose", "Conv3DTranspose", 3>;

class Keras_Conv<string mnemonic, string kerasClass, int rank>
    : Keras_Layer<mnemonic, kerasClass> {
  let summary = rank # "-D convolution";
  let description = [{
    Cross-correlation. Output length per axis: `valid` floor((n - Ke) / s) + 1;
    `same` and `causal` ceil(n / s). `same` pads max((ceil(n/s)-1)*s + Ke - n, 0)
    in all, the smaller half first; `causal` pads (kernel_size - 1) * dilation_rate
    in front. Kernel (k..., cin / groups, filters).

    Constraints: (C1), (C2), (C5), (C6), (C7), (C8) as for the transposed layer;
    - (C4) `padding` is `valid`, `same` or, in 1-D, `causal`.
    - (C9) `groups` is positive and divides `filters` and the input channels.
  }];
  let arguments = !con((ins Keras_Tensor:$input, I64Attr:$filters,
    DenseI64ArrayAttr:$kernel_size, DenseI64ArrayAttr:$strides, StrAttr:$padding,
    StrAttr:$data_format, DenseI64ArrayAttr:$dilation_rate, I64Attr:$groups,
    StrAttr:$activation, BoolAttr:$use_bias),
    trainingArguments);
}
def Keras_Conv1DOp : Keras_Conv<"conv1d", "Conv1D", 1>;
def Keras_Conv2DOp : Keras_Conv<"conv2d", "Conv2D", 2>;
def Keras_Conv3DOp : Keras_Conv<"conv3d", "Conv3D", 3>;

// What depthwise kernels share; a separable layer mixes the channels afterwards.
class Keras_Depthwise<string mnemonic, string kerasClass, int rank, dag first, dag initializers>
    : Keras_Layer<mnemonic, kerasClass> {
  let arguments = !con((ins Keras_Tensor:$input), first, (ins
    DenseI64ArrayAttr:$kernel_size, DenseI64ArrayAttr:$strides, StrAttr:$padding,
    I64Attr:$depth_multiplier, StrAttr:$data_format, DenseI64ArrayAttr:$dilation_rate,
    StrAttr:$activation, BoolAttr:$use_bias, OptionalAttr<BoolAttr>:$trainable,
    OptionalAttr<AnyAttr>:$depthwise_initializer, OptionalAttr<AnyAttr>:$bias_initializer,
    OptionalAttr<AnyAttr>:$depthwise_regularizer, OptionalAttr<AnyAttr>:$bias_regularizer,
    OptionalAttr<AnyAttr>:$activity_regularizer, OptionalAttr<AnyAttr>:$depthwise_constraint,
    OptionalAttr<AnyAttr>:$bias_constraint), initializers,
    (ins OptionalAttr<ArrayAttr>:$weights));
  string rules = [{
    Constraints:
    - (C1) `depth_multiplier` is positive.
    - (C2) `kernel_size`, `strides`, `dilation_rate` have one positive entry per
      spatial axis.
    - (C3) the strides are equal (TensorFlow's rule).
    - (C4) `padding` is `valid` or `same`.
    - (C5) `data_format` is `channels_last` or `channels_first`.
    - (C6) not both a stride and a dilation rate are greater than one
      (TensorFlow's rule).
    - (C7) the input has rank }] # !add(rank, 2) # [{ and a known number of channels.
    - (C8) every known output length is positive, and the sizes fit in 64 bits.
  }];
}

class Keras_DepthwiseConv<string mnemonic, string kerasClass, int rank>
    : Keras_Depthwise<mnemonic, kerasClass, rank, (ins), (ins)> {
  let summary = rank # "-D convolution of each channel on its own";
  let description = [{
    out[n, o, ci * depth_multiplier + m] = sum_k in[n, o*s + k*d - pad, ci] * kernel[k, ci, m]

  }] # rules;
}
def Keras_DepthwiseConv1DOp : Keras_DepthwiseConv<"depthwise_conv1d", "DepthwiseConv1D", 1>;
def Keras_DepthwiseConv2DOp : Keras_DepthwiseConv<"depthwise_conv2d", "DepthwiseConv2D", 2>;

class Keras_SeparableConv<string mnemonic, string kerasClass, int rank>
    : Keras_Depthwise<mnemonic, kerasClass, rank, (ins I64Attr:$filters), (ins
        OptionalAttr<AnyAttr>:$pointwise_initializer,
        OptionalAttr<AnyAttr>:$pointwise_regularizer,
        OptionalAttr<AnyAttr>:$pointwise_constraint)> {
  let summary = rank # "-D depthwise convolution, then one of size 1 over the channels";
  let description = [{
    No bias and no activation lie between the two.

  }] # rules # [{
    - (C9) `filters` is positive.
  }];
}
def Keras_SeparableConv1DOp : Keras_SeparableConv<"separable_conv1d", "SeparableConv1D", 1>;
def Keras_SeparableConv2DOp : Keras_SeparableConv<"separable_conv2d", "SeparableConv2D", 2>;

#endif // UPCONV_DIALECT_KERAS_IR_CONVOPS_TD
