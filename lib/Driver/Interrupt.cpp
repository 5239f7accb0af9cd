//===- Interrupt.cpp - What an interrupt leaves behind: nothing -----------===//
//
// The signal is blocked and awaited by a thread of its own: unlike a handler it
// may take locks and remove folders. Worker processes unblock it (Worker.cpp).
//
//===----------------------------------------------------------------------===//

#include "Interrupt.h"

#include "upconv/Driver/Driver.h"

#include "llvm/Support/FileSystem.h"

#include <atomic>
#include <mutex>
#include <set>
#include <signal.h>
#include <thread>
#include <unistd.h>

using namespace upconv;

static std::atomic<bool> noting = false, noted = false;

namespace {
struct Temporaries {
  std::mutex mutex;
  std::set<std::string> paths;
};
} // namespace

// Never destroyed: the thread may look at it while the process ends.
static Temporaries &temporaries() {
  static auto *all = new Temporaries;
  return *all;
}

void upconv::registerTemporary(const std::string &path) {
  std::lock_guard<std::mutex> lock(temporaries().mutex);
  temporaries().paths.insert(path);
}

void upconv::forgetTemporary(const std::string &path) {
  std::lock_guard<std::mutex> lock(temporaries().mutex);
  temporaries().paths.erase(path);
}

static void awaitInterrupts(sigset_t signals) {
  for (;;) {
    int signal;
    if (sigwait(&signals, &signal) != 0)
      return;
    if (noting && !noted.exchange(true))
      continue;
    // Held to the end, so that nothing new is made.
    temporaries().mutex.lock();
    for (const std::string &path : temporaries().paths)
      if (llvm::sys::fs::is_directory(path))
        llvm::sys::fs::remove_directories(path);
      else
        llvm::sys::fs::remove(path);
    _exit(ExitInterrupted);
  }
}

void upconv::handleInterrupts() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::thread(awaitInterrupts, signals).detach();
}

void upconv::noteFirstInterrupt() { noting = true; }

bool upconv::wasInterrupted() { return noted; }
