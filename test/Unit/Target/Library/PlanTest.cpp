//===- PlanTest.cpp - Plans that break a rule are refused -----------------===//

#include "LibraryFixture.h"

using namespace upconv;
using namespace upconv::test;

namespace {

class PlanTest : public LibraryTest {
protected:
  std::string refusal(const LibraryPlan &plan) {
    return messageOf(emitCallingSequenceText(plan));
  }
};

TEST_F(PlanTest, GoodPlansPass) {
  EXPECT_EQ(refusal(staticBlur()), "");
  EXPECT_EQ(refusal(dynamicBlur()), "");
}

TEST_F(PlanTest, Names) {
  EXPECT_EQ(refusal(staticBlur("2d")),
            "library '2d': name '2d' is not a C identifier");
  LibraryPlan plan = staticBlur();
  plan.inputs[0].name = "class";
  EXPECT_EQ(refusal(plan),
            "library 'blur': port 'class' is a word of C or C++");
  plan = dynamicBlur();
  plan.extents[0].field = "z";
  EXPECT_EQ(refusal(plan), "library 'blur': two fields are called 'z'");
}

TEST_F(PlanTest, Places) {
  LibraryPlan plan = staticBlur();
  plan.steps[2].launch.output.index = 1;
  EXPECT_EQ(refusal(plan), "library 'blur': launch of 'blur_rows': output lies "
                           "outside the plan's ports, slots and weights");
  plan = staticBlur();
  plan.weights.values.clear();
  EXPECT_NE(refusal(plan), "");
}

TEST_F(PlanTest, Expressions) {
  LibraryPlan plan = staticBlur();
  plan.slots[0].tenants[0] = symbol(0);
  EXPECT_EQ(refusal(plan),
            "library 'blur': slot uses s0 of 0 run-time extents");
  plan.slots[0].tenants[0] = mlir::getAffineDimExpr(0, &context);
  EXPECT_EQ(refusal(plan),
            "library 'blur': slot uses a dimension, expected symbols only");
  plan = staticBlur();
  plan.steps[2].launch.taskExtent = number(INT64_C(1) << 31);
  EXPECT_EQ(refusal(plan),
            "library 'blur': launch of 'blur_rows': the task extent "
            "does not fit 32 bits");
  plan = staticBlur();
  plan.slots[0].tenants[0] = number(INT64_MAX / 4);
  EXPECT_EQ(refusal(plan),
            "library 'blur': the size of the workspace does not fit 64 bits");
}

TEST_F(PlanTest, Targets) {
  LibraryPlan plan = staticBlur();
  plan.requiredCpuFeatures = {"avx1024"};
  EXPECT_EQ(refusal(plan), "library 'blur': no run-time check is known for the "
                           "processor feature 'avx1024'");
  plan = staticBlur();
  plan.triple = "riscv64-unknown-linux-gnu";
  EXPECT_EQ(
      refusal(plan),
      "library 'blur': no runtime for the triple 'riscv64-unknown-linux-gnu'");
}

} // namespace
