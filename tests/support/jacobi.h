/*
 * Small dense algebra for tests, written plainly and in long double: an independent witness for
 * everything the library computes with LAPACK or with tricks. Meant for n up to about 100.
 *
 * Matrices are row-major [n x n]; eigenvectors are columns, vectors[i * n + k] = component i of
 * eigenvector k.
 */
#ifndef RENORM_TESTS_JACOBI_H
#define RENORM_TESTS_JACOBI_H

#include <renorm/types.h>
#include <stdint.h>

/** Eigenvalues of symmetric a, ascending, by cyclic Jacobi rotations; a is not changed. */
void jacobi_eigen(rn_index n, const double *a, double *values, double *vectors);

/** out := P^T A Q. */
void dense_sandwich(rn_index n, const double *p, const double *a, const double *q, double *out);

/** out := A B. */
void dense_multiply(rn_index n, const double *a, const double *b, double *out);

/** out := A x, and out := A^T x. */
void dense_apply(rn_index n, const double *a, const double *x, double *out);
void dense_apply_transposed(rn_index n, const double *a, const double *x, double *out);

/** out[0 .. count-1] := standard normal numbers; another `part` gives other numbers. */
void random_fill(uint64_t seed, uint32_t part, rn_index count, double *out);

/** out := a random orthogonal matrix. */
void random_orthogonal(uint64_t seed, uint32_t part, rn_index n, double *out);

/** out := a random symmetric matrix with entries of order 1. */
void random_symmetric(uint64_t seed, uint32_t part, rn_index n, double *out);

#endif
