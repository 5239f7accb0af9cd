//===- PlanQueries.cpp - What the emitters ask of a LibraryPlan -----------===//

#include "PlanQueries.h"

#include "upconv/Runtime/Runtime.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>

using namespace upconv;
using mlir::AffineBinaryOpExpr;
using mlir::AffineConstantExpr;
using mlir::AffineExpr;
using mlir::AffineExprKind;
using mlir::AffineSymbolExpr;

std::optional<int64_t> upconv::constantValue(AffineExpr expression) {
  if (!expression)
    return 0;
  if (auto constant = mlir::dyn_cast<AffineConstantExpr>(expression))
    return constant.getValue();
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// Spelling
//===----------------------------------------------------------------------===//

namespace {
enum Precedence { Sum, Product, Atom };
} // namespace

static std::string spellAt(AffineExpr expression, const LibraryPlan &plan,
                           Precedence context) {
  if (auto constant = mlir::dyn_cast<AffineConstantExpr>(expression))
    return std::to_string(constant.getValue());
  if (auto symbol = mlir::dyn_cast<AffineSymbolExpr>(expression))
    return symbol.getPosition() < plan.extents.size()
               ? plan.extents[symbol.getPosition()].field
               : "s" + std::to_string(symbol.getPosition());
  auto binary = mlir::dyn_cast<AffineBinaryOpExpr>(expression);
  if (!binary)
    return "?";
  AffineExpr left = binary.getLHS(), right = binary.getRHS();
  auto spelled = [&](AffineExpr operand, Precedence precedence) {
    return spellAt(operand, plan, precedence);
  };
  std::string text;
  Precedence own = Atom;
  switch (binary.getKind()) {
  case AffineExprKind::Add: {
    own = Sum;
    std::optional<int64_t> term = constantValue(right);
    text = term && *term < 0 && *term != INT64_MIN
               ? spelled(left, Sum) + " - " + std::to_string(-*term)
               : spelled(left, Sum) + " + " + spelled(right, Sum);
    break;
  }
  case AffineExprKind::Mul:
    own = Product;
    text = constantValue(right)
               ? spelled(right, Product) + " * " + spelled(left, Product)
               : spelled(left, Product) + " * " + spelled(right, Product);
    break;
  case AffineExprKind::FloorDiv:
    text =
        "floor(" + spelled(left, Product) + " / " + spelled(right, Atom) + ")";
    break;
  case AffineExprKind::CeilDiv:
    text =
        "ceil(" + spelled(left, Product) + " / " + spelled(right, Atom) + ")";
    break;
  case AffineExprKind::Mod:
    text = "mod(" + spelled(left, Sum) + ", " + spelled(right, Sum) + ")";
    break;
  default:
    text = "?";
    break;
  }
  return own < context ? "(" + text + ")" : text;
}

std::string upconv::spell(AffineExpr expression, const LibraryPlan &plan) {
  return expression ? spellAt(expression, plan, Sum) : "0";
}

std::string upconv::spellShape(const Port &port, const LibraryPlan &plan) {
  std::vector<std::string> dimensions;
  for (AffineExpr dimension : port.shape)
    dimensions.push_back(spell(dimension, plan));
  return "(" + llvm::join(dimensions, ", ") +
         (dimensions.size() == 1 ? ",)" : ")");
}

std::string upconv::spellShape(llvm::ArrayRef<int64_t> shape) {
  std::string text = "(";
  for (auto [i, size] : llvm::enumerate(shape))
    text += (i ? ", " : "") + std::to_string(size);
  return text + (shape.size() == 1 ? ",)" : ")");
}

//===----------------------------------------------------------------------===//
// Sizes that are known
//===----------------------------------------------------------------------===//

std::optional<int64_t> upconv::staticCount(const Port &port) {
  int64_t count = 1;
  for (AffineExpr dimension : port.shape) {
    std::optional<int64_t> extent = constantValue(dimension);
    if (!extent || llvm::MulOverflow(count, *extent, count))
      return std::nullopt;
  }
  return count;
}

std::optional<int64_t> upconv::staticSlotBytes(const WorkspaceSlot &slot) {
  int64_t elements = 0;
  for (AffineExpr tenant : slot.tenants) {
    std::optional<int64_t> size = constantValue(tenant);
    if (!size)
      return std::nullopt;
    elements = std::max(elements, *size);
  }
  if (elements > (INT64_MAX - 63) / 4)
    return std::nullopt;
  return llvm::alignTo(elements * 4, UPCONV_RT_WORKSPACE_ALIGNMENT);
}

std::optional<int64_t> upconv::staticWorkspaceBytes(const LibraryPlan &plan) {
  int64_t most = 0;
  for (const LibraryPlan &part : plan.parts) {
    std::optional<int64_t> bytes = staticWorkspaceBytes(part);
    if (!bytes)
      return std::nullopt;
    most = std::max(most, *bytes);
  }
  int64_t total = most;
  for (const WorkspaceSlot &slot : plan.slots) {
    std::optional<int64_t> bytes = staticSlotBytes(slot);
    if (!bytes || llvm::AddOverflow(total, *bytes, total))
      return std::nullopt;
  }
  return total;
}

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

std::vector<InputField> upconv::inputFields(const LibraryPlan &plan) {
  std::vector<InputField> fields;
  for (unsigned i = 0; i < plan.inputs.size(); ++i) {
    fields.push_back({false, i});
    for (unsigned e = 0; e < plan.extents.size(); ++e)
      if (plan.extents[e].input == i)
        fields.push_back({true, e});
  }
  return fields;
}

std::string upconv::prefixed(const LibraryPlan &plan, llvm::StringRef symbol) {
  std::string prefix = plan.name + "_";
  return symbol.starts_with(prefix) ? symbol.str() : prefix + symbol.str();
}

std::vector<std::string> upconv::publicSymbols(const LibraryPlan &plan) {
  std::vector<std::string> names = {plan.name + "_prepare", plan.name + "_run",
                                    plan.name + "_status_string",
                                    plan.name + "_describe"};
  if (!plan.device.empty())
    names.push_back(plan.name + "_release");
  if (hasHandle(plan)) {
    for (const char *function : {"_cuda_open", "_cuda_run", "_cuda_close"})
      names.push_back(plan.name + function);
    if (!plan.extents.empty())
      names.push_back(plan.name + "_cuda_reserve");
  }
  if (!plan.packWords.empty())
    names.push_back(plan.name + "_pack");
  if (!plan.extents.empty()) {
    names.push_back(plan.name + "_workspace_size");
    names.push_back(plan.name + "_output_shape");
  }
  return names;
}

std::string upconv::weightsSymbol(const LibraryPlan &plan) {
  return plan.name + "_packed_weights";
}

//===----------------------------------------------------------------------===//
// Processor features
//===----------------------------------------------------------------------===//

llvm::Expected<uint32_t> upconv::requiredFeatureBits(const LibraryPlan &plan) {
  uint32_t bits = 0;
  for (const std::string &name : plan.requiredCpuFeatures) {
    uint32_t bit = llvm::StringSwitch<uint32_t>(name)
                       .Case("sse4.1", UPCONV_RT_SSE41)
                       .Case("avx", UPCONV_RT_AVX)
                       .Case("avx2", UPCONV_RT_AVX2)
                       .Case("fma", UPCONV_RT_FMA)
                       .Case("f16c", UPCONV_RT_F16C)
                       .Case("avx512f", UPCONV_RT_AVX512F)
                       .Case("avx512dq", UPCONV_RT_AVX512DQ)
                       .Case("avx512bw", UPCONV_RT_AVX512BW)
                       .Case("avx512vl", UPCONV_RT_AVX512VL)
                       .Case("avx512cd", UPCONV_RT_AVX512CD)
                       .Case("popcnt", UPCONV_RT_POPCNT)
                       .Case("bmi", UPCONV_RT_BMI)
                       .Case("bmi2", UPCONV_RT_BMI2)
                       .Case("lzcnt", UPCONV_RT_LZCNT)
                       .Case("movbe", UPCONV_RT_MOVBE)
                       .Case("avx512ifma", UPCONV_RT_AVX512IFMA)
                       .Case("avx512vbmi", UPCONV_RT_AVX512VBMI)
                       .Case("avx512vbmi2", UPCONV_RT_AVX512VBMI2)
                       .Case("avx512bitalg", UPCONV_RT_AVX512BITALG)
                       .Case("avx512vpopcntdq", UPCONV_RT_AVX512VPOPCNTDQ)
                       .Case("avx512vnni", UPCONV_RT_AVX512VNNI)
                       .Case("avx512bf16", UPCONV_RT_AVX512BF16)
                       .Case("avx512fp16", UPCONV_RT_AVX512FP16)
                       .Case("avxvnni", UPCONV_RT_AVXVNNI)
                       .Case("gfni", UPCONV_RT_GFNI)
                       .Case("vaes", UPCONV_RT_VAES)
                       .Case("vpclmulqdq", UPCONV_RT_VPCLMULQDQ)
                       .Case("amx-tile", UPCONV_RT_AMX_TILE)
                       .Case("amx-bf16", UPCONV_RT_AMX_BF16)
                       .Default(0);
    if (!bit)
      return llvm::createStringError("library '" + plan.name +
                                     "': no run-time check is known for the "
                                     "processor feature '" +
                                     name + "'");
    bits |= bit;
  }
  return bits;
}
