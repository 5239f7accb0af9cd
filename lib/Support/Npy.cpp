//===- Npy.cpp - NumPy's .npy and .npz files ------------------------------===//

#include "upconv/Support/Npy.h"
#include "upconv/Support/Zip.h"

#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CheckedArithmetic.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

#include <limits>
#include <optional>

using namespace llvm;
using namespace upconv;

namespace {

constexpr StringLiteral magic("\x93NUMPY");

Error makeError(const Twine &message) {
  return createStringError(inconvertibleErrorCode(), message);
}

/// What the header's dictionary says.
struct Header {
  char kind = 0; ///< 'f', 'i', 'u' or 'b'
  unsigned itemSize = 0;
  bool bigEndian = false;
  bool fortranOrder = false;
  std::vector<int64_t> shape;
};

/// Takes the text of `'key': value` up to the comma that ends it.
std::optional<StringRef> findValue(StringRef dictionary, StringRef key) {
  size_t at = dictionary.find(("'" + key + "'").str());
  if (at == StringRef::npos)
    return std::nullopt;
  StringRef rest = dictionary.drop_front(at + key.size() + 2).ltrim();
  if (!rest.consume_front(":"))
    return std::nullopt;
  return rest.ltrim();
}

Error parseType(StringRef value, Header &header) {
  if (!value.consume_front("'"))
    return makeError("has a structured element type");
  StringRef type = value.take_until([](char c) { return c == '\''; });
  StringRef code = type;
  if (code.size() < 3 || !StringRef("<>|=").contains(code[0]))
    return makeError("has the unknown element type '" + type + "'");
  header.bigEndian = code[0] == '>';
  header.kind = code[1];
  if (code.drop_front(2).getAsInteger(10, header.itemSize) ||
      !(header.kind == 'f'   ? is_contained({2u, 4u, 8u}, header.itemSize)
        : header.kind == 'b' ? header.itemSize == 1
        : StringRef("iu").contains(header.kind)
            ? is_contained({1u, 2u, 4u, 8u}, header.itemSize)
            : false))
    return makeError("has the element type '" + type +
                     "', expected a float or an integer of up to 64 bits");
  return Error::success();
}

Expected<Header> parseHeader(StringRef dictionary) {
  Header header;
  auto type = findValue(dictionary, "descr");
  auto order = findValue(dictionary, "fortran_order");
  auto shape = findValue(dictionary, "shape");
  if (!type || !order || !shape || !shape->consume_front("("))
    return makeError("has a malformed header");
  if (Error error = parseType(*type, header))
    return std::move(error);
  header.fortranOrder = order->starts_with("True");
  size_t end = shape->find(')');
  if (end == StringRef::npos)
    return makeError("has a malformed shape");
  SmallVector<StringRef> extents;
  shape->take_front(end).split(extents, ',', -1, /*KeepEmpty=*/false);
  for (StringRef text : extents) {
    int64_t extent = 0;
    if (text = text.trim(); text.empty())
      continue;
    if (text.getAsInteger(10, extent) || extent < 0)
      return makeError("has a malformed shape");
    header.shape.push_back(extent);
  }
  return header;
}

template <typename T> T load(const char *data, bool bigEndian) {
  return support::endian::read<T>(data, bigEndian ? endianness::big
                                                  : endianness::little);
}

double loadHalf(const char *data, bool bigEndian) {
  APFloat half(APFloat::IEEEhalf(), APInt(16, load<uint16_t>(data, bigEndian)));
  return half.convertToDouble();
}

double loadElement(const char *data, const Header &header) {
  bool big = header.bigEndian;
  if (header.kind == 'f')
    switch (header.itemSize) {
    case 2:
      return loadHalf(data, big);
    case 4:
      return bit_cast<float>(load<uint32_t>(data, big));
    default:
      return bit_cast<double>(load<uint64_t>(data, big));
    }
  bool isSigned = header.kind == 'i';
  switch (header.itemSize) {
  case 1:
    return isSigned ? double(int8_t(*data)) : double(uint8_t(*data));
  case 2:
    return isSigned ? double(load<int16_t>(data, big))
                    : double(load<uint16_t>(data, big));
  case 4:
    return isSigned ? double(load<int32_t>(data, big))
                    : double(load<uint32_t>(data, big));
  default:
    return isSigned ? double(load<int64_t>(data, big))
                    : double(load<uint64_t>(data, big));
  }
}

/// Moves the values of a Fortran-ordered array into C order.
void transposeToRowMajor(Tensor64 &tensor) {
  std::vector<double> source = std::move(tensor.values);
  size_t rank = tensor.shape.size();
  tensor.values.resize(source.size());
  std::vector<int64_t> index(rank, 0), strides(rank, 1);
  for (size_t axis = 1; axis < rank; ++axis)
    strides[axis] = strides[axis - 1] * tensor.shape[axis - 1];
  for (double &value : tensor.values) {
    int64_t offset = 0;
    for (size_t axis = 0; axis < rank; ++axis)
      offset += index[axis] * strides[axis];
    value = source[offset];
    for (size_t axis = rank; axis-- > 0;) {
      if (++index[axis] < tensor.shape[axis])
        break;
      index[axis] = 0;
    }
  }
}

/// Reads the bytes of a .npy file; errors begin with a verb.
Expected<Tensor64> parseNpy(StringRef bytes) {
  if (!bytes.consume_front(magic) || bytes.size() < 4)
    return makeError("is not a .npy file");
  unsigned version = uint8_t(bytes[0]);
  if (version < 1 || version > 3)
    return makeError("has the unknown format version " + Twine(version));
  bytes = bytes.drop_front(2);
  size_t lengthBytes = version == 1 ? 2 : 4;
  if (bytes.size() < lengthBytes)
    return makeError("is truncated");
  size_t headerLength = version == 1 ? support::endian::read16le(bytes.data())
                                     : support::endian::read32le(bytes.data());
  bytes = bytes.drop_front(lengthBytes);
  if (bytes.size() < headerLength)
    return makeError("is truncated");
  Expected<Header> header = parseHeader(bytes.take_front(headerLength));
  if (!header)
    return header.takeError();
  bytes = bytes.drop_front(headerLength);

  std::optional<int64_t> size = header->itemSize;
  for (int64_t extent : header->shape)
    size = size ? checkedMul(*size, extent) : size;
  if (!size || uint64_t(*size) != bytes.size())
    return makeError(
        "holds " + Twine(bytes.size()) + " bytes of data, its header says " +
        (size ? Twine(*size) : Twine("more than fits in 64 bits")));

  Tensor64 tensor;
  tensor.shape = header->shape;
  tensor.values.resize(bytes.size() / header->itemSize);
  for (size_t i = 0; i < tensor.values.size(); ++i)
    tensor.values[i] =
        loadElement(bytes.data() + i * header->itemSize, *header);
  if (header->fortranOrder)
    transposeToRowMajor(tensor);
  return tensor;
}

Error withPath(StringRef path, Error error) {
  return makeError(path + ": " + toString(std::move(error)));
}

Expected<std::unique_ptr<MemoryBuffer>> openFile(const std::string &path) {
  auto buffer = MemoryBuffer::getFileOrSTDIN(path, /*IsText=*/false,
                                             /*RequiresNullTerminator=*/false);
  if (!buffer)
    return makeError(path + ": cannot be read: " + buffer.getError().message());
  return std::move(*buffer);
}

} // namespace

