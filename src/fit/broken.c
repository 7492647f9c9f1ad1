/*
 * Power laws with breaks, by variable projection on relative residuals. Unknowns, each moved away
 * from 0 because the minimiser's steps are relative: a, then c, ln d less the mean of ln x, and
 * ln f of every break. A second break is looked for from the best fits with one.
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

enum { MAX_UNKNOWNS = 1 + 3 * RN_FIT_MAX_BREAKS, MAX_STARTS = 10, N_PLACES = 6 };

static const double away = 12.0;
static const double least_ln_width = -5.0;
static const double most_ln_width = 2.0;
static const double trusted_condition = 1e8;

typedef struct broken_work {
    const rn_fit_input *input;
    rn_index n, n_breaks;
    double *block;            /* owns what follows */
    double *u;                /* [n] ln x - middle */
    double *columns;          /* [(3 + 3 n_breaks) n] */
    double *left;             /* [n] */
    double middle, low, high; /* of u: its ends */
    double r[RNI_QR_MAX * RNI_QR_MAX];
} broken_work;

typedef struct broken_start {
    double sum;
    double at[MAX_UNKNOWNS];
} broken_start;

/* ln(1 + e^z). */
static double softplus(double z)
{
    return z > 0.0 ? z + log1p(exp(-z)) : log1p(exp(z));
}

static double width_of(double unknown)
{
    return exp(fmin(fmax(unknown - away, least_ln_width), most_ln_width));
}

/* ln of x^-a times the breaks, at u. */
static double shape_at(const double *unknowns, rn_index n_breaks, double u)
{
    double sum = -(unknowns[0] - away) * u;
    for (rn_index b = 0; b < n_breaks; b++) {
        const double *p = unknowns + 1 + 3 * b;
        const double f = width_of(p[2]);
        sum -= (p[0] - away) * f * softplus((u - (p[1] - away)) / f);
    }
    return fmin(fmax(sum, -600.0), 600.0);
}

static void project(void *user, const double *unknowns, double *residuals)
{
    broken_work *w = user;
    double c[RNI_QR_MAX] = {0};
    for (rn_index i = 0; i < w->n; i++) {
        w->columns[i] = 1.0 / w->input->y[i];
        w->columns[w->n + i] = exp(shape_at(unknowns, w->n_breaks, w->u[i])) / w->input->y[i];
        residuals[i] = 1.0;
    }
    rni_orthogonalise(w->n, 2, w->columns, w->r);
    rni_project_out(w->n, 2, w->columns, residuals, c);
}

static double sum_of_squares(broken_work *w, const double *unknowns)
{
    double sum = 0.0;
    project(w, unknowns, w->left);
    for (rn_index i = 0; i < w->n; i++)
        sum += w->left[i] * w->left[i];
    return sum;
}

/* ---- search ---------------------------------------------------------------------------------- */

static void offer(broken_start *best, rn_index *n_best, const broken_start *candidate)
{
    rn_index i = *n_best;
    if (!isfinite(candidate->sum)) return;
    if (*n_best < MAX_STARTS)
        (*n_best)++;
    else if (best[--i].sum <= candidate->sum)
        return;
    for (; i > 0 && best[i - 1].sum > candidate->sum; i--)
        best[i] = best[i - 1];
    best[i] = *candidate;
}

/* All places, changes and widths of break b, the rest as it is. */
static void vary_break(broken_work *w, rn_index b, broken_start here, broken_start *best,
                       rn_index *n_best)
{
    static const double changes[] = {-0.3, 0.3, 1.0, 4.0};
    static const double widths[] = {0.07, 0.3, 1.0};
    for (int place = 0; place < N_PLACES; place++)
        for (int k = 0; k < 12; k++) {
            double *p = here.at + 1 + 3 * b;
            p[0] = away + changes[k / 3];
            /* up to a factor 2 behind the data: a break may be felt before it comes */
            p[1] = away + w->low + (w->high + 0.7 - w->low) * (place + 1.0) / N_PLACES;
            p[2] = away + log(widths[k % 3]);
            here.sum = sum_of_squares(w, here.at);
            offer(best, n_best, &here);
        }
}

