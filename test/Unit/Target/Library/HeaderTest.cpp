//===- HeaderTest.cpp - The header compiles everywhere and says it all ----===//

#include "LibraryFixture.h"

using namespace upconv;
using namespace upconv::test;

namespace {

class HeaderTest : public LibraryTest {
protected:
  /// Two copies of the header, alone in a file, with all warnings.
  void expectCompiles(const LibraryPlan &plan) {
    std::string header = headerFileName(plan);
    write(header, emitHeader(plan));
    std::string include = "#include \"" + header + "\"\n";
    write("user.c", include + include + "int user_dummy;\n");
    write("user.cpp", include + include + "int user_dummy;\n");
    const std::string flags =
        " -Wall -Wextra -Wpedantic -Werror -fsyntax-only ";
    for (const std::string &command :
         {UPCONV_TEST_CLANG + (" -std=c99 -Wdocumentation" + flags) + "user.c",
          UPCONV_TEST_CLANG + (" -std=c++17" + flags) + "user.cpp",
          "gcc -std=c99 -Wc++-compat" + flags + "user.c",
          "g++ -std=c++17" + flags + "user.cpp"}) {
      Outcome outcome = shell(command);
      EXPECT_EQ(outcome.status, 0) << command << "\n" << outcome.output;
    }
  }
  static bool has(const std::string &text, const std::string &part) {
    return text.find(part) != std::string::npos;
  }
};

TEST_F(HeaderTest, Static) {
  LibraryPlan plan = staticBlur();
  expectCompiles(plan);
  std::string text = emitHeader(plan);
  EXPECT_TRUE(has(text, "#define BLUR_Z_COUNT ((size_t)10)\n"));
  EXPECT_TRUE(has(text, "#define BLUR_IMAGE_COUNT ((size_t)10)\n"));
  EXPECT_TRUE(has(text, "#define BLUR_WORKSPACE_SIZE ((size_t)128)\n"));
  EXPECT_TRUE(has(text, "  const float *z; /* (2, 5) */\n"));
  EXPECT_TRUE(has(text, "blur * / layer"));
  EXPECT_TRUE(
      has(text, "2. blur_rows: layer 'blur': phase, tables/blur.yaml:7"));
  EXPECT_FALSE(has(text, "_workspace_size("));
  EXPECT_FALSE(has(text, "blur_shapes"));
}

TEST_F(HeaderTest, Dynamic) {
  LibraryPlan plan = dynamicBlur();
  expectCompiles(plan);
  std::string text = emitHeader(plan);
  EXPECT_FALSE(has(text, "#define BLUR_Z_COUNT"));
  EXPECT_FALSE(has(text, "WORKSPACE_SIZE"));
  EXPECT_TRUE(has(text, "  int64_t z_batch;\n"));
  EXPECT_TRUE(has(text, "struct { int64_t shape[2]; int64_t count; } image;"));
  EXPECT_TRUE(has(
      text,
      "size_t blur_workspace_size(const blur_inputs *inputs, int threads);"));
  EXPECT_TRUE(has(text, "refused: output of layer 'blur' would be empty"));
}

TEST_F(HeaderTest, HostileNames) {
  LibraryPlan plan = staticBlur();
  plan.modelName =
      "*/ int x; /* \n#error\n ?\?/ \\ \xe2\x80\xae \xff // \\u000a";
  plan.sourceFile = "/**//*\\*\\/";
  plan.steps[0].launch.description = "*\\/ /\\* trailing \\";
  plan.inputs[0].layerName = "größe\x01\x7f";
  expectCompiles(plan);
}

TEST_F(HeaderTest, PortsWhoseNamesDifferByCase) {
  LibraryPlan plan = staticBlur();
  plan.inputs.push_back({"Z", "other", {number(7)}});
  plan.outputs.push_back({"z", "same", {number(7)}});
  expectCompiles(plan);
  EXPECT_FALSE(has(emitHeader(plan), "BLUR_Z_COUNT"));
}

TEST_F(HeaderTest, RankZero) {
  LibraryPlan plan = dynamicBlur();
  plan.outputs.push_back({"loss", "loss", {}});
  expectCompiles(plan);
}

TEST_F(HeaderTest, SpelledExpressions) {
  LibraryPlan plan = dynamicBlur();
  plan.outputs[0].shape = {symbol(0) * 2 - 3, (symbol(1) + 1) * symbol(0),
                           (symbol(1) + 1).floorDiv(2),
                           symbol(1).ceilDiv(2) * 4, symbol(1) % 3};
  EXPECT_TRUE(has(emitHeader(plan),
                  "(2 * z_batch - 3, (z_width + 1) * z_batch, "
                  "floor((z_width + 1) / 2), 4 * ceil(z_width / 2), "
                  "mod(z_width, 3))"))
      << emitHeader(plan);
}

} // namespace
