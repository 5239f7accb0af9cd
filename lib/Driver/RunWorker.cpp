//===- RunWorker.cpp - Generated code in a process of its own -------------===//

#include "WorkerEntries.h"

#include "Diagnostics.h"
#include "Workers.h"

#include "upconv/Driver/Machine.h"
#include "upconv/Support/Worker.h"
#include "upconv/Target/Library/LoadedLibrary.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <sys/mman.h>

using namespace upconv;

namespace {

// Page-aligned memory with huge pages asked for, zeroed.
class Buffer {
public:
  explicit Buffer(size_t bytes) : size(std::max<size_t>(bytes, 64)) {
    memory = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
      memory = nullptr;
    else
      madvise(memory, size, MADV_HUGEPAGE);
  }
  Buffer(Buffer &&other) : size(other.size), memory(other.memory) {
    other.memory = nullptr;
  }
  ~Buffer() {
    if (memory)
      munmap(memory, size);
  }
  float *floats() const { return static_cast<float *>(memory); }
  void *data() const { return memory; }

private:
  size_t size;
  void *memory;
};

// Packed weights: a file as it lies on disk, from the beginning of a page, or
// made here.
struct PackedWeights {
  std::unique_ptr<llvm::sys::fs::mapped_file_region> file;
  std::unique_ptr<Buffer> made;
  size_t size = 0;

  const void *data() const {
    return file ? file->const_data() : made ? made->data() : nullptr;
  }
};

// A library with buffers for given input shapes.
struct Loaded {
  LoadedLibrary library;
  PackedWeights weights;
  std::vector<int64_t> extents;
  LoadedLibrary::Sizes sizes;
  std::vector<Buffer> inputs, outputs;
  Buffer workspace;
  std::vector<const float *> inputPointers;
  std::vector<float *> outputPointers;

  LoadedLibrary::Options options(int threads) const {
    LoadedLibrary::Options result;
    result.workspace = workspace.data();
    result.workspaceSize = sizes.workspace;
    result.threads = threads;
    result.weights = weights.data();
    return result;
  }
};

} // namespace

static llvm::Expected<PackedWeights> mapFile(const std::string &path) {
  namespace fs = llvm::sys::fs;
  llvm::Expected<fs::file_t> file = fs::openNativeFileForRead(path);
  if (!file)
    return llvm::createStringError(
        path + ": error: cannot be read: " + llvm::toString(file.takeError()));
  llvm::scope_exit close([&] { fs::closeFile(*file); });
  fs::file_status status;
  std::error_code code = fs::status(*file, status);
  PackedWeights weights;
  if (!code) {
    weights.size = status.getSize();
    weights.file = std::make_unique<fs::mapped_file_region>(
        *file, fs::mapped_file_region::readonly, weights.size, 0, code);
  }
  if (code)
    return llvm::createStringError(
        path + ": error: cannot be read: " + code.message());
  return std::move(weights);
}

static llvm::Expected<PackedWeights> pack(const LoadedLibrary &library,
                                          llvm::ArrayRef<Tensor> variables) {
  PackedWeights weights;
  weights.size = library.packedSize();
  weights.made = std::make_unique<Buffer>(weights.size);
  std::vector<const float *> pointers;
  for (const Tensor &variable : variables)
    pointers.push_back(variable.values.empty() ? nullptr
                                               : variable.values.data());
  if (llvm::Error error = library.pack(pointers, weights.made->data()))
    return std::move(error);
  return std::move(weights);
}

static llvm::Expected<Loaded>
load(const RunSubject &subject, const std::vector<std::vector<int64_t>> &shapes,
     int threads) {
  llvm::Expected<LoadedLibrary> library =
      LoadedLibrary::open(subject.library, "", subject.shownAs);
  if (!library)
    return library.takeError();
  PackedWeights weights;
  if (library->packedSize()) {
    llvm::Expected<PackedWeights> found =
        subject.variables.empty() ? mapFile(subject.weightsFile)
                                  : pack(*library, subject.variables);
    if (!found)
      return found.takeError();
    weights = std::move(*found);
  }
  if (llvm::Error error = library->prepare(
          weights.data(), weights.size,
          weights.file ? llvm::StringRef(subject.weightsFile) : ""))
    return std::move(error);
  llvm::Expected<std::vector<int64_t>> extents = library->extentsFor(shapes);
  if (!extents)
    return extents.takeError();
  llvm::Expected<LoadedLibrary::Sizes> sizes =
      library->sizes(*extents, threads);
  if (!sizes)
    return sizes.takeError();
  Loaded loaded{std::move(*library),
                std::move(weights),
                *extents,
                *sizes,
                {},
                {},
                Buffer(sizes->workspace),
                {},
                {}};
  for (const std::vector<int64_t> &shape : shapes) {
    loaded.inputs.emplace_back(elementCount(shape) * sizeof(float));
    loaded.inputPointers.push_back(loaded.inputs.back().floats());
  }
  for (const std::vector<int64_t> &shape : sizes->outputShapes) {
    loaded.outputs.emplace_back(elementCount(shape) * sizeof(float));
    loaded.outputPointers.push_back(loaded.outputs.back().floats());
  }
  return std::move(loaded);
}

