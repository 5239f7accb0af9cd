//===- NormalizationOps.td - Normalizations --------------*- tablegen -*-===//

#ifndef UPCONV_DIALECT_KERAS_IR_NORMALIZATIONOPS_TD
#define UPCONV_DIALECT_KERAS_IR_NORMALIZATIONOPS_TD

include "upconv/Dialect/Keras/IR/KerasBase.td"

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

#endif // UPCONV_DIALECT_KERAS_IR_NORMALIZATIONOPS_TD
