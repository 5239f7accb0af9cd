//===- UpconvToLibraryPlan.cpp - A planned function to a LibraryPlan ------===//

#include "PackRecipe.h"

#include "upconv/Conversion/UpconvToLibraryPlan.h"

#include "upconv/Conversion/KernelSpecText.h"
#include "upconv/Conversion/UpconvToKernelSpec.h"
#include "upconv/Dialect/Keras/IR/LayerLocation.h"
#include "upconv/Target/Halide/CompileKernel.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/xxhash.h"

#include <map>

using namespace mlir;
using namespace upconv;

namespace {

class PlanBuilder {
public:
  PlanBuilder(func::FuncOp function, const TargetInfo &target,
              const PlanOptions &options)
      : function(function), target(target), options(options),
        context(function.getContext()) {}

  FailureOr<BuiltPlan> build();

private:
  void describe();
  void ports();
  void extents();
  std::string uniqueName(std::string name);
  LogicalResult checkTensor(Value value);
  LogicalResult launch(KernelOp kernel);
  FailureOr<Place> constants(WeightsOp op, const KernelSpec &spec, int role);
  Place image(ArrayRef<float> values);
  void variables();
  Place packedRange(const std::vector<int64_t> &recipe, int64_t count);
  void finishPackWords();
  Place placeOf(Value value);
  void openStorage(Value owner);
  std::string layersOf(KernelOp kernel);

  func::FuncOp function;
  const TargetInfo &target;
  const PlanOptions &options;
  MLIRContext *context;
  BuiltPlan plan;
  llvm::StringMap<unsigned> kernelIndex;
  std::map<std::pair<uint64_t, size_t>, int64_t> imageOffsets;
  llvm::StringMap<int64_t> variableNumbers;
  std::map<std::vector<int64_t>, int64_t> recipeOffsets;
  std::vector<int64_t> rangeWords; // offset and recipe of each
  llvm::StringMap<unsigned> names;
  llvm::DenseSet<Value> opened;
};

} // namespace

// Elements of the memory that an owner holds, halo included.
static AffineExpr getFootprint(Value owner) {
  return getProduct(
      owner.getContext(),
      getPaddedExtents(getExtents(owner.getType()), getStorage(owner).layout));
}

// The result of the model that `value` becomes, directly or through views.
static std::optional<unsigned> resultIndex(Value value) {
  for (OpOperand &use : value.getUses()) {
    if (isa<func::ReturnOp>(use.getOwner()))
      return use.getOperandNumber();
    if (auto reshape = dyn_cast<ReshapeOp>(use.getOwner()))
      if (std::optional<unsigned> index = resultIndex(reshape))
        return index;
  }
  return std::nullopt;
}

// The workspace slot of an owner of memory; none for a result of the model.
static std::optional<uint64_t> getSlot(Value owner) {
  if (auto concat = owner.getDefiningOp<ConcatOp>())
    return concat.getSlot();
  return owner.getDefiningOp<KernelOp>().getSlot();
}

std::string PlanBuilder::uniqueName(std::string name) {
  unsigned count = ++names[name];
  return count == 1 ? name : uniqueName(name + "_" + std::to_string(count));
}

void upconv::describeTarget(const TargetInfo &target, LibraryPlan &library) {
  library.target = target.name;
  library.device = target.device;
  library.capability = target.capability;
  library.triple = target.triple;
  library.cpu = target.cpu;
  library.features = target.features;
  library.requiredCpuFeatures = target.requires_;
  library.threadMacs = target.threadMacs;
}

void PlanBuilder::describe() {
  LibraryPlan &library = plan.library;
  auto text = [&](StringRef name) {
    auto attr = function->getParentOp()->getAttrOfType<StringAttr>(name);
    return attr ? attr.str() : std::string();
  };
  library.name = options.name;
  library.modelName = text("keras.model_name");
  library.sourceFile = text("keras.source");
  library.kerasVersion = text("keras.version");
  describeTarget(target, library);
}

void PlanBuilder::ports() {
  auto add = [&](std::vector<Port> &ports, StringRef kind, Attribute nameAttr,
                 Type type) {
    auto name = dyn_cast_or_null<StringAttr>(nameAttr);
    std::string otherwise = kind.str();
    if (!ports.empty())
      otherwise += "_" + std::to_string(ports.size() + 1);
    Port port;
    port.layerName = name ? name.str() : "";
    port.name = uniqueName(portName(port.layerName, otherwise));
    llvm::append_range(port.shape, getExtents(type));
    ports.push_back(std::move(port));
  };
  for (unsigned i = 0; i < function.getNumArguments(); ++i)
    add(plan.library.inputs, "input", function.getArgAttr(i, "keras.name"),
        function.getArgumentTypes()[i]);
  for (unsigned i = 0; i < function.getNumResults(); ++i)
    add(plan.library.outputs, "output", function.getResultAttr(i, "keras.name"),
        function.getResultTypes()[i]);
}

