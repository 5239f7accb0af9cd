//===- Header.cpp - The C header of a library -----------------------------===//
//
// Needs nothing but <stddef.h> and <stdint.h>; its first comment is the
// library's documentation. docs/HeaderABI.md explains each part.
//
//===----------------------------------------------------------------------===//

#include "DeviceHeader.h"
#include "PlanQueries.h"

#include "upconv/Runtime/Device.h"
#include "upconv/Target/Library/EmitLibrary.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

using namespace upconv;

/// Text of the user's (layer names, file names) made safe for a comment: no end
/// of comment, no control or direction-changing characters, one line.
static std::string comment(llvm::StringRef text) {
  std::string valid = llvm::json::fixUTF8(text);
  std::string safe;
  for (size_t i = 0; i < valid.size(); ++i) {
    unsigned char c = valid[i];
    char last = safe.empty() ? ' ' : safe.back();
    if (c < 0x20 || c == 0x7f || c == '\\')
      safe += c == '\\' ? '/' : ' ';
    else if ((c == '/' && last == '*') || (c == '*' && last == '/') ||
             (c == '?' && last == '?'))
      (safe += ' ') += char(c);
    else if (c == 0xe2 && i + 2 < valid.size() &&
             ((unsigned char)valid[i + 1] == 0x80 ||
              (unsigned char)valid[i + 1] == 0x81)) {
      safe += '.'; // U+2000 to U+207F: among them all bidirectional controls
      i += 2;
    } else
      safe += char(c);
  }
  // Escaping the backslash may have made a new pair.
  for (size_t at = 0; (at = safe.find("*/", at)) != std::string::npos;)
    safe.replace(at, 2, "* /");
  for (size_t at = 0; (at = safe.find("/*", at)) != std::string::npos;)
    safe.replace(at, 2, "/ *");
  return safe;
}

namespace {
class HeaderWriter {
public:
  HeaderWriter(const LibraryPlan &plan, llvm::raw_ostream &out)
      : plan(plan), out(out), name(plan.name),
        upper(llvm::StringRef(plan.name).upper()),
        isDynamic(!plan.extents.empty()), onDevice(!plan.device.empty()) {}

  void write();

private:
  void documentation();
  void documentWeights();
  void documentWorkspace();
  void documentTarget(const LibraryPlan &part);
  void documentKernels(const LibraryPlan &part);
  void documentPort(const Port &port, const char *what);
  void constants();
  void variables();
  void types();
  void functions();

  const LibraryPlan &plan;
  llvm::raw_ostream &out;
  std::string name, upper;
  bool isDynamic, onDevice;
};
} // namespace

static std::string plural(int64_t count, llvm::StringRef what) {
  return std::to_string(count) + " " + what.str() + (count == 1 ? "" : "s");
}

void HeaderWriter::documentPort(const Port &port, const char *what) {
  out << " *   " << what << " " << port.name << " (layer '"
      << comment(port.layerName) << "'): float32 " << spellShape(port, plan);
  if (std::optional<int64_t> count = staticCount(port))
    out << ", " << plural(*count * 4, "byte");
  out << "\n";
}

void HeaderWriter::documentWeights() {
  if (!takesWeights(plan)) {
    size_t values = plan.weights.values.size();
    for (const LibraryPlan &part : plan.parts)
      values += part.weights.values.size();
    out << " *\n * Weights: " << plural(values * sizeof(float), "byte")
        << ", read-only, inside the library"
        << (plan.parts.empty() ? "" : ", for each target its own") << ".\n";
    return;
  }
  out << " *\n * Weights: " << plural(packedSize(plan), "byte") << ", packed, ";
  if (plan.weightsMode == WeightsMode::External)
    out << "in " << weightsFileName(plan)
        << ". Map or read the file into\n * memory";
  else
    out << "made by " << name << "_pack in memory";
  out << " aligned to " << UPCONV_RT_WORKSPACE_ALIGNMENT
      << " bytes, hand it to\n * " << name
      << "_prepare, which checks all of it, and to every run by "
         "options.weights.\n * It is only read; any number of runs share "
         "it.\n";
}

