//===- KernelWorker.cpp - One kernel, one process -------------------------===//

#include "WorkerEntries.h"

#include "Diagnostics.h"
#include "KernelCache.h"
#include "Options.h"
#include "Workers.h"

#include "upconv/Conversion/KernelSpecText.h"
#include "upconv/Support/Worker.h"
#include "upconv/Target/Library/EmitLibrary.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/raw_ostream.h"

#include <chrono>
#include <numeric>

using namespace upconv;

/// Whether LLVM emits the code, and not Halide.
static bool goesByBitcode(const KernelSpec &spec) {
  return !spec.target.triple.empty() || streamsOutput(spec) ||
         spec.usesMatrixTiles() || prefetchesInput(spec) ||
         weightsAhead(spec) != 0;
}

/// Compiles a kernel by way of its bitcode.
static bool compileBitcode(const KernelSpec &spec, bool asAssembly,
                           CompiledKernel &kernel, std::string &error) {
  if (!compileKernel(spec, KernelText::Bitcode, kernel, error))
    return false;
  std::string bitcode = std::move(kernel.text), text;
  auto emit = [&](bool assembly, std::string &into) {
    llvm::Expected<std::string> code =
        emitKernelCode(bitcode, spec.target.triple,
                       streamsOutput(spec) ? spec.name : "", assembly);
    if (!code)
      error = llvm::toString(code.takeError());
    else
      into = std::move(*code);
    return error.empty();
  };
  bool ok = emit(false, kernel.object) && (!asAssembly || emit(true, text));
  if (ok)
    error = missingSymbol(spec, kernel.object).value_or("");
  kernel.text = std::move(text);
  return error.empty();
}

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
  bool emitsCode = text == KernelText::Object || text == KernelText::Assembly;
  bool ok =
      emitsCode && goesByBitcode(*spec)
          ? compileBitcode(*spec, text == KernelText::Assembly, kernel, error)
          : compileKernel(*spec, text, kernel, error);
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

/// False if the answer is none of kernelWorker's.
static bool parseAnswer(llvm::StringRef answer, CompiledKernel &kernel,
                        std::string &error) {
  FieldReader reader(answer);
  bool ok = reader.integer();
  error = reader.bytes().str();
  kernel.object = reader.bytes().str();
  kernel.text = reader.bytes().str();
  kernel.executedMacs = reader.integer();
  for (int64_t i = 0, count = reader.integer(); i < count && !reader.failed;
       ++i) {
    std::string name = reader.bytes().str();
    kernel.loopMacs[name] = reader.integer();
  }
  if (!ok && error.empty())
    error = "its worker says nothing";
  return !reader.failed;
}

static std::vector<WorkerResult>
runWithProgress(llvm::ArrayRef<WorkerJob> jobs, unsigned parallel,
                llvm::function_ref<bool()> meanwhile) {
  bool terminal = llvm::sys::Process::StandardErrIsDisplayed();
  auto start = std::chrono::steady_clock::now();
  bool shown = false;
  auto progress = [&](size_t done) {
    std::chrono::duration<double> elapsed =
        std::chrono::steady_clock::now() - start;
    if (!terminal || elapsed.count() < 2)
      return;
    llvm::errs() << "\rcompiled " << done << " of " << jobs.size()
                 << " kernels";
    shown = true;
  };
  std::vector<WorkerResult> results = runWorkers(
      jobs, parallel ? parallel : availableCores(), progress, meanwhile);
  if (shown)
    llvm::errs() << "\n";
  return results;
}

ExitStatus upconv::compileInWorkers(
    const std::vector<KernelSpec> &specs, KernelText text,
    const Options &options, std::vector<CompiledKernel> &kernels,
    std::vector<double> &seconds, llvm::function_ref<ExitStatus()> meanwhile) {
  kernels.assign(specs.size(), {});
  seconds.assign(specs.size(), 0);
  KernelCache cache(options.cache);
  std::string error;
  std::vector<size_t> missing;
  std::vector<WorkerJob> jobs;
  // A schedule that makes Halide explode must not take the machine with it.
  const WorkerLimits limits{/*cpuSeconds=*/300,
                            /*addressSpaceBytes=*/int64_t(8) << 30};
  for (size_t index : slowestFirst(specs)) {
    FieldWriter writer;
    writer.add(static_cast<int64_t>(text)).add(printKernelSpec(specs[index]));
    std::string request = writer.take();
    std::optional<std::string> kept = cache.find(request);
    if (kept && parseAnswer(*kept, kernels[index], error))
      continue;
    missing.push_back(index);
    jobs.push_back({kernelWorker, std::move(request), limits});
  }
  if (cache.isUsed() && options.remarks)
    llvm::errs() << "upconv: remark: " << specs.size() - jobs.size() << " of "
                 << specs.size() << " kernels come from the cache\n";

  ExitStatus own = ExitOk;
  std::vector<WorkerResult> results = runWithProgress(jobs, options.jobs, [&] {
    own = meanwhile();
    return own == ExitOk;
  });
  if (own != ExitOk)
    return own;
  for (auto [index, job, result] : llvm::zip(missing, jobs, results)) {
    seconds[index] = result.seconds;
    if (!parseAnswer(result.response, kernels[index], error) || !result.ok())
      error = "its worker failed with " + result.describe();
    if (!error.empty()) {
      printError("kernel '" + specs[index].name + "' (strategy '" +
                 specs[index].schedule.strategy +
                 "') cannot be compiled: " + error);
      return ExitInternal;
    }
    cache.keep(job.request, result.response);
  }
  return ExitOk;
}