// Names a dimension as its users would: batch, then steps, or height and width,
// or depth, height and width. A tensor whose axis 1 is the only known one is
// taken to be channels_first.
static std::string dimensionName(ArrayRef<int64_t> shape, int64_t axis) {
  if (axis == 0)
    return "batch";
  int64_t rank = shape.size(), spatial = rank - 2;
  bool channelsFirst = rank > 2 && ShapedType::isDynamic(shape.back()) &&
                       !ShapedType::isDynamic(shape[1]);
  int64_t index = axis - (channelsFirst ? 2 : 1);
  static constexpr StringLiteral names[] = {"depth", "height", "width"};
  if (spatial == 1 && index == 0)
    return "steps";
  if (index < spatial && spatial <= 3)
    return names[3 - spatial + index].str();
  return "dim" + std::to_string(axis);
}

void PlanBuilder::extents() {
  auto list = function->getAttrOfType<ArrayAttr>("upconv.extents");
  if (!list)
    return;
  for (auto entry : list.getAsRange<DenseI64ArrayAttr>()) {
    unsigned input = entry[0], dimension = entry[1];
    auto type = cast<RankedTensorType>(function.getArgumentTypes()[input]);
    plan.library.extents.push_back(
        {plan.library.inputs[input].name + "_" +
             dimensionName(type.getShape(), dimension),
         input, dimension});
  }
}

// Kernels index with 32 bits. The last block of threads on a GPU counts on
// behind the elements.
LogicalResult PlanBuilder::checkTensor(Value value) {
  int64_t behind = target.isGpu() ? 127 : 0;
  int64_t most = std::numeric_limits<int32_t>::max() - behind;
  AffineExpr elements = getFootprint(value);
  std::optional<int64_t> known = getConstant(elements);
  if (known && (*known < 0 || *known > most))
    return emitError(value.getLoc())
           << "a tensor of " << *known << " elements is not supported: at most "
           << most << " per tensor";
  if (!known)
    plan.library.checks.push_back(
        {ExtentCheck::Rule::FitsInt32,
         elements + behind,
         {},
         ("a tensor of layer '" + keras::getLayerName(value.getLoc()) +
          "' would have more than " + Twine(most) + " elements")
             .str()});
  return success();
}

Place PlanBuilder::placeOf(Value value) {
  Storage storage = getStorage(value);
  Place place;
  place.offset = storage.origin;
  if (auto argument = dyn_cast<BlockArgument>(storage.owner)) {
    place.base = Place::Base::Input;
    place.index = argument.getArgNumber();
  } else if (std::optional<uint64_t> slot = getSlot(storage.owner)) {
    place.base = Place::Base::Slot;
    place.index = *slot;
  } else {
    place.base = Place::Base::Output;
    place.index = *resultIndex(storage.owner);
  }
  return place;
}

// Appends `values` to the weight image, 64-byte aligned, unless the same values
// are in it already.
Place PlanBuilder::image(ArrayRef<float> values) {
  std::vector<float> &image = plan.library.weights.values;
  Place place;
  place.base = Place::Base::Weights;
  uint64_t hash = llvm::xxh3_64bits(ArrayRef(
      reinterpret_cast<const uint8_t *>(values.data()), values.size() * 4));
  int64_t aligned = (image.size() + 15) / 16 * 16;
  auto [it, inserted] =
      imageOffsets.try_emplace({hash, values.size()}, aligned);
  if (!inserted &&
      !std::equal(values.begin(), values.end(), image.begin() + it->second)) {
    it->second = aligned;
    inserted = true;
  }
  if (inserted) {
    image.resize(aligned);
    image.insert(image.end(), values.begin(), values.end());
  }
  place.offset = getAffineConstantExpr(it->second, context);
  return place;
}

void PlanBuilder::variables() {
  if (!options.packAtRunTime)
    return;
  std::vector<Variable> &list = plan.library.variables;
  list = options.variables;
  std::vector<std::string> paths;
  for (const Variable &variable : list)
    paths.push_back(variable.path);
  for (auto [variable, field] : llvm::zip(list, variableFields(paths)))
    variable.field = field;
  for (auto [number, path] : llvm::enumerate(paths))
    variableNumbers[path] = number;
}

