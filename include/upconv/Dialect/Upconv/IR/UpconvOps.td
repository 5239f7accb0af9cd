//===- UpconvOps.td - The operations of the upconv dialect -*- tablegen -*-===//

#ifndef UPCONV_DIALECT_UPCONV_IR_UPCONVOPS_TD
#define UPCONV_DIALECT_UPCONV_IR_UPCONVOPS_TD

include "upconv/Dialect/Upconv/IR/UpconvDialect.td"
include "upconv/Dialect/Upconv/IR/DataOps.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/IR/RegionKindInterface.td"

def Upconv_WeightsOp : Upconv_Op<"weights", [Pure]> {
  let summary = "a range of the user's weights plus a recipe";
  let description = [{
    The values are `source` of the weight store, or without a source `values` (none:
    all zero), then every batch normalization of `folds` applied in order along the output
    channels: a `kernel` and a `scale` are multiplied by the scale, a `bias` and a
    `shift` are multiplied by the scale and get the shift added. A `scale` starts
    from one. `channel_axis` is the axis of the output channels. With `upsampled`
    factors f the source is the kernel (k..., cin, cout) of a convolution behind a
    repetition by f, and the values are those of the transposed kernel
    (k + f - 1..., cout, cin) that does both (FuseUpsampling.cpp). Nothing is
    evaluated before the library is written.

    ```mlir
    %w = upconv.weights "up0/kernel" kernel axis 1 hash "5c0f" : tensor<4x8x1xf32>
    ```
  }];
  let arguments = (ins StrAttr:$source, StrAttr:$role, I64Attr:$channel_axis,
                       StrAttr:$hash, OptionalAttr<ArrayAttr>:$folds,
                       OptionalAttr<DenseI64ArrayAttr>:$upsampled,
                       OptionalAttr<DenseF32ArrayAttr>:$values);
  let results = (outs Upconv_Tensor:$output);
  let assemblyFormat = [{
    $source `role` $role `axis` $channel_axis `hash` $hash
    (`folds` $folds^)? (`upsampled` $upsampled^)? (`values` $values^)? attr-dict `:` type($output)
  }];
  let hasVerifier = 1;
}

