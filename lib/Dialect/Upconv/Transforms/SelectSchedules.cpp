//===- SelectSchedules.cpp - Table lookup for every kernel ----------------===//

#include "RoundInput.h"
#include "SplitSums.h"

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
                       const TargetInfo &info, const KernelTarget &target,
                       Precision permitted) {
    FailureOr<LoweredKernel> lowered = lowerKernelToSpec(kernel, target);
    if (failed(lowered))
      return failure();
    auto with = [&](const ScheduleEntry &entry) {
      KernelSpec spec = entry.precision == Precision::BFloat16
                            ? withRoundedInput(lowered->spec)
                            : lowered->spec;
      spec.schedule = entry.use;
      return spec;
    };
    auto isLegal = [&](const ScheduleEntry &entry) {
      return !scheduleViolation(with(entry));
    };
    ScheduleEntry entry =
        tables.lookup(info, tableOf(lowered->spec), traitsOf(lowered->spec),
                      isLegal, permitted);
    KernelSpec spec = with(entry);
    if (std::optional<std::string> violation = scheduleViolation(spec))
      return kernel.emitError("no legal schedule for this kernel: ")
             << *violation;
    kernel.setScheduleAttr(toAttr(&getContext(), entry));
    if (spec.multipliesPairs())
      roundInput(kernel);

    HaloRequirement halo = requiredHalo(spec);
    auto layout = LayoutAttr::get(&getContext(), halo.low, halo.high);
    if (!layout.isDense())
      kernel.setHaloAttr(layout);
    mlir::emitRemark(kernel.getLoc())
        << "kernel uses strategy '" << entry.use.strategy << "' (" << entry.file
        << ":" << entry.line << ")";
    if (int64_t parts = spec.schedule.knob("split", 1); parts > 1)
      splitSums(kernel, parts);
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
    std::optional<Precision> permitted = precisionOf(precision);
    if (!permitted) {
      getOperation().emitError("'precision' must be ")
          << precisionNames() << ", got '" << precision << "'";
      return signalPassFailure();
    }
    KernelTarget kernelTarget = kernelTargetOf(*info);
    // Kernels that have a schedule keep it: the pass runs again after
    // assign-layouts for the copies which that inserted, for roundings and for
    // what adds split sums.
    for (auto kernel : llvm::make_early_inc_range(
             getOperation().getBody().front().getOps<KernelOp>()))
      if (!kernel.getScheduleAttr() &&
          failed(select(kernel, *tables, *info, kernelTarget, *permitted)))
        return signalPassFailure();
  }
};
} // namespace
