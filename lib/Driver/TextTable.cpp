//===- TextTable.cpp - Rows under headings --------------------------------===//

#include "TextTable.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"

using namespace upconv;

void upconv::printTable(llvm::raw_ostream &os,
                        llvm::ArrayRef<llvm::StringRef> headings,
                        const std::vector<std::vector<std::string>> &rows) {
  std::vector<size_t> widths;
  for (auto [column, heading] : llvm::enumerate(headings)) {
    size_t width = heading.size();
    for (const auto &row : rows)
      width = std::max(width, row[column].size());
    widths.push_back(width + 2);
  }
  auto printRow = [&](auto &&row) {
    for (auto [text, width] : llvm::zip(row, widths))
      os << llvm::left_justify(text, width);
    os << "\n";
  };
  printRow(headings);
  for (size_t width : widths)
    os << std::string(width - 2, '-') << "  ";
  os << "\n";
  for (const auto &row : rows)
    printRow(row);
}
