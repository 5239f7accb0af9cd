//===- Hdf5.cpp - Reading tensors and strings from an HDF5 image ----------===//

#include "Hdf5.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/CheckedArithmetic.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/MathExtras.h"

#include <hdf5.h>

#include <atomic>

using namespace llvm;
using namespace upconv;
using namespace upconv::keras_import;

namespace {

/// An identifier that closes itself.
class Handle {
public:
  Handle(hid_t id, herr_t (*close)(hid_t)) : id(id), close(close) {}
  ~Handle() {
    if (id >= 0)
      close(id);
  }
  Handle(const Handle &) = delete;
  Handle &operator=(const Handle &) = delete;

  operator hid_t() const { return id; }
  bool valid() const { return id >= 0; }

private:
  hid_t id;
  herr_t (*close)(hid_t);
};

/// Deflate, the best of the built-in filters, expands by at most 1032.
constexpr uint64_t largestExpansion = 1032;

/// Whether a global heap at the start of `heap` has objects that lie within it.
bool isSoundHeap(StringRef heap) {
  constexpr size_t headerSize = 16; // of the heap and of each object alike
  if (heap.size() < headerSize)
    return false;
  uint64_t heapSize = support::endian::read64le(heap.data() + 8);
  if (heapSize < headerSize || heapSize > heap.size())
    return false;
  StringRef rest = heap.take_front(heapSize).drop_front(headerSize);
  while (rest.size() >= headerSize) {
    uint16_t index = support::endian::read16le(rest.data());
    uint64_t size = support::endian::read64le(rest.data() + 8);
    if (size > rest.size())
      return false;
    // Object 0 is the free space, whose size counts its header.
    uint64_t step = index == 0 ? size : headerSize + alignTo(size, 8);
    if (step < headerSize || step > rest.size())
      return false;
    rest = rest.drop_front(step);
  }
  return true;
}

/// Whether variable-length strings can be read: libhdf5 1.10 believes the sizes
/// in a global heap. Weights that contain a heap's signature by accident make
/// this false, which costs no more than a cross-check.
bool hasSoundHeaps(StringRef bytes) {
  if (bytes.size() < 16)
    return false;
  // The superblock's sizes of offsets and lengths.
  size_t sizes = bytes[8] < 2 ? 13 : 9;
  if (bytes[sizes] != 8 || bytes[sizes + 1] != 8)
    return false;
  // With the only version that libhdf5 accepts.
  constexpr StringLiteral signature("GCOL\1");
  for (size_t at = bytes.find(signature); at != StringRef::npos;
       at = bytes.find(signature, at + signature.size()))
    if (!isSoundHeap(bytes.drop_front(at)))
      return false;
  return true;
}

/// Why the bytes of a dataset must not be read, or "".
std::string refuseLayout(hid_t dataset, uint64_t bytes, uint64_t fileSize) {
  Handle plist(H5Dget_create_plist(dataset), H5Pclose);
  if (!plist.valid())
    return "has no readable description";
  if (H5Pget_external_count(plist) != 0)
    return "lies outside the file";
  int filters = H5Pget_nfilters(plist);
  for (int i = 0; i < filters; ++i) {
    unsigned flags = 0, config = 0;
    size_t count = 0;
    H5Z_filter_t filter =
        H5Pget_filter2(plist, i, &flags, &count, nullptr, 0, nullptr, &config);
    if (filter != H5Z_FILTER_DEFLATE && filter != H5Z_FILTER_SHUFFLE &&
        filter != H5Z_FILTER_FLETCHER32)
      return "uses an unknown compression";
  }
  uint64_t stored = H5Dget_storage_size(dataset);
  auto tooLarge = [&] {
    return "declares " + std::to_string(bytes) +
           " bytes, more than the file holds";
  };
  switch (H5Pget_layout(plist)) {
  case H5D_COMPACT:
    return stored == bytes && stored <= fileSize ? "" : tooLarge();
  case H5D_CONTIGUOUS: {
    haddr_t offset = H5Dget_offset(dataset);
    if (bytes == 0)
      return "";
    if (offset == HADDR_UNDEF)
      return "holds no data";
    return stored == bytes && offset <= fileSize && bytes <= fileSize - offset
               ? ""
               : tooLarge();
  }
  case H5D_CHUNKED: {
    hsize_t chunk[H5S_MAX_RANK] = {};
    int rank = H5Pget_chunk(plist, H5S_MAX_RANK, chunk);
    std::optional<uint64_t> chunkBytes = 8;
    for (int i = 0; i < rank && chunkBytes; ++i)
      chunkBytes = checkedMulUnsigned<uint64_t>(*chunkBytes, chunk[i]);
    uint64_t largest = std::max<uint64_t>(bytes * 2, 1 << 16);
    if (stored > fileSize || bytes / largestExpansion > stored ||
        (filters == 0 && bytes > stored) || !chunkBytes ||
        *chunkBytes > largest)
      return tooLarge();
    return "";
  }
  default:
    return "has a virtual layout";
  }
}

} // namespace

