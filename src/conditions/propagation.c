/*
 * C1: gains of pairs of boundaries, and the influence of one block's motion on another.
 */
#include <renorm/propagation.h>

#include <float.h>
#include <math.h>
#include <string.h>

#include "backends/blas.h"
#include "conditions/largest_singular.h"
#include "core/memory.h"
#include "core/size.h"
#include "core/status.h"

static const char gains_caller[] = "rn_propagation_gains";

/* Work space of one sample. */
typedef struct gains {
    rn_index n;         /* boundaries, L + 1 */
    double *block;      /* owned: all below */
    double *product[2]; /* [widest x widest] */
    double *singular;   /* work of rni_largest_singular */
    double *found;      /* [n x n] */
} gains;

static rn_status create_gains(rn_index n_blocks, const rn_index *width, gains *out)
{
    gains g = {.n = n_blocks + 1};
    rn_index widest = 0;
    for (rn_index l = 0; l < g.n; l++) {
        if (!rni_size_ok(width[l]))
            return rni_fail(RN_ERR_ARGUMENT, "%s: width[%" PRId64 "] is %" PRId64 "; expected >= 1",
                            gains_caller, l, width[l]);
        widest = rni_max(widest, width[l]);
    }
    const rn_index work = rni_singular_work(widest, widest);
    rn_index square = 0;
    rn_index pairs = 0;
    rn_index total = 0;
    if (rni_size_mul(widest, widest, &square) && rni_size_mul(2, square, &total)
        && rni_size_mul(g.n, g.n, &pairs) && rni_size_add(total, pairs, &total)
        && rni_size_add(total, work, &total))
        g.block = rni_alloc(total, sizeof *g.block);
    if (!g.block)
        return rni_fail(RN_ERR_MEMORY, "%s: no memory for products of blocks of width %" PRId64,
                        gains_caller, widest);
    g.product[0] = g.block;
    g.product[1] = g.product[0] + square;
    g.found = g.product[1] + square;
    g.singular = g.found + pairs;
    *out = g;
    return RN_OK;
}

static bool all_finite(rn_index n, const double *values)
{
    for (rn_index i = 0; i < n; i++)
        if (!(fabs(values[i]) <= DBL_MAX)) return false;
    return true;
}

/* Gains of all pairs that start at boundary `first`; next: B_{first + 1} and its successors. */
static rn_status gains_from(gains *g, const rn_index *width, rn_index first, const double *next)
{
    const rn_index cols = width[first];
    const double *product = next;
    for (rn_index m = first + 1; m < g->n; m++) {
        const rn_index rows = width[m];
        const rn_index inner = width[m - 1];
        if (m > first + 1) {
            double *to = g->product[m & 1];
            RNI_TRY(rni_gemm(false, false, rows, cols, inner, 1.0, next, inner, product, cols, 0.0,
                             to, cols));
            product = to;
        }
        if (!all_finite(rows * cols, product))
            return rni_fail(RN_ERR_NONFINITE,
                            "%s: the derivative of boundary %" PRId64 " with respect to boundary "
                            "%" PRId64 " has an entry that is NaN or infinite",
                            gains_caller, m, first);
        RNI_TRY(
            rni_largest_singular(rows, cols, product, g->singular, &g->found[first * g->n + m]));
        next += rows * inner;
    }
    return RN_OK;
}

rn_status rn_propagation_gains(rn_index n_blocks, const rn_index *width, const double *jacobians,
                               double *sigma)
{
    if (!rni_size_ok(n_blocks) || !width || !jacobians || !sigma)
        return rni_fail(RN_ERR_ARGUMENT, "%s: %" PRId64 " blocks (expected >= 1), or NULL",
                        gains_caller, n_blocks);
    gains g = {0};
    rn_status status = create_gains(n_blocks, width, &g);
    for (rn_index l = 0; l < n_blocks && status == RN_OK; l++) {
        status = gains_from(&g, width, l, jacobians);
        jacobians += width[l + 1] * width[l];
    }
    for (rn_index l = 0; l < g.n && status == RN_OK; l++)
        for (rn_index m = l + 1; m < g.n; m++)
            sigma[l * g.n + m] = fmax(sigma[l * g.n + m], g.found[l * g.n + m]);
    rni_free(g.block);
    return status;
}

/* ---- influence ------------------------------------------------------------------------------- */

static bool are_squares(rn_index n, const double *values)
{
    for (rn_index i = 0; i < n; i++)
        if (!(values[i] >= 0.0 && values[i] <= DBL_MAX)) return false;
    return true;
}

/* Sums over an influence matrix. */
typedef struct totals {
    double all, inside;   /* of entries; of those in the band */
    double rows, largest; /* of row sums over the rate */
    rn_index n_rows;
    rn_index n_inside;
} totals;

/* Row g of the matrix and its sum over the rate. */
static void measure_row(rn_index n, rn_index g, const double *norms, const double *changes,
                        double rate, rn_index width, double *matrix, double *sum, totals *t)
{
    double row = 0.0;
    double inside = 0.0;
    for (rn_index m = 0; m < n; m++) {
        const double entry = norms[g] > 0.0 ? sqrt(changes[m] / norms[g]) : (double)NAN;
        matrix[m] = entry;
        row += entry;
        if (m - g > width || g - m > width) continue;
        inside += entry;
        t->n_inside++;
    }
    *sum = rate > 0.0 ? row / rate : (double)NAN;
    if (!(norms[g] > 0.0)) return;
    t->n_rows++;
    t->all += row;
    t->inside += inside;
    t->rows += *sum;
    t->largest = fmax(t->largest, *sum);
}

rn_status rn_propagation_influence(rn_index n, const double *norms, const double *changes,
                                   double rate, rn_index width, double *matrix, double *rows,
                                   rn_influence *out)
{
    rn_index pairs = 0;
    if (!rni_size_ok(n) || !rni_size_mul(n, n, &pairs) || width < 0 || !norms || !changes || !matrix
        || !rows || !out)
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_propagation_influence: %" PRId64 " blocks (expected >= 1), band width "
                        "%" PRId64 " (expected >= 0), or NULL",
                        n, width);
    if (!are_squares(n, norms) || !are_squares(pairs, changes))
        return rni_fail(RN_ERR_ARGUMENT, "rn_propagation_influence: found a square that is "
                                         "negative, NaN or infinite");
    totals t = {0};
    for (rn_index g = 0; g < n; g++)
        measure_row(n, g, norms, changes + g * n, rate, width, matrix + g * n, &rows[g], &t);
    const bool has_rows = t.n_rows > 0 && rate > 0.0;
    *out = (rn_influence){.largest_row = has_rows ? t.largest : (double)NAN,
                          .mean_row = has_rows ? t.rows / (double)t.n_rows : (double)NAN,
                          .band_share = t.all > 0.0 ? t.inside / t.all : (double)NAN,
                          .uniform_share = (double)t.n_inside / (double)pairs};
    return RN_OK;
}
