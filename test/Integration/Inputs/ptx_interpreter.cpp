// A libcuda.so.1 that runs PTX on the processor: of the driver API what
// libraries for CUDA call, and of PTX what LLVM makes of their kernels;
// anything else ends the launch with a message and an error.
//
// The threads of a block take turns from barrier to barrier. Every access is
// held against the memory that was allocated, or that the launch was given, and
// against its alignment; fresh memory is all ones, a NaN.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

[[noreturn]] void fail(const std::string &message) {
  throw std::runtime_error(message);
}

//===----------------------------------------------------------------------===//
// Decoding
//===----------------------------------------------------------------------===//

enum class Kind { Register, Constant, Special, Address, Parameter };

struct Operand {
  Kind kind = Kind::Constant;
  uint64_t value = 0; // a register, bits, a special register, a parameter
  int64_t offset = 0; // of an address, whose base is a register or none (-1)
  int base = -1;
};

struct Instruction {
  std::string text;
  std::vector<std::string> words; // of the mnemonic: "ld", "global", "b32"
  std::vector<std::vector<Operand>> operands; // a vector has several elements
  int predicate = -1;
  bool isNegated = false;
  size_t target = 0; // of a branch

  bool has(const char *word) const {
    for (const std::string &each : words)
      if (each == word)
        return true;
    return false;
  }
  const std::string &type() const { return words.back(); }
};

struct Parameter {
  std::string name;
  size_t size;
};

struct Entry {
  std::string name;
  std::vector<Parameter> parameters;
  std::vector<Instruction> code;
  std::map<std::string, int> registers;
  std::map<std::string, size_t> labels;
};

struct Module {
  std::vector<Entry> entries;
};

const char *const specials[] = {
    "%tid.x",  "%tid.y",  "%tid.z",  "%ctaid.x",  "%ctaid.y",  "%ctaid.z",
    "%ntid.x", "%ntid.y", "%ntid.z", "%nctaid.x", "%nctaid.y", "%nctaid.z"};
// Where shared memory begins: not at 0, which kernels must not count on.
constexpr uint64_t sharedBase = 0x400;

std::string trimmed(const std::string &text) {
  size_t first = text.find_first_not_of(" \t"),
         last = text.find_last_not_of(" \t");
  return first == std::string::npos ? "" : text.substr(first, last - first + 1);
}

std::vector<std::string> split(const std::string &text, char at) {
  std::vector<std::string> parts(1);
  int depth = 0;
  for (char c : text) {
    depth += (c == '{' || c == '[') - (c == '}' || c == ']');
    if (c == at && depth == 0)
      parts.emplace_back();
    else
      parts.back() += c;
  }
  for (std::string &part : parts)
    part = trimmed(part);
  return parts;
}

int registerOf(Entry &entry, const std::string &name) {
  return entry.registers.emplace(name, int(entry.registers.size()))
      .first->second;
}

Operand parseOperand(Entry &entry, const std::string &text) {
  Operand operand;
  for (size_t i = 0; i < std::size(specials); ++i)
    if (text == specials[i]) {
      operand.kind = Kind::Special;
      operand.value = i;
      return operand;
    }
  if (text[0] == '[') {
    std::string inside = text.substr(1, text.size() - 2);
    for (size_t i = 0; i < entry.parameters.size(); ++i)
      if (inside == entry.parameters[i].name) {
        operand.kind = Kind::Parameter;
        operand.value = i;
        return operand;
      }
    operand.kind = Kind::Address;
    size_t plus = inside.find('+');
    std::string base = inside.substr(0, plus);
    if (base[0] == '%')
      operand.base = registerOf(entry, base);
    else
      operand.offset = std::stoll(base);
    if (plus != std::string::npos)
      operand.offset += std::stoll(inside.substr(plus + 1));
    return operand;
  }
  if (text[0] == '%' || text == "tmp") {
    operand.kind = Kind::Register;
    operand.value = registerOf(entry, text);
  } else if (text.rfind("0f", 0) == 0 || text.rfind("0F", 0) == 0)
    operand.value = std::stoul(text.substr(2), nullptr, 16);
  else if (text == "upconv_shared")
    operand.value = sharedBase;
  else if (text[0] == '-')
    operand.value = uint64_t(std::stoll(text));
  else
    operand.value = std::stoull(text, nullptr, 0);
  return operand;
}

