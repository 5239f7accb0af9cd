//===- Report.cpp - A tuning log as a page to look at ---------------------===//
//
// Plain HTML with drawings in SVG: no script, nothing loaded from elsewhere.
//
//===----------------------------------------------------------------------===//

#include "upconv/Tuner/Report.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>
#include <cmath>
#include <map>

using namespace upconv;
using llvm::formatv;

static const char *const style = R"(
body { font: 14px/1.4 system-ui, sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em; color: #222; }
table { border-collapse: collapse; width: 100%; }
td, th { padding: .2em .6em; text-align: right; border-bottom: 1px solid #ddd; }
td:first-child, th:first-child, td:last-child, th:last-child { text-align: left; }
svg { background: #fafafa; border: 1px solid #ddd; }
svg text { font: 11px system-ui, sans-serif; fill: #555; }
.roof { stroke: #888; fill: none; } .best { stroke: #06c; fill: none; stroke-width: 1.5; }
.trial { fill: #bbb; } .point { fill: #06c; } .before { fill: none; stroke: #c60; }
figure { display: inline-block; margin: .5em 1em .5em 0; } figcaption { font-size: 12px; }
)";

static std::string escaped(llvm::StringRef text) {
  std::string result;
  llvm::raw_string_ostream os(result);
  llvm::printHTMLEscaped(text, os);
  return result;
}

namespace {

/// One kernel's records in the order of the log.
struct History {
  std::vector<const TuningRecord *> trials;
  const TuningRecord *verdict = nullptr;
};

/// Maps values to pixels along one axis.
struct Scale {
  double low, high, from, to;
  bool logarithmic = false;

  double operator()(double value) const {
    double a = low, b = high;
    if (logarithmic) {
      value = std::log(value);
      a = std::log(a);
      b = std::log(b);
    }
    return from + (to - from) * (value - a) / (b - a);
  }
};

} // namespace

static std::vector<std::pair<std::string, History>>
histories(const std::vector<TuningRecord> &records) {
  std::vector<std::pair<std::string, History>> result;
  std::map<std::string, size_t> places;
  for (const TuningRecord &record : records) {
    auto [it, isNew] = places.try_emplace(record.key(), result.size());
    if (isNew)
      result.push_back({record.layer, {}});
    History &history = result[it->second].second;
    if (record.kind == TuningRecord::Kind::Verdict)
      history.verdict = &record;
    else
      history.trials.push_back(&record);
  }
  return result;
}

static void
writeTable(llvm::raw_ostream &os,
           const std::vector<std::pair<std::string, History>> &layers) {
  os << "<table><tr><th>layer<th>trials<th>ms<th>GFLOP/s<th>of roofline"
        "<th>before<th>time ratio<th>schedule\n";
  for (const auto &[layer, history] : layers) {
    os << "<tr><td>" << escaped(layer) << "<td>" << history.trials.size();
    if (const TuningRecord *v = history.verdict)
      os << formatv("<td>{0:f3}<td>{1:f1}<td>{2:f2}<td>{3:f2}<td>{4:f2}<td>",
                    v->ms, v->gflops, v->fraction, v->incumbentFraction,
                    v->ratio)
         << escaped(toString(v->choice)) << " (" << escaped(v->outcome) << ")";
    else
      os << "<td><td><td><td><td><td>not finished";
    os << "\n";
  }
  os << "</table>\n";
}

/// Useful GFLOP/s over FLOP per byte, both logarithmic, under the roofline of
/// the machine's median anchors.
static void
writeRoofline(llvm::raw_ostream &os,
              const std::vector<std::pair<std::string, History>> &layers) {
  std::vector<const TuningRecord *> verdicts;
  for (const auto &[layer, history] : layers)
    if (history.verdict && history.verdict->intensity > 0 &&
        history.verdict->gflops > 0)
      verdicts.push_back(history.verdict);
  if (verdicts.empty())
    return;
  double lowX = 1, highX = 10, lowY = 1, highY = 10;
  for (const TuningRecord *v : verdicts) {
    lowX = std::min(lowX, v->intensity / 2);
    highX = std::max(highX, v->intensity * 2);
    lowY = std::min(lowY, v->gflops / 2);
    highY = std::max(highY, v->peakGflops * 1.5);
  }
  Scale x{lowX, highX, 50, 700, true}, y{lowY, highY, 330, 15, true};
  os << "<h2>Roofline</h2>\n<svg width=\"720\" height=\"370\">\n";
  for (const TuningRecord *v : verdicts) {
    os << formatv("<line class=\"roof\" x1=\"{0:f1}\" x2=\"{1:f1}\" "
                  "y1=\"{2:f1}\" y2=\"{2:f1}\"/>",
                  x(v->intensity) - 4, x(v->intensity) + 4,
                  y(v->rooflineGflops));
    os << formatv("<circle class=\"point\" cx=\"{0:f1}\" cy=\"{1:f1}\" "
                  "r=\"3\"><title>{2}: {3:f1} GFLOP/s, {4:f2} of the "
                  "roofline</title></circle>\n",
                  x(v->intensity), y(v->gflops), escaped(v->layer), v->gflops,
                  v->fraction);
  }
  for (double tick = 1; tick < highX; tick *= 10)
    if (tick >= lowX)
      os << formatv("<text x=\"{0:f1}\" y=\"345\">{1}</text>", x(tick), tick);
  for (double tick = 1; tick < highY; tick *= 10)
    if (tick >= lowY)
      os << formatv("<text x=\"10\" y=\"{0:f1}\">{1}</text>", y(tick), tick);
  os << "<text x=\"300\" y=\"362\">useful FLOP per byte moved</text>"
        "<text x=\"10\" y=\"12\">GFLOP/s; a bar is what the roofline "
        "allows</text>\n</svg>\n";
}

static void writeCurve(llvm::raw_ostream &os, const std::string &layer,
                       const History &history) {
  Scale x{0, std::max<double>(1, history.trials.size()), 30, 330};
  Scale y{0, 1, 130, 10};
  os << "<figure><svg width=\"340\" height=\"150\">";
  for (double tick : {0.0, 0.5, 1.0})
    os << formatv("<text x=\"4\" y=\"{0:f1}\">{1:f1}</text>", y(tick) + 4,
                  tick);
  std::string path;
  double best = 0;
  for (size_t i = 0; i < history.trials.size(); ++i) {
    const TuningRecord &trial = *history.trials[i];
    if (trial.fraction < 0)
      continue;
    os << formatv("<circle class=\"trial\" cx=\"{0:f1}\" cy=\"{1:f1}\" "
                  "r=\"2\"><title>{2}: {3:f2}</title></circle>",
                  x(i), y(std::min(trial.fraction, 1.0)),
                  escaped(toString(trial.choice)), trial.fraction);
    if (trial.outcome == "ok" && trial.fraction > best)
      best = trial.fraction;
    path += formatv("{0}{1:f1},{2:f1} ", path.empty() ? "" : "L", x(i),
                    y(std::min(best, 1.0)))
                .str();
  }
  if (!path.empty())
    os << "<path class=\"best\" d=\"M" << path << "\"/>";
  if (history.verdict && history.verdict->incumbentFraction >= 0)
    os << formatv("<line class=\"before\" x1=\"30\" x2=\"330\" y1=\"{0:f1}\" "
                  "y2=\"{0:f1}\"/>",
                  y(std::min(history.verdict->incumbentFraction, 1.0)));
  os << "</svg><figcaption>" << escaped(layer) << "</figcaption></figure>\n";
}

std::string upconv::htmlReport(const std::vector<TuningRecord> &records) {
  std::vector<std::pair<std::string, History>> layers = histories(records);
  std::string page;
  llvm::raw_string_ostream os(page);
  os << "<!DOCTYPE html>\n<html lang=\"en\"><meta charset=\"utf-8\">\n<title>"
        "upconv tune</title>\n<style>"
     << style << "</style>\n<h1>upconv tune</h1>\n";
  for (auto it = records.rbegin(); it != records.rend(); ++it)
    if (it->kind == TuningRecord::Kind::Verdict) {
      os << "<p>" << escaped(it->target) << " on " << escaped(it->machine)
         << ", " << escaped(it->date) << ", " << escaped(it->madeWith)
         << ".</p>\n";
      break;
    }
  writeTable(os, layers);
  writeRoofline(os, layers);
  os << "<h2>Trials</h2>\n<p>Fraction of the roofline; a dot is a trial, the "
        "line the best so far, the level line the schedule before.</p>\n";
  for (const auto &[layer, history] : layers)
    writeCurve(os, layer, history);
  os << "</html>\n";
  return page;
}
