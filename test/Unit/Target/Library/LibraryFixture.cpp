//===- LibraryFixture.cpp - Hand-made plans, kernels and programs ---------===//

#include "LibraryFixture.h"

#include <cstdio>
#include <fstream>
#include <map>
#include <sstream>

using namespace upconv;
using namespace upconv::test;
using mlir::AffineExpr;

/// Kernels by KernelSpec.h's ABI, as C. `main` symbols besides NAME_argv are
/// there because Halide's objects have them too.
static const std::map<std::string, std::string> sources = {
    // input, rows, columns, row stride of the output, output
    {"copy_rows", R"(
int copy_rows_argv(void **a) {
  const float *in = HOST(a[0]); float *out = HOST(a[4]);
  int rows = INT(a[1]), columns = INT(a[2]), stride = INT(a[3]);
  for (int r = 0; r < rows; ++r)
    for (int c = 0; c < columns; ++c) out[r * stride + c] = in[r * columns + c];
  return 0;
})"},
    // input, weights, columns, stride, begin, end, output
    {"blur_rows", R"(
int blur_rows_argv(void **a) {
  const float *in = HOST(a[0]), *w = HOST(a[1]); float *out = HOST(a[6]);
  int columns = INT(a[2]), stride = INT(a[3]);
  for (int r = INT(a[4]); r < INT(a[5]); ++r)
    for (int c = 0; c < columns; ++c) {
      const float *at = in + r * stride + c;
      out[r * columns + c] = w[0] * at[-1] + w[1] * at[0] + w[2] * at[1];
    }
  return 0;
})"},
    // input (a counter), how many to wait for, begin, end, output
    {"windows", R"(
int windows_argv(void **a) {
  float *out = HOST(a[4]);
  int *arrived = (int *)HOST(a[0]), wanted = INT(a[1]);
  if (wanted < 0) return 1;
  __atomic_fetch_add(arrived, 1, __ATOMIC_SEQ_CST);
  for (long i = 0; __atomic_load_n(arrived, __ATOMIC_SEQ_CST) < wanted; ++i)
    if (i > 3000000000l) return 1;
  for (int i = INT(a[2]); i < INT(a[3]); ++i) out[i] = (float)INT(a[2]);
  return 0;
})"},
};

static const char *prelude = R"(
typedef struct {
  unsigned long device; void *interface; float *host; unsigned long flags;
  unsigned type; int dimensions; void *dim; void *padding;
} buffer;
_Static_assert(sizeof(buffer) == 56, "halide_buffer_t");
#define HOST(p) (((buffer *)(p))->host)
#define INT(p) (*(int *)(p))
)";

void LibraryTest::SetUp() {
  std::string pattern = testing::TempDir() + "upconv-library-XXXXXX";
  ASSERT_NE(mkdtemp(pattern.data()), nullptr);
  folder = pattern;
}

void LibraryTest::TearDown() {
  if (!HasFailure())
    std::filesystem::remove_all(folder);
}

LibraryTest::Outcome LibraryTest::shell(const std::string &command) {
  std::string full =
      "cd '" + folder.string() + "' && { " + command + "; } 2>&1";
  FILE *pipe = popen(full.c_str(), "r");
  Outcome outcome{-1, ""};
  char buffer[4096];
  for (size_t got; pipe && (got = fread(buffer, 1, sizeof buffer, pipe)) > 0;)
    outcome.output.append(buffer, got);
  if (pipe)
    outcome.status = pclose(pipe);
  return outcome;
}

std::string LibraryTest::write(const std::string &name,
                               const std::string &bytes) {
  std::ofstream(folder / name, std::ios::binary) << bytes;
  return path(name);
}