static rn_status descend(broken_work *w, broken_start *start)
{
    for (int again = 0; again < 6; again++) {
        const double before = again ? start->sum : (double)INFINITY;
        const rn_status status =
            rni_least_squares(project, w, 1 + 3 * w->n_breaks, w->n, start->at, &start->sum);
        if (status < 0) return status;
        if (!(start->sum < before * (1.0 - 1e-6))) break;
    }
    return RN_OK;
}

static rn_status descend_all(broken_work *w, rn_index n_best, broken_start *best)
{
    for (rn_index i = 0; i < n_best; i++)
        RNI_TRY(descend(w, &best[i]));
    for (rn_index i = 1; i < n_best; i++) /* in order again: few, nearly sorted */
        for (rn_index j = i; j > 0 && best[j].sum < best[j - 1].sum; j--) {
            const broken_start kept = best[j];
            best[j] = best[j - 1];
            best[j - 1] = kept;
        }
    return RN_OK;
}

static rn_status search(broken_work *w, rn_index n_breaks, broken_start *found, rn_fit_broken *out)
{
    static const double exponents[] = {0.05, 0.15, 0.4, 1.0};
    broken_start best[MAX_STARTS];
    rn_index n_best = 0;
    w->n_breaks = 1;
    for (int i = 0; i < 4; i++) {
        broken_start here = {.at = {away + exponents[i]}};
        vary_break(w, 0, here, best, &n_best);
    }
    RNI_TRY(descend_all(w, n_best, best));
    if (n_breaks == 2) {
        broken_start with_one[3];
        const rn_index n_seeds = n_best < 3 ? n_best : 3;
        memcpy(with_one, best, sizeof with_one);
        n_best = 0;
        w->n_breaks = 2;
        for (rn_index i = 0; i < n_seeds; i++)
            vary_break(w, 1, with_one[i], best, &n_best);
        RNI_TRY(descend_all(w, n_best, best));
    }
    if (n_best == 0)
        return rni_fail(RN_ERR_DOMAIN, "no start of the fit has a finite sum of residuals");
    *found = best[0];
    out->n_starts = n_best;
    for (rn_index i = 0; i < n_best; i++)
        out->n_agreeing += best[i].sum <= found->sum * (1.0 + 1e-6) + 1e-22 * (double)w->n;
    return RN_OK;
}

/* ---- the answer ------------------------------------------------------------------------------ */

/* Jacobian of the relative residuals in E, ln A', a and (c, ln d, ln f) of every break. */
static void set_jacobian(broken_work *w, const double *unknowns, double scale, double *norms)
{
    const rn_index m = 3 + 3 * w->n_breaks;
    for (rn_index i = 0; i < w->n; i++) {
        const double u = w->u[i];
        const double y = w->input->y[i];
        const double term = scale * exp(shape_at(unknowns, w->n_breaks, u)) / y;
        w->columns[i] = 1.0 / y;
        w->columns[w->n + i] = term;
        w->columns[2 * w->n + i] = -term * u;
        for (rn_index b = 0; b < w->n_breaks; b++) {
            const double *p = unknowns + 1 + 3 * b;
            const double c = p[0] - away;
            const double f = width_of(p[2]);
            const double z = (u - (p[1] - away)) / f;
            const double rise = 1.0 / (1.0 + exp(-z));
            double *const column = w->columns + (3 + 3 * b) * w->n + i;
            column[0] = -term * f * softplus(z);
            column[w->n] = term * c * rise;
            column[2 * w->n] = term * c * f * (rise * z - softplus(z));
        }
    }
    for (rn_index p = 0; p < m; p++) {
        double *const column = w->columns + p * w->n;
        double sum = 0.0;
        for (rn_index i = 0; i < w->n; i++)
            sum += column[i] * column[i];
        norms[p] = sum > 0.0 ? sqrt(sum) : 1.0;
        for (rn_index i = 0; i < w->n; i++)
            column[i] /= norms[p];
    }
    rni_orthogonalise(w->n, m, w->columns, w->r);
}

