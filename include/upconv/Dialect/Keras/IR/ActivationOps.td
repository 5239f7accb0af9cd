//===- ActivationOps.td - Activations --------------------*- tablegen -*-===//

#ifndef UPCONV_DIALECT_KERAS_IR_ACTIVATIONOPS_TD
#define UPCONV_DIALECT_KERAS_IR_ACTIVATIONOPS_TD

include "upconv/Dialect/Keras/IR/KerasBase.td"

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

def Keras_ELUOp : Keras_Layer<"elu", "ELU"> {
  let summary = "x if x > 0, else alpha * (exp(x) - 1)";
  let arguments = (ins Keras_Tensor:$input, F64Attr:$alpha);
}

def Keras_PReLUOp : Keras_Layer<"p_re_lu", "PReLU"> {
  let summary = "x if x > 0, else alpha * x with learned alpha";
  let description = [{
    `alpha` has the input's shape without its batch axis, with 1 on the axes that
    `shared_axes` names (counted with the batch axis as 0).

    Constraints:
    - (C1) every entry of `shared_axes` names an axis other than the batch.
    - (C2) the axes that are not shared have known sizes.
  }];
  let arguments = (ins Keras_Tensor:$input,
    OptionalAttr<DenseI64ArrayAttr>:$shared_axes, OptionalAttr<BoolAttr>:$trainable,
    OptionalAttr<AnyAttr>:$alpha_initializer, OptionalAttr<AnyAttr>:$alpha_regularizer,
    OptionalAttr<AnyAttr>:$alpha_constraint, OptionalAttr<ArrayAttr>:$weights);
}

def Keras_ThresholdedReLUOp : Keras_Layer<"thresholded_re_lu", "ThresholdedReLU"> {
  let summary = "x if x > theta, else 0 (Keras 2)";
  let description = [{
    Constraints:
    - (C1) `theta` is not negative.
  }];
  let arguments = (ins Keras_Tensor:$input, F64Attr:$theta);
}

def Keras_SoftmaxOp : Keras_Layer<"softmax", "Softmax"> {
  let summary = "exp(x) / sum(exp(x)), the sum over the named axes";
  let description = [{
    Constraints:
    - (C1) `axis` names one axis of the input or several different ones, none of
      them the batch if there are several.
  }];
  let arguments = (ins Keras_Tensor:$input, DenseI64ArrayAttr:$axis);
}

def Keras_ActivationOp : Keras_Layer<"activation", "Activation"> {
  let summary = "an activation function as a layer";
  let description = [{
    Constraints:
    - (C1) `activation` is one of Keras's functions (Functions.h), with Keras's
      defaults: leaky_relu has slope 0.2, softmax and log_softmax take the last
      axis. `hard_sigmoid_v2` is Keras 2's hard_sigmoid.
  }];
  let arguments = (ins Keras_Tensor:$input, StrAttr:$activation);
  let hasFolder = 1;
}

#endif // UPCONV_DIALECT_KERAS_IR_ACTIVATIONOPS_TD
