//===- upconv-translate.cpp - Files to IR and IR to files -----------------===//

#include "upconv/Driver/Translations.h"

#include "mlir/Tools/mlir-translate/MlirTranslateMain.h"

int main(int argc, char **argv) {
  upconv::registerTranslations();
  return mlir::failed(
      mlir::mlirTranslateMain(argc, argv, "upconv translation driver"));
}
