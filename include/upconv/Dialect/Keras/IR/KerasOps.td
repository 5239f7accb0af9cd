//===- KerasOps.td - One op per layer ----------------------*- tablegen -*-===//

#ifndef UPCONV_DIALECT_KERAS_IR_KERASOPS_TD
#define UPCONV_DIALECT_KERAS_IR_KERASOPS_TD

include "upconv/Dialect/Keras/IR/ActivationOps.td"
include "upconv/Dialect/Keras/IR/ConvOps.td"
include "upconv/Dialect/Keras/IR/CoreOps.td"
include "upconv/Dialect/Keras/IR/FunctionOps.td"
include "upconv/Dialect/Keras/IR/IdentityOps.td"
include "upconv/Dialect/Keras/IR/MergingOps.td"
include "upconv/Dialect/Keras/IR/NormalizationOps.td"
include "upconv/Dialect/Keras/IR/PoolingOps.td"
include "upconv/Dialect/Keras/IR/ShapeOps.td"
include "upconv/Dialect/Keras/IR/WrapperOps.td"

#endif // UPCONV_DIALECT_KERAS_IR_KERASOPS_TD
