/*
 * Symmetric matrices with known eigenvalues and eigenvectors that break careless solvers, each
 * with a vector to be resolved along them. Every solver is walked over all of them.
 *
 * M = Q diag(values) Q^T with Q a product of three random reflectors, formed in long double and
 * rounded once: an exact eigenvalue of the rounded M differs from `values` by at most
 * n eps |M|_2 / 2.
 */
#ifndef RENORM_TESTS_SPECTRA_CASES_H
#define RENORM_TESTS_SPECTRA_CASES_H

#include <renorm/types.h>

typedef struct spectra_case {
    const char *spectrum;    /* "identity", "graded", .. */
    const char *vector_kind; /* "random", "one eigenvector", "orthogonal to the top" */
    rn_index n;
    double norm;                /* |M|_2 */
    double *matrix;             /* [n x n] row-major, both triangles */
    double *values;             /* [n] ascending */
    double *vector;             /* [n] e */
    double *projections;        /* [n] phi_u . e, signs of phi_u arbitrary */
    double *second;             /* [n] a second, random vector */
    double *second_projections; /* [n], same signs of phi_u */
} spectra_case;

/** Number of cases at every n; index 0 .. count - 1. */
int spectra_case_count(void);

/** Builds case `index` of order n >= 1; asserts on lack of memory. Clear it afterwards. */
void spectra_case_make(int index, rn_index n, uint64_t seed, spectra_case *out);
void spectra_case_clear(spectra_case *c);

#endif
