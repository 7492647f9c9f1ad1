/*
 * Exponents of growth and of scatter over a family of runs.
 *
 * The scatter of k numbers with standard deviation s: ln of the estimate has mean
 * ln s + (psi(f/2) - ln(f/2))/2 and variance psi'(f/2)/4, f = k - 1 (normal numbers).
 */
#include <renorm/family.h>

#include <math.h>

#include "conditions/finding.h"
#include "core/memory.h"
#include "core/size.h"

#define LEAST_GROUPS 3
#define LEAST_SPAN   4.0
#define NORMAL_95    1.959964

/* Runs of equal x, found by the x that comes first. */
typedef struct group {
    double x;
    rn_index count;
    double mean;   /* of ln y */
    double square; /* sum of squared deviations of ln y */
} group;

/* A line through points with weights. */
typedef struct line {
    double weight, mean_x, mean_y, sxx, sxy, syy;
} line;

static void add_point(line *fit, double weight, double x, double y)
{
    const double before = fit->weight;
    fit->weight += weight;
    const double dx = x - fit->mean_x;
    const double dy = y - fit->mean_y;
    const double share = before * weight / fit->weight;
    fit->mean_x += dx * weight / fit->weight;
    fit->mean_y += dy * weight / fit->weight;
    fit->sxx += share * dx * dx;
    fit->sxy += share * dx * dy;
    fit->syy += share * dy * dy;
}

static rn_status check_runs(const char *caller, rn_index n, const double *x, const double *y,
                            const rn_finding *out)
{
    if (n < 0 || !out || (n > 0 && (!x || !y)))
        return rni_fail(RN_ERR_ARGUMENT, "%s: %" PRId64 " runs (expected >= 0), or NULL", caller,
                        n);
    for (rn_index i = 0; i < n; i++)
        if (!(x[i] >= 1.0) || isinf(x[i]) || y[i] <= 0.0 || isinf(y[i]))
            return rni_fail(RN_ERR_ARGUMENT,
                            "%s: run %" PRId64 " has %g at %g; expected a positive number, or NaN, "
                            "at 1 or more",
                            caller, i, y[i], x[i]);
    return RN_OK;
}

/* Groups [n], and how many. */
static rn_index make_groups(rn_index n, const double *x, const double *y, group *groups)
{
    rn_index n_groups = 0;
    for (rn_index i = 0; i < n; i++) {
        if (isnan(y[i])) continue;
        rn_index g = 0;
        while (g < n_groups && (groups[g].x < x[i] || groups[g].x > x[i]))
            g++;
        if (g == n_groups) groups[n_groups++] = (group){.x = x[i]};
        group *at = &groups[g];
        const double off = log(y[i]) - at->mean;
        at->count++;
        at->mean += off / (double)at->count;
        at->square += off * (log(y[i]) - at->mean);
    }
    return n_groups;
}

/* Drops groups of fewer than `least` runs; false, with the reason, when too little is left. */
static bool are_enough(group *groups, rn_index *n_groups, rn_index least, const char *what,
                       rn_finding *out)
{
    rn_index kept = 0;
    double low = (double)INFINITY;
    double high = 0.0;
    for (rn_index g = 0; g < *n_groups; g++) {
        if (groups[g].count < least) continue;
        low = fmin(low, groups[g].x);
        high = fmax(high, groups[g].x);
        groups[kept++] = groups[g];
    }
    *n_groups = kept;
    if (kept >= LEAST_GROUPS && high >= LEAST_SPAN * low) return true;
    rni_finding_say(out,
                    "found %" PRId64 " %ss with %" PRId64 " runs or more; needs %d or more, the "
                    "largest at least %g times the smallest",
                    kept, what, least, LEAST_GROUPS, LEAST_SPAN);
    return false;
}

static rn_status no_memory(const char *caller, rn_index n)
{
    return rni_fail(RN_ERR_MEMORY, "%s: no memory for %" PRId64 " runs", caller, n);
}

