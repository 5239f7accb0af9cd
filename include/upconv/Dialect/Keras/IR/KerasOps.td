//===- KerasOps.td - One op per layer ----------------------*- tablegen -*-===//

#ifndef UPCONV_DIALECT_KERAS_IR_KERASOPS_TD
#define UPCONV_DIALECT_KERAS_IR_KERASOPS_TD

include "upconv/Dialect/Keras/IR/KerasDialect.td"
include "upconv/Dialect/Keras/IR/KerasInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Keras_Tensor : TensorRankOf<[F32], [1, 2, 3, 4, 5, 6]>;

// What Keras keeps for training and what no compiled program needs; carried so
// that `inspect` can speak of it.
defvar trainingArguments = (ins
  OptionalAttr<BoolAttr>:$trainable,
  OptionalAttr<AnyAttr>:$kernel_initializer,
  OptionalAttr<AnyAttr>:$bias_initializer,
  OptionalAttr<AnyAttr>:$kernel_regularizer,
  OptionalAttr<AnyAttr>:$bias_regularizer,
  OptionalAttr<AnyAttr>:$activity_regularizer,
  OptionalAttr<AnyAttr>:$kernel_constraint,
  OptionalAttr<AnyAttr>:$bias_constraint,
  OptionalAttr<ArrayAttr>:$weights);

// A layer call. The type is inferred by Keras's rules, and inference is where
// the labelled constraints are checked, so that building and verifying agree.
class Keras_Layer<string mnemonic, string kerasClass, list<Trait> traits = []>
    : Op<Keras_Dialect, mnemonic, !listconcat(traits, [
        Pure, InferTypeOpAdaptor, Keras_LayerOpInterface])> {
  let results = (outs Keras_Tensor:$output);
  let extraClassDeclaration = [{
    static ::llvm::StringRef getLayerClass() { return "}] # kerasClass # [{"; }
    /// Checks the constraints that do not depend on the input, and reports
    /// every one that is broken.
    static ::llvm::LogicalResult verifyArguments(::mlir::Location location,
                                                 Adaptor adaptor);
    ::llvm::SmallVector<::upconv::keras::VariableSpec> getVariableSpecs();
  }];
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
}

//===----------------------------------------------------------------------===//
// Convolutions
//===----------------------------------------------------------------------===//

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

def Keras_DenseOp : Keras_Layer<"dense", "Dense"> {
  let summary = "contraction of the last axis with a matrix";
  let description = [{
    out[..., u] = activation(sum_c in[..., c] * kernel[c, u] + bias[u]).

    Constraints:
    - (C1) `units` is positive.
    - (C2) the input has rank at least 2 and a known last axis.
  }];
  let arguments = !con((ins Keras_Tensor:$input, I64Attr:$units,
    StrAttr:$activation, BoolAttr:$use_bias), trainingArguments);
}

//===----------------------------------------------------------------------===//
// Pooling
//===----------------------------------------------------------------------===//

class Keras_Pooling<string mnemonic, string kerasClass, int rank>
    : Keras_Layer<mnemonic, kerasClass> {
  let summary = rank # "-D pooling";
  let description = [{
    Lengths and `same` padding as for a convolution of the window's size. The
    maximum ignores padded positions; the average divides by the number of real
    elements in the window.

    Constraints:
    - (C1) `pool_size` and `strides` have one positive entry per spatial axis.
    - (C2) `padding` is `valid` or `same`.
    - (C3) `data_format` is `channels_last` or `channels_first`.
    - (C4) the input has rank }] # !add(rank, 2) # [{.
    - (C5) every known output length is positive.
  }];
  let arguments = (ins Keras_Tensor:$input, DenseI64ArrayAttr:$pool_size,
    DenseI64ArrayAttr:$strides, StrAttr:$padding, StrAttr:$data_format);
}
def Keras_MaxPooling1DOp : Keras_Pooling<"max_pooling1d", "MaxPooling1D", 1>;
def Keras_MaxPooling2DOp : Keras_Pooling<"max_pooling2d", "MaxPooling2D", 2>;
def Keras_MaxPooling3DOp : Keras_Pooling<"max_pooling3d", "MaxPooling3D", 3>;
def Keras_AveragePooling1DOp : Keras_Pooling<"average_pooling1d", "AveragePooling1D", 1>;
def Keras_AveragePooling2DOp : Keras_Pooling<"average_pooling2d", "AveragePooling2D", 2>;
def Keras_AveragePooling3DOp : Keras_Pooling<"average_pooling3d", "AveragePooling3D", 3>;

//===----------------------------------------------------------------------===//
// Shape
//===----------------------------------------------------------------------===//

