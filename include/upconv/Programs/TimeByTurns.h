//===- TimeByTurns.h - What the timing program and the tool agree on ------===//

#ifndef UPCONV_PROGRAMS_TIMEBYTURNS_H
#define UPCONV_PROGRAMS_TIMEBYTURNS_H

/// The first bytes of an answer: what a login script prints stands before it.
#define UPCONV_PROGRAM_MARK "upconv: times by turns\n"

/// What became of a subject.
enum {
  UPCONV_SUBJECT_TIMED = 0,
  UPCONV_SUBJECT_WRONG = 1, ///< other outputs, or it crashed
  UPCONV_SUBJECT_SLOW = 2,  ///< given up, or a turn took too long
};

#endif // UPCONV_PROGRAMS_TIMEBYTURNS_H
