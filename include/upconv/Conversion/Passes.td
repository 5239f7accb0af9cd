//===- Passes.td - Conversions between dialects ------------*- tablegen -*-===//

#ifndef UPCONV_CONVERSION_PASSES_TD
#define UPCONV_CONVERSION_PASSES_TD

include "mlir/Pass/PassBase.td"

def ConvertKerasToUpconv : Pass<"convert-keras-to-upconv", "::mlir::ModuleOp"> {
  let summary = "resolve padding, output_padding, data_format; unknown dims to symbols";
  let description = [{
    All of Keras's arithmetic on shapes happens here, once: `same` becomes explicit
    pads and crops, `channels_first` becomes transposes at the layer's edges, None
    becomes an expression over the run-time extents, activations become maps.
  }];
  let dependentDialects = ["::upconv::UpconvDialect", "::mlir::func::FuncDialect"];
}

#endif // UPCONV_CONVERSION_PASSES_TD
