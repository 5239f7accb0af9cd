//===- Reporter.h - What went wrong, and how badly ------------------------===//

#ifndef UPCONV_LIB_IMPORT_KERAS_REPORTER_H
#define UPCONV_LIB_IMPORT_KERAS_REPORTER_H

#include "upconv/Import/Keras/ImportKeras.h"

#include "mlir/IR/Diagnostics.h"

namespace upconv::keras_import {

/// Emits diagnostics and remembers the worst of them. An import goes on after
/// an error, so that one run reports all of them.
class Reporter {
public:
  explicit Reporter(mlir::MLIRContext *context) : context(context) {}

  mlir::MLIRContext *getContext() const { return context; }

  /// The file or its data is wrong.
  mlir::InFlightDiagnostic invalid(mlir::Location location) {
    sawInvalid = true;
    return mlir::emitError(location);
  }
  /// The same without a place in a file; the message names the file.
  mlir::InFlightDiagnostic invalid() {
    return invalid(mlir::UnknownLoc::get(context));
  }
  /// Valid Keras, but not for this version.
  mlir::InFlightDiagnostic unsupported(mlir::Location location) {
    sawUnsupported = true;
    return mlir::emitError(location);
  }
  mlir::InFlightDiagnostic unsupported() {
    return unsupported(mlir::UnknownLoc::get(context));
  }
  mlir::InFlightDiagnostic warning(mlir::Location location) {
    return mlir::emitWarning(location);
  }

  /// Someone else (the dialect) has reported an error.
  void markInvalid() { sawInvalid = true; }

  ImportStatus status() const {
    return sawInvalid       ? ImportStatus::Invalid
           : sawUnsupported ? ImportStatus::Unsupported
                            : ImportStatus::Ok;
  }
  bool ok() const { return status() == ImportStatus::Ok; }

private:
  mlir::MLIRContext *context;
  bool sawInvalid = false;
  bool sawUnsupported = false;
};

} // namespace upconv::keras_import

#endif // UPCONV_LIB_IMPORT_KERAS_REPORTER_H
