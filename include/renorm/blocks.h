/**
 * The blocks of a network, sample by sample: how they pass on small changes, and how the motion of
 * one block's parameters changes the derivative with respect to another's.
 *
 * A model declares boundaries h_0 .. h_L (renorm/model.h, "Blocks"). For one sample x
 *
 *   B_l = dh_l / dh_{l-1}                     [w_l x w_{l-1}], l = 1 .. L
 *   J_g = df / dtheta_g                       [C x P_g], g = 0 .. L + 1 a block's parameters
 *   D_m J_g = d/de J_g(theta_m + e v_m)       v_m: v where it belongs to block m, else 0
 *
 *     rn_blocks *blocks = NULL;
 *     rn_status status = rn_blocks_create(model, &blocks);
 *     if (status == RN_OK) status = rn_blocks_jacobians(blocks, theta, x, jacobians);
 *     rn_blocks_destroy(blocks);
 *
 * All derivatives are the graph's own: exact, by reverse passes and their forward derivative. What
 * the numbers mean: renorm/propagation.h. One object serves one call at a time.
 */
#ifndef RENORM_BLOCKS_H
#define RENORM_BLOCKS_H

#include <renorm/model.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rn_blocks rn_blocks;

/**
 * Prepares a network with at least two boundaries, [N, w_l] each. Derivative nodes are appended to
 * its graph and planned for one sample.
 * @param model  borrowed: must outlive the result
 * @return RN_OK; RN_ERR_ARGUMENT; RN_ERR_UNSUPPORTED (fewer than two boundaries, or samples that
 *         act on each other); RN_ERR_MEMORY
 */
RN_API RN_NODISCARD rn_status rn_blocks_create(rn_model *model, rn_blocks **out);

/** Releases them. NULL is allowed. */
RN_API void rn_blocks_destroy(rn_blocks *blocks);

/** L >= 1, and the width of boundary l = 0 .. L. */
RN_API rn_index rn_blocks_count(const rn_blocks *blocks);
RN_API rn_index rn_blocks_width(const rn_blocks *blocks, rn_index l);

/** Numbers in all B_l together: sum over l of w_l w_{l-1}. */
RN_API rn_index rn_blocks_jacobian_size(const rn_blocks *blocks);

/**
 * B_1, B_2, .. B_L at one sample, one after the other, each row-major.
 * @param theta     [P]
 * @param x         [D] one sample
 * @param[out] out  [rn_blocks_jacobian_size]
 * @return RN_OK; RN_ERR_ARGUMENT; RN_ERR_DOMAIN; RN_ERR_NONFINITE; RN_ERR_MEMORY; out untouched
 * Cost: w reverse passes through the network, bytes of a few times the result.
 */
RN_API RN_NODISCARD rn_status rn_blocks_jacobians(rn_blocks *blocks, const double *theta,
                                                  const double *x, double *out);

/** 1 when every parameter belongs to one block, as rn_blocks_changes needs; else 0. */
RN_API int rn_blocks_are_separate(const rn_blocks *blocks);

/**
 * Squared F-norms at one sample, of J_g and of its change as block m moves.
 * @param v             [P] motion of the parameters, such as theta'
 * @param[out] norms    [L + 2] |J_g|^2
 * @param[out] changes  [(L + 2) x (L + 2)] entry g (L + 2) + m: |D_m J_g|^2
 * @return as rn_blocks_jacobians; RN_ERR_UNSUPPORTED (parameters that act in several blocks)
 * Cost: L + 2 times that of C gradients and their forward derivatives.
 */
RN_API RN_NODISCARD rn_status rn_blocks_changes(rn_blocks *blocks, const double *theta,
                                                const double *x, const double *v, double *norms,
                                                double *changes);

/**
 * Bytes that the calls above take beyond their arguments, and floating-point operations of one call
 * of each, known before any work. Plans are made for it if they are not there yet.
 * @return RN_OK; RN_ERR_ARGUMENT; RN_ERR_SHAPE; RN_ERR_MEMORY
 */
RN_API RN_NODISCARD rn_status rn_blocks_cost(rn_blocks *blocks, rn_index *bytes,
                                             double *jacobian_flops, double *change_flops);

#ifdef __cplusplus
}
#endif

#endif