// A place for what `recipe` makes, unless there is one already.
Place PlanBuilder::packedRange(const std::vector<int64_t> &recipe,
                               int64_t count) {
  std::vector<float> &image = plan.library.weights.values;
  int64_t aligned = (image.size() + 15) / 16 * 16;
  auto [it, inserted] = recipeOffsets.try_emplace(recipe, aligned);
  if (inserted) {
    image.resize(aligned + count);
    rangeWords.push_back(aligned);
    llvm::append_range(rangeWords, recipe);
  }
  Place place;
  place.base = Place::Base::Weights;
  place.offset = getAffineConstantExpr(it->second, context);
  return place;
}

void PlanBuilder::finishPackWords() {
  std::vector<Variable> &list = plan.library.variables;
  auto use = [&](int64_t number) {
    if (number >= 0)
      list[number].used = true;
  };
  for (const auto &[recipe, offset] : recipeOffsets) {
    use(recipe[0]);
    for (int64_t fold = 0; fold < recipe[3]; ++fold)
      for (int64_t field = 0; field < 4; ++field)
        use(recipe[4 + 5 * fold + field]);
  }
  std::vector<int64_t> &words = plan.library.packWords;
  words.push_back(
      llvm::count_if(list, [](const Variable &v) { return v.used; }));
  for (auto [number, variable] : llvm::enumerate(list))
    if (variable.used)
      words.push_back(number);
  words.push_back(recipeOffsets.size());
  llvm::append_range(words, rangeWords);
}

// Role 1 is a convolution's kernel, 2 its bias, 0 an operand of the epilogue.
FailureOr<Place> PlanBuilder::constants(WeightsOp op, const KernelSpec &spec,
                                        int role) {
  int64_t count = role == 1 ? packedWeightCount(spec)
                  : role == 2
                      ? packedBiasCount(spec)
                      : cast<RankedTensorType>(op.getType()).getNumElements();
  auto pack = [&](const float *from, float *to) {
    if (role == 1)
      packWeights(spec, from, to);
    else if (role == 2)
      packBias(spec, from, to);
    else
      std::copy_n(from, count, to);
  };
  if (options.packAtRunTime) {
    bool rounds = role == 1 && spec.multipliesPairs();
    auto order = [&](const float *from, float *to) {
      orderWeights(spec, from, to);
    };
    FailureOr<std::vector<int64_t>> recipe =
        rounds ? packRecipe(op, packedValueCount(spec), rounds, order,
                            variableNumbers)
               : packRecipe(op, count, rounds, pack, variableNumbers);
    if (failed(recipe))
      return failure();
    return packedRange(*recipe, count);
  }
  // Listings need no values, but the image has its size.
  if (!options.weights)
    return image(std::vector<float>(count));
  FailureOr<std::vector<float>> values = evaluateWeights(op, *options.weights);
  if (failed(values))
    return failure();
  std::vector<float> packed(count, 0.0f);
  pack(values->data(), packed.data());
  return image(packed);
}

std::string PlanBuilder::layersOf(KernelOp kernel) {
  SmallVector<StringRef> layers;
  kernel.walk([&](Operation *op) {
    StringRef name = keras::getLayerName(op->getLoc());
    if (!name.empty() && !llvm::is_contained(layers, name))
      layers.push_back(name);
  });
  return llvm::join(layers, " + ");
}

// Before the first kernel that writes into `owner`.
void PlanBuilder::openStorage(Value owner) {
  if (!opened.insert(owner).second)
    return;
  if (std::optional<uint64_t> slot = getSlot(owner)) {
    plan.library.slots.resize(
        std::max<size_t>(plan.library.slots.size(), *slot + 1));
    plan.library.slots[*slot].tenants.push_back(getFootprint(owner));
  }
  Storage storage = getStorage(owner);
  if (storage.layout.isDense())
    return;
  Step step;
  step.kind = Step::Kind::ZeroMargins;
  step.zero.tensor = placeOf(owner);
  llvm::append_range(step.zero.shape, getExtents(owner.getType()));
  llvm::append_range(step.zero.strides, storage.strides);
  step.zero.haloLow = storage.layout.getLow().vec();
  step.zero.haloHigh = storage.layout.getHigh().vec();
  step.zero.layer = keras::getLayerName(owner.getLoc()).str();
  plan.library.steps.push_back(std::move(step));
}