std::unique_ptr<Hdf5File> Hdf5File::open(StringRef bytes) {
  // Errors are ours to report; no filter is loaded from the machine's folders.
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  H5PLset_loading_state(0);
  Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  if (!access.valid() || H5Pset_fapl_core(access, 1 << 16, 0) < 0 ||
      H5Pset_file_image(access, const_cast<char *>(bytes.data()),
                        bytes.size()) < 0)
    return nullptr;
  // Open images of one name would be one file to libhdf5.
  static std::atomic<unsigned> images;
  std::string name = "image" + std::to_string(images++);
  hid_t file = H5Fopen(name.c_str(), H5F_ACC_RDONLY, access);
  if (file < 0)
    return nullptr;
  return std::unique_ptr<Hdf5File>(
      new Hdf5File(file, bytes.size(), hasSoundHeaps(bytes)));
}

Hdf5File::~Hdf5File() { H5Fclose(file); }

/// Opens an object along hard links only; negative with a reason (empty if the
/// path does not exist).
int64_t Hdf5File::openObject(StringRef path, std::string &reason) const {
  hid_t current = H5Oopen(file, "/", H5P_DEFAULT);
  SmallVector<StringRef> components;
  path.split(components, '/', -1, /*KeepEmpty=*/false);
  for (StringRef component : components) {
    if (current < 0)
      return -1;
    Handle parent(current, H5Oclose);
    current = -1;
    if (H5Iget_type(parent) != H5I_GROUP)
      return -1;
    std::string name = component.str();
    H5L_info_t info;
    if (H5Lget_info(parent, name.c_str(), &info, H5P_DEFAULT) < 0)
      return -1;
    if (info.type != H5L_TYPE_HARD) {
      reason =
          info.type == H5L_TYPE_SOFT ? "is a soft link" : "is an external link";
      return -1;
    }
    current = H5Oopen(parent, name.c_str(), H5P_DEFAULT);
    if (current < 0)
      reason = "cannot be opened";
  }
  return current;
}

bool Hdf5File::isGroup(StringRef path) const {
  std::string reason;
  Handle object(openObject(path, reason), H5Oclose);
  return object.valid() && H5Iget_type(object) == H5I_GROUP;
}

bool Hdf5File::contains(StringRef path) const {
  std::string reason;
  Handle object(openObject(path, reason), H5Oclose);
  return object.valid() || !reason.empty();
}

std::vector<std::string> Hdf5File::children(StringRef path) const {
  std::vector<std::string> names;
  std::string reason;
  Handle object(openObject(path, reason), H5Oclose);
  if (object.valid() && H5Iget_type(object) == H5I_GROUP)
    H5Literate(
        object, H5_INDEX_NAME, H5_ITER_INC, nullptr,
        [](hid_t, const char *name, const H5L_info_t *, void *data) -> herr_t {
          static_cast<std::vector<std::string> *>(data)->emplace_back(name);
          return 0;
        },
        &names);
  return names;
}

bool Hdf5File::hasAttribute(StringRef path, StringRef name) const {
  std::string reason;
  Handle object(openObject(path, reason), H5Oclose);
  return object.valid() && H5Aexists(object, name.str().c_str()) > 0;
}

/// Reads `count` strings of variable length. Their sizes in the global heaps
/// have been checked when the file was opened.
static std::optional<std::vector<std::string>>
readVariableStrings(hid_t attribute, hid_t type, hid_t space, size_t count) {
  std::vector<char *> texts(count, nullptr);
  if (H5Aread(attribute, type, texts.data()) < 0)
    return std::nullopt;
  std::vector<std::string> result;
  for (const char *text : texts)
    result.push_back(text ? text : "");
  H5Dvlen_reclaim(type, space, H5P_DEFAULT, texts.data());
  return result;
}

/// Reads `count` strings of `length` bytes, padded with zeros.
static std::optional<std::vector<std::string>>
readFixedStrings(hid_t attribute, hid_t type, size_t count, size_t length) {
  std::string bytes(count * length, '\0');
  if (H5Aread(attribute, type, bytes.data()) < 0)
    return std::nullopt;
  std::vector<std::string> result;
  for (StringRef rest = bytes; !rest.empty(); rest = rest.drop_front(length))
    result.push_back(rest.take_front(length)
                         .take_until([](char c) { return c == 0; })
                         .str());
  return result;
}

