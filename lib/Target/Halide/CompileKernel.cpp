//===- CompileKernel.cpp - KernelSpec to object code ----------------------===//
//
// Chooses the strategy's builder, drives Halide, checks that the object needs
// no runtime, and turns every failure into one line. The listings that
// `inspect` shows come from the same module as the object.
//
//===----------------------------------------------------------------------===//

#include "upconv/Target/Halide/CompileKernel.h"

#include "Builder.h"
#include "CompileBuilt.h"
#include "GpuContraction.h"
#include "LoweringPasses.h"
#include "MacCount.h"
#include "MatrixTiles.h"
#include "MicroTile.h"
#include "ObjectCheck.h"
#include "Pairs.h"
#include "SharedMemory.h"
#include "ThreadRegisters.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <fstream>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <unistd.h>

using Halide::OutputFileType;

namespace upconv {

namespace {

/// Keeps Halide's warnings off stderr and turns its errors into exceptions.
class QuietReporter : public Halide::CompileTimeErrorReporter {
public:
  void warning(const char *) override {}
  [[noreturn]] void error(const char *message) override {
    throw std::runtime_error(message);
  }
};

/// Captures what Halide prints to std::cerr (its loop nests).
class CapturedErrors {
public:
  CapturedErrors() : before(std::cerr.rdbuf(stream.rdbuf())) {}
  ~CapturedErrors() { std::cerr.rdbuf(before); }
  std::string text() const { return stream.str(); }

private:
  std::ostringstream stream;
  std::streambuf *before;
};

/// A file name that disappears with its file.
class TemporaryFile {
public:
  explicit TemporaryFile(const std::string &extension) {
    const char *folder = std::getenv("TMPDIR");
    path = std::string(folder ? folder : "/tmp") + "/upconv-XXXXXX" + extension;
    int descriptor = mkstemps(path.data(), static_cast<int>(extension.size()));
    if (descriptor < 0)
      throw std::runtime_error("cannot create the temporary file '" + path +
                               "'");
    close(descriptor);
  }
  ~TemporaryFile() { std::remove(path.c_str()); }
  TemporaryFile(const TemporaryFile &) = delete;
  TemporaryFile &operator=(const TemporaryFile &) = delete;

