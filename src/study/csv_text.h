/*
 * Cells of a study's tables as CSV.
 */
#ifndef RNI_STUDY_CSV_TEXT_H
#define RNI_STUDY_CSV_TEXT_H

#include <renorm/study.h>

#include "core/text.h"

/** A text between quotes, as RFC 4180 has it, on one line. */
void rni_csv_quoted(const char *text, rni_text *out);

/** ",VALUE"; nothing behind the comma for NaN, inf and -inf for infinities. */
void rni_csv_real(double value, rni_text *out);

/** A plain cell: commas become semicolons; quotes and control characters spaces. */
void rni_csv_plain(const char *text, rni_text *out);

/** "arm,KEY,KEY": the names of the columns that say which arm and point. */
void rni_csv_group_names(const rn_study *study, rni_text *out);

/** The cells of those columns. */
void rni_csv_group(const rn_study *study, rn_index arm, rn_index point, rni_text *out);

#endif
