//===- Scalars.h - Functions of elements in arith and math ----------------===//

#ifndef UPCONV_LIB_CONVERSION_KERASTOUPCONV_SCALARS_H
#define UPCONV_LIB_CONVERSION_KERASTOUPCONV_SCALARS_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Builders.h"

namespace upconv {

/// Builds float32 expressions in the body of a map.
class Scalars {
public:
  Scalars(mlir::OpBuilder &builder, mlir::Location loc)
      : builder(builder), loc(loc) {}

  mlir::Value operator()(double constant) {
    return mlir::arith::ConstantOp::create(
        builder, loc, builder.getF32FloatAttr(static_cast<float>(constant)));
  }
  template <typename Op> mlir::Value make(mlir::ValueRange operands) {
    return Op::create(builder, loc, builder.getF32Type(), operands);
  }
  mlir::Value add(mlir::Value x, mlir::Value y) {
    return make<mlir::arith::AddFOp>({x, y});
  }
  mlir::Value sub(mlir::Value x, mlir::Value y) {
    return make<mlir::arith::SubFOp>({x, y});
  }
  mlir::Value mul(mlir::Value x, mlir::Value y) {
    return make<mlir::arith::MulFOp>({x, y});
  }
  mlir::Value div(mlir::Value x, mlir::Value y) {
    return make<mlir::arith::DivFOp>({x, y});
  }
  mlir::Value neg(mlir::Value x) { return make<mlir::arith::NegFOp>(x); }
  /// These pass a NaN on.
  mlir::Value max(mlir::Value x, mlir::Value y) {
    return make<mlir::arith::MaximumFOp>({x, y});
  }
  mlir::Value min(mlir::Value x, mlir::Value y) {
    return make<mlir::arith::MinimumFOp>({x, y});
  }
  mlir::Value clip(mlir::Value x, double low, double high) {
    return min(max(x, (*this)(low)), (*this)(high));
  }
  /// x > y ? a : b
  mlir::Value selectGreater(mlir::Value x, mlir::Value y, mlir::Value a,
                            mlir::Value b) {
    mlir::Value greater = mlir::arith::CmpFOp::create(
        builder, loc, mlir::arith::CmpFPredicate::OGT, x, y);
    return mlir::arith::SelectOp::create(builder, loc, greater, a, b);
  }

  /// The functions of the keras dialect (Functions.h), by name; null for one
  /// that has no form in arith and math.
  mlir::Value unary(llvm::StringRef name, mlir::Value x);
  mlir::Value binary(llvm::StringRef name, mlir::Value x, mlir::Value y);

  mlir::Value leakyReLU(mlir::Value x, double slope) {
    return selectGreater(x, (*this)(0), x, mul(x, (*this)(slope)));
  }
  mlir::Value elu(mlir::Value x, double alpha);

private:
  mlir::Value activation(llvm::StringRef name, mlir::Value x);
  mlir::Value shrink(llvm::StringRef name, mlir::Value x);
  mlir::Value hardSigmoid(mlir::Value x);
  mlir::Value sigmoid(mlir::Value x);
  mlir::Value softplus(mlir::Value x);
  mlir::Value mish(mlir::Value x);
  mlir::Value sign(mlir::Value x);

  mlir::OpBuilder &builder;
  mlir::Location loc;
};

} // namespace upconv

#endif // UPCONV_LIB_CONVERSION_KERASTOUPCONV_SCALARS_H
