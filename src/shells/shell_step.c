/*
 * The budget of one finite step, exact for any step and any optimizer:
 *
 *     A1 - A0 = -tau D0 + X + Q + F1,   chi = chi_s(M0) in all lines but A1
 *
 * Why it holds. A1 - A0 = (1/2N)[e1 (chi(M1) - chi(M0)) e1 + e1 chi e1 - e0 chi e0]. The first
 * bracket is F1, because between the two eigenbases
 *     <phi1_u, (chi(M1) - chi(M0)) phi0_v> = (chi(lambda1_u) - chi(lambda0_v)) <phi1_u, phi0_v>
 *     <phi1_u, (M1 - M0) phi0_v>           = (lambda1_u - lambda0_v) <phi1_u, phi0_v>,
 * and with c = e1 - e0 the rest is (1/N) e0 chi c + (1/2N) c chi c. Writing c = (c - J0 d) + J0 d
 * and J0 d = (J0 d + tau M0 e0) - tau M0 e0 gives Q, X and -tau D0.
 *
 * F1 takes M1 - M0 as a matrix of its own, not as (lambda1 - lambda0) <phi1, phi0>: with the
 * shortcut it would be A1 less a re-expansion of e1, an identity for any pair of bases and blind
 * to wrong eigenpairs. The price is rounding: entries of M1 - M0 carry errors of n eps lambda_max,
 * which the divided difference of a low boundary magnifies; flux_error says by how much.
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "core/memory.h"
#include "core/size.h"
#include "core/status.h"
#include "shells/shell_grid.h"
#include "shells/shell_pairs.h"

static const char caller[] = "rn_shell_step_budget";

/* The lines as computed, [m] each. */
typedef struct step_work {
    double *weights; /* [n] */
    double *sizes;   /* [n] |g01| */
    double *rows;    /* two padded rows: F1 and its error bar */
    double *values;  /* [N_LINES x m] */
} step_work;

enum { LINE_CHANGE, LINE_DISSIPATION, LINE_DRIVE, LINE_FINITE, LINE_FLUX, LINE_ERROR, N_LINES };

static rn_status check_arrays(const rn_shell_step *step, const rn_shell_step_lines *lines)
{
    if (!step || !lines) return rni_fail(RN_ERR_ARGUMENT, "%s: step or lines is NULL", caller);
    if (!rni_size_ok(step->n) || !rni_size_ok(step->n_samples))
        return rni_fail(RN_ERR_ARGUMENT,
                        "%s: n is %" PRId64 ", n_samples %" PRId64 "; expected 1 .. 2^48", caller,
                        step->n, step->n_samples);
    if (!(step->tau >= 0.0) || !isfinite(step->tau))
        return rni_fail(RN_ERR_ARGUMENT, "%s: tau is %g; expected >= 0", caller, step->tau);
    if (!step->lambda0 || !step->lambda1 || !step->g0 || !step->g1 || !step->g01 || !step->jd)
        return rni_fail(RN_ERR_ARGUMENT,
                        "%s: one of lambda0, lambda1, g0, g1, g01, jd is NULL; all are needed",
                        caller);
    if ((lines->flux || lines->flux_error || lines->mismatch) && !step->change)
        return rni_fail(
            RN_ERR_ARGUMENT,
            "%s: the lines flux, flux_error and mismatch need step->change, <phi1, (M1-M0) phi0>",
            caller);
    if (lines->remainder && !step->flux)
        return rni_fail(RN_ERR_ARGUMENT, "%s: the line remainder needs step->flux", caller);
    return RN_OK;
}

static rn_status check_values(const rn_shell_step *step)
{
    const rn_index n = step->n;
    const struct {
        const char *name;
        const double *values;
    } vectors[] = {{"g0", step->g0},
                   {"g1", step->g1},
                   {"g01", step->g01},
                   {"jd", step->jd},
                   {"m0e0", step->m0e0}};
    RNI_TRY(rni_check_ascending(caller, "lambda0", n, step->lambda0));
    RNI_TRY(rni_check_ascending(caller, "lambda1", n, step->lambda1));
    for (size_t k = 0; k < sizeof vectors / sizeof *vectors; k++)
        if (vectors[k].values)
            RNI_TRY(rni_check_finite(caller, vectors[k].name, n, vectors[k].values));
    return RN_OK;
}

/* All lines that are single sums over modes, at the boundary s. */
static void sum_modes(const rn_shell_step *step, const rn_shell_grid *grid, rn_index i,
                      double *values)
{
    const rn_index m = rn_shell_grid_size(grid);
    const double s = rn_shell_grid_boundary(grid, i);
    double before = 0.0;
    double after = 0.0;
    double dissipation = 0.0;
    double drive = 0.0;
    double finite = 0.0;
    for (rn_index u = 0; u < step->n; u++) {
        after += rn_shell_cut(s, grid->width, step->lambda1[u]) * step->g1[u] * step->g1[u];
        const double chi = rn_shell_cut(s, grid->width, step->lambda0[u]);
        const double g = step->g0[u];
        const double decay = step->tau * (step->m0e0 ? step->m0e0[u] : step->lambda0[u] * g);
        const double moved = step->g01[u] - g;
        before += chi * g * g;
        dissipation += chi * step->lambda0[u] * g * g;
        drive += chi * g * (step->jd[u] + decay);
        finite += chi * (2.0 * g * (moved - step->jd[u]) + moved * moved);
    }
    const double scale = 0.5 / (double)step->n_samples;
    values[LINE_CHANGE * m + i] = scale * (after - before);
    values[LINE_DISSIPATION * m + i] = -2.0 * scale * step->tau * dissipation;
    values[LINE_DRIVE * m + i] = 2.0 * scale * drive;
    values[LINE_FINITE * m + i] = scale * finite;
}

