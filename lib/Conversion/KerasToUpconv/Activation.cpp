//===- Activation.cpp - Lowering of activations ---------------------------===//

#include "Movement.h"

#include "upconv/Dialect/Keras/IR/Functions.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace upconv;

Value Lowering::mapElements(
    Location loc, Value input,
    llvm::function_ref<Value(Scalars &, Value)> function) {
  return map(loc, input, getExtents(input.getType()),
             [&](OpBuilder &builder, Location loc, ValueRange in) {
               Scalars scalars(builder, loc);
               return function(scalars, in.front());
             });
}

// x - max - log(sum(exp(x - max))) along the last axis.
static Value logSoftmax(Lowering &lowering, Location loc, Value value) {
  Extents extents = getExtents(value.getType());
  int64_t last = extents.size() - 1;
  Value most = reduce(lowering, loc, "max", value, {last});
  Value total = reduce(lowering, loc, "sum", {value, most}, extents, last,
                       [](OpBuilder &builder, Location loc, ValueRange in) {
                         Scalars s(builder, loc);
                         return s.unary("exponential", s.sub(in[0], in[1]));
                       });
  return lowering.map(loc, {value, most, total}, extents,
                      [](OpBuilder &builder, Location loc, ValueRange in) {
                        Scalars s(builder, loc);
                        return s.sub(s.sub(in[0], in[1]),
                                     s.unary("log", in[2]));
                      });
}

Value Lowering::activation(Location loc, StringRef name, Value value) {
  if (name == "linear")
    return value;
  if (name == "softmax")
    return softmax(loc, value, {-1});
  if (name == "log_softmax")
    return logSoftmax(*this, loc, value);
  return mapElements(loc, value, [&](Scalars &scalars, Value x) {
    return scalars.unary(name, x);
  });
}

Value Lowering::softmax(Location loc, Value value, ArrayRef<int64_t> axes) {
  Extents extents = getExtents(value.getType());
  int64_t rank = extents.size();
  SmallVector<int64_t> along, order;
  for (int64_t axis : axes)
    along.push_back(normalizeAxis(axis, rank));
  llvm::sort(along);
  if (along.size() == 1) {
    // One axis is swapped with the last, which undoes itself.
    order = llvm::to_vector(llvm::seq<int64_t>(0, rank));
    std::swap(order[along.front()], order[rank - 1]);
  } else {
    for (int64_t axis = 0; axis < rank; ++axis)
      if (!llvm::is_contained(along, axis))
        order.push_back(axis);
    llvm::append_range(order, along);
  }
  SmallVector<int64_t> back(rank);
  for (auto [to, from] : llvm::enumerate(order))
    back[from] = to;

  Value moved = llvm::is_sorted(order) ? value : transpose(loc, value, order);
  // Several axes are one in row-major order.
  Extents movedExtents = getExtents(moved.getType());
  Extents lines(movedExtents.begin(), movedExtents.end() - along.size());
  lines.push_back(
      getProduct(context(), ArrayRef(movedExtents).take_back(along.size())));
  auto lineType = getTensorType(context(), lines);
  auto reshaped = [&](Value from, Type type) -> Value {
    return along.size() == 1 ? from
                             : ReshapeOp::create(builder, loc, type, from);
  };
  Value result =
      SoftmaxOp::create(builder, loc, lineType, reshaped(moved, lineType));
  result = reshaped(result, moved.getType());
  return llvm::is_sorted(order) ? result : transpose(loc, result, back);
}

static Value lowerReLU(Lowering &lowering, keras::ReLUOp op) {
  double slope = op.getNegativeSlope().convertToDouble();
  double threshold = op.getThreshold().convertToDouble();
  return lowering.mapElements(op, [&](Scalars &s, Value x) {
    Value result;
    if (slope == 0 && threshold == 0) {
      result = s.max(x, s(0));
    } else {
      Value limit = s(threshold);
      result = s.selectGreater(x, limit, x, s.mul(s.sub(x, limit), s(slope)));
    }
    if (!op.getMaxValue())
      return result;
    return s.min(result, s(op.getMaxValue()->convertToDouble()));
  });
}

static Value lowerPReLU(Lowering &lowering, keras::PReLUOp op) {
  Location loc = op.getLoc();
  Value input = lowering.lowered(op.getInput());
  SmallVector<int64_t> shape = op.getVariableSpecs().front().shape;
  Value alpha = lowering.weights(op, "alpha", "scale", 0, shape);
  return lowering.map(loc, {input, alpha}, getExtents(input.getType()),
                      [](OpBuilder &builder, Location loc, ValueRange in) {
                        Scalars s(builder, loc);
                        return s.selectGreater(in[0], s(0), in[0],
                                               s.mul(in[1], in[0]));
                      });
}

Value upconv::lowerActivation(Lowering &lowering, Operation *layer) {
  return llvm::TypeSwitch<Operation *, Value>(layer)
      .Case([&](keras::ReLUOp op) { return lowerReLU(lowering, op); })
      .Case([&](keras::PReLUOp op) { return lowerPReLU(lowering, op); })
      .Case([&](keras::LeakyReLUOp op) {
        double slope = op.getNegativeSlope().convertToDouble();
        return lowering.mapElements(
            op, [&](Scalars &s, Value x) { return s.leakyReLU(x, slope); });
      })
      .Case([&](keras::ELUOp op) {
        double alpha = op.getAlpha().convertToDouble();
        return lowering.mapElements(
            op, [&](Scalars &s, Value x) { return s.elu(x, alpha); });
      })
      .Case([&](keras::ThresholdedReLUOp op) {
        double theta = op.getTheta().convertToDouble();
        return lowering.mapElements(op, [&](Scalars &s, Value x) {
          return s.selectGreater(x, s(theta), x, s.mul(x, s(0)));
        });
      })
      .Case([&](keras::SoftmaxOp op) {
        return lowering.softmax(op.getLoc(), lowering.lowered(op.getInput()),
                                op.getAxis());
      })
      .Case([&](keras::ActivationOp op) {
        return lowering.activation(op.getLoc(), op.getActivation(),
                                   lowering.lowered(op.getInput()));
      })
      .Case([&](keras::OpsUnaryOp op) {
        return lowering.mapElements(op, [&](Scalars &s, Value x) {
          return s.unary(op.getFunction(), x);
        });
      })
      .Default([](Operation *) { return Value(); });
}
