//===- Listings.h - IR and code as text -----------------------------------===//

#ifndef UPCONV_LIB_DRIVER_LISTINGS_H
#define UPCONV_LIB_DRIVER_LISTINGS_H

#include "Session.h"

namespace upconv {

/// The kinds of `inspect --ir`, for messages.
llvm::ArrayRef<llvm::StringRef> irKinds();

/// Produces the text of one `--ir` kind; `layer` keeps only the kernels of that
/// layer.
ExitStatus makeListing(Session &session, llvm::StringRef kind,
                       llvm::StringRef layer, std::string &text);

} // namespace upconv

#endif // UPCONV_LIB_DRIVER_LISTINGS_H
