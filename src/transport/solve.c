/*
 * Shell transport by the method of lines.
 *
 * The state is [n cells' densities, energy gone below, above, dissipated, driven], scaled so that
 * the initial energy is 1. The four sums are integrated beside the cells: a Runge-Kutta method
 * keeps linear invariants, so their balance with the cells holds to rounding at any step size.
 */
#include <math.h>
#include <renorm/transport_solve.h>
#include <stdbool.h>
#include <string.h>

#include "backends/sundials.h"
#include "core/memory.h"
#include "core/size.h"
#include "core/status.h"
#include "transport/quadrature.h"
#include "transport/upwind.h"

enum { BELOW, ABOVE, DISSIPATED, DRIVEN, N_SUMS };
enum { METHOD_ORDER = 3 }; /* that of the scheme; its steps are bounded by stability anyway */

/* One grid. */
typedef struct grid {
    const rn_transport_problem *problem;
    const rn_transport_accuracy *accuracy;
    const rn_observer *observer;
    rn_index n;
    double width;
    double energy; /* initial, the unit of the state */
    double t_from; /* the integrator counts from here */
    rn_index n_evaluations;
    rn_index n_steps;
    double next_step;
    double *block;   /* owns all that follows */
    double *faces;   /* [n + 1] s */
    double *middles; /* [n] s */
    double *w;       /* [n + 1] */
    double *flux;    /* [n + 1] */
    double *drive;   /* [n + 1] */
    double *rate;    /* [n] Lambda */
    double *tilt;    /* [n] average of Lambda (s - middle)/width */
    double *slope;   /* [n] */
    double *state;   /* [n + N_SUMS] */
} grid;

rn_transport_accuracy rn_transport_solve_defaults(void)
{
    return (rn_transport_accuracy){
        .tolerance = 1e-3, .rtol = 1e-7, .atol = 1e-10, .max_evaluations = 10000000};
}

/* ---- cells ----------------------------------------------------------------------------------- */

static rn_status density_of(void *user, double s, double *value)
{
    const rn_transport_start *start = user;
    *value = start->density(start->user, s);
    if (isfinite(*value)) return RN_OK;
    return rni_fail(RN_ERR_NONFINITE, "rn_transport_cells: the density is %g at s = %g", *value, s);
}

rn_status rn_transport_cells(const rn_transport_start *start, double lower, double upper,
                             rn_index n_cells, double *energy)
{
    if (!start || !start->density || !energy || n_cells < 1 || n_cells > RN_TRANSPORT_MAX_CELLS)
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_transport_cells: an argument is NULL, or not 1 .. %d cells",
                        RN_TRANSPORT_MAX_CELLS);
    if (!isfinite(lower) || !isfinite(upper) || !(lower < upper) || !(start->lower < start->upper))
        return rni_fail(RN_ERR_ARGUMENT, "rn_transport_cells: a lower end is not below its upper");
    double *const found = rni_alloc_zero(n_cells, sizeof *found);
    if (!found)
        return rni_fail(RN_ERR_MEMORY, "rn_transport_cells: no memory for %" PRId64 " cells",
                        n_cells);
    const double width = (upper - lower) / (double)n_cells;
    rn_status status = RN_OK;
    rn_transport_start copy = *start;
    rni_integral sum = {0};
    for (rn_index i = 0; i < n_cells && status == RN_OK; i++) {
        double from = fmax(lower + (double)i * width, start->lower);
        const double to =
            fmin(i == n_cells - 1 ? upper : lower + (double)(i + 1) * width, start->upper);
        while (from < to && status == RN_OK) {
            double end = to;
            for (rn_index b = 0; b < start->n_breaks; b++)
                if (start->breaks[b] > from) end = fmin(end, start->breaks[b]);
            const double before = sum.value;
            status = rni_integrate(density_of, &copy, from, end, 0.0, 1e-13, &sum);
            found[i] += sum.value - before;
            from = end;
        }
    }
    if (status == RN_OK) memcpy(energy, found, (size_t)n_cells * sizeof *found);
    rni_free(found);
    return status;
}

/* ---- right-hand side ------------------------------------------------------------------------- */

static rn_status ask(const grid *g, const char *what, rn_transport_fn f, double t, rn_index n,
                     const double *s, double *values)
{
    RNI_TRY(f(g->problem->user, t, n, s, values));
    for (rn_index i = 0; i < n; i++)
        if (!isfinite(values[i]))
            return rni_fail(
                RN_ERR_CALLBACK,
                "rn_transport_solve: the %s is %g at s = %g, time %g, expected a finite "
                "number",
                what, values[i], s[i], t);
    return RN_OK;
}

