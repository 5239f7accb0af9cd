//===- UpconvToKernelSpec.cpp - upconv.kernel to plain data ---------------===//

#include "upconv/Conversion/UpconvToKernelSpec.h"

#include "mlir/IR/Matchers.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace upconv;

namespace {

class SpecBuilder {
public:
  SpecBuilder(KernelOp kernel, const KernelTarget &target) : kernel(kernel) {
    result.spec.target = target;
  }

  FailureOr<LoweredKernel> build() {
    KernelSpec &spec = result.spec;
    Operation *anchor = kernel.getAnchor();
    spec.output = tensor(kernel.getResult());
    spec.input = tensor(kernel.getInputs().front());
    unsigned anchorOperands = anchor->getNumOperands();
    if (isa<MapOp, ReduceOp>(anchor))
      anchorOperands = 1;
    if (isa<MapOp>(anchor))
      broadcastInput();
    for (Value operand : kernel.getInputs().drop_front(anchorOperands))
      spec.operands.push_back(tensor(operand));
    geometry(anchor);
    Operation *mapped = isa<MapOp, ReduceOp>(anchor)
                            ? anchor
                            : kernel.getEpilogue().getOperation();
    if (mapped && failed(epilogue(mapped)))
      return failure();
    if (ScheduleAttr schedule = kernel.getScheduleAttr()) {
      spec.schedule.strategy = schedule.getStrategy().str();
      for (NamedAttribute knob : schedule.getKnobs())
        spec.schedule.knobs[knob.getName().str()] =
            cast<IntegerAttr>(knob.getValue()).getInt();
    }
    spec.scalars = result.scalars.size();
    return std::move(result);
  }

private:
  Size size(AffineExpr expr) {
    if (std::optional<int64_t> constant = getConstant(expr))
      return Size::of(*constant);
    auto *found = llvm::find(result.scalars, expr);
    int index = found - result.scalars.begin();
    if (found == result.scalars.end())
      result.scalars.push_back(expr);
    return Size::argument(index);
  }

  TensorArgument tensor(Value value) {
    TensorArgument argument;
    Storage storage = getStorage(value);
    for (AffineExpr extent : getExtents(value.getType()))
      argument.shape.push_back(size(extent));
    for (AffineExpr stride : storage.strides)
      argument.strides.push_back(size(stride));
    argument.haloLow.assign(storage.haloLow.begin(), storage.haloLow.end());
    argument.haloHigh.assign(storage.haloHigh.begin(), storage.haloHigh.end());
    // On a device memory begins at such an address, the caller's too.
    if (result.spec.target.isGpu() &&
        storage.origin.getLargestKnownDivisor() % 4 == 0)
      argument.alignment = 16;
    return argument;
  }

  // The input of a map takes the result's shape; what is broadcast has stride
  // 0.
  void broadcastInput() {
    TensorArgument &input = result.spec.input;
    const TensorArgument &output = result.spec.output;
    size_t missing = output.rank() - input.rank();
    for (size_t axis = 0; axis < missing; ++axis) {
      input.shape.insert(input.shape.begin(), Size::of(1));
      input.strides.insert(input.strides.begin(), Size::of(0));
      input.haloLow.insert(input.haloLow.begin(), 0);
      input.haloHigh.insert(input.haloHigh.begin(), 0);
    }
    for (size_t axis = 0; axis < output.rank(); ++axis)
      if (input.shape[axis] == Size::of(1) &&
          !(output.shape[axis] == Size::of(1))) {
        input.shape[axis] = output.shape[axis];
        input.strides[axis] = Size::of(0);
      }
  }