def Upconv_ConvTransposeOp : Upconv_Op<"conv_transpose", [Pure]> {
  let summary = "rank-generic transposed convolution, channels-last";
  let description = [{
        out[n, i*strides + k*dilations - crop_low, co] += in[n, i, ci] * weights[k, co, ci]

    wherever the output position exists, plus bias[co] everywhere. The output's
    size is the result type's. An input of pairs (`upconv.round`) is multiplied
    with weights that are rounded as it is, and summed in float32. A result with P
    times the input's images has image n's sum in P parts, images n, N + n, ...
    (`upconv.sum_parts`).
  }];
  let arguments = (ins Upconv_StoredTensor:$input, Upconv_Tensor:$weights,
    Optional<Upconv_Tensor>:$bias, DenseI64ArrayAttr:$strides,
    DenseI64ArrayAttr:$dilations, DenseI64ArrayAttr:$crop_low);
  let results = (outs Upconv_Tensor:$output);
  let assemblyFormat = [{
    $input `,` $weights (`,` $bias^)? `strides` $strides `dilations` $dilations
    `crop_low` $crop_low attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def Upconv_ConvOp : Upconv_Op<"conv", [Pure]> {
  let summary = "rank-generic convolution, channels-last";
  let description = [{
        out[n, o, co] = sum_k,ci in[n, o*strides + k*dilations - pad_low, ci] * weights[k, ci, co]

    with zeros outside the input. With no spatial axis it is a matrix product.
    `pad_low` has one result per spatial axis, over the run-time extents. An input
    of pairs, and a result in parts, are as for `conv_transpose`.
  }];
  let arguments = (ins Upconv_StoredTensor:$input, Upconv_Tensor:$weights,
    Optional<Upconv_Tensor>:$bias, DenseI64ArrayAttr:$strides,
    DenseI64ArrayAttr:$dilations, AffineMapAttr:$pad_low, I64Attr:$groups);
  let results = (outs Upconv_Tensor:$output);
  let assemblyFormat = [{
    $input `,` $weights (`,` $bias^)? `strides` $strides `dilations` $dilations
    `pad_low` $pad_low `groups` $groups attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def Upconv_PoolOp : Upconv_Op<"pool", [Pure]> {
  let summary = "rank-generic maximum or average pooling, channels-last";
  let description = [{
    `kind` is `max` or `average`; positions outside the input take no part, and
    the average divides by the number of those inside.
  }];
  let arguments = (ins Upconv_Tensor:$input, StrAttr:$kind, DenseI64ArrayAttr:$window,
    DenseI64ArrayAttr:$strides, AffineMapAttr:$pad_low);
  let results = (outs Upconv_Tensor:$output);
  let assemblyFormat = [{
    $kind $input `window` $window `strides` $strides `pad_low` $pad_low
    attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def Upconv_BatchNormOp : Upconv_Op<"batch_norm", [Pure]> {
  let summary = "inference batch normalization of the last axis";
  let arguments = (ins Upconv_Tensor:$input, Upconv_FoldAttr:$norm);
  let results = (outs Upconv_Tensor:$output);
  let assemblyFormat = "$input $norm attr-dict `:` type($input) `->` type($output)";
}

def Upconv_SoftmaxOp : Upconv_Op<"softmax", [Pure]> {
  let summary = "softmax of the last axis";
  let arguments = (ins Upconv_Tensor:$input);
  let results = (outs Upconv_Tensor:$output);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($output)";
}

def Upconv_TransposeOp : Upconv_Op<"transpose", [Pure]> {
  let summary = "output dimension d is input dimension permutation[d]";
  let arguments = (ins Upconv_Tensor:$input, DenseI64ArrayAttr:$permutation);
  let results = (outs Upconv_Tensor:$output);
  let assemblyFormat = "$input $permutation attr-dict `:` type($input) `->` type($output)";
  let hasFolder = 1;
  let hasCanonicalizer = 1;
  let hasVerifier = 1;
}

def Upconv_ReshapeOp : Upconv_Op<"reshape", [Pure]> {
  let summary = "the same elements in row-major order under another shape: a view";
  let arguments = (ins Upconv_Tensor:$input);
  let results = (outs Upconv_Tensor:$output);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($output)";
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def Upconv_CopyOp : Upconv_Op<"copy", [Pure]> {
  let summary = "the same tensor under another layout";
  let arguments = (ins Upconv_Tensor:$input);
  let results = (outs Upconv_Tensor:$output);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($output)";
}

def Upconv_RoundOp : Upconv_Op<"round", [Pure]> {
  let summary = "channels rounded to bfloat16, in pairs";
  let description = [{
    Element c of the result is the channels 2c and 2c + 1, rounded to nearest with
    ties to even; behind an odd last channel is zero.

    ```mlir
    %p = upconv.round %x : tensor<1x8x5xf32> -> tensor<1x8x3xvector<2xbf16>>
    ```
  }];
  let arguments = (ins Upconv_Tensor:$input);
  let results = (outs Upconv_Pairs:$output);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($output)";
  let hasVerifier = 1;
}

def Upconv_SumPartsOp : Upconv_Op<"sum_parts", [Pure]> {
  let summary = "the sums of which a contraction has made parts";
  let description = [{
    Image n of the result is the sum of the images n, N + n, ... of the input, in
    this order, where N is the result's number of images.

    ```mlir
    %y = upconv.sum_parts %x parts 4 : tensor<8x6x5xf32> -> tensor<2x6x5xf32>
    ```
  }];
  let arguments = (ins Upconv_Tensor:$input, I64Attr:$parts);
  let results = (outs Upconv_Tensor:$output);
  let assemblyFormat = "$input `parts` $parts attr-dict `:` type($input) `->` type($output)";
  let hasVerifier = 1;
}

def Upconv_MapOp : Upconv_Op<"map", [Pure, SingleBlock, IsolatedFromAbove]> {
  let summary = "an elementwise function of broadcast operands";
  let description = [{
    The body is scalar `arith` and `math`. An operand's dimensions are aligned at
    the last one; those of size 1 are broadcast.

    ```mlir
    %y = upconv.map (%x) {
    ^bb0(%v: f32):
      %zero = arith.constant 0.0 : f32
      %r = arith.maximumf %v, %zero : f32
      upconv.yield %r : f32
    } : (tensor<1x8xf32>) -> tensor<1x8xf32>
    ```
  }];
  let arguments = (ins Variadic<Upconv_Tensor>:$inputs);
  let results = (outs Upconv_Tensor:$output);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    `(` $inputs `)` $body attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
}

def Upconv_KernelOp : Upconv_Op<"kernel", [Pure, SingleBlock, IsolatedFromAbove]> {
  let summary = "what becomes one compiled function: an anchor and its epilogue";
  let description = [{
    The first operation of the body is the anchor (a convolution, a pool, a
    softmax, a transpose, a copy, a rounding, a sum of parts, a map or an operation of DataOps.td but concat);
    a `map` after it is the epilogue. The first operand is the anchor's input, then weights and bias, then the
    epilogue's other operands. `halo` is what the schedule wants to read around the
    input; `layout` is the result's, absent means dense; `slot` is the result's
    place in the workspace, given by plan-memory, absent for a result of the model.
  }];
  let arguments = (ins Variadic<Upconv_StoredTensor>:$inputs,
    OptionalAttr<Upconv_ScheduleAttr>:$schedule,
    OptionalAttr<Upconv_LayoutAttr>:$halo, OptionalAttr<Upconv_LayoutAttr>:$layout,
    OptionalAttr<I64Attr>:$slot);
  let results = (outs Upconv_StoredTensor:$output);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    `(` $inputs `)` (`schedule` $schedule^)? (`halo` $halo^)? (`layout` $layout^)? (`slot` $slot^)?
    $body attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::Operation *getAnchor() { return &getBody().front().front(); }
    /// The map after the anchor, or null.
    ::upconv::MapOp getEpilogue();
  }];
}

def Upconv_YieldOp : Upconv_Op<"yield", [Pure, Terminator,
    ParentOneOf<["MapOp", "ReduceOp", "KernelOp"]>]> {
  let summary = "the result of a map, a reduction or a kernel";
  let arguments = (ins AnyType:$value);
  let assemblyFormat = "$value attr-dict `:` type($value)";
}

def Upconv_RequireOp : Upconv_Op<"require"> {
  let summary = "a condition on the run-time extents";
  let description = [{
    `rule` is `positive` (one result, at least 1) or `equal` (two results). The
    generated library checks it before anything else.
  }];
  let arguments = (ins StrAttr:$rule, AffineMapAttr:$extents, StrAttr:$message);
  let assemblyFormat = "$rule $extents $message attr-dict";
  let hasVerifier = 1;
}

#endif // UPCONV_DIALECT_UPCONV_IR_UPCONVOPS_TD
