//===- KerasDialect.td - Layers as Keras means them --------*- tablegen -*-===//

#ifndef UPCONV_DIALECT_KERAS_IR_KERASDIALECT_TD
#define UPCONV_DIALECT_KERAS_IR_KERASDIALECT_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/OpBase.td"

def Keras_Dialect : Dialect {
  let name = "keras";
  let cppNamespace = "::upconv::keras";
  let summary = "one op per Keras layer, with Keras's own names and rules";
  let description = [{
    The dialect that the importers produce. An op is a layer call; its attributes
    are spelled as Keras spells them and keep Keras's meaning, its result type is
    what Keras infers (`?` where Keras says None). Every rule of Keras that a
    layer can break is a labelled constraint, `(C1)`, `(C2)`, ... in the op's
    description; the same label names the check in the verifier and the test.

    The location of an op is `NameLoc(layer name, file:line:col)`; the inner
    location may be a fused one whose metadata maps an attribute's name to the
    place where the file sets it, so that an error points at the argument itself.
  }];
  let useDefaultAttributePrinterParser = 1;
}

def Keras_VariableAttr : AttrDef<Keras_Dialect, "Variable"> {
  let mnemonic = "variable";
  let summary = "a weight of a layer: name, type, key in the weight store, hash";
  let description = [{
    `source` is the key `<layer>/<variable>` under which the values are found in
    the `WeightStore`; `hash` is the xxh64 of the values in hexadecimal, empty
    while no values are bound. The values themselves never enter the IR.

    ```mlir
    #keras.variable<"kernel", tensor<4x8x1xf32>, "up0/kernel", "">
    ```
  }];
  let parameters = (ins StringRefParameter<>:$name, "::mlir::RankedTensorType":$type,
                        StringRefParameter<>:$source, StringRefParameter<>:$hash);
  let assemblyFormat = "`<` $name `,` $type `,` $source `,` $hash `>`";
}

#endif // UPCONV_DIALECT_KERAS_IR_KERASDIALECT_TD