void parseInstruction(Entry &entry, std::string line) {
  Instruction instruction;
  instruction.text = line;
  if (line[0] == '@') {
    size_t space = line.find_first_of(" \t");
    instruction.isNegated = line[1] == '!';
    instruction.predicate =
        registerOf(entry, line.substr(1 + instruction.isNegated,
                                      space - 1 - instruction.isNegated));
    line = trimmed(line.substr(space));
  }
  line = line.substr(0, line.find(';'));
  size_t space = line.find_first_of(" \t");
  std::istringstream mnemonic(line.substr(0, space));
  for (std::string word; std::getline(mnemonic, word, '.');)
    instruction.words.push_back(word);
  std::string rest =
      space == std::string::npos ? "" : trimmed(line.substr(space));
  if (instruction.words[0] == "bra")
    instruction.text = rest; // a label, found when all are known
  else if (!rest.empty())
    for (const std::string &part : split(rest, ',')) {
      std::vector<Operand> elements;
      std::string inside =
          part[0] == '{' ? part.substr(1, part.size() - 2) : part;
      for (const std::string &element : split(inside, ','))
        elements.push_back(parseOperand(entry, element));
      instruction.operands.push_back(std::move(elements));
    }
  entry.code.push_back(std::move(instruction));
}

Module parse(const char *text) {
  Module module;
  std::istringstream lines(text);
  bool inBody = false;
  for (std::string line; std::getline(lines, line);) {
    line = trimmed(line.substr(0, line.find("//")));
    size_t at = line.find(".entry ");
    if (at != std::string::npos) {
      module.entries.emplace_back();
      module.entries.back().name =
          trimmed(line.substr(at + 7, line.find('(') - at - 7));
      continue;
    }
    if (line.empty() || module.entries.empty())
      continue;
    Entry &entry = module.entries.back();
    if (line.rfind(".param", 0) == 0) {
      std::string name = line.substr(line.find_last_of(" \t") + 1);
      bool isWide = line.find("64 ") != std::string::npos;
      entry.parameters.push_back(
          {name.substr(0, name.find(',')), isWide ? size_t(8) : size_t(4)});
    } else if (line == "{")
      inBody = true;
    else if (line == "}") {
      inBody = false;
      for (Instruction &instruction : entry.code)
        if (instruction.words[0] == "bra")
          instruction.target = entry.labels.at(instruction.text);
    } else if (inBody && line.back() == ':')
      entry.labels[line.substr(0, line.size() - 1)] = entry.code.size();
    else if (inBody && line.front() == '{' && line.back() == '}') {
      // "{ .reg .b32 tmp; mov.b64 {tmp, %r1}, %rd1; }"
      for (const std::string &part :
           split(line.substr(1, line.size() - 2), ';'))
        if (!part.empty() && part[0] != '.')
          parseInstruction(entry, part + ";");
    } else if (inBody && line.back() == ';') {
      if (line[0] != '.')
        parseInstruction(entry, line);
    } else if (inBody)
      fail("'" + line + "' is not known");
  }
  return module;
}

//===----------------------------------------------------------------------===//
// Running
//===----------------------------------------------------------------------===//

std::map<uint64_t, size_t> allocations; // address, size

struct Launch {
  const Entry &entry;
  std::array<uint32_t, 12> special;
  std::vector<uint64_t> parameters;
  std::vector<uint8_t> shared;
};

struct Thread {
  std::vector<uint64_t> registers;
  std::array<uint32_t, 3> id;
  size_t at = 0;
  bool isDone = false;
};

template <typename T> T as(uint64_t bits) {
  T value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

template <typename T> uint64_t bitsOf(T value) {
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof value);
  return bits;
}