// A rough count of the multiply-adds, or of the elements, of one run.
static AffineExpr workOf(const KernelSpec &spec, KernelOp kernel) {
  if (auto reduce = dyn_cast<ReduceOp>(kernel.getAnchor()))
    return getProduct(kernel.getContext(), reduce.getDomain());
  bool transposed = spec.anchor == Anchor::ConvTranspose;
  Value counted = transposed ? kernel.getInputs().front() : kernel.getResult();
  AffineExpr work =
      getProduct(kernel.getContext(), getExtents(counted.getType()));
  int64_t factor = 1;
  for (int64_t size : spec.window)
    factor *= size;
  if (transposed)
    factor *= spec.outputChannels();
  else if (spec.anchor == Anchor::Conv)
    factor *= spec.layerChannels() / spec.groups;
  return work * factor;
}

LogicalResult PlanBuilder::launch(KernelOp kernel) {
  FailureOr<LoweredKernel> lowered =
      lowerKernelToSpec(kernel, kernelTargetOf(target));
  if (failed(lowered))
    return failure();
  KernelSpec &spec = lowered->spec;
  std::string hash = hashKernelSpec(spec);
  spec.name = options.name + "_kernel_" + hash;
  auto [it, inserted] = kernelIndex.try_emplace(spec.name, plan.kernels.size());
  if (inserted)
    plan.kernels.push_back(spec);

  Step step;
  KernelLaunch &call = step.launch;
  call.symbol = spec.name;
  for (auto [index, input] : llvm::enumerate(kernel.getInputs())) {
    if (auto weights = input.getDefiningOp<WeightsOp>()) {
      int role = spec.hasWeights() && index == 1                   ? 1
                 : spec.hasWeights() && spec.hasBias && index == 2 ? 2
                                                                   : 0;
      FailureOr<Place> place = constants(weights, spec, role);
      if (failed(place))
        return failure();
      call.buffers.push_back(*place);
    } else {
      call.buffers.push_back(placeOf(input));
    }
  }
  llvm::append_range(call.scalars, lowered->scalars);
  call.output = placeOf(kernel);
  if (taskAxis(spec) != TaskAxis::None) {
    Size extent = taskExtent(spec);
    call.taskExtent = extent.isConstant()
                          ? getAffineConstantExpr(extent.constant, context)
                          : lowered->scalars[extent.scalar];
    call.taskGrain = taskGrain(spec);
    call.taskBlock = taskBlock(spec);
  }
  call.work = workOf(spec, kernel);
  ScheduleAttr schedule = kernel.getScheduleAttr();
  std::string place =
      schedule.getFile().empty()
          ? std::string()
          : (schedule.getFile() + ":" + Twine(schedule.getLine())).str();
  std::string layers = layersOf(kernel);
  call.description = layers + ": " + schedule.getStrategy().str() +
                     (place.empty() ? "" : " (" + place + ")");
  plan.library.steps.push_back(std::move(step));
  plan.calls.push_back(
      {it->second, layers, place,
       keras::getLayerName(kernel.getAnchor()->getLoc()).str()});
  return success();
}

FailureOr<BuiltPlan> PlanBuilder::build() {
  describe();
  ports();
  extents();
  variables();
  for (BlockArgument argument : function.getArguments())
    if (failed(checkTensor(argument)))
      return failure();

  for (Operation &op : function.getBody().front()) {
    if (auto require = dyn_cast<RequireOp>(op)) {
      bool equal = require.getRule() == "equal";
      plan.library.checks.push_back(
          {equal ? ExtentCheck::Rule::Equal : ExtentCheck::Rule::Positive,
           require.getExtents().getResult(0),
           equal ? require.getExtents().getResult(1) : AffineExpr(),
           require.getMessage().str()});
    } else if (auto kernel = dyn_cast<KernelOp>(op)) {
      Value owner = getStorage(kernel.getResult()).owner;
      if (!opened.contains(owner) && failed(checkTensor(owner)))
        return failure();
      openStorage(owner);
      if (failed(launch(kernel)))
        return failure();
    }
  }
  if (options.packAtRunTime)
    finishPackWords();
  // The system has to be asked for AMX, so only for kernels that use it.
  if (llvm::none_of(plan.kernels, std::mem_fn(&KernelSpec::usesMatrixTiles)))
    llvm::erase_if(plan.library.requiredCpuFeatures, [](StringRef feature) {
      return feature.starts_with("amx-");
    });
  return std::move(plan);
}

FailureOr<BuiltPlan> upconv::buildLibraryPlan(func::FuncOp function,
                                              const TargetInfo &target,
                                              const PlanOptions &options) {
  return PlanBuilder(function, target, options).build();
}
