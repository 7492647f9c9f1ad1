/*
 * Power laws by variable projection.
 *
 * Variables enter as u = ln(x/x0), x0 their geometric mean, so that scales are of the size of the
 * data. The search is over ln of the exponents, moved away from zero: the minimiser takes steps
 * relative to its unknowns.
 */
#include <math.h>
#include <renorm/fit.h>
#include <stdbool.h>
#include <string.h>

#include "backends/minpack.h"
#include "core/memory.h"
#include "core/status.h"
#include "fit/columns_qr.h"
#include "fit/support.h"

enum { N_GRID = 16, MAX_STARTS = 8, MAX_VARIABLES = 2 };
static const double least_exponent = 1e-3;
static const double most_exponent = 20.0;
static const double max_condition = 1e6;
static const double shift = 12.0; /* unknown = ln exponent + shift, >= 5 */

typedef struct work {
    const rn_fit_input *input;
    rn_index n, k;    /* points, variables */
    double *block;    /* owns what follows */
    double *u[2];     /* [n] */
    double *columns;  /* [(1 + 2 k) n] */
    double *left;     /* [n] residuals */
    double middle[2]; /* ln x0 */
    double r[RNI_QR_MAX * RNI_QR_MAX];
} work;

/* ---- projection ------------------------------------------------------------------------------ */

static double exponent_of(double unknown)
{
    return exp(fmin(fmax(unknown - shift, log(least_exponent)), log(most_exponent)));
}

/* Columns 1, e^(-a u), e^(-b v), orthogonalised. */
static void set_basis(work *w, const double *unknowns)
{
    for (rn_index i = 0; i < w->n; i++)
        w->columns[i] = 1.0;
    for (rn_index k = 0; k < w->k && k < MAX_VARIABLES; k++) {
        const double a = exponent_of(unknowns[k]);
        for (rn_index i = 0; i < w->n; i++)
            w->columns[(k + 1) * w->n + i] = exp(-a * w->u[k][i]);
    }
    rni_orthogonalise(w->n, 1 + w->k, w->columns, w->r);
}

static void project(void *user, const double *unknowns, double *residuals)
{
    work *w = user;
    double c[RNI_QR_MAX] = {0};
    set_basis(w, unknowns);
    memcpy(residuals, w->input->y, (size_t)w->n * sizeof *residuals);
    rni_project_out(w->n, 1 + w->k, w->columns, residuals, c);
}

static double sum_of_squares(work *w, const double *unknowns)
{
    double sum = 0.0;
    project(w, unknowns, w->left);
    for (rn_index i = 0; i < w->n; i++)
        sum += w->left[i] * w->left[i];
    return sum;
}

/* ---- search ---------------------------------------------------------------------------------- */

typedef struct start {
    double rss;
    double at[2];
} start;

/* Keeps the best MAX_STARTS, best first. */
static void offer(start *best, rn_index *n_best, start candidate)
{
    rn_index i = *n_best < MAX_STARTS ? (*n_best)++ : MAX_STARTS - 1;
    if (i == MAX_STARTS - 1 && *n_best == MAX_STARTS && best[i].rss > 0.0
        && best[i].rss <= candidate.rss)
        return;
    for (; i > 0 && best[i - 1].rss > candidate.rss; i--)
        best[i] = best[i - 1];
    best[i] = candidate;
}

static double grid_point(int i)
{
    return shift + log(0.03) + (log(3.0) - log(0.03)) * i / (N_GRID - 1); /* exponents 0.03 .. 3 */
}

static rn_index look_over_grid(work *w, start best[MAX_STARTS])
{
    rn_index n_best = 0;
    for (int i = 0; i < N_GRID; i++)
        for (int j = 0; j < (w->k > 1 ? N_GRID : 1); j++) {
            start here = {.at = {grid_point(i), grid_point(j)}};
            here.rss = sum_of_squares(w, here.at);
            offer(best, &n_best, here);
        }
    return n_best;
}

static rn_status search(work *w, start *found, rn_fit_result *out)
{
    start best[MAX_STARTS] = {{0}};
    const rn_index n_best = look_over_grid(w, best);
    double total = 0.0; /* of y^2: what rounding leaves of rss */
    for (rn_index i = 0; i < w->n; i++)
        total += w->input->y[i] * w->input->y[i];
    *found = best[0];
    for (rn_index i = 0; i < n_best; i++) {
        const rn_status status =
            rni_least_squares(project, w, w->k, w->n, best[i].at, &best[i].rss);
        if (status < 0) return status;
        if (i == 0 || best[i].rss < found->rss) *found = best[i];
    }
    out->n_starts = n_best;
    for (rn_index i = 0; i < n_best; i++)
        out->n_agreeing += best[i].rss <= found->rss * (1.0 + 1e-6) + 1e-24 * total;
    return RN_OK;
}

/* ---- the answer ------------------------------------------------------------------------------ */

