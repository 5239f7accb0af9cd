//===- ProgramTest.cpp - C programs that use a library by its header ------===//

#include "LibraryFixture.h"

using namespace upconv;
using namespace upconv::test;

namespace {

class ProgramTest : public LibraryTest {
protected:
  void expectRuns(const std::string &command) {
    Outcome outcome = shell(command);
    EXPECT_EQ(outcome.status, 0) << command << "\n" << outcome.output;
  }
  const std::string clang = UPCONV_TEST_CLANG;
  const std::string flags = " -std=c99 -D_GNU_SOURCE -Wall -Wextra -Wpedantic "
                            "-Werror -O1 ";
};

const char *useStatic = R"(
#include "blur.h"
static int use_static(void) {
  float z[BLUR_Z_COUNT], image[BLUR_IMAGE_COUNT];
  for (size_t i = 0; i < BLUR_Z_COUNT; ++i) z[i] = (float)(i + 1);
  blur_inputs inputs = {z};
  blur_outputs outputs = {image};
  if (blur_prepare() != BLUR_OK) return 1;
  if (blur_run(&inputs, &outputs, NULL) != BLUR_OK) return 2;
  if (image[0] != 210 || image[4] != 54 || image[5] != 760) return 3;
  if (blur_run(NULL, &outputs, NULL) != BLUR_INVALID_ARGUMENT) return 4;
  if (blur_run(&inputs, NULL, NULL) != BLUR_INVALID_ARGUMENT) return 5;
  inputs.z = NULL;
  if (blur_run(&inputs, &outputs, NULL) != BLUR_INVALID_ARGUMENT) return 6;
  if (!blur_describe()->json || blur_describe()->struct_size != sizeof(blur_info)) return 7;
  return blur_status_string(BLUR_OVERFLOW) ? 0 : 8;
}
)";

const char *useDynamic = R"(
#include "waves.h"
#include <stdint.h>
static int use_dynamic(void) {
  float z[15], image[15];
  for (int i = 0; i < 15; ++i) z[i] = (float)(i + 1);
  waves_inputs inputs = {NULL, 3, 5};
  waves_outputs outputs = {image};
  waves_shapes shapes;
  if (waves_workspace_size(&inputs, 4) != 192) return 11;
  if (waves_output_shape(&inputs, &shapes) != WAVES_OK) return 12;
  if (shapes.image.shape[0] != 3 || shapes.image.shape[1] != 5 || shapes.image.count != 15) return 13;
  if (waves_run(&inputs, &outputs, NULL) != WAVES_INVALID_ARGUMENT) return 14;
  inputs.z = z;
  if (waves_run(&inputs, &outputs, NULL) != WAVES_OK) return 15;
  if (image[0] != 210 || image[14] != 164) return 16;
  inputs.z_width = 2;
  if (waves_run(&inputs, &outputs, NULL) != WAVES_INVALID_EXTENT) return 17;
  if (waves_workspace_size(&inputs, 1) != (size_t)-1) return 18;
  if (waves_output_shape(&inputs, &shapes) != WAVES_INVALID_EXTENT) return 19;
  if (waves_workspace_size(NULL, 1) != (size_t)-1) return 20;
  if (waves_output_shape(NULL, &shapes) != WAVES_INVALID_ARGUMENT) return 21;
  if (waves_output_shape(&inputs, NULL) != WAVES_INVALID_ARGUMENT) return 22;
  inputs.z_width = INT64_MAX;
  if (waves_run(&inputs, &outputs, NULL) != WAVES_OVERFLOW) return 23;
  return 0;
}
)";

TEST_F(ProgramTest, TwoLibrariesInOneProgram) {
  install(staticBlur());
  install(dynamicBlur("waves"));
  // Names that both libraries and Halide use inside, now the user's own.
  write("main.c", std::string(useStatic) + useDynamic + R"(
int copy_rows_argv(void) { return 0; }
int upconv_rt_execute(void) { return 0; }
int halide_malloc(void) { return 0; }
int main(void) { int s = use_static(); return s ? s : use_dynamic(); }
)");
  expectRuns(clang + flags +
             "main.c libblur.a libwaves.a -pthread -o a && ./a");
  expectRuns("gcc" + flags +
             "main.c libblur.a libwaves.a -pthread -o b && ./b");
  expectRuns(clang + flags + "main.c libblur.a libwaves.a -static -o c && ./c");
}

