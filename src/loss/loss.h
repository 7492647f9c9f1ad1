/*
 * Inside view of losses, and the table of their kinds. A new loss is one file with an option table
 * and an append function, and one line in losses.c.
 */
#ifndef RNI_LOSS_LOSS_H
#define RNI_LOSS_LOSS_H

#include <renorm/loss.h>

#include "core/choice.h"

/** What targets a loss understands. */
typedef enum rni_targets {
    RNI_TARGETS_ANY = 0,
    RNI_TARGETS_ONE_HOT, /**< 1 at one output, 0 at the others */
    RNI_TARGETS_BINARY   /**< 0 or 1 at every output */
} rni_targets;

/** One kind of loss. Constant. */
typedef struct rni_loss_kind {
    const rni_option_table *options;
    rn_index least_outputs; /**< fewest C */
    rni_targets targets;
    /** Outputs that share a label, a divisor of n_outputs; -1: they do not fall into such groups.
        NULL: all outputs of a sample. */
    rn_index (*classes)(const void *settings, rn_index n_outputs);
    /** Appends l [N], r = dl/df, z and the seed of outputs and targets, both [N, C]; seed
        RN_NODE_NONE where G = 1 and z = r. Mistakes in the graph are found by the caller. */
    rn_loss_nodes (*append)(const void *settings, rn_graph *graph, rn_node outputs,
                            rn_node targets);
} rni_loss_kind;

struct rn_loss {
    const rni_loss_kind *kind;
    rni_choice choice;
};

/** All kinds; the last entry is NULL. */
extern const rni_loss_kind *const rni_losses[];

/** The option table of kind i, NULL beyond the last: the `kinds` of a configuration's section. */
const rni_option_table *rni_loss_options(rn_index i);

/**
 * A loss from validated settings, which are borrowed and must outlive it.
 * @param options  one of rni_loss_options; settings: its struct
 * @return RN_OK; RN_ERR_ARGUMENT; RN_ERR_MEMORY
 */
RN_NODISCARD rn_status rni_loss_wrap(const rni_option_table *options, const void *settings,
                                     rn_loss **out);

/** x where it is above `least`, else `least`; derivative 0 there. */
rn_node rni_loss_at_least(rn_graph *graph, rn_node x, double least);

/** The identity [n, n]. */
rn_node rni_loss_identity(rn_graph *graph, rn_index n);

/** The seed [N, C, C] of a G that is diagonal, given as [N, C]. */
rn_node rni_loss_diagonal_seed(rn_graph *graph, rn_node diagonal);

extern const rni_loss_kind rni_loss_squared_error;
extern const rni_loss_kind rni_loss_cross_entropy;
extern const rni_loss_kind rni_loss_logistic;
extern const rni_loss_kind rni_loss_huber;

#endif
