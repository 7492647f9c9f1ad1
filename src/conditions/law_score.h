/*
 * What a law is worth: errors on blocks that were left out, the collapse, and intervals.
 */
#ifndef RNI_CONDITIONS_LAW_SCORE_H
#define RNI_CONDITIONS_LAW_SCORE_H

#include "conditions/law_cells.h"
#include "core/status.h"

/** Boundaries of one block: 2h from the first to the last. */
#define RNI_LAW_BLOCK_WIDTH 3

/** Fills score_law .. score_mean; NaN where a model cannot be fitted to what is left.
    @return RN_OK; RN_ERR_MEMORY */
RN_NODISCARD rn_status rni_law_score(const rni_cells *cells, rn_index block_times,
                                     rn_velocity_law *law);

/** Fills a, gamma and gap, whose values are set, with intervals. @return RN_OK; RN_ERR_MEMORY */
RN_NODISCARD rn_status rni_law_intervals(const rni_cells *cells,
                                         const rn_velocity_law_options *options,
                                         rn_index block_times, rn_velocity_law *law);

/** Fills collapse and collapse_shuffled. @return RN_OK; RN_ERR_MEMORY */
RN_NODISCARD rn_status rni_law_collapse(const rni_cells *cells,
                                        const rn_velocity_law_options *options,
                                        rn_velocity_law *law);

#endif
