/*
 * HDF5 files as bytes in memory. Nothing here touches the file system: an image is built by
 * HDF5's core driver and handed out, so that the caller decides how bytes reach a disk, and an
 * image read from a disk is checked, or locked up (store/image.h), by the caller before HDF5 sees
 * it.
 *
 * Object times are off: the same arrays and attributes in the same order give the same bytes.
 */
#ifndef RNI_BACKENDS_HDF5_H
#define RNI_BACKENDS_HDF5_H

#include <renorm/status.h>
#include <renorm/types.h>
#include <stdbool.h>

/** Most axes of an array in an image. */
#define RNI_HDF5_RANK_MAX 8

/**
 * One array: 64-bit reals or 64-bit integers, row-major, little-endian on disk. Rank 0 is a
 * single number. A name such as "layers/0/bias" makes the groups it needs.
 */
typedef struct rni_hdf5_array {
    const char *name;                 /**< unique within the image; borrowed */
    const char *unit;                 /**< attribute "unit"; "1" for dimensionless; borrowed */
    const char *help;                 /**< attribute "meaning"; NULL: none; borrowed */
    const char *axes;                 /**< attribute "axes", such as "boundary"; NULL: none */
    int rank;                         /**< 0 .. RNI_HDF5_RANK_MAX */
    rn_index dims[RNI_HDF5_RANK_MAX]; /**< each >= 0 */
    const double *reals;              /**< [product of dims] or NULL; borrowed */
    const rn_index *integers;         /**< used when reals is NULL; borrowed */
} rni_hdf5_array;

/** One attribute of the file itself: a text, or an integer when text is NULL. */
typedef struct rni_hdf5_attribute {
    const char *name;
    const char *text;
    rn_index integer;
} rni_hdf5_attribute;

/**
 * Builds an image. Memory: about twice the arrays while it runs.
 * @param[out] bytes  the image, owned by the caller, release with rni_free
 * @return RN_OK; RN_ERR_ARGUMENT (rank, size or name); RN_ERR_MEMORY; RN_ERR_INTERNAL (HDF5
 *         refused; its own words are in the message)
 */
RN_NODISCARD rn_status rni_hdf5_build(rn_index n_attributes, const rni_hdf5_attribute *attributes,
                                      rn_index n_arrays, const rni_hdf5_array *arrays,
                                      unsigned char **bytes, rn_index *n_bytes);

/** An image opened for reading. */
typedef struct rni_hdf5_image rni_hdf5_image;

/**
 * Opens an image; the bytes are copied. For images this program wrote and whose checksum or
 * origin is known: HDF5 is not hardened against hostile bytes.
 * @return RN_OK; RN_ERR_FORMAT (not HDF5, or damaged); RN_ERR_ARGUMENT; RN_ERR_MEMORY
 */
RN_NODISCARD rn_status rni_hdf5_open(const unsigned char *bytes, rn_index n_bytes,
                                     rni_hdf5_image **out);

/** Releases an image. NULL is allowed. */
void rni_hdf5_close(rni_hdf5_image *image);

/** Shape of an array; dims[RNI_HDF5_RANK_MAX]. @return RN_OK; RN_ERR_FORMAT (no such array, or
    more axes than allowed) */
RN_NODISCARD rn_status rni_hdf5_shape(rni_hdf5_image *image, const char *name, int *rank,
                                      rn_index *dims);

/**
 * Looks for an array of a foreign image and whether it is plain: reached without links out of the
 * file, stored inside it, of whole numbers or reals. Also switches HDF5's plugins (filters from
 * elsewhere) off for the process, so call it where nothing else uses HDF5.
 * @param[out] is_there  false: no such name, and RN_OK
 * @return RN_OK; RN_ERR_FORMAT with what was found instead
 */
RN_NODISCARD rn_status rni_hdf5_check_plain(rni_hdf5_image *image, const char *name,
                                            bool *is_there);

/** Reads a whole array, converted to double. @param count  product of its dims, checked
    @return RN_OK; RN_ERR_FORMAT; RN_ERR_SHAPE (count differs) */
RN_NODISCARD rn_status rni_hdf5_read_reals(rni_hdf5_image *image, const char *name, rn_index count,
                                           double *values);

/** Reads a whole array of integers. @return as rni_hdf5_read_reals */
RN_NODISCARD rn_status rni_hdf5_read_integers(rni_hdf5_image *image, const char *name,
                                              rn_index count, rn_index *values);

/** Text attribute of an array, or of the file when array is NULL; text[size], always terminated,
    cut when too long. @return RN_OK; RN_ERR_FORMAT (none) */
RN_NODISCARD rn_status rni_hdf5_read_text(rni_hdf5_image *image, const char *array,
                                          const char *name, size_t size, char *text);

/** Integer attribute of the file. @return RN_OK; RN_ERR_FORMAT (none) */
RN_NODISCARD rn_status rni_hdf5_read_integer(rni_hdf5_image *image, const char *name,
                                             rn_index *value);

/** Version of the loaded library, such as "1.10.8"; text[size]. */
void rni_hdf5_version(size_t size, char *text);

#endif
