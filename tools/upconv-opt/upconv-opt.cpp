//===- upconv-opt.cpp - Runs passes on textual IR -------------------------===//

#include "upconv/Pipelines/Pipelines.h"

#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  upconv::registerDialects(registry);
  upconv::registerPasses();
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "upconv optimizer driver\n", registry));
}