/* Lambda measured: its value in the middle and its tilt from the neighbours. */
static rn_status set_measured_rate(grid *g, double t)
{
    RNI_TRY(ask(g, "loss rate", g->problem->loss_rate, t, g->n, g->middles, g->rate));
    for (rn_index i = 1; i < g->n - 1; i++)
        g->tilt[i] = (g->rate[i + 1] - g->rate[i - 1]) / 24.0; /* slope width^2/12 / width */
    g->tilt[0] = 0.0;
    g->tilt[g->n - 1] = 0.0;
    return RN_OK;
}

/* Lambda = e^s: averages over the cell of e^s and of e^s (s - middle)/width. */
static void set_exact_rate(grid *g)
{
    const double half = 0.5 * g->width;
    const double even = sinh(half) / half;
    for (rn_index i = 0; i < g->n; i++) {
        const double middle = g->problem->no_dissipation ? 0.0 : exp(g->middles[i]);
        g->rate[i] = middle * even;
        g->tilt[i] = middle * (cosh(half) - even) / g->width;
    }
}

static rn_status set_terms(grid *g, double t)
{
    const rn_transport_problem *p = g->problem;
    if (p->velocity) RNI_TRY(ask(g, "velocity", p->velocity, t, g->n + 1, g->faces, g->w));
    if (p->drive) RNI_TRY(ask(g, "drive", p->drive, t, g->n + 1, g->faces, g->drive));
    if (p->loss_rate && !p->no_dissipation) RNI_TRY(set_measured_rate(g, t));
    return RN_OK;
}

static rn_status look_around(grid *g)
{
    if (g->n_evaluations++ >= g->accuracy->max_evaluations)
        return rni_fail(RN_NOT_CONVERGED,
                        "rn_transport_solve: %" PRId64 " evaluations were not enough; allow more, "
                        "or fewer cells, a lower upper edge or a shorter time",
                        g->accuracy->max_evaluations);
    const bool is_asked = g->observer && g->observer->should_stop && g->n_evaluations % 64 == 0;
    if (is_asked && g->observer->should_stop(g->observer->user))
        return rni_fail(RN_INTERRUPTED, "rn_transport_solve: stopped as asked");
    return RN_OK;
}

static rn_status slope_in_time(void *user, double t, const double *y, double *dydt)
{
    grid *g = user;
    const rn_index n = g->n;
    double *const sums = dydt + n;
    const rn_status go_on = look_around(g);
    if (go_on != RN_OK) return go_on;
    RNI_TRY(set_terms(g, g->t_from + t));
    rni_upwind_flux(n, y, g->w, g->flux);
    rni_limited_slopes(n, y, g->slope);
    sums[DISSIPATED] = 0.0;
    for (rn_index i = 0; i < n; i++) {
        const double lost = 2.0 * (g->rate[i] * y[i] + g->tilt[i] * g->slope[i]);
        const double driven = (g->drive[i] - g->drive[i + 1]) / (g->width * g->energy);
        dydt[i] = (g->flux[i] - g->flux[i + 1]) / g->width - lost + driven;
        sums[DISSIPATED] += lost * g->width;
    }
    sums[BELOW] = -g->flux[0];
    sums[ABOVE] = g->flux[n];
    sums[DRIVEN] = (g->drive[0] - g->drive[n]) / g->energy;
    return RN_OK;
}

/* ---- one grid -------------------------------------------------------------------------------- */

/* group: cells of the problem in one cell of this grid. False: no memory. */
static bool grid_create(grid *g, const rn_transport_problem *p,
                        const rn_transport_accuracy *accuracy, const rn_observer *observer,
                        rn_index group)
{
    const rn_index n = p->n_cells / group;
    *g = (grid){.problem = p, .accuracy = accuracy, .observer = observer, .n = n, .t_from = p->t0};
    g->width = (p->upper - p->lower) / (double)n;
    double *next = g->block = rni_alloc_zero(9 * n + 4 + N_SUMS, sizeof *next);
    if (!next) return false;
    double **const at_faces[] = {&g->faces, &g->w, &g->flux, &g->drive};
    double **const in_cells[] = {&g->middles, &g->rate, &g->tilt, &g->slope, &g->state};
    for (int i = 0; i < 4; i++, next += n + 1)
        *at_faces[i] = next;
    for (int i = 0; i < 5; i++, next += n)
        *in_cells[i] = next;
    for (rn_index i = 0; i <= n; i++)
        g->faces[i] = i == n ? p->upper : p->lower + (double)i * g->width;
    for (rn_index i = 0; i < p->n_cells; i++)
        g->energy += p->initial[i];
    for (rn_index i = 0; i < p->n_cells; i++)
        g->state[i / group] += p->initial[i] / (g->energy * g->width);
    for (rn_index i = 0; i < n; i++)
        g->middles[i] = 0.5 * (g->faces[i] + g->faces[i + 1]);
    set_exact_rate(g);
    return true;
}