/* Jacobian columns of E, A', B', a, b in w->columns, of length 1; their lengths in norms. */
static void set_jacobian(work *w, const double *scales, const double *exponents, double *norms)
{
    const rn_index n_parameters = 1 + 2 * w->k;
    for (rn_index i = 0; i < w->n; i++) {
        w->columns[i] = 1.0;
        for (rn_index k = 0; k < w->k && k < MAX_VARIABLES; k++) {
            const double power = exp(-exponents[k] * w->u[k][i]);
            w->columns[(1 + k) * w->n + i] = power;
            w->columns[(1 + w->k + k) * w->n + i] = -scales[k] * w->u[k][i] * power;
        }
    }
    for (rn_index p = 0; p < n_parameters; p++) {
        double *const column = w->columns + p * w->n;
        double sum = 0.0;
        for (rn_index i = 0; i < w->n; i++)
            sum += column[i] * column[i];
        norms[p] = sum > 0.0 ? sqrt(sum) : 1.0;
        for (rn_index i = 0; i < w->n; i++)
            column[i] /= norms[p];
    }
    rni_orthogonalise(w->n, n_parameters, w->columns, w->r);
}

static void set_errors(work *w, const double *scales, rn_fit_result *out)
{
    const rn_index n_parameters = 1 + 2 * w->k;
    const double variance = out->rss / (double)(w->n - n_parameters);
    const double exponents[2] = {out->exponent[0].value, out->exponent[1].value};
    double norms[RNI_QR_MAX];
    set_jacobian(w, scales, exponents, norms);
    out->condition = rni_condition_of(n_parameters, w->r);
    for (rn_index k = -1; k < w->k && k < MAX_VARIABLES; k++) {
        double weights[RNI_QR_MAX] = {0};
        if (k < 0) {
            weights[0] = 1.0;
            out->floor.error = rni_error_of(n_parameters, w->r, norms, weights, variance);
            continue;
        }
        weights[1 + w->k + k] = 1.0;
        out->exponent[k].error = rni_error_of(n_parameters, w->r, norms, weights, variance);
        /* A = A' x0^a */
        weights[1 + k] = exp(exponents[k] * w->middle[k]);
        weights[1 + w->k + k] = out->scale[k].value * w->middle[k];
        out->scale[k].error = rni_error_of(n_parameters, w->r, norms, weights, variance);
    }
    out->allocation = (rn_fit_number){(double)NAN, (double)NAN};
    if (w->k < 2) return;
    const double sum = exponents[0] + exponents[1];
    const double weights[RNI_QR_MAX] = {0.0, 0.0, 0.0, -exponents[1] / (sum * sum),
                                        exponents[0] / (sum * sum)};
    out->allocation.value = exponents[1] / sum;
    out->allocation.error = rni_error_of(n_parameters, w->r, norms, weights, variance);
}

static void set_answer(work *w, const start *found, rn_fit_result *out)
{
    double c[RNI_QR_MAX] = {0};
    set_basis(w, found->at);
    memcpy(w->left, w->input->y, (size_t)w->n * sizeof(double));
    rni_project_out(w->n, 1 + w->k, w->columns, w->left, c);
    rni_solve_upper(1 + w->k, w->r, c);
    out->n = w->n;
    out->n_variables = w->k;
    out->rss = found->rss;
    out->floor.value = c[0];
    for (rn_index k = 0; k < w->k && k < MAX_VARIABLES; k++) {
        out->exponent[k].value = exponent_of(found->at[k]);
        out->scale[k].value = c[1 + k] * exp(out->exponent[k].value * w->middle[k]);
    }
    set_errors(w, c + 1, out);
}

static rn_status judge(const rn_fit_result *out)
{
    for (rn_index k = 0; k < out->n_variables; k++) {
        const double a = out->exponent[k].value;
        if (a <= least_exponent * 1.01 || a >= most_exponent * 0.99)
            return rni_fail(RN_NOT_CONVERGED,
                            "the fit cannot be trusted: exponent %" PRId64 " ran to %g, the end of "
                            "its range",
                            k + 1, a);
        if (!(out->scale[k].value > 0.0))
            return rni_fail(RN_NOT_CONVERGED,
                            "the fit cannot be trusted: the loss grows with variable %" PRId64,
                            k + 1);
    }
    if (out->condition <= max_condition) return RN_OK;
    return rni_fail(
        RN_NOT_CONVERGED,
        "the fit cannot be trusted: condition %.1e, parameters trade against each other "
        "on these data",
        out->condition);
}

/* False: no memory. */
static bool work_create(const rn_fit_input *input, work *w)
{
    const rn_index n = input->n;
    *w = (work){.input = input, .n = n, .k = input->n_variables == 2 ? 2 : 1};
    w->block = rni_alloc((2 + 5 + 1) * n, sizeof *w->block);
    if (!w->block) return false;
    w->u[0] = w->block;
    w->u[1] = w->block + n;
    w->columns = w->block + 2 * n;
    w->left = w->block + 7 * n;
    for (rn_index k = 0; k < w->k && k < MAX_VARIABLES; k++) {
        for (rn_index i = 0; i < n; i++)
            w->middle[k] += log(input->x[k][i]) / (double)n;
        for (rn_index i = 0; i < n; i++)
            w->u[k][i] = log(input->x[k][i]) - w->middle[k];
    }
    return true;
}

