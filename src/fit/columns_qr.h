/*
 * Orthogonal factors of a few long columns.
 */
#ifndef RNI_FIT_COLUMNS_QR_H
#define RNI_FIT_COLUMNS_QR_H

#include <renorm/types.h>

/** Most columns. */
#define RNI_QR_MAX 10

/**
 * Columns q [n_columns x n], one behind the other, become orthonormal; r [n_columns x RNI_QR_MAX]
 * upper triangular with Q R = what they were. Gram-Schmidt, modified and done twice: orthogonal to
 * rounding. A column that is the others' combination to 1e-14 becomes zero, r_kk = 0.
 */
void rni_orthogonalise(rn_index n, rn_index n_columns, double *q, double *r);

/** Takes the part in the span of the columns from v and adds its coefficients to c [n_columns]. */
void rni_project_out(rn_index n, rn_index n_columns, const double *q, double *v, double *c);

/** c := R^-1 c; where r_kk = 0, 0. */
void rni_solve_upper(rn_index n_columns, const double *r, double *c);

/** Largest over least singular value of a triangular factor, by one-sided Jacobi rotations. */
double rni_condition_of(rn_index n, const double *r);

/**
 * Standard error of weights . parameters from the factor R of a Jacobian whose columns had the
 * lengths `norms` and were divided by them: the root of |R^-T (weights/norms)|^2 variance. NaN
 * where R is singular.
 */
double rni_error_of(rn_index n, const double *r, const double *norms, const double *weights,
                    double variance);

#endif
