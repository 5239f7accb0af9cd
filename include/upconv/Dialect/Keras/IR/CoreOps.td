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

def Keras_EmbeddingOp : Keras_Layer<"embedding", "Embedding"> {
  let summary = "rows of a table by number";
  let description = [{
    out[..., :] = embeddings[in[...], :], the number cut to an integer.

    Constraints:
    - (C1) `input_dim` and `output_dim` are positive.
    - (C2) the result has at most 6 axes.
  }];
  let arguments = (ins Keras_Tensor:$input, I64Attr:$input_dim, I64Attr:$output_dim,
    BoolAttr:$mask_zero, OptionalAttr<BoolAttr>:$trainable,
    OptionalAttr<AnyAttr>:$embeddings_initializer,
    OptionalAttr<AnyAttr>:$embeddings_regularizer,
    OptionalAttr<AnyAttr>:$embeddings_constraint, OptionalAttr<ArrayAttr>:$weights);
}

def Keras_MaskingOp : Keras_Layer<"masking", "Masking"> {
  let summary = "steps whose features all equal `mask_value` become zero";
  let description = [{
    Constraints:
    - (C1) the input has rank 2 at least.
  }];
  let arguments = (ins Keras_Tensor:$input, F64Attr:$mask_value);
}

#endif // UPCONV_DIALECT_KERAS_IR_COREOPS_TD