  std::string contents() const {
    std::ifstream stream(path, std::ios::binary);
    std::ostringstream text;
    text << stream.rdbuf();
    return text.str();
  }
  std::string path;
};

} // namespace

std::string halideVersion() {
  return std::to_string(HALIDE_VERSION_MAJOR) + "." +
         std::to_string(HALIDE_VERSION_MINOR) + "." +
         std::to_string(HALIDE_VERSION_PATCH);
}

static void build(Builder &builder) {
  switch (builder.spec.anchor) {
  case Anchor::ConvTranspose:
  case Anchor::Conv:
    return builder.spec.target.isGpu() ? emitGpuContraction(builder)
                                       : emitContraction(builder);
  case Anchor::MaxPool:
  case Anchor::AveragePool:
    return buildPool(builder);
  case Anchor::Softmax:
    return buildSoftmax(builder);
  case Anchor::Elementwise:
  case Anchor::Transpose:
  case Anchor::Copy:
  case Anchor::Round:
    return buildElementwise(builder);
  case Anchor::Reindex:
    return buildReindex(builder);
  case Anchor::Interpolate:
    return buildInterpolate(builder);
  case Anchor::Reduce:
    return buildReduce(builder);
  case Anchor::Lookup:
    return buildLookup(builder);
  case Anchor::SumParts:
    return buildSumParts(builder);
  }
}

static Halide::Target halideTarget(const KernelSpec &spec) {
  Halide::Target target = Halide::Target(spec.target.halide)
                              .with_feature(Halide::Target::NoRuntime)
                              .with_feature(Halide::Target::NoAsserts)
                              .with_feature(Halide::Target::NoBoundsQuery);
  // Names the device and its memory to the functions that launch kernels.
  if (spec.target.isGpu())
    target.set_feature(Halide::Target::UserContext);
  return target;
}

/// The definitions of every Func, then the loop nest.
static std::string halideListing(Halide::Pipeline &pipeline,
                                 Halide::Func &output) {
  using namespace Halide::Internal;
  std::ostringstream text;
  std::map<std::string, Function> functions =
      build_environment({output.function()});
  auto define = [&](const std::string &name, const Definition &definition) {
    if (!definition.defined())
      return;
    text << name << "(";
    for (size_t i = 0; i < definition.args().size(); ++i)
      text << (i ? ", " : "") << simplify(definition.args()[i]);
    text << ") = ";
    for (size_t i = 0; i < definition.values().size(); ++i)
      text << (i ? ", " : "") << simplify(definition.values()[i]);
    for (const ReductionVariable &v : definition.schedule().rvars())
      text << "\n    for " << v.var << " in [" << v.min << ", "
           << simplify(v.min + v.extent) << ")";
    if (!is_const_one(definition.predicate()))
      text << "\n    where " << definition.predicate();
    text << "\n";
  };
  for (const auto &[name, function] : functions) {
    define(name, function.definition());
    for (const Definition &update : function.updates())
      define(name, update);
    text << "\n";
  }
  CapturedErrors captured;
  pipeline.print_loop_nest();
  text << captured.text();
  return text.str();
}

static std::string compiledText(const Halide::Module &module,
                                OutputFileType type,
                                const std::string &extension) {
  TemporaryFile file(extension);
  module.compile({{type, file.path}});
  return file.contents();
}

static void checkHalo(const KernelSpec &spec) {
  HaloRequirement halo = requiredHalo(spec);
  auto available = [](const std::vector<int64_t> &given, size_t d) {
    return d < given.size() ? given[d] : 0;
  };
  for (size_t d = 0; d < spec.input.rank(); ++d)
    if (available(spec.input.haloLow, d) < halo.low[d] ||
        available(spec.input.haloHigh, d) < halo.high[d])
      throw std::runtime_error(
          "strategy '" + spec.schedule.strategy + "' reads a halo of " +
          std::to_string(halo.low[d]) + " and " + std::to_string(halo.high[d]) +
          " along dimension " + std::to_string(d) + ", the input has " +
          std::to_string(available(spec.input.haloLow, d)) + " and " +
          std::to_string(available(spec.input.haloHigh, d)));
}

/// The functions that the library has for the kernels of a GPU
/// (upconv/Runtime/Device.h), as Halide names them.
static bool isDeviceFunction(const std::string &symbol) {
  return symbol.rfind("halide_opencl_", 0) == 0 ||
         symbol.rfind("halide_cuda_", 0) == 0 ||
         symbol == "halide_copy_to_device";
}

/// What emitKernelCode makes instructions of.
static bool isTileInstruction(const std::string &symbol) {
  return symbol.rfind("upconv_tile_", 0) == 0;
}

static std::optional<std::string>
missingSymbol(const KernelSpec &spec, const std::string &object, bool isFinal) {
  for (const std::string &symbol : undefinedSymbols(object))
    if (symbol != "memset" && symbol != "memcpy" &&
        !(spec.target.isGpu() && isDeviceFunction(symbol)) &&
        !(!isFinal && isTileInstruction(symbol)))
      return "the kernel's object needs the symbol '" + symbol + "'";
  return std::nullopt;
}

std::optional<std::string> missingSymbol(const KernelSpec &spec,
                                         const std::string &object) {
  return missingSymbol(spec, object, /*isFinal=*/true);
}

static std::string objectBytes(const Halide::Module &module,
                               const KernelSpec &spec) {
  auto buffer = module.compile_to_buffer();
  std::string object(reinterpret_cast<const char *>(buffer.data()),
                     buffer.size_in_bytes());
  bool isFinal = !spec.usesMatrixTiles();
  if (auto missing = missingSymbol(spec, object, isFinal))
    throw std::runtime_error(*missing);
  return object;
}

/// What the device is given: OpenCL C or PTX.
static std::string deviceCode(const Halide::Module &module) {
  for (const Halide::Buffer<> &buffer : module.buffers())
    if (buffer.name().find("_gpu_source_kernels") != std::string::npos) {
      const char *text = static_cast<const char *>(buffer.data());
      return std::string(text, strnlen(text, buffer.size_in_bytes()));
    }
  return "// no kernel\n";
}

static std::string listing(const KernelSpec &spec, KernelText kind,
                           Halide::Pipeline &pipeline, Builder &builder,
                           const Halide::Module &module) {
  switch (kind) {
  case KernelText::Object:
    return "";
  case KernelText::Halide:
    return halideListing(pipeline, builder.output);
  case KernelText::Stmt: {
    std::ostringstream text;
    text << module;
    return text.str();
  }
  case KernelText::StmtHtml:
    return compiledText(module, OutputFileType::stmt_html, ".stmt.html");
  case KernelText::Llvm:
    return compiledText(module, OutputFileType::llvm_assembly, ".ll");
  case KernelText::Assembly:
    return compiledText(module, OutputFileType::assembly, ".s");
  case KernelText::Bitcode:
    return compiledText(module, OutputFileType::bitcode, ".bc");
  case KernelText::Ptx:
    if (spec.target.isGpu())
      return deviceCode(module);
    return "// target '" + spec.target.halide + "' is a CPU: no PTX\n";
  }
  return "";
}

/// The scalars that are multiples of four floats wherever the channels are:
/// strides of the input. None where the channels are not.
static std::optional<std::vector<std::string>>
multiplesOfFour(const KernelSpec &spec, const Builder &builder) {
  const TensorArgument &input = spec.input;
  if (input.rank() < 2 || !(input.strides.back() == Size::of(1)) ||
      spec.inputChannels() % splatFloats != 0)
    return std::nullopt;
  std::vector<std::string> names;
  for (size_t d = input.rank() - 1; d-- > 0;) {
    const Size &stride = input.strides[d];
    // The innermost is known, and those outside it are its multiples.
    if (stride.isConstant() ? stride.constant % splatFloats != 0
                            : d == input.rank() - 2)
      return std::nullopt;
    if (!stride.isConstant())
      names.push_back(
          builder.size(stride).as<Halide::Internal::Variable>()->name);
  }
  return names;
}

static void compileDefined(const KernelSpec &spec, KernelText kind,
                           const std::function<void(Builder &)> &build,
                           CompiledKernel &result) {
  Builder builder(spec);
  if (kind == KernelText::Bitcode && streamsOutput(spec))
    builder.output.output_buffer().set_host_alignment(kStreamedBytes);
  build(builder);
  Halide::Pipeline pipeline(builder.output);
  pipeline.add_custom_lowering_pass(new PinBufferMins);
  pipeline.add_custom_lowering_pass(new UnalignedSums(builder.output.name()));
  if (!builder.inRegisters.empty())
    pipeline.add_custom_lowering_pass(new ThreadRegisters(builder.inRegisters));
  if (spec.target.device == "opencl")
    pipeline.add_custom_lowering_pass(new PlainFloats);
  if (spec.hasWeights() && !spec.target.isGpu() &&
      spec.schedule.knob("fuse", 1) != 0)
    pipeline.add_custom_lowering_pass(
        new FuseLoops(spec.schedule.fusesTiles()));
  if (spec.schedule.knob("reduce", 0) != 0)
    pipeline.add_custom_lowering_pass(
        new PairNeighbours(spec.target.vectorFloats));
  if (spec.hasWeights() && spec.schedule.knob("splat", 0) != 0)
    if (auto multiples = multiplesOfFour(spec, builder))
      pipeline.add_custom_lowering_pass(
          new LanesOfVectors(builder.inputName(), *multiples));
  pipeline.add_custom_lowering_pass(new NameNegativePlaces);
  if (prefetchesInput(spec))
    pipeline.add_custom_lowering_pass(new LowerPrefetches);
  if (int64_t distance = weightsAhead(spec))
    pipeline.add_custom_lowering_pass(
        new PrefetchWeights(builder.weightsName(), distance));
  if (spec.multipliesPairs())
    pipeline.add_custom_lowering_pass(new LowerPairs(halideTarget(spec)));
  if (spec.usesMatrixTiles())
    pipeline.add_custom_lowering_pass(new LowerMatrixTiles);
  Halide::Module module = pipeline.compile_to_module(
      builder.arguments(), spec.name, halideTarget(spec));
  if (spec.target.device == "cuda")
    module = withSharedSymbol(module);

  TaskAxis task = taskAxis(spec);
  Size extent = taskExtent(spec);
  // Loops that became launches cannot be counted.
  bool known =
      !spec.target.isGpu() && (task == TaskAxis::None || extent.isConstant());
  for (const Halide::Internal::LoweredFunc &function : module.functions())
    if (function.name == spec.name && spec.hasWeights() && known)
      if (auto loops = countMacs(function.body, 0, extent.constant)) {
        result.executedMacs = 0;
        for (const auto &[name, macs] : *loops)
          result.executedMacs += macs;
        result.loopMacs = std::move(*loops);
      }
  // Whoever wants bitcode makes the object from it, and where that is ELF looks
  // at its symbols.
  if (kind != KernelText::Bitcode || !spec.target.triple.empty())
    result.object = objectBytes(module, spec);
  result.text = listing(spec, kind, pipeline, builder, module);
}

static std::string oneLine(std::string message) {
  for (char &c : message)
    if (c == '\n')
      c = ' ';
  while (!message.empty() && (message.back() == ' ' || message.back() == '.'))
    message.pop_back();
  return message;
}

/// Turns what `compile` throws into one line.
static bool reporting(const std::string &name,
                      const std::function<void()> &compile,
                      std::string &error) {
  static QuietReporter reporter;
  try {
    Halide::set_custom_compile_time_error_reporter(&reporter);
    compile();
    return true;
  } catch (const std::exception &exception) {
    error = oneLine(exception.what());
  } catch (...) {
    error = "unknown failure while compiling '" + name + "'";
  }
  return false;
}

bool compileKernel(const KernelSpec &spec, KernelText text,
                   CompiledKernel &result, std::string &error) {
  auto compile = [&] {
    if (auto violation = scheduleViolation(spec))
      throw std::runtime_error(*violation);
    checkHalo(spec);
    compileDefined(spec, text, build, result);
  };
  return reporting(spec.name, compile, error);
}

bool compileBuilt(const KernelSpec &spec, KernelText text,
                  const std::function<void(Builder &)> &build,
                  CompiledKernel &result, std::string &error) {
  auto compile = [&] { compileDefined(spec, text, build, result); };
  return reporting(spec.name, compile, error);
}

} // namespace upconv