static rn_status grid_advance(grid *g, double t)
{
    if (!(t > g->t_from)) return RN_OK;
    const rni_ode ode = {.n = g->n + N_SUMS,
                         .rhs = slope_in_time,
                         .user = g,
                         .rtol = g->accuracy->rtol,
                         .atol = g->accuracy->atol,
                         .order = METHOD_ORDER};
    rni_ode_report report;
    const rn_status status =
        rni_ode_integrate(&ode, t - g->t_from, g->next_step, g->state, &report);
    if (status != RN_OK) return status;
    g->n_steps += report.n_steps;
    g->next_step = report.next_step;
    g->t_from = t;
    return RN_OK;
}

static double energy_inside(const grid *g)
{
    double sum = 0.0;
    for (rn_index i = 0; i < g->n; i++)
        sum += g->state[i];
    return sum * g->width;
}

/* ---- the solution ---------------------------------------------------------------------------- */

static double *writable(const double *const *member)
{
    double *address;
    memcpy(&address, member, sizeof address);
    return address;
}

/* False: no memory. */
static bool solution_create(const rn_transport_problem *p, rn_transport_solution *out)
{
    rn_index n_times_cells;
    rn_index count;
    double *block = NULL;
    if (rni_size_mul(p->n_times, p->n_cells, &n_times_cells)
        && rni_size_add(n_times_cells, 7 * p->n_times + p->n_cells, &count))
        block = rni_alloc(count, sizeof *block);
    if (!block) return false;
    *out = (rn_transport_solution){.n_cells = p->n_cells, .times = block};
    const double **const lines[] = {&out->times, &out->inside,     &out->below, &out->above,
                                    &out->error, &out->dissipated, &out->driven};
    for (int i = 0; i < 7; i++)
        *lines[i] = block + i * p->n_times;
    out->s = block + 7 * p->n_times;
    out->density = out->s + p->n_cells;
    return true;
}

/* Appends the state of the fine grid; half: the other one. */
static void record(const grid *g, const grid *half, rn_transport_solution *out)
{
    const rn_index k = out->n_times++;
    const double inside = energy_inside(g);
    const double *const sums = g->state + g->n;
    const double balance =
        inside + sums[BELOW] + sums[ABOVE] + sums[DISSIPATED] - 1.0 - sums[DRIVEN];
    double *const density = writable(&out->density) + k * g->n;
    writable(&out->times)[k] = g->t_from;
    writable(&out->inside)[k] = inside * g->energy;
    writable(&out->below)[k] = sums[BELOW] * g->energy;
    writable(&out->above)[k] = sums[ABOVE] * g->energy;
    writable(&out->dissipated)[k] = sums[DISSIPATED] * g->energy;
    writable(&out->driven)[k] = sums[DRIVEN] * g->energy;
    writable(&out->error)[k] = fabs(inside - energy_inside(half)) * g->energy;
    out->balance = fmax(out->balance, fabs(balance));
    for (rn_index i = 0; i < g->n; i++) {
        density[i] = g->state[i] * g->energy;
        out->least = fmin(out->least, density[i]);
    }
}

static void report_progress(const rn_observer *observer, const rn_transport_problem *p, double t)
{
    if (!observer || !observer->progress) return;
    const rn_progress progress = {
        .phase = "transport", .done = t - p->t0, .total = p->times[p->n_times - 1] - p->t0};
    if (progress.total > 0.0) observer->progress(observer->user, &progress);
}

static rn_status march(grid *fine, grid *half, const rn_observer *observer,
                       rn_transport_solution *out)
{
    const rn_transport_problem *p = fine->problem;
    for (rn_index k = 0; k < p->n_times; k++) {
        rn_status status = grid_advance(fine, p->times[k]);
        if (status == RN_OK) status = grid_advance(half, p->times[k]);
        if (status == RN_ERR_DOMAIN) /* the integrator gave up; its message stays */
            return rni_fail_within(RN_NOT_CONVERGED, "rn_transport_solve");
        if (status != RN_OK) return status;
        record(fine, half, out);
        report_progress(observer, p, p->times[k]);
    }
    return RN_OK;
}

