/*
 * Power laws fitted to ln L, with a choice of how residuals count.
 *
 * Unknowns are ln E, ln of the scales at the variables' geometric means, and the exponents. A loss
 * function rho becomes a least-squares problem in sign(r) sqrt(2 rho(r)), which the minimiser takes
 * as it is; absolute deviations are Huber's with a delta that shrinks from fit to fit.
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

enum { MAX_UNKNOWNS = 5, MAX_STARTS = 6, N_EXPONENTS = 6, N_FLOORS = 4 };

static const double start_exponents[N_EXPONENTS] = {0.08, 0.2, 0.4, 0.8, 1.5, 3.0};
static const double start_floors[N_FLOORS] = {1e-6, 0.3, 0.7, 0.95}; /* of the least loss */

/* Unknowns are kept this far from 0, where the minimiser's relative steps vanish. */
static const double away = 40.0;
static const double least_delta = 1e-7;
static const double trusted_condition = 1e6;

typedef struct log_work {
    const rn_fit_input *input;
    rn_index n, k;    /* points, variables */
    double *block;    /* owns what follows */
    double *u[2];     /* [n] ln x less its mean */
    double *ln_y;     /* [n] */
    double *rest;     /* [n] */
    double *columns;  /* [(1 + 2 k) n] */
    double middle[2]; /* mean of ln x */
    double delta;     /* of Huber's function; infinite: squares */
} log_work;

/* sign(r) sqrt(2 rho(r)). */
static double transformed(double r, double delta)
{
    const double size = fabs(r);
    if (size <= delta) return r;
    return copysign(sqrt(delta * (2.0 * size - delta)), r);
}

static double ln_model(const log_work *w, const double *unknowns, rn_index i)
{
    double terms[3] = {unknowns[0] - away};
    double most = terms[0];
    for (rn_index k = 0; k < w->k && k < 2; k++) {
        terms[1 + k] = unknowns[1 + 2 * k] - away - (unknowns[2 + 2 * k] - away) * w->u[k][i];
        most = fmax(most, terms[1 + k]);
    }
    double sum = 0.0;
    for (rn_index k = 0; k <= w->k; k++)
        sum += exp(terms[k] - most);
    return most + log(sum);
}

static void residuals(void *user, const double *unknowns, double *values)
{
    const log_work *w = user;
    for (rn_index i = 0; i < w->n; i++) {
        const double r = transformed(ln_model(w, unknowns, i) - w->ln_y[i], w->delta);
        values[i] = isfinite(r) ? r : 1e100; /* the minimiser turns back */
    }
}

static double sum_of_squares(log_work *w, const double *unknowns)
{
    double sum = 0.0;
    residuals(w, unknowns, w->rest);
    for (rn_index i = 0; i < w->n; i++)
        sum += w->rest[i] * w->rest[i];
    return sum;
}

/* ---- search ---------------------------------------------------------------------------------- */

typedef struct log_start {
    double sum;
    double at[MAX_UNKNOWNS];
} log_start;

/* Scales for given floor and exponents: relative least squares, in two unknowns at most. */
static void set_scales(const log_work *w, double floor, log_start *start)
{
    double pp[2][2] = {{0}};
    double py[2] = {0};
    for (rn_index i = 0; i < w->n; i++) {
        double p[2] = {0};
        for (rn_index k = 0; k < w->k && k < 2; k++)
            p[k] = exp(-(start->at[2 + 2 * k] - away) * w->u[k][i] - w->ln_y[i]);
        const double y = 1.0 - floor * exp(-w->ln_y[i]);
        for (int a = 0; a < 2; a++) {
            py[a] += p[a] * y;
            for (int b = 0; b < 2; b++)
                pp[a][b] += p[a] * p[b];
        }
    }
    const double det = pp[0][0] * pp[1][1] - pp[0][1] * pp[1][0];
    double scales[2] = {pp[0][0] > 0.0 ? py[0] / pp[0][0] : 1.0, 1.0};
    if (w->k == 2 && det > 1e-12 * pp[0][0] * pp[1][1]) {
        scales[0] = (py[0] * pp[1][1] - py[1] * pp[0][1]) / det;
        scales[1] = (py[1] * pp[0][0] - py[0] * pp[0][1]) / det;
    }
    for (rn_index k = 0; k < w->k; k++)
        start->at[1 + 2 * k] = away + log(fmax(scales[k], 1e-3 * fmax(scales[0], scales[1])));
}

static void offer(log_start *best, rn_index *n_best, const log_start *candidate)
{
    rn_index i = *n_best;
    if (*n_best < MAX_STARTS)
        (*n_best)++;
    else if (best[--i].sum <= candidate->sum)
        return;
    for (; i > 0 && best[i - 1].sum > candidate->sum; i--)
        best[i] = best[i - 1];
    best[i] = *candidate;
}