static llvm::StringRef bytesOf(const float *values, int64_t count) {
  return {reinterpret_cast<const char *>(values), count * sizeof(float)};
}

static std::vector<float> floatsOf(llvm::StringRef bytes) {
  std::vector<float> values(bytes.size() / sizeof(float));
  std::memcpy(values.data(), bytes.data(), values.size() * sizeof(float));
  return values;
}

static void writeShapes(FieldWriter &writer,
                        const std::vector<std::vector<int64_t>> &shapes) {
  writer.add(shapes.size());
  for (const std::vector<int64_t> &shape : shapes) {
    writer.add(shape.size());
    for (int64_t size : shape)
      writer.add(size);
  }
}

static std::vector<std::vector<int64_t>> readShapes(FieldReader &reader) {
  std::vector<std::vector<int64_t>> shapes;
  for (int64_t i = 0, count = reader.integer(); i < count && !reader.failed;
       ++i) {
    std::vector<int64_t> shape(reader.integer());
    for (int64_t &size : shape)
      size = reader.integer();
    shapes.push_back(std::move(shape));
  }
  return shapes;
}

//===----------------------------------------------------------------------===//
// run
//===----------------------------------------------------------------------===//

int upconv::runWorker(llvm::StringRef request) {
  FieldReader reader(request);
  RunSubject subject;
  subject.library = reader.bytes().str();
  subject.shownAs = reader.bytes().str();
  subject.weightsFile = reader.bytes().str();
  for (int64_t i = 0, count = reader.integer(); i < count && !reader.failed;
       ++i)
    subject.variables.push_back({{}, floatsOf(reader.bytes())});
  int threads = reader.integer();
  std::vector<std::vector<int64_t>> shapes = readShapes(reader);
  std::vector<llvm::StringRef> data;
  for (size_t i = 0; i < shapes.size(); ++i)
    data.push_back(reader.bytes());
  if (reader.failed)
    return ExitInternal;
  llvm::Expected<Loaded> loaded = load(subject, shapes, threads);
  if (!loaded) {
    printError(loaded.takeError());
    return ExitInvalid;
  }
  for (auto [buffer, bytes] : llvm::zip(loaded->inputs, data))
    std::memcpy(buffer.data(), bytes.data(), bytes.size());
  if (printError(loaded->library.run(loaded->inputPointers, loaded->extents,
                                     loaded->outputPointers,
                                     loaded->options(threads))))
    return ExitInvalid;
  FieldWriter writer;
  writeShapes(writer, loaded->sizes.outputShapes);
  for (auto [shape, pointer] :
       llvm::zip(loaded->sizes.outputShapes, loaded->outputPointers))
    writer.add(bytesOf(pointer, elementCount(shape)));
  llvm::outs() << writer.take();
  llvm::outs().flush();
  return ExitOk;
}

static ExitStatus failure(const WorkerResult &result) {
  if (result.signal == 0 && (result.exitStatus == ExitInvalid))
    return ExitInvalid;
  printError("the generated library failed with " + result.describe());
  return ExitInternal;
}

ExitStatus upconv::runInWorker(const RunSubject &subject,
                               const std::vector<Tensor> &inputs, int threads,
                               std::vector<Tensor> &outputs) {
  FieldWriter writer;
  std::vector<std::vector<int64_t>> shapes;
  for (const Tensor &input : inputs)
    shapes.push_back(input.shape);
  writer.add(subject.library)
      .add(subject.shownAs)
      .add(subject.weightsFile)
      .add(subject.variables.size());
  for (const Tensor &variable : subject.variables)
    writer.add(bytesOf(variable.values.data(), variable.values.size()));
  writer.add(static_cast<int64_t>(threads));
  writeShapes(writer, shapes);
  for (const Tensor &input : inputs)
    writer.add(bytesOf(input.values.data(), input.values.size()));
  WorkerJob job{"run", writer.take(), {/*cpuSeconds=*/3600, 0}};
  WorkerResult result = runWorkers(job, 1).front();
  if (!result.ok())
    return failure(result);
  FieldReader reader(result.response);
  for (std::vector<int64_t> &shape : readShapes(reader))
    outputs.push_back({std::move(shape), {}});
  for (Tensor &output : outputs)
    output.values = floatsOf(reader.bytes());
  return reader.failed ? failure(result) : ExitOk;
}

