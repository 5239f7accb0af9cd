//===- RateLoopsTest.cpp --------------------------------------------------===//

#include "upconv/Target/Mca/RateLoops.h"

#include "gtest/gtest.h"

using namespace upconv;

namespace {

const AssemblyTarget arm = {"aarch64-unknown-linux-gnu", "+neon", 4};
const AssemblyTarget avx2 = {"x86_64-unknown-linux-gnu", "+avx2,+fma", 8};

/// `chains` independent multiply-adds and what else is in the loop.
std::string armLoop(unsigned chains, const std::string &more = "") {
  std::string text = ".LBB0_1:  // %\"5_for_acc1.s1.ci\"\n";
  for (unsigned i = 0; i < chains; ++i)
    text += "fmla v" + std::to_string(i) + ".4s, v30.4s, v31.s[0]\n";
  return text + more + "subs x0, x0, #1\nb.ne .LBB0_1\nret\n";
}

std::vector<RatedLoop> rate(const std::string &text, const AssemblyTarget &of,
                            const std::vector<std::string> &processors) {
  llvm::Expected<std::vector<RatedLoop>> loops =
      rateLoops(text, of, processors);
  if (loops)
    return *loops;
  ADD_FAILURE() << llvm::toString(loops.takeError());
  return {};
}

std::string failure(const std::string &text, const AssemblyTarget &of,
                    const std::vector<std::string> &processors) {
  llvm::Expected<std::vector<RatedLoop>> loops =
      rateLoops(text, of, processors);
  return loops ? "" : llvm::toString(loops.takeError());
}

} // namespace

// Units, by the processors' optimization guides: N1 and N2 two, V2 four.
TEST(RateLoops, ChainsAgainstUnitsTimesLatency) {
  std::vector<RatedLoop> loops =
      rate(armLoop(16), arm, {"neoverse-n2", "neoverse-v2"});
  ASSERT_EQ(loops.size(), 1u);
  EXPECT_EQ(loops[0].name, "acc1.s1.ci");
  EXPECT_EQ(loops[0].multiplyAdds, 16u);
  EXPECT_EQ(loops[0].instructions, 18u);
  EXPECT_EQ(loops[0].stackOperands, 0u);
  EXPECT_NEAR(loops[0].use[0], 1.0, 0.03);
  EXPECT_NEAR(loops[0].use[1], 1.0, 0.03);

  // A step of a chain takes 4 cycles; the model of V2 knows that a sum may
  // arrive late, 2.
  std::vector<RatedLoop> few =
      rate(armLoop(2), arm, {"neoverse-n2", "neoverse-v2"});
  ASSERT_EQ(few.size(), 1u);
  EXPECT_NEAR(few[0].use[0], 0.25, 0.03);
  EXPECT_NEAR(few[0].use[1], 0.25, 0.03);
}

/// 2 x 2 registers of sums, or fewer.
static std::string tileLoop(unsigned sums) {
  std::string text = ".LBB0_1: # %\"5_for_acc1.s2.ci\"\n";
  for (unsigned i = 0; i < 4; ++i)
    text += "tileloadd (%rax,%rbx), %tmm" + std::to_string(4 + i) + "\n";
  for (unsigned i = 0; i < 4; ++i)
    text += "tdpbf16ps %tmm7, %tmm4, %tmm" + std::to_string(i % sums) + "\n";
  return text + "addq $64, %rax\ncmpq %rcx, %rax\njne .LBB0_1\nret\n";
}

// 64 cycles of products, 32 of loads; sums are ready after 52.
TEST(RateLoops, TileRegisters) {
  const AssemblyTarget amx = {"x86_64-unknown-linux-gnu",
                              "+avx512f,+amx-tile,+amx-bf16", 16};
  std::vector<RatedLoop> loops = rate(tileLoop(4), amx, {"sapphirerapids"});
  ASSERT_EQ(loops.size(), 1u);
  EXPECT_EQ(loops[0].name, "acc1.s2.ci");
  EXPECT_EQ(loops[0].multiplyAdds, 4u);
  EXPECT_NEAR(loops[0].use[0], 1.0, 1e-9);
  EXPECT_NEAR(rate(tileLoop(2), amx, {"sapphirerapids"})[0].use[0], 64. / 104,
              1e-9);
  EXPECT_NEAR(rate(tileLoop(1), amx, {"sapphirerapids"})[0].use[0], 64. / 208,
              1e-9);
}

