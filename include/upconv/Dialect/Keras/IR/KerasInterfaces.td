//===- KerasInterfaces.td - What every layer can answer ----*- tablegen -*-===//

#ifndef UPCONV_DIALECT_KERAS_IR_KERASINTERFACES_TD
#define UPCONV_DIALECT_KERAS_IR_KERASINTERFACES_TD

include "mlir/IR/OpBase.td"

def Keras_LayerOpInterface : OpInterface<"LayerOpInterface"> {
  let cppNamespace = "::upconv::keras";
  let description = [{ A Keras layer: its class name and its variables. }];
  let methods = [
    StaticInterfaceMethod<"Keras's class name, e.g. `Conv1DTranspose`.",
      "::llvm::StringRef", "getLayerClass", (ins)>,
    InterfaceMethod<[{
        The variables that the layer creates, in Keras's creation order
        (trainable first), with their shapes.
      }],
      "::llvm::SmallVector<::upconv::keras::VariableSpec>", "getVariableSpecs",
      (ins)>,
    InterfaceMethod<"The variables bound to this layer (may be empty).",
      "::mlir::ArrayAttr", "getLayerWeights", (ins), [{}],
      [{ return $_op->template getAttrOfType<::mlir::ArrayAttr>("weights"); }]>,
  ];
  let verify = [{ return ::upconv::keras::detail::verifyLayerWeights($_op); }];
}

#endif // UPCONV_DIALECT_KERAS_IR_KERASINTERFACES_TD