rn_status rn_fit_power_law(const rn_fit_input *input, rn_fit_result *result)
{
    work w;
    start found = {0};
    rn_fit_result out = {0};
    RNI_TRY(rni_fit_check("rn_fit_power_law", input, result));
    if (!work_create(input, &w))
        return rni_fail(RN_ERR_MEMORY, "rn_fit_power_law: no memory for %" PRId64 " points",
                        input->n);
    rn_status status = search(&w, &found, &out);
    if (status == RN_OK) {
        set_answer(&w, &found, &out);
        *result = out;
        status = judge(&out);
    }
    rni_free(w.block);
    return status;
}

double rn_fit_at(const rn_fit_result *fit, double x, double d)
{
    const double at[MAX_VARIABLES] = {x, d};
    double sum = fit->floor.value;
    for (rn_index k = 0; k < fit->n_variables && k < MAX_VARIABLES; k++)
        sum += fit->scale[k].value * pow(at[k], -fit->exponent[k].value);
    return sum;
}

/* ---- profiles -------------------------------------------------------------------------------- */

/* One exponent held, the other free. */
typedef struct held {
    work *w;
    rn_index k;
    double unknown;
} held;

static void project_other(void *user, const double *other, double *residuals)
{
    const held *h = user;
    double unknowns[MAX_VARIABLES];
    unknowns[h->k] = h->unknown;
    unknowns[1 - h->k] = other[0];
    project(h->w, unknowns, residuals);
}

/* Least sum of squares with exponent k held; *other goes on from where it was. */
static rn_status held_sum(held *h, double *other, double *sum)
{
    if (h->w->k == 2) return rni_least_squares(project_other, h, 1, h->w->n, other, sum);
    *sum = sum_of_squares(h->w, &h->unknown);
    return RN_OK;
}

/* Whether an unknown has come to the end of the exponent's range. */
static bool is_at_end(double unknown)
{
    const double exponent = exponent_of(unknown);
    return !(exponent > 1.01 * least_exponent) || !(exponent < 0.99 * most_exponent);
}

/* Halves between an unknown inside and one outside. */
static rn_status halve(held *h, double other, double most, double inside, double outside,
                       double *end)
{
    double sum = 0.0;
    for (int i = 0; i < 40; i++) {
        h->unknown = 0.5 * (inside + outside);
        RNI_TRY(held_sum(h, &other, &sum));
        if (sum > most)
            outside = h->unknown;
        else
            inside = h->unknown;
    }
    *end = exponent_of(inside);
    return RN_OK;
}

/* From the minimum outwards in ln exponent until the sum exceeds `most`, then halving. */
static rn_status find_end(held *h, double other, double most, double stride, double *end)
{
    const double middle = h->unknown;
    double inside = middle;
    double sum = 0.0;
    while (!is_at_end(inside)) {
        const double kept = other;
        h->unknown = middle + stride;
        RNI_TRY(held_sum(h, &other, &sum));
        if (sum > most) return halve(h, kept, most, inside, h->unknown, end);
        inside = h->unknown;
        stride *= 2.0;
    }
    *end = stride > 0.0 ? (double)INFINITY : 0.0; /* the data set no end */
    return RN_OK;
}

static rn_status profile(work *w, double sigmas, const rn_fit_result *fit, rn_fit_range *out)
{
    const double freedom = (double)(w->n - 1 - 2 * w->k);
    const double most = fit->rss * (1.0 + sigmas * sigmas / freedom);
    for (rn_index k = 0; k < w->k && k < MAX_VARIABLES; k++) {
        const double at = shift + log(fit->exponent[k].value);
        const double other = w->k == 2 ? shift + log(fit->exponent[1 - k].value) : 0.0;
        const double stride =
            fmin(fmax(fit->exponent[k].error / fit->exponent[k].value, 1e-9), 1.0);
        held h = {.w = w, .k = k, .unknown = at};
        RNI_TRY(find_end(&h, other, most, -stride, &out[k].low));
        h.unknown = at;
        RNI_TRY(find_end(&h, other, most, stride, &out[k].high));
    }
    return RN_OK;
}

rn_status rn_fit_profile(const rn_fit_input *input, double sigmas, rn_fit_range exponents[2])
{
    rn_fit_result fit = {0};
    rn_fit_range found[2] = {{(double)NAN, (double)NAN}, {(double)NAN, (double)NAN}};
    work w = {0};
    if (!exponents || !(sigmas > 0.0) || !isfinite(sigmas))
        return rni_fail(RN_ERR_ARGUMENT, "rn_fit_profile: an argument is NULL, or %g sigmas",
                        sigmas);
    const rn_status told = rn_fit_power_law(input, &fit);
    if (told < 0) return told;
    if (!work_create(input, &w))
        return rni_fail(RN_ERR_MEMORY, "rn_fit_profile: no memory for %" PRId64 " points",
                        input->n);
    const rn_status status = profile(&w, sigmas, &fit, found);
    rni_free(w.block);
    if (status < 0) return status;
    memcpy(exponents, found, sizeof found);
    return RN_OK;
}
