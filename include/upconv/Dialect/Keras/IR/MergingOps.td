//===- MergingOps.td - Layers of several inputs ----------*- tablegen -*-===//

#ifndef UPCONV_DIALECT_KERAS_IR_MERGINGOPS_TD
#define UPCONV_DIALECT_KERAS_IR_MERGINGOPS_TD

include "upconv/Dialect/Keras/IR/KerasBase.td"

class Keras_Merging<string mnemonic, string kerasClass, string what>
    : Keras_Layer<mnemonic, kerasClass> {
  let summary = "elementwise " # what # " with broadcasting";
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
def Keras_AddOp : Keras_Merging<"add", "Add", "sum">;
def Keras_MultiplyOp : Keras_Merging<"multiply", "Multiply", "product">;
def Keras_AverageOp : Keras_Merging<"average", "Average", "mean">;
def Keras_MaximumOp : Keras_Merging<"maximum", "Maximum", "maximum">;
def Keras_MinimumOp : Keras_Merging<"minimum", "Minimum", "minimum">;

def Keras_SubtractOp : Keras_Layer<"subtract", "Subtract"> {
  let summary = "elementwise difference with broadcasting";
  let description = [{
    Constraints:
    - (C1) there are exactly two operands.
    - (C2) the operands' shapes broadcast, as for the other merging layers.
  }];
  let arguments = (ins Variadic<Keras_Tensor>:$inputs);
}

def Keras_ConcatenateOp : Keras_Layer<"concatenate", "Concatenate"> {
  let summary = "operands one after the other along an axis";
  let description = [{
    Constraints:
    - (C1) there is at least one operand.
    - (C2) `axis` names an axis other than the batch.
    - (C3) the operands have the same rank and agree on every other axis.
  }];
  let arguments = (ins Variadic<Keras_Tensor>:$inputs, I64Attr:$axis);
  let hasFolder = 1;
}

def Keras_DotOp : Keras_Layer<"dot", "Dot"> {
  let summary = "contraction of one axis of each operand, per sample";
  let description = [{
    The result has the batch axis, the first operand's other axes, the second's;
    two operands of rank 2 give (batch, 1). With `normalize` each operand is first
    divided by its L2 norm along the axis, sqrt(max(sum(x^2), 1e-12)).

    Constraints:
    - (C1) there are exactly two operands, of rank 2 at least.
    - (C2) `axes` has one entry per operand, which names an axis of it other than
      the batch.
    - (C3) the two axes have the same size, and so have the batch axes.
  }];
  let arguments = (ins Variadic<Keras_Tensor>:$inputs, DenseI64ArrayAttr:$axes,
    BoolAttr:$normalize);
}

#endif // UPCONV_DIALECT_KERAS_IR_MERGINGOPS_TD
