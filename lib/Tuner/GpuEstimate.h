//===- GpuEstimate.h - What a GPU's schedule may cost ---------------------===//

#ifndef UPCONV_LIB_TUNER_GPUESTIMATE_H
#define UPCONV_LIB_TUNER_GPUESTIMATE_H

#include "upconv/Target/Halide/KernelSpec.h"

#include <string>

namespace upconv {

/// Time of a legal schedule over what its useful multiply-adds would take at a
/// GPU's full rate, at best 1.
double gpuEstimate(const KernelSpec &spec);

/// Equal for schedules that make the same tiles.
std::string gpuSignature(const KernelSpec &spec);

} // namespace upconv

#endif // UPCONV_LIB_TUNER_GPUESTIMATE_H
