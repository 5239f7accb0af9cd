//===- LoadedLibrary.h - A generated shared library, in this process ------===//
//
// How `run`, `verify` and `bench` call a library without its header: through
// the structure that `<name>_describe` returns. Meant for a child process: what
// is loaded here is the user's code.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_TARGET_LIBRARY_LOADEDLIBRARY_H
#define UPCONV_TARGET_LIBRARY_LOADEDLIBRARY_H

#include "upconv/Target/Library/LibraryPlan.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"
#include "llvm/TargetParser/Triple.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace upconv {

struct LoadedPort {
  std::string name, layerName;
  std::vector<int64_t> shape;           ///< -1 where it depends on the extents
  std::vector<std::string> expressions; ///< per dimension, e.g. "2 * z_steps"
};

struct LoadedExtent {
  std::string field;
  unsigned input, dimension;
};

/// Elements of a shape without unknown dimensions.
int64_t elementCount(llvm::ArrayRef<int64_t> shape);

/// The machine that the code of an archive or a shared library is for. The
/// error says where the file is damaged; its members are looked at one by one.
llvm::Expected<llvm::Triple::ArchType>
architectureOfLibrary(llvm::StringRef path);

/// Links an archive that upconv made into a shared library at `output`.
llvm::Error linkArchive(llvm::StringRef path, const std::string &output);

class LoadedLibrary {
public:
  /// Loads the file at `path`. `name` is the library's; if it is empty, the
  /// file must hold exactly one. Errors begin with `shownAs`, or with the path
  /// if that is empty.
  static llvm::Expected<LoadedLibrary> open(llvm::StringRef path,
                                            llvm::StringRef name = "",
                                            llvm::StringRef shownAs = "");
  LoadedLibrary(LoadedLibrary &&);
  LoadedLibrary &operator=(LoadedLibrary &&);
  ~LoadedLibrary();

  const std::string &name() const;
  const llvm::json::Object &description() const; ///< docs/HeaderABI.md
  llvm::ArrayRef<LoadedPort> inputs() const;
  llvm::ArrayRef<LoadedPort> outputs() const;
  llvm::ArrayRef<LoadedExtent> extents() const;

  /// The extents that inputs of these shapes stand for. The error names the
  /// input, what was expected and what was found.
  llvm::Expected<std::vector<int64_t>>
  extentsFor(llvm::ArrayRef<std::vector<int64_t>> inputShapes) const;

  struct Sizes {
    size_t workspace; ///< bytes
    std::vector<std::vector<int64_t>> outputShapes;
  };
  /// The error says which rule the extents break.
  llvm::Expected<Sizes> sizes(llvm::ArrayRef<int64_t> extents,
                              int threads = 0) const;

  struct Options {
    void *workspace = nullptr; ///< null: the run maps its own
    size_t workspaceSize = 0;
    int threads = 0;
    void (*parallelFor)(void *user, int count, void (*body)(void *, int),
                        void *context) = nullptr;
    void *user = nullptr;
    const void *weights = nullptr; ///< where packedSize() is not 0
  };
  /// Bytes of packed weights that every run wants; 0: they are inside.
  size_t packedSize() const;
  /// What `pack` takes, in order; empty if the library has no `<name>_pack`.
  llvm::ArrayRef<Variable> variables() const;
  /// Packs values into packedSize() bytes, aligned to 64. Variables that are
  /// not used may be null.
  llvm::Error pack(llvm::ArrayRef<const float *> variables, void *packed) const;
  /// Whether this machine has the processor's instructions or the device that
  /// the library uses.
  bool runsHere() const;
  /// Checks the machine, and the weights where they are not inside. An error
  /// of theirs begins with `weightsFile` unless that is empty; one of the
  /// machine has the code not_supported.
  llvm::Error prepare(const void *weights = nullptr, size_t weightsSize = 0,
                      llvm::StringRef weightsFile = "") const;
  llvm::Error run(llvm::ArrayRef<const float *> inputs,
                  llvm::ArrayRef<int64_t> extents,
                  llvm::ArrayRef<float *> outputs,
                  const Options &options) const;
  /// run without conversions, for timed loops: a status, 0 for success.
  int runRaw(const float *const *inputs, const int64_t *extents,
             float *const *outputs, const Options &options) const;

  /// Who wants to know of the steps of a run: called before each, numbered from
  /// 0, and behind the last with their number.
  struct Trace {
    void (*at)(void *context, int64_t step);
    void *context;
  };
  /// runRaw of a library that traces its steps; of any other it is just that.
  int runTraced(const float *const *inputs, const int64_t *extents,
                float *const *outputs, const Options &options,
                const Trace &trace) const;

  /// What a library for a GPU makes of runs one behind the other.
  struct DeviceTime {
    double seconds = 0; ///< of one run, without copies from and to the host
    std::string device; ///< its name
  };
  /// Runs `runs` times on the device, behind a run that does not count, by the
  /// clock `now`. With `isResident` the inputs are those of the call before,
  /// and the outputs stay on the device. Returns a status, 0 for success.
  int timeOnDevice(const float *const *inputs, const int64_t *extents,
                   float *const *outputs, const Options &options,
                   double (*now)(void), int64_t runs, bool isResident,
                   DeviceTime &time) const;
  /// The sentence for a status.
  std::string describe(int status) const;

private:
  struct State;
  explicit LoadedLibrary(std::unique_ptr<State> state);
  std::unique_ptr<State> state;
};

} // namespace upconv

#endif // UPCONV_TARGET_LIBRARY_LOADEDLIBRARY_H
