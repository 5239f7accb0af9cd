//===- Merging.cpp - Lowering of functions of several tensors -------------===//

#include "Lowering.h"

#include "llvm/ADT/TypeSwitch.h"

#include <cmath>

using namespace mlir;
using namespace upconv;

// A lower rank gets axes of size 1 at `insertAt`.
static Value withRank(Lowering &lowering, Location loc, Value value,
                      size_t rank, unsigned insertAt) {
  Extents extents = getExtents(value.getType());
  if (extents.size() == rank)
    return value;
  extents.insert(extents.begin() + insertAt, rank - extents.size(),
                 lowering.constant(1));
  return ReshapeOp::create(lowering.builder, loc,
                           getTensorType(lowering.context(), extents), value);
}

// The operands at one rank and the extents that they broadcast to. Sizes that
// must agree and may not are checked when the program runs.
static std::pair<SmallVector<Value>, Extents>
broadcast(Lowering &lowering, Operation *layer, unsigned insertAt) {
  Location loc = layer->getLoc();
  size_t rank = 0;
  for (Value input : layer->getOperands())
    rank = std::max<size_t>(rank,
                            cast<RankedTensorType>(input.getType()).getRank());

  SmallVector<Value> inputs;
  Extents result(rank, lowering.constant(1));
  // Which operand the result's size on an axis is from, for messages.
  SmallVector<Value> origins(rank, layer->getOperand(0));
  for (Value input : layer->getOperands()) {
    inputs.push_back(
        withRank(lowering, loc, lowering.lowered(input), rank, insertAt));
    for (auto [axis, extent] :
         llvm::enumerate(getExtents(inputs.back().getType()))) {
      if (getConstant(extent) == 1)
        continue;
      if (getConstant(result[axis]) == 1) {
        result[axis] = extent;
        origins[axis] = input;
      }
      lowering.requireEqual(
          loc, result[axis], extent,
          "layer '" + keras::getLayerName(loc) + "' combines layer '" +
              keras::getLayerName(origins[axis].getLoc()) + "' and layer '" +
              keras::getLayerName(input.getLoc()) +
              "', which differ in size on axis " + Twine(axis));
      // A known size says more than an expression that must equal it.
      if (getConstant(extent))
        result[axis] = extent;
    }
  }
  return {inputs, result};
}

// A layer whose result combines the operands from left to right.
static Value fold(Lowering &lowering, Operation *layer, unsigned insertAt,
                  StringRef function, double scale = 1) {
  auto [inputs, extents] = broadcast(lowering, layer, insertAt);
  return lowering.map(layer->getLoc(), inputs, extents,
                      [&](OpBuilder &builder, Location loc, ValueRange in) {
                        Scalars scalars(builder, loc);
                        Value result = in.front();
                        for (Value next : in.drop_front())
                          result = scalars.binary(function, result, next);
                        return scale == 1 ? result
                                          : scalars.mul(result, scalars(scale));
                      });
}

Value upconv::lowerMerging(Lowering &lowering, Operation *layer) {
  auto with = [&](StringRef function) {
    return fold(lowering, layer, /*insertAt=*/1, function);
  };
  return llvm::TypeSwitch<Operation *, Value>(layer)
      .Case([&](keras::AddOp) { return with("add"); })
      .Case([&](keras::SubtractOp) { return with("subtract"); })
      .Case([&](keras::MultiplyOp) { return with("multiply"); })
      .Case([&](keras::MaximumOp) { return with("maximum"); })
      .Case([&](keras::MinimumOp) { return with("minimum"); })
      .Case([&](keras::AverageOp op) {
        return fold(lowering, layer, /*insertAt=*/1, "add",
                    1.0 / op.getInputs().size());
      })
      .Default([](Operation *) { return Value(); });
}

// More is no use in float32, whose range it leaves.
static constexpr double kLargestExponent = 64;

// x^n by multiplications, null for n = 0.
static Value integerPower(Scalars &scalars, Value x, int64_t n) {
  Value result, square = x;
  for (; n; n >>= 1, square = scalars.mul(square, square))
    if (n & 1)
      result = result ? scalars.mul(result, square) : square;
  return result;
}

// x^|exponent| = x^n exp(f log x) with n whole and f in [0, 1): rounding in the
// exponential's argument is an error relative to the result, so that only the
// fraction goes that way. It is NaN for a negative x, as a power is.
static Value power(Scalars &scalars, Value x, double exponent) {
  double whole = std::floor(std::abs(exponent));
  double fraction = std::abs(exponent) - whole;
  Value result = integerPower(scalars, x, static_cast<int64_t>(whole));
  if (fraction != 0) {
    Value root = fraction == 0.5
                     ? scalars.unary("sqrt", x)
                     : scalars.unary("exponential",
                                     scalars.mul(scalars(fraction),
                                                 scalars.unary("log", x)));
    result = result ? scalars.mul(result, root) : root;
  }
  if (!result)
    return scalars(1);
  return exponent < 0 ? scalars.div(scalars(1), result) : result;
}

static Value withScalar(Scalars &scalars, keras::OpsBinaryOp op, Value x) {
  double scalar = op.getScalar()->convertToDouble();
  bool first = op.getScalarFirst();
  if (op.getFunction() == "power")
    return first ? scalars.unary("exponential",
                                 scalars.mul(x, scalars(std::log(scalar))))
                 : power(scalars, x, scalar);
  Value constant = scalars(scalar);
  return first ? scalars.binary(op.getFunction(), constant, x)
               : scalars.binary(op.getFunction(), x, constant);
}

// A power has one if a number is its exponent or its positive base.
static bool hasScalarForm(keras::OpsBinaryOp op) {
  if (op.getFunction() != "power")
    return true;
  if (!op.getScalar())
    return false;
  double scalar = op.getScalar()->convertToDouble();
  return op.getScalarFirst() ? scalar > 0 && std::isfinite(scalar)
                             : std::abs(scalar) <= kLargestExponent;
}

Value upconv::lowerBinary(Lowering &lowering, keras::OpsBinaryOp op) {
  if (!hasScalarForm(op))
    return {};
  if (!op.getScalar())
    return fold(lowering, op, /*insertAt=*/0, op.getFunction());
  return lowering.mapElements(op, [&](Scalars &scalars, Value x) {
    return withScalar(scalars, op, x);
  });
}