std::optional<std::vector<std::string>>
Hdf5File::readStrings(int64_t object, const std::string &name) const {
  if (H5Aexists(object, name.c_str()) <= 0)
    return std::nullopt;
  Handle attribute(H5Aopen(object, name.c_str(), H5P_DEFAULT), H5Aclose);
  Handle type(H5Aget_type(attribute), H5Tclose);
  Handle space(H5Aget_space(attribute), H5Sclose);
  if (!attribute.valid() || !type.valid() || !space.valid())
    return std::nullopt;
  hssize_t count = H5Sget_simple_extent_npoints(space);
  if (count == 0)
    return std::vector<std::string>();
  size_t length = H5Tget_size(type);
  // Each element takes at least its own size in the file.
  if (count < 0 || H5Tget_class(type) != H5T_STRING || length == 0 ||
      uint64_t(count) > size / length)
    return std::nullopt;
  if (H5Tis_variable_str(type) <= 0)
    return readFixedStrings(attribute, type, count, length);
  return soundHeaps ? readVariableStrings(attribute, type, space, count)
                    : std::nullopt;
}

std::optional<std::vector<std::string>>
Hdf5File::stringList(StringRef path, StringRef name) const {
  std::string reason;
  Handle object(openObject(path, reason), H5Oclose);
  if (!object.valid())
    return std::nullopt;
  if (H5Aexists(object, name.str().c_str()) > 0)
    return readStrings(object, name.str());
  std::optional<std::vector<std::string>> result;
  for (unsigned part = 0;; ++part) {
    std::string partName = name.str() + std::to_string(part);
    if (H5Aexists(object, partName.c_str()) <= 0)
      return result;
    auto strings = readStrings(object, partName);
    if (!strings)
      return std::nullopt;
    if (!result)
      result.emplace();
    append_range(*result, *strings);
  }
}

std::optional<std::string> Hdf5File::stringAttribute(StringRef path,
                                                     StringRef name) const {
  std::string reason;
  Handle object(openObject(path, reason), H5Oclose);
  if (!object.valid())
    return std::nullopt;
  auto strings = readStrings(object, name.str());
  if (!strings || strings->size() != 1)
    return std::nullopt;
  return std::move(strings->front());
}

Hdf5File::ReadResult Hdf5File::readFloats(StringRef path,
                                          ArrayRef<int64_t> shape,
                                          bool integersAllowed) const {
  std::string reason;
  Handle dataset(openObject(path, reason), H5Oclose);
  if (!dataset.valid())
    return reason.empty() ? ReadResult{ReadStatus::Missing, {}, "", {}}
                          : ReadResult{ReadStatus::Refused, {}, reason, {}};
  auto refuse = [](std::string why) {
    return ReadResult{ReadStatus::Refused, {}, std::move(why), {}};
  };
  if (H5Iget_type(dataset) != H5I_DATASET)
    return refuse("is not a dataset");
  Handle type(H5Dget_type(dataset), H5Tclose);
  Handle space(H5Dget_space(dataset), H5Sclose);
  if (!type.valid() || !space.valid())
    return refuse("cannot be read");
  H5T_class_t kind = H5Tget_class(type);
  bool isNumber = kind == H5T_FLOAT || (kind == H5T_INTEGER && integersAllowed);
  if (!isNumber || H5Tget_size(type) > 8)
    return refuse("does not hold floating-point numbers of up to 64 bits");

  int rank = H5Sget_simple_extent_ndims(space);
  hsize_t extents[H5S_MAX_RANK] = {};
  if (rank < 0 || H5Sget_simple_extent_type(space) == H5S_NULL ||
      (rank > 0 && H5Sget_simple_extent_dims(space, extents, nullptr) != rank))
    return refuse("cannot be read");
  std::vector<int64_t> found(extents, extents + rank);
  if (ArrayRef<int64_t>(found) != shape)
    return {ReadStatus::WrongShape, found, "", {}};

  std::optional<uint64_t> bytes = H5Tget_size(type);
  for (int i = 0; i < rank && bytes; ++i)
    bytes = checkedMulUnsigned<uint64_t>(*bytes, extents[i]);
  if (!bytes)
    return refuse("declares a size that overflows 64 bits");
  if (std::string why = refuseLayout(dataset, *bytes, size); !why.empty())
    return refuse(why);

  ReadResult result{ReadStatus::Ok, {}, "", {found, {}}};
  result.tensor.values.resize(*bytes / H5Tget_size(type));
  if (H5Dread(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT,
              result.tensor.values.data()) < 0)
    return refuse("is damaged");
  return result;
}
