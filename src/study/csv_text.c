/*
 * Cells of CSV tables; see the header.
 */
#include "study/csv_text.h"

#include <math.h>
#include <stdio.h>

void rni_csv_plain(const char *text, rni_text *out)
{
    for (; *text; text++)
        rni_text_add(out, "%c", *text == ',' ? ';' : *text == '"' || *text < ' ' ? ' ' : *text);
}

void rni_csv_quoted(const char *text, rni_text *out)
{
    rni_text_add(out, "\"");
    for (; *text; text++)
        rni_text_add(out, *text == '"' ? "\"%c" : "%c", *text == '\n' ? ' ' : *text);
    rni_text_add(out, "\"");
}

void rni_csv_real(double value, rni_text *out)
{
    char digits[RNI_REAL_SIZE] = "";
    if (isfinite(value))
        rni_real_format(value, digits);
    else if (!isnan(value))
        (void)snprintf(digits, sizeof digits, "%s", value > 0.0 ? "inf" : "-inf");
    rni_text_add(out, ",%s", digits);
}

void rni_csv_group_names(const rn_study *study, rni_text *out)
{
    rni_text_add(out, "arm");
    for (rn_index k = 0; rn_study_key(study, k); k++) {
        rni_text_add(out, ",");
        rni_csv_plain(rn_study_key(study, k), out);
    }
}

void rni_csv_group(const rn_study *study, rn_index arm, rn_index point, rni_text *out)
{
    rni_text_add(out, "%s", rn_study_arm(study, arm));
    for (rn_index k = 0; rn_study_key(study, k); k++) {
        rni_text_add(out, ",");
        rni_csv_plain(rn_study_value(study, point, k), out);
    }
}
