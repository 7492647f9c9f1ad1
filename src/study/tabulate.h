/*
 * The tables of a study: its cells, their measurements, and the summary over seeds.
 */
#ifndef RNI_STUDY_TABULATE_H
#define RNI_STUDY_TABULATE_H

#include <renorm/study.h>
#include <stdbool.h>

typedef enum rni_outcome {
    RNI_CELL_MISSING, /**< not begun */
    RNI_CELL_STOPPED, /**< begun, to be gone on with */
    RNI_CELL_DONE,
    RNI_CELL_FAILED
} rni_outcome;

/** How a cell stands. */
typedef struct rni_cell_state {
    rni_outcome outcome;
    char *message; /**< of a failure, owned; else NULL */
} rni_cell_state;

/**
 * Writes cells.csv, table.csv, summary.csv, verdicts.csv and report.html. Cells that failed or were
 * stopped count with their first measurement. A cell that is done and cannot be read becomes a
 * failed one.
 * @param folder    of the study
 * @param states    [n_cells]
 * @param observer  told of cells that cannot be read
 * @return RN_OK; RN_ERR_IO; RN_ERR_MEMORY
 */
RN_NODISCARD rn_status rni_study_tabulate(const rn_study *study, const char *folder,
                                          rni_cell_state *states, const rn_observer *observer);

/** Marks a cell as failed with the message of the thread. @return RN_OK; RN_ERR_MEMORY */
RN_NODISCARD rn_status rni_cell_fail(rni_cell_state *state, const char *message);

#endif
