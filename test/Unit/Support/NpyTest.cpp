//===- NpyTest.cpp --------------------------------------------------------===//

#include "upconv/Support/Npy.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/raw_ostream.h"
#include "gtest/gtest.h"

using namespace upconv;

namespace {

/// A file that goes away with the test.
class TemporaryFile {
public:
  explicit TemporaryFile(llvm::StringRef contents = "") {
    int descriptor = -1;
    llvm::sys::fs::createTemporaryFile("npy", "npy", descriptor, path);
    llvm::raw_fd_ostream(descriptor, /*shouldClose=*/true) << contents;
    remover.setFile(path);
  }
  std::string str() const { return path.str().str(); }

private:
  llvm::SmallString<64> path;
  llvm::FileRemover remover;
};

std::string npy(std::string dictionary, llvm::StringRef data) {
  std::string header = dictionary + "\n";
  std::string bytes = "\x93NUMPY";
  bytes += '\1';
  bytes += '\0';
  bytes += char(header.size());
  bytes += '\0';
  return bytes + header + data.str();
}

std::string errorOf(llvm::StringRef contents) {
  TemporaryFile file(contents);
  auto tensor = readNpy(file.str());
  if (tensor)
    return "";
  std::string text = llvm::toString(tensor.takeError());
  EXPECT_EQ(text.find(file.str() + ": "), 0u);
  return text.substr(file.str().size() + 2);
}

TEST(Npy, WritesWhatItReads) {
  TemporaryFile file;
  Tensor tensor{{2, 3}, {1, 2, 3, 4, 5, -6.5f}};
  ASSERT_FALSE(bool(writeNpy(file.str(), tensor)));
  auto read = readNpy(file.str());
  ASSERT_TRUE(bool(read));
  EXPECT_EQ(read->shape, tensor.shape);
  EXPECT_EQ(read->values, std::vector<double>({1, 2, 3, 4, 5, -6.5}));
}

TEST(Npy, ScalarAndEmpty) {
  for (Tensor tensor : {Tensor{{}, {7}}, Tensor{{0, 3}, {}}}) {
    TemporaryFile file;
    ASSERT_FALSE(bool(writeNpy(file.str(), tensor)));
    auto read = readNpy(file.str());
    ASSERT_TRUE(bool(read));
    EXPECT_EQ(read->shape, tensor.shape);
    EXPECT_EQ(read->values.size(), tensor.values.size());
  }
}

TEST(Npy, FortranOrder) {
  TemporaryFile file(npy("{'descr': '|u1', 'fortran_order': True, "
                         "'shape': (2, 3), }",
                         "\1\2\3\4\5\6"));
  auto read = readNpy(file.str());
  ASSERT_TRUE(bool(read));
  EXPECT_EQ(read->values, std::vector<double>({1, 3, 5, 2, 4, 6}));
}

TEST(Npy, BigEndianAndHalf) {
  TemporaryFile file(npy("{'descr': '>i2', 'fortran_order': False, "
                         "'shape': (1,), }",
                         llvm::StringRef("\xff\xfe", 2)));
  auto read = readNpy(file.str());
  ASSERT_TRUE(bool(read));
  EXPECT_EQ(read->values, std::vector<double>({-2}));
  TemporaryFile half(npy("{'descr': '<f2', 'fortran_order': False, "
                         "'shape': (1,), }",
                         llvm::StringRef("\x00\x3e", 2)));
  read = readNpy(half.str());
  ASSERT_TRUE(bool(read));
  EXPECT_EQ(read->values, std::vector<double>({1.5}));
}

TEST(Npy, Errors) {
  EXPECT_EQ(errorOf("hello"), "is not a .npy file");
  EXPECT_EQ(errorOf(npy("{}", "")), "has a malformed header");
  EXPECT_EQ(errorOf(npy("{'descr': '<c8', 'fortran_order': False, "
                        "'shape': (1,), }",
                        "12345678")),
            "has the element type '<c8', expected a float or an integer of up "
            "to 64 bits");
  EXPECT_EQ(errorOf(npy("{'descr': '<f4', 'fortran_order': False, "
                        "'shape': (3,), }",
                        "12345678")),
            "holds 8 bytes of data, its header says 12");
  EXPECT_EQ(errorOf(npy("{'descr': '<f4', 'fortran_order': False, "
                        "'shape': (4611686018427387904, 4), }",
                        "")),
            "holds 0 bytes of data, its header says more than fits in 64 bits");
  EXPECT_EQ(errorOf(npy("{'descr': '<f4', 'fortran_order': False, "
                        "'shape': (-1,), }",
                        "")),
            "has a malformed shape");
}

TEST(Npy, MissingFile) {
  auto tensor = readNpy("/nonexistent/x.npy");
  ASSERT_FALSE(bool(tensor));
  EXPECT_EQ(llvm::toString(tensor.takeError())
                .find("/nonexistent/x.npy: cannot be read: "),
            0u);
}

} // namespace
