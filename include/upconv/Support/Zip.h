//===- Zip.h - Reading zip archives that may lie --------------------------===//

#ifndef UPCONV_SUPPORT_ZIP_H
#define UPCONV_SUPPORT_ZIP_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <memory>
#include <string>
#include <vector>

namespace upconv {

/// The members of a zip archive that lies in memory. Members are stored or
/// deflated; a declared size is checked against the compressed one before
/// anything is allocated. Errors are one line and name the member, not the
/// file.
class ZipArchive {
public:
  /// `bytes` must outlive the archive.
  static llvm::Expected<std::unique_ptr<ZipArchive>>
  open(llvm::StringRef bytes);
  ~ZipArchive();

  std::vector<std::string> names() const;
  bool contains(llvm::StringRef name) const;

  /// The contents of a member of at most `limit` bytes.
  llvm::Expected<std::string> read(llvm::StringRef name, uint64_t limit) const;

private:
  explicit ZipArchive(void *handle, uint64_t fileSize)
      : handle(handle), fileSize(fileSize) {}

  void *handle; // zip_t
  uint64_t fileSize;
};

} // namespace upconv

#endif // UPCONV_SUPPORT_ZIP_H
