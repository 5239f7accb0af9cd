//===- Tune.cpp - upconv tune ---------------------------------------------===//
//
// Per layer: candidates are compiled in parallel and timed one after the other
// beside the incumbent, the schedule that the tables give today. Everything
// measured goes to a log at once; tables and report are made from the log, so
// that a run that was killed, resumed or merged ends as one that was not.
//
//===----------------------------------------------------------------------===//

#include "Commands.h"
#include "DeviceRates.h"
#include "Interrupt.h"
#include "Measure.h"
#include "RemoteBench.h"
#include "SingleLayers.h"
#include "TuneOutput.h"
#include "Workers.h"

#include "upconv/Driver/Machine.h"
#include "upconv/Support/Worker.h"
#include "upconv/Tuner/Search.h"
#include "upconv/Tuner/TableEdit.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Support/xxhash.h"

#include <chrono>

using namespace upconv;

using Clock = std::chrono::steady_clock;

namespace {

/// A choice with its library and what was measured of it.
struct Trial {
  ScheduleChoice choice;
  std::string library; ///< empty if it could not be compiled
  double compileMs = -1;
  BenchResult result;
  std::string outcome = "ok";
};

/// The search for one layer's schedule.
class LayerTuner {
public:
  /// `remote`: where candidates are timed; null: here.
  LayerTuner(const Options &options, TuneOutput &output,
             const SingleLayer &subject, RemoteBench *remote,
             MeasuredDevice &device)
      : options(optionsFor(options, subject)), output(output), id(subject.id),
        remote(remote), device(device) {}

  ExitStatus run();

private:
  ExitStatus open();
  void recall(Search &search);
  std::vector<Trial> compile(const std::vector<ScheduleChoice> &choices);
  ExitStatus time(std::vector<Trial> &trials, double seconds, double giveUp);
  ExitStatus timeTogether(llvm::MutableArrayRef<Trial *> trials, double seconds,
                          double giveUp);
  ExitStatus search(Search &search);
  ExitStatus decide(Search &search);
  TuningRecord describe(const Trial &trial) const;
  void showProgress(const Search &search, const Trial &last);
  double elapsed() const {
    return std::chrono::duration<double>(Clock::now() - start).count() -
           (secondsLost() - lostBefore);
  }
  double secondsLost() const { return remote ? remote->secondsLost() : 0; }

  Options options;
  TuneOutput &output;
  std::string id;
  RemoteBench *remote;
  MeasuredDevice &device; ///< where candidates for a GPU are timed
  double lostBefore = secondsLost();
  TemporaryFolder folder;
  Clock::time_point start = Clock::now();

  KernelSpec spec; ///< of the contraction
  std::optional<ScheduleTables> tables;
  BenchRequest request;
  Trial incumbent;
  TuningRecord common; ///< the fields that all of the layer's records share
  int compiled = 0;
  size_t tried = 0; ///< candidates, those of earlier runs included
};

} // namespace

//===----------------------------------------------------------------------===//
// The layer as it is scheduled today
//===----------------------------------------------------------------------===//

