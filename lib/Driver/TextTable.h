//===- TextTable.h - Rows under headings ----------------------------------===//

#ifndef UPCONV_LIB_DRIVER_TEXTTABLE_H
#define UPCONV_LIB_DRIVER_TEXTTABLE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/raw_ostream.h"

#include <string>
#include <vector>

namespace upconv {

/// Columns as wide as their widest cell; a heading and a line under it. Cells
/// of numbers align where all are formatted to one width.
void printTable(llvm::raw_ostream &os, llvm::ArrayRef<llvm::StringRef> headings,
                const std::vector<std::vector<std::string>> &rows);

} // namespace upconv

#endif // UPCONV_LIB_DRIVER_TEXTTABLE_H
