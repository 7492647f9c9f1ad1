/*
 * Upper and lower sums over a mesh of cuts. With U(x) and L(x) the ends of the interval for the
 * mass at and above x, both falling, and psi rising by d over a cell [x, y]:
 *
 *     d L(y) <= d * (mass above a point of the cell) <= d U(x)
 *
 * and the other way round where psi falls. What the mesh adds for a cell is d (U(x) - U(y)) and the
 * like: cells are halved until that is small against the energy nearby, or against what the moments
 * leave open anyway. Where an eigenvalue is known there is a step, and halving closes in on it.
 */
#include "shells/shell_bounds.h"

#include <math.h>
#include <string.h>

#include "core/memory.h"
#include "core/size.h"
#include "core/status.h"
#include "shells/shell_cut.h"
#include "shells/shell_grid.h"
#include "spectra/jacobi_rule.h"

/* Cells per width at first and at most: powers of two. */
#define COARSE 4
#define FINE   1024

/* A cell is fine enough when its part of a shell's cut times the mass it leaves open is below
   MESH_SHARE of the mass within a width of it, or that mass is below OPEN_SHARE of the interval
   at its ends: an evenly filled shell then has 32 cells and loses 2 % on each side. */
#define MESH_SHARE 1e-3
#define OPEN_SHARE 0.1

#define N_ARRAYS 12

/* U and L at places on the axis ln x / h, in units of 1/FINE from one width below the bottom. */
typedef struct mesh {
    const rn_shell_grid *grid;
    rn_index n_places; /* places 0 .. n_places - 1, every one of which may become a point */
    rn_index n;        /* points */
    rn_index *place;   /* [n] ascending, and all below: of one block with room for n_places */
    double *x, *low, *high;
    rn_index *merged_place;
    double *merged_low, *merged_high;
} mesh;

static double position_of(const mesh *m, rn_index place)
{
    return (double)(m->grid->low - 1) + (double)place / FINE;
}

static rn_status mesh_create(const rn_shell_grid *grid, mesh *m)
{
    const rn_index n = (rn_shell_grid_size(grid) + 1) * FINE + 1;
    double *block = rni_alloc(7 * n, sizeof *block);
    if (!block)
        return rni_fail(RN_ERR_MEMORY, "rn_shell_bounds_measure: no memory for %" PRId64 " cuts",
                        n);
    *m = (mesh){.grid = grid, .n_places = n, .x = block};
    m->low = block + n;
    m->high = block + 2 * n;
    m->merged_low = block + 3 * n;
    m->merged_high = block + 4 * n;
    m->place = (rn_index *)(void *)(block + 5 * n);
    m->merged_place = m->place + n;
    return RN_OK;
}

/* Bounds at the places m->merged_place[0 .. count - 1], left in merged_low and merged_high. */
static rn_status evaluate(rni_pool *pool, const rn_jacobi *rule, mesh *m, rn_index count)
{
    for (rn_index i = 0; i < count; i++)
        m->x[i] = exp(m->grid->width * position_of(m, m->merged_place[i]));
    return rni_jacobi_above(pool, rule, count, m->x, m->merged_low, m->merged_high);
}

/* Whether the cell between points i and i + 1 is too coarse. */
static bool needs_halving(const mesh *m, rn_index i, rn_index stride)
{
    if (m->place[i + 1] - m->place[i] != stride) return false;
    const rn_index n_around = FINE / stride; /* points within a width, or more */
    const double around =
        m->high[rni_max(0, i - n_around)] - m->low[rni_min(m->n - 1, i + 1 + n_around)];
    const double open = fmax(m->high[i] - m->low[i], m->high[i + 1] - m->low[i + 1]);
    const double left = m->high[i] - m->low[i + 1] - open;
    return left * (double)stride > MESH_SHARE * FINE * around && left > OPEN_SHARE * open;
}

