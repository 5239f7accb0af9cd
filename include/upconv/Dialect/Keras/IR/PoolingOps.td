//===- PoolingOps.td - Pooling ---------------------------*- tablegen -*-===//

#ifndef UPCONV_DIALECT_KERAS_IR_POOLINGOPS_TD
#define UPCONV_DIALECT_KERAS_IR_POOLINGOPS_TD

include "upconv/Dialect/Keras/IR/KerasBase.td"

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

class Keras_GlobalPooling<string mnemonic, string kerasClass, int rank>
    : Keras_Layer<mnemonic, kerasClass> {
  let summary = rank # "-D pooling of all positions";
  let description = [{
    With `keepdims` the spatial axes stay, with size 1.

    Constraints:
    - (C1) `data_format` is `channels_last` or `channels_first`.
    - (C2) the input has rank }] # !add(rank, 2) # [{.
  }];
  let arguments = (ins Keras_Tensor:$input, StrAttr:$data_format, BoolAttr:$keepdims);
}
def Keras_GlobalMaxPooling1DOp : Keras_GlobalPooling<"global_max_pooling1d", "GlobalMaxPooling1D", 1>;
def Keras_GlobalMaxPooling2DOp : Keras_GlobalPooling<"global_max_pooling2d", "GlobalMaxPooling2D", 2>;
def Keras_GlobalMaxPooling3DOp : Keras_GlobalPooling<"global_max_pooling3d", "GlobalMaxPooling3D", 3>;
def Keras_GlobalAveragePooling1DOp : Keras_GlobalPooling<"global_average_pooling1d", "GlobalAveragePooling1D", 1>;
def Keras_GlobalAveragePooling2DOp : Keras_GlobalPooling<"global_average_pooling2d", "GlobalAveragePooling2D", 2>;
def Keras_GlobalAveragePooling3DOp : Keras_GlobalPooling<"global_average_pooling3d", "GlobalAveragePooling3D", 3>;

class Keras_AdaptivePooling<string mnemonic, string kerasClass, int rank>
    : Keras_Layer<mnemonic, kerasClass> {
  let summary = rank # "-D pooling to a given size";
  let description = [{
    Of n positions on an axis with m outputs, output o takes those from
    floor(o * n / m) up to, but not including, ceil((o + 1) * n / m).

    Constraints:
    - (C1) `output_size` has one positive entry per spatial axis.
    - (C2) `data_format` is `channels_last` or `channels_first`.
    - (C3) the input has rank }] # !add(rank, 2) # [{ and known spatial sizes.
  }];
  let arguments = (ins Keras_Tensor:$input, DenseI64ArrayAttr:$output_size,
    StrAttr:$data_format);
}
foreach rank = [1, 2, 3] in {
  def Keras_AdaptiveMaxPooling#rank#DOp
      : Keras_AdaptivePooling<"adaptive_max_pooling" # rank # "d",
                              "AdaptiveMaxPooling" # rank # "D", rank>;
  def Keras_AdaptiveAveragePooling#rank#DOp
      : Keras_AdaptivePooling<"adaptive_average_pooling" # rank # "d",
                              "AdaptiveAveragePooling" # rank # "D", rank>;
}

#endif // UPCONV_DIALECT_KERAS_IR_POOLINGOPS_TD
