/**
 * Power laws of a measured spectrum, and the loss they imply. With eigenvalues and energies by rank
 *
 *   lambda_k ~ k^-b        b: capacity exponent
 *   E_k ~ k^-q             q: source exponent
 *
 * frozen modes lose their energy as L(t) ~ t^-(q-1)/b (renorm/transport.h, rn_transport_lazy_loss;
 * Bordelon, Atanasov and Pehlevan, arXiv 2402.01092, with q = a). What decides is the energy behind
 * rank k against lambda_k, so the implied exponent is measured as its slope,
 * sum_{j>k} E_j ~ lambda_k^p, which needs no q - 1 of small difference.
 */
#ifndef RENORM_SPECTRUM_EXPONENTS_H
#define RENORM_SPECTRUM_EXPONENTS_H

#include <renorm/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A slope with its 90 % interval. */
typedef struct rn_spectrum_slope {
    double value, low, high;
} rn_spectrum_slope;

typedef struct rn_spectrum_exponents {
    rn_spectrum_slope capacity; /**< b */
    rn_spectrum_slope source;   /**< q, from the mean energy in bins of rank */
    rn_spectrum_slope implied;  /**< p = (q - 1)/b: L ~ t^-p while modes of the range decay */
    rn_index first, last;       /**< ranks used, from 1 = the largest eigenvalue */
    double from, to;            /**< times at which modes of the range decay, 1/(2 lambda) */
} rn_spectrum_exponents;

/** Least decades of rank, and least bins, that give an answer. */
#define RN_SPECTRUM_MIN_DECADES 1.0

/**
 * Slopes by least squares over bins of equal width in ln rank (eight to a decade); intervals from
 * bins drawn again in blocks of two.
 *
 * @param n       modes
 * @param lambda  [n] in any order, >= 0
 * @param energy  [n] >= 0
 * @param floor   eigenvalues at or below are not used
 * @param first   the first rank used, >= 1: the top modes belong to no power law; 0: 3
 * @return RN_OK
 *         RN_ERR_DOMAIN  less than a decade of ranks, or no energy behind them; the message says
 *                        what would suffice
 *         RN_ERR_ARGUMENT, RN_ERR_MEMORY
 * The last third of the ranks (in number, at least) is not used: the sum of energies ends there.
 */
RN_API RN_NODISCARD rn_status rn_spectrum_exponents_measure(rn_index n, const double *lambda,
                                                            const double *energy, double floor,
                                                            rn_index first,
                                                            rn_spectrum_exponents *out);

#ifdef __cplusplus
}
#endif

#endif
