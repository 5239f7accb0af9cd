//===- EmbeddedSchedules.h - scheduling/ as text in the tool --------------===//
//
// Generated from scheduling/ by upconv_embed_schedules (cmake/modules).
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_LIB_SCHEDULE_EMBEDDEDSCHEDULES_H
#define UPCONV_LIB_SCHEDULE_EMBEDDEDSCHEDULES_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

namespace upconv {

struct EmbeddedFile {
  llvm::StringRef path; ///< relative to scheduling/
  llvm::StringRef text;
};

/// All of scheduling/, ordered by path.
llvm::ArrayRef<EmbeddedFile> embeddedSchedules();

} // namespace upconv

#endif // UPCONV_LIB_SCHEDULE_EMBEDDEDSCHEDULES_H