size_t sizeOf(const std::string &type) {
  return type == "pred" ? 1 : std::stoul(type.substr(1)) / 8;
}

/// The lowest bytes of `bits`.
uint64_t lowest(uint64_t bits, size_t bytes) {
  return bytes == 8 ? bits : bits & ((uint64_t(1) << 8 * bytes) - 1);
}

uint8_t *memoryAt(Launch &launch, const Instruction &instruction,
                  uint64_t address, size_t size) {
  if (address % size)
    fail("a misaligned access");
  if (instruction.words[1] == "shared") {
    uint64_t at = address - sharedBase;
    if (address < sharedBase || at + size > launch.shared.size())
      fail("outside of shared memory");
    return launch.shared.data() + at;
  }
  if (instruction.words[1] != "global")
    fail("memory of another kind");
  auto above = allocations.upper_bound(address);
  if (above == allocations.begin())
    fail("outside of all memory");
  --above;
  if (address + size > above->first + above->second)
    fail("outside of an allocation");
  return reinterpret_cast<uint8_t *>(uintptr_t(address));
}

class Step {
public:
  Step(Launch &launch, Thread &thread, const Instruction &instruction)
      : launch(launch), thread(thread), instruction(instruction) {}
  void run();

private:
  uint64_t value(const Operand &operand) const {
    switch (operand.kind) {
    case Kind::Register:
      return thread.registers[operand.value];
    case Kind::Special:
      return operand.value < 3 ? thread.id[operand.value]
                               : launch.special[operand.value];
    case Kind::Parameter:
      return launch.parameters[operand.value];
    default:
      return operand.value;
    }
  }
  uint64_t in(size_t i) const {
    return value(instruction.operands.at(i).at(0));
  }
  template <typename T> T get(size_t i) const { return as<T>(in(i)); }
  void set(uint64_t bits, size_t element = 0) {
    thread.registers[instruction.operands[0].at(element).value] = bits;
  }
  template <typename T> void put(T result) { set(bitsOf(result)); }

  void move();
  void memory();
  void convert();
  void compare();
  void select() { set(in(3) ? in(1) : in(2)); }
  template <typename T> bool holds(const std::string &relation) const;
  template <typename T> void integer();
  void real();
  void logic();

  Launch &launch;
  Thread &thread;
  const Instruction &instruction;
};

void Step::move() {
  const auto &to = instruction.operands[0], &from = instruction.operands[1];
  if (from.size() == 2)
    return set(uint32_t(value(from[0])) | value(from[1]) << 32);
  uint64_t bits = value(from[0]);
  if (to.size() == 2) {
    set(uint32_t(bits), 0);
    return set(bits >> 32, 1);
  }
  set(lowest(bits, sizeOf(instruction.type())));
}

void Step::memory() {
  bool isLoad = instruction.words[0] == "ld";
  size_t size = sizeOf(instruction.type());
  if (isLoad && instruction.words[1] == "param")
    return set(in(1));
  const Operand &place = instruction.operands[isLoad ? 1 : 0][0];
  const auto &values = instruction.operands[isLoad ? 0 : 1];
  if (place.kind != Kind::Address)
    fail("no address");
  uint64_t address =
      (place.base < 0 ? 0 : thread.registers[place.base]) + place.offset;
  if (address % (size * values.size()))
    fail("a misaligned access");
  for (size_t i = 0; i < values.size(); ++i) {
    uint8_t *memory = memoryAt(launch, instruction, address + i * size, size);
    uint64_t bits = isLoad ? 0 : value(values[i]);
    if (isLoad) {
      std::memcpy(&bits, memory, size);
      set(bits, i);
    } else
      std::memcpy(memory, &bits, size);
  }
}

