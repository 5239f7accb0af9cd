//===- EvaluateIdentity.cpp - Layers that act in training only ------------===//

#include "LayerCall.h"

namespace upconv::reference {

Answer evaluateIdentityLayer(const LayerCall &call) {
  if (!call.op->hasTrait<keras::IdentityAtInference>())
    return std::nullopt;
  return Result(call.input());
}

} // namespace upconv::reference
