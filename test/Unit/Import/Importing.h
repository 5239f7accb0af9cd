//===- Importing.h - Importing a text and keeping its diagnostics ---------===//

#ifndef UPCONV_TEST_UNIT_IMPORT_IMPORTING_H
#define UPCONV_TEST_UNIT_IMPORT_IMPORTING_H

#include "upconv/Dialect/Keras/IR/KerasOps.h"
#include "upconv/Import/Keras/ImportKeras.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/raw_ostream.h"

namespace upconv {

class Importing {
public:
  Importing() {
    context.loadDialect<keras::KerasDialect, mlir::func::FuncDialect>();
    context.getDiagEngine().registerHandler([&](mlir::Diagnostic &diagnostic) {
      messages += diagnostic.str() + "\n";
      return mlir::success();
    });
  }

  ImportStatus import(llvm::StringRef text) {
    llvm::SmallString<64> path;
    int descriptor = -1;
    llvm::sys::fs::createTemporaryFile("model", "json", descriptor, path);
    llvm::FileRemover remover(path);
    llvm::raw_fd_ostream(descriptor, /*shouldClose=*/true) << text;
    options.path = path.str().str();
    messages.clear();
    model = ImportedModel();
    return importKerasModel(context, options, model);
  }

  mlir::func::FuncOp function() {
    return *model.module->getOps<mlir::func::FuncOp>().begin();
  }

  mlir::MLIRContext context;
  ImportOptions options;
  ImportedModel model;
  std::string messages;
};

} // namespace upconv

#endif // UPCONV_TEST_UNIT_IMPORT_IMPORTING_H