ExitStatus LayerTuner::open() {
  Session session(options);
  if (ExitStatus status = session.open(); status != ExitOk)
    return status;
  if (remote)
    if (ExitStatus status = session.wantCpu("tune --remote"); status != ExitOk)
      return status;
  if (!remote && !session.runsHere())
    return session.refuseToRun("'--remote HOST' times on a machine that does");
  if (ExitStatus status = device.open(session); status != ExitOk)
    return status;
  if (ExitStatus status = session.plan(/*withWeights=*/false); status != ExitOk)
    return status;
  const KernelCall *contraction = nullptr;
  for (const KernelCall &call : session.built.calls)
    if (session.built.kernels[call.kernel].hasWeights())
      contraction = &call;
  std::optional<BenchRequest> measured = benchRequest(session);
  if (!contraction || !measured)
    return ExitInternal;
  spec = session.built.kernels[contraction->kernel];
  tables = session.tables;
  request = std::move(*measured);
  request.threads = options.threads;
  device.addTo(request);
  incumbent.choice = spec.schedule;

  common.layer = id;
  common.target = session.target.fallback.front();
  common.op = tableOf(spec);
  common.dtype = toString(precisionOf(spec));
  common.when = whenOf(traitsOf(spec));
  auto [file, line] = llvm::StringRef(contraction->schedule).rsplit(':');
  common.incumbentFile = file.str();
  line.getAsInteger(10, common.incumbentLine);
  common.incumbentStrategy = toString(incumbent.choice);
  common.machine = device.isOpen() ? device.name() : describeMachine();
  common.date = today();
  common.madeWith = madeWith();
  return ExitOk;
}

/// What earlier runs measured of this kernel.
void LayerTuner::recall(Search &search) {
  for (const TuningRecord &known : output.records())
    if (known.key() == common.key() &&
        known.kind == TuningRecord::Kind::Trial) {
      ++tried;
      search.record(known.choice, known.outcome == "ok"
                                      ? std::optional<double>(known.ratio)
                                      : std::nullopt);
    }
}

//===----------------------------------------------------------------------===//
// Compiling and timing
//===----------------------------------------------------------------------===//

std::vector<Trial>
LayerTuner::compile(const std::vector<ScheduleChoice> &choices) {
  std::vector<Trial> trials;
  std::vector<WorkerJob> jobs;
  for (const ScheduleChoice &choice : choices) {
    std::string name = "candidate_" + std::to_string(compiled++);
    std::string table = folder.file(name + "/" + common.table());
    Options one = options;
    one.schedules = folder.file(name);
    OutputFiles file;
    llvm::sys::fs::create_directories(llvm::sys::path::parent_path(table));
    if (!file.add(table, tableOfOne(choice)) || !file.commit())
      return {};
    Trial trial;
    trial.choice = choice;
    trial.library = folder.file(name + (remote ? ".a" : ".so"));
    trials.push_back(std::move(trial));
    jobs.push_back(candidateJob(one, trials.back().library));
  }
  std::vector<WorkerResult> results =
      runWorkers(jobs, options.jobs ? options.jobs : availableCores());
  for (auto [trial, result] : llvm::zip(trials, results)) {
    trial.compileMs = 1e3 * result.seconds;
    if (result.ok())
      continue;
    trial.library.clear();
    trial.outcome = "not compiled";
  }
  return trials;
}

ExitStatus LayerTuner::timeTogether(llvm::MutableArrayRef<Trial *> trials,
                                    double seconds, double giveUp) {
  BenchRequest turns = request;
  turns.seconds = seconds;
  turns.giveUp = giveUp;
  turns.libraries = {incumbent.library};
  for (Trial *trial : trials)
    turns.libraries.push_back(trial->library);
  std::vector<BenchResult> results;
  if (ExitStatus status =
          remote ? remote->time(turns, results) : benchInWorker(turns, results);
      status != ExitOk)
    return status;
  if (remote)
    common.machine = remote->machine();
  incumbent.result = results.front();
  for (auto [trial, result] : llvm::zip(trials, llvm::drop_begin(results))) {
    trial->result = result;
    trial->outcome = !result.agrees ? "wrong" : result.givenUp ? "slow" : "ok";
  }
  return ExitOk;
}

/// Fails only if nothing more can be timed at all.
ExitStatus LayerTuner::time(std::vector<Trial> &trials, double seconds,
                            double giveUp) {
  std::vector<Trial *> live;
  for (Trial &trial : trials)
    if (!trial.library.empty())
      live.push_back(&trial);
  if (live.empty())
    return ExitOk;
  ExitStatus status = timeTogether(live, seconds, giveUp);
  if (status == ExitOk || wasInterrupted())
    return ExitOk;
  if (remote) // which has told the crash of one from all else
    return status;
  // One of them crashes: each alone.
  for (Trial *trial : live)
    if (timeTogether(trial, seconds, giveUp) != ExitOk)
      trial->outcome = "wrong";
  return ExitOk;
}

