/*
 * What the files of a check share: lines that grow, the numbers a run gives to its family.
 */
#ifndef RNI_VERDICT_VERDICT_H
#define RNI_VERDICT_VERDICT_H

#include <renorm/check.h>
#include <stdbool.h>

#include "conditions/coupling_verdict.h"
#include "core/status.h"

/** Most lines of one subject. */
#define RNI_CHECK_LINES 24

/** A subject and its lines, filled one after the other. */
typedef struct rni_subject {
    rn_check_subject shown; /* lines points into lines below once complete */
    rn_check_line lines[RNI_CHECK_LINES];
    char name[RN_CHECK_TEXT];
    char path[RN_CHECK_TEXT * 8];
} rni_subject;

/** What a run tells its family. */
typedef struct rni_run_numbers {
    bool has_couplings; /* invariance is a number */
    rni_square invariance;
    rn_verdict law;
} rni_run_numbers;

/** A new line of a condition, numbers NaN, texts empty. The subject has room for it. */
rn_check_line *rni_check_add(rni_subject *subject, const char *condition, const char *quantity,
                             const char *unit);

/** Whether that is the verdict of a condition; false where no line decides it. */
bool rni_check_is(const rni_subject *subject, const char *condition, rn_verdict verdict);

/** Formats one of a line's texts, cut at its end. */
void rni_check_say(char text[RN_CHECK_TEXT], const char *format, ...) RNI_PRINTF(2, 3);

/** C4 of a run: its snapshots' couplings. */
void rni_check_couplings(const rn_folder *folder, rni_subject *subject, rni_run_numbers *numbers);

/** C4 of a family of n runs. */
void rni_check_couplings_of(rn_index n, const rni_run_numbers *const *numbers,
                            rni_subject *subject);

/** The velocity law of a run. @return RN_OK; RN_ERR_MEMORY */
RN_NODISCARD rn_status rni_check_law(const rn_folder *folder, rni_subject *subject,
                                     rni_run_numbers *numbers);

/** The velocity law of a family: what its runs say. */
void rni_check_law_of(rn_index n, const rni_run_numbers *const *numbers, rni_subject *subject);

/** conclusion and sentence, from the lines. */
void rni_check_conclude(rni_subject *subject);

/**
 * Sorts runs into families: those whose settings agree in everything but seed, depth, width, and
 * what decides no number.
 * @param family  [n] out: the number of each run's family, counted from 0 in order of appearance
 * @param name    NULL, or [RN_CHECK_TEXT] out: what the runs of family `which` share, for people
 */
void rni_check_families(rn_index n, const rn_folder *const *folders, rn_index *family);
void rni_check_family_name(rn_index n, const rn_folder *const *folders, const rn_index *family,
                           rn_index which, char name[RN_CHECK_TEXT]);

#endif
