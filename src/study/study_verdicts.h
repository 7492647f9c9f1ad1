/*
 * What renorm check says of a study: its cells gathered into families.
 */
#ifndef RNI_STUDY_STUDY_VERDICTS_H
#define RNI_STUDY_STUDY_VERDICTS_H

#include <renorm/check.h>
#include <stdbool.h>

#include "study/tabulate.h"

/** Cells of one arm that agree in all settings that vary but model.depth and model.width. */
typedef struct rni_family {
    rn_index arm;
    rn_index point;               /**< the first of its points */
    rn_index n_cells;             /**< done, and taken: at most RN_CHECK_MAX_RUNS */
    rn_index n_left_out;          /**< done beyond those */
    const rn_check_subject *said; /**< of all together, or of the only cell; NULL where none is
                                     done. Borrowed for the call */
} rni_family;

/** Whether a family runs over this setting: model.depth, model.width. */
bool rni_study_is_axis(const char *key);

/** Called with one family after the other. @return a failure ends the walk */
typedef rn_status (*rni_family_taker)(void *user, const rni_family *family);

/**
 * Checks every family of a study.
 * @return RN_OK; RN_ERR_MEMORY; what the folders of cells that are done fail with
 */
RN_NODISCARD rn_status rni_study_verdicts(const rn_study *study, const char *folder,
                                          const rni_cell_state *states, rni_family_taker take,
                                          void *user);

#endif