/* F1 from all pairs of a mode after and a mode before; false when memory is out. */
static bool sum_pairs(const rn_shell_step *step, const rn_shell_grid *grid, step_work *work)
{
    rni_modes before = {0};
    rni_modes after = {0};
    if (!rni_modes_create(grid, step->n, step->lambda0, &before)) return false;
    if (!rni_modes_create(grid, step->n, step->lambda1, &after)) {
        rni_modes_destroy(&before);
        return false;
    }
    const rn_index n = step->n;
    const rn_index m = rn_shell_grid_size(grid);
    double *bars = work->rows + rni_pairs_row_size(m);
    for (rn_index v = 0; v < n; v++)
        work->sizes[v] = fabs(step->g01[v]);
    for (rn_index u = 0; u < n; u++) {
        const double *change = step->change + u * n;
        for (rn_index v = 0; v < n; v++)
            work->weights[v] = step->g01[v] * change[v];
        rni_pairs_add_row(&after, u, &before, 0, n, work->weights, step->g1[u], work->rows);
        rni_pairs_add_row(&after, u, &before, 0, n, work->sizes, fabs(step->g1[u]), bars);
    }
    const double top = fmax(fmax(step->lambda0[n - 1], step->lambda1[n - 1]), 0.0);
    const double delta = (double)n * DBL_EPSILON * top;
    const double scale = 0.5 / (double)step->n_samples;
    for (rn_index i = 0; i < m; i++) {
        work->values[LINE_FLUX * m + i] = scale * work->rows[RNI_PAIRS_PAD + i];
        work->values[LINE_ERROR * m + i] = scale * delta * bars[RNI_PAIRS_PAD + i];
    }
    rni_modes_destroy(&after);
    rni_modes_destroy(&before);
    return true;
}

static void copy_line(double *out, const double *values, rn_index m, int line)
{
    if (out) memcpy(out, values + line * m, (size_t)m * sizeof *out);
}

/* Writes the lines asked for, the last step. step->flux may be one of the outputs. */
static void commit(const rn_shell_step *step, const rn_shell_step_lines *lines, rn_index m,
                   const double *values)
{
    for (rn_index i = 0; i < m; i++) {
        const double left = values[LINE_CHANGE * m + i]
                            - (values[LINE_DISSIPATION * m + i] + values[LINE_DRIVE * m + i]
                               + values[LINE_FINITE * m + i]);
        const double flux = step->change ? values[LINE_FLUX * m + i] : left;
        if (lines->remainder) lines->remainder[i] = flux - step->flux[i];
        if (lines->mismatch) lines->mismatch[i] = left - flux;
    }
    copy_line(lines->change, values, m, LINE_CHANGE);
    copy_line(lines->dissipation, values, m, LINE_DISSIPATION);
    copy_line(lines->drive, values, m, LINE_DRIVE);
    copy_line(lines->finite_step, values, m, LINE_FINITE);
    copy_line(lines->flux, values, m, LINE_FLUX);
    copy_line(lines->flux_error, values, m, LINE_ERROR);
}

rn_status rn_shell_step_budget(const rn_shell_grid *grid, const rn_shell_step *step,
                               const rn_shell_step_lines *lines)
{
    RNI_TRY(rni_grid_check(caller, grid));
    RNI_TRY(check_arrays(step, lines));
    RNI_TRY(check_values(step));

    const rn_index m = rn_shell_grid_size(grid);
    const rn_index rows_size = 2 * rni_pairs_row_size(m);
    const rn_index n_values = (rn_index)N_LINES * m;
    double *block = rni_alloc(2 * step->n + rows_size + n_values, sizeof *block);
    step_work work = {.weights = block};
    bool enough = block != NULL;
    if (enough) {
        work.sizes = block + step->n;
        work.rows = work.sizes + step->n;
        work.values = work.rows + rows_size;
        memset(work.rows, 0, (size_t)(rows_size + n_values) * sizeof *block);
        if (step->change) enough = sum_pairs(step, grid, &work);
    }
    if (!enough) {
        rni_free(block);
        return rni_fail(RN_ERR_MEMORY, "%s: no memory for %" PRId64 " modes", caller, step->n);
    }
    for (rn_index i = 0; i < m; i++)
        sum_modes(step, grid, i, work.values);
    const rn_status status = rni_check_finite(caller, "lines", n_values, work.values);
    if (status == RN_OK) commit(step, lines, m, work.values);
    rni_free(block);
    return status;
}
