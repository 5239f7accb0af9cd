//===- Members.h - The parts of a .keras, packed or not -------------------===//

#ifndef UPCONV_LIB_IMPORT_KERAS_MEMBERS_H
#define UPCONV_LIB_IMPORT_KERAS_MEMBERS_H

#include "Reporter.h"

#include <memory>
#include <optional>
#include <string>

namespace upconv::keras_import {

/// More than any architecture needs; what is larger is not one.
constexpr uint64_t maximumJson = uint64_t(256) << 20;

/// Named byte strings: the members of a zip archive, or the files of a folder.
class Members {
public:
  virtual ~Members() = default;
  virtual bool contains(llvm::StringRef name) const = 0;
  /// The contents of a member of at most `limit` bytes; nothing after an error.
  virtual std::optional<std::string> read(llvm::StringRef name, uint64_t limit,
                                          Reporter &reporter) const = 0;
  /// What messages call a member.
  virtual std::string nameOf(llvm::StringRef name) const = 0;
};

/// The members of the zip archive `bytes`, which must outlive them; null after
/// an error.
std::unique_ptr<Members> openArchive(std::string name, llvm::StringRef bytes,
                                     Reporter &reporter);

/// The files in the folder at `path`; links are not followed.
std::unique_ptr<Members> openFolder(std::string path);

/// The bytes of a file, or nothing after an error; "-" is standard input.
std::optional<std::string> readWholeFile(const std::string &path,
                                         uint64_t limit, Reporter &reporter);

} // namespace upconv::keras_import

#endif // UPCONV_LIB_IMPORT_KERAS_MEMBERS_H
