/*
 * Small dense matrices [n x n], row-major without gaps: what the functions of linear_gaussian.h
 * share.
 */
#ifndef RNI_GAUSSIAN_DENSE_H
#define RNI_GAUSSIAN_DENSE_H

#include <renorm/status.h>

/**
 * RN_OK when n is in 1 .. max_n and every matrix of the list is there and finite.
 * @param caller    for the message
 * @param matrices  [count] inputs [n x n]
 * @param outputs   [n_outputs] arrays that must not be NULL
 */
RN_NODISCARD rn_status rni_dense_check(const char *caller, rn_index n, rn_index max_n,
                                       rn_index count, const double *const *matrices,
                                       rn_index n_outputs, void *const *outputs);

/** n_blocks matrices [n x n] in one block, uninitialised; NULL with a message when memory is out.
    Released by rni_free. */
double *rni_dense_alloc(const char *caller, rn_index n, rn_index n_blocks);

/** c := alpha a b^(T if trans_b) + beta c. n <= RN_GAUSSIAN_MAX_N, so that it cannot fail. */
void rni_dense_product(rn_index n, double alpha, const double *a, const double *b, int trans_b,
                       double beta, double *c);

/** c := v^T a v (outer 0) or v a v^T (outer 1); work [n x n]; c may be a. */
void rni_dense_congruence(rn_index n, int outer, const double *v, const double *a, double *work,
                          double *c);

/** a := (a + a^T)/2. */
void rni_dense_symmetrise(rn_index n, double *a);

/** a := a^T. */
void rni_dense_transpose(rn_index n, double *a);

/** Frobenius norm. */
double rni_dense_norm(rn_index n, const double *a);

#endif
