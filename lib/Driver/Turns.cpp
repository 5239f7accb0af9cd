//===- Turns.cpp - From times taken by turns to figures -------------------===//

#include "Turns.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>

using namespace upconv;

double upconv::median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + values.size() / 2,
                   values.end());
  return values[values.size() / 2];
}

const char *upconv::boundOf(int64_t usefulMacs, const BenchResult &result) {
  bool byCompute =
      2e-6 * usefulMacs / result.peakGflops >= 0.999 * result.rooflineMs;
  return byCompute ? "compute" : "bandwidth";
}

/// Seconds that the roofline allows.
static double roofline(const BenchRequest &request, double gflops, double gbs) {
  double compute = 2.0 * request.usefulMacs / (gflops * 1e9);
  return std::max(compute, request.bytes / (gbs * 1e9));
}

static BenchResult figuresOf(const BenchRequest &request,
                             const TimedTurns &turns,
                             const TimedSubject &subject) {
  BenchResult result;
  result.agrees = subject.agrees;
  result.givenUp = subject.givenUp;
  result.readGbs = turns.bandwidth.read_gbs;
  result.writeGbs = turns.bandwidth.write_gbs;
  result.runs = subject.seconds.size();
  if (result.runs == 0)
    return result;
  int threads = request.threads ? request.threads : turns.cores;
  // A layer reads and writes; the faster direction is the safe anchor.
  double gbs = std::max(result.readGbs, result.writeGbs);
  const std::vector<double> &first = turns.subjects.front().seconds;
  std::vector<double> peaks, fractions, ratios;
  for (auto [seconds, gflops, reference] :
       llvm::zip(subject.seconds, subject.gflops, first)) {
    peaks.push_back(threads * gflops);
    fractions.push_back(roofline(request, peaks.back(), gbs) / seconds);
    ratios.push_back(seconds / reference);
  }
  result.medianMs = 1e3 * median(subject.seconds);
  result.minMs = 1e3 * *llvm::min_element(subject.seconds);
  result.peakGflops = median(peaks);
  result.rooflineMs = 1e3 * roofline(request, result.peakGflops, gbs);
  result.fraction = median(fractions);
  result.ratio = median(ratios);
  return result;
}

std::vector<BenchResult> upconv::figuresOf(const BenchRequest &request,
                                           const TimedTurns &turns) {
  std::vector<BenchResult> results;
  for (const TimedSubject &subject : turns.subjects)
    results.push_back(::figuresOf(request, turns, subject));
  return results;
}