static rn_status judge(const rn_transport_solution *out, double tolerance)
{
    double worst = 0.0;
    double when = 0.0;
    for (rn_index k = 0; k < out->n_times; k++)
        if (out->error[k] > worst) {
            worst = out->error[k];
            when = out->times[k];
        }
    if (worst <= tolerance * out->initial) return RN_OK;
    return rni_fail(RN_NOT_CONVERGED,
                    "rn_transport_solve: with half as many cells the energy inside differs by %.1e "
                    "of the initial one at time %g, asked for %.1e; take more cells",
                    worst / out->initial, when, tolerance);
}

static rn_status fill_solution(grid *fine, grid *half, rn_transport_solution *out)
{
    double largest = 0.0;
    for (rn_index i = 0; i < fine->n; i++)
        largest = fmax(largest, fine->state[i] * fine->energy);
    memcpy(writable(&out->s), fine->middles, (size_t)fine->n * sizeof(double));
    out->initial = fine->energy;
    const rn_status status = march(fine, half, fine->observer, out);
    out->least /= largest;
    out->n_steps = fine->n_steps + half->n_steps;
    out->n_evaluations = fine->n_evaluations + half->n_evaluations;
    return status == RN_OK ? judge(out, fine->accuracy->tolerance) : status;
}

static rn_status check_times(const rn_transport_problem *p)
{
    if (!isfinite(p->t0))
        return rni_fail(RN_ERR_ARGUMENT, "rn_transport_solve: t0 is %g, expected a finite number",
                        p->t0);
    for (rn_index k = 0; k < p->n_times; k++)
        if (!isfinite(p->times[k]) || !(p->times[k] >= (k > 0 ? p->times[k - 1] : p->t0)))
            return rni_fail(RN_ERR_ARGUMENT,
                            "rn_transport_solve: time %" PRId64 " is %g, expected finite numbers "
                            "from t0 = %g on, ascending",
                            k, p->times[k], p->t0);
    return RN_OK;
}

static rn_status check(const rn_transport_problem *p, const rn_transport_accuracy *accuracy)
{
    if (!p->initial || !p->times || p->n_times < 1 || !rni_size_ok(p->n_times))
        return rni_fail(RN_ERR_ARGUMENT, "rn_transport_solve: initial or times are NULL or empty");
    if (p->n_cells < RN_TRANSPORT_MIN_CELLS || p->n_cells > RN_TRANSPORT_MAX_CELLS
        || p->n_cells % 2 != 0)
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_transport_solve: found %" PRId64
                        " cells, expected an even number in %d "
                        ".. %d",
                        p->n_cells, RN_TRANSPORT_MIN_CELLS, RN_TRANSPORT_MAX_CELLS);
    if (!isfinite(p->lower) || !isfinite(p->upper) || !(p->lower < p->upper))
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_transport_solve: the grid runs from %g to %g, expected finite ends in "
                        "this order",
                        p->lower, p->upper);
    double sum = 0.0;
    for (rn_index i = 0; i < p->n_cells; i++)
        sum += p->initial[i];
    if (!isfinite(sum) || !(sum > 0.0))
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_transport_solve: the initial energy is %g, expected a finite number > "
                        "0",
                        sum);
    if (!(accuracy->tolerance > 0.0) || !(accuracy->rtol > 0.0) || !(accuracy->atol > 0.0)
        || accuracy->max_evaluations < 1)
        return rni_fail(RN_ERR_ARGUMENT, "rn_transport_solve: an accuracy is not > 0");
    return check_times(p);
}

rn_status rn_transport_solve(const rn_transport_problem *problem,
                             const rn_transport_accuracy *accuracy, const rn_observer *observer,
                             rn_transport_solution *solution)
{
    const rn_transport_accuracy usual = rn_transport_solve_defaults();
    const rn_transport_accuracy *const wanted = accuracy ? accuracy : &usual;
    rn_transport_solution out = {0};
    grid fine = {0};
    grid half = {0};
    if (!problem || !solution)
        return rni_fail(RN_ERR_ARGUMENT, "rn_transport_solve: an argument is NULL");
    RNI_TRY(check(problem, wanted));
    rn_status status = RN_OK;
    if (solution_create(problem, &out) && grid_create(&fine, problem, wanted, observer, 1)
        && grid_create(&half, problem, wanted, observer, 2))
        status = fill_solution(&fine, &half, &out);
    else
        status =
            rni_fail(RN_ERR_MEMORY,
                     "rn_transport_solve: no memory for %" PRId64 " times of %" PRId64 " cells",
                     problem->n_times, problem->n_cells);
    rni_free(fine.block);
    rni_free(half.block);
    if (status < 0)
        rn_transport_solution_clear(&out);
    else
        *solution = out;
    return status;
}

void rn_transport_solution_clear(rn_transport_solution *solution)
{
    if (!solution) return;
    rni_free(writable(&solution->times));
    *solution = (rn_transport_solution){0};
}
