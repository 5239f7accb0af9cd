//===- UpconvDialect.td - Channels-last kernels and layouts -*- tablegen -*-===//

#ifndef UPCONV_DIALECT_UPCONV_IR_UPCONVDIALECT_TD
#define UPCONV_DIALECT_UPCONV_IR_UPCONVDIALECT_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/OpBase.td"

def Upconv_Dialect : Dialect {
  let name = "upconv";
  let cppNamespace = "::upconv";
  let summary = "channels-last tensor operations, kernels, layouts, schedules";
  let description = [{
    The dialect between Keras's layers and object code. Tensors are channels-last
    and float32, but for inputs of convolutions whose schedule multiplies bfloat16
    numbers (`upconv.round`). A dimension that is unknown until run time is an affine
    expression over the model's run-time extents `s0, s1, ...`, carried by the
    type's encoding, so that no operation has to compute shapes:

    ```mlir
    tensor<?x?x16xf32, affine_map<()[s0, s1] -> (s0, s1 * 2, 16)>>
    ```

    The enclosing function's `upconv.extents` says which dimension of which input
    each symbol is. `docs/RationaleUpconvDialect.md` has the reasons.
  }];
  let useDefaultAttributePrinterParser = 1;
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect"];
}

def Upconv_Tensor : TensorOf<[F32]>;

// Neighbouring channels rounded to bfloat16, two to an element of four bytes.
def Upconv_Pair : VectorOfLengthAndType<[2], [BF16]>;
def Upconv_Pairs : TensorOf<[Upconv_Pair]>;
def Upconv_StoredTensor : TensorOf<[F32, Upconv_Pair]>;

class Upconv_Op<string mnemonic, list<Trait> traits = []>
    : Op<Upconv_Dialect, mnemonic, traits>;

class Upconv_Attr<string name, string attrMnemonic> : AttrDef<Upconv_Dialect, name> {
  let mnemonic = attrMnemonic;
}

def Upconv_ScheduleAttr : Upconv_Attr<"Schedule", "schedule"> {
  let summary = "the schedule of a kernel, and the line of the table it came from";
  let description = [{
    ```mlir
    #upconv.schedule<"phase", {nv = 2 : i64, tx = 12 : i64}, "x86-64-v4/conv-transpose-f32.yaml", 12>
    ```
  }];
  let parameters = (ins StringRefParameter<>:$strategy, "::mlir::DictionaryAttr":$knobs,
                        StringRefParameter<>:$file, "int64_t":$line);
  let assemblyFormat = "`<` $strategy `,` $knobs `,` $file `,` $line `>`";
}

def Upconv_LayoutAttr : Upconv_Attr<"Layout", "layout"> {
  let summary = "how a tensor lies in the workspace";
  let description = [{
    Row-major with, per dimension, `low` elements before and `high` elements after
    the tensor that may be read and hold zero (the halo).

    ```mlir
    #upconv.layout<low = [0, 1, 0], high = [0, 1, 0]>
    ```
  }];
  let parameters = (ins ArrayRefParameter<"int64_t">:$low,
                        ArrayRefParameter<"int64_t">:$high);
  let assemblyFormat = "`<` `low` `=` `[` $low `]` `,` `high` `=` `[` $high `]` `>`";
  let extraClassDeclaration = [{
    static LayoutAttr getDense(::mlir::MLIRContext *context, unsigned rank);
    bool isDense() const;
  }];
}

def Upconv_FoldAttr : Upconv_Attr<"Fold", "fold"> {
  let summary = "a batch normalization, by the keys of its variables";
  let description = [{
    scale = gamma / sqrt(variance + epsilon), shift = beta - mean * scale; an empty
    key stands for gamma = 1 or beta = 0.
  }];
  let parameters = (ins StringRefParameter<>:$gamma, StringRefParameter<>:$beta,
                        StringRefParameter<>:$mean, StringRefParameter<>:$variance,
                        "::mlir::FloatAttr":$epsilon);
  let assemblyFormat = [{
    `<` `gamma` `=` $gamma `,` `beta` `=` $beta `,` `mean` `=` $mean `,`
        `variance` `=` $variance `,` `epsilon` `=` $epsilon `>`
  }];
}

#endif // UPCONV_DIALECT_UPCONV_IR_UPCONVDIALECT_TD