// LLVM's model: one in two cycles.
TEST(RateLoops, PairsAgainstTheirOwnPeak) {
  const AssemblyTarget pairs = {"x86_64-unknown-linux-gnu",
                                "+avx512f,+avx512bf16", 16};
  std::string text = ".LBB0_1: # %\"5_for_acc1.s1.ci\"\n";
  for (int i = 0; i < 16; ++i)
    text += "vdpbf16ps %zmm30, %zmm31, %zmm" + std::to_string(i) + "\n";
  text += "addq $64, %rax\ncmpq %rcx, %rax\njne .LBB0_1\nret\n";
  std::vector<RatedLoop> loops = rate(text, pairs, {"sapphirerapids"});
  ASSERT_EQ(loops.size(), 1u);
  EXPECT_EQ(loops[0].multiplyAdds, 16u);
  EXPECT_NEAR(loops[0].use[0], 1.0, 0.03);
}

TEST(RateLoops, LoadsBesideMultiplyAdds) {
  std::string loads;
  for (int i = 0; i < 24; ++i)
    loads += "ldr s" + std::to_string(16 + i % 8) + ", [x1, #" +
             std::to_string(4 * i) + "]\n";
  std::vector<RatedLoop> loops = rate(armLoop(16, loads), arm, {"neoverse-n1"});
  ASSERT_EQ(loops.size(), 1u);
  // 24 loads take two pipes at least 12 cycles, 16 multiply-adds 8.
  EXPECT_LT(loops[0].use[0], 0.68);
  EXPECT_GT(loops[0].use[0], 0.1);
}

TEST(RateLoops, FindsTheStack) {
  std::vector<RatedLoop> loops =
      rate(armLoop(8, "ldr q20, [sp, #16]\nstr q20, [x2]\n"), arm, {});
  ASSERT_EQ(loops.size(), 1u);
  EXPECT_EQ(loops[0].stackOperands, 1u);
  std::vector<RatedLoop> x86 = rate(".LBB0_1: # %\"2_for_acc1.s1.ci.us\"\n"
                                    "vmovups -64(%rsp), %ymm1\n"
                                    "vfmadd231ps (%rdi), %ymm1, %ymm0\n"
                                    "decq %rax\njne .LBB0_1\nretq\n",
                                    avx2, {});
  ASSERT_EQ(x86.size(), 1u);
  EXPECT_EQ(x86[0].stackOperands, 1u);
  EXPECT_EQ(x86[0].multiplyAdds, 1u);
  EXPECT_EQ(x86[0].name, "acc1.s1.ci.us");
}

// Only loops without another one inside, and only those with multiply-adds.
TEST(RateLoops, OuterLoopsAndOtherLoopsAreLeftOut) {
  std::vector<RatedLoop> loops = rate(".LBB0_1: // %\"1_for_out.s1.x\"\n"
                                      "mov x2, x3\n"
                                      ".LBB0_2: // %\"2_for_acc1.s1.ci\"\n"
                                      "fmla v0.4s, v30.4s, v31.4s\n"
                                      "cbz x4, .LBB0_2\n"
                                      "fmla v1.4s, v30.4s, v31.4s\n"
                                      "subs x2, x2, #1\n"
                                      "b.ne .LBB0_2\n"
                                      "subs x0, x0, #1\n"
                                      "b.ne .LBB0_1\n"
                                      ".LBB0_3:\n"
                                      "str q0, [x5], #16\n"
                                      "subs x1, x1, #1\n"
                                      "b.ne .LBB0_3\n",
                                      arm, {});
  ASSERT_EQ(loops.size(), 1u);
  EXPECT_EQ(loops[0].name, "acc1.s1.ci");
  EXPECT_EQ(loops[0].multiplyAdds, 2u);
}

TEST(RateLoops, ProcessorsWithoutFusedOnes) {
  const AssemblyTarget sse = {"x86_64-unknown-linux-gnu", "+sse4.1", 4};
  std::string text = ".LBB0_1: # %\"2_for_acc1.s1.ci\"\n";
  for (int i = 0; i < 8; ++i)
    text += "movaps %xmm14, %xmm15\nmulps %xmm13, %xmm15\naddps %xmm15, %xmm" +
            std::to_string(i) + "\n";
  std::vector<RatedLoop> loops =
      rate(text + "decq %rax\njne .LBB0_1\nretq\n", sse, {"skylake-avx512"});
  ASSERT_EQ(loops.size(), 1u);
  EXPECT_EQ(loops[0].multiplyAdds, 8u);
  EXPECT_NEAR(loops[0].use[0], 1.0, 0.15);
}

TEST(RateLoops, Complaints) {
  EXPECT_EQ(failure(armLoop(4), arm, {"neoverse-n9"}),
            "'neoverse-n9' is no processor of 'aarch64-unknown-linux-gnu'");
  EXPECT_EQ(failure(armLoop(4), arm, {"generic"}), "");
  EXPECT_NE(failure(armLoop(4), avx2, {"haswell"}).find("no assembly of "),
            std::string::npos);
  EXPECT_NE(failure("ret\n", {"z80-unknown-none", "", 1}, {}), "");
  EXPECT_TRUE(rate("ret\n", arm, {"neoverse-n1"}).empty());
}
