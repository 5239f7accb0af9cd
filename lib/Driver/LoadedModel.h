//===- LoadedModel.h - A generated library with its buffers ---------------===//
//
// The worker's side of run and bench. Generated code is only ever loaded in a
// process of its own.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_LIB_DRIVER_LOADEDMODEL_H
#define UPCONV_LIB_DRIVER_LOADEDMODEL_H

#include "Workers.h"

#include "upconv/Support/Worker.h"
#include "upconv/Target/Library/LoadedLibrary.h"

#include "llvm/Support/FileSystem.h"

#include <algorithm>
#include <memory>
#include <sys/mman.h>

namespace upconv {

/// Page-aligned memory with huge pages asked for, zeroed.
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

/// Packed weights: a file as it lies on disk, from the beginning of a page, or
/// made here.
struct PackedWeights {
  std::unique_ptr<llvm::sys::fs::mapped_file_region> file;
  std::unique_ptr<Buffer> made;
  size_t size = 0;

  const void *data() const {
    return file ? file->const_data() : made ? made->data() : nullptr;
  }
};

/// A library with buffers for given input shapes.
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

/// Loads a library, prepares it and makes buffers for inputs of these shapes.
llvm::Expected<Loaded> load(const RunSubject &subject,
                            const std::vector<std::vector<int64_t>> &shapes,
                            int threads);

/// Prints why a library was not loaded; ExitUnsupported if this machine lacks
/// what it runs on.
ExitStatus reportLoading(llvm::Error error);

void writeShapes(FieldWriter &writer,
                 const std::vector<std::vector<int64_t>> &shapes);
std::vector<std::vector<int64_t>> readShapes(FieldReader &reader);

/// What a failed worker of this kind means; prints it unless the worker has.
ExitStatus failureOf(const WorkerResult &result);

} // namespace upconv

#endif // UPCONV_LIB_DRIVER_LOADEDMODEL_H
