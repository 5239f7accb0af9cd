//===- RunTest.cpp - Emitted libraries, loaded and run --------------------===//

#include "LibraryFixture.h"

#include "upconv/Runtime/Runtime.h"

#include <set>
#include <thread>

using namespace upconv;
using namespace upconv::test;

namespace {

std::vector<float> ramp(int64_t count) {
  std::vector<float> values(count);
  for (int64_t i = 0; i < count; ++i)
    values[i] = float(1 + i % 7);
  return values;
}

std::vector<float> blurred(const std::vector<float> &z, int64_t batch,
                           int64_t width) {
  std::vector<float> result(z.size());
  for (int64_t b = 0; b < batch; ++b)
    for (int64_t x = 0; x < width; ++x) {
      auto at = [&](int64_t i) {
        return i < 0 || i >= width ? 0.0f : z[b * width + i];
      };
      result[b * width + x] = at(x - 1) + 10 * at(x) + 100 * at(x + 1);
    }
  return result;
}

class RunTest : public LibraryTest {};

TEST_F(RunTest, StaticModel) {
  LoadedLibrary library = load(staticBlur());
  EXPECT_EQ(library.name(), "blur");
  EXPECT_EQ(messageOf(library.prepare()), "");
  LoadedLibrary::Sizes sizes = get(library.sizes({}));
  EXPECT_EQ(sizes.workspace, 64u + 64u);
  EXPECT_EQ(sizes.outputShapes, (std::vector<std::vector<int64_t>>{{2, 5}}));

  std::vector<float> z = ramp(10), image(10, NAN);
  alignas(64) float workspace[32];
  // Nothing that was in the workspace matters.
  std::fill(std::begin(workspace), std::end(workspace), NAN);
  LoadedLibrary::Options options;
  options.workspace = workspace;
  options.workspaceSize = sizeof workspace;
  options.threads = 1;
  EXPECT_EQ(messageOf(library.run({z.data()}, {}, {image.data()}, options)),
            "");
  EXPECT_EQ(image, blurred(z, 2, 5));
}

TEST_F(RunTest, DynamicModelAtManySizesAndThreads) {
  LoadedLibrary library = load(dynamicBlur());
  for (auto [batch, width] :
       {std::pair<int64_t, int64_t>{1, 3}, {2, 5}, {7, 64}, {13, 1000}})
    for (int threads : {0, 1, 2, 5}) {
      std::vector<float> z = ramp(batch * width), image(z.size(), NAN);
      std::vector<int64_t> extents =
          get(library.extentsFor({std::vector<int64_t>{batch, width}}));
      EXPECT_EQ(extents, (std::vector<int64_t>{batch, width}));
      LoadedLibrary::Sizes sizes = get(library.sizes(extents, threads));
      EXPECT_EQ(sizes.workspace,
                64u + (std::max<size_t>(batch * (width + 2), 4) * 4 + 63) / 64 *
                          64);
      EXPECT_EQ(sizes.outputShapes[0], (std::vector<int64_t>{batch, width}));
      LoadedLibrary::Options options;
      options.threads = threads;
      EXPECT_EQ(
          messageOf(library.run({z.data()}, extents, {image.data()}, options)),
          "");
      EXPECT_EQ(image, blurred(z, batch, width));
    }
}

TEST_F(RunTest, ManyRunsAtOnce) {
  LoadedLibrary library = load(dynamicBlur());
  std::vector<std::thread> callers;
  std::atomic<int> wrong{0};
  for (int caller = 0; caller < 4; ++caller)
    callers.emplace_back([&, caller] {
      int64_t batch = 3 + caller, width = 20 + caller;
      std::vector<float> z = ramp(batch * width), image(z.size());
      const float *input = z.data();
      float *output = image.data();
      int64_t extents[] = {batch, width};
      LoadedLibrary::Options options;
      options.threads = 1 + caller % 3;
      for (int i = 0; i < 50; ++i) {
        std::fill(image.begin(), image.end(), NAN);
        if (library.runRaw(&input, extents, &output, options) ||
            image != blurred(z, batch, width))
          ++wrong;
      }
    });
  for (std::thread &caller : callers)
    caller.join();
  EXPECT_EQ(wrong, 0);
}

TEST_F(RunTest, WindowsAreMultiplesOfTheGrain) {
  LoadedLibrary library = load(windowPlan(50, 4));
  for (int threads : {1, 2, 5, 100}) {
    float counter = 0;
    std::vector<float> begins(50, -1);
    LoadedLibrary::Options options;
    options.threads = threads;
    ASSERT_EQ(messageOf(library.run({&counter}, {}, {begins.data()}, options)),
              "");
    std::set<float> distinct(begins.begin(), begins.end());
    EXPECT_EQ(distinct.size(), size_t(std::min(threads, 12)));
    for (float begin : distinct)
      EXPECT_EQ(int(begin) % 4, 0);
    EXPECT_TRUE(std::is_sorted(begins.begin(), begins.end()));
    EXPECT_EQ(begins.front(), 0);
  }
}

TEST_F(RunTest, ThreadsMeet) {
  for (int threads : {2, 5}) {
    LoadedLibrary library = load(windowPlan(50, 4, threads));
    float counter = 0;
    std::vector<float> begins(50, -1);
    LoadedLibrary::Options options;
    options.threads = threads;
    EXPECT_EQ(messageOf(library.run({&counter}, {}, {begins.data()}, options)),
              "");
  }
}

TEST_F(RunTest, ParallelForOfTheHost) {
  LoadedLibrary library = load(windowPlan(50, 4));
  std::vector<int> indices;
  LoadedLibrary::Options options;
  options.threads = 3;
  options.user = &indices;
  options.parallelFor = [](void *user, int count, void (*body)(void *, int),
                           void *context) {
    for (int i = count; i-- > 0;) {
      static_cast<std::vector<int> *>(user)->push_back(i);
      body(context, i);
    }
  };
  float counter = 0;
  std::vector<float> begins(50, -1);
  ASSERT_EQ(messageOf(library.run({&counter}, {}, {begins.data()}, options)),
            "");
  EXPECT_EQ(indices, (std::vector<int>{2, 1, 0}));
  EXPECT_EQ(begins.front(), 0);
  EXPECT_EQ(begins.back(), 32);
}

TEST_F(RunTest, EveryStatus) {
  LoadedLibrary library = load(dynamicBlur());
  alignas(64) static char workspace[4096];
  std::vector<float> z = ramp(1000), image(1000);
  const float *input = z.data();
  float *output = image.data();
  auto run = [&](int64_t batch, int64_t width, size_t size, size_t shift = 0) {
    int64_t extents[] = {batch, width};
    LoadedLibrary::Options options;
    options.workspace = size ? workspace + shift : nullptr;
    options.workspaceSize = size;
    options.threads = 1;
    return library.runRaw(&input, extents, &output, options);
  };
  EXPECT_EQ(run(2, 5, 4096), UPCONV_RT_OK);
  EXPECT_EQ(run(2, 5, 127), UPCONV_RT_WORKSPACE_TOO_SMALL);
  EXPECT_EQ(run(2, 5, 128), UPCONV_RT_OK);
  EXPECT_EQ(run(2, 5, 2048, 32), UPCONV_RT_WORKSPACE_MISALIGNED);
  EXPECT_EQ(run(0, 5, 4096), UPCONV_RT_INVALID_EXTENT);
  EXPECT_EQ(run(-3, 5, 4096), UPCONV_RT_INVALID_EXTENT);
  EXPECT_EQ(run(2, 2, 4096), UPCONV_RT_INVALID_EXTENT); // the plan's check
  EXPECT_EQ(run(INT64_MAX, 5, 4096), UPCONV_RT_OVERFLOW);
  EXPECT_EQ(run(2, INT64_MAX, 4096), UPCONV_RT_OVERFLOW);
  EXPECT_EQ(run(INT64_C(1) << 33, 5, 4096), UPCONV_RT_OVERFLOW); // 32 bits
  EXPECT_EQ(run(INT64_C(1) << 30, INT64_C(1) << 30, 0),
            UPCONV_RT_OUT_OF_MEMORY);

  input = nullptr;
  EXPECT_EQ(run(2, 5, 4096), UPCONV_RT_INVALID_ARGUMENT);
  input =
      reinterpret_cast<const float *>(reinterpret_cast<char *>(z.data()) + 2);
  EXPECT_EQ(run(2, 5, 4096), UPCONV_RT_INVALID_ARGUMENT);
  input = z.data();
  output = nullptr;
  EXPECT_EQ(run(2, 5, 4096), UPCONV_RT_INVALID_ARGUMENT);
  output = image.data();
  LoadedLibrary::Options options;
  EXPECT_EQ(library.runRaw(nullptr, nullptr, &output, options),
            UPCONV_RT_INVALID_ARGUMENT);
  EXPECT_EQ(library.runRaw(&input, nullptr, &output, options),
            UPCONV_RT_INVALID_ARGUMENT);
}

TEST_F(RunTest, ErrorsSayWhichRuleIsBroken) {
  LoadedLibrary library = load(dynamicBlur());
  EXPECT_NE(
      messageOf(library.sizes({0, 5})).find("'z_batch' must be at least 1"),
      std::string::npos);
  EXPECT_NE(messageOf(library.sizes({2, 2}))
                .find("output of layer 'blur' would be empty"),
            std::string::npos);
  EXPECT_NE(
      messageOf(library.sizes({INT64_MAX, 5})).find("does not fit 64 bits"),
      std::string::npos);
  std::string shape = messageOf(library.extentsFor({std::vector<int64_t>{5}}));
  EXPECT_NE(
      shape.find("input 'z' must have shape (z_batch, z_width), got (5,)"),
      std::string::npos)
      << shape;
  float value = 0;
  EXPECT_NE(messageOf(library.run({&value}, {2, 2}, {&value}, {}))
                .find("output of layer 'blur' would be empty"),
            std::string::npos);
}

TEST_F(RunTest, AFailingKernel) {
  LoadedLibrary library = load(windowPlan(50, 4, -1));
  for (int threads : {1, 3}) {
    float counter = 0;
    std::vector<float> begins(50);
    LoadedLibrary::Options options;
    options.threads = threads;
    EXPECT_NE(messageOf(library.run({&counter}, {}, {begins.data()}, options))
                  .find("internal error"),
              std::string::npos);
  }
}

/// floordiv, ceildiv and mod as MLIR defines them, products of symbols.
TEST_F(RunTest, Expressions) {
  LibraryPlan plan = dynamicBlur();
  plan.checks = {};
  mlir::AffineExpr s0 = symbol(0), s1 = symbol(1);
  plan.outputs[0].shape = {s0, s1};
  std::vector<mlir::AffineExpr> expressions = {
      (s0 - 10).floorDiv(3) + 100, (s0 - 10).ceilDiv(3) + 100,
      (s0 - 10) % 4 + 1, s0 * s1 + 1, s0.floorDiv(s1) + 1};
  for (size_t i = 0; i < expressions.size(); ++i)
    plan.outputs.push_back({"o" + std::to_string(i), "o", {expressions[i]}});
  LoadedLibrary library = load(plan);
  for (int64_t a : {1, 2, 9, 10, 11, 14})
    for (int64_t b : {1, 3, 5}) {
      LoadedLibrary::Sizes sizes = get(library.sizes({a, b}));
      for (size_t i = 0; i < expressions.size(); ++i) {
        mlir::AffineExpr folded =
            expressions[i].replaceSymbols({number(a), number(b)});
        EXPECT_EQ(sizes.outputShapes[i + 1][0],
                  mlir::cast<mlir::AffineConstantExpr>(folded).getValue())
            << i << ": " << a << ", " << b;
      }
    }
}

TEST_F(RunTest, LoadingWhatIsNoLibrary) {
  EXPECT_NE(messageOf(LoadedLibrary::open(path("missing.so"))), "");
  EXPECT_NE(messageOf(LoadedLibrary::open(write("text.so", "hello"))), "");
  std::string object = write("k.o", kernels(staticBlur())[0].bytes);
  ASSERT_EQ(
      shell("ld.lld-22 -shared k.o -o k.so || ld -shared k.o -o k.so").status,
      0);
  EXPECT_NE(messageOf(LoadedLibrary::open(path("k.so")))
                .find("not a library made by upconv"),
            std::string::npos);
}

} // namespace
