//===- Libraries.h - The libraries that a program is linked with ----------===//

#ifndef UPCONV_LIB_PROGRAMS_LIBRARIES_H
#define UPCONV_LIB_PROGRAMS_LIBRARIES_H

#include "upconv/Runtime/Runtime.h"

/// `<name>_describe` of each. The tool compiles this table beside the program
/// (lib/Driver/CrossCompiler.cpp).
extern const upconv_rt_info *(*const upconv_libraries[])(void);
extern const int upconv_library_count;

#endif // UPCONV_LIB_PROGRAMS_LIBRARIES_H
