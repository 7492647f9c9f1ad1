/*
 * Free features: logits F = W H of N samples in C balanced classes, W [C x d] and H [d x N] both
 * free, and a loss of the logits, differentiated by the engine's graph. Or features of a network
 * that is linear in its own weights B [d x N], H = B Phi with a symmetric Phi that rests: then
 * dH/dt = (dH/dt of free features) K, K = Phi^2 the kernel that does not change,
 *
 *     K = k_within (1 - P_c) + k_class (P_c - P_1) + k_mean P_1,
 *
 * P_c the projector on what is the same within a class, P_1 on what is the same for all.
 *
 *     unhinged       L = (1/N) sum_n (-g1 F_(y_n) + g2 sum_(j != y_n) F_j) = -<A, W H>
 *     cross-entropy  L = (1/N) sum_n (ln sum_j e^(F_j) - F_(y_n))
 *
 * State: W, then H (or B), row-major.
 */
#ifndef RNI_SYSTEMS_FREE_FEATURES_H
#define RNI_SYSTEMS_FREE_FEATURES_H

#include <renorm/plan.h>
#include <stdbool.h>

/** Eigenvalues of K; all 1: free features. */
typedef struct rni_feature_kernel {
    double within, class_means, mean; /**< > 0 */
} rni_feature_kernel;

/** Zero-initialise; release with rni_free_features_clear. */
typedef struct rni_free_features {
    rn_index c, d, n;  /**< classes, width, samples = c times samples per class */
    double decay;      /**< rate at which W and H are drawn to 0, 1/time */
    bool is_fixed;     /**< W does not move */
    bool is_spherical; /**< every feature keeps its length */
    double *a;         /**< [c x n] A of the unhinged loss; owned */
    double *state;     /**< [c d + d n] at the start; owned */
    double *phi;       /**< [n x n] owned; NULL: free features */
    rn_graph *graph;
    rn_plan *plan;
    rn_workspace *work;
    rn_node w, h, dw, dh;
} rni_free_features;

/** What is made. */
typedef struct rni_free_features_plan {
    rn_index c, per_class, d;
    double g1, g2;
    bool is_cross_entropy;
    const rni_feature_kernel *kernel; /**< NULL: free features */
} rni_free_features_plan;

/**
 * Builds graph and start: W and H (or B) normal with standard deviation 1/sqrt(d).
 * @return RN_OK; RN_ERR_MEMORY
 */
RN_NODISCARD rn_status rni_free_features_make(const rni_free_features_plan *plan, uint64_t seed,
                                              rni_free_features *out);
void rni_free_features_clear(rni_free_features *x);

/** H [d x n] of a state. */
void rni_free_features_see(const rni_free_features *x, const double *state, double *h);

/** Moves a state along the flow, to local errors of 1e-12. */
RN_NODISCARD rn_status rni_free_features_follow(rni_free_features *x, double duration,
                                                double *state);

/** Steps of gradient descent with rates eta [n_steps]. */
RN_NODISCARD rn_status rni_free_features_descend(rni_free_features *x, rn_index n_steps,
                                                 const double *eta, double *state);

/** Gives every feature of a state length 1. */
void rni_free_features_normalise(const rni_free_features *x, double *state);

/** Traces of the covariances within classes and between class means of h [d x n]. */
void rni_free_features_scatter(const rni_free_features *x, const double *h, double *within,
                               double *between);

#endif
