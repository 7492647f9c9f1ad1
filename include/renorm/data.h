/**
 * Data sets: inputs, targets and labels of training and held-out samples.
 *
 *     rn_data *data = NULL;
 *     const rn_setting settings[] = {{"n_train", "128"}, {"n_test", "1000"}};
 *     rn_status status = rn_data_create("fashion_mnist", settings, 2, 1, &data);
 *     if (status == RN_OK) {
 *         const rn_data_split train = rn_data_get(data, RN_DATA_TRAIN);
 *         // train.inputs is [128 x 784], train.targets [128 x 10]
 *     }
 *     rn_data_destroy(data);
 *
 * Storage: row-major doubles, sample after sample; a sample keeps its shape (28 x 28 for an
 * image). Every number is finite. The same source, settings and seed give the same bits.
 */
#ifndef RENORM_DATA_H
#define RENORM_DATA_H

#include <renorm/setting.h>
#include <renorm/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Most axes of one sample. */
#define RN_DATA_MAX_RANK 7

typedef struct rn_data rn_data;

/** The two parts of a data set; they share no sample. */
typedef enum rn_data_part { RN_DATA_TRAIN = 0, RN_DATA_HELD_OUT = 1 } rn_data_part;

/** One part. Pointers are borrowed from the data set and valid as long as it is. */
typedef struct rn_data_split {
    rn_index n_samples;     /**< N; >= 1 for training, >= 0 for held-out */
    const double *inputs;   /**< [N x input_size] */
    const double *targets;  /**< [N x target_size] */
    const rn_index *labels; /**< [N], classes from 0; NULL where there are none */
} rn_data_split;

/**
 * Makes a data set from a named source.
 *
 * @param source      one of rn_data_source_name: "fashion_mnist", "sphere", ...
 * @param settings    [n_settings] what differs from the defaults; borrowed for the call
 * @param seed        of the random streams: drawn samples, chosen subsets. A source's own
 *                    setting `seed`, if not -1, takes its place.
 * @param[out] out    release with rn_data_destroy
 * @return RN_OK; RN_ERR_ARGUMENT (NULL, unknown source); RN_ERR_CONFIG (a setting);
 *         RN_ERR_IO (a file cannot be read); RN_ERR_FORMAT (a file is malformed: message with
 *         file, byte or line, found and expected); RN_ERR_DOMAIN (inputs that cannot be
 *         standardised); RN_ERR_MEMORY
 */
RN_API RN_NODISCARD rn_status rn_data_create(const char *source, const rn_setting *settings,
                                             rn_index n_settings, uint64_t seed, rn_data **out);

/** Arrays of the caller's. Zero-initialise, then fill in what applies. */
typedef struct rn_data_desc {
    int rank;               /**< axes of one sample, 1 .. RN_DATA_MAX_RANK */
    const rn_index *shape;  /**< [rank], each 1 .. RN_SIZE_MAX */
    rn_index target_size;   /**< >= 1 */
    rn_data_split train;    /**< n_samples >= 1; labels optional */
    rn_data_split held_out; /**< n_samples >= 0; labels where train has them */
} rn_data_desc;

/**
 * Makes a data set from arrays; everything is copied. Labels, if given, lie in
 * 0 .. target_size - 1.
 * @return RN_OK; RN_ERR_ARGUMENT; RN_ERR_SHAPE; RN_ERR_NONFINITE; RN_ERR_MEMORY
 */
RN_API RN_NODISCARD rn_status rn_data_wrap(const rn_data_desc *desc, rn_data **out);

/** Releases a data set. NULL is allowed. */
RN_API void rn_data_destroy(rn_data *data);

/** The samples of one part. */
RN_API rn_data_split rn_data_get(const rn_data *data, rn_data_part part);

/** Shape of one sample: number of axes, and their lengths [rank] (borrowed). */
RN_API int rn_data_rank(const rn_data *data);
RN_API const rn_index *rn_data_shape(const rn_data *data);

/** Numbers per sample: the product of the shape. */
RN_API rn_index rn_data_input_size(const rn_data *data);

/** Targets per sample. */
RN_API rn_index rn_data_target_size(const rn_data *data);

/** Where the data came from: the source's name, or "arrays". Borrowed. */
RN_API const char *rn_data_name(const rn_data *data);

/** The name of a class, borrowed; NULL if it has none or the class does not exist. */
RN_API const char *rn_data_class_name(const rn_data *data, rn_index label);

/** How raw inputs became inputs: (raw - mean) / scale. */
typedef struct rn_data_scaling {
    rn_index count;      /**< 0: unchanged; 1: one pair for all; input_size: one per entry */
    const double *mean;  /**< [count], borrowed; units of the raw inputs */
    const double *scale; /**< [count], borrowed, > 0; units of the raw inputs */
} rn_data_scaling;

/** The scaling that standardisation over the training samples used. */
RN_API rn_data_scaling rn_data_get_scaling(const rn_data *data);

/** The sources: how many, and the name of source i (NULL beyond the last). */
RN_API rn_index rn_data_source_count(void);
RN_API const char *rn_data_source_name(rn_index i);

#ifdef __cplusplus
}
#endif

#endif