def Keras_ReshapeOp : Keras_Layer<"reshape", "Reshape"> {
  let summary = "new shape, same elements, batch kept";
  let description = [{
    Constraints:
    - (C1) `target_shape` holds positive sizes and at most one -1.
    - (C2) known sizes agree; a -1 divides evenly.
  }];
  let arguments = (ins Keras_Tensor:$input, DenseI64ArrayAttr:$target_shape);
  let hasFolder = 1;
}

def Keras_FlattenOp : Keras_Layer<"flatten", "Flatten"> {
  let summary = "all axes but the batch into one";
  let description = [{
    With `channels_first` and rank above 2 the channel axis is moved last first.

    Constraints:
    - (C1) `data_format` is `channels_last` or `channels_first`.
  }];
  let arguments = (ins Keras_Tensor:$input, StrAttr:$data_format);
}

//===----------------------------------------------------------------------===//
// Normalization, activation, merging
//===----------------------------------------------------------------------===//

def Keras_BatchNormalizationOp
    : Keras_Layer<"batch_normalization", "BatchNormalization"> {
  let summary = "inference form: (x - mean) / sqrt(variance + epsilon) * gamma + beta";
  let description = [{
    Constraints:
    - (C1) `axis` names an axis of the input other than the batch, of known size.
    - (C2) `epsilon` is not negative.
  }];
  let arguments = (ins Keras_Tensor:$input, I64Attr:$axis, F64Attr:$epsilon,
    BoolAttr:$center, BoolAttr:$scale, OptionalAttr<F64Attr>:$momentum,
    OptionalAttr<BoolAttr>:$trainable, OptionalAttr<AnyAttr>:$beta_initializer,
    OptionalAttr<AnyAttr>:$gamma_initializer,
    OptionalAttr<AnyAttr>:$moving_mean_initializer,
    OptionalAttr<AnyAttr>:$moving_variance_initializer,
    OptionalAttr<AnyAttr>:$beta_regularizer, OptionalAttr<AnyAttr>:$gamma_regularizer,
    OptionalAttr<AnyAttr>:$beta_constraint, OptionalAttr<AnyAttr>:$gamma_constraint,
    OptionalAttr<ArrayAttr>:$weights);
}

def Keras_ReLUOp : Keras_Layer<"re_lu", "ReLU"> {
  let summary = "rectifier with ceiling, slope and threshold";
  let description = [{
    x >= max_value: max_value; x > threshold: x; else negative_slope * (x - threshold).

    Constraints:
    - (C1) `max_value`, `negative_slope`, `threshold` are not negative.
  }];
  let arguments = (ins Keras_Tensor:$input, OptionalAttr<F64Attr>:$max_value,
    F64Attr:$negative_slope, F64Attr:$threshold);
}

def Keras_LeakyReLUOp : Keras_Layer<"leaky_re_lu", "LeakyReLU"> {
  let summary = "x if x > 0, else negative_slope * x";
  let description = [{
    Constraints:
    - (C1) `negative_slope` is not negative.
  }];
  let arguments = (ins Keras_Tensor:$input, F64Attr:$negative_slope);
}

def Keras_SoftmaxOp : Keras_Layer<"softmax", "Softmax"> {
  let summary = "exp(x) / sum(exp(x)) along one axis";
  let description = [{
    Constraints:
    - (C1) `axis` names an axis of the input.
  }];
  let arguments = (ins Keras_Tensor:$input, I64Attr:$axis);
}

def Keras_ActivationOp : Keras_Layer<"activation", "Activation"> {
  let summary = "an activation function as a layer";
  let description = [{
    Constraints:
    - (C1) `activation` is a known function: linear, relu, leaky_relu (slope 0.2),
      sigmoid, tanh, softmax (last axis).
  }];
  let arguments = (ins Keras_Tensor:$input, StrAttr:$activation);
  let hasFolder = 1;
}

def Keras_DropoutOp : Keras_Layer<"dropout", "Dropout"> {
  let summary = "identity at inference";
  let description = [{
    Constraints:
    - (C1) `rate` is in [0, 1].
  }];
  let arguments = (ins Keras_Tensor:$input, F64Attr:$rate);
  let hasFolder = 1;
}

def Keras_AddOp : Keras_Layer<"add", "Add"> {
  let summary = "elementwise sum with broadcasting";
  let description = [{
    Batch axes are equal or unknown; the others are equal or one of them is 1; an operand of
    lower rank gets axes of size 1 after its batch axis.

    Constraints:
    - (C1) there is at least one operand.
    - (C2) the operands' shapes broadcast.
  }];
  let arguments = (ins Variadic<Keras_Tensor>:$inputs);
  let hasFolder = 1;
}

#endif // UPCONV_DIALECT_KERAS_IR_KERASOPS_TD
