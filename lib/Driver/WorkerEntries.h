//===- WorkerEntries.h - The far side of each worker protocol --------===//

#ifndef UPCONV_LIB_DRIVER_WORKERENTRIES_H
#define UPCONV_LIB_DRIVER_WORKERENTRIES_H

#include "llvm/ADT/StringRef.h"

namespace upconv {

int importWorker(llvm::StringRef request);
int kernelWorker(llvm::StringRef request);
int libraryWorker(llvm::StringRef request);
int runWorker(llvm::StringRef request);
int benchWorker(llvm::StringRef request);
int candidateWorker(llvm::StringRef request);
int deviceWorker(llvm::StringRef request);

} // namespace upconv

#endif // UPCONV_LIB_DRIVER_WORKERENTRIES_H
