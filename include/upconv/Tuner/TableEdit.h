//===- TableEdit.h - Verdicts into schedule tables ------------------------===//
//
// Tables are edited as text, a line per entry, so that comments stay and a
// reviewer reads the result as a diff of single lines.
//
//===----------------------------------------------------------------------===//

#ifndef UPCONV_TUNER_TABLEEDIT_H
#define UPCONV_TUNER_TABLEEDIT_H

#include "upconv/Tuner/TuningLog.h"

#include <functional>
#include <map>

namespace upconv {

/// The kernel's traits as an entry's `when` spells them, all that tell it from
/// its neighbours: "{ rank: 2, kernel: [4, 4], stride: [2, 2], cin: 64, ... }".
std::string whenOf(const KernelTraits &traits);

/// A table that gives every kernel of its op this choice.
std::string tableOfOne(const ScheduleChoice &choice);

/// The entry's whole line, with what was measured and against what.
std::string entryLine(const TuningRecord &verdict);

/// The tables that the "faster" verdicts of `records` change, as text by path
/// ("x86-64-v4/conv-f32.yaml"). A new entry stands in front of the one that it
/// beat, or in its place if that says the same `when`. One that beat another
/// target's table (a fallback) opens its own target's table, or a copy of the
/// beaten one where the target has none. Of several verdicts on one kernel the
/// last counts. `textOf` gives a table as it is now; nothing if there is none.
std::map<std::string, std::string> editedTables(
    const std::vector<TuningRecord> &records,
    const std::function<std::optional<std::string>(const std::string &path)>
        &textOf);

} // namespace upconv

#endif // UPCONV_TUNER_TABLEEDIT_H
