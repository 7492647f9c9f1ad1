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
#define RNI_CHECK_LINES 32

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
    double depth, width; /* settings of the model; NaN: it has none */
    double gain;         /* largest gain at the start; NaN: not measured */
    double influence;    /* largest row sum of the influence at the start, likewise */
    double growth;       /* of the kernel along the run; NaN: too few moments */
    rn_verdict without_bursts;
} rni_run_numbers;

/** A new line of a condition, numbers NaN, texts empty. The subject has room for it. */
rn_check_line *rni_check_add(rni_subject *subject, const char *condition, const char *quantity,
                             const char *unit);

/** Numbers, verdict and texts of a finding; the remedy only where it cannot tell. */
void rni_check_take(rn_check_line *line, const rn_finding *found, const char *remedy);

/** Whether that is the verdict of a condition; false where no line decides it. */
bool rni_check_is(const rni_subject *subject, const char *condition, rn_verdict verdict);

/** Formats one of a line's texts, cut at its end. */
void rni_check_say(char text[RN_CHECK_TEXT], const char *format, ...) RNI_PRINTF(2, 3);

/** A number of runs against a setting, at equal values of another. */
typedef struct rni_family_axes {
    double (*along)(const rni_run_numbers *of); /**< the setting */
    double (*other)(const rni_run_numbers *of); /**< the setting that is held */
    double (*value)(const rni_run_numbers *of);
} rni_family_axes;

/** Of the runs with the commonest value of the setting that is held (the larger of ties) those with
    both numbers: x[n], y[n]. @return how many */
rn_index rni_check_gather(rn_index n, const rni_run_numbers *const *numbers,
                          const rni_family_axes *axes, double *x, double *y);

/** C1 and C2 of a run: numbers of its first measurement. */
void rni_check_propagation(const rn_folder *folder, rni_subject *subject, rni_run_numbers *numbers);

/** C1 of a family: growth with depth. @return RN_OK; RN_ERR_MEMORY */
RN_NODISCARD rn_status rni_check_propagation_of(rn_index n, const rni_run_numbers *const *numbers,
                                                rni_subject *subject);

/** C3 of a run. @return RN_OK; RN_ERR_MEMORY */
RN_NODISCARD rn_status rni_check_evolution(const rn_folder *folder, rni_subject *subject,
                                           rni_run_numbers *numbers);

/** C3 of a family: bursts of its runs, scatter against width. @return RN_OK; RN_ERR_MEMORY */
RN_NODISCARD rn_status rni_check_evolution_of(rn_index n, const rni_run_numbers *const *numbers,
                                              rni_subject *subject);

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
