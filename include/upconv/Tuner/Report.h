//===- Report.h - A tuning log as a page to look at -----------------------===//

#ifndef UPCONV_TUNER_REPORT_H
#define UPCONV_TUNER_REPORT_H

#include "upconv/Tuner/TuningLog.h"

namespace upconv {

/// One self-contained HTML page: a table of the verdicts, a roofline plot of
/// all layers, and per layer the fraction of the roofline of every trial with
/// the best one so far as a line.
std::string htmlReport(const std::vector<TuningRecord> &records);

} // namespace upconv

#endif // UPCONV_TUNER_REPORT_H