/* Merges the new points (in merged_*) into the old ones, from the end. */
static void merge(mesh *m, rn_index count)
{
    rn_index from = m->n - 1;
    rn_index added = count - 1;
    for (rn_index to = m->n + count - 1; added >= 0; to--) {
        const bool takes_new = from < 0 || m->merged_place[added] > m->place[from];
        m->place[to] = takes_new ? m->merged_place[added] : m->place[from];
        m->low[to] = takes_new ? m->merged_low[added] : m->low[from];
        m->high[to] = takes_new ? m->merged_high[added] : m->high[from];
        if (takes_new)
            added--;
        else
            from--;
    }
    m->n += count;
    /* the mass above x falls with x: both ends may use what their neighbours know */
    for (rn_index i = 1; i < m->n; i++)
        m->high[i] = fmin(m->high[i], m->high[i - 1]);
    for (rn_index i = m->n - 1; i > 0; i--)
        m->low[i - 1] = fmax(m->low[i - 1], m->low[i]);
}

static rn_status refine(rni_pool *pool, const rn_jacobi *rule, mesh *m)
{
    rn_index count = 0;
    m->n = 0;
    for (rn_index place = 0; place < m->n_places; place += FINE / COARSE)
        m->merged_place[count++] = place;
    RNI_TRY(evaluate(pool, rule, m, count));
    merge(m, count);
    for (rn_index stride = FINE / COARSE; stride > 1; stride /= 2) {
        count = 0;
        for (rn_index i = 0; i + 1 < m->n; i++)
            if (needs_halving(m, i, stride)) m->merged_place[count++] = m->place[i] + stride / 2;
        RNI_TRY(evaluate(pool, rule, m, count));
        merge(m, count);
    }
    return RN_OK;
}

/* chi at a place for the cut at boundary index b. */
static double cut_at(rn_index place, rn_index b)
{
    return rni_step_value(0.5 * ((double)place / FINE - (double)b));
}

/* The cut between boundary `lower` and boundary `upper`, or above `lower` where upper < 0. */
static double psi(rn_index place, rn_index lower, rn_index upper)
{
    return cut_at(place, lower) - (upper < 0 ? 0.0 : cut_at(place, upper));
}

/* First point at or above a place. */
static rn_index find_point(const mesh *m, rn_index place)
{
    rn_index first = 0;
    rn_index end = m->n;
    while (first < end) {
        const rn_index middle = first + (end - first) / 2;
        if (m->place[middle] < place)
            first = middle + 1;
        else
            end = middle;
    }
    return first;
}

/* Boundary index b stands at place (b + 1) FINE; its cut rises from b FINE to (b + 2) FINE. */
static void sum_up(const mesh *m, rn_index lower, rn_index upper, double scale, double *low,
                   double *high)
{
    const rn_index end = find_point(m, ((upper < 0 ? lower : upper) + 2) * FINE);
    double least = 0.0;
    double most = 0.0;
    rn_index i = find_point(m, lower * FINE);
    double before = psi(m->place[i], lower, upper);
    for (; i < end; i++) {
        const double after = psi(m->place[i + 1], lower, upper);
        const double rise = after - before;
        least += rise * (rise > 0.0 ? m->low[i + 1] : m->high[i]);
        most += rise * (rise > 0.0 ? m->high[i] : m->low[i + 1]);
        before = after;
    }
    *low = scale * fmax(0.0, least);
    *high = scale * most;
}

/* Smooth cuts from one rule. */
static void sum_shells(const mesh *m, double scale, double *above_low, double *above_high,
                       double *shell_low, double *shell_high)
{
    const rn_index n = rn_shell_grid_size(m->grid);
    for (rn_index b = 0; b < n; b++)
        sum_up(m, b, -1, scale, &above_low[b], &above_high[b]);
    for (rn_index b = 0; b + 1 < n; b++)
        sum_up(m, b, b + 1, scale, &shell_low[b], &shell_high[b]);
}

static void sum_sharp(const mesh *m, double scale, rn_shell_bounds *out)
{
    for (rn_index b = 0; b + 1 < out->n_boundaries; b++) {
        const rn_index i = find_point(m, (b + 1) * FINE);
        const rn_index j = find_point(m, (b + 2) * FINE);
        out->energy_sharp_low[b] = scale * fmax(0.0, m->low[i] - m->high[j]);
        out->energy_sharp_high[b] = scale * fmax(0.0, m->high[i] - m->low[j]);
    }
}

