//===- Hdf5.h - Reading tensors and strings from an HDF5 image ------------===//

#ifndef UPCONV_LIB_IMPORT_KERAS_HDF5_H
#define UPCONV_LIB_IMPORT_KERAS_HDF5_H

#include "upconv/Support/Tensor.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace upconv::keras_import {

/// An HDF5 file in memory, read with suspicion: only hard links are followed,
/// data must lie in the file itself, and sizes are compared with what the file
/// can hold before anything is allocated.
class Hdf5File {
public:
  /// Null if the bytes are not an HDF5 file.
  static std::unique_ptr<Hdf5File> open(llvm::StringRef bytes);
  ~Hdf5File();

  bool isGroup(llvm::StringRef path) const;
  /// Whether there is anything at `path`, even a link that is not followed.
  bool contains(llvm::StringRef path) const;
  /// Names of the members of a group, in alphabetical order.
  std::vector<std::string> children(llvm::StringRef path) const;
  bool hasAttribute(llvm::StringRef path, llvm::StringRef name) const;
  /// A string attribute of a group.
  std::optional<std::string> stringAttribute(llvm::StringRef path,
                                             llvm::StringRef name) const;

  /// An attribute of strings, one or a list, of fixed or variable length. Long
  /// lists are split by Keras into `name0`, `name1`, ...; an empty one has
  /// elements of any type. Nothing if there is none or it cannot be trusted.
  std::optional<std::vector<std::string>>
  stringList(llvm::StringRef path, llvm::StringRef name) const;

  enum class ReadStatus { Ok, Missing, WrongShape, Refused };
  struct ReadResult {
    ReadStatus status;
    std::vector<int64_t> foundShape; ///< for WrongShape
    std::string reason;              ///< for Refused: "is a soft link", ...
    Tensor tensor;
  };
  /// Reads a dataset of floats (or integers, where `integersAllowed`) that must
  /// have `shape`.
  ReadResult readFloats(llvm::StringRef path, llvm::ArrayRef<int64_t> shape,
                        bool integersAllowed = false) const;

private:
  Hdf5File(int64_t file, uint64_t size, bool soundHeaps)
      : file(file), size(size), soundHeaps(soundHeaps) {}

  int64_t openObject(llvm::StringRef path, std::string &reason) const;
  std::optional<std::vector<std::string>>
  readStrings(int64_t object, const std::string &name) const;

  int64_t file; // hid_t
  uint64_t size;
  bool soundHeaps;
};

} // namespace upconv::keras_import

#endif // UPCONV_LIB_IMPORT_KERAS_HDF5_H
