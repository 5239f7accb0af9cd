//===- ObjectCheck.cpp - What an object asks of its linker ----------------===//
//
// A reader of just the two ELF tables needed: no LLVM in this room.
//
//===----------------------------------------------------------------------===//

#include "ObjectCheck.h"

#include <cstdint>
#include <cstring>

namespace upconv {

template <typename T>
static bool readAt(const std::string &bytes, uint64_t offset, T &value) {
  if (offset > bytes.size() || bytes.size() - offset < sizeof(T))
    return false;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return true;
}

std::vector<std::string> undefinedSymbols(const std::string &object) {
  std::vector<std::string> names;
  if (object.compare(0, 6,
                     std::string("\x7f"
                                 "ELF\x02\x01")) != 0)
    return names;
  struct Section { // Elf64_Shdr
    uint32_t name, type;
    uint64_t flags, address, offset, size;
    uint32_t link, info;
    uint64_t alignment, entrySize;
  };
  struct Symbol { // Elf64_Sym
    uint32_t name;
    uint8_t info, other;
    uint16_t section;
    uint64_t value, size;
  };
  uint64_t sections = 0;
  uint16_t count = 0;
  readAt(object, 0x28, sections);
  readAt(object, 0x3c, count);
  for (uint16_t i = 0; i < count; ++i) {
    Section table, strings;
    const uint32_t symbolTable = 2;
    if (!readAt(object, sections + i * sizeof(Section), table) ||
        table.type != symbolTable ||
        !readAt(object, sections + table.link * sizeof(Section), strings))
      continue;
    for (uint64_t at = 0; at + sizeof(Symbol) <= table.size;
         at += sizeof(Symbol)) {
      Symbol symbol;
      if (!readAt(object, table.offset + at, symbol) || symbol.section != 0 ||
          symbol.name == 0 || strings.offset + symbol.name >= object.size())
        continue;
      names.push_back(object.c_str() + strings.offset + symbol.name);
    }
  }
  return names;
}

} // namespace upconv
