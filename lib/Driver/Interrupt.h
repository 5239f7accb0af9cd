//===- Interrupt.h - What an interrupt leaves behind: nothing -------------===//

#ifndef UPCONV_LIB_DRIVER_INTERRUPT_H
#define UPCONV_LIB_DRIVER_INTERRUPT_H

#include <string>

namespace upconv {

/// From here on an interrupt (Ctrl-C) removes what is registered below and ends
/// the process with ExitInterrupted. Workers share the terminal's process
/// group, so it ends them too. To be called before anything else makes a
/// thread.
void handleInterrupts();

/// From here on the first interrupt is only noted; the second one ends the
/// process. For a command that has something worth keeping.
void noteFirstInterrupt();
bool wasInterrupted();

/// A file or folder that an interrupt removes, as long as it is registered.
void registerTemporary(const std::string &path);
void forgetTemporary(const std::string &path);

} // namespace upconv

#endif // UPCONV_LIB_DRIVER_INTERRUPT_H
