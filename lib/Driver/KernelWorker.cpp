//===- KernelWorker.cpp - One kernel, one process -------------------------===//

#include "WorkerEntries.h"

#include "Diagnostics.h"
#include "Workers.h"

#include "upconv/Conversion/KernelSpecText.h"
#include "upconv/Support/Worker.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/raw_ostream.h"

#include <chrono>
#include <numeric>

using namespace upconv;

int upconv::kernelWorker(llvm::StringRef request) {
  FieldReader reader(request);
  auto text = static_cast<KernelText>(reader.integer());
  llvm::Expected<KernelSpec> spec = parseKernelSpec(reader.bytes());
  if (!spec || reader.failed) {
    llvm::consumeError(spec.takeError());
    return ExitInternal;
  }
  CompiledKernel kernel;
  std::string error;
  FieldWriter writer;
  bool ok = compileKernel(*spec, text, kernel, error);
  writer.add(ok)
      .add(error)
      .add(kernel.object)
      .add(kernel.text)
      .add(kernel.executedMacs)
      .add(kernel.loopMacs.size());
  for (const auto &[name, macs] : kernel.loopMacs)
    writer.add(name).add(macs);
  llvm::outs() << writer.take();
  llvm::outs().flush();
  return ExitOk;
}

// The number of multiply-adds guides the order: the longest compilations first.
static std::vector<size_t> slowestFirst(const std::vector<KernelSpec> &specs) {
  std::vector<size_t> order(specs.size());
  std::iota(order.begin(), order.end(), 0);
  auto cost = [&](size_t index) {
    int64_t phases = 1;
    for (int64_t stride : specs[index].strides)
      phases *= stride;
    return specs[index].hasWeights() ? phases : 0;
  };
  llvm::stable_sort(order,
                    [&](size_t a, size_t b) { return cost(a) > cost(b); });
  return order;
}

ExitStatus
upconv::compileInWorkers(const std::vector<KernelSpec> &specs, KernelText text,
                         unsigned jobs, std::vector<CompiledKernel> &kernels,
                         std::vector<double> &seconds,
                         llvm::function_ref<ExitStatus()> meanwhile) {
  std::vector<size_t> order = slowestFirst(specs);
  std::vector<WorkerJob> requests;
  // A schedule that makes Halide explode must not take the machine with it.
  const WorkerLimits limits{/*cpuSeconds=*/300,
                            /*addressSpaceBytes=*/int64_t(8) << 30};
  for (size_t index : order) {
    FieldWriter writer;
    writer.add(static_cast<int64_t>(text)).add(printKernelSpec(specs[index]));
    requests.push_back({kernelWorker, writer.take(), limits});
  }
  bool terminal = llvm::sys::Process::StandardErrIsDisplayed();
  auto start = std::chrono::steady_clock::now();
  bool shown = false;
  auto progress = [&](size_t done) {
    std::chrono::duration<double> elapsed =
        std::chrono::steady_clock::now() - start;
    if (!terminal || elapsed.count() < 2)
      return;
    llvm::errs() << "\rcompiled " << done << " of " << specs.size()
                 << " kernels";
    shown = true;
  };
  ExitStatus own = ExitOk;
  std::vector<WorkerResult> results =
      runWorkers(requests, jobs ? jobs : availableCores(), progress, [&] {
        own = meanwhile();
        return own == ExitOk;
      });
  if (shown)
    llvm::errs() << "\n";
  if (own != ExitOk)
    return own;

  kernels.resize(specs.size());
  seconds.resize(specs.size());
  for (auto [index, result] : llvm::zip(order, results)) {
    FieldReader reader(result.response);
    bool ok = reader.integer();
    std::string error = reader.bytes().str();
    CompiledKernel &kernel = kernels[index];
    kernel.object = reader.bytes().str();
    kernel.text = reader.bytes().str();
    kernel.executedMacs = reader.integer();
    for (int64_t i = 0, count = reader.integer(); i < count && !reader.failed;
         ++i) {
      std::string name = reader.bytes().str();
      kernel.loopMacs[name] = reader.integer();
    }
    seconds[index] = result.seconds;
    if (!result.ok() || reader.failed)
      error = "its worker failed with " + result.describe();
    if (!ok || !error.empty()) {
      printError("kernel '" + specs[index].name + "' (strategy '" +
                 specs[index].schedule.strategy +
                 "') cannot be compiled: " + error);
      return ExitInternal;
    }
  }
  return ExitOk;
}