void Step::convert() {
  const std::string &to = instruction.words[instruction.words.size() - 2],
                    &from = instruction.type();
  if (from == "f32") {
    float x = get<float>(1);
    x = instruction.has("rmi")   ? std::floor(x)
        : instruction.has("rpi") ? std::ceil(x)
        : instruction.has("rzi") ? std::trunc(x)
        : instruction.has("rni") ? std::nearbyint(x)
                                 : x;
    if (to == "f32")
      return put(x);
    if (to == "s32") // saturates
      return put(std::isnan(x)  ? 0
                 : x >= 0x1p31f ? INT32_MAX
                 : x < -0x1p31f ? INT32_MIN
                                : int32_t(x));
    fail("a conversion that is not known");
  }
  int64_t wide = int64_t(lowest(in(1), sizeOf(from)));
  if (from[0] == 's') {
    size_t above = 64 - 8 * sizeOf(from);
    wide = wide << above >> above;
  }
  if (to == "f32")
    return put(from == "u64" ? float(uint64_t(wide)) : float(wide));
  set(lowest(uint64_t(wide), sizeOf(to)));
}

template <typename T> bool Step::holds(const std::string &relation) const {
  T a = get<T>(1), b = get<T>(2);
  bool isUnordered = a != a || b != b;
  std::string name = relation;
  if (name.size() == 3 && name[2] == 'u') { // true of a NaN
    if (isUnordered)
      return true;
    name.pop_back();
  }
  if (name == "eq")
    return a == b;
  if (name == "ne")
    return !isUnordered && a != b;
  if (name == "lt" || name == "lo")
    return a < b;
  if (name == "le" || name == "ls")
    return a <= b;
  if (name == "gt" || name == "hi")
    return a > b;
  if (name == "ge" || name == "hs")
    return a >= b;
  if (name == "num")
    return !isUnordered;
  if (name == "nan")
    return isUnordered;
  fail("a comparison that is not known");
}

void Step::compare() {
  const std::string &type = instruction.type();
  const std::string &relation = instruction.words[1];
  if (instruction.words.size() != 3)
    fail("a comparison that is not known");
  set(type == "f32"                    ? holds<float>(relation)
      : type == "s32"                  ? holds<int32_t>(relation)
      : type == "s64"                  ? holds<int64_t>(relation)
      : type == "s16"                  ? holds<int16_t>(relation)
      : type == "u16" || type == "b16" ? holds<uint16_t>(relation)
      : type == "u64" || type == "b64" ? holds<uint64_t>(relation)
                                       : holds<uint32_t>(relation));
}

template <typename T> void Step::integer() {
  using Unsigned = std::make_unsigned_t<T>;
  using Wide =
      std::conditional_t<std::is_signed_v<T>, __int128, unsigned __int128>;
  const std::string &code = instruction.words[0];
  T a = get<T>(1), b = instruction.operands.size() > 2 ? get<T>(2) : T(0);
  Unsigned x = Unsigned(a), y = Unsigned(b);
  if (code == "add")
    return put(Unsigned(x + y));
  if (code == "sub")
    return put(Unsigned(x - y));
  if (code == "mul" || code == "mad") {
    Wide product = Wide(a) * Wide(b);
    uint64_t more = code == "mad" ? in(3) : 0;
    if (instruction.has("wide"))
      return set(lowest(uint64_t(product) + more, 2 * sizeof(T)));
    if (instruction.has("hi"))
      product >>= 8 * sizeof(T);
    return put(Unsigned(Unsigned(product) + Unsigned(more)));
  }
  if (code ==
      "bfe") { // bits [from, from + length), with the highest one's sign
    uint64_t from = std::min<uint64_t>(in(2) & 0xff, 63), length = in(3) & 0xff;
    int64_t field = int64_t(a) >> from;
    if (length > 0 && length < 64)
      field = std::is_signed_v<T>
                  ? field << (64 - length) >> (64 - length)
                  : int64_t(uint64_t(field) << (64 - length) >> (64 - length));
    return set(length == 0 ? 0 : lowest(uint64_t(field), sizeof(T)));
  }
  if (code == "min")
    return put(a < b ? a : b);
  if (code == "max")
    return put(a > b ? a : b);
  if ((code == "div" || code == "rem") && b != 0)
    return put(T(code == "div" ? a / b : a % b));
  if (code == "neg")
    return put(Unsigned(0 - x));
  if (code == "abs")
    return put(a < 0 ? Unsigned(0 - x) : x);
  // Shifts by more than the width are shifts by all of it.
  constexpr uint32_t width = 8 * sizeof(T);
  uint32_t by = get<uint32_t>(2);
  if (code == "shl")
    return put(by < width ? Unsigned(x << by) : Unsigned(0));
  if (code == "shr")
    return put(by < width ? T(a >> by) : T(a < 0 ? -1 : 0));
  fail("an instruction that is not known");
}

