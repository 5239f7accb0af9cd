//===- RoundInput.cpp - Contractions of bfloat16 numbers ------------------===//
//
// A tensor is rounded once, by a kernel of its own, whatever reads it, instead
// of a few elements at a time in every tile that does. The rounded tensor is
// half as large, is the compiler's own, and so carries the halo that its
// readers want: it takes the place of the copy that a caller's tensor would
// need.
//
//===----------------------------------------------------------------------===//

#include "RoundInput.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace upconv;

KernelSpec upconv::withRoundedInput(KernelSpec spec) {
  spec.pairedChannels = spec.inputChannels();
  spec.input.shape.back() = Size::of((spec.pairedChannels + 1) / 2);
  spec.input.strides.back() = Size::of(1);
  return spec;
}

static KernelOp findRounded(Value value, KernelOp before) {
  for (Operation *user : value.getUsers()) {
    auto kernel = dyn_cast<KernelOp>(user);
    if (kernel && isa<RoundOp>(kernel.getAnchor()) &&
        kernel->isBeforeInBlock(before))
      return kernel;
  }
  return {};
}

void upconv::roundInput(KernelOp contraction) {
  Value input = contraction.getInputs().front();
  RankedTensorType pairs = getPairedType(input.getType());
  KernelOp rounded = findRounded(input, contraction);
  if (!rounded) {
    OpBuilder builder(contraction);
    Location loc = contraction.getLoc();
    rounded = KernelOp::create(builder, loc, pairs, input, ScheduleAttr(),
                               LayoutAttr(), LayoutAttr(), IntegerAttr());
    Block *body =
        builder.createBlock(&rounded.getBody(), {}, input.getType(), loc);
    Value result = RoundOp::create(builder, loc, pairs, body->getArgument(0));
    YieldOp::create(builder, loc, result);
  }
  contraction->setOperand(0, rounded);
  contraction.getBody().front().getArgument(0).setType(pairs);
}
