/*
 * Least squares with few terms, and with free functions; see the header.
 */
#include "conditions/law_cells.h"

#include <math.h>

/* Sweeps of alternating means: they converge geometrically, in one sweep on a full table. */
#define SWEEPS 60

/* A pivot below this share of its diagonal entry: the cells do not determine that term. */
#define SMALLEST_PIVOT 1e-10

static void make_terms(const rni_fit *fit, const rni_cell *cell, double *term)
{
    const double s = cell->s - fit->s0;
    const double u = cell->u - fit->u0;
    const double all[RNI_TERMS_QUADRATIC] = {1.0, s, u, s * s, s * u, u * u};
    for (int p = 0; p < fit->n_terms; p++)
        term[p] = all[p];
}

/* Solves the normal equations in place by Cholesky's method. */
static bool solve(int n, double a[][RNI_TERMS_QUADRATIC], double *x)
{
    for (int p = 0; p < n; p++) {
        const double before = a[p][p];
        for (int q = 0; q < p; q++)
            a[p][p] -= a[p][q] * a[p][q];
        if (!(a[p][p] > SMALLEST_PIVOT * before)) return false;
        a[p][p] = sqrt(a[p][p]);
        for (int r = p + 1; r < n; r++) {
            for (int q = 0; q < p; q++)
                a[r][p] -= a[r][q] * a[p][q];
            a[r][p] /= a[p][p];
        }
        for (int q = 0; q < p; q++)
            x[p] -= a[p][q] * x[q];
        x[p] /= a[p][p];
    }
    for (int p = n - 1; p >= 0; p--) {
        for (int r = p + 1; r < n; r++)
            x[p] -= a[r][p] * x[r];
        x[p] /= a[p][p];
    }
    return true;
}

static double weight_of(const rni_cells *cells, rn_index k, const bool *keep, const rn_index *times)
{
    if (keep && !keep[k]) return 0.0;
    return cells->at[k].weight * (times ? (double)times[k] : 1.0);
}

/* Coordinates about their weighted means: the equations are then well conditioned. */
static void centre(const rni_cells *cells, const bool *keep, const rn_index *times, rni_fit *fit)
{
    double total = 0.0;
    for (rn_index k = 0; k < cells->count; k++) {
        const double w = weight_of(cells, k, keep, times);
        total += w;
        fit->s0 += w * cells->at[k].s;
        fit->u0 += w * cells->at[k].u;
    }
    if (total > 0.0) {
        fit->s0 /= total;
        fit->u0 /= total;
    }
}

bool rni_fit_cells(const rni_cells *cells, rni_terms terms, const bool *keep, const rn_index *times,
                   rni_fit *fit)
{
    double normal[RNI_TERMS_QUADRATIC][RNI_TERMS_QUADRATIC] = {{0.0}};
    double term[RNI_TERMS_QUADRATIC] = {0.0};
    rni_fit made = {.n_terms = (int)terms};
    centre(cells, keep, times, &made);
    for (rn_index k = 0; k < cells->count; k++) {
        const double w = weight_of(cells, k, keep, times);
        if (!(w > 0.0)) continue;
        make_terms(&made, &cells->at[k], term);
        for (int p = 0; p < made.n_terms; p++) {
            made.coefficient[p] += w * term[p] * cells->at[k].y;
            for (int q = 0; q <= p; q++)
                normal[p][q] += w * term[p] * term[q];
        }
    }
    if (!solve(made.n_terms, normal, made.coefficient)) return false;
    *fit = made;
    return true;
}

double rni_fit_at(const rni_fit *fit, const rni_cell *cell)
{
    double term[RNI_TERMS_QUADRATIC] = {0.0};
    double sum = 0.0;
    make_terms(fit, cell, term);
    for (int p = 0; p < fit->n_terms; p++)
        sum += fit->coefficient[p] * term[p];
    return sum;
}

/* out[j] := weighted mean of y less the other function, over the cells of line j. */
static void average(const rni_cells *cells, const bool *keep, bool is_row, const double *other,
                    double *out)
{
    const rn_index n = is_row ? cells->n_times : cells->n_boundaries;
    for (rn_index j = 0; j < n; j++) {
        double sum = 0.0;
        double total = 0.0;
        for (rn_index k = 0; k < cells->count; k++) {
            const rni_cell *c = &cells->at[k];
            if ((keep && !keep[k]) || (is_row ? c->i : c->b) != j) continue;
            const double rest = other[is_row ? c->b : c->i];
            sum += c->weight * (c->y - (isfinite(rest) ? rest : 0.0));
            total += c->weight;
        }
        out[j] = total > 0.0 ? sum / total : (double)NAN;
    }
}

void rni_fit_free(const rni_cells *cells, const bool *keep, double *f, double *g)
{
    for (rn_index i = 0; i < cells->n_times; i++)
        g[i] = 0.0;
    for (int sweep = 0; sweep < SWEEPS; sweep++) {
        average(cells, keep, false, g, f);
        average(cells, keep, true, f, g);
    }
}
