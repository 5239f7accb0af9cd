//===- CoreOps.td - Dense, Embedding and Masking ---------*- tablegen -*-===//

#ifndef UPCONV_DIALECT_KERAS_IR_COREOPS_TD
#define UPCONV_DIALECT_KERAS_IR_COREOPS_TD

include "upconv/Dialect/Keras/IR/KerasBase.td"

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

#endif // UPCONV_DIALECT_KERAS_IR_COREOPS_TD