/* The verdict of an exponent; runs: how many there were. */
static void judge(rn_finding *f, double exponent, double error, double quantile, rn_index runs,
                  const char *law)
{
    const double half = quantile * error;
    rni_finding_judge_below(f, exponent, exponent - half, exponent + half);
    if (f->verdict != RN_VERDICT_CANNOT_TELL) {
        rni_finding_say(f, "%s %.2f (%.2f to %.2f) from %" PRId64 " runs", law, exponent, f->low,
                        f->high, runs);
        return;
    }
    const double gap = fmax(fabs(exponent - f->threshold), 0.05);
    const double times = ceil(half * half / (gap * gap));
    rni_finding_say(f,
                    "%s %.2f (%.2f to %.2f) from %" PRId64 " runs; about %.0f times as many would "
                    "decide, or a wider range",
                    law, exponent, f->low, f->high, runs, fmax(times, 2.0));
}

rn_status rn_family_bounded(rn_index n, const double *depth, const double *y, rn_finding *out)
{
    RNI_TRY(check_runs("rn_family_bounded", n, depth, y, out));
    rn_finding f = rni_finding(0.25, "half way between bounded (exponent 0) and products of "
                                     "critical Gaussian blocks (1/2); docs/calibration.md");
    group *groups = rni_alloc_zero(rni_max(n, 1), sizeof *groups);
    if (!groups) return no_memory("rn_family_bounded", n);
    rn_index n_groups = make_groups(n, depth, y, groups);
    if (are_enough(groups, &n_groups, 2, "depth", &f)) {
        line fit = {0};
        double within = 0.0;
        rn_index runs = 0;
        for (rn_index g = 0; g < n_groups; g++) {
            add_point(&fit, (double)groups[g].count, log(groups[g].x), groups[g].mean);
            within += groups[g].square;
            runs += groups[g].count;
        }
        const double slope = fit.sxy / fit.sxx;
        const double rest = fmax(fit.syy - slope * fit.sxy, 0.0) + within;
        const double error = sqrt(rest / (double)(runs - 2) / fit.sxx);
        judge(&f, slope, error, rni_student_95(runs - 2), runs, "growth exponent");
    }
    rni_free(groups);
    *out = f;
    return RN_OK;
}

/* psi and psi' by recurrence up by 8 and the asymptotic series; x >= 1/2. */
static double digamma(double x)
{
    double sum = 0.0;
    for (int k = 0; k < 8; k++)
        sum -= 1.0 / (x + k);
    const double far = x + 8.0;
    const double q = 1.0 / (far * far);
    return sum + log(far) - 0.5 / far - q * (1.0 / 12.0 - q * (1.0 / 120.0 - q / 252.0));
}

static double trigamma(double x)
{
    double sum = 0.0;
    for (int k = 0; k < 8; k++)
        sum += 1.0 / ((x + k) * (x + k));
    const double far = x + 8.0;
    const double q = 1.0 / (far * far);
    return sum + 1.0 / far + 0.5 * q + q / far * (1.0 / 6.0 - q * (1.0 / 30.0 - q / 42.0));
}

rn_status rn_family_shrinking(rn_index n, const double *width, const double *y, rn_finding *out)
{
    RNI_TRY(check_runs("rn_family_shrinking", n, width, y, out));
    rn_finding f = rni_finding(-0.25, "half way between scatter that stays (exponent 0) and "
                                      "averages over units (-1/2); docs/calibration.md");
    group *groups = rni_alloc_zero(rni_max(n, 1), sizeof *groups);
    if (!groups) return no_memory("rn_family_shrinking", n);
    rn_index n_groups = make_groups(n, width, y, groups);
    for (rn_index g = 0; g < n_groups; g++)
        if (!(groups[g].square > 0.0)) groups[g].count = 0;
    if (are_enough(groups, &n_groups, 4, "width", &f)) {
        line fit = {0};
        rn_index runs = 0;
        for (rn_index g = 0; g < n_groups; g++) {
            const double half = 0.5 * (double)(groups[g].count - 1);
            const double scatter = 0.5 * log(groups[g].square / (2.0 * half));
            const double bias = 0.5 * (digamma(half) - log(half));
            add_point(&fit, 4.0 / trigamma(half), log(groups[g].x), scatter - bias);
            runs += groups[g].count;
        }
        judge(&f, fit.sxy / fit.sxx, 1.0 / sqrt(fit.sxx), NORMAL_95, runs, "exponent of scatter");
    }
    rni_free(groups);
    *out = f;
    return RN_OK;
}