//===----------------------------------------------------------------------===//
// Records
//===----------------------------------------------------------------------===//

TuningRecord LayerTuner::describe(const Trial &trial) const {
  TuningRecord record = common;
  record.choice = trial.choice;
  record.outcome = trial.outcome;
  record.compileMs = trial.compileMs;
  record.incumbentFraction = incumbent.result.fraction;
  const BenchResult &result = trial.result;
  if (result.runs == 0)
    return record;
  record.ratio = result.ratio;
  record.ms = result.medianMs;
  record.fraction = result.fraction;
  record.gflops = 2e-6 * request.usefulMacs / result.medianMs;
  record.peakGflops = result.peakGflops;
  record.rooflineGflops = 2e-6 * request.usefulMacs / result.rooflineMs;
  record.intensity = 2.0 * request.usefulMacs / request.bytes;
  return record;
}

void LayerTuner::showProgress(const Search &search, const Trial &last) {
  if (!llvm::sys::Process::StandardErrIsDisplayed())
    return;
  double best = incumbent.result.fraction / search.bestRatio();
  llvm::errs() << "\r\033[K" << id
               << llvm::format(": %zu trials, now %.2f, best %.2f, before %.2f "
                               "of roofline, %.0f s left",
                               search.measured(), last.result.fraction, best,
                               incumbent.result.fraction,
                               std::max(0.0, options.budget - elapsed()));
}

//===----------------------------------------------------------------------===//
// The search
//===----------------------------------------------------------------------===//

ExitStatus LayerTuner::search(Search &search) {
  const double secondsPerTrial = 0.2, hopeless = 1.25;
  const size_t points = options.randomPoints;
  size_t batch = 2 * (options.jobs ? options.jobs : availableCores());
  // At least once: a verdict that nothing was measured for would be final.
  do {
    std::vector<ScheduleChoice> choices =
        points ? search.draw(std::min(batch, points - std::min(points, tried)))
               : search.next(batch);
    if (choices.empty())
      break;
    std::vector<Trial> trials = compile(choices);
    if (wasInterrupted())
      break;
    if (ExitStatus status = time(trials, secondsPerTrial, hopeless);
        status != ExitOk)
      return status;
    if (wasInterrupted())
      break;
    tried += trials.size();
    for (const Trial &trial : trials) {
      search.record(trial.choice,
                    trial.outcome == "ok"
                        ? std::optional<double>(trial.result.ratio)
                        : std::nullopt);
      if (ExitStatus status = output.add(describe(trial)); status != ExitOk)
        return status;
      if (!trial.library.empty())
        llvm::sys::fs::remove(trial.library);
      showProgress(search, trial);
    }
  } while (!wasInterrupted() &&
           (points ? tried < points : elapsed() < options.budget));
  return ExitOk;
}

