#include "report/fit_curves.h"

#include <math.h>
#include <stdlib.h>

#include "core/memory.h"

enum { N_POINTS = 81, N_COMPUTES = 41 };

/* How far beyond the largest value curves go, and allocations beyond the largest compute. */
#define AHEAD         10.0
#define AHEAD_COMPUTE 100.0

/* One curve: its points and their band. */
typedef struct curve {
    double at[N_POINTS], value[N_POINTS], low[N_POINTS], high[N_POINTS];
} curve;

static double draw_at(const rn_fit_report *r, rn_index d, double x, double other)
{
    return r->broken ? rn_fit_broken_at(&r->broken_draws[d], x) : rn_fit_at(&r->draws[d], x, other);
}

double rni_fit_law(const rn_fit_report *r, double x, double d)
{
    return r->broken ? rn_fit_broken_at(r->broken, x) : rn_fit_at(r->fit, x, d);
}

/* Least and largest of n values. */
static void find_ends(rn_index n, const double *values, double *low, double *high)
{
    *low = *high = values[0];
    for (rn_index i = 1; i < n; i++) {
        *low = fmin(*low, values[i]);
        *high = fmax(*high, values[i]);
    }
}

static double even(double low, double high, rn_index i, rn_index n)
{
    return low * pow(high / low, (double)i / (double)(n - 1));
}

static void put_curve(rni_json *json, rn_index variable, double held, const curve *c)
{
    rni_json_object(json, NULL);
    rni_json_integer(json, "variable", variable);
    rni_json_real(json, "held", held);
    rni_json_reals(json, "at", N_POINTS, c->at);
    rni_json_reals(json, "value", N_POINTS, c->value);
    rni_json_reals(json, "low", N_POINTS, c->low);
    rni_json_reals(json, "high", N_POINTS, c->high);
    rni_json_close(json);
}

/* The law along a variable, the other held. values: [n_draws] */
static void follow(const rn_fit_report *r, int variable, double held, double *values, curve *c)
{
    double low = 0.0;
    double high = 0.0;
    find_ends(r->table->input.n, r->table->input.x[variable], &low, &high);
    for (rn_index i = 0; i < N_POINTS; i++) {
        const double at = even(low, AHEAD * high, i, N_POINTS);
        const double x = variable ? held : at;
        const double d = variable ? at : held;
        c->at[i] = at;
        c->value[i] = rni_fit_law(r, x, d);
        for (rn_index k = 0; k < r->n_draws; k++)
            values[k] = draw_at(r, k, x, d);
        const rn_fit_range band = rn_fit_percentiles(r->n_draws, values, r->level);
        c->low[i] = band.low;
        c->high[i] = band.high;
    }
}

static int compare_numbers(const void *left, const void *right)
{
    const double a = *(const double *)left;
    const double b = *(const double *)right;
    return (a > b) - (a < b);
}

/* Values at which a variable is held: quantiles of its points, each once. sorted: [n] */
static int choose_levels(rn_index n, const double *values, double *sorted,
                         double levels[RNI_FIT_LEVELS])
{
    int n_levels = 0;
    for (rn_index i = 0; i < n; i++)
        sorted[i] = values[i];
    qsort(sorted, (size_t)n, sizeof *sorted, compare_numbers);
    for (int k = 0; k < RNI_FIT_LEVELS; k++) {
        const double share = 0.05 + 0.9 * k / (RNI_FIT_LEVELS - 1);
        const double level = sorted[(rn_index)(share * (double)(n - 1) + 0.5)];
        if (n_levels == 0 || level > 1.05 * levels[n_levels - 1]) levels[n_levels++] = level;
    }
    return n_levels;
}

static void put_band(rni_json *json, const char *key, rn_index n, const double *value,
                     const double *low, const double *high)
{
    rni_json_object(json, key);
    rni_json_reals(json, "value", n, value);
    rni_json_reals(json, "low", n, low);
    rni_json_reals(json, "high", n, high);
    rni_json_close(json);
}

/* N of least loss at a compute C = 6 N D. */
static double best_size(const rn_fit_result *fit, double compute)
{
    const double a = fit->exponent[0].value;
    const double b = fit->exponent[1].value;
    const double ratio = a * fit->scale[0].value / (b * fit->scale[1].value);
    return pow(ratio, 1.0 / (a + b)) * pow(compute / 6.0, b / (a + b));
}

static void put_allocation(rni_json *json, const rn_fit_report *r, double *values)
{
    const rn_fit_input *input = &r->table->input;
    curve size = {.at = {0}};
    curve tokens = {.at = {0}};
    double low = (double)INFINITY;
    double high = 0.0;
    for (rn_index i = 0; i < input->n; i++) {
        low = fmin(low, 6.0 * input->x[0][i] * input->x[1][i]);
        high = fmax(high, 6.0 * input->x[0][i] * input->x[1][i]);
    }
    for (rn_index i = 0; i < N_COMPUTES; i++) {
        const double compute = even(low, AHEAD_COMPUTE * high, i, N_COMPUTES);
        size.at[i] = compute;
        size.value[i] = best_size(r->fit, compute);
        for (rn_index k = 0; k < r->n_draws; k++)
            values[k] = best_size(&r->draws[k], compute);
        const rn_fit_range band = rn_fit_percentiles(r->n_draws, values, r->level);
        size.low[i] = band.low;
        size.high[i] = band.high;
        tokens.value[i] = compute / (6.0 * size.value[i]);
        tokens.low[i] = compute / (6.0 * band.high);
        tokens.high[i] = compute / (6.0 * band.low);
    }
    rni_json_object(json, "allocation");
    rni_json_reals(json, "compute", N_COMPUTES, size.at);
    put_band(json, "size", N_COMPUTES, size.value, size.low, size.high);
    put_band(json, "tokens", N_COMPUTES, tokens.value, tokens.low, tokens.high);
    rni_json_close(json);
}

rn_status rni_fit_curves(rni_json *json, const rn_fit_report *r)
{
    const rn_fit_input *input = &r->table->input;
    const int n_variables = (int)input->n_variables;
    double *const block = rni_alloc(r->n_draws + input->n, sizeof *block);
    curve *const c = rni_alloc(1, sizeof *c);
    if (!block || !c) {
        rni_free(block);
        rni_free(c);
        return rni_fail(RN_ERR_MEMORY, "rn_fit_report_write: no memory for curves");
    }
    rni_json_list(json, "curves");
    for (int variable = 0; variable < n_variables; variable++) {
        double levels[RNI_FIT_LEVELS] = {(double)NAN};
        const int n_levels = n_variables > 1 ? choose_levels(input->n, input->x[1 - variable],
                                                             block + r->n_draws, levels)
                                             : 1;
        for (int k = 0; k < n_levels; k++) {
            follow(r, variable, levels[k], block, c);
            put_curve(json, variable, levels[k], c);
        }
    }
    rni_json_close(json);
    if (n_variables > 1) put_allocation(json, r, block);
    rni_free(block);
    rni_free(c);
    return RN_OK;
}
