//===- RateLoops.h - Hot loops against a processor's model ----------------===//
//
// What LLVM's machine code analyser says of the innermost loops of a kernel's
// assembly: how much of the multiply-add pipes they use on a processor that is
// not at hand. An upper bound: loads hit the first cache, branches are
// predicted, and a value that is spilled and loaded again costs nothing between
// the two (hence `stackOperands`). docs/RationaleKernels.md says how far it
// goes.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_TARGET_MCA_RATELOOPS_H
#define UPCONV_TARGET_MCA_RATELOOPS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"

#include <string>
#include <vector>

namespace upconv {

/// What an assembly text is written for.
struct AssemblyTarget {
  std::string triple, features; ///< in LLVM's spelling
  int64_t vectorFloats = 4;     ///< lanes of the vectors that set the peak
};

/// An innermost loop with multiply-adds.
struct RatedLoop {
  /// What Halide calls it: "acc1.s1.ci". Empty where the text names none.
  std::string name;
  unsigned instructions = 0, multiplyAdds = 0;
  unsigned stackOperands = 0; ///< instructions that touch the stack
  /// Per processor, of the multiply-adds that its pipes could start: 0 to 1.
  std::vector<double> use;
};

/// Fails if a processor is none of the triple's, if LLVM has no model of it, or
/// if the text is not assembly of this target.
llvm::Expected<std::vector<RatedLoop>>
rateLoops(llvm::StringRef assembly, const AssemblyTarget &target,
          llvm::ArrayRef<std::string> processors);

} // namespace upconv

#endif // UPCONV_TARGET_MCA_RATELOOPS_H
