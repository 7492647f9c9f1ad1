/*
 * Inside view of data sets, and the table of their sources. A new source is one file with an
 * option table and a load function, and one line in source.c.
 */
#ifndef RNI_DATA_SOURCE_H
#define RNI_DATA_SOURCE_H

#include <renorm/data.h>

#include "core/option.h"

struct rn_data {
    const char *name;                 /* of the source; a constant */
    int rank;                         /* axes of one sample */
    rn_index shape[RN_DATA_MAX_RANK]; /* [rank] */
    rn_index input_size;              /* product of the shape */
    rn_index target_size;             /* C */
    rn_index n_train;                 /* N */
    rn_index n_held_out;              /* N' */
    double *inputs;                   /* [(N + N') x input_size] training samples first */
    double *targets;                  /* [(N + N') x C] */
    rn_index *labels;                 /* [N + N'] or NULL */
    rn_index n_scales;                /* 0, 1 or input_size */
    double *scaling;                  /* [2 x n_scales] means, then scales; NULL if 0 */
    const char *const *class_names;   /* [target_size] constants, or NULL */
};

/** One way to get data. Constant. */
typedef struct rni_data_source {
    const rni_option_table *options;
    /**
     * Fills a zeroed data set; shapes and arrays through rni_data_reserve. settings: the
     * struct of the option table. On failure the caller releases what was filled in.
     */
    rn_status (*load)(const void *settings, uint64_t seed, rn_data *data);
} rni_data_source;

/** All sources; the last entry is NULL. */
extern const rni_data_source *const rni_data_sources[];

/** The option table of source i, NULL beyond the last: the `kinds` of a configuration's section
    (core/settings.h). */
const rni_option_table *rni_data_options(rn_index i);

/**
 * Makes a data set from validated settings.
 * @param options  one of rni_data_options; settings: its struct
 * @return as rn_data_create
 */
RN_NODISCARD rn_status rni_data_load(const rni_option_table *options, const void *settings,
                                     uint64_t seed, rn_data **out);

/**
 * Sets the shape and allocates inputs, targets and, if asked, labels, uninitialised.
 * @param shape  [rank], 1 .. RN_SIZE_MAX each
 * @return RN_OK; RN_ERR_SHAPE (rank, or a size that overflows); RN_ERR_MEMORY
 */
RN_NODISCARD rn_status rni_data_reserve(rn_data *data, rn_index n_train, rn_index n_held_out,
                                        int rank, const rn_index *shape, rn_index target_size,
                                        bool has_labels);

/** The seed in use: `own` unless it is -1. */
uint64_t rni_data_seed(rn_index own, uint64_t seed);

/* The sources. */
extern const rni_data_source rni_source_fashion_mnist;
extern const rni_data_source rni_source_idx;
extern const rni_data_source rni_source_sphere;
extern const rni_data_source rni_source_power_law;
extern const rni_data_source rni_source_npy;
extern const rni_data_source rni_source_npz;
extern const rni_data_source rni_source_csv;
extern const rni_data_source rni_source_cifar;
extern const rni_data_source rni_source_text;
extern const rni_data_source rni_source_modular;
extern const rni_data_source rni_source_curve;
extern const rni_data_source rni_source_one_hot;

#endif
