//===- Listings.h - IR and code as text -----------------------------------===//

#ifndef UPCONV_LIB_DRIVER_LISTINGS_H
#define UPCONV_LIB_DRIVER_LISTINGS_H

#include "Session.h"

namespace upconv {

/// Whether `inspect --ir` knows `kind`; prints an error if not.
bool isIrKind(llvm::StringRef kind);

/// Produces the text of a known `--ir` kind; `layer` keeps only the kernels of
/// that layer.
ExitStatus makeListing(Session &session, llvm::StringRef kind,
                       llvm::StringRef layer, std::string &text);

} // namespace upconv

#endif // UPCONV_LIB_DRIVER_LISTINGS_H
