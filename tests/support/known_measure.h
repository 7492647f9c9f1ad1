/*
 * Measures whose masses and places are known, behind a diagonal operator: the energies that
 * quadrature must find.
 */
#ifndef RENORM_TESTS_KNOWN_MEASURE_H
#define RENORM_TESTS_KNOWN_MEASURE_H

#include <renorm/lanczos.h>

typedef enum measure_kind {
    MEASURE_POWER_LAW,   /**< lambda_u = u^-b, g_u^2 = u^-q, both exponents drawn */
    MEASURE_LOG_UNIFORM, /**< lambda log-uniform over 5.4 decades, g normal */
    MEASURE_CLUSTERS,    /**< groups at 1e-7, over 6 decades */
    MEASURE_BUMPS,       /**< energy in two bands, five decades apart */
    MEASURE_KINDS
} measure_kind;

typedef struct known_measure {
    rn_index n;
    double *lambda; /* owned, in no order */
    double *e;      /* [n], g in the same order */
    rn_op *op;
} known_measure;

const char *measure_name(measure_kind kind);

/** Draws one; asserts on lack of memory. It must stay where it is: the operator points to it. */
void known_measure_make(measure_kind kind, rn_index n, uint64_t seed, known_measure *out);
void known_measure_clear(known_measure *m);

/** sum of g^2 lambda^power over lambda >= x (power 0 or 1), in long double. */
double known_measure_above(const known_measure *m, double x, int power);

#endif
