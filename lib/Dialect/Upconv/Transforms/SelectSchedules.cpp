//===- SelectSchedules.cpp - Table lookup for every kernel ----------------===//

#include "upconv/Conversion/UpconvToKernelSpec.h"
#include "upconv/Dialect/Upconv/Transforms/Passes.h"
#include "upconv/Schedule/Schedule.h"
#include "upconv/Target/Halide/CompileKernel.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/TypeSwitch.h"

namespace upconv {
#define GEN_PASS_DEF_SELECTSCHEDULES
#include "upconv/Dialect/Upconv/Transforms/Passes.h.inc"
} // namespace upconv

using namespace mlir;
using namespace upconv;

// The table that schedules an anchor.
static StringRef tableOf(Operation *anchor) {
  return llvm::TypeSwitch<Operation *, StringRef>(anchor)
      .Case([](ConvTransposeOp) { return "conv-transpose"; })
      .Case(
          [](ConvOp op) { return op.getStrides().empty() ? "matmul" : "conv"; })
      .Case([](PoolOp) { return "pool"; })
      .Case([](SoftmaxOp) { return "softmax"; })
      .Case([](TransposeOp) { return "transpose"; })
      .Case([](CopyOp) { return "copy"; })
      .Case([](ReindexOp) { return "reindex"; })
      .Case([](InterpolateOp) { return "interpolate"; })
      .Case([](ReduceOp) { return "reduce"; })
      .Case([](LookupOp) { return "lookup"; })
      .Default([](Operation *) { return "elementwise"; });
}

static std::vector<int64_t> knownSizes(ArrayRef<Size> sizes) {
  std::vector<int64_t> values;
  for (const Size &size : sizes)
    values.push_back(size.isConstant() ? size.constant : -1);
  return values;
}

static KernelTraits traitsOf(const KernelSpec &spec) {
  KernelTraits traits;
  traits.scalars["rank"] = spec.spatialRank();
  traits.scalars["cin"] = spec.inputChannels();
  traits.scalars["cout"] = spec.outputChannels();
  traits.scalars["groups"] = spec.groups;
  std::vector<int64_t> in = knownSizes(spec.input.shape);
  std::vector<int64_t> out = knownSizes(spec.output.shape);
  if (out.front() >= 0)
    traits.scalars["batch"] = out.front();
  int64_t positions = 1;
  for (size_t axis = 1; axis + 1 < out.size(); ++axis)
    positions = positions < 0 || out[axis] < 0 ? -1 : positions * out[axis];
  if (positions >= 0)
    traits.scalars["positions"] = positions;
  traits.lists["kernel"] = spec.window;
  traits.lists["stride"] = spec.strides;
  traits.lists["dilation"] = spec.dilations;
  if (in.size() > 2)
    traits.lists["in"].assign(in.begin() + 1, in.end() - 1);
  if (out.size() > 2)
    traits.lists["out"].assign(out.begin() + 1, out.end() - 1);
  return traits;
}

static ScheduleAttr toAttr(MLIRContext *context, const ScheduleEntry &entry) {
  Builder builder(context);
  SmallVector<NamedAttribute> knobs;
  for (const auto &[name, value] : entry.use.knobs)
    knobs.push_back(
        builder.getNamedAttr(name, builder.getI64IntegerAttr(value)));
  return ScheduleAttr::get(context, entry.use.strategy,
                           builder.getDictionaryAttr(knobs), entry.file,
                           entry.line);
}

namespace {
struct SelectSchedules : upconv::impl::SelectSchedulesBase<SelectSchedules> {
  using SelectSchedulesBase::SelectSchedulesBase;

  LogicalResult select(KernelOp kernel, const ScheduleTables &tables,
                       const TargetInfo &info, const KernelTarget &target) {
    FailureOr<LoweredKernel> lowered = lowerKernelToSpec(kernel, target);
    if (failed(lowered))
      return failure();
    KernelSpec spec = lowered->spec;
    auto isLegal = [&](const ScheduleEntry &entry) {
      spec.schedule = entry.use;
      return !scheduleViolation(spec);
    };
    ScheduleEntry entry = tables.lookup(info, tableOf(kernel.getAnchor()).str(),
                                        traitsOf(spec), isLegal);
    spec.schedule = entry.use;
    if (std::optional<std::string> violation = scheduleViolation(spec))
      return kernel.emitError("no legal schedule for this kernel: ")
             << *violation;
    kernel.setScheduleAttr(toAttr(&getContext(), entry));

    HaloRequirement halo = requiredHalo(spec);
    auto layout = LayoutAttr::get(&getContext(), halo.low, halo.high);
    if (!layout.isDense())
      kernel.setHaloAttr(layout);
    mlir::emitRemark(kernel.getLoc())
        << "kernel uses strategy '" << entry.use.strategy << "' (" << entry.file
        << ":" << entry.line << ")";
    return success();
  }

  void runOnOperation() override {
    llvm::Expected<ScheduleTables> tables = ScheduleTables::load(schedules);
    if (!tables) {
      getOperation().emitError(llvm::toString(tables.takeError()));
      return signalPassFailure();
    }
    llvm::Expected<TargetInfo> info = tables->target(target);
    if (!info) {
      getOperation().emitError(llvm::toString(info.takeError()));
      return signalPassFailure();
    }
    KernelTarget kernelTarget = kernelTargetOf(*info);
    // Kernels that have a schedule keep it: the pass runs again after
    // assign-layouts for the copies which that inserted.
    for (auto kernel : getOperation().getBody().front().getOps<KernelOp>())
      if (!kernel.getScheduleAttr() &&
          failed(select(kernel, *tables, *info, kernelTarget)))
        return signalPassFailure();
  }
};
} // namespace
