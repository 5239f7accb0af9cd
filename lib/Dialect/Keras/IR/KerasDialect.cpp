//===- KerasDialect.cpp - Registration of the keras dialect ---------------===//

#include "upconv/Dialect/Keras/IR/KerasOps.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace upconv::keras;

#include "upconv/Dialect/Keras/IR/KerasDialect.cpp.inc"
#include "upconv/Dialect/Keras/IR/KerasInterfaces.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "upconv/Dialect/Keras/IR/KerasAttrs.cpp.inc"

#define GET_OP_CLASSES
#include "upconv/Dialect/Keras/IR/KerasOps.cpp.inc"

void KerasDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "upconv/Dialect/Keras/IR/KerasAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "upconv/Dialect/Keras/IR/KerasOps.cpp.inc"
      >();
}
