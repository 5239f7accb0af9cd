//===- DeviceRates.cpp - What a GPU can do, measured ----------------------===//
//
// The libraries are made without a model: a plan of one launch each, of kernels
// that come from the Halide room directly.
//
//===----------------------------------------------------------------------===//

#include "DeviceRates.h"

#include "WorkerEntries.h"

#include "upconv/Conversion/UpconvToLibraryPlan.h"
#include "upconv/Target/Halide/RateKernels.h"

#include "llvm/Support/raw_ostream.h"

#include <algorithm>
#include <cmath>

using namespace mlir;
using namespace upconv;

static const char *fileOf(Rate rate) {
  return rate == Rate::Copy ? "copy.so" : "multiply_adds.so";
}

//===----------------------------------------------------------------------===//
// Making them
//===----------------------------------------------------------------------===//

/// (rows, rateRowFloats) in and out, by one launch.
static LibraryPlan planOf(const TargetInfo &target, llvm::StringRef kernel,
                          MLIRContext &context) {
  AffineExpr rows = getAffineSymbolExpr(0, &context);
  AffineExpr floats = getAffineConstantExpr(rateRowFloats, &context);
  LibraryPlan plan;
  plan.name = "rate";
  describeTarget(target, plan);
  plan.extents = {{"rows", 0, 0}};
  plan.inputs = {{"from", "from", {rows, floats}}};
  plan.outputs = {{"to", "to", {rows, floats}}};
  plan.checks = {{ExtentCheck::Rule::FitsInt32, rows * rateRowFloats, {}, ""}};
  Step step;
  step.launch.symbol = kernel.str();
  step.launch.buffers = {{Place::Base::Input, 0, {}}};
  step.launch.scalars = {rows};
  step.launch.output = {Place::Base::Output, 0, {}};
  plan.steps = {step};
  return plan;
}

static ExitStatus makeLibrary(const TargetInfo &target, Rate rate,
                              const std::string &path) {
  const std::string kernel = "rate_kernel";
  CompiledKernel compiled;
  std::string error;
  if (!compileRateKernel(rate, kernelTargetOf(target), kernel, compiled,
                         error)) {
    printError("a kernel that measures the device cannot be compiled: " +
               error);
    return ExitInternal;
  }
  MLIRContext context(MLIRContext::Threading::DISABLED);
  LibraryPlan plan = planOf(target, kernel, context);
  llvm::Expected<std::vector<LibraryMember>> members =
      emitMembers(plan, {{kernel, compiled.object}});
  if (!members) {
    printError(members.takeError());
    return ExitInternal;
  }
  llvm::Expected<std::string> bytes = emitSharedLibrary(plan, *members);
  if (!bytes) {
    printError(bytes.takeError());
    return ExitInternal;
  }
  OutputFiles files;
  return files.add(path, *bytes) && files.commit() ? ExitOk : ExitInternal;
}

static LoadedLibrary::DeviceTime timeOf(const Loaded &loaded, int64_t runs,
                                        bool isResident, int &status) {
  LoadedLibrary::DeviceTime time;
  status = loaded.library.timeOnDevice(
      loaded.inputPointers.data(), loaded.extents.data(),
      loaded.outputPointers.data(), loaded.options(1), upconv_timing_now, runs,
      isResident, time);
  return time;
}

/// Makes both libraries in a folder, and answers with the device's name.
int upconv::deviceWorker(llvm::StringRef request) {
  FieldReader reader(request);
  Options options;
  options.target = reader.bytes().str();
  options.schedules = reader.bytes().str();
  std::string folder = reader.bytes().str();
  if (reader.failed)
    return ExitInternal;
  std::optional<ScheduleTables> tables;
  TargetInfo target;
  if (ExitStatus status = loadTarget(options, tables, target); status != ExitOk)
    return status;
  for (Rate rate : {Rate::Copy, Rate::MultiplyAdds})
    if (ExitStatus status =
            makeLibrary(target, rate, folder + "/" + fileOf(rate));
        status != ExitOk)
      return status;
  std::string path = folder + "/" + fileOf(Rate::Copy);
  llvm::Expected<Loaded> loaded = load(
      {path, "target '" + target.name + "'", "", {}}, {{1, rateRowFloats}}, 1);
  if (!loaded)
    return reportLoading(loaded.takeError());
  int status;
  LoadedLibrary::DeviceTime time = timeOf(*loaded, 1, false, status);
  if (status) {
    printError("target '" + target.name +
               "': " + loaded->library.describe(status));
    return ExitUnsupported;
  }
  llvm::outs() << time.device << ", " << target.device;
  llvm::outs().flush();
  return ExitOk;
}

