/**
 * Tests of a family of runs: statements about depth and width that no single run can make.
 *
 * Bounded (C1). A number y > 0 of every run, such as its largest gain or row sum (renorm/
 * propagation.h), against its depth L. Least squares of ln y on ln L give the growth exponent b,
 * y ~ L^b, with its Student interval. It is 0 for a bounded family; the slowest growth we know is
 * b = 1/2, the largest singular value of a product of L critical Gaussian blocks wider than L;
 * growth by a factor per block is faster than any b. The threshold stands half way, at b = 1/4:
 * holds where the whole interval lies below, fails where it lies above. At least 3 depths, the
 * largest >= 4 times the smallest, and 2 runs at each.
 *
 * Shrinking (C3). The scatter over seeds of ln y at each width w, against w: weighted least squares
 * of ln scatter on ln w give b, scatter ~ w^b, its interval from the known scatter of a variance of
 * k normal numbers. Averages over w independent units have b = -1/2, scatter that stays has 0; the
 * threshold stands half way, at b = -1/4: holds below, fails above. At least 3 widths, the largest
 * >= 4 times the smallest, and 4 runs at each.
 *
 * ln y makes the scatter relative. It suits numbers that stay of order one, such as the growth
 * sup |M|/|M(0)|; a path length falls with the width itself, and its relative scatter need not.
 *
 * Both are calibrated on products of random blocks whose growth is known: docs/calibration.md. The
 * definitions are ours.
 */
#ifndef RENORM_FAMILY_H
#define RENORM_FAMILY_H

#include <renorm/verdict.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Is y bounded as the depth grows?
 * @param n      runs, >= 0
 * @param depth  [n] >= 1
 * @param y      [n] > 0; runs whose y is NaN are left out
 * @param out    value: b; too few runs or depths: cannot tell, with what is missing
 * @return RN_OK; RN_ERR_ARGUMENT (NULL, n < 0, a depth below 1, y <= 0 or infinite); RN_ERR_MEMORY
 */
RN_API RN_NODISCARD rn_status rn_family_bounded(rn_index n, const double *depth, const double *y,
                                                rn_finding *out);

/**
 * Does the spread of y over seeds shrink as the width grows? Arguments and statuses as above, with
 * the width >= 1 in place of the depth. A width whose runs all agree to the bit is left out.
 */
RN_API RN_NODISCARD rn_status rn_family_shrinking(rn_index n, const double *width, const double *y,
                                                  rn_finding *out);

#ifdef __cplusplus
}
#endif

#endif