void HeaderWriter::documentWorkspace() {
  out << " * Workspace: ";
  if (std::optional<int64_t> bytes = staticWorkspaceBytes(plan))
    out << plural(*bytes, "byte");
  else
    out << (onDevice ? "as the extents want it"
                     : "what " + name + "_workspace_size says");
  if (onDevice) {
    out << ", on the device; options->workspace is not read.\n";
    return;
  }
  out << ", aligned to " << UPCONV_RT_WORKSPACE_ALIGNMENT
      << "; one per run at a time.\n";
}

void HeaderWriter::documentTarget(const LibraryPlan &part) {
  out << " * Target: " << comment(part.target) << " (" << comment(part.triple)
      << ")";
  if (!part.requiredCpuFeatures.empty())
    out << "; needs " << llvm::join(part.requiredCpuFeatures, ", ");
  out << ".\n";
}

void HeaderWriter::documentKernels(const LibraryPlan &part) {
  unsigned index = 0;
  for (const Step &step : part.steps) {
    if (step.kind != Step::Kind::Launch)
      continue;
    if (!index)
      out << " *\n * Kernels"
          << (part.partOf.empty() ? "" : " of " + part.target)
          << ", in order:\n";
    out << " *   " << ++index << ". " << comment(step.launch.symbol);
    if (!step.launch.description.empty())
      out << ": " << comment(step.launch.description);
    out << "\n";
  }
}

void HeaderWriter::documentation() {
  out << "/* " << name << ".h - made by upconv " << UPCONV_VERSION;
  if (!plan.madeWith.empty())
    out << " (" << comment(plan.madeWith) << ")";
  out << "\n *\n"
      << " * Model '" << comment(plan.modelName) << "' from "
      << comment(plan.sourceFile);
  if (!plan.kerasVersion.empty())
    out << " (Keras " << comment(plan.kerasVersion) << ")";
  out << ", " << plural(plan.parameters, "parameter") << ".\n *\n"
      << " * Ports: dense, row-major, the last dimension contiguous, aligned "
         "as "
         "float is;\n"
         " * an output may not overlap an input or another output.\n";
  for (const Port &port : plan.inputs)
    documentPort(port, "input ");
  for (const Port &port : plan.outputs)
    documentPort(port, "output");
  if (isDynamic) {
    out << " *\n * Run-time extents: fields of " << name
        << "_inputs, at least 1 each.\n";
    for (const RuntimeExtent &extent : plan.extents)
      out << " *   " << extent.field << ": dimension " << extent.dimension
          << " of " << plan.inputs[extent.input].name << "\n";
    for (const ExtentCheck &check : plan.checks)
      out << " *   refused: " << comment(check.message) << "\n";
  }
  documentWeights();
  documentWorkspace();
  for (const LibraryPlan &part : plan.parts)
    documentTarget(part);
  if (plan.parts.empty())
    documentTarget(plan);
  else
    out << " * The first of these targets that the processor runs is used.\n";
  out << " * Links against the C library and its threads (-pthread), "
         "nothing "
         "else.\n";
  documentKernels(plan);
  for (const LibraryPlan &part : plan.parts)
    documentKernels(part);
  if (onDevice)
    return documentDevice(plan, out);
  out << " *\n * Every function may be called by any number of threads at "
         "once; "
         "nothing is kept\n"
         " * between runs. After "
      << name
      << "_prepare, with a workspace given and threads = 1,\n"
         " * a run makes no system call, takes no lock and allocates nothing.\n"
         " */\n";
}

void HeaderWriter::constants() {
  // Two ports whose names differ by case, or an input and an output of one
  // name, share a macro if they agree and have none if they do not.
  std::vector<std::pair<std::string, int64_t>> macros;
  for (const std::vector<Port> *ports : {&plan.inputs, &plan.outputs})
    for (const Port &port : *ports) {
      std::string macro = llvm::StringRef(port.name).upper() + "_COUNT";
      int64_t count = staticCount(port).value_or(-1);
      auto known = llvm::find_if(
          macros, [&](const auto &entry) { return entry.first == macro; });
      if (known == macros.end())
        macros.emplace_back(macro, count);
      else if (known->second != count)
        known->second = -1;
    }
  if (std::optional<int64_t> bytes = staticWorkspaceBytes(plan))
    macros.emplace_back("WORKSPACE_SIZE", onDevice ? 0 : *bytes);
  if (takesWeights(plan))
    macros.emplace_back("PACKED_SIZE", packedSize(plan));
  bool any = false;
  for (const auto &[macro, value] : macros) {
    if (value < 0)
      continue;
    out << "#define " << upper << "_" << macro << " ((size_t)" << value
        << ")\n";
    any = true;
  }
  if (any)
    out << "\n";
}

