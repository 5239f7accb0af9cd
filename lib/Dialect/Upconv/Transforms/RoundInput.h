//===- RoundInput.h - Contractions of bfloat16 numbers --------------------===//

#ifndef UPCONV_LIB_DIALECT_UPCONV_TRANSFORMS_ROUNDINPUT_H
#define UPCONV_LIB_DIALECT_UPCONV_TRANSFORMS_ROUNDINPUT_H

#include "upconv/Dialect/Upconv/IR/UpconvOps.h"
#include "upconv/Target/Halide/KernelSpec.h"

namespace upconv {

/// `spec`, a float32 contraction, as it will be once its input is rounded. The
/// strides outside the channels are left as they are.
KernelSpec withRoundedInput(KernelSpec spec);

/// Lets a contraction read pairs of channels: a kernel in front of it rounds
/// its input, the one that does so already where there is one.
void roundInput(KernelOp contraction);

} // namespace upconv

#endif // UPCONV_LIB_DIALECT_UPCONV_TRANSFORMS_ROUNDINPUT_H