static rn_index find_starts(log_work *w, log_start *best)
{
    double least = (double)INFINITY;
    rn_index n_best = 0;
    for (rn_index i = 0; i < w->n; i++)
        least = fmin(least, w->input->y[i]);
    for (int i = 0; i < N_EXPONENTS; i++)
        for (int j = 0; j < (w->k > 1 ? N_EXPONENTS : 1); j++)
            for (int f = 0; f < N_FLOORS; f++) {
                log_start here = {.at = {away + log(start_floors[f] * least)}};
                here.at[2] = away + start_exponents[i];
                here.at[4] = away + start_exponents[j];
                set_scales(w, start_floors[f] * least, &here);
                here.sum = sum_of_squares(w, here.at);
                if (isfinite(here.sum)) offer(best, &n_best, &here);
            }
    return n_best;
}

/* From a start to a minimum, and again with smaller delta where absolute deviations are wanted. */
static rn_status descend(log_work *w, const rn_fit_options *o, log_start *start)
{
    const rn_index m = 1 + 2 * w->k;
    w->delta = o->norm == RN_FIT_SQUARES ? (double)INFINITY : o->delta;
    if (o->norm == RN_FIT_ABSOLUTE) w->delta = 0.1;
    for (;;) {
        for (int again = 0; again < 3; again++) {
            const double before = again ? start->sum : (double)INFINITY;
            const rn_status status =
                rni_least_squares(residuals, w, m, w->n, start->at, &start->sum);
            if (status < 0) return status;
            if (!(start->sum < before * (1.0 - 1e-10))) break;
        }
        if (o->norm != RN_FIT_ABSOLUTE || w->delta <= least_delta) return RN_OK;
        w->delta *= 0.1;
    }
}

static rn_status search(log_work *w, const rn_fit_options *o, log_start *found, rn_fit_result *out)
{
    log_start best[MAX_STARTS] = {{0}};
    w->delta = o->norm == RN_FIT_HUBER ? o->delta : (double)INFINITY;
    const rn_index n_best = find_starts(w, best);
    if (n_best == 0)
        return rni_fail(RN_ERR_DOMAIN, "no start of the fit has a finite sum of residuals");
    for (rn_index i = 0; i < n_best; i++) {
        RNI_TRY(descend(w, o, &best[i]));
        if (i == 0 || best[i].sum < found->sum) *found = best[i];
    }
    out->n_starts = n_best;
    for (rn_index i = 0; i < n_best; i++)
        out->n_agreeing += best[i].sum <= found->sum * (1.0 + 1e-6) + 1e-24;
    return RN_OK;
}

/* ---- the answer ------------------------------------------------------------------------------ */

/* Variance of one residual from the estimating equations: mean psi^2 / (mean psi')^2. */
static double variance_of(const log_work *w, const double *unknowns)
{
    double squares = 0.0;
    double slopes = 0.0;
    for (rn_index i = 0; i < w->n; i++) {
        const double r = ln_model(w, unknowns, i) - w->ln_y[i];
        const bool is_inside = fabs(r) <= w->delta;
        const double psi = is_inside ? r : copysign(w->delta, r);
        squares += psi * psi;
        slopes += is_inside ? 1.0 : 0.0;
    }
    const double share = slopes / (double)w->n;
    return squares / (double)(w->n - 1 - 2 * w->k) / (share * share);
}

static void set_errors(log_work *w, const log_start *found, rn_fit_result *out)
{
    const rn_index m = 1 + 2 * w->k;
    double norms[RNI_QR_MAX];
    double r[RNI_QR_MAX * RNI_QR_MAX] = {0};
    for (rn_index i = 0; i < w->n; i++) {
        const double model = exp(ln_model(w, found->at, i));
        w->columns[i] = 1.0 / model;
        for (rn_index k = 0; k < w->k; k++) {
            const double term =
                exp(found->at[1 + 2 * k] - away - (found->at[2 + 2 * k] - away) * w->u[k][i])
                / model;
            w->columns[(1 + 2 * k) * w->n + i] = term; /* of ln A' */
            w->columns[(2 + 2 * k) * w->n + i] = -term * w->u[k][i];
        }
    }
    for (rn_index p = 0; p < m; p++) {
        double sum = 0.0;
        for (rn_index i = 0; i < w->n; i++)
            sum += w->columns[p * w->n + i] * w->columns[p * w->n + i];
        norms[p] = sum > 0.0 ? sqrt(sum) : 1.0;
        for (rn_index i = 0; i < w->n; i++)
            w->columns[p * w->n + i] /= norms[p];
    }
    rni_orthogonalise(w->n, m, w->columns, r);
    out->condition = rni_condition_of(m, r);
    const double variance = variance_of(w, found->at);
    double weights[RNI_QR_MAX] = {1.0};
    out->floor.error = rni_error_of(m, r, norms, weights, variance);
    for (rn_index k = 0; k < w->k; k++) {
        const rn_index at = 1 + 2 * k;
        memset(weights, 0, sizeof weights);
        weights[at + 1] = 1.0;
        out->exponent[k].error = rni_error_of(m, r, norms, weights, variance);
        weights[at] = out->scale[k].value; /* ln A = ln A' + a ln x0 */
        weights[at + 1] = out->scale[k].value * w->middle[k];
        out->scale[k].error = rni_error_of(m, r, norms, weights, variance);
    }
    out->allocation = (rn_fit_number){(double)NAN, (double)NAN};
    if (w->k < 2) return;
    const double a = out->exponent[0].value;
    const double b = out->exponent[1].value;
    memset(weights, 0, sizeof weights);
    weights[2] = -b / ((a + b) * (a + b));
    weights[4] = a / ((a + b) * (a + b));
    out->allocation.value = b / (a + b);
    out->allocation.error = rni_error_of(m, r, norms, weights, variance);
}

