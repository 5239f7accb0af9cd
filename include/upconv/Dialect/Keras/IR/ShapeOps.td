//===- ShapeOps.td - Layers that move elements -----------*- tablegen -*-===//

#ifndef UPCONV_DIALECT_KERAS_IR_SHAPEOPS_TD
#define UPCONV_DIALECT_KERAS_IR_SHAPEOPS_TD

include "upconv/Dialect/Keras/IR/KerasBase.td"

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

def Keras_PermuteOp : Keras_Layer<"permute", "Permute"> {
  let summary = "axes in another order, batch kept";
  let description = [{
    Output axis i is input axis `dims[i - 1]`; 1 is the first axis after the batch.

    Constraints:
    - (C1) `dims` is a permutation of 1, 2, ..., n.
    - (C2) the input has rank n + 1.
  }];
  let arguments = (ins Keras_Tensor:$input, DenseI64ArrayAttr:$dims);
  let hasFolder = 1;
}

def Keras_RepeatVectorOp : Keras_Layer<"repeat_vector", "RepeatVector"> {
  let summary = "(batch, features) to (batch, n, features)";
  let description = [{
    Constraints:
    - (C1) `n` is positive.
    - (C2) the input has rank 2.
  }];
  let arguments = (ins Keras_Tensor:$input, I64Attr:$n);
}

class Keras_ZeroPadding<string mnemonic, string kerasClass, int rank>
    : Keras_Layer<mnemonic, kerasClass> {
  let summary = "zeros before and after the spatial axes";
  let description = [{
    `padding` holds (low, high) per spatial axis, whichever way the file spells it.

    Constraints:
    - (C1) `padding` has two entries per spatial axis, none negative.
    - (C2) `data_format` is `channels_last` or `channels_first`.
    - (C3) the input has rank }] # !add(rank, 2) # [{.
  }];
  let arguments = (ins Keras_Tensor:$input, DenseI64ArrayAttr:$padding,
    StrAttr:$data_format);
}
def Keras_ZeroPadding1DOp : Keras_ZeroPadding<"zero_padding1d", "ZeroPadding1D", 1>;
def Keras_ZeroPadding2DOp : Keras_ZeroPadding<"zero_padding2d", "ZeroPadding2D", 2>;
def Keras_ZeroPadding3DOp : Keras_ZeroPadding<"zero_padding3d", "ZeroPadding3D", 3>;

class Keras_Cropping<string mnemonic, string kerasClass, int rank>
    : Keras_Layer<mnemonic, kerasClass> {
  let summary = "spatial axes without their borders";
  let description = [{
    `cropping` holds (low, high) per spatial axis, whichever way the file spells it.

    Constraints:
    - (C1) `cropping` has two entries per spatial axis, none negative.
    - (C2) `data_format` is `channels_last` or `channels_first`.
    - (C3) the input has rank }] # !add(rank, 2) # [{.
    - (C4) every known spatial size is greater than what is cropped.
  }];
  let arguments = (ins Keras_Tensor:$input, DenseI64ArrayAttr:$cropping,
    StrAttr:$data_format);
}
def Keras_Cropping1DOp : Keras_Cropping<"cropping1d", "Cropping1D", 1>;
def Keras_Cropping2DOp : Keras_Cropping<"cropping2d", "Cropping2D", 2>;
def Keras_Cropping3DOp : Keras_Cropping<"cropping3d", "Cropping3D", 3>;

class Keras_UpSampling<string mnemonic, string kerasClass, int rank>
    : Keras_Layer<mnemonic, kerasClass> {
  let summary = rank # "-D magnification by whole factors";
  let description = [{
    `nearest` repeats every element; the other interpolations are those of
    keras.resizing.

    Constraints:
    - (C1) `size` has one positive entry per spatial axis.
    - (C2) `data_format` is `channels_last` or `channels_first`.
    - (C3) the input has rank }] # !add(rank, 2) # [{.
    - (C4) `interpolation` is one of TensorFlow's; `nearest` unless in 2-D.
    - (C5) every output length fits in 64 bits.
  }];
  let arguments = (ins Keras_Tensor:$input, DenseI64ArrayAttr:$size,
    StrAttr:$data_format, StrAttr:$interpolation);
}
def Keras_UpSampling1DOp : Keras_UpSampling<"up_sampling1d", "UpSampling1D", 1>;
def Keras_UpSampling2DOp : Keras_UpSampling<"up_sampling2d", "UpSampling2D", 2>;
def Keras_UpSampling3DOp : Keras_UpSampling<"up_sampling3d", "UpSampling3D", 3>;

def Keras_ResizingOp : Keras_Layer<"resizing", "Resizing"> {
  let summary = "images of another size";
  let description = [{
    Output position o lies at (o + 1/2) * in / out - 1/2, without antialiasing.
    Kernels: `nearest`; `bilinear`, clamped at the border; `bicubic` (Keys,
    a = -1/2, distances rounded to 1/1024 as TensorFlow does), `lanczos3`,
    `lanczos5`, `gaussian`, `mitchellcubic`, normalized over the taps inside;
    `area`, the mean over what the output pixel covers.

    Constraints:
    - (C1) `height` and `width` are positive.
    - (C2) `data_format` is `channels_last` or `channels_first`.
    - (C3) the input has rank 4.
    - (C4) `interpolation` is one of those kernels.
  }];
  let arguments = (ins Keras_Tensor:$input, I64Attr:$height, I64Attr:$width,
    StrAttr:$interpolation, StrAttr:$data_format);
}

def Keras_CenterCropOp : Keras_Layer<"center_crop", "CenterCrop"> {
  let summary = "the middle of images";
  let description = [{
    An axis loses (size - height) / 2, rounded down, at its front.

    Constraints:
    - (C1) `height` and `width` are positive.
    - (C2) `data_format` is `channels_last` or `channels_first`.
    - (C3) the input has rank 4 and known spatial sizes, no smaller than the
      result's: Keras resizes smaller images.
  }];
  let arguments = (ins Keras_Tensor:$input, I64Attr:$height, I64Attr:$width,
    StrAttr:$data_format);
}

#endif // UPCONV_DIALECT_KERAS_IR_SHAPEOPS_TD
