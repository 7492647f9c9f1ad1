/*
 * States in an npz archive, read one at a time, or in an HDF5 file, read at once.
 */
#ifndef RNI_RUN_ARCHIVE_H
#define RNI_RUN_ARCHIVE_H

#include <renorm/types.h>
#include <stdbool.h>

#include "core/status.h"
#include "store/image.h"

/** Arrays that an archive may have. */
#define RNI_ARCHIVE_ARRAYS 7

/** What an archive holds. Zero-initialise; release with rni_archive_clear. */
typedef struct rni_archive {
    const char *path;   /**< borrowed */
    rn_index n_states;  /**< T */
    rn_index n_rows;    /**< n */
    rn_index n_samples; /**< N */
    rn_index n_weights; /**< P of jacobian; 0: kernels are given */
    bool has_rate;      /**< kernel_rate */
    bool has_residual_rate;
    double *time;    /**< owned, [T] */
    rn_index *slots; /**< owned, [T] */
    bool is_hdf5;
    rni_image image; /**< of an HDF5 file, else empty */
    rni_image_array arrays[RNI_ARCHIVE_ARRAYS];
} rni_archive;

/** Looks at every array's head, checks shapes, reads the times; an HDF5 file, known by its first
    bytes, is read whole by a process of its own (store/image.h). path is borrowed.
    @return RN_OK; RN_ERR_IO; RN_ERR_FORMAT; RN_ERR_MEMORY */
RN_NODISCARD rn_status rni_archive_open(const char *path, rni_archive *out);

void rni_archive_clear(rni_archive *archive);

/** State i of an array: out[size]. @return RN_OK; RN_ERR_IO; RN_ERR_FORMAT; RN_ERR_MEMORY */
RN_NODISCARD rn_status rni_archive_read(const rni_archive *archive, const char *array, rn_index i,
                                        double *out);

/**
 * M of state i, from kernel or jacobian, checked to be symmetric and made so to the bit.
 * @param m     [n x n] out
 * @param work  [n x P] where n_weights > 0, else NULL
 */
RN_NODISCARD rn_status rni_archive_kernel(const rni_archive *archive, rn_index i, double *m,
                                          double *work);

/** The mean of m and its transpose in m. @return RN_OK; RN_ERR_FORMAT (they differ by more than
    1e-6 of the largest entry) */
RN_NODISCARD rn_status rni_archive_symmetrise(const rni_archive *archive, const char *array,
                                              rn_index i, double *m);

#endif
