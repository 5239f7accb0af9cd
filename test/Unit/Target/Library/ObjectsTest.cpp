//===- ObjectsTest.cpp - Symbols, sections, bytes -------------------------===//

#include "LibraryFixture.h"

#include "CallingSequence.h"

#include "llvm/Object/ELFObjectFile.h"

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <set>

#include <sys/stat.h>

using namespace upconv;
using namespace upconv::test;
using llvm::object::ELFObjectFileBase;
using llvm::object::ELFSymbolRef;

namespace {

struct Symbols {
  std::set<std::string> visible, hidden, undefined, files, sections;
};

Symbols symbolsOf(const std::string &bytes, bool dynamic = false) {
  auto object = get(llvm::object::ObjectFile::createObjectFile(
      llvm::MemoryBufferRef(bytes, "object")));
  auto *elf = llvm::cast<ELFObjectFileBase>(object.get());
  Symbols symbols;
  auto add = [&](ELFSymbolRef symbol) {
    std::string name = get(symbol.getName()).str();
    if (symbol.getELFType() == llvm::ELF::STT_FILE)
      symbols.files.insert(name);
    else if (name.empty() || symbol.getBinding() == llvm::ELF::STB_LOCAL)
      return;
    else if (get(symbol.getFlags()) & llvm::object::SymbolRef::SF_Undefined)
      symbols.undefined.insert(name);
    else if ((symbol.getOther() & 3) == llvm::ELF::STV_HIDDEN)
      symbols.hidden.insert(name);
    else
      symbols.visible.insert(name);
  };
  if (dynamic)
    for (ELFSymbolRef symbol : elf->getDynamicSymbolIterators())
      add(symbol);
  else
    for (ELFSymbolRef symbol : elf->symbols())
      add(symbol);
  for (llvm::object::SectionRef section : elf->sections())
    symbols.sections.insert(get(section.getName()).str());
  return symbols;
}

std::set<std::string> allowedUndefined() {
  std::set<std::string> names;
  std::ifstream file(UPCONV_UNDEFINED_SYMBOLS);
  for (std::string line; std::getline(file, line);)
    if (!line.empty() && line[0] != '#')
      names.insert(line);
  EXPECT_FALSE(names.empty());
  return names;
}

class ObjectsTest : public LibraryTest {
protected:
  LibraryPlan forArm(LibraryPlan plan) {
    plan.target = "aarch64";
    plan.triple = "aarch64-unknown-linux-gnu";
    plan.cpu = "generic";
    plan.requiredCpuFeatures.clear();
    return plan;
  }
  LibraryPlan forAvx512(LibraryPlan plan) {
    plan.target = "x86-64-v4";
    plan.cpu = "x86-64-v4";
    plan.requiredCpuFeatures = {"sse4.1",   "avx",     "avx2",     "fma",
                                "f16c",     "avx512f", "avx512dq", "avx512bw",
                                "avx512vl", "avx512cd"};
    return plan;
  }
};

TEST_F(ObjectsTest, SymbolsAreTheApiOrHiddenAndPrefixed) {
  for (const LibraryPlan &plan :
       {staticBlur(), dynamicBlur(), forArm(dynamicBlur()), windowPlan(8, 1),
        forAvx512(dynamicBlur())}) {
    std::set<std::string> defined, visible, undefined;
    for (const LibraryMember &member : members(plan)) {
      Symbols symbols = symbolsOf(member.bytes);
      visible.insert(symbols.visible.begin(), symbols.visible.end());
      defined.insert(symbols.visible.begin(), symbols.visible.end());
      defined.insert(symbols.hidden.begin(), symbols.hidden.end());
      undefined.insert(symbols.undefined.begin(), symbols.undefined.end());
      for (const std::string &name : symbols.sections) {
        EXPECT_NE(name, ".comment");
        EXPECT_EQ(name.find(".debug"), std::string::npos) << name;
        EXPECT_EQ(name.find(".init_array"), std::string::npos) << name;
        EXPECT_EQ(name.find(".ctors"), std::string::npos) << name;
      }
      EXPECT_TRUE(symbols.sections.count(".note.GNU-stack")) << member.name;
      EXPECT_EQ(member.bytes.find(folder.string()), std::string::npos);
    }
    for (const std::string &name : defined)
      EXPECT_EQ(name.rfind(plan.name + "_", 0), 0u) << name;
    std::set<std::string> api;
    for (const char *suffix :
         {"_prepare", "_run", "_status_string", "_describe"})
      api.insert(plan.name + suffix);
    if (!plan.extents.empty()) {
      api.insert(plan.name + "_workspace_size");
      api.insert(plan.name + "_output_shape");
    }
    EXPECT_EQ(visible, api);
    for (const std::string &name : defined)
      undefined.erase(name);
    std::set<std::string> allowed = allowedUndefined();
    for (const std::string &name : undefined)
      EXPECT_TRUE(allowed.count(name)) << name;

    Symbols shared = symbolsOf(sharedLibrary(plan), /*dynamic=*/true);
    EXPECT_EQ(shared.visible, api);
    for (const std::string &name : shared.undefined)
      EXPECT_TRUE(allowed.count(name)) << name;
  }
}

/// No entry of the committed list is there for nothing.
TEST_F(ObjectsTest, TheListOfUndefinedSymbolsIsExact) {
  std::set<std::string> undefined;
  for (const LibraryPlan &plan : {dynamicBlur(), forArm(dynamicBlur())})
    for (const LibraryMember &member : members(plan))
      for (const std::string &name : symbolsOf(member.bytes).undefined)
        if (name.rfind("blur_", 0) != 0)
          undefined.insert(name);
  EXPECT_EQ(undefined, allowedUndefined());
}

TEST_F(ObjectsTest, SameBytesEveryTimeAndEverywhere) {
  for (const LibraryPlan &plan : {dynamicBlur(), forArm(staticBlur())}) {
    std::string firstArchive = archive(plan), firstShared = sharedLibrary(plan);
    std::string other = path("elsewhere");
    ASSERT_EQ(mkdir(other.c_str(), 0700), 0);
    std::filesystem::path before = std::filesystem::current_path();
    std::filesystem::current_path(other);
    setenv("TMPDIR", other.c_str(), 1);
    EXPECT_EQ(archive(plan), firstArchive);
    EXPECT_EQ(sharedLibrary(plan), firstShared);
    EXPECT_EQ(emitHeader(plan), emitHeader(plan));
    EXPECT_EQ(get(emitCallingSequenceText(plan)),
              get(emitCallingSequenceText(plan)));
    unsetenv("TMPDIR");
    std::filesystem::current_path(before);
    // lld's temporary folder is gone.
    EXPECT_TRUE(std::filesystem::is_empty(other));
    std::filesystem::remove(other);
  }
}

/// Writes all that SameBytesInOtherProcesses compares.
TEST_F(ObjectsTest, DISABLED_WriteForComparison) {
  const char *target = getenv("UPCONV_COMPARE");
  if (!target)
    GTEST_SKIP() << "run by SameBytesInOtherProcesses";
  LibraryPlan plan = forAvx512(dynamicBlur());
  kernels(plan);
  std::filesystem::path own = std::exchange(folder, target);
  install(plan);
  write("ll", get(emitCallingSequenceText(plan)));
  write("s", get(emitCallingSequenceAssembly(plan)));
  write(sharedLibraryFileName(plan), sharedLibrary(plan));
  folder = own;
}

/// Addresses differ from process to process; files do not.
TEST_F(ObjectsTest, SameBytesInOtherProcesses) {
  std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
  for (int i = 0; i < 4; ++i) {
    std::string to = path(std::to_string(i));
    std::filesystem::create_directory(to);
    Outcome outcome =
        // The runner's shard would leave the test out.
        shell("env -u GTEST_TOTAL_SHARDS -u GTEST_SHARD_INDEX -u GTEST_OUTPUT "
              "UPCONV_COMPARE=" +
              to + " " + self +
              " --gtest_also_run_disabled_tests "
              "--gtest_filter=ObjectsTest.DISABLED_WriteForComparison");
    ASSERT_EQ(outcome.status, 0) << outcome.output;
    if (i == 0)
      continue;
    for (const char *file : {"blur.h", "libblur.a", "libblur.so", "ll", "s"}) {
      outcome = shell(std::string("cmp 0/") + file + " " + to + "/" + file);
      EXPECT_EQ(outcome.status, 0) << outcome.output;
    }
  }
}

/// The processor check itself must run on a processor that fails it.
TEST_F(ObjectsTest, TheCallingSequenceIsForTheBaseline) {
  std::string assembly =
      get(emitCallingSequenceAssembly(forAvx512(dynamicBlur())));
  EXPECT_EQ(assembly.find("%ymm"), std::string::npos);
  EXPECT_EQ(assembly.find("%zmm"), std::string::npos);
  EXPECT_NE(assembly.find("xgetbv"), std::string::npos);
}

TEST_F(ObjectsTest, AStaticModelComputesNoSizes) {
  std::string text = get(emitCallingSequenceText(staticBlur()));
  EXPECT_EQ(text.find("with.overflow"), std::string::npos);
  EXPECT_EQ(text.find("@blur_extents("), std::string::npos);
}

TEST_F(ObjectsTest, WeightsAreAlignedReadOnlyAndQuick) {
  LibraryPlan plan = staticBlur();
  plan.weights.values.assign(21 * 1024 * 1024 / 4, 1.5f);
  auto start = std::chrono::steady_clock::now();
  std::string bytes = get(emitWeightsObject(plan));
  std::chrono::duration<double> seconds =
      std::chrono::steady_clock::now() - start;
  RecordProperty("milliseconds", int(seconds.count() * 1000));
  EXPECT_GT(bytes.size(), plan.weights.values.size() * 4);

  auto object = get(llvm::object::ObjectFile::createObjectFile(
      llvm::MemoryBufferRef(bytes, "weights")));
  bool found = false;
  for (llvm::object::ELFSectionRef section : object->sections()) {
    if (get(section.getName()) != ".rodata.blur_packed_weights")
      continue;
    found = true;
    EXPECT_GE(section.getAlignment().value(), 64u);
    EXPECT_EQ(section.getFlags(), uint64_t(llvm::ELF::SHF_ALLOC));
    EXPECT_EQ(section.getSize(), plan.weights.values.size() * 4);
  }
  EXPECT_TRUE(found);
  EXPECT_EQ(symbolsOf(bytes).hidden,
            std::set<std::string>{"blur_packed_weights"});
}

TEST_F(ObjectsTest, KernelsThatDoNotFit) {
  LibraryPlan plan = staticBlur();
  std::vector<KernelObject> objects = kernels(plan);
  auto refusal = [&] { return messageOf(emitMembers(plan, objects)); };
  ASSERT_EQ(refusal(), "");

  objects.push_back(objects[0]);
  EXPECT_EQ(refusal(), "library 'blur': two objects for kernel 'copy_rows'");
  objects.resize(1);
  EXPECT_EQ(refusal(), "library 'blur': no object defines kernel 'blur_rows'");

  objects = kernels(plan);
  auto compile = [&](const std::string &source) {
    write("extra.c", source);
    Outcome outcome =
        shell(std::string(UPCONV_TEST_CLANG) + " -O2 -c extra.c -o extra.o");
    EXPECT_EQ(outcome.status, 0) << outcome.output;
    std::ifstream file(path("extra.o"), std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  objects.push_back({"extra", compile("float expf(float); float extra(float x) "
                                      "{ return expf(x); }")});
  EXPECT_EQ(refusal(),
            "library 'blur': kernel 'extra' needs 'expf', which no part "
            "of the library defines");
  objects.back().bytes = compile("int run(void) { return 0; }");
  EXPECT_EQ(refusal(),
            "library 'blur': kernel 'extra' defines 'run', which is a "
            "name of the library itself");
  objects.back().bytes = "nonsense";
  EXPECT_NE(refusal().find("the object of kernel 'extra' cannot be read"),
            std::string::npos);
  objects.back().bytes = kernels(forArm(staticBlur()))[0].bytes;
  EXPECT_EQ(refusal(),
            "library 'blur': the object of kernel 'extra' is not for "
            "'x86_64-unknown-linux-gnu'");
}

} // namespace
