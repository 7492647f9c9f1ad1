/*
 * Arrays of an HDF5 file from a disk, which may be damaged or made to do harm. Damage shows in the
 * seal (store/seal.h), but whoever makes a file can seal it, and HDF5 is not hardened against
 * hostile bytes, so it looks at them in a child process that can open no file, write
 * nothing, use little memory and little time; only checked numbers come back. If HDF5 crashes or
 * hangs there, the file is reported as damaged and nothing else happens.
 */
#ifndef RNI_STORE_IMAGE_H
#define RNI_STORE_IMAGE_H

#include <renorm/status.h>
#include <renorm/types.h>
#include <stdbool.h>

/** Longest file read, bytes. */
#define RNI_IMAGE_MAX_BYTES ((rn_index)1 << 28)

/** Most arrays of one image. */
#define RNI_IMAGE_MAX_ARRAYS 256

/** Most axes of an array. */
#define RNI_IMAGE_RANK 3

/** Longest foreign file, bytes, and most numbers taken from one. */
#define RNI_IMAGE_MAX_FOREIGN_BYTES   ((rn_index)1 << 30)
#define RNI_IMAGE_MAX_FOREIGN_NUMBERS ((rn_index)1 << 27)

/** One array of reals; rank 0 is a number, count 1. Those of our own files have rank 0 or 1. */
typedef struct rni_image_array {
    const char *name; /**< set by the caller, borrowed */
    bool is_found;    /**< false: the file has no array of that name; the rest is 0 */
    int rank;
    rn_index dims[RNI_IMAGE_RANK];
    rn_index count;       /**< product of dims */
    const double *values; /**< [count], owned by the image */
} rni_image_array;

/** What was read. Zero-initialise; release with rni_image_clear. */
typedef struct rni_image {
    rn_index format; /**< attribute "format" of the file */
    rn_index step;   /**< attribute "step" */
    double *block;   /**< all values, owned */
} rni_image;

/**
 * Reads a file and the arrays named.
 * Memory: three times the file while it runs. Cost: a fork, about a millisecond.
 * @param arrays  [n_arrays] names in, the rest out; untouched on failure
 * @return RN_OK; RN_ERR_IO; RN_ERR_FORMAT (damaged, no run's file, or another format),
 *         message with file, found, expected and what to do; RN_ERR_MEMORY; RN_ERR_ARGUMENT
 */
RN_NODISCARD rn_status rni_image_read(const char *path, rn_index n_arrays, rni_image_array *arrays,
                                      rni_image *image);

/**
 * Reads arrays of a file that another program wrote, of any number type, chunked and compressed by
 * HDF5's own filters; the same child looks at it, with no seal and no format before it. Links out
 * of the file, numbers kept in other files and filters from elsewhere are refused. image->format
 * and step are 0.
 * @return as rni_image_read
 */
RN_NODISCARD rn_status rni_image_read_foreign(const char *path, rn_index n_arrays,
                                              rni_image_array *arrays, rni_image *image);

/** Releases the values. NULL and an all-zero image are allowed. */
void rni_image_clear(rni_image *image);

#endif
