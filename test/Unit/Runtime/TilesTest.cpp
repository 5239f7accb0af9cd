//===- TilesTest.cpp - Asking for the tile registers of AMX ---------------===//

#include "upconv/Runtime/Runtime.h"

#include "gtest/gtest.h"

#include <atomic>
#include <thread>
#include <vector>

#if defined(__linux__) && defined(__x86_64__)
#include <cerrno>
#include <cstddef>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

static uint32_t features;
static std::atomic<int> looks, requests;
static bool permits;

extern "C" {
uint32_t made_up_features() {
  ++looks;
  return features;
}
int made_up_permission() {
  ++requests;
  return permits;
}
int tested_supports(uint32_t required);
int tested_prepare(uint32_t required);
void tested_forget();
}

namespace {

constexpr uint32_t amx = UPCONV_RT_AMX_TILE | UPCONV_RT_AMX_BF16;

class Tiles : public testing::Test {
protected:
  void SetUp() override {
    tested_forget();
    features = UPCONV_RT_AVX512F | amx;
    looks = requests = 0;
    permits = true;
  }
};

TEST_F(Tiles, AreAskedForOnce) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(tested_supports(UPCONV_RT_AVX512F | amx));
    EXPECT_EQ(tested_prepare(amx), UPCONV_RT_OK);
  }
  EXPECT_EQ(looks, 1);
  EXPECT_EQ(requests, 1);
}

TEST_F(Tiles, AreAskedForByWhoNeedsThem) {
  EXPECT_TRUE(tested_supports(UPCONV_RT_AVX512F));
  EXPECT_FALSE(tested_supports(UPCONV_RT_AVX2 | amx));
  EXPECT_EQ(requests, 0);
  EXPECT_TRUE(tested_supports(amx)); // also after others have looked
  EXPECT_EQ(requests, 1);
  EXPECT_EQ(looks, 1);
}

TEST_F(Tiles, AreNotThereWithoutPermission) {
  permits = false;
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(tested_prepare(UPCONV_RT_AVX512F | amx),
              UPCONV_RT_UNSUPPORTED_CPU);
  EXPECT_EQ(requests, 1);
  // What else the processor has is still there: the next target's turn.
  EXPECT_TRUE(tested_supports(UPCONV_RT_AVX512F));
  EXPECT_NE(std::string(upconv_rt_status_string(UPCONV_RT_UNSUPPORTED_CPU))
                .find("does not let this process use them"),
            std::string::npos);
}

TEST_F(Tiles, AreNotAskedForWhereTheProcessorHasNone) {
  features = UPCONV_RT_AVX512F;
  EXPECT_FALSE(tested_supports(amx));
  EXPECT_EQ(requests, 0);
}

TEST_F(Tiles, OneAnswerForAllThreads) {
  std::atomic<int> supported = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&, i] {
      for (int round = 0; round < 100; ++round)
        supported += tested_supports(i % 2 ? amx : UPCONV_RT_AVX512F);
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(supported, 800);
}

#if defined(__linux__) && defined(__x86_64__)
/// Ends the process with what upconv_rt_permit_tiles says where the system
/// answers arch_prctl(ARCH_REQ_XCOMP_PERM, XTILEDATA), and no other one, with
/// `error`.
[[noreturn]] void askASystemThatSays(int error) {
  auto word = [](size_t offset) {
    return static_cast<uint32_t>(offsetof(seccomp_data, nr) + offset);
  };
  const auto argument = static_cast<uint32_t>(offsetof(seccomp_data, args));
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, word(0)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_arch_prctl, 0, 5),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, argument),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x1023, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, argument + 8),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 18, 0, 1),
      BPF_STMT(BPF_RET | BPF_K,
               SECCOMP_RET_ERRNO | static_cast<uint32_t>(error)),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  sock_fprog program = {sizeof filter / sizeof filter[0], filter};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
      prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
    _exit(77);
  _exit(upconv_rt_permit_tiles());
}

TEST(TilesDeathTest, TheSystemsAnswer) {
  EXPECT_EXIT(askASystemThatSays(0), testing::ExitedWithCode(1), "");
  EXPECT_EXIT(askASystemThatSays(EPERM), testing::ExitedWithCode(0), "");
  EXPECT_EXIT(askASystemThatSays(EINVAL), testing::ExitedWithCode(0), "");
}
#endif

} // namespace
