/*
 * What a measurement that takes long has found so far, kept in the run's folder as small files
 * measuring-KIND-NNNN.h5, so that one that is stopped or killed goes on where it was. They are
 * gone once the measurement is recorded.
 */
#ifndef RNI_RUN_UNFINISHED_H
#define RNI_RUN_UNFINISHED_H

#include <renorm/observer.h>

#include <stdbool.h>

#include "store/folder.h"

/** Vectors of one file take about this many bytes, or are single. */
#define RNI_UNFINISHED_BYTES ((rn_index)1 << 20)

typedef enum rni_unfinished_kind {
    RNI_UNFINISHED_BASIS,   /**< steps of Lanczos */
    RNI_UNFINISHED_TANGENT, /**< products with the tangent */
    RNI_UNFINISHED_COUNTS,  /**< what random vectors have counted */
    RNI_UNFINISHED_VECTOR,  /**< steps of Lanczos from the next of them */
    RNI_UNFINISHED_N_KINDS
} rni_unfinished_kind;

/** Rows of numbers first .. first + count - 1 of a kind. */
typedef struct rni_unfinished_piece {
    uint64_t key; /**< of the state they belong to: others are ignored */
    rn_index first;
    rn_index count;
    rn_index length; /**< of a row */
    double *rows;    /**< [count x length]; read back: owned, release with rni_free */
} rni_unfinished_piece;

/** Where one measurement keeps its pieces. */
typedef struct rni_unfinished {
    rni_store *store;            /**< borrowed; NULL: nothing is kept, and nothing stops */
    const rn_observer *observer; /**< borrowed or NULL */
    rn_index step;               /**< of the run */
    double every;                /**< seconds between files */
    double last;                 /**< when the last was written, or the measurement began */
    rn_index n_pieces[RNI_UNFINISHED_N_KINDS];
    rn_index n_found; /**< rows that were taken from files */
    rn_index n_put;   /**< rows written */
} rni_unfinished;

/** Starts the clock. */
rni_unfinished rni_unfinished_begin(rni_store *store, const rn_observer *observer, rn_index step,
                                    double every);

/** Whether rows should be written now: the time has come, or the caller wants to stop. */
bool rni_unfinished_is_due(const rni_unfinished *u, bool *should_stop);

/** Writes the next file of a kind. @return RN_OK; RN_ERR_IO; RN_ERR_MEMORY */
RN_NODISCARD rn_status rni_unfinished_put(rni_unfinished *u, rni_unfinished_kind kind,
                                          const rni_unfinished_piece *piece);

/**
 * Reads the next file of a kind. One that is missing, damaged, of another state, or does not go on
 * at out->first with rows of out->length, ends the series: out->count is then 0.
 * @param out  key, first and length in; the rest out
 * @return RN_OK; RN_ERR_MEMORY
 */
RN_NODISCARD rn_status rni_unfinished_get(rni_unfinished *u, rni_unfinished_kind kind,
                                          rni_unfinished_piece *out);

/** Begins the series of a kind anew: its next file is the first, whatever was written or read. */
void rni_unfinished_restart(rni_unfinished *u, rni_unfinished_kind kind);

/** Removes all files of all kinds. @return RN_OK; RN_ERR_IO */
RN_NODISCARD rn_status rni_unfinished_forget(rni_store *store);

#endif