static rn_status bounds_create(const rn_shell_grid *grid, rn_shell_bounds *out)
{
    const rn_index n = rn_shell_grid_size(grid);
    double *block = rni_alloc(N_ARRAYS * n, sizeof *block);
    if (!block)
        return rni_fail(RN_ERR_MEMORY,
                        "rn_shell_bounds_measure: no memory for %" PRId64 " boundaries", n);
    *out = (rn_shell_bounds){.grid = *grid, .n_boundaries = n, .above_low = block};
    out->above_high = block + n;
    out->dissipation_low = block + 2 * n;
    out->dissipation_high = block + 3 * n;
    out->energy_low = block + 4 * n;
    out->energy_high = block + 5 * n;
    out->energy_sharp_low = block + 6 * n;
    out->energy_sharp_high = block + 7 * n;
    out->loss_low = block + 8 * n;
    out->loss_high = block + 9 * n;
    out->energy = block + 10 * n;
    out->energy_error = block + 11 * n;
    return RN_OK;
}

void rn_shell_bounds_clear(rn_shell_bounds *bounds)
{
    if (!bounds) return;
    rni_free(bounds->above_low); /* the start of the one block */
    *bounds = (rn_shell_bounds){0};
}

/* Estimates, no worse than what is certain. */
static rn_status estimate(const rn_jacobi *rule, rn_index n_samples, rn_shell_bounds *out)
{
    RNI_TRY(rn_shell_estimate(&out->grid, rule, n_samples, out->energy, out->energy_error));
    for (rn_index b = 0; b + 1 < out->n_boundaries; b++) {
        double *value = &out->energy[b];
        *value = fmin(fmax(*value, out->energy_low[b]), out->energy_high[b]);
        const double most = fmax(out->energy_high[b] - *value, *value - out->energy_low[b]);
        out->energy_error[b] = fmin(out->energy_error[b], most);
    }
    return RN_OK;
}

static rn_status measure(rni_pool *pool, const rn_jacobi *rule, rn_index n_samples, mesh *m,
                         double *storage, rn_shell_bounds *out)
{
    rn_jacobi weighted;
    const double energy = 0.5 / (double)n_samples; /* of a unit of mass */
    RNI_TRY(refine(pool, rule, m));
    sum_shells(m, energy, out->above_low, out->above_high, out->energy_low, out->energy_high);
    sum_sharp(m, energy, out);
    RNI_TRY(rn_jacobi_weighted(rule, storage, storage + rule->n, &weighted));
    RNI_TRY(refine(pool, &weighted, m));
    sum_shells(m, 2.0 * energy, out->dissipation_low, out->dissipation_high, out->loss_low,
               out->loss_high);
    return estimate(rule, n_samples, out);
}

rn_status rni_shell_bounds(rni_pool *pool, const rn_shell_grid *grid, const rn_jacobi *rule,
                           rn_index n_samples, rn_shell_bounds *out)
{
    RNI_TRY(rni_grid_check("rn_shell_bounds_measure", grid));
    if (!rule || !out || n_samples < 1)
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_shell_bounds_measure: a rule, a place for the result and N >= 1 are "
                        "needed; found N = %" PRId64,
                        n_samples);
    rn_shell_bounds fresh = {0};
    mesh m = {0};
    double *storage = rni_alloc(2 * rule->n, sizeof *storage);
    rn_status status =
        storage ? RN_OK : rni_fail(RN_ERR_MEMORY, "rn_shell_bounds_measure: no memory");
    if (status == RN_OK) status = mesh_create(grid, &m);
    if (status == RN_OK) status = bounds_create(grid, &fresh);
    if (status == RN_OK) status = measure(pool, rule, n_samples, &m, storage, &fresh);
    rni_free(storage);
    rni_free(m.x);
    if (status == RN_OK)
        *out = fresh;
    else
        rn_shell_bounds_clear(&fresh);
    return status;
}

rn_status rn_shell_bounds_measure(const rn_shell_grid *grid, const rn_jacobi *rule,
                                  rn_index n_samples, rn_shell_bounds *out)
{
    return rni_shell_bounds(NULL, grid, rule, n_samples, out);
}
