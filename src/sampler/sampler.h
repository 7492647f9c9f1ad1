/*
 * Inside view of samplers, and the table of their kinds. A new sampler is one draw function, an
 * option table and one line in samplers.c.
 */
#ifndef RNI_SAMPLER_SAMPLER_H
#define RNI_SAMPLER_SAMPLER_H

#include <renorm/sampler.h>
#include <stdbool.h>

#include "core/choice.h"
#include "core/rng.h"

/** Settings of every kind but `full`. */
typedef struct rni_sampler_settings {
    rn_index batch_size;
} rni_sampler_settings;

/** One kind of sampler. Constant. */
typedef struct rni_sampler_kind {
    const rni_option_table *options;
    bool is_full;    /**< has no batch size */
    bool may_repeat; /**< a batch may be larger than the data */
    bool has_order;  /**< works on `order` */
    bool has_epochs; /**< the last batch of an epoch may be shorter */
    /** Writes the batch of a step; returns how many samples it has. */
    rn_index (*draw)(rn_batches *batches, rn_index step, rn_index *indices);
} rni_sampler_kind;

struct rn_sampler {
    const rni_sampler_kind *kind;
    rni_choice choice;
};

struct rn_batches {
    const rni_sampler_kind *kind;
    rn_index n_samples; /**< N */
    rn_index size;      /**< B */
    uint64_t seed;
    rn_index *order; /**< owned, [n_samples] where the kind has an order, else NULL */
    rn_index *picks; /**< owned, [size], work space; NULL without an order */
    rn_index epoch;  /**< whose order stands in `order`; -1: none yet */
};

/** All kinds; the last entry is NULL. */
extern const rni_sampler_kind *const rni_samplers[];

/** The option table of kind i, NULL beyond the last: the `kinds` of a configuration's section. */
const rni_option_table *rni_sampler_options(rn_index i);

/**
 * A sampler from validated settings, which are borrowed and must outlive it.
 * @param options  one of rni_sampler_options; settings: its struct
 * @return RN_OK; RN_ERR_ARGUMENT; RN_ERR_MEMORY
 */
RN_NODISCARD rn_status rni_sampler_wrap(const rni_option_table *options, const void *settings,
                                        rn_sampler **out);

/** Samples in the last batch of an epoch where it is shorter than the others, else 0. */
rn_index rni_batches_rest(const rn_batches *batches);

/** Goes over to the streams of another seed. */
void rni_batches_reseed(rn_batches *batches, uint64_t seed);

#endif