TEST_F(ProgramTest, SharedLibrary) {
  install(staticBlur());
  write("libblur.so", sharedLibrary(staticBlur()));
  write("main.c",
        std::string(useStatic) + "int main(void) { return use_static(); }");
  expectRuns(clang + flags + "main.c -Wl,-rpath,. libblur.so -o a && ./a");
}

TEST_F(ProgramTest, CallsFromCPlusPlus) {
  install(staticBlur());
  write("main.cpp",
        std::string(useStatic) + "int main() { return use_static(); }");
  expectRuns(clang +
             " --driver-mode=g++ -std=c++17 -Wall -Wextra -Wpedantic -Werror "
             "main.cpp libblur.a -pthread -o a && ./a");
}

TEST_F(ProgramTest, PythonsCtypes) {
  write("libblur.so", sharedLibrary(staticBlur()));
  write("main.py", R"(
import ctypes, json
lib = ctypes.CDLL("./libblur.so")
class Inputs(ctypes.Structure): _fields_ = [("z", ctypes.POINTER(ctypes.c_float))]
class Outputs(ctypes.Structure): _fields_ = [("image", ctypes.POINTER(ctypes.c_float))]
class Info(ctypes.Structure):
  _fields_ = [("struct_size", ctypes.c_size_t), ("version", ctypes.c_char_p),
              ("model", ctypes.c_char_p), ("json", ctypes.c_char_p)]
lib.blur_describe.restype = ctypes.POINTER(Info)
description = json.loads(lib.blur_describe().contents.json)
assert description["inputs"][0]["shape"] == [2, 5], description
assert description["model"] == 'Blur "model"'
z = (ctypes.c_float * 10)(*range(1, 11)); image = (ctypes.c_float * 10)()
assert lib.blur_prepare() == 0
assert lib.blur_run(ctypes.byref(Inputs(z)), ctypes.byref(Outputs(image)), None) == 0
assert image[0] == 210 and image[4] == 54
)");
  expectRuns("python3 main.py");
}

/// After prepare, with a workspace and one thread: any system call but read,
/// write and exit kills the process, and malloc ends it.
TEST_F(ProgramTest, ARunMakesNoSystemCallAndAllocatesNothing) {
  install(dynamicBlur("waves"));
  write("main.c", R"(
#include "waves.h"
#include <linux/seccomp.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
static int locked;
static void leave(int status) { syscall(SYS_exit, status); }
extern void *__libc_malloc(size_t);
void *malloc(size_t size) { if (locked) leave(77); return __libc_malloc(size); }
static _Alignas(64) char workspace[4096];
static float z[15], image[15];
int main(void) {
  waves_inputs inputs = {z, 3, 5};
  waves_outputs outputs = {image};
  waves_options options = {sizeof options, workspace, sizeof workspace, 1, NULL, NULL};
  for (int i = 0; i < 15; ++i) z[i] = (float)(i + 1);
  /* The dynamic linker binds the functions that the program itself uses. */
  if (getppid() < 0 || waves_prepare() != WAVES_OK) return 1;
  locked = 1;
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT)) return 2;
  int status = waves_run(&inputs, &outputs, &options);
  leave(status ? 3 : image[0] == 210 && image[14] == 164 ? 0 : 4);
  return 5;
}
)");
  const std::string compile =
      clang + " -std=c11 -D_GNU_SOURCE main.c libwaves.a -pthread -o a";
  expectRuns(compile + " && ./a");
  // The trap itself works: an own workspace is a system call.
  ASSERT_EQ(
      shell("sed -i 's/workspace, sizeof workspace, 1/NULL, 0, 1/' main.c")
          .status,
      0);
  ASSERT_EQ(shell(compile).status, 0);
  EXPECT_NE(shell("./a").status, 0);
}

