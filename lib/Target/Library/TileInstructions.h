//===- TileInstructions.h - Calls that are instructions of AMX ------------===//

#ifndef UPCONV_LIB_TARGET_LIBRARY_TILEINSTRUCTIONS_H
#define UPCONV_LIB_TARGET_LIBRARY_TILEINSTRUCTIONS_H

#include "llvm/IR/Module.h"

namespace upconv {

/// Calls of the functions `upconv_tile_...` become the instructions that they
/// stand for.
void replaceTileCalls(llvm::Module &module);

} // namespace upconv

#endif // UPCONV_LIB_TARGET_LIBRARY_TILEINSTRUCTIONS_H
