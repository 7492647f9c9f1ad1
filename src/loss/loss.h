/*
 * Inside view of losses, and the table of their kinds. A new loss is one file with an option table
 * and an append function, and one line in losses.c.
 */
#ifndef RNI_LOSS_LOSS_H
#define RNI_LOSS_LOSS_H

#include <renorm/loss.h>

#include "core/choice.h"

/** One kind of loss. Constant. */
typedef struct rni_loss_kind {
    const rni_option_table *options;
    /** Appends l [N] and r = dl/df [N, C] of outputs and targets, both [N, C]. Mistakes in the
        graph are found by the caller. */
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

extern const rni_loss_kind rni_loss_squared_error;

#endif
