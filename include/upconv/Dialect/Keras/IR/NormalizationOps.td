//===- NormalizationOps.td - Normalizations --------------*- tablegen -*-===//

#ifndef UPCONV_DIALECT_KERAS_IR_NORMALIZATIONOPS_TD
#define UPCONV_DIALECT_KERAS_IR_NORMALIZATIONOPS_TD

include "upconv/Dialect/Keras/IR/KerasBase.td"

def Keras_BatchNormalizationOp
    : Keras_Layer<"batch_normalization", "BatchNormalization"> {
  let summary = "inference form: (x - mean) / sqrt(variance + epsilon) * gamma + beta";
  let description = [{
    The variables have one entry per element of the axis. Those of several axes
    (tf.keras) have the input's rank, with size 1 on the others.

    Constraints:
    - (C1) `axis` names one or more different axes other than the batch, of known
      sizes.
    - (C2) `epsilon` is not negative.
  }];
  let arguments = (ins Keras_Tensor:$input, DenseI64ArrayAttr:$axis, F64Attr:$epsilon,
    BoolAttr:$center, BoolAttr:$scale, OptionalAttr<F64Attr>:$momentum,
    OptionalAttr<BoolAttr>:$trainable, OptionalAttr<AnyAttr>:$beta_initializer,
    OptionalAttr<AnyAttr>:$gamma_initializer,
    OptionalAttr<AnyAttr>:$moving_mean_initializer,
    OptionalAttr<AnyAttr>:$moving_variance_initializer,
    OptionalAttr<AnyAttr>:$beta_regularizer, OptionalAttr<AnyAttr>:$gamma_regularizer,
    OptionalAttr<AnyAttr>:$beta_constraint, OptionalAttr<AnyAttr>:$gamma_constraint,
    OptionalAttr<ArrayAttr>:$weights);
}

def Keras_LayerNormalizationOp : Keras_Layer<"layer_normalization", "LayerNormalization"> {
  let summary = "(x - mean) / sqrt(variance + epsilon) * gamma + beta, per sample";
  let description = [{
    Mean and (biased) variance run over the axes in `axis`, whose sizes are the
    shape of gamma and beta. With the deprecated `rms_scaling` only
    x / sqrt(variance + epsilon) * gamma is left, and there is no beta.

    Constraints:
    - (C1) `axis` names different axes other than the batch, of known sizes.
    - (C2) `epsilon` is not negative.
  }];
  let arguments = (ins Keras_Tensor:$input, DenseI64ArrayAttr:$axis,
    BoolAttr:$rms_scaling, F64Attr:$epsilon,
    BoolAttr:$center, BoolAttr:$scale, OptionalAttr<BoolAttr>:$trainable,
    OptionalAttr<AnyAttr>:$beta_initializer, OptionalAttr<AnyAttr>:$gamma_initializer,
    OptionalAttr<AnyAttr>:$beta_regularizer, OptionalAttr<AnyAttr>:$gamma_regularizer,
    OptionalAttr<AnyAttr>:$beta_constraint, OptionalAttr<AnyAttr>:$gamma_constraint,
    OptionalAttr<ArrayAttr>:$weights);
}

def Keras_GroupNormalizationOp : Keras_Layer<"group_normalization", "GroupNormalization"> {
  let summary = "the same over groups of channels and all other axes but the batch";
  let description = [{
    `groups` -1 stands for one group per channel. gamma and beta have one entry
    per channel.

    Constraints:
    - (C1) `axis` names an axis other than the batch, of known size.
    - (C2) `groups` is positive or -1, and divides the channels.
    - (C3) `epsilon` is not negative.
  }];
  let arguments = (ins Keras_Tensor:$input, I64Attr:$groups, I64Attr:$axis,
    F64Attr:$epsilon,
    BoolAttr:$center, BoolAttr:$scale, OptionalAttr<BoolAttr>:$trainable,
    OptionalAttr<AnyAttr>:$beta_initializer, OptionalAttr<AnyAttr>:$gamma_initializer,
    OptionalAttr<AnyAttr>:$beta_regularizer, OptionalAttr<AnyAttr>:$gamma_regularizer,
    OptionalAttr<AnyAttr>:$beta_constraint, OptionalAttr<AnyAttr>:$gamma_constraint,
    OptionalAttr<ArrayAttr>:$weights);
}

def Keras_RMSNormalizationOp : Keras_Layer<"rms_normalization", "RMSNormalization"> {
  let summary = "x / sqrt(mean(x^2) + epsilon) * scale";
  let description = [{
    Constraints:
    - (C1) `axis` names different axes other than the batch, of known sizes.
    - (C2) `epsilon` is not negative.
  }];
  let arguments = (ins Keras_Tensor:$input, DenseI64ArrayAttr:$axis, F64Attr:$epsilon,
    OptionalAttr<BoolAttr>:$trainable, OptionalAttr<ArrayAttr>:$weights);
}

def Keras_UnitNormalizationOp : Keras_Layer<"unit_normalization", "UnitNormalization"> {
  let summary = "x / sqrt(max(sum(x^2), 1e-12)), the sum over the named axes";
  let description = [{
    Constraints:
    - (C1) `axis` names different axes other than the batch.
  }];
  let arguments = (ins Keras_Tensor:$input, DenseI64ArrayAttr:$axis);
}

def Keras_NormalizationOp : Keras_Layer<"normalization", "Normalization"> {
  let summary = "(x - mean) / max(sqrt(variance), 1e-7), or its inverse";
  let description = [{
    The mean and the variance keep the axes in `axis` (none: two numbers). They are
    arguments, one value or one per kept element, or else variables.

    Constraints:
    - (C1) `axis` names different axes other than the batch, of known sizes.
    - (C2) `mean` and `variance` are both given or both not, with equal numbers of
      values: one, or as many as the kept axes have elements.
  }];
  let arguments = (ins Keras_Tensor:$input, DenseI64ArrayAttr:$axis,
    OptionalAttr<DenseF64ArrayAttr>:$mean, OptionalAttr<DenseF64ArrayAttr>:$variance,
    BoolAttr:$invert, OptionalAttr<ArrayAttr>:$weights);
}

def Keras_RescalingOp : Keras_Layer<"rescaling", "Rescaling"> {
  let summary = "x * scale + offset";
  let description = [{
    Each of the two is one number, or one per element of the last axis.

    Constraints:
    - (C1) `scale` and `offset` have one value, or as many as the last axis.
  }];
  let arguments = (ins Keras_Tensor:$input, DenseF64ArrayAttr:$scale,
    DenseF64ArrayAttr:$offset);
}

#endif // UPCONV_DIALECT_KERAS_IR_NORMALIZATIONOPS_TD
