//===- TraceTest.cpp - Runs that tell where they are ----------------------===//

#include "LibraryFixture.h"

#include "upconv/Runtime/Runtime.h"

using namespace upconv;
using namespace upconv::test;

namespace {

class TraceTest : public LibraryTest {
protected:
  LibraryPlan tracedBlur() {
    LibraryPlan plan = staticBlur();
    plan.tracesSteps = true;
    return plan;
  }
};

// Blurs 10 numbers; `at` null: without telling anybody.
std::vector<float> run(LoadedLibrary &library,
                       void (*at)(void *, int64_t) = nullptr,
                       void *context = nullptr) {
  std::vector<float> z = {1, 2, 3, 4, 5, 6, 7, 1, 2, 3}, image(10, NAN);
  const float *input = z.data();
  float *output = image.data();
  LoadedLibrary::Options options;
  options.threads = 1;
  int status =
      at ? library.runTraced(&input, nullptr, &output, options, {at, context})
         : library.runRaw(&input, nullptr, &output, options);
  EXPECT_EQ(status, UPCONV_RT_OK);
  return image;
}

void note(void *context, int64_t step) {
  static_cast<std::vector<int64_t> *>(context)->push_back(step);
}

// Before each of the plan's three steps, and behind the last.
TEST_F(TraceTest, EveryStepIsTold) {
  LoadedLibrary library = load(tracedBlur());
  std::vector<int64_t> steps;
  std::vector<float> image = run(library, note, &steps);
  EXPECT_EQ(steps, (std::vector<int64_t>{0, 1, 2, 3}));
  EXPECT_EQ(image, run(library));
}

TEST_F(TraceTest, NobodyIsToldWhoDoesNotAsk) {
  LoadedLibrary library = load(tracedBlur());
  std::vector<int64_t> steps;
  run(library, note, &steps);
  steps.clear();
  run(library);
  EXPECT_TRUE(steps.empty());
}

// A library that users get does not look for such options, ...
TEST_F(TraceTest, OtherLibrariesTellNothing) {
  LoadedLibrary library = load(staticBlur());
  std::vector<int64_t> steps;
  std::vector<float> image = run(library, note, &steps);
  EXPECT_TRUE(steps.empty());
  EXPECT_EQ(image, run(library));
}

// ... and has no trace of them: the key stands in the code of those that do.
TEST_F(TraceTest, OtherLibrariesHaveNoKey) {
  std::string key = std::to_string(static_cast<int64_t>(UPCONV_RT_TRACED));
  EXPECT_NE(get(emitCallingSequenceText(tracedBlur())).find(key),
            std::string::npos);
  EXPECT_EQ(get(emitCallingSequenceText(staticBlur())).find(key),
            std::string::npos);
}

TEST_F(TraceTest, NotOnADevice) {
  LibraryPlan plan = tracedBlur();
  plan.device = "opencl";
  EXPECT_EQ(messageOf(emitCallingSequenceText(plan)),
            "library 'blur': steps on a device cannot be traced");
}

} // namespace