void Step::real() {
  const std::string &code = instruction.words[0];
  float a = get<float>(1),
        b = instruction.operands.size() > 2 ? get<float>(2) : 0;
  if (code == "add")
    return put(a + b);
  if (code == "sub")
    return put(a - b);
  if (code == "mul")
    return put(a * b);
  if (code == "fma")
    return put(std::fma(a, b, get<float>(3)));
  if (code == "div")
    return put(a / b);
  if (code == "rcp")
    return put(1 / a);
  if (code == "sqrt")
    return put(std::sqrt(a));
  if (code == "min")
    return put(std::fmin(a, b));
  if (code == "max")
    return put(std::fmax(a, b));
  if (code == "neg")
    return put(-a);
  if (code == "abs")
    return put(std::fabs(a));
  fail("an instruction that is not known");
}

void Step::logic() {
  const std::string &code = instruction.words[0];
  uint64_t a = in(1), b = instruction.operands.size() > 2 ? in(2) : 0;
  const std::string &type = instruction.type();
  uint64_t mask = type == "pred" ? 1 : lowest(UINT64_MAX, sizeOf(type));
  set((code == "and"   ? a & b
       : code == "or"  ? a | b
       : code == "xor" ? a ^ b
                       : ~a) &
      mask);
}

void Step::run() {
  const std::string &code = instruction.words[0], &type = instruction.type();
  if (code == "ld" || code == "st")
    memory();
  else if (code == "mov" || code == "cvta")
    move();
  else if (code == "cvt")
    convert();
  else if (code == "setp")
    compare();
  else if (code == "selp")
    select();
  else if (code == "and" || code == "or" || code == "xor" || code == "not")
    logic();
  else if (type == "f32")
    real();
  else if (type == "s64")
    integer<int64_t>();
  else if (type == "u64" || type == "b64")
    integer<uint64_t>();
  else if (type == "s32")
    integer<int32_t>();
  else if (type == "u32" || type == "b32")
    integer<uint32_t>();
  else if (type == "s16")
    integer<int16_t>();
  else if (type == "u16" || type == "b16")
    integer<uint16_t>();
  else
    fail("an instruction that is not known");
}

/// To the next barrier (false) or the end (true).
bool advance(Launch &launch, Thread &thread) {
  while (thread.at < launch.entry.code.size()) {
    const Instruction &instruction = launch.entry.code[thread.at++];
    if (instruction.predicate >= 0 &&
        bool(thread.registers[instruction.predicate]) == instruction.isNegated)
      continue;
    const std::string &code = instruction.words[0];
    if (code == "ret")
      return true;
    if (code == "bar")
      return false;
    if (code == "bra") {
      thread.at = instruction.target;
      continue;
    }
    try {
      Step(launch, thread, instruction).run();
    } catch (const std::exception &error) {
      fail("'" + instruction.text + "': " + error.what());
    }
  }
  return true;
}

void runBlock(Launch &launch) {
  const auto &size = launch.special;
  std::fill(launch.shared.begin(), launch.shared.end(), 0xff);
  std::vector<Thread> threads;
  for (uint32_t z = 0; z < size[8]; ++z)
    for (uint32_t y = 0; y < size[7]; ++y)
      for (uint32_t x = 0; x < size[6]; ++x) {
        threads.emplace_back();
        threads.back().registers.resize(launch.entry.registers.size());
        threads.back().id = {x, y, z};
      }
  for (size_t left = threads.size(); left > 0;) {
    size_t waiting = 0;
    for (Thread &thread : threads)
      if (!thread.isDone) {
        thread.isDone = advance(launch, thread);
        left -= thread.isDone;
        waiting += !thread.isDone;
      }
    if (waiting != left)
      fail("a barrier that not all threads reach");
  }
}

