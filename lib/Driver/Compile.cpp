//===- Compile.cpp - upconv compile ---------------------------------------===//

#include "Commands.h"
#include "Compilation.h"
#include "Listings.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace upconv;

namespace {

// The files of one --emit kind, as (name, bytes).
using Files = std::vector<std::pair<std::string, std::string>>;

} // namespace

static llvm::ArrayRef<llvm::StringRef> emitKinds() {
  static const llvm::StringRef kinds[] = {
      "static-library", "header",   "object", "shared-library",
      "assembly",       "llvm",     "mlir",   "stmt",
      "stmt-html",      "schedule", "cmake"};
  return kinds;
}

// The listing that a kind of file holds, and the file's suffix.
static std::pair<llvm::StringRef, llvm::StringRef>
listingOf(llvm::StringRef kind) {
  if (kind == "assembly")
    return {"assembly", ".s"};
  if (kind == "llvm")
    return {"llvm", ".ll"};
  if (kind == "stmt")
    return {"stmt", ".stmt"};
  if (kind == "stmt-html")
    return {"stmt-html", ".stmt.html"};
  if (kind == "mlir")
    return {"schedule", ".mlir"};
  return {};
}

static bool isIdentifier(llvm::StringRef name) {
  return !name.empty() && !llvm::isDigit(name.front()) &&
         llvm::all_of(name,
                      [](char c) { return llvm::isAlnum(c) || c == '_'; });
}

static std::string scheduleText(const Session &session) {
  std::string text;
  for (const KernelCall &call : session.built.calls) {
    const ScheduleChoice &use = session.built.kernels[call.kernel].schedule;
    text += call.layer + ": " + use.strategy;
    for (const auto &[knob, value] : use.knobs)
      text += " " + knob + "=" + std::to_string(value);
    text += "  (" + (call.schedule.empty() ? "default" : call.schedule) + ")\n";
  }
  return text;
}

// What is written for each target on its own.
static ExitStatus makePartFile(Session &session, llvm::StringRef kind,
                               Files &files) {
  const LibraryPlan &plan = session.built.library;
  if (kind == "schedule") {
    files.push_back({plan.name + ".schedule", scheduleText(session)});
    return ExitOk;
  }
  // Listings compile the kernels once more, for text instead of objects.
  auto [listing, suffix] = listingOf(kind);
  std::vector<CompiledKernel> objects = std::move(session.kernels);
  std::string text;
  ExitStatus status = makeListing(session, listing, "", text);
  session.kernels = std::move(objects);
  files.push_back({plan.name + suffix.str(), std::move(text)});
  return status;
}

static ExitStatus makeFiles(Compilation &compilation, llvm::StringRef kind,
                            Files &files) {
  const LibraryPlan &plan = compilation.library();
  const std::vector<LibraryMember> &members = compilation.members();
  auto add = [&](std::string name, llvm::Expected<std::string> bytes) {
    if (!bytes) {
      printError(bytes.takeError());
      return ExitInternal;
    }
    files.push_back({std::move(name), std::move(*bytes)});
    return ExitOk;
  };
  if (kind == "static-library")
    return add(archiveFileName(plan), emitArchive(plan, members));
  if (kind == "shared-library") {
    ExitStatus status =
        add(sharedLibraryFileName(plan), emitSharedLibrary(plan, members));
    std::string import = importLibraryFileName(plan);
    return status != ExitOk || import.empty()
               ? status
               : add(import, emitImportLibrary(plan));
  }
  if (kind == "header")
    return add(headerFileName(plan), emitHeader(plan));
  if (kind == "cmake")
    return add(cmakePackageFileName(plan), emitCMakePackage(plan));
  if (kind == "object") {
    for (const LibraryMember &member : members)
      files.push_back({member.name, member.bytes});
    return ExitOk;
  }
  for (const auto &session : compilation.parts())
    if (ExitStatus status = makePartFile(*session, kind, files);
        status != ExitOk)
      return status;
  return ExitOk;
}

static void report(const Compilation &compilation, const std::string &folder,
                   const Files &files) {
  for (const auto &session : compilation.parts()) {
    const LibraryPlan &plan = session->built.library;
    llvm::outs() << compilation.library().name << ": " << plan.target << ", "
                 << session->built.calls.size() << " kernel calls ("
                 << session->built.kernels.size() << " distinct), "
                 << plan.parameters << " parameters, "
                 << llvm::format("%.1f",
                                 plan.weights.values.size() * 4 / 1024.0)
                 << " KiB of packed weights\n";
  }
  for (const auto &[name, bytes] : files)
    llvm::outs() << folder << "/" << name << "\n";
}

ExitStatus upconv::compileCommand(const Options &options) {
  for (const std::string &kind : options.emit)
    if (!llvm::is_contained(emitKinds(), kind)) {
      printError("'--emit' must name " + llvm::join(emitKinds(), ", ") +
                 ", got '" + kind + "'");
      return ExitUsage;
    }
  if (!options.name.empty() && !isIdentifier(options.name)) {
    printError("'--name' must be a C identifier, got '" + options.name + "'");
    return ExitUsage;
  }
  if (std::error_code code =
          llvm::sys::fs::create_directories(options.outputDirectory)) {
    llvm::errs() << options.outputDirectory
                 << ": error: cannot make this folder: " << code.message()
                 << "\n";
    return ExitInvalid;
  }

  Compilation compilation(options);
  Files files;
  if (ExitStatus status = compilation.open(); status != ExitOk)
    return status;
  if (ExitStatus status = compilation.build(); status != ExitOk)
    return status;
  for (const std::string &kind : options.emit)
    if (ExitStatus status = makeFiles(compilation, kind, files);
        status != ExitOk)
      return status;

  // Without them the library is of no use, whatever kinds were asked for.
  const LibraryPlan &plan = compilation.library();
  if (plan.weightsMode == WeightsMode::External && takesWeights(plan))
    files.push_back({weightsFileName(plan), emitPackedWeights(plan)});

  OutputFiles outputs;
  for (const auto &[name, bytes] : files)
    if (!outputs.add(options.outputDirectory + "/" + name, bytes))
      return ExitInvalid;
  if (!outputs.commit())
    return ExitInvalid;
  report(compilation, options.outputDirectory, files);
  return ExitOk;
}
