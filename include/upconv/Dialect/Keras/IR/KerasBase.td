//===- KerasBase.td - What the families of layers share --*- tablegen -*-===//

#ifndef UPCONV_DIALECT_KERAS_IR_KERASBASE_TD
#define UPCONV_DIALECT_KERAS_IR_KERASBASE_TD

include "upconv/Dialect/Keras/IR/KerasDialect.td"
include "upconv/Dialect/Keras/IR/KerasInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Keras_Tensor : TensorRankOf<[F32], [1, 2, 3, 4, 5, 6]>;

// What Keras keeps for training and what no compiled program needs; carried so
// that `inspect` can speak of it.
defvar trainingArguments = (ins
  OptionalAttr<BoolAttr>:$trainable,
  OptionalAttr<AnyAttr>:$kernel_initializer,
  OptionalAttr<AnyAttr>:$bias_initializer,
  OptionalAttr<AnyAttr>:$kernel_regularizer,
  OptionalAttr<AnyAttr>:$bias_regularizer,
  OptionalAttr<AnyAttr>:$activity_regularizer,
  OptionalAttr<AnyAttr>:$kernel_constraint,
  OptionalAttr<AnyAttr>:$bias_constraint,
  OptionalAttr<ArrayAttr>:$weights);

// A layer call. The type is inferred by Keras's rules, and inference is where
// the labelled constraints are checked, so that building and verifying agree.
class Keras_Layer<string mnemonic, string kerasClass, list<Trait> traits = []>
    : Op<Keras_Dialect, mnemonic, !listconcat(traits, [
        Pure, InferTypeOpAdaptor, Keras_LayerOpInterface])> {
  let results = (outs Keras_Tensor:$output);
  let extraClassDeclaration = [{
    static ::llvm::StringRef getLayerClass() { return "}] # kerasClass # [{"; }
    /// Checks the constraints that do not depend on the input, and reports
    /// every one that is broken.
    static ::llvm::LogicalResult verifyArguments(::mlir::Location location,
                                                 Adaptor adaptor);
    ::llvm::SmallVector<::upconv::keras::VariableSpec> getVariableSpecs();
  }];
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
}

#endif // UPCONV_DIALECT_KERAS_IR_KERASBASE_TD