/// Times the best few again, at length. The incumbent runs twice: how far its
/// second ratio is from 1 is the noise that a winner has to exceed. An
/// interrupted search gives no verdict: it says nothing about what it did not
/// measure.
ExitStatus LayerTuner::decide(Search &search) {
  const size_t finalists = 3;
  const double secondsPerTrial = 0.7, leastGain = 0.02;
  std::vector<ScheduleChoice> leaders = search.leaders(finalists);
  std::vector<Trial> trials = compile(leaders);
  trials.push_back(incumbent);
  if (!wasInterrupted() && (!leaders.empty() || incumbent.result.runs == 0))
    if (ExitStatus status = time(trials, secondsPerTrial, 0); status != ExitOk)
      return status;
  Trial winner = incumbent;
  if (!leaders.empty() && !wasInterrupted()) {
    double noise = std::abs(1 - trials.back().result.ratio);
    double bar = 1 - std::max(leastGain, 2 * noise);
    trials.pop_back();
    for (const Trial &trial : trials)
      if (trial.outcome == "ok" && trial.result.ratio < bar) {
        bar = trial.result.ratio;
        winner = trial;
      }
  }
  if (wasInterrupted())
    return ExitOk;
  bool isFaster = winner.library != incumbent.library;
  if (!isFaster)
    winner.result = incumbent.result;
  winner.outcome = isFaster ? "faster" : "kept";
  TuningRecord verdict = describe(winner);
  verdict.kind = TuningRecord::Kind::Verdict;
  if (llvm::sys::Process::StandardErrIsDisplayed())
    llvm::errs() << "\r\033[K";
  llvm::outs() << llvm::left_justify(id, 28)
               << llvm::format("%4zu trials  %10.3f ms  %5.2f of roofline, "
                               "%5.2f before  ",
                               search.measured(), verdict.ms, verdict.fraction,
                               verdict.incumbentFraction)
               << verdict.outcome << ": " << toString(verdict.choice) << "\n";
  llvm::outs().flush();
  return output.add(verdict);
}

ExitStatus LayerTuner::run() {
  if (ExitStatus status = open(); status != ExitOk)
    return status;
  if (output.isDecided(common.key()))
    return ExitOk;
  std::vector<Trial> first = compile({incumbent.choice});
  if (first.empty() || first.front().library.empty()) {
    if (wasInterrupted())
      return ExitOk;
    printError("layer '" + id + "' cannot be compiled with its own schedule");
    return ExitInternal;
  }
  incumbent = first.front();
  SearchSpace space(*tables, spec);
  // The same kernel is searched in the same order by every run of one seed.
  Search searched(space, incumbent.choice,
                  tables->choicesOf(common.incumbentFile),
                  llvm::xxh3_64bits(common.key()) + options.seed);
  recall(searched);
  if (ExitStatus status = search(searched); status != ExitOk)
    return status;
  return decide(searched);
}

//===----------------------------------------------------------------------===//
// The command
//===----------------------------------------------------------------------===//

static ExitStatus tuneAll(const Options &options, TuneOutput &output,
                          RemoteBench *remote) {
  MeasuredDevice device;
  TemporaryFolder folder;
  std::vector<SingleLayer> subjects;
  ExitStatus status = isSuite(options.import.path)
                          ? suiteLayers(options, folder, subjects)
                          : modelLayers(options, folder, subjects);
  if (status != ExitOk)
    return status;
  for (size_t i = 0; i < subjects.size() && !wasInterrupted(); ++i) {
    if (i % options.shardCount != options.shard)
      continue;
    LayerTuner layer(options, output, subjects[i], remote, device);
    if (status = layer.run(); status != ExitOk)
      return status;
    if (status = output.writeTablesAndReport(); status != ExitOk)
      return status;
  }
  return wasInterrupted() ? ExitInterrupted : ExitOk;
}

static ExitStatus tuneInto(TuneOutput &output, const Options &options) {
  if (ExitStatus status = output.open(); status != ExitOk)
    return status;
  noteFirstInterrupt();
  std::optional<RemoteBench> remote;
  if (!options.remote.empty()) {
    remote.emplace(options, output.identity());
    if (ExitStatus status = remote->open(); status != ExitOk)
      return status;
  }
  return tuneAll(options, output, remote ? &*remote : nullptr);
}

ExitStatus upconv::tuneCommand(const Options &options) {
  if (!options.mergeFrom.empty())
    return mergeLogs(options);
  TuneOutput output(options);
  ExitStatus status = tuneInto(output, options);
  // A shard without layers succeeds, and `tune merge` reads its empty log.
  if (status != ExitOk)
    output.removeIfEmpty();
  return status;
}
