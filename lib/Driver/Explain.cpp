//===- Explain.cpp - Where Keras's back ends disagree on a model ----------===//

#include "Explain.h"

#include "upconv/Dialect/Keras/IR/KerasOps.h"
#include "upconv/Dialect/Keras/IR/LayerLocation.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace upconv;

namespace {

class Explainer {
public:
  std::vector<BackEndNote> notes;

  template <typename Op> void transposed(Op op) {
    dataFormat(op, op.getDataFormat());
    if (llvm::any_of(op.getDilationRate(), isLarge))
      add(op, "TensorFlow refuses 'dilation_rate' above 1 on a CPU here; JAX "
              "and torch compute it");
    if (op.getPadding() != "same")
      return;
    bool isOdd = false, isRefused = false;
    for (auto [axis, kernel] : llvm::enumerate(op.getKernelSize())) {
      int64_t extent = (kernel - 1) * op.getDilationRate()[axis] + 1;
      int64_t total = extent - op.getStrides()[axis];
      if (auto padding = op.getOutputPadding()) {
        total = extent - extent % 2 - (*padding)[axis];
        isRefused |= extent % 2 == 0 && (*padding)[axis] == 0;
      }
      isOdd |= total > 0 && total % 2 != 0;
    }
    if (isOdd)
      add(op, "the crop is odd: torch in Keras before 3.15 shifts the result "
              "by one position (--semantics torch-legacy reproduces it)");
    if (isRefused)
      add(op, "TensorFlow refuses 'output_padding' 0 with 'same' and an even "
              "kernel; JAX and torch compute it, as here");
  }

  template <typename Op> void windowed(Op op) {
    dataFormat(op, op.getDataFormat());
  }

private:
  static bool isLarge(int64_t value) { return value > 1; }

  void dataFormat(Operation *op, StringRef format) {
    if (format == "channels_first")
      add(op, "TensorFlow refuses channels_first on a CPU; JAX and torch "
              "compute it");
  }

  void add(Operation *op, const char *note) {
    notes.push_back({keras::getLayerName(op->getLoc()).str(), note});
  }
};

} // namespace

std::vector<BackEndNote> upconv::explainBackEnds(ModuleOp model) {
  using namespace keras;
  Explainer explainer;
  model.walk([&](Operation *layer) {
    llvm::TypeSwitch<Operation *>(layer)
        .Case<Conv1DTransposeOp, Conv2DTransposeOp, Conv3DTransposeOp>(
            [&](auto op) { explainer.transposed(op); })
        .Case<Conv1DOp, Conv2DOp, Conv3DOp, DepthwiseConv1DOp,
              DepthwiseConv2DOp, SeparableConv1DOp, SeparableConv2DOp,
              MaxPooling1DOp, MaxPooling2DOp, MaxPooling3DOp,
              AveragePooling1DOp, AveragePooling2DOp, AveragePooling3DOp>(
            [&](auto op) { explainer.windowed(op); });
  });
  return std::move(explainer.notes);
}
