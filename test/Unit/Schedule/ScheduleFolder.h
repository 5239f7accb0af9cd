//===- ScheduleFolder.h - A --schedules folder for a test -----------------===//
//
// A folder of its own per test, removed at the end.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_TEST_UNIT_SCHEDULE_SCHEDULEFOLDER_H
#define UPCONV_TEST_UNIT_SCHEDULE_SCHEDULEFOLDER_H

#include "upconv/Schedule/Schedule.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

namespace upconv {

class ScheduleFolder {
public:
  ScheduleFolder() {
    (void)llvm::sys::fs::createUniqueDirectory("upconv-schedules", folder);
    // A strategy that does not change when the real ones do.
    write("strategies/sample.yaml",
          "strategy: sample\n"
          "summary: a strategy of this test\n"
          "knobs:\n"
          "  - { name: tx, values: [1, 2, 3, 4, 5, 6], default: 4, meaning: "
          "\"pixels\" }\n"
          "  - { name: ku, values: [1, 2, 4], meaning: \"unroll\" }\n"
          "constraints: [\"tx * ku <= 16\"]\n");
  }
  ~ScheduleFolder() { (void)llvm::sys::fs::remove_directories(folder); }

  std::string path() const { return folder.str().str(); }

  void write(const std::string &name, const std::string &text) const {
    llvm::SmallString<128> file(folder);
    llvm::sys::path::append(file, name);
    (void)llvm::sys::fs::create_directories(llvm::sys::path::parent_path(file));
    std::error_code code;
    llvm::raw_fd_ostream(file, code) << text;
  }

  /// The messages of load, without the folder's name; "" if there are none.
  std::string errors() const {
    auto tables = ScheduleTables::load(path());
    if (tables)
      return "";
    std::string text = llvm::toString(tables.takeError());
    std::string prefix = path() + "/";
    for (size_t at; (at = text.find(prefix)) != std::string::npos;)
      text.erase(at, prefix.size());
    return text;
  }

  /// The messages for a conv-f32.yaml of these entries, without the file's
  /// name.
  std::string entryErrors(const std::string &entries) const {
    write("generic/conv-f32.yaml", "basis: model\nentries:\n" + entries);
    std::string text = errors(), prefix = "generic/conv-f32.yaml:";
    for (size_t at; (at = text.find(prefix)) != std::string::npos;)
      text.erase(at, prefix.size());
    return text;
  }

private:
  llvm::SmallString<128> folder;
};

} // namespace upconv

#endif // UPCONV_TEST_UNIT_SCHEDULE_SCHEDULEFOLDER_H
