//===- DeviceRates.h - What a GPU can do, measured ------------------------===//
//
// The anchors of a GPU's rooflines, as two small libraries that are timed in
// the process that times the kernels: a copy, and multiply-adds in registers.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_LIB_DRIVER_DEVICERATES_H
#define UPCONV_LIB_DRIVER_DEVICERATES_H

#include "LoadedModel.h"
#include "Session.h"

#include "upconv/Timing/Timing.h"

#include <optional>

namespace upconv {

/// The device that a command measures, for as long as the command runs.
class MeasuredDevice {
public:
  /// Makes the two libraries for the command's target and looks for the device.
  /// Nothing is done for a CPU, or for the second time. What is missing has
  /// been said, and the status is ExitUnsupported.
  ExitStatus open(const Session &session);

  bool isOpen() const { return folder.has_value(); }
  /// Its name, and how it is reached: "NVIDIA H100 80GB HBM3, cuda".
  const std::string &name() const { return deviceName; }
  /// Fills in what a request for the device's libraries needs.
  void addTo(BenchRequest &request) const;

private:
  std::optional<TemporaryFolder> folder;
  std::string deviceName;
};

/// The worker's side: both libraries at work.
class DeviceRates {
public:
  static llvm::Expected<DeviceRates> load(const BenchRequest &request);

  /// Of a copy that reads and writes `bytes` together, GB/s.
  double bandwidth(int64_t bytes);
  /// Of multiply-adds, in about a millisecond.
  double gflops();
  /// What a run of them has failed with; nothing measured since counts.
  llvm::Error failure() const;

private:
  struct Rate {
    Loaded library;
    int64_t rows = 0, runs = 1;
    bool isResident = false;
  };
  DeviceRates(Rate copy, Rate multiplyAdds)
      : copy(std::move(copy)), multiplyAdds(std::move(multiplyAdds)) {}
  double secondsOf(Rate &rate);

  Rate copy, multiplyAdds;
  int failed = 0; ///< a status
};

} // namespace upconv

#endif // UPCONV_LIB_DRIVER_DEVICERATES_H
