//===- ConditionTest.cpp - One line of `when` -----------------------------===//

#include "Condition.h"

#include "gtest/gtest.h"

using namespace upconv;

namespace {

std::string accepted(const char *text) {
  std::string reason, result;
  auto bounds = parseBounds(text, reason);
  if (!bounds)
    return reason;
  for (int64_t value : {-1, 0, 3, 4, 5, 8, 16, 24, 64})
    if (bounds->accepts(value))
      result += std::to_string(value) + " ";
  return result;
}

TEST(Bounds, Forms) {
  EXPECT_EQ(accepted("4"), "4 ");
  EXPECT_EQ(accepted(">=8"), "8 16 24 64 ");
  EXPECT_EQ(accepted(">8"), "16 24 64 ");
  EXPECT_EQ(accepted("<=4"), "0 3 4 ");
  EXPECT_EQ(accepted("<4"), "0 3 ");
  EXPECT_EQ(accepted("4..16"), "4 5 8 16 ");
  EXPECT_EQ(accepted("%8"), "0 8 16 24 64 ");
  EXPECT_EQ(accepted(">=16 %16"), "16 64 ");
  EXPECT_EQ(accepted("*"), "-1 0 3 4 5 8 16 24 64 ");
}

TEST(Bounds, Malformed) {
  std::string expected = "expected 4, \">=64\", \"<8\", \"4..16\", \"%16\" (a "
                         "multiple) or \"*\", got '";
  for (const char *text : {"x", "=4", "-4", "4..", "..4", "%0", "%", ">", "4x"})
    EXPECT_EQ(accepted(text), expected + text + "'");
  EXPECT_EQ(accepted(""), "expected one condition, got ''");
  EXPECT_EQ(accepted("* 4"), "expected one condition, got '* 4'");
  EXPECT_EQ(accepted("8..4"), "no value satisfies '8..4'");
  EXPECT_EQ(accepted(">8 <4"), "no value satisfies '>8 <4'");
  EXPECT_EQ(accepted("<0"), "no value satisfies '<0'");
}

bool holds(const std::string &when, const KernelTraits &traits) {
  std::vector<std::string> errors;
  YamlFile file("t.yaml", errors);
  auto root = file.parse(when);
  EXPECT_TRUE(root && errors.empty());
  auto conditions = readConditions(file, *root);
  for (const std::string &error : errors)
    ADD_FAILURE() << error;
  for (const Condition &condition : conditions)
    if (!condition.holds(traits))
      return false;
  return true;
}

TEST(Condition, Holds) {
  KernelTraits traits;
  traits.scalars = {{"rank", 2}, {"cin", 64}};
  traits.lists = {{"stride", {2, 2}}, {"kernel", {4, 3}}, {"in", {-1, 28}}};
  EXPECT_TRUE(holds("{}", traits));
  EXPECT_TRUE(holds("{ cin: 64 }", traits));
  EXPECT_TRUE(holds("{ rank: 2, cin: \">=64 %16\" }", traits));
  EXPECT_FALSE(holds("{ rank: 2, cin: 32 }", traits));
  EXPECT_TRUE(holds("{ stride: [2, 2] }", traits));
  EXPECT_FALSE(holds("{ stride: [2] }", traits)) << "another rank";
  EXPECT_TRUE(holds("{ stride: 2 }", traits)) << "every axis";
  EXPECT_FALSE(holds("{ kernel: 4 }", traits));
  EXPECT_TRUE(holds("{ kernel: [4, ~] }", traits));
  EXPECT_TRUE(holds("{ kernel: [\"*\", \"<4\"] }", traits));
  EXPECT_TRUE(holds("{ in: [~, \"%14\"] }", traits));
  EXPECT_FALSE(holds("{ in: \">=0\" }", traits)) << "an unknown extent";
  EXPECT_FALSE(holds("{ batch: 1 }", traits)) << "an unknown scalar";
  EXPECT_FALSE(holds("{ out: 4 }", traits)) << "an unknown list";
}

} // namespace
