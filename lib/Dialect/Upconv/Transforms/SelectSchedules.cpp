//===- SelectSchedules.cpp - Table lookup for every kernel ----------------===//

#include "upconv/Conversion/UpconvToKernelSpec.h"
#include "upconv/Dialect/Upconv/Transforms/Passes.h"
#include "upconv/Schedule/Schedule.h"
#include "upconv/Target/Halide/CompileKernel.h"

#include "mlir/IR/Builders.h"

namespace upconv {
#define GEN_PASS_DEF_SELECTSCHEDULES
#include "upconv/Dialect/Upconv/Transforms/Passes.h.inc"
} // namespace upconv

using namespace mlir;
using namespace upconv;

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
    ScheduleEntry entry =
        tables.lookup(info, tableOf(spec), traitsOf(spec), isLegal);
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
