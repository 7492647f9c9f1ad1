/*
 * One verdict from the answers. A law that was measured decides by itself. Where there is none, the
 * conditions tell whether shells still have a dynamics of their own; being sufficient and not
 * necessary, a condition that fails alone decides nothing.
 */
#include <stdio.h>
#include <string.h>

#include "verdict/verdict.h"

static const char *const conditions[] = {"C1", "C2", "C3", "C4"};
#define N_CONDITIONS ((int)(sizeof conditions / sizeof conditions[0]))

/* "C1 and C4", "C1, C2 and C3": the conditions with that answer. */
static int list_conditions(const rni_subject *subject, rn_answer answer, char text[64])
{
    int count = 0;
    int left = 0;
    text[0] = 0;
    for (int i = 0; i < N_CONDITIONS; i++)
        left += rni_check_answer(subject, conditions[i]) == answer;
    for (int i = 0; i < N_CONDITIONS; i++) {
        if (rni_check_answer(subject, conditions[i]) != answer) continue;
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
    static const rn_answer answers[] = {RN_ANSWER_HOLDS, RN_ANSWER_FAILS, RN_ANSWER_CANNOT_TELL};
    const char *separator = " Conditions: ";
    for (int i = 0; i < 3; i++) {
        char list[64];
        const int count = list_conditions(subject, answers[i], list);
        if (count == 0) continue;
        const size_t used = strlen(text);
        const char *verb = answers[i] == RN_ANSWER_HOLDS   ? count > 1 ? "hold" : "holds"
                           : answers[i] == RN_ANSWER_FAILS ? count > 1 ? "fail" : "fails"
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
    const rn_answer law = rni_check_answer(subject, "law");
    int n_hold = 0;
    int n_fail = 0;
    for (int i = 0; i < 3; i++) { /* C1 to C3 */
        const rn_answer answer = rni_check_answer(subject, conditions[i]);
        n_hold += answer == RN_ANSWER_HOLDS || answer == RN_ANSWER_NONE;
        n_fail += answer == RN_ANSWER_FAILS;
    }
    const char *why = "";
    rn_conclusion conclusion = RN_CONCLUSION_CANNOT_TELL;
    if (law == RN_ANSWER_HOLDS) {
        conclusion = RN_CONCLUSION_POWER_LAW;
        why = "a velocity law was measured";
    } else if (law == RN_ANSWER_FAILS && n_fail > 0) {
        conclusion = RN_CONCLUSION_DOES_NOT;
        why = "no velocity law was found in the measured range";
    } else if (law == RN_ANSWER_FAILS && n_hold == 3) {
        conclusion = RN_CONCLUSION_NO_LAW;
        why = "the velocity is no power of lambda in the measured range";
    } else if (law == RN_ANSWER_FAILS) {
        why =
            "no velocity law was found in the measured range, and whether the shells still have a "
            "dynamics of their own is not known";
    } else {
        why = "whether there is a velocity law cannot be told";
    }
    subject->shown.conclusion = conclusion;
    (void)snprintf(subject->shown.sentence, sizeof subject->shown.sentence, "%s: %s.",
                   rn_conclusion_text(conclusion), why);
    add_conditions(subject);
}
