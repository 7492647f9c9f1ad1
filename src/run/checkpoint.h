/*
 * checkpoint.h5: all that a run needs to go on as if it had never stopped, and what its other files
 * must hold up to there.
 *
 * Random streams are counter-based: step and seed are their position.
 */
#ifndef RNI_RUN_CHECKPOINT_H
#define RNI_RUN_CHECKPOINT_H

#include "run/execution.h"
#include "train/descent.h"

/** A checkpoint read back. Zero-initialise; release with rni_checkpoint_clear. */
typedef struct rni_checkpoint {
    rn_train_state state;
    rn_index n_weights;
    double *theta; /**< owned, [n_weights] */
    int n_slots;   /**< vectors of the optimizer */
    const char *slot_names[RNI_SLOTS_MAX];
    double *slots; /**< owned, [n_slots x n_weights] */
    double scale;  /**< lambda_max(0); 0: not needed */
    rn_index next; /**< the first step without a record; > steps: the run is done */
    int n_threads;
    uint64_t config_crc; /**< of config.yaml */
    uint64_t data_crc;
    rni_extent tables[RNI_STORE_N_TABLES];
    rn_index n_marks;
    rni_store_mark *marks; /**< owned, [n_marks] */
    rn_index n_numbers;
    double numbers[RNI_MEASURE_NUMBERS]; /**< rni_measure's save */
} rni_checkpoint;

/** Brings the tables to the disk, then writes checkpoint.h5. next: the first step that has no
    record yet. Does nothing where nothing is written. @return RN_OK; RN_ERR_IO; RN_ERR_MEMORY */
RN_NODISCARD rn_status rni_checkpoint_write(rni_execution *x, rn_index next);

/** Reads the checkpoint of an opened folder, checksum and format verified.
    @return RN_OK; RN_ERR_IO; RN_ERR_FORMAT; RN_ERR_MEMORY */
RN_NODISCARD rn_status rni_checkpoint_read(const rni_store *store, rni_checkpoint *out);

/** Releases the arrays and zeroes the struct. */
void rni_checkpoint_clear(rni_checkpoint *checkpoint);

#endif
