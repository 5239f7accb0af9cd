//===- Passes.td - Passes on the upconv dialect ------------*- tablegen -*-===//

#ifndef UPCONV_DIALECT_UPCONV_TRANSFORMS_PASSES_TD
#define UPCONV_DIALECT_UPCONV_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def FoldBatchNorm : Pass<"upconv-fold-batch-norm", "::mlir::func::FuncOp"> {
  let summary = "fold batch normalization into the weights before it";
  let description = [{
    A batch normalization whose only producer is a convolution (or a matrix
    product) without another user becomes a fold of its kernel and bias: exact,
    because the bias reaches every output position. Any other one becomes a map
    with a scale and a shift per channel.
  }];
  let dependentDialects = ["::upconv::UpconvDialect"];
}

def DropUnitAxes : Pass<"upconv-drop-unit-axes", "::mlir::func::FuncOp"> {
  let summary = "convolutions without their spatial axes of one position";
  let description = [{
    An axis along which the input, the output and the kernel have size 1 is dropped
    between two reshapes, which are views. At least one spatial axis stays.
  }];
  let dependentDialects = ["::upconv::UpconvDialect"];
}

def FoldPadding : Pass<"upconv-fold-padding", "::mlir::func::FuncOp"> {
  let summary = "explicit zeros in front of a convolution into its own padding";
  let description = [{
    Where the convolution pads nothing itself and the zeros reach no further than
    its window.
  }];
  let dependentDialects = ["::upconv::UpconvDialect"];
}

def FuseUpsampling : Pass<"upconv-fuse-upsampling", "::mlir::func::FuncOp"> {
  let summary = "a repetition and the convolution behind it into a transposed one";
  let description = [{
    Exact but for the rounding of the summed taps: each output phase multiplies
    only the source samples that it meets.
  }];
  let dependentDialects = ["::upconv::UpconvDialect"];
}

def FuseMaps : Pass<"upconv-fuse-maps", "::mlir::func::FuncOp"> {
  let summary = "merge a map into the map that is its only user";
  let dependentDialects = ["::upconv::UpconvDialect"];
}

def FormKernels : Pass<"upconv-form-kernels", "::mlir::func::FuncOp"> {
  let summary = "put each anchor and its epilogue into a kernel";
  let description = [{
    A map becomes the epilogue of the last of its operands' producers that is an
    anchor without another user; its other operands become operands of the kernel.
  }];
  let dependentDialects = ["::upconv::UpconvDialect"];
}

def SelectSchedules : Pass<"upconv-select-schedules", "::mlir::func::FuncOp"> {
  let summary = "attach to each kernel the schedule its target's tables name";
  let description = [{
    Emits a remark per kernel naming the file and line of the entry. A contraction
    whose entry multiplies bfloat16 numbers gets a kernel in front that rounds its
    input; one whose entry splits sums gets a kernel behind that adds their parts.
  }];
  let options = [
    Option<"target", "target", "std::string", "\"host\"", "target name">,
    Option<"schedules", "schedules", "std::string", "\"\"",
           "folder of tables that are looked at first">,
    Option<"precision", "precision", "std::string", "\"f32\"",
           "what contractions may multiply: f32, or bf16 or f32-winograd too">];
  let dependentDialects = ["::upconv::UpconvDialect"];
}

def AssignLayouts : Pass<"upconv-assign-layouts", "::mlir::func::FuncOp"> {
  let summary = "give each workspace tensor the halo that its readers want";
  let description = [{
    A tensor that is an argument, a result or seen through a reshape stays dense;
    where a reader of such a tensor wants a halo, a copy kernel is put between.
  }];
  let dependentDialects = ["::upconv::UpconvDialect"];
}

def PlanMemory : Pass<"upconv-plan-memory", "::mlir::func::FuncOp"> {
  let summary = "give each workspace tensor a slot by its liveness";
  let description = [{
    Tensors whose lives do not overlap share a slot; a slot is as large as its
    largest tenant, which run-time extents may decide.
  }];
  let dependentDialects = ["::upconv::UpconvDialect"];
}

#endif // UPCONV_DIALECT_UPCONV_TRANSFORMS_PASSES_TD