static double error_in(const broken_work *w, const double *norms, const double *weights,
                       double variance)
{
    return rni_error_of(3 + 3 * w->n_breaks, w->r, norms, weights, variance);
}

static void set_errors(broken_work *w, const broken_start *found, double scale, rn_fit_broken *out)
{
    const rn_index m = 3 + 3 * w->n_breaks;
    const double variance = out->rss / (double)(w->n - m);
    double norms[RNI_QR_MAX];
    double weights[RNI_QR_MAX] = {1.0};
    set_jacobian(w, found->at, scale, norms);
    out->condition = rni_condition_of(m, w->r);
    out->floor.error = error_in(w, norms, weights, variance);
    memset(weights, 0, sizeof weights);
    weights[2] = 1.0;
    out->exponent.error = error_in(w, norms, weights, variance);
    weights[1] = out->scale.value; /* ln A = ln A' + a middle */
    weights[2] = out->scale.value * w->middle;
    out->scale.error = error_in(w, norms, weights, variance);
    for (rn_index b = 0; b < w->n_breaks; b++) {
        rn_fit_number *const numbers[3] = {&out->change[b], &out->at[b], &out->width[b]};
        for (int k = 0; k < 3; k++) {
            memset(weights, 0, sizeof weights);
            weights[3 + 3 * b + k] = k == 0 ? 1.0 : numbers[k]->value;
            numbers[k]->error = error_in(w, norms, weights, variance);
        }
    }
}

/* Breaks in ascending order of place. */
static void order_breaks(rn_index n_breaks, broken_start *found)
{
    double kept[3];
    if (n_breaks < 2 || found->at[2] <= found->at[5]) return;
    memcpy(kept, found->at + 1, sizeof kept);
    memcpy(found->at + 1, found->at + 4, sizeof kept);
    memcpy(found->at + 4, kept, sizeof kept);
}

static void set_answer(broken_work *w, broken_start *found, rn_fit_broken *out)
{
    double c[RNI_QR_MAX] = {0};
    order_breaks(w->n_breaks, found);
    project(w, found->at, w->left); /* leaves the factors */
    for (rn_index i = 0; i < w->n; i++)
        w->left[i] = 1.0;
    rni_project_out(w->n, 2, w->columns, w->left, c);
    rni_solve_upper(2, w->r, c);
    out->n = w->n;
    out->n_breaks = w->n_breaks;
    out->rss = found->sum;
    out->floor.value = c[0];
    out->exponent.value = found->at[0] - away;
    out->scale.value = c[1] * exp(out->exponent.value * w->middle);
    for (rn_index b = 0; b < w->n_breaks; b++) {
        out->change[b].value = found->at[1 + 3 * b] - away;
        out->at[b].value = exp(found->at[2 + 3 * b] - away + w->middle);
        out->width[b].value = width_of(found->at[3 + 3 * b]);
    }
    set_errors(w, found, c[1], out);
}

static rn_status judge(const broken_work *w, const rn_fit_broken *out)
{
    for (rn_index b = 0; b < out->n_breaks; b++) {
        const double u = log(out->at[b].value) - w->middle;
        if (!(u > w->low - log(10.0)) || !(u < w->high + log(10.0)))
            return rni_fail(RN_NOT_CONVERGED,
                            "the fit cannot be trusted: a break ran to x = %g, far outside the "
                            "data; fewer breaks would do",
                            out->at[b].value);
    }
    if (out->condition <= trusted_condition) return RN_OK;
    return rni_fail(RN_NOT_CONVERGED,
                    "the fit cannot be trusted: condition %.1e, parameters trade against each "
                    "other on these data",
                    out->condition);
}

static bool work_create(const rn_fit_input *input, rn_index n_breaks, broken_work *w)
{
    const rn_index n = input->n;
    *w = (broken_work){.input = input, .n = n, .low = (double)INFINITY, .high = -(double)INFINITY};
    w->block = rni_alloc((2 + 3 + 3 * n_breaks) * n, sizeof *w->block);
    if (!w->block) return false;
    w->u = w->block;
    w->left = w->block + n;
    w->columns = w->block + 2 * n;
    for (rn_index i = 0; i < n; i++)
        w->middle += log(input->x[0][i]) / (double)n;
    for (rn_index i = 0; i < n; i++) {
        w->u[i] = log(input->x[0][i]) - w->middle;
        w->low = fmin(w->low, w->u[i]);
        w->high = fmax(w->high, w->u[i]);
    }
    return true;
}

