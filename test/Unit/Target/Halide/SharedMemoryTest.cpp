//===- SharedMemoryTest.cpp - Shared memory by its symbol in PTX ----------===//

#include "SharedMemory.h"

#include "gtest/gtest.h"

using namespace upconv;

namespace {

std::string kernel(const std::string &body) {
  return ".version 7.0\n.target sm_80\n.address_size 64\n"
         ".visible .entry f(\n)\n{\n\t.reg .b64 \t%rd<3>;\n" +
         body + "\tret;\n}\n";
}

std::string expected(const std::string &body) {
  return ".version 7.0\n.target sm_80\n.address_size 64\n"
         ".extern .shared .align 16 .b8 upconv_shared[];\n"
         ".visible .entry f(\n)\n{\n\t.reg .b64 \t%us<2>;\n"
         "\tmov.u64 \t%us0, upconv_shared;\n\t.reg .b64 \t%rd<3>;\n" +
         body + "\tret;\n}\n";
}

TEST(SharedMemory, EveryFormOfAnAddress) {
  EXPECT_EQ(withSharedSymbol(kernel("\tst.shared.b32 \t[%rd1], %r1;\n")),
            expected("\tadd.s64 \t%us1, %rd1, %us0;\n"
                     "\tst.shared.b32 \t[%us1], %r1;\n"));
  EXPECT_EQ(
      withSharedSymbol(kernel("\tld.shared.v4.b32 \t{%r1, %r2, %r3, %r4}, "
                              "[%rd2+-128];\n")),
      expected("\tadd.s64 \t%us1, %rd2, %us0;\n"
               "\tld.shared.v4.b32 \t{%r1, %r2, %r3, %r4}, "
               "[%us1+-128];\n"));
  EXPECT_EQ(withSharedSymbol(kernel("\tld.shared.b32 \t%r1, [16];\n")),
            expected("\tld.shared.b32 \t%r1, [%us0+16];\n"));
  EXPECT_EQ(withSharedSymbol(kernel("\t@%p1 st.shared.b32 \t[%rd1+4], %r1;\n")),
            expected("\tadd.s64 \t%us1, %rd1, %us0;\n"
                     "\t@%p1 st.shared.b32 \t[%us1+4], %r1;\n"));
}

TEST(SharedMemory, TheRestIsLeftAlone) {
  std::string body = "\tld.global.b32 \t%r1, [%rd1+4];\n\tbar.sync \t0;\n"
                     "\t@%p1 bra \t$L__BB0_2;\n$L__BB0_2:\n";
  EXPECT_EQ(withSharedSymbol(kernel(body)), expected(body));
}

TEST(SharedMemory, WhatIsNotUnderstoodIsAnError) {
  EXPECT_THROW(withSharedSymbol(kernel("\tst.shared.b32 \t[name], %r1;\n")),
               std::runtime_error);
  EXPECT_THROW(withSharedSymbol("\tst.shared.b32 \t[%rd1], %r1;\n"),
               std::runtime_error);
}

} // namespace
