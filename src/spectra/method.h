/*
 * What a dense eigensolver is: a constant struct. One table in spectra.c lists all of them; the
 * order is the preference. The generic layer has checked arguments and finiteness, scaled the
 * matrix to a harmless range, and checks the results.
 */
#ifndef RNI_SPECTRA_METHOD_H
#define RNI_SPECTRA_METHOD_H

#include <renorm/status.h>

/**
 * One method. A function it does not have is NULL; `vectors` alone serves every request.
 * matrix: [n x n] row-major, lower triangle, n >= 1, overwritten. values: [n], out, ascending.
 * All may return RN_OK, RN_ERR_MEMORY, RN_ERR_INTERNAL.
 */
typedef struct rni_spectra_method {
    const char *name;
    rn_status (*values)(rn_index n, double *matrix, rn_index ld, double *values);
    /** vectors [n_vectors x n], contiguous, in: e_r; out: their projections. Any signs. */
    rn_status (*project)(rn_index n, double *matrix, rn_index ld, rn_index n_vectors,
                         double *vectors, double *values);
    /** Row u of the matrix becomes phi_u. Any signs. */
    rn_status (*vectors)(rn_index n, double *matrix, rn_index ld, double *values);
} rni_spectra_method;

/** rn_spectra_vectors with a method of the caller's: how tests show that a wrong one is refused. */
RN_NODISCARD rn_status rni_spectra_vectors_by(const rni_spectra_method *method, int check_vectors,
                                              rn_index n, double *matrix, rn_index n_vectors,
                                              const double *vectors, double *values,
                                              double *projections);

extern const rni_spectra_method rni_spectra_ql;     /* spectra_ql.c */
extern const rni_spectra_method rni_spectra_sterf;  /* spectra_lapack.c */
extern const rni_spectra_method rni_spectra_syevd;  /* spectra_lapack.c */
extern const rni_spectra_method rni_spectra_jacobi; /* spectra_jacobi.c */

#endif