static rn_status check(const rn_fit_input *input, rn_index n_breaks, const rn_fit_broken *result)
{
    const rn_fit_result unused = {0};
    if (!input || !result || n_breaks < 1 || n_breaks > RN_FIT_MAX_BREAKS
        || input->n_variables != 1)
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_fit_broken_law: an argument is NULL, %" PRId64
                        " breaks, expected 1 or 2, or more than one variable",
                        n_breaks);
    RNI_TRY(rni_fit_check("rn_fit_broken_law", input, &unused));
    if (input->n < 4 + 3 * n_breaks)
        return rni_fail(RN_ERR_DOMAIN,
                        "the data cannot support %" PRId64 " break%s: found %" PRId64
                        " points, expected at least %" PRId64,
                        n_breaks, n_breaks > 1 ? "s" : "", input->n, 4 + 3 * n_breaks);
    for (rn_index i = 0; i < input->n; i++)
        if (!(input->y[i] > 0.0))
            return rni_fail(RN_ERR_DOMAIN,
                            "the data cannot support relative residuals: the loss is %g at point "
                            "%" PRId64,
                            input->y[i], i);
    return RN_OK;
}

/* The unknowns of a law in the units of this table. */
static void start_from(const broken_work *w, const rn_fit_broken *from, broken_start *start)
{
    start->at[0] = away + from->exponent.value;
    for (rn_index b = 0; b < from->n_breaks; b++) {
        start->at[1 + 3 * b] = away + from->change[b].value;
        start->at[2 + 3 * b] = away + log(from->at[b].value) - w->middle;
        start->at[3 + 3 * b] = away + log(from->width[b].value);
    }
}

/* From one start where there is a law to go on from, else from many. */
static rn_status fit_broken(const rn_fit_input *input, rn_index n_breaks, const rn_fit_broken *from,
                            rn_fit_broken *result)
{
    broken_work w;
    broken_start found = {0};
    rn_fit_broken out = {0};
    rn_status status = RN_OK;
    RNI_TRY(check(input, n_breaks, result));
    if (!work_create(input, n_breaks, &w))
        return rni_fail(RN_ERR_MEMORY, "rn_fit_broken_law: no memory for %" PRId64 " points",
                        input->n);
    if (from) {
        w.n_breaks = n_breaks;
        out.n_starts = out.n_agreeing = 1;
        start_from(&w, from, &found);
        status = descend(&w, &found);
    } else {
        status = search(&w, n_breaks, &found, &out);
    }
    if (status == RN_OK) {
        set_answer(&w, &found, &out);
        *result = out;
        status = judge(&w, &out);
    }
    rni_free(w.block);
    return status;
}

rn_status rn_fit_broken_law(const rn_fit_input *input, rn_index n_breaks, rn_fit_broken *result)
{
    return fit_broken(input, n_breaks, NULL, result);
}

rn_status rn_fit_broken_law_from(const rn_fit_input *input, const rn_fit_broken *from,
                                 rn_fit_broken *result)
{
    if (!from) return rni_fail(RN_ERR_ARGUMENT, "rn_fit_broken_law_from: an argument is NULL");
    return fit_broken(input, from->n_breaks, from, result);
}

double rn_fit_broken_at(const rn_fit_broken *fit, double x)
{
    double sum = log(fit->scale.value) - fit->exponent.value * log(x);
    if (!(fit->scale.value > 0.0)) return (double)NAN;
    for (rn_index b = 0; b < fit->n_breaks && b < RN_FIT_MAX_BREAKS; b++) {
        const double f = fit->width[b].value;
        sum -= fit->change[b].value * f * softplus(log(x / fit->at[b].value) / f);
    }
    return fit->floor.value + exp(sum);
}
