/**
 * Does a run renormalize, and with which law? Four conditions and the velocity law, each with its
 * number, interval and threshold, from folders of runs; one verdict for each run, and one for each
 * family of runs that differ in depth, width and seed alone.
 *
 *     rn_check *check = NULL;
 *     rn_status status = rn_check_create(n_folders, folders, &check);     // renorm/folder.h
 *     if (status == RN_OK) printf("%s\n", rn_check_get(check, 0)->sentence);
 *     rn_check_destroy(check);
 *
 * The conditions are sufficient, not necessary: that one fails never shows that there is no law,
 * and a law that was measured stands even where a condition fails. Definitions and thresholds are
 * ours: docs/theory/verdict.md, docs/calibration.md.
 */
#ifndef RENORM_CHECK_H
#define RENORM_CHECK_H

#include <renorm/folder.h>
#include <renorm/verdict.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Most runs of one check. */
#define RN_CHECK_MAX_RUNS 256

/** Bytes of the texts below, with their end. */
#define RN_CHECK_TEXT 384

/** The numbers never change. */
typedef enum rn_conclusion {
    RN_CONCLUSION_CANNOT_TELL = 0,
    RN_CONCLUSION_POWER_LAW = 1, /**< renormalizes, power law: the law was measured */
    RN_CONCLUSION_NO_LAW = 2,    /**< renormalizes, no power law: C1 to C3 hold, the law does not */
    RN_CONCLUSION_DOES_NOT = 3   /**< no law was measured, and one of C1 to C3 fails */
} rn_conclusion;

/** The conclusion in words. Constant text. */
RN_API const char *rn_conclusion_text(rn_conclusion conclusion);

/** One number and what it says. Numbers that are not known are NaN. */
typedef struct rn_check_line {
    const char *condition;      /**< "C1" .. "C4", "law" */
    const char *name;           /**< of the condition, one line */
    const char *quantity;       /**< what was measured */
    const char *unit;           /**< "1" for dimensionless */
    double value;               /**< the number */
    double low, high;           /**< its interval */
    double threshold;           /**< what it is held against */
    char origin[RN_CHECK_TEXT]; /**< of interval and threshold */
    int decides;                /**< 1: gives the condition its verdict; 0: a number beside */
    rn_verdict verdict;         /**< where it decides */
    char reason[RN_CHECK_TEXT]; /**< why this verdict */
    char remedy[RN_CHECK_TEXT]; /**< what would suffice to tell; "" where it is told */
} rn_check_line;

/** One run, or one family of them. Borrowed from the check. */
typedef struct rn_check_subject {
    const char *name;         /**< the folder's name; for a family what its runs share */
    const char *path;         /**< the folder; "" for a family */
    int is_family;            /**< 1: several runs that differ in depth, width and seed alone */
    rn_index n_runs;          /**< 1 for a run */
    rn_conclusion conclusion; /**< of everything below */
    char sentence[RN_CHECK_TEXT * 2]; /**< the verdict and why, for people */
    rn_index n_lines;
    const rn_check_line *lines; /**< [n_lines], C1 to C4, then the law; of one condition those that
                                   decide come first */
} rn_check_subject;

typedef struct rn_check rn_check;

/**
 * Checks runs. Numbers depend on the folders' contents alone.
 *
 * @param folders    [n_folders] opened; may be closed afterwards
 * @param[out] out   release with rn_check_destroy
 * @return RN_OK, whatever the verdicts
 *         RN_ERR_ARGUMENT (none, or more than RN_CHECK_MAX_RUNS), RN_ERR_MEMORY
 * Cost: below a second for runs of a thousand modes.
 */
RN_API RN_NODISCARD rn_status rn_check_create(rn_index n_folders, const rn_folder *const *folders,
                                              rn_check **out);

/** Releases a check and everything borrowed from it. NULL is allowed. */
RN_API void rn_check_destroy(rn_check *check);

/** What a subject's lines that decide a condition ("C1" .. "C4", "law") say together: fails where
    one of them fails, holds where all hold, else, and where there is none, cannot tell. */
RN_API rn_verdict rn_check_condition(const rn_check_subject *subject, const char *condition);

/** Subjects: the runs in their order, then the families. Subject i, NULL beyond the last. */
RN_API rn_index rn_check_count(const rn_check *check);
RN_API const rn_check_subject *rn_check_get(const rn_check *check, rn_index i);

#ifdef __cplusplus
}
#endif

#endif
