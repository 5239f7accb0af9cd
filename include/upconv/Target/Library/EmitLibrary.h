//===- EmitLibrary.h - LibraryPlan and kernel objects to files ------------===//

#ifndef UPCONV_TARGET_LIBRARY_EMITLIBRARY_H
#define UPCONV_TARGET_LIBRARY_EMITLIBRARY_H

#include "upconv/Target/Library/LibraryPlan.h"

#include "llvm/Support/Error.h"

#include <string>
#include <vector>

namespace upconv {

/// An object made by the kernel workers, and the functions it defines.
struct KernelObject {
  std::string symbol; ///< KernelSpec::name
  std::string bytes;
};

/// One library of several that differ in their targets and name the same
/// library in `partOf`, strongest first. Its members are those of the parts and
/// those of emitMembers(joined, {}), whose functions choose a part at run time.
LibraryPlan joinParts(std::vector<LibraryPlan> parts);

/// The C header (design.md section 4), as text.
std::string emitHeader(const LibraryPlan &plan);

/// The calling sequence with the runtime linked in, as LLVM IR text and as a
/// relocatable object.
llvm::Expected<std::string> emitCallingSequenceText(const LibraryPlan &plan);
llvm::Expected<std::string>
emitCallingSequenceAssembly(const LibraryPlan &plan);

/// An object, or assembly, of a kernel from Halide's bitcode; its functions are
/// hidden. For systems that Halide does not tell LLVM enough of: its code for
/// Android on AArch64 would use x18, which the platform keeps to itself, and
/// what it emits for Windows and macOS knows no version and no hidden symbols.
/// And for kernels with instructions of AMX, which stand in the bitcode as
/// calls (MatrixTiles.h). An empty triple is the bitcode's own. The output of
/// the kernel `streamed`, unless that is empty, goes past the caches.
llvm::Expected<std::string> emitKernelCode(llvm::StringRef bitcode,
                                           llvm::StringRef triple,
                                           llvm::StringRef streamed,
                                           bool asAssembly);

struct LibraryMember {
  std::string name; ///< archive member, e.g. "generator_weights.o"
  std::string bytes;
};

/// The members that need no kernel: calling sequence and runtime, and the
/// weights if they are embedded.
llvm::Expected<std::vector<LibraryMember>>
emitSequenceMembers(const LibraryPlan &plan);

/// The kernels, their symbols prefixed with the library's name and hidden.
llvm::Expected<std::vector<LibraryMember>>
emitKernelMembers(const LibraryPlan &plan,
                  const std::vector<KernelObject> &kernels);

/// Both, in this order.
llvm::Expected<std::vector<LibraryMember>>
emitMembers(const LibraryPlan &plan, const std::vector<KernelObject> &kernels);

/// A static archive / a shared library (linked in process by lld) of the
/// members. lld keeps global state: links of one process take turns, and one
/// that crashed is an error for all later ones.
llvm::Expected<std::string>
emitArchive(const LibraryPlan &plan, const std::vector<LibraryMember> &members);
llvm::Expected<std::string>
emitSharedLibrary(const LibraryPlan &plan,
                  const std::vector<LibraryMember> &members);

/// What programs for Windows link with to use the shared library.
llvm::Expected<std::string> emitImportLibrary(const LibraryPlan &plan);

/// The packed weights behind their stamp: the bytes of the file that a library
/// in external mode wants. Only where there are weights.
std::string emitPackedWeights(const LibraryPlan &plan);

/// A CMake package (`<name>Config.cmake`) beside the archive.
std::string emitCMakePackage(const LibraryPlan &plan);

/// The files' names; the shared library's is also its soname, and the package
/// looks for the archive and the header under theirs, beside itself.
std::string headerFileName(const LibraryPlan &plan); ///< "generator.h"
/// "libgenerator.a"; for Windows "generator.lib"
std::string archiveFileName(const LibraryPlan &plan);
/// "libgenerator.so"; "libgenerator.dylib" for macOS and iOS, "generator.dll"
std::string sharedLibraryFileName(const LibraryPlan &plan);
/// "generator.dll.lib" for Windows; elsewhere there is none: ""
std::string importLibraryFileName(const LibraryPlan &plan);
std::string weightsFileName(const LibraryPlan &plan); ///< "generator.weights"
std::string
cmakePackageFileName(const LibraryPlan &plan); ///< "generatorConfig.cmake"

} // namespace upconv

#endif // UPCONV_TARGET_LIBRARY_EMITLIBRARY_H
