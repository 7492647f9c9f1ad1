/**
 * Losses: l(f, y) of one sample, from C outputs f and C targets y. The loss of a data set is
 * L = (1/N) sum_i l(f_i, y_i); the residual is r_i = dl/df at f_i, so that r = N dL/df.
 *
 * For shells every loss is written as a squared length (docs/theory/losses.md): an error z in R^C
 * and a block G [C x C] with
 *
 *     |z|^2 = 2 (l - min l),  G z = r,  min l = 0 for all kinds here.
 *
 * The kernel whose rows are those of G^T J then has sum |z|^2/(2N) = L and z^T S z = r^T M r, and
 * z takes the place of e.
 *
 * squared_error:  l = |f - y|^2 / 2,  r = z = f - y,  G = 1.
 * cross_entropy:  l = -ln p_y, p = softmax(f); targets one-hot. G a root of the Hessian
 *                 diag(p) - p p^T, scaled.
 * logistic:       l = sum_c ln(1 + exp(-(2 y_c - 1) f_c)); targets 0 or 1 at every output.
 * huber:          l = sum_c of e^2/2 for |e| <= delta, else delta (|e| - delta/2), e = f - y.
 * The last two act output by output: z = sign(r) sqrt(2 l), G = dz/df.
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
    rn_node error;      /**< z [N, C]; the residual itself for squared_error */
    rn_node seed;       /**< G^T [N, C, C], the seed of a kernel (renorm/kernel.h); RN_NODE_NONE
                             where G = 1. It depends on outputs and targets */
} rn_loss_nodes;

/**
 * Appends a loss to a graph.
 *
 * @param outputs   f [N, C]
 * @param targets   y [N, C]
 * @return RN_OK; RN_ERR_ARGUMENT; RN_ERR_SHAPE (not [N, C] both, or C = 1 where the loss needs two
 *         outputs); RN_ERR_MEMORY
 */
RN_API RN_NODISCARD rn_status rn_loss_append(const rn_loss *loss, rn_graph *graph, rn_node outputs,
                                             rn_node targets, rn_loss_nodes *out);

/**
 * Whether targets are such as the loss understands: one-hot, or 0 and 1.
 *
 * @param targets   [n_samples x n_outputs]
 * @return RN_OK; RN_ERR_ARGUMENT; RN_ERR_DOMAIN (message with the first sample that is not)
 */
RN_API RN_NODISCARD rn_status rn_loss_check_targets(const rn_loss *loss, rn_index n_samples,
                                                    rn_index n_outputs, const double *targets);

#ifdef __cplusplus
}
#endif

#endif
