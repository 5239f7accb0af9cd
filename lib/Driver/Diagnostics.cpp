//===- Diagnostics.cpp - How messages reach the user ----------------------===//

#include "Diagnostics.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Location.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace upconv;

// The first place in a file that `location` is made of.
static FileLineColLoc findFile(Location location) {
  return llvm::TypeSwitch<Location, FileLineColLoc>(location)
      .Case([](FileLineColLoc file) { return file; })
      .Case([](NameLoc name) { return findFile(name.getChildLoc()); })
      .Case([](FusedLoc fused) {
        for (Location part : fused.getLocations())
          if (FileLineColLoc file = findFile(part))
            return file;
        return FileLineColLoc();
      })
      .Default([](Location) { return FileLineColLoc(); });
}

static StringRef spelling(DiagnosticSeverity severity) {
  switch (severity) {
  case DiagnosticSeverity::Note:
    return "note";
  case DiagnosticSeverity::Warning:
    return "warning";
  case DiagnosticSeverity::Error:
    return "error";
  case DiagnosticSeverity::Remark:
    return "remark";
  }
  llvm_unreachable("all severities are listed");
}

static void print(Diagnostic &diagnostic) {
  llvm::raw_ostream &os = llvm::errs();
  FileLineColLoc file = findFile(diagnostic.getLocation());
  if (!file)
    os << "upconv: ";
  else if (file.getLine() == 0)
    os << file.getFilename().strref() << ": ";
  else
    os << file.getFilename().strref() << ":" << file.getLine() << ":"
       << file.getColumn() << ": ";
  os << spelling(diagnostic.getSeverity()) << ": " << diagnostic.str() << "\n";
  for (Diagnostic &note : diagnostic.getNotes())
    print(note);
}

DiagnosticPrinter::DiagnosticPrinter(MLIRContext &context, bool remarks,
                                     bool warnings)
    : handler(&context, [=](Diagnostic &diagnostic) {
        DiagnosticSeverity severity = diagnostic.getSeverity();
        if ((severity != DiagnosticSeverity::Remark || remarks) &&
            (severity != DiagnosticSeverity::Warning || warnings))
          print(diagnostic);
        return success();
      }) {}

void upconv::printError(const llvm::Twine &message) {
  llvm::errs() << "upconv: error: " << message << "\n";
}

bool upconv::printError(llvm::Error error) {
  if (!error)
    return false;
  llvm::handleAllErrors(std::move(error), [](const llvm::ErrorInfoBase &info) {
    std::string text = info.message();
    // What already has a place in a file is printed as it is.
    if (StringRef(text).contains(": error: "))
      llvm::errs() << text << "\n";
    else
      printError(text);
  });
  return true;
}