int stream, context; // their addresses are handles

} // namespace

//===----------------------------------------------------------------------===//
// The driver
//===----------------------------------------------------------------------===//

extern "C" {

int cuInit(unsigned) { return 0; }
int cuDeviceGetCount(int *count) { return *count = 1, 0; }
int cuDeviceGet(int *device, int) { return *device = 0, 0; }
int cuDeviceGetAttribute(int *value, int, int) { return *value = 9, 0; }
int cuDeviceGetName(char *name, int size, int) {
  return std::snprintf(name, size, "an interpreter of PTX"), 0;
}
int cuDevicePrimaryCtxRetain(void **made, int) { return *made = &context, 0; }
int cuDevicePrimaryCtxRelease_v2(int) { return 0; }
int cuCtxPushCurrent_v2(void *) { return 0; }
int cuCtxPopCurrent_v2(void **popped) { return *popped = &context, 0; }
int cuStreamCreate(void **made, unsigned) { return *made = &stream, 0; }
int cuStreamDestroy_v2(void *) { return 0; }
int cuStreamSynchronize(void *) { return 0; }

int cuMemAlloc_v2(uint64_t *address, size_t size) {
  void *memory = std::aligned_alloc(256, (size + 255) / 256 * 256);
  std::memset(memory, 0xff, size);
  *address = uint64_t(uintptr_t(memory));
  allocations[*address] = size;
  return 0;
}
int cuMemFree_v2(uint64_t address) {
  std::free(reinterpret_cast<void *>(uintptr_t(address)));
  return allocations.erase(address) == 1 ? 0 : 1;
}
int cuMemcpyHtoDAsync_v2(uint64_t to, const void *from, size_t size, void *) {
  std::memcpy(reinterpret_cast<void *>(uintptr_t(to)), from, size);
  return 0;
}
int cuMemcpyDtoHAsync_v2(void *to, uint64_t from, size_t size, void *) {
  std::memcpy(to, reinterpret_cast<void *>(uintptr_t(from)), size);
  return 0;
}

int cuModuleLoadData(void **made, const void *image) {
  try {
    *made = new Module(parse(static_cast<const char *>(image)));
    return 0;
  } catch (const std::exception &error) {
    std::fprintf(stderr, "PTX: %s\n", error.what());
    return 218;
  }
}
int cuModuleUnload(void *module) {
  delete static_cast<Module *>(module);
  return 0;
}
int cuModuleGetFunction(void **function, void *module, const char *name) {
  for (Entry &entry : static_cast<Module *>(module)->entries)
    if (entry.name == name)
      return *function = &entry, 0;
  return 500;
}

int cuLaunchKernel(void *function, unsigned gx, unsigned gy, unsigned gz,
                   unsigned bx, unsigned by, unsigned bz, unsigned shared,
                   void *, void **parameters, void **) {
  const Entry &entry = *static_cast<Entry *>(function);
  Launch launch{entry, {0, 0, 0, 0, 0, 0, bx, by, bz, gx, gy, gz}, {}, {}};
  launch.shared.resize(shared);
  for (size_t i = 0; i < entry.parameters.size(); ++i) {
    uint64_t bits = 0;
    std::memcpy(&bits, parameters[i], entry.parameters[i].size);
    launch.parameters.push_back(bits);
  }
  try {
    for (unsigned z = 0; z < gz; ++z)
      for (unsigned y = 0; y < gy; ++y)
        for (unsigned x = 0; x < gx; ++x) {
          launch.special[3] = x;
          launch.special[4] = y;
          launch.special[5] = z;
          runBlock(launch);
        }
    return 0;
  } catch (const std::exception &error) {
    std::fprintf(stderr, "PTX of %s: %s\n", entry.name.c_str(), error.what());
    return 700;
  }
}

} // extern "C"
