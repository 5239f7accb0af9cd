//===- Measure.h - What a model is measured against -----------------------===//

#ifndef UPCONV_LIB_DRIVER_MEASURE_H
#define UPCONV_LIB_DRIVER_MEASURE_H

#include "Session.h"
#include "Workers.h"

namespace upconv {

/// Input shapes, useful multiply-adds, bytes that must move (inputs, parameters
/// and outputs, once each) and the target's vectors, of a session that has a
/// plan. Prints an error and returns nothing if an input's size is unknown.
std::optional<BenchRequest> benchRequest(const Session &session);

/// What a row of a report says of a model's convolutions and Dense layers,
/// those of several kernels with spaces between.
struct Contractions {
  std::string strategies, schedules;
  int64_t executedMacs = 0;
};
/// After the kernels are compiled.
Contractions contractionsOf(const Session &session);

} // namespace upconv

#endif // UPCONV_LIB_DRIVER_MEASURE_H
