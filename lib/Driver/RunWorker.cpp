//===- RunWorker.cpp - Generated code in a process of its own -------------===//

#include "LoadedModel.h"
#include "WorkerEntries.h"

#include "Diagnostics.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/raw_ostream.h"

#include <cstring>

using namespace upconv;

static llvm::StringRef bytesOf(const float *values, int64_t count) {
  return {reinterpret_cast<const char *>(values), count * sizeof(float)};
}

static std::vector<float> floatsOf(llvm::StringRef bytes) {
  std::vector<float> values(bytes.size() / sizeof(float));
  std::memcpy(values.data(), bytes.data(), values.size() * sizeof(float));
  return values;
}

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
  if (!loaded)
    return reportLoading(loaded.takeError());
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
  WorkerJob job{runWorker, writer.take(), {/*cpuSeconds=*/3600, 0}};
  WorkerResult result = runWorkers(job, 1).front();
  if (!result.ok())
    return failureOf(result);
  FieldReader reader(result.response);
  for (std::vector<int64_t> &shape : readShapes(reader))
    outputs.push_back({std::move(shape), {}});
  for (Tensor &output : outputs)
    output.values = floatsOf(reader.bytes());
  return reader.failed ? failureOf(result) : ExitOk;
}
