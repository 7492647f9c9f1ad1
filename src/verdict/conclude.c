/*
 * One verdict from the answers. A law that was measured decides by itself. Where there is none, the
 * conditions tell whether shells still have a dynamics of their own; being sufficient and not
 * necessary, a condition that fails alone decides nothing.
 */
#include <stdio.h>
#include <string.h>

#include "verdict/verdict.h"

static const char *const conditions[] = {"C1", "C2", "C3", "C4"};
/* Of C1 to C3 those that a verdict exists for: C2 is a number only. */
#define N_JUDGED     2
#define N_CONDITIONS ((int)(sizeof conditions / sizeof conditions[0]))

/* "C1 and C4", "C1, C2 and C3": the conditions with that verdict. */
static int list_conditions(const rni_subject *subject, rn_verdict verdict, char text[64])
{
    int count = 0;
    int left = 0;
    text[0] = 0;
    for (int i = 0; i < N_CONDITIONS; i++)
        left += rni_check_is(subject, conditions[i], verdict);
    for (int i = 0; i < N_CONDITIONS; i++) {
        if (!rni_check_is(subject, conditions[i], verdict)) continue;
        const size_t used = strlen(text);
        (void)snprintf(text + used, 64 - used, "%s%s",
                       count == 0          ? ""
                       : count == left - 1 ? " and "
                                           : ", ",
                       conditions[i]);
        count++;
    }
    return count;
}

/* The conditions in one clause, appended. */
static void add_conditions(rni_subject *subject)
{
    char *text = subject->shown.sentence;
    const size_t size = sizeof subject->shown.sentence;
    static const rn_verdict verdicts[] = {RN_VERDICT_HOLDS, RN_VERDICT_FAILS,
                                          RN_VERDICT_CANNOT_TELL};
    const char *separator = " Conditions: ";
    for (int i = 0; i < 3; i++) {
        char list[64];
        const int count = list_conditions(subject, verdicts[i], list);
        if (count == 0) continue;
        const size_t used = strlen(text);
        const char *verb = verdicts[i] == RN_VERDICT_HOLDS   ? count > 1 ? "hold" : "holds"
                           : verdicts[i] == RN_VERDICT_FAILS ? count > 1 ? "fail" : "fails"
                                                             : "cannot be told";
        (void)snprintf(text + used, size - used, "%s%s %s", separator, list, verb);
        separator = "; ";
    }
    const size_t used = strlen(text);
    if (strcmp(separator, "; ") == 0)
        (void)snprintf(text + used, size - used,
                       ". They are sufficient, not necessary: one that fails proves nothing.");
}

void rni_check_conclude(rni_subject *subject)
{
    const bool law_fails = rni_check_is(subject, "law", RN_VERDICT_FAILS);
    int n_hold = 0;
    int n_fail = 0;
    for (int i = 0; i < 3; i++) { /* C1 to C3 */
        n_hold += rni_check_is(subject, conditions[i], RN_VERDICT_HOLDS);
        n_fail += rni_check_is(subject, conditions[i], RN_VERDICT_FAILS);
    }
    const char *why = "whether there is a velocity law cannot be told";
    rn_conclusion conclusion = RN_CONCLUSION_CANNOT_TELL;
    if (rni_check_is(subject, "law", RN_VERDICT_HOLDS)) {
        conclusion = RN_CONCLUSION_POWER_LAW;
        why = "a velocity law was measured";
    } else if (law_fails && n_fail > 0) {
        conclusion = RN_CONCLUSION_DOES_NOT;
        why = "no velocity law was found in the measured range";
    } else if (law_fails && n_hold == N_JUDGED) {
        conclusion = RN_CONCLUSION_NO_LAW;
        why = "the velocity is no power of lambda in the measured range";
    } else if (law_fails) {
        why = "no velocity law was found in the measured range, and whether the shells still have "
              "a dynamics of their own is not known";
    }
    subject->shown.conclusion = conclusion;
    (void)snprintf(subject->shown.sentence, sizeof subject->shown.sentence, "%s: %s.",
                   rn_conclusion_text(conclusion), why);
    add_conditions(subject);
}