ExitStatus MeasuredDevice::open(const Session &session) {
  if (!session.target.isGpu() || isOpen())
    return ExitOk;
  folder.emplace();
  if (!folder->valid())
    return ExitInternal;
  FieldWriter writer;
  writer.add(session.target.name)
      .add(session.options.schedules)
      .add(folder->file(""));
  WorkerJob job{deviceWorker, writer.take(), {/*cpuSeconds=*/300, 0}};
  WorkerResult result = runWorkers(job, 1).front();
  if (!result.ok()) {
    folder.reset();
    return failureOf(result);
  }
  deviceName = result.response;
  return ExitOk;
}

void MeasuredDevice::addTo(BenchRequest &request) const {
  if (!isOpen())
    return;
  request.copyLibrary = folder->file(fileOf(Rate::Copy));
  request.multiplyAddLibrary = folder->file(fileOf(Rate::MultiplyAdds));
  request.threads = 1; // the device is one
}

//===----------------------------------------------------------------------===//
// At work
//===----------------------------------------------------------------------===//

/// Both read and write a float for each of their own; a launch's cost must not
/// show in the copy, and a device has memory for both.
static int64_t copyRows(int64_t bytes) {
  const int64_t least = int64_t(8) << 20, most = int64_t(1) << 30;
  return std::clamp(bytes, least, most) / (2 * 4 * rateRowFloats);
}

llvm::Expected<DeviceRates> DeviceRates::load(const BenchRequest &request) {
  auto open = [](const std::string &library,
                 int64_t rows) -> llvm::Expected<Rate> {
    llvm::Expected<Loaded> loaded =
        upconv::load({library, "", "", {}}, {{rows, rateRowFloats}}, 1);
    if (!loaded)
      return loaded.takeError();
    // x -> x / 2 + 1 stays what it is, a normal number.
    float *values = loaded->inputs.front().floats();
    std::fill(values, values + rows * rateRowFloats, 1.0f);
    values[0] = 0.5f;
    return Rate{std::move(*loaded), rows, 1, false};
  };
  const int64_t mostRows = 8192; // 4 G flop: 80 us of the fastest device today
  llvm::Expected<Rate> copy =
      open(request.copyLibrary, copyRows(request.bytes));
  if (!copy)
    return copy.takeError();
  llvm::Expected<Rate> multiplyAdds =
      open(request.multiplyAddLibrary, mostRows);
  if (!multiplyAdds)
    return multiplyAdds.takeError();
  DeviceRates rates(std::move(*copy), std::move(*multiplyAdds));
  // As many rows as keep a slow device busy for a quarter of a millisecond.
  Rate &rate = rates.multiplyAdds;
  for (rate.rows = 8; rate.rows < mostRows && rates.secondsOf(rate) < 0.25e-3;)
    rate.rows *= 2;
  return std::move(rates);
}

llvm::Error DeviceRates::failure() const {
  return failed ? llvm::createStringError("upconv: error: " +
                                          copy.library.library.describe(failed))
                : llvm::Error::success();
}

/// Of one run, from runs of about a millisecond together; infinite if the
/// device fails.
double DeviceRates::secondsOf(Rate &rate) {
  rate.library.extents = {rate.rows};
  int status;
  double seconds =
      timeOf(rate.library, rate.runs, rate.isResident, status).seconds;
  // The tensors of more rows lie elsewhere, and the first two floats matter.
  rate.isResident = false;
  if (status) {
    failed = status;
    return INFINITY;
  }
  rate.runs = std::clamp<int64_t>(
      static_cast<int64_t>(1e-3 / std::max(seconds, 1e-9)), 1, 1000);
  return seconds;
}

double DeviceRates::bandwidth(int64_t bytes) {
  copy.rows = copyRows(bytes);
  double best = INFINITY;
  for (int repeat = 0; repeat < 4; ++repeat) {
    best = std::min(best, secondsOf(copy));
    copy.isResident = true;
  }
  return 1e-9 * 2 * 4 * rateRowFloats * double(copy.rows) / best;
}

double DeviceRates::gflops() {
  double seconds = secondsOf(multiplyAdds);
  multiplyAdds.isResident = true;
  return 1e-9 * 2 * rateMultiplyAdds * rateRowFloats *
         double(multiplyAdds.rows) / seconds;
}
