//===- DeviceHeader.h - The C header of a library for a GPU ---------------===//

#ifndef UPCONV_LIB_TARGET_LIBRARY_DEVICEHEADER_H
#define UPCONV_LIB_TARGET_LIBRARY_DEVICEHEADER_H

#include "upconv/Target/Library/LibraryPlan.h"

#include "llvm/Support/raw_ostream.h"

namespace upconv {

/// The end of the header's first comment.
void documentDevice(const LibraryPlan &plan, llvm::raw_ostream &out);
/// Handles on pointers of the device.
void declareHandle(const LibraryPlan &plan, llvm::raw_ostream &out);

} // namespace upconv

#endif // UPCONV_LIB_TARGET_LIBRARY_DEVICEHEADER_H
