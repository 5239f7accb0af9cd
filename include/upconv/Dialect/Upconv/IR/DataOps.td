//===- DataOps.td - Moving, resampling and reducing tensors -*- tablegen -*-===//

#ifndef UPCONV_DIALECT_UPCONV_IR_DATAOPS_TD
#define UPCONV_DIALECT_UPCONV_IR_DATAOPS_TD

include "upconv/Dialect/Upconv/IR/UpconvDialect.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/IR/RegionKindInterface.td"

def Upconv_ConcatOp : Upconv_Op<"concat", [Pure]> {
  let summary = "tensors one behind the other along one axis: a view";
  let description = [{
    After assign-layouts each operand is produced by a kernel (or a concat) that
    writes straight into its part of the result, so nothing is copied: operand and
    result share memory. `layout` and `slot` are the result's, as for a kernel.
  }];
  let arguments = (ins Variadic<Upconv_Tensor>:$inputs, I64Attr:$axis,
    OptionalAttr<Upconv_LayoutAttr>:$layout, OptionalAttr<I64Attr>:$slot);
  let results = (outs Upconv_Tensor:$output);
  let assemblyFormat = [{
    `(` $inputs `)` `axis` $axis (`layout` $layout^)? (`slot` $slot^)?
    attr-dict `:` functional-type(operands, results)
  }];
  let hasFolder = 1;
  let hasCanonicalizer = 1;
  let hasVerifier = 1;
}

def Upconv_ReindexOp : Upconv_Op<"reindex", [Pure]> {
  let summary = "padding, cropping, slicing, reversing, repeating";
  let description = [{
    Output position o of each dimension reads the input position

        p = floor((o * steps + starts) / repeats)

    and `border` says what an outside p means: `none` (there is no such p), `fill`
    (the value `fill`), `edge` (the nearest element), `reflect` (mirrored at the
    edge element) or `symmetric` (mirrored, the edge element repeated). `starts` has
    one result per dimension, over the run-time extents.
  }];
  let arguments = (ins Upconv_Tensor:$input, AffineMapAttr:$starts,
    DenseI64ArrayAttr:$steps, DenseI64ArrayAttr:$repeats, StrAttr:$border, F32Attr:$fill);
  let results = (outs Upconv_Tensor:$output);
  let assemblyFormat = [{
    $input `starts` $starts `steps` $steps `repeats` $repeats `border` $border $fill
    attr-dict `:` type($input) `->` type($output)
  }];
  let hasVerifier = 1;
}

def Upconv_InterpolateOp : Upconv_Op<"interpolate", [Pure]> {
  let summary = "resampling by an integer factor along one axis";
  let description = [{
    With n = factor, output position o = i * n + r is

        sum_t weights[r, t] * in[i + first[r] + t]

    Outside positions are the nearest element (`edge`), or take no part and the sum
    is divided by the weights of those that do (`renormalize`). `weights` is row-major,
    one row per residue r.
  }];
  let arguments = (ins Upconv_Tensor:$input, I64Attr:$axis, I64Attr:$factor,
    DenseI64ArrayAttr:$first, DenseF32ArrayAttr:$weights, StrAttr:$border);
  let results = (outs Upconv_Tensor:$output);
  let assemblyFormat = [{
    $input `axis` $axis `factor` $factor `first` $first `weights` $weights `border` $border
    attr-dict `:` type($input) `->` type($output)
  }];
  let hasVerifier = 1;
}

def Upconv_ReduceOp : Upconv_Op<"reduce", [Pure, SingleBlock, IsolatedFromAbove]> {
  let summary = "sum, mean, product, maximum or minimum of a map along one axis";
  let description = [{
    The body is an elementwise function of the broadcast operands, as for `map`; its
    values are combined along `axis`, which the result keeps with size 1. `kind` is
    `sum`, `mean`, `product`, `max` or `min`; a `sum` or `mean` adds in float32.
  }];
  let arguments = (ins Variadic<Upconv_Tensor>:$inputs, StrAttr:$kind, I64Attr:$axis);
  let results = (outs Upconv_Tensor:$output);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $kind `(` $inputs `)` `axis` $axis $body attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// What the operands broadcast to: the result with the reduced axis in full.
    ::llvm::SmallVector<::mlir::AffineExpr> getDomain();
  }];
}

def Upconv_LookupOp : Upconv_Op<"lookup", [Pure]> {
  let summary = "rows of a table by number";
  let description = [{
    out[..., c] = table[row, c] with row the integer part of indices[...]. A number
    that names no row stands for the nearest one, NaN for row 0.
  }];
  let arguments = (ins Upconv_Tensor:$indices, Upconv_Tensor:$table);
  let results = (outs Upconv_Tensor:$output);
  let assemblyFormat = [{
    $indices `,` $table attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

#endif // UPCONV_DIALECT_UPCONV_IR_DATAOPS_TD
