//===- Listings.cpp - IR and code as text ---------------------------------===//

#include "Listings.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace upconv;

static std::optional<Session::Stage> moduleStage(llvm::StringRef kind) {
  if (kind == "keras")
    return Session::Stage::Keras;
  if (kind == "upconv")
    return Session::Stage::Upconv;
  if (kind == "kernels")
    return Session::Stage::Kernels;
  if (kind == "schedule")
    return Session::Stage::Schedule;
  return std::nullopt;
}

static std::optional<KernelText> kernelText(llvm::StringRef kind) {
  if (kind == "halide")
    return KernelText::Halide;
  if (kind == "stmt")
    return KernelText::Stmt;
  if (kind == "stmt-html")
    return KernelText::StmtHtml;
  if (kind == "llvm")
    return KernelText::Llvm;
  if (kind == "assembly")
    return KernelText::Assembly;
  if (kind == "ptx")
    return KernelText::Ptx;
  return std::nullopt;
}

bool upconv::isIrKind(llvm::StringRef kind) {
  if (moduleStage(kind) || kernelText(kind))
    return true;
  printError("'--ir' must be one of keras, upconv, kernels, schedule, halide, "
             "stmt, stmt-html, llvm, assembly, ptx, got '" +
             kind + "'");
  return false;
}

// The layers that a kernel serves, for its heading.
static std::string layersOf(const BuiltPlan &plan, unsigned kernel) {
  llvm::SmallVector<llvm::StringRef> layers;
  for (const KernelCall &call : plan.calls)
    if (call.kernel == kernel)
      layers.push_back(call.layer);
  return llvm::join(layers, ", ");
}

// Keeps the kernels that serve `layer`.
static bool keepLayer(BuiltPlan &plan, llvm::StringRef layer) {
  std::vector<KernelSpec> kept;
  std::vector<KernelCall> calls;
  for (const KernelCall &call : plan.calls) {
    llvm::SmallVector<llvm::StringRef> names;
    llvm::StringRef(call.layer).split(names, " + ");
    if (!llvm::is_contained(names, layer))
      continue;
    calls.push_back(call);
    calls.back().kernel = kept.size();
    kept.push_back(plan.kernels[call.kernel]);
  }
  plan.kernels = std::move(kept);
  plan.calls = std::move(calls);
  return !plan.kernels.empty();
}

ExitStatus upconv::makeListing(Session &session, llvm::StringRef kind,
                               llvm::StringRef layer, std::string &text) {
  llvm::raw_string_ostream os(text);
  if (std::optional<Session::Stage> stage = moduleStage(kind)) {
    if (ExitStatus status = session.lowerTo(*stage); status != ExitOk)
      return status;
    session.model.module->print(os);
    return ExitOk;
  }
  KernelText listing = *kernelText(kind);
  // A plan that is there has the weights, of which the listing shows the hash.
  if (session.built.kernels.empty())
    if (ExitStatus status = session.plan(/*withWeights=*/false);
        status != ExitOk)
      return status;
  if (!layer.empty() && !keepLayer(session.built, layer)) {
    printError("the model has no layer '" + layer +
               "' with a kernel of its own");
    return ExitUsage;
  }
  if (ExitStatus status = session.compileKernels(listing); status != ExitOk)
    return status;
  llvm::StringRef comment = kind == "llvm"       ? ";"
                            : kind == "assembly" ? "#"
                                                 : "//";
  if (kind == "stmt-html")
    comment = "<!--";
  for (auto [index, kernel] : llvm::enumerate(session.kernels))
    os << comment << " kernel " << session.built.kernels[index].name << ": "
       << layersOf(session.built, index) << (kind == "stmt-html" ? " -->" : "")
       << "\n"
       << kernel.text << "\n";
  if (!layer.empty() || (kind != "llvm" && kind != "assembly"))
    return ExitOk;
  llvm::Expected<std::string> calling =
      kind == "llvm" ? emitCallingSequenceText(session.built.library)
                     : emitCallingSequenceAssembly(session.built.library);
  if (!calling) {
    printError(calling.takeError());
    return ExitInternal;
  }
  os << comment << " calling sequence and runtime\n" << *calling;
  return ExitOk;
}
