//===- DeviceHeader.cpp - The C header of a library for a GPU -------------===//
//
// What it has beside that of a library for a CPU.
//
//===----------------------------------------------------------------------===//

#include "DeviceHeader.h"

#include "upconv/Runtime/Device.h"

#include "llvm/ADT/StringRef.h"

#include <string>

using namespace upconv;

void upconv::documentDevice(const LibraryPlan &plan, llvm::raw_ostream &out) {
  const std::string &name = plan.name;
  out << " *\n * Kernels run on "
      << (plan.device == "cuda"
              ? "a GPU of NVIDIA, of compute capability " +
                    std::to_string(plan.capability) +
                    " or later, whose "
                    "driver\n * (libcuda.so.1)"
              : "a device of OpenCL, a GPU if there is one, whose driver\n * "
                "(libOpenCL.so.1)")
      << " is loaded by " << name
      << "_prepare or the first run. The device, its\n * memory, the weights "
         "in "
         "it and the kernels that the driver has built stay open\n * until "
      << name
      << "_release; the first run of a kernel waits for its being built. Any\n"
         " * thread may call any function; runs of this library take turns. Of "
         "the options\n * only struct_size and the weights mean anything. "
         "After a status from "
      << llvm::StringRef(name).upper()
      << "_NO_DEVICE on\n * everything is closed, and the next run begins "
         "anew.\n";
  if (hasHandle(plan))
    out << " *\n * " << name
        << "_cuda_open makes handles for pointers on the device and streams of "
           "the\n * caller's.\n";
  out << " */\n";
}

void upconv::declareHandle(const LibraryPlan &plan, llvm::raw_ostream &out) {
  const std::string &name = plan.name;
  std::string upper = llvm::StringRef(name).upper(), status = name + "_status ",
              handle = name + "_cuda";
  bool isDynamic = !plan.extents.empty();
  out << "/* Runs on pointers of the device. A handle has the kernels, the "
         "weights and a\n"
         " * workspace in the primary context of one device; what it does "
         "waits "
         "for no other\n"
         " * handle. One thread at a time may use it, and its runs have to "
         "follow one another\n"
         " * on the device: on one stream, or ordered by events. */\n"
      << "typedef struct " << handle << " " << handle << ";\n\n"
      << "/* For device: that of the context that is current, or device 0 if "
         "there is none. */\n"
      << "#define " << upper << "_CUDA_CURRENT_DEVICE ("
      << int(UPCONV_RT_CURRENT_DEVICE) << ")\n\n"
      << "/* device: its number, as CUDA's runtime counts. "
      << (isDynamic ? "Copies the weights there"
                    : "Copies the weights there, builds the\n * kernels")
      << " and\n * waits for that; *handle is NULL after a failure.";
  if (takesWeights(plan))
    out << " Reads all of the weights to check\n * them, and does not keep "
           "them.";
  out << " */\n"
      << status << handle << "_open(" << handle << " **handle, int device"
      << (takesWeights(plan) ? ", const void *weights, size_t weights_size"
                             : "")
      << ");\n\n";
  if (isDynamic)
    out << "/* Needed before the first run, and before one that wants more "
           "workspace than any\n"
           " * before: builds the kernels and makes room for runs of these "
           "extents. The pointers\n"
           " * of inputs are not read. Where the workspace grows this waits "
           "for the device, and\n"
           " * graphs captured before may not be launched again. */\n"
        << status << handle << "_reserve(" << handle << " *handle, const "
        << name << "_inputs *inputs);\n\n";
  out << "/* Launches one inference on a stream, a CUstream or cudaStream_t of "
         "the primary\n"
         " * context, and returns; inputs and outputs hold pointers on the "
         "device, aligned to\n"
         " * "
      << UPCONV_RT_DEVICE_PORT_ALIGNMENT
      << " bytes. Does nothing but launch, so the stream may be under "
         "capture.";
  if (isDynamic)
    out << " " << upper
        << "_WORKSPACE_TOO_SMALL:\n * more than has been reserved; nothing is "
           "launched.";
  out << " */\n"
      << status << handle << "_run(" << handle << " *handle, const " << name
      << "_inputs *inputs, const " << name
      << "_outputs *outputs, void *stream);\n\n"
      << "/* Waits for the device and gives everything back; its status is "
         "that "
         "of the work\n"
         " * waited for. Graphs captured with the handle may not be launched "
         "any more. */\n"
      << status << handle << "_close(" << handle << " *handle);\n\n";
}