void HeaderWriter::variables() {
  if (plan.variables.empty())
    return;
  out << "/* The model's variables as Keras holds them: float32, dense, "
         "row-major. What no\n * kernel needs may be NULL. */\n"
         "typedef struct {\n";
  for (const Variable &variable : plan.variables)
    out << "  const float *" << variable.field << "; /* "
        << spellShape(variable.shape) << ", " << comment(variable.path)
        << (variable.used ? "" : ", not needed") << " */\n";
  out << "} " << name << "_weights;\n\n";
}

void HeaderWriter::types() {
  std::vector<std::pair<const char *, int>> statuses = {
      {"OK", UPCONV_RT_OK},
      {"INVALID_ARGUMENT", UPCONV_RT_INVALID_ARGUMENT},
      {"INVALID_EXTENT", UPCONV_RT_INVALID_EXTENT},
      {"OVERFLOW", UPCONV_RT_OVERFLOW},
      {"WORKSPACE_TOO_SMALL", UPCONV_RT_WORKSPACE_TOO_SMALL},
      {"WORKSPACE_MISALIGNED", UPCONV_RT_WORKSPACE_MISALIGNED},
      {"OUT_OF_MEMORY", UPCONV_RT_OUT_OF_MEMORY},
      {"UNSUPPORTED_CPU", UPCONV_RT_UNSUPPORTED_CPU},
      {"INTERNAL", UPCONV_RT_INTERNAL},
      {"INVALID_WEIGHTS", UPCONV_RT_INVALID_WEIGHTS}};
  if (onDevice)
    statuses.insert(statuses.end(),
                    {{"NO_DEVICE", UPCONV_RT_NO_DEVICE},
                     {"DEVICE_MEMORY", UPCONV_RT_DEVICE_MEMORY},
                     {"DEVICE_BUILD", UPCONV_RT_DEVICE_BUILD},
                     {"DEVICE_FAILED", UPCONV_RT_DEVICE_FAILED}});
  out << "typedef enum {\n";
  for (auto [status, value] : statuses)
    out << "  " << upper << "_" << status << " = " << value
        << (value == statuses.back().second ? "\n" : ",\n");
  out << "} " << name << "_status;\n\n";

  variables();
  out << "typedef struct {\n";
  for (InputField field : inputFields(plan)) {
    if (field.isExtent) {
      out << "  int64_t " << plan.extents[field.index].field << ";\n";
      continue;
    }
    const Port &port = plan.inputs[field.index];
    out << "  const float *" << port.name << "; /* " << spellShape(port, plan)
        << " */\n";
  }
  out << "} " << name << "_inputs;\n\ntypedef struct {\n";
  for (const Port &port : plan.outputs)
    out << "  float *" << port.name << "; /* " << spellShape(port, plan)
        << " */\n";
  out << "} " << name << "_outputs;\n\n";

  if (isDynamic) {
    out << "/* What the outputs are for given extents; count is in elements. "
           "*/\n"
        << "typedef struct {\n";
    for (const Port &port : plan.outputs) {
      out << "  struct { ";
      if (!port.shape.empty())
        out << "int64_t shape[" << port.shape.size() << "]; ";
      out << "int64_t count; } " << port.name << ";\n";
    }
    out << "} " << name << "_shapes;\n\n";
  }

  out << "/* Calls body(context, index) for every index in [0, count), in any "
         "order, on any\n * threads, and returns when all calls have returned. "
         "*/\n"
      << "typedef void " << name
      << "_parallel_for(void *user, int count, void (*body)(void *context, int "
         "index), void *context);\n\n"
      << "typedef struct {\n"
         "  size_t struct_size;    /* sizeof("
      << name
      << "_options) */\n"
         "  void *workspace;       /* NULL: run maps memory for itself */\n"
         "  size_t workspace_size; /* bytes */\n"
         "  int threads;           /* 0: one per available core; 1: the "
         "caller's only */\n"
      << "  " << name
      << "_parallel_for *parallel_for; /* NULL: run's own threads */\n"
         "  void *user;            /* passed on to parallel_for */\n";
  if (takesWeights(plan))
    out << "  const void *weights;   /* packed, aligned to "
        << UPCONV_RT_WORKSPACE_ALIGNMENT << "; needed */\n";
  out << "} " << name << "_options;\n\n";

  out << "/* For hosts that load the library without this header; see json. "
         "*/\n"
         "typedef struct {\n"
         "  size_t struct_size;\n"
         "  const char *upconv_version;\n"
         "  const char *model;\n"
         "  const char *json; /* ports, extents, workspace, target, kernels "
         "*/\n"
      << "  " << name << "_status (*prepare)(void);\n"
      << "  " << name
      << "_status (*call)(const float *const *inputs, const int64_t *extents, "
         "float *const *outputs, const "
      << name << "_options *options);\n"
      << "  " << name
      << "_status (*sizes)(const int64_t *extents, int threads, size_t "
         "*workspace_size, int64_t *output_shapes);\n"
         "  const char *(*extents_error)(const int64_t *extents); /* NULL: "
         "none */\n"
         "  const char *(*status_string)("
      << name
      << "_status status);\n"
         "  size_t packed_size; /* 0: the weights are inside */\n  "
      << name
      << "_status (*check_weights)(const void *packed, size_t size);\n  "
      << name
      << "_status (*pack)(const float *const *variables, void *packed);\n} "
      << name << "_info;\n\n";
}