static void set_answer(log_work *w, const log_start *found, rn_fit_result *out)
{
    out->n = w->n;
    out->n_variables = w->k;
    out->rss = found->sum;
    out->floor.value = exp(found->at[0] - away);
    for (rn_index k = 0; k < w->k && k < 2; k++) {
        out->exponent[k].value = found->at[2 + 2 * k] - away;
        out->scale[k].value =
            exp(found->at[1 + 2 * k] - away + out->exponent[k].value * w->middle[k]);
    }
    set_errors(w, found, out);
}

static bool work_create(const rn_fit_input *input, log_work *w)
{
    const rn_index n = input->n;
    *w = (log_work){.input = input, .n = n, .k = input->n_variables == 2 ? 2 : 1};
    w->block = rni_alloc((2 + 2 + 5) * n, sizeof *w->block);
    if (!w->block) return false;
    w->u[0] = w->block;
    w->u[1] = w->block + n;
    w->ln_y = w->block + 2 * n;
    w->rest = w->block + 3 * n;
    w->columns = w->block + 4 * n;
    for (rn_index i = 0; i < n; i++)
        w->ln_y[i] = log(input->y[i]);
    for (rn_index k = 0; k < w->k && k < 2; k++) {
        for (rn_index i = 0; i < n; i++)
            w->middle[k] += log(input->x[k][i]) / (double)n;
        for (rn_index i = 0; i < n; i++)
            w->u[k][i] = log(input->x[k][i]) - w->middle[k];
    }
    return true;
}

rn_fit_options rn_fit_options_defaults(void)
{
    return (rn_fit_options){.norm = RN_FIT_HUBER, .delta = 1e-3};
}

static rn_status judge(const rn_fit_result *out)
{
    for (rn_index k = 0; k < out->n_variables; k++)
        if (!(out->exponent[k].value > 0.0))
            return rni_fail(RN_NOT_CONVERGED,
                            "the fit cannot be trusted: the loss grows with variable %" PRId64,
                            k + 1);
    if (out->condition <= trusted_condition) return RN_OK;
    return rni_fail(RN_NOT_CONVERGED,
                    "the fit cannot be trusted: condition %.1e, parameters trade against each "
                    "other on these data",
                    out->condition);
}

rn_status rn_fit_log_law(const rn_fit_input *input, const rn_fit_options *options,
                         rn_fit_result *result)
{
    const rn_fit_options chosen = options ? *options : rn_fit_options_defaults();
    log_work w;
    log_start found = {0};
    rn_fit_result out = {0};
    RNI_TRY(rni_fit_check("rn_fit_log_law", input, result));
    if (chosen.norm < RN_FIT_SQUARES || chosen.norm > RN_FIT_ABSOLUTE
        || (chosen.norm == RN_FIT_HUBER && !(chosen.delta > 0.0)))
        return rni_fail(RN_ERR_ARGUMENT, "rn_fit_log_law: norm %d with delta %g", chosen.norm,
                        chosen.delta);
    for (rn_index i = 0; i < input->n; i++)
        if (!(input->y[i] > 0.0))
            return rni_fail(
                RN_ERR_DOMAIN,
                "the data cannot support a fit of ln L: the loss is %g at point %" PRId64,
                input->y[i], i);
    if (!work_create(input, &w))
        return rni_fail(RN_ERR_MEMORY, "rn_fit_log_law: no memory for %" PRId64 " points",
                        input->n);
    rn_status status = search(&w, &chosen, &found, &out);
    if (status == RN_OK) {
        set_answer(&w, &found, &out);
        *result = out;
        status = judge(&out);
    }
    rni_free(w.block);
    return status;
}
