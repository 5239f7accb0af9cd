//===- Zip.cpp - Reading zip archives that may lie ------------------------===//

#include "upconv/Support/Zip.h"

#include "llvm/ADT/Twine.h"

#include <zip.h>

using namespace llvm;
using namespace upconv;

static Error makeError(const Twine &message) {
  return createStringError(inconvertibleErrorCode(), message);
}

static zip_t *archive(void *handle) { return static_cast<zip_t *>(handle); }

Expected<std::unique_ptr<ZipArchive>> ZipArchive::open(StringRef bytes) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t *source =
      zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
  zip_t *handle =
      source ? zip_open_from_source(source, ZIP_RDONLY, &error) : nullptr;
  if (!handle) {
    std::string reason = zip_error_strerror(&error);
    if (source)
      zip_source_free(source);
    zip_error_fini(&error);
    return makeError("not a readable zip archive: " +
                     StringRef(reason).lower());
  }
  zip_error_fini(&error);
  return std::unique_ptr<ZipArchive>(new ZipArchive(handle, bytes.size()));
}

ZipArchive::~ZipArchive() { zip_discard(archive(handle)); }

std::vector<std::string> ZipArchive::names() const {
  std::vector<std::string> result;
  zip_int64_t count = zip_get_num_entries(archive(handle), 0);
  for (zip_int64_t i = 0; i < count; ++i)
    if (const char *name = zip_get_name(archive(handle), i, 0))
      result.emplace_back(name);
  return result;
}

bool ZipArchive::contains(StringRef name) const {
  return zip_name_locate(archive(handle), name.str().c_str(), 0) >= 0;
}

Expected<std::string> ZipArchive::read(StringRef name, uint64_t limit) const {
  auto fail = [&](const Twine &reason) {
    return makeError("member '" + name + "' " + reason);
  };
  zip_stat_t stat;
  zip_stat_init(&stat);
  if (zip_stat(archive(handle), name.str().c_str(), 0, &stat) != 0)
    return fail("is missing");
  constexpr zip_uint64_t needed = ZIP_STAT_INDEX | ZIP_STAT_SIZE |
                                  ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD;
  if ((stat.valid & needed) != needed)
    return fail("has no declared size");
  if ((stat.valid & ZIP_STAT_ENCRYPTION_METHOD) &&
      stat.encryption_method != ZIP_EM_NONE)
    return fail("is encrypted");
  if (stat.comp_method != ZIP_CM_STORE && stat.comp_method != ZIP_CM_DEFLATE)
    return fail("uses a compression other than deflate");
  // Deflate cannot expand by more than 1032.
  uint64_t largest = stat.comp_method == ZIP_CM_STORE
                         ? stat.comp_size
                         : 1032 * stat.comp_size + 64;
  if (stat.comp_size > fileSize || stat.size > largest)
    return fail("declares " + Twine(stat.size) +
                " bytes, more than the archive can hold");
  if (stat.size > limit)
    return fail("has " + Twine(stat.size) + " bytes, the limit is " +
                Twine(limit));

  zip_file_t *file = zip_fopen_index(archive(handle), stat.index, 0);
  if (!file)
    return fail("cannot be opened");
  std::string contents(stat.size, '\0');
  uint64_t have = 0;
  zip_int64_t got = 0;
  while (have < stat.size &&
         (got = zip_fread(file, contents.data() + have, stat.size - have)) > 0)
    have += got;
  // Reading past the end makes libzip compare the checksum.
  char beyond = 0;
  if (got >= 0)
    got = zip_fread(file, &beyond, 1);
  zip_fclose(file);
  if (have != stat.size || got != 0)
    return fail("is damaged");
  return contents;
}
