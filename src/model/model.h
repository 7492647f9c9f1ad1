/*
 * Inside view of models, and the table of their kinds. A new kind is one file with an option table
 * and a build function, and one line in models.c.
 */
#ifndef RNI_MODEL_MODEL_H
#define RNI_MODEL_MODEL_H

#include <renorm/model.h>
#include <stdbool.h>

#include "core/option.h"

struct rn_model {
    rn_graph *graph; /**< owned */
    rn_node input;
    rn_node output;
    rn_index n_features;
    rn_index n_outputs;
    double *std;         /**< owned, [n_std] initial standard deviation of every parameter */
    double *mean;        /**< owned, [n_std] initial mean */
    rn_index *block;     /**< owned, [n_std] block of every parameter, or RN_BLOCK_SHARED */
    rn_index n_std;      /**< number of parameters */
    rn_node *boundaries; /**< owned, [n_boundaries] h_0, h_1, .. */
    rn_index n_boundaries;
    bool is_short; /**< memory ran out for one of these arrays, or for a constant */

    rn_node *followed; /**< owned, [n_std] what a running statistic follows, else RN_NODE_NONE */
    rn_index n_statistics; /**< parameters among them that are running statistics */
    double statistics_rate;
    rn_node trained_output;  /**< of batch statistics; RN_NODE_NONE without running ones */
    bool is_again;           /**< the network is built again, from the parameters that are there */
    rn_index next_parameter; /**< then: the next of them, and of the boundaries */
    rn_index next_boundary;
};

/** One kind of network. Constant. */
typedef struct rni_model_kind {
    const rni_option_table *options;
    /**
     * Appends the network to model->graph: from x [N, n_features] to *output [N, n_outputs].
     * Parameters only through rni_model_weight. Mistakes in the graph are found by the caller.
     * @param settings  the struct of the option table
     * @return RN_OK; RN_ERR_CONFIG (settings that do not fit n_features or n_outputs);
     *         RN_ERR_SHAPE; RN_ERR_MEMORY
     */
    rn_status (*build)(rn_model *model, const void *settings, rn_node x, rn_node *output);
} rni_model_kind;

/** All kinds; the last entry is NULL. */
extern const rni_model_kind *const rni_models[];

/** The option table of kind i, NULL beyond the last: the `kinds` of a configuration's section. */
const rni_option_table *rni_model_options(rn_index i);

/**
 * Builds a network from validated settings.
 * @param options   one of rni_model_options; settings: its struct, borrowed for the call
 * @return as rn_model_create
 */
RN_NODISCARD rn_status rni_model_build(const rni_option_table *options, const void *settings,
                                       rn_shape sample, rn_index n_outputs, rn_model **out);

/** Appends a parameter whose initial values have standard deviation `std` (0: all zero). Its block
    is the number of boundaries there are so far. */
rn_node rni_model_weight(rn_model *model, const char *name, rn_shape shape, double std);

/** The same with all initial values equal to `value`: gains of a norm. */
rn_node rni_model_weight_of(rn_model *model, const char *name, rn_shape shape, double value);

/**
 * A running statistic: a parameter [..] that is not trained but goes to batch values. A network
 * with some is built twice, by the same calls: first with the statistics of the samples given
 * (model->is_again is false), then with the running ones.
 * @param value  where it stands until a trainer starts
 * @param batch  the node [..] it goes to, unused when the network is built again
 * @param rate   share of the way in a step, the same for all of a network
 */
rn_node rni_model_statistic(rn_model *model, const char *name, rn_shape shape, double value,
                            rn_node batch, double rate);

/** The next boundary of blocks: a node [N, ..] through which alone the earlier ones act on what
    follows. */
void rni_model_boundary(rn_model *model, rn_node node);

/** Says that the parameters from number `first` up to the last so far act in several blocks. */
void rni_model_share(rn_model *model, rn_index first);

extern const rni_model_kind rni_model_mlp;
extern const rni_model_kind rni_model_recurrent;
extern const rni_model_kind rni_model_tied;
extern const rni_model_kind rni_model_linear;
extern const rni_model_kind rni_model_quadratic;
extern const rni_model_kind rni_model_convnet;
extern const rni_model_kind rni_model_resnet;
extern const rni_model_kind rni_model_transformer;

#endif