//===----------------------------------------------------------------------===//
// bench
//===----------------------------------------------------------------------===//

using Clock = std::chrono::steady_clock;

static double secondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

static double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + values.size() / 2,
                   values.end());
  return values[values.size() / 2];
}

// Seconds that the roofline allows at a peak of `gflops` per thread.
static double roofline(const BenchRequest &request, double gflops, double gbs) {
  double compute = 2.0 * request.usefulMacs / (gflops * 1e9);
  return std::max(compute, request.bytes / (gbs * 1e9));
}

static BenchResult measure(const BenchRequest &request, Loaded &loaded) {
  for (auto [buffer, shape] : llvm::zip(loaded.inputs, request.inputShapes))
    for (int64_t i = 0, count = elementCount(shape); i < count; ++i)
      buffer.floats()[i] = static_cast<float>((i * 37 + 11) % 101) / 101 - 0.5f;
  LoadedLibrary::Options options = loaded.options(request.threads);
  auto run = [&] {
    loaded.library.runRaw(loaded.inputPointers.data(), loaded.extents.data(),
                          loaded.outputPointers.data(), options);
  };
  int threads = request.threads ? request.threads : availableCores();
  auto peak = [&] {
    return threads *
           measurePeakGflops(request.vectorFloats, request.fma, 0.001);
  };
  Bandwidth bandwidth = measureBandwidth(request.bytes);
  // A layer reads and writes; the faster direction is the safe anchor.
  double gbs = std::max(bandwidth.readGbs, bandwidth.writeGbs);

  for (int i = 0; i < 3; ++i)
    run();
  std::vector<double> times, peaks, fractions;
  Clock::time_point start = Clock::now();
  while (times.size() < 9 ||
         (secondsSince(start) < request.seconds && times.size() < 10000)) {
    // A run shorter than the clock's grain is repeated until it is not.
    Clock::time_point begin = Clock::now();
    int repeats = 0;
    do {
      run();
      ++repeats;
    } while (secondsSince(begin) < 1e-3);
    double seconds = secondsSince(begin) / repeats;
    double gflops = peak();
    times.push_back(seconds * 1e3);
    peaks.push_back(gflops);
    fractions.push_back(roofline(request, gflops, gbs) / seconds);
  }
  BenchResult result;
  result.runs = times.size();
  result.medianMs = median(times);
  result.minMs = *llvm::min_element(times);
  result.peakGflops = median(peaks);
  result.readGbs = bandwidth.readGbs;
  result.writeGbs = bandwidth.writeGbs;
  result.rooflineMs = roofline(request, result.peakGflops, gbs) * 1e3;
  result.fraction = median(fractions);
  return result;
}

int upconv::benchWorker(llvm::StringRef text) {
  FieldReader reader(text);
  BenchRequest request;
  request.library = reader.bytes().str();
  request.inputShapes = readShapes(reader);
  request.threads = reader.integer();
  request.seconds = reader.integer() * 1e-6;
  request.vectorFloats = reader.integer();
  request.fma = reader.integer();
  request.usefulMacs = reader.integer();
  request.bytes = reader.integer();
  if (reader.failed)
    return ExitInternal;
  llvm::Expected<Loaded> loaded =
      load({request.library, "", "", {}}, request.inputShapes, request.threads);
  if (!loaded) {
    printError(loaded.takeError());
    return ExitInvalid;
  }
  BenchResult result = measure(request, *loaded);
  llvm::outs() << llvm::StringRef(reinterpret_cast<const char *>(&result),
                                  sizeof result);
  llvm::outs().flush();
  return ExitOk;
}

ExitStatus upconv::benchInWorker(const BenchRequest &request,
                                 BenchResult &result) {
  FieldWriter writer;
  writer.add(request.library);
  writeShapes(writer, request.inputShapes);
  writer.add(static_cast<int64_t>(request.threads))
      .add(static_cast<int64_t>(request.seconds * 1e6))
      .add(request.vectorFloats)
      .add(static_cast<int64_t>(request.fma))
      .add(request.usefulMacs)
      .add(request.bytes);
  WorkerJob job{"bench", writer.take(), {/*cpuSeconds=*/3600, 0}};
  WorkerResult worker = runWorkers(job, 1).front();
  if (!worker.ok() || worker.response.size() != sizeof result)
    return failure(worker);
  std::memcpy(&result, worker.response.data(), sizeof result);
  return ExitOk;
}
