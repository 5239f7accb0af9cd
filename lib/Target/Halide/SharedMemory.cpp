//===- SharedMemory.cpp - Where a kernel's shared memory begins in PTX ----===//

#include "SharedMemory.h"

#include <cctype>
#include <cstring>
#include <sstream>
#include <stdexcept>

namespace upconv {

static const char *const symbol = "upconv_shared";

/// Whether the instruction of this line is an access to shared memory.
static bool accessesShared(const std::string &line) {
  size_t at = line.find_first_not_of(" \t");
  if (at != std::string::npos && line[at] == '@') // a predicate
    at = line.find_first_not_of(" \t", line.find_first_of(" \t", at));
  if (at == std::string::npos)
    return false;
  std::string word = line.substr(at, line.find_first_of(" \t", at) - at);
  return word.find(".shared") != std::string::npos && word[0] != '.';
}

/// One line that reads or writes [register + number] or [number]: the same
/// behind the symbol's address, which the function has in %us0.
static std::string rebased(const std::string &line) {
  size_t open = line.find('['), close = line.find(']', open);
  if (open == std::string::npos || close == std::string::npos)
    throw std::runtime_error("no address in '" + line + "'");
  std::string place = line.substr(open + 1, close - open - 1);
  std::string before = line.substr(0, open + 1), behind = line.substr(close);
  if (!place.empty() && std::isdigit(static_cast<unsigned char>(place[0])))
    return before + "%us0+" + place + behind;
  if (place.rfind("%rd", 0) != 0)
    throw std::runtime_error("'" + place + "' is no address of shared memory");
  size_t plus = place.find('+');
  std::string offset = plus == std::string::npos ? "" : place.substr(plus);
  return "\tadd.s64 \t%us1, " + place.substr(0, plus) + ", %us0;\n" + before +
         "%us1" + offset + behind;
}

std::string withSharedSymbol(const std::string &ptx) {
  std::istringstream lines(ptx);
  std::ostringstream result;
  std::string line;
  // A function's registers are declared between its brace and its first
  // instruction.
  bool inEntry = false;
  while (std::getline(lines, line)) {
    if (accessesShared(line)) {
      if (!inEntry)
        throw std::runtime_error("shared memory outside of a kernel");
      result << rebased(line) << "\n";
      continue;
    }
    result << line << "\n";
    if (line.rfind(".address_size", 0) == 0)
      result << ".extern .shared .align 16 .b8 " << symbol << "[];\n";
    if (line == "{") {
      result << "\t.reg .b64 \t%us<2>;\n\tmov.u64 \t%us0, " << symbol << ";\n";
      inEntry = true;
    }
    if (line == "}")
      inEntry = false;
  }
  return result.str();
}

Halide::Module withSharedSymbol(const Halide::Module &module) {
  Halide::Module result(module.name(), module.target());
  for (const Halide::Internal::LoweredFunc &function : module.functions())
    result.append(function);
  for (const Halide::Buffer<> &buffer : module.buffers()) {
    if (buffer.name().find("cuda_gpu_source_kernels") == std::string::npos) {
      result.append(buffer);
      continue;
    }
    const char *text = static_cast<const char *>(buffer.data());
    std::string ptx =
        withSharedSymbol({text, strnlen(text, buffer.size_in_bytes())});
    // The driver takes a text that ends in a zero.
    Halide::Buffer<uint8_t> changed(static_cast<int>(ptx.size() + 1),
                                    buffer.name());
    std::memcpy(changed.data(), ptx.c_str(), ptx.size() + 1);
    result.append(changed);
  }
  for (const auto &[key, value] : module.get_metadata_name_map())
    result.remap_metadata_name(key, value);
  return result;
}

} // namespace upconv