/// The same library on an old processor, with and without prepare.
TEST_F(ProgramTest, UnsupportedProcessor) {
  if (shell("which qemu-x86_64-static").status)
    GTEST_SKIP() << "no qemu-x86_64-static";
  LibraryPlan plan = staticBlur();
  plan.cpu = "x86-64-v4";
  plan.requiredCpuFeatures = {"sse4.1", "avx2", "avx512f"};
  install(plan);
  write("main.c", R"(
#include "blur.h"
#include <string.h>
int main(int count, char **arguments) {
  float z[BLUR_Z_COUNT] = {0}, image[BLUR_IMAGE_COUNT];
  blur_inputs inputs = {z};
  blur_outputs outputs = {image};
  (void)arguments;
  if (count > 1 && blur_prepare() != BLUR_UNSUPPORTED_CPU) return 1;
  if (blur_run(&inputs, &outputs, NULL) != BLUR_UNSUPPORTED_CPU) return 2;
  return strstr(blur_status_string(BLUR_UNSUPPORTED_CPU), "lacks") ? 0 : 3;
}
)");
  expectRuns(clang + flags +
             "main.c libblur.a -static -o a && "
             "qemu-x86_64-static -cpu Nehalem ./a && "
             "qemu-x86_64-static -cpu Haswell ./a prepare");
  plan.requiredCpuFeatures = {"sse4.1"};
  install(plan);
  write("good.c",
        std::string(useStatic) + "int main(void) { return use_static(); }");
  expectRuns(clang + flags +
             "good.c libblur.a -static -o b && "
             "qemu-x86_64-static -cpu Nehalem ./b");
}

TEST_F(ProgramTest, AArch64UnderQemu) {
  LibraryPlan first = staticBlur(), second = dynamicBlur("waves");
  for (LibraryPlan *plan : {&first, &second}) {
    plan->target = "aarch64";
    plan->triple = "aarch64-unknown-linux-gnu";
    plan->cpu = "generic";
    plan->requiredCpuFeatures.clear();
    install(*plan);
  }
  if (shell("which qemu-aarch64-static aarch64-linux-gnu-gcc").status)
    GTEST_SKIP() << "no qemu-aarch64-static or aarch64-linux-gnu-gcc";
  write("main.c", std::string(useStatic) + useDynamic +
                      "int main(void) { int s = use_static(); return s ? s : "
                      "use_dynamic(); }");
  expectRuns(
      "aarch64-linux-gnu-gcc" + flags +
      "main.c libblur.a libwaves.a -static -o a && qemu-aarch64-static ./a");
  write("libblur.so", sharedLibrary(first));
  write("shared.c",
        std::string(useStatic) + "int main(void) { return use_static(); }");
  expectRuns("aarch64-linux-gnu-gcc" + flags +
             "shared.c -Wl,-rpath,. libblur.so -o b && "
             "qemu-aarch64-static -L /usr/aarch64-linux-gnu ./b");
}

TEST_F(ProgramTest, CMakePackage) {
  LibraryPlan plan = staticBlur();
  install(plan);
  write(cmakePackageFileName(plan), emitCMakePackage(plan));
  write("main.c",
        std::string(useStatic) + "int main(void) { return use_static(); }");
  write("CMakeLists.txt", R"(
cmake_minimum_required(VERSION 3.16)
project(user C)
find_package(blur REQUIRED)
add_executable(user main.c)
target_link_libraries(user PRIVATE blur::blur)
)");
  std::string build = " -Dblur_DIR=$PWD -DCMAKE_C_COMPILER=" + clang;
  expectRuns("cmake -S . -B build" + build +
             " && cmake --build build && build/user");
  // Without an archive beside it, it is the shared library's package.
  write(sharedLibraryFileName(plan), sharedLibrary(plan));
  expectRuns("rm " + archiveFileName(plan) + " && cmake -S . -B shared" +
             build + " && cmake --build shared && shared/user");
}

} // namespace
