/*
 * The numbers of a study in memory: first and last measurement of every cell, and what they say
 * over seeds.
 */
#ifndef RNI_STUDY_NUMBERS_H
#define RNI_STUDY_NUMBERS_H

#include <renorm/study.h>

/** Which measurement of a run. */
typedef enum rni_moment_of_run { RNI_AT_FIRST, RNI_AT_LAST, RNI_N_AT } rni_moment_of_run;

/** Constant: "first", "last". */
extern const char *const rni_at_names[RNI_N_AT];

/** Zero-initialise; release with rni_numbers_clear. NaN: not measured, or the cell is missing. */
typedef struct rni_numbers {
    rn_index n_cells;
    rn_index n_quantities;
    double *values; /**< [n_cells x RNI_N_AT x n_quantities], owned */
} rni_numbers;

/** All NaN. @return RN_OK; RN_ERR_MEMORY */
RN_NODISCARD rn_status rni_numbers_create(const rn_study *study, rni_numbers *numbers);
void rni_numbers_clear(rni_numbers *numbers);

/** The numbers of one measurement, [n_quantities]. */
double *rni_numbers_at(const rni_numbers *numbers, rn_index cell, rni_moment_of_run at);

/** One line of the summary. */
typedef struct rni_summary_line {
    rn_sample_summary sample;
    rn_sample_comparison against; /**< the arm less the reference, the arm over the reference */
    int has_reference;            /**< 0: it is the reference */
} rni_summary_line;

/** A quantity of an arm at a point over all seeds. @return RN_OK; RN_ERR_MEMORY */
RN_NODISCARD rn_status rni_numbers_summarise(const rn_study *study, const rni_numbers *numbers,
                                             rn_index arm, rn_index point, rni_moment_of_run at,
                                             rn_index quantity, rni_summary_line *line);

#endif
