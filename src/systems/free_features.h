/*
 * Free features: logits F = W H of N samples in C balanced classes, W [C x d] and H [d x N] both
 * free, and a loss of the logits, differentiated by the engine's graph.
 *
 *     unhinged       L = (1/N) sum_n (-g1 F_(y_n) + g2 sum_(j != y_n) F_j) = -<A, W H>
 *     cross-entropy  L = (1/N) sum_n (ln sum_j e^(F_j) - F_(y_n))
 *
 * State: W, then H, row-major.
 */
#ifndef RNI_SYSTEMS_FREE_FEATURES_H
#define RNI_SYSTEMS_FREE_FEATURES_H

#include <renorm/plan.h>
#include <stdbool.h>

/** Zero-initialise; release with rni_free_features_clear. */
typedef struct rni_free_features {
    rn_index c, d, n;  /**< classes, width, samples = c times samples per class */
    double decay;      /**< rate at which W and H are drawn to 0, 1/time */
    bool is_fixed;     /**< W does not move */
    bool is_spherical; /**< every feature keeps its length */
    double *a;         /**< [c x n] A of the unhinged loss; owned */
    double *state;     /**< [c d + d n] at the start; owned */
    rn_graph *graph;
    rn_plan *plan;
    rn_workspace *work;
    rn_node w, h, dw, dh;
} rni_free_features;

/**
 * Builds graph and start: W and H normal with standard deviation 1/sqrt(d).
 * @return RN_OK; RN_ERR_MEMORY
 */
RN_NODISCARD rn_status rni_free_features_make(rn_index c, rn_index per_class, rn_index d, double g1,
                                              double g2, bool is_cross_entropy, uint64_t seed,
                                              rni_free_features *out);
void rni_free_features_clear(rni_free_features *x);

/** Moves a state along the flow, to local errors of 1e-12. */
RN_NODISCARD rn_status rni_free_features_follow(rni_free_features *x, double duration,
                                                double *state);

/** n_steps of gradient descent. */
RN_NODISCARD rn_status rni_free_features_descend(rni_free_features *x, double eta, rn_index n_steps,
                                                 double *state);

/** Gives every feature of a state length 1. */
void rni_free_features_normalise(const rni_free_features *x, double *state);

/** Traces of the covariances within classes and between class means of H. */
void rni_free_features_scatter(const rni_free_features *x, const double *state, double *within,
                               double *between);

#endif
