//===- LibraryFixture.h - Hand-made plans, kernels and programs -----------===//

#ifndef UPCONV_TEST_UNIT_TARGET_LIBRARY_LIBRARYFIXTURE_H
#define UPCONV_TEST_UNIT_TARGET_LIBRARY_LIBRARYFIXTURE_H

#include "upconv/Target/Library/EmitLibrary.h"
#include "upconv/Target/Library/LoadedLibrary.h"

#include "mlir/IR/MLIRContext.h"

#include "gtest/gtest.h"

#include <filesystem>

namespace upconv::test {

class LibraryTest : public testing::Test {
protected:
  void SetUp() override;
  void TearDown() override;

  mlir::AffineExpr number(int64_t value) {
    return mlir::getAffineConstantExpr(value, &context);
  }
  mlir::AffineExpr symbol(unsigned index) {
    return mlir::getAffineSymbolExpr(index, &context);
  }

  /// blurred[b][x] = 1 z[b][x-1] + 10 z[b][x] + 100 z[b][x+1], zero outside: a
  /// copy into a padded slot, margins, and a windowed kernel with weights.
  LibraryPlan blurPlan(const std::string &name, mlir::AffineExpr batch,
                       mlir::AffineExpr width);
  LibraryPlan staticBlur(const std::string &name = "blur") {
    return blurPlan(name, number(2), number(5));
  }
  /// z_batch and z_width at run time.
  LibraryPlan dynamicBlur(const std::string &name = "blur");
  /// out[i] = index of the first element of the window that i is in; one task
  /// per element, `grain` at a time. With `rendezvous`, the windows wait for
  /// each other until so many have begun.
  LibraryPlan windowPlan(int64_t extent, int64_t grain, int rendezvous = 0);

  /// Objects of the C kernels below, compiled by clang once per triple.
  std::vector<KernelObject> kernels(const LibraryPlan &plan);

  std::vector<LibraryMember> members(const LibraryPlan &plan);
  std::string archive(const LibraryPlan &plan);
  std::string sharedLibrary(const LibraryPlan &plan);
  /// Emits, writes and loads the shared library.
  LoadedLibrary load(const LibraryPlan &plan);

  /// Writes header and archive into the test's folder.
  void install(const LibraryPlan &plan);
  std::string write(const std::string &name, const std::string &bytes);
  std::string path(const std::string &name) { return (folder / name).string(); }

  struct Outcome {
    int status;
    std::string output; ///< stdout and stderr
  };
  /// Runs a shell command in the test's folder.
  Outcome shell(const std::string &command);

  std::filesystem::path folder;
  mlir::MLIRContext context{mlir::MLIRContext::Threading::DISABLED};
};

/// The value of an Expected, or a failed test.
template <typename T> T get(llvm::Expected<T> value) {
  if (!value) {
    ADD_FAILURE() << llvm::toString(value.takeError());
    std::abort();
  }
  return std::move(*value);
}

/// The message of a failure, or "".
template <typename T> std::string messageOf(llvm::Expected<T> value) {
  return value ? "" : llvm::toString(value.takeError());
}
inline std::string messageOf(llvm::Error error) {
  return error ? llvm::toString(std::move(error)) : "";
}

} // namespace upconv::test

#endif // UPCONV_TEST_UNIT_TARGET_LIBRARY_LIBRARYFIXTURE_H