  void geometry(Operation *anchor) {
    KernelSpec &spec = result.spec;
    llvm::TypeSwitch<Operation *>(anchor)
        .Case([&](ConvTransposeOp op) {
          spec.anchor = Anchor::ConvTranspose;
          window(op.getWeights(), op.getStrides(), op.getDilations());
          pairs(op.getInput(), op.getWeights(), /*channelAxis=*/1);
          for (int64_t crop : op.getCropLow())
            spec.low.push_back(Size::of(crop));
          spec.hasBias = op.getBias() != nullptr;
        })
        .Case([&](ConvOp op) {
          spec.anchor = Anchor::Conv;
          window(op.getWeights(), op.getStrides(), op.getDilations());
          pairs(op.getInput(), op.getWeights(), /*channelAxis=*/0);
          for (AffineExpr pad : op.getPadLow().getResults())
            spec.low.push_back(size(pad));
          spec.groups = op.getGroups();
          spec.hasBias = op.getBias() != nullptr;
        })
        .Case([&](PoolOp op) {
          spec.anchor =
              op.getKind() == "max" ? Anchor::MaxPool : Anchor::AveragePool;
          spec.window = op.getWindow().vec();
          spec.strides = op.getStrides().vec();
          spec.dilations.assign(spec.window.size(), 1);
          for (AffineExpr pad : op.getPadLow().getResults())
            spec.low.push_back(size(pad));
        })
        .Case([&](SoftmaxOp) { spec.anchor = Anchor::Softmax; })
        .Case([&](CopyOp) { spec.anchor = Anchor::Copy; })
        .Case([&](RoundOp) { spec.anchor = Anchor::Round; })
        .Case([&](SumPartsOp op) {
          spec.anchor = Anchor::SumParts;
          spec.parts = op.getParts();
        })
        .Case([&](TransposeOp op) {
          spec.anchor = Anchor::Transpose;
          spec.permutation = op.getPermutation().vec();
        })
        .Case([&](ReindexOp op) { reindex(op); })
        .Case([&](InterpolateOp op) { interpolate(op); })
        .Case([&](ReduceOp op) { reduce(op); })
        .Case([&](LookupOp) { lookup(); })
        .Default([&](Operation *) { spec.anchor = Anchor::Elementwise; });
  }

  void reindex(ReindexOp op) {
    KernelSpec &spec = result.spec;
    spec.anchor = Anchor::Reindex;
    spec.border = borderOf(op.getBorder());
    spec.fill = op.getFill().convertToDouble();
    for (auto [start, step, repeat] :
         llvm::zip(op.getStarts().getResults(), op.getSteps(), op.getRepeats()))
      spec.indices.push_back({size(start), step, repeat});
  }

  void interpolate(InterpolateOp op) {
    KernelSpec &spec = result.spec;
    spec.anchor = Anchor::Interpolate;
    spec.axis = op.getAxis();
    spec.border = borderOf(op.getBorder());
    spec.firstTap = op.getFirst().vec();
    spec.tapWeights.assign(op.getWeights().begin(), op.getWeights().end());
  }

  void reduce(ReduceOp op) {
    KernelSpec &spec = result.spec;
    spec.anchor = Anchor::Reduce;
    spec.axis = op.getAxis();
    spec.reduction = llvm::StringSwitch<Reduction>(op.getKind())
                         .Case("sum", Reduction::Sum)
                         .Case("mean", Reduction::Mean)
                         .Case("product", Reduction::Product)
                         .Case("max", Reduction::Max)
                         .Default(Reduction::Min);
    spec.reducedExtent = size(op.getDomain()[spec.axis]);
  }

  // The table is operand 0, and its element the value.
  void lookup() {
    result.spec.anchor = Anchor::Lookup;
    result.spec.operands = {tensor(kernel.getInputs()[1])};
    ScalarNode element;
    element.kind = ScalarNode::Kind::Operand;
    result.spec.epilogue = {element};
  }

  static Border borderOf(StringRef name) {
    return llvm::StringSwitch<Border>(name)
        .Case("fill", Border::Fill)
        .Case("edge", Border::Edge)
        .Case("reflect", Border::Reflect)
        .Case("symmetric", Border::Symmetric)
        .Case("renormalize", Border::Renormalize)
        .Default(Border::None);
  }

  void window(Value weights, ArrayRef<int64_t> strides,
              ArrayRef<int64_t> dilations) {
    auto shape = cast<RankedTensorType>(weights.getType()).getShape();
    result.spec.window.assign(shape.begin(), shape.end() - 2);
    result.spec.strides = strides.vec();
    result.spec.dilations = dilations.vec();
  }

  // `channelAxis` is the input channels' behind the spatial ones.
  void pairs(Value input, Value weights, size_t channelAxis) {
    auto shape = cast<RankedTensorType>(weights.getType()).getShape();
    if (holdsPairs(input.getType()))
      result.spec.pairedChannels = shape[shape.size() - 2 + channelAxis];
  }

