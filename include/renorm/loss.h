/**
 * Losses: l(f, y) of one sample, from C outputs f and C targets y. The loss of a data set is
 * L = (1/N) sum_i l(f_i, y_i); the residual is r_i = dl/df at f_i, so that r = N dL/df.
 *
 * squared_error:  l = |f - y|^2 / 2,  r = f - y.  l >= 0, its least value is 0.
 */
#ifndef RENORM_LOSS_H
#define RENORM_LOSS_H

#include <renorm/graph.h>
#include <renorm/setting.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rn_loss rn_loss;

/** Name of the i-th kind of loss; NULL beyond the last. Never freed. */
RN_API const char *rn_loss_kind(rn_index i);

/**
 * Chooses a loss.
 *
 * @param kind      one of rn_loss_kind
 * @param settings  [n_settings] what differs from the defaults; borrowed for the call
 * @param[out] out  release with rn_loss_destroy
 * @return RN_OK; RN_ERR_ARGUMENT (unknown kind); RN_ERR_CONFIG (settings); RN_ERR_MEMORY
 */
RN_API RN_NODISCARD rn_status rn_loss_create(const char *kind, const rn_setting *settings,
                                             rn_index n_settings, rn_loss **out);

/** Releases a loss. NULL is allowed. */
RN_API void rn_loss_destroy(rn_loss *loss);

/** The name of its kind. Never freed. */
RN_API const char *rn_loss_name(const rn_loss *loss);

/** Nodes of a loss in a graph. */
typedef struct rn_loss_nodes {
    rn_node per_sample; /**< l [N] */
    rn_node residual;   /**< r [N, C] */
} rn_loss_nodes;

/**
 * Appends a loss to a graph.
 *
 * @param outputs   f [N, C]
 * @param targets   y [N, C]
 * @return RN_OK; RN_ERR_ARGUMENT; RN_ERR_SHAPE (not [N, C] both); RN_ERR_MEMORY
 */
RN_API RN_NODISCARD rn_status rn_loss_append(const rn_loss *loss, rn_graph *graph, rn_node outputs,
                                             rn_node targets, rn_loss_nodes *out);

#ifdef __cplusplus
}
#endif

#endif