static std::string read(const std::string &path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

std::vector<KernelObject> LibraryTest::kernels(const LibraryPlan &plan) {
  std::vector<KernelObject> objects;
  static std::map<std::string, std::string> cache;
  for (const Step &step : plan.steps) {
    const std::string &symbol = step.launch.symbol;
    if (step.kind != Step::Kind::Launch ||
        llvm::any_of(objects,
                     [&](auto &object) { return object.symbol == symbol; }))
      continue;
    std::string &bytes = cache[plan.triple + symbol];
    if (bytes.empty()) {
      write(symbol + ".c", prelude + sources.at(symbol) + "\nint " + symbol +
                               "(void) { return 1; }\nconst void *" + symbol +
                               "_metadata(void) { return 0; }\n");
      Outcome outcome =
          shell(std::string(UPCONV_TEST_CLANG) + " --target=" + plan.triple +
                " -O2 -g -fPIC -mno-outline-atomics "
                "-Wno-unused-command-line-argument "
                "-Wno-unknown-argument -c " +
                symbol + ".c -o " + symbol + ".o");
      EXPECT_EQ(outcome.status, 0) << outcome.output;
      bytes = read(path(symbol + ".o"));
    }
    objects.push_back({symbol, bytes});
  }
  return objects;
}

LibraryPlan LibraryTest::blurPlan(const std::string &name, AffineExpr batch,
                                  AffineExpr width) {
  LibraryPlan plan;
  plan.name = name;
  plan.modelName = "Blur \"model\"";
  plan.sourceFile = "blur.json";
  plan.kerasVersion = "3.1.1";
  plan.target = "x86-64";
  plan.triple = "x86_64-unknown-linux-gnu";
  plan.cpu = "x86-64";
  plan.requiredCpuFeatures = {"sse4.1"};
  plan.parameters = 3;
  plan.inputs = {{"z", "input_layer", {batch, width}}};
  plan.outputs = {{"image", "blur */ layer", {batch, width}}};
  AffineExpr stride = width + 2;
  // A slot in front, so that offsets are not all zero.
  plan.slots = {{{number(3)}}, {{batch * stride, number(4)}}};
  plan.weights.values = {-1, 1, 10, 100};

  Place padded{Place::Base::Slot, 1, number(1)};
  Step copy;
  copy.launch.symbol = "copy_rows";
  copy.launch.buffers = {{Place::Base::Input, 0, {}}};
  copy.launch.scalars = {batch, width, stride};
  copy.launch.output = padded;
  copy.launch.description = "layer 'input_layer': copy";
  Step zero;
  zero.kind = Step::Kind::ZeroMargins;
  zero.zero = {padded, {batch, width}, {stride, number(1)}, {0, 1}, {0, 1}};
  Step blur;
  blur.launch.symbol = "blur_rows";
  blur.launch.buffers = {padded, {Place::Base::Weights, 0, number(1)}};
  blur.launch.scalars = {width, stride};
  blur.launch.output = {Place::Base::Output, 0, {}};
  blur.launch.taskExtent = batch;
  blur.launch.description = "layer 'blur': phase, tables/blur.yaml:7";
  plan.steps = {copy, zero, blur};
  return plan;
}

LibraryPlan LibraryTest::dynamicBlur(const std::string &name) {
  LibraryPlan plan = blurPlan(name, symbol(0), symbol(1));
  plan.extents = {{"z_batch", 0, 0}, {"z_width", 0, 1}};
  plan.checks = {{ExtentCheck::Rule::Positive,
                  symbol(1) - 2,
                  {},
                  "output of layer 'blur' would be empty"}};
  return plan;
}

LibraryPlan LibraryTest::windowPlan(int64_t extent, int64_t grain,
                                    int rendezvous) {
  LibraryPlan plan = staticBlur("win");
  plan.weights.values.clear();
  plan.slots.clear();
  plan.inputs = {{"counter", "counter", {number(1)}}};
  plan.outputs = {{"begins", "begins", {number(extent)}}};
  Step step;
  step.launch.symbol = "windows";
  step.launch.buffers = {{Place::Base::Input, 0, {}}};
  step.launch.scalars = {number(rendezvous)};
  step.launch.output = {Place::Base::Output, 0, {}};
  step.launch.taskExtent = number(extent);
  step.launch.taskGrain = grain;
  plan.steps = {step};
  return plan;
}

std::vector<LibraryMember> LibraryTest::members(const LibraryPlan &plan) {
  return get(emitMembers(plan, kernels(plan)));
}

std::string LibraryTest::archive(const LibraryPlan &plan) {
  return get(emitArchive(plan, members(plan)));
}

std::string LibraryTest::sharedLibrary(const LibraryPlan &plan) {
  return get(emitSharedLibrary(plan, members(plan)));
}

LoadedLibrary LibraryTest::load(const LibraryPlan &plan) {
  return get(LoadedLibrary::open(
      write(sharedLibraryFileName(plan), sharedLibrary(plan))));
}

void LibraryTest::install(const LibraryPlan &plan) {
  write(headerFileName(plan), emitHeader(plan));
  write(archiveFileName(plan), archive(plan));
}
