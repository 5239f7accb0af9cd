//===- UpconvDialect.cpp - Dialect, attributes, extents -------------------===//
//
// The dialect's registration, its attributes, and the arithmetic on extents
// that conversion, transforms and emission share.
//
//===----------------------------------------------------------------------===//

#include "upconv/Dialect/Upconv/IR/UpconvOps.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace upconv;

#include "upconv/Dialect/Upconv/IR/UpconvDialect.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "upconv/Dialect/Upconv/IR/UpconvAttrs.cpp.inc"

void UpconvDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "upconv/Dialect/Upconv/IR/UpconvAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "upconv/Dialect/Upconv/IR/UpconvOps.cpp.inc"
      >();
}

LayoutAttr LayoutAttr::getDense(MLIRContext *context, unsigned rank) {
  SmallVector<int64_t> zeros(rank, 0);
  return get(context, zeros, zeros);
}

bool LayoutAttr::isDense() const {
  auto isZero = [](int64_t size) { return size == 0; };
  return llvm::all_of(getLow(), isZero) && llvm::all_of(getHigh(), isZero);
}

std::optional<int64_t> upconv::getConstant(AffineExpr expr) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return constant.getValue();
  return std::nullopt;
}

AffineMap upconv::getExtentMap(MLIRContext *context,
                               ArrayRef<AffineExpr> results) {
  unsigned symbols = 0;
  for (AffineExpr result : results)
    result.walk([&](AffineExpr part) {
      if (auto symbol = dyn_cast<AffineSymbolExpr>(part))
        symbols = std::max(symbols, symbol.getPosition() + 1);
    });
  // Canonical, so that equal extents are equal attributes.
  return simplifyAffineMap(AffineMap::get(0, symbols, results, context));
}

RankedTensorType upconv::getTensorType(MLIRContext *context,
                                       ArrayRef<AffineExpr> extents) {
  SmallVector<int64_t> shape;
  bool isStatic = true;
  for (AffineExpr extent : extents) {
    std::optional<int64_t> constant = getConstant(extent);
    shape.push_back(constant.value_or(ShapedType::kDynamic));
    isStatic &= constant.has_value();
  }
  Attribute encoding;
  if (!isStatic) {
    AffineMap map = getExtentMap(context, extents);
    for (auto [size, extent] : llvm::zip(shape, map.getResults()))
      size = getConstant(extent).value_or(ShapedType::kDynamic);
    encoding = AffineMapAttr::get(map);
  }
  return RankedTensorType::get(shape, Float32Type::get(context), encoding);
}

SmallVector<AffineExpr> upconv::getExtents(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  if (auto map = dyn_cast_or_null<AffineMapAttr>(tensor.getEncoding()))
    return llvm::to_vector(map.getValue().getResults());
  SmallVector<AffineExpr> extents;
  for (int64_t size : tensor.getShape())
    extents.push_back(getAffineConstantExpr(size, type.getContext()));
  return extents;
}

RankedTensorType upconv::getPairedType(Type type) {
  MLIRContext *context = type.getContext();
  SmallVector<AffineExpr> extents = getExtents(type);
  extents.back() = extents.back().ceilDiv(2);
  auto pair = VectorType::get({2}, BFloat16Type::get(context));
  RankedTensorType words = getTensorType(context, extents);
  return RankedTensorType::get(words.getShape(), pair, words.getEncoding());
}

bool upconv::holdsPairs(Type type) {
  return isa<VectorType>(cast<RankedTensorType>(type).getElementType());
}

AffineExpr upconv::getProduct(MLIRContext *context,
                              ArrayRef<AffineExpr> extents) {
  AffineExpr product = getAffineConstantExpr(1, context);
  // Constants last: affine multiplication wants the constant on the right.
  for (AffineExpr extent : extents)
    if (!getConstant(extent))
      product = getConstant(product) ? extent : product * extent;
  for (AffineExpr extent : extents)
    if (getConstant(extent))
      product = product * extent;
  return product;
}

SmallVector<AffineExpr> upconv::getPaddedExtents(ArrayRef<AffineExpr> extents,
                                                 LayoutAttr layout) {
  SmallVector<AffineExpr> padded(extents);
  if (layout)
    for (auto [i, extent] : llvm::enumerate(padded))
      extent = extent + layout.getLow()[i] + layout.getHigh()[i];
  return padded;
}

SmallVector<AffineExpr> upconv::getStrides(ArrayRef<AffineExpr> extents,
                                           LayoutAttr layout) {
  MLIRContext *context = extents.front().getContext();
  SmallVector<AffineExpr> strides(extents.size());
  SmallVector<AffineExpr> padded = getPaddedExtents(extents, layout);
  for (size_t i = 0; i < extents.size(); ++i)
    strides[i] = getProduct(context, ArrayRef(padded).drop_front(i + 1));
  return strides;
}
