//===- Diagnostics.h - How messages reach the user ------------------------===//

#ifndef UPCONV_LIB_DRIVER_DIAGNOSTICS_H
#define UPCONV_LIB_DRIVER_DIAGNOSTICS_H

#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/Error.h"

namespace upconv {

/// Prints a context's diagnostics to stderr as `FILE:LINE:COL: error: ...`
/// while it lives. Remarks and warnings are printed only if asked for.
class DiagnosticPrinter {
public:
  DiagnosticPrinter(mlir::MLIRContext &context, bool remarks,
                    bool warnings = true);

private:
  mlir::ScopedDiagnosticHandler handler;
};

/// "upconv: error: MESSAGE" on stderr.
void printError(const llvm::Twine &message);

/// Prints an llvm::Error; returns false if there was none.
bool printError(llvm::Error error);

} // namespace upconv

#endif // UPCONV_LIB_DRIVER_DIAGNOSTICS_H