Expected<Tensor64> upconv::readNpy(const std::string &path) {
  auto buffer = openFile(path);
  if (!buffer)
    return buffer.takeError();
  Expected<Tensor64> tensor = parseNpy((*buffer)->getBuffer());
  if (!tensor)
    return withPath(path, tensor.takeError());
  return tensor;
}

Error upconv::writeNpy(const std::string &path, const Tensor &tensor) {
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (";
  for (int64_t extent : tensor.shape)
    header += std::to_string(extent) + ", ";
  header += "), }";
  // NumPy aligns the data to 64 bytes: magic, version and length are 10.
  header.resize((10 + header.size() + 1 + 63) / 64 * 64 - 10 - 1, ' ');
  header += '\n';
  if (header.size() > std::numeric_limits<uint16_t>::max())
    return makeError(path + ": the shape has too many axes for a .npy file");
  return writeToOutput(path, [&](raw_ostream &os) {
    char length[2];
    support::endian::write16le(length, uint16_t(header.size()));
    os << magic << '\1' << '\0' << StringRef(length, 2) << header;
    for (float value : tensor.values) {
      char bytes[4];
      support::endian::write32le(bytes, bit_cast<uint32_t>(value));
      os.write(bytes, 4);
    }
    return Error::success();
  });
}

Expected<std::map<std::string, Tensor64>>
upconv::readNpz(const std::string &path) {
  auto buffer = openFile(path);
  if (!buffer)
    return buffer.takeError();
  auto archive = ZipArchive::open((*buffer)->getBuffer());
  if (!archive)
    return withPath(path, archive.takeError());
  std::map<std::string, Tensor64> tensors;
  for (const std::string &name : (*archive)->names()) {
    StringRef key = name;
    if (!key.consume_back(".npy"))
      continue;
    auto bytes = (*archive)->read(name, std::numeric_limits<uint64_t>::max());
    if (!bytes)
      return withPath(path, bytes.takeError());
    Expected<Tensor64> tensor = parseNpy(*bytes);
    if (!tensor)
      return withPath(path + ":" + name, tensor.takeError());
    tensors.emplace(key.str(), std::move(*tensor));
  }
  return tensors;
}
