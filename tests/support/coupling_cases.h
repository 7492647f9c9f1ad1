/*
 * Test support: motions of a kernel whose couplings between shells are known.
 */
#ifndef RENORM_TESTS_COUPLING_CASES_H
#define RENORM_TESTS_COUPLING_CASES_H

#include <renorm/couplings.h>
#include <stdbool.h>

#define CASE_SHELLS 12
#define CASE_MODES  96

/** What to draw. ln K_ab = -decay |b - a| + tilt (s_a + s_b)/2 + defect_ab + noise. */
typedef struct coupling_case {
    uint64_t seed;
    int rank;     /**< of the noise: sums of `rank` random outer products; 0: independent entries */
    double decay; /**< nats per offset */
    double tilt;  /**< kappa, nats per nat */
    double defect; /**< rms over entries less offsets of defect_ab, whose mean over each offset is
                        0; 0: an invariant pattern */
    int broken;    /**< boundary across which couplings are e^-1.5 of what they would be; 0: none */
    bool uneven;   /**< shells of 4 and 12 modes in turn instead of 5 .. 11 */
} coupling_case;

/** A spectrum over 12 shells of width ln 2 with 5 .. 11 modes each, and mt on it. */
typedef struct coupling_state {
    double lambda[CASE_MODES];
    double mt[CASE_MODES * CASE_MODES];
    int shell[CASE_MODES]; /**< from the lowest */
} coupling_state;

void coupling_draw(const coupling_case *chosen, coupling_state *out);

/** Defects of a case with options, the arrays of the report dropped. */
rn_coupling_report coupling_measure(const coupling_state *state,
                                    const rn_coupling_options *options);

#endif
