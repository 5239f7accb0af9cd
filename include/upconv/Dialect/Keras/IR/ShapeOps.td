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

#endif // UPCONV_DIALECT_KERAS_IR_SHAPEOPS_TD
