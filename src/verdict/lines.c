/*
 * The lines of a subject: adding one, its texts, and what those of one condition say together.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "verdict/verdict.h"

static const struct {
    const char *id;
    const char *name;
} names[] = {
    {"C1", "small changes pass through the blocks bounded and locally"},
    {"C2", "blocks are incoherent at the start"},
    {"C3", "the kernel evolves without bursts"},
    {"C4", "couplings between shells look the same at every scale"},
    {"law", "the velocity is a power of lambda"},
};

rn_check_line *rni_check_add(rni_subject *subject, const char *condition, const char *quantity,
                             const char *unit)
{
    RNI_ASSERT(subject->shown.n_lines < RNI_CHECK_LINES);
    rn_check_line *line = &subject->lines[subject->shown.n_lines++];
    const double nan = (double)NAN;
    *line = (rn_check_line){.condition = condition,
                            .quantity = quantity,
                            .unit = unit,
                            .value = nan,
                            .low = nan,
                            .high = nan,
                            .threshold = nan};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i].id, condition) == 0) line->name = names[i].name;
    return line;
}

void rni_check_say(char text[RN_CHECK_TEXT], const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    /* started in the line above. NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
    (void)vsnprintf(text, RN_CHECK_TEXT, format, arguments);
    va_end(arguments);
}

void rni_check_take(rn_check_line *line, const rn_finding *found, const char *remedy)
{
    line->verdict = found->verdict;
    line->value = found->value;
    line->low = found->low;
    line->high = found->high;
    line->threshold = found->threshold;
    rni_check_say(line->origin, "%s", found->origin);
    rni_check_say(line->reason, "%s", found->reason);
    if (found->verdict == RN_VERDICT_CANNOT_TELL) rni_check_say(line->remedy, "%s", remedy);
}

rn_verdict rn_check_condition(const rn_check_subject *subject, const char *condition)
{
    rn_index n_parts = 0;
    rn_index n_hold = 0;
    rn_index n_fail = 0;
    for (rn_index i = 0; subject && condition && i < subject->n_lines; i++) {
        const rn_check_line *line = &subject->lines[i];
        if (!line->decides || strcmp(line->condition, condition) != 0) continue;
        n_parts++;
        n_hold += line->verdict == RN_VERDICT_HOLDS;
        n_fail += line->verdict == RN_VERDICT_FAILS;
    }
    if (n_fail > 0) return RN_VERDICT_FAILS;
    return n_parts > 0 && n_hold == n_parts ? RN_VERDICT_HOLDS : RN_VERDICT_CANNOT_TELL;
}

bool rni_check_is(const rni_subject *subject, const char *condition, rn_verdict verdict)
{
    for (rn_index i = 0; i < subject->shown.n_lines; i++)
        if (subject->lines[i].decides && strcmp(subject->lines[i].condition, condition) == 0)
            return rn_check_condition(&subject->shown, condition) == verdict;
    return false;
}