void HeaderWriter::functions() {
  out << "/* Once, before the first run: checks the processor and looks up "
         "what runs need.\n"
         " * A run without it is safe, but may be the one that does the "
         "looking up.";
  if (takesWeights(plan))
    out << "\n * Reads all of the weights to check them, unless they are NULL; "
           "a run looks at\n * their first 64 bytes only. */\n"
        << name << "_status " << name
        << "_prepare(const void *weights, size_t weights_size);\n\n"
        << "/* options->weights is needed. */\n";
  else
    out << " */\n"
        << name << "_status " << name << "_prepare(void);\n\n"
        << "/* options may be NULL: own workspace, one thread per available "
           "core. */\n";
  out << name << "_status " << name << "_run(const " << name
      << "_inputs *inputs, const " << name << "_outputs *outputs, const "
      << name << "_options *options);\n\n";
  if (!plan.packWords.empty())
    out << "/* Packs the variables into " << upper
        << "_PACKED_SIZE bytes, aligned to " << UPCONV_RT_WORKSPACE_ALIGNMENT
        << ", the way\n * the kernels read them. Allocates nothing; the "
           "variables are not needed afterwards. */\n"
        << name << "_status " << name << "_pack(const " << name
        << "_weights *weights, void *packed);\n\n";
  if (isDynamic)
    out << "/* Only the extents of inputs are read, its pointers may be NULL.\n"
           " * workspace_size: bytes, enough for any number of threads up to "
           "threads;\n"
           " * (size_t)-1 if run would refuse the extents. */\n"
        << "size_t " << name << "_workspace_size(const " << name
        << "_inputs *inputs, int threads);\n"
        << name << "_status " << name << "_output_shape(const " << name
        << "_inputs *inputs, " << name << "_shapes *shapes);\n\n";
  if (onDevice)
    out << "/* Gives back everything that is open on the device; waits for the "
           "run that is under\n * way, if there is one. */\n"
        << "void " << name << "_release(void);\n\n";
  if (hasHandle(plan))
    declareHandle(plan, out);
  out << "/* Never NULL. */\n"
      << "const char *" << name << "_status_string(" << name
      << "_status status);\n"
      << "const " << name << "_info *" << name << "_describe(void);\n";
}

void HeaderWriter::write() {
  documentation();
  out << "#ifndef UPCONV_" << upper << "_H\n#define UPCONV_" << upper
      << "_H\n\n#include <stddef.h>\n#include <stdint.h>\n\n"
      << "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n";
  constants();
  types();
  functions();
  out << "\n#ifdef __cplusplus\n}\n#endif\n\n#endif\n";
}

std::string upconv::emitHeader(const LibraryPlan &plan) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  HeaderWriter(plan, stream).write();
  return text;
}
