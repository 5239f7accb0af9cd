//===- WrapperOps.td - Layers around another layer ---------*- tablegen -*-===//

#ifndef UPCONV_DIALECT_KERAS_IR_WRAPPEROPS_TD
#define UPCONV_DIALECT_KERAS_IR_WRAPPEROPS_TD

include "upconv/Dialect/Keras/IR/IdentityOps.td"

// A wrapper stands behind the ops of the layer (or the model) that it wraps.

def Keras_MergeStepsOp : Keras_Layer<"merge_steps", "TimeDistributed"> {
  let summary = "the steps of all samples as samples: what a TimeDistributed hands on";
  let description = [{
    (batch, steps, ...) to (batch * steps, ...), in row-major order.

    Constraints:
    - (C1) the input has rank 3 at least.
  }];
  let arguments = (ins Keras_Tensor:$input);
}

def Keras_TimeDistributedOp : Keras_Layer<"time_distributed", "TimeDistributed"> {
  let summary = "a layer applied to every step";
  let description = [{
    At inference no layer looks from one sample to another, so the wrapped one runs
    on the merged steps, and this op takes them apart again. `input` is the
    wrapper's, which knows the batch and the number of steps.

    ```mlir
    %1 = keras.merge_steps %0 : (tensor<?x10x8xf32>) -> tensor<?x8xf32>
    %2 = keras.dense %1 {activation = "linear", units = 4 : i64, use_bias = true}
      : (tensor<?x8xf32>) -> tensor<?x4xf32>
    %3 = keras.time_distributed %2, %0
      : (tensor<?x4xf32>, tensor<?x10x8xf32>) -> tensor<?x10x4xf32>
    ```

    Constraints:
    - (C1) `input` has rank 3 at least.
    - (C2) `steps` has as many samples as `input` has steps.
    - (C3) the result has at most 6 axes.
  }];
  let arguments = (ins Keras_Tensor:$steps, Keras_Tensor:$input);
}

def Keras_SpectralNormalizationOp
    : Keras_Identity<"spectral_normalization", "SpectralNormalization",
                     (ins I64Attr:$power_iterations, OptionalAttr<BoolAttr>:$trainable,
                          OptionalAttr<ArrayAttr>:$weights)> {
  let description = [{
    Training divides the wrapped layer's kernel by its largest singular value and
    keeps the quotient; inference takes the kernel as it is. The variable
    `vector_u` estimates the singular vector.

    Constraints:
    - (C1) `power_iterations` is positive.
    - (C2) a layer with a `kernel` or with `embeddings` makes the input.
  }];
}

#endif // UPCONV_DIALECT_KERAS_IR_WRAPPEROPS_TD