  // The scalar function of a map or of a reduction.
  LogicalResult epilogue(Operation *map) {
    Block &body = map->getRegion(0).front();
    Operation *anchor = kernel.getAnchor();
    int operand = 0;
    for (auto [argument, input] :
         llvm::zip(body.getArguments(), map->getOperands())) {
      bool isAnchor = map == anchor ? argument.getArgNumber() == 0
                                    : input.getDefiningOp() == anchor;
      ScalarNode node;
      node.kind =
          isAnchor ? ScalarNode::Kind::Anchor : ScalarNode::Kind::Operand;
      if (!isAnchor)
        node.index = operand++;
      add(argument, node);
    }
    for (Operation &op : body.without_terminator())
      if (failed(translate(op)))
        return failure();
    // The result is the last node; what comes after it in the body is dead.
    Value value = cast<YieldOp>(body.getTerminator()).getValue();
    result.spec.epilogue.resize(nodes.lookup(value) + 1);
    return success();
  }

  void add(Value value, ScalarNode node) {
    nodes[value] = result.spec.epilogue.size();
    result.spec.epilogue.push_back(std::move(node));
  }

  LogicalResult translate(Operation &op) {
    using Kind = ScalarNode::Kind;
    FloatAttr constant;
    if (matchPattern(&op, m_Constant(&constant))) {
      ScalarNode node;
      node.kind = Kind::Constant;
      node.value = constant.getValueAsDouble();
      add(op.getResult(0), node);
      return success();
    }
    std::optional<Kind> kind =
        llvm::TypeSwitch<Operation *, std::optional<Kind>>(&op)
            .Case([](arith::AddFOp) { return Kind::Add; })
            .Case([](arith::SubFOp) { return Kind::Sub; })
            .Case([](arith::MulFOp) { return Kind::Mul; })
            .Case([](arith::DivFOp) { return Kind::Div; })
            .Case([](arith::MaximumFOp) { return Kind::Max; })
            .Case([](arith::MinimumFOp) { return Kind::Min; })
            .Case([](arith::NegFOp) { return Kind::Neg; })
            .Case([](arith::SelectOp) { return Kind::Select; })
            .Case([](math::AbsFOp) { return Kind::Abs; })
            .Case([](math::SqrtOp) { return Kind::Sqrt; })
            .Case([](math::ExpOp) { return Kind::Exp; })
            .Case([](math::ExpM1Op) { return Kind::Expm1; })
            .Case([](math::LogOp) { return Kind::Log; })
            .Case([](math::Log1pOp) { return Kind::Log1p; })
            .Case([](math::ErfOp) { return Kind::Erf; })
            .Case([](math::SinOp) { return Kind::Sin; })
            .Case([](math::CosOp) { return Kind::Cos; })
            .Case([](math::FloorOp) { return Kind::Floor; })
            .Case([](math::RoundEvenOp) { return Kind::RoundEven; })
            .Case([](math::TanhOp) { return Kind::Tanh; })
            .Default([](Operation *) { return std::nullopt; });
    SmallVector<int> operands;
    for (Value operand : op.getOperands())
      operands.push_back(nodes.lookup(operand));
    if (auto compare = dyn_cast<arith::CmpFOp>(op)) {
      switch (compare.getPredicate()) {
      case arith::CmpFPredicate::OGT:
        std::swap(operands[0], operands[1]);
        [[fallthrough]];
      case arith::CmpFPredicate::OLT:
        kind = Kind::Less;
        break;
      case arith::CmpFPredicate::OGE:
        std::swap(operands[0], operands[1]);
        [[fallthrough]];
      case arith::CmpFPredicate::OLE:
        kind = Kind::LessEqual;
        break;
      default:
        break;
      }
    }
    if (!kind)
      return op.emitError("'")
             << op.getName() << "' has no scalar form in a kernel";
    ScalarNode node;
    node.kind = *kind;
    node.operands.assign(operands.begin(), operands.end());
    add(op.getResult(0), node);
    return success();
  }

  KernelOp kernel;
  LoweredKernel result;
  llvm::DenseMap<Value, int> nodes;
};

} // namespace

FailureOr<LoweredKernel> upconv::lowerKernelToSpec(KernelOp kernel,
                                                   const KernelTarget &target) {
  return SpecBuilder(kernel, target).build();
}
