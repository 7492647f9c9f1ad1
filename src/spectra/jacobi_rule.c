/*
 * Quadrature rules of a Jacobi matrix: Gauss, and those with a node at a chosen place.
 *
 * With r(x) the last pivot of T - x I, T bordered by coupling b and a last diagonal entry a has the
 * eigenvalue x when a = x + b^2 / r(x). So
 *
 *     a node at x:         b = b_k, a = x + b_k^2/r(x)                      exact to degree 2k
 *     nodes at 0 and x:    b^2 = x/(1/r(0) - 1/r(x)), a = b^2/r(0)          exact to degree 2k - 1
 *
 * Of all measures on lambda >= 0 with the given moments the first has the least (without its node
 * at x) and the most (with it) mass above x, provided that its lowest node is >= 0; where it is
 * not, the second has them (Krein and Nudelman, "The Markov Moment Problem and Extremal Problems",
 * ch. III and V; the two are the canonical representations with a root at x). The number of nodes
 * below x is the number of negative pivots, so no node is compared with x.
 */
#include "spectra/jacobi_rule.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "core/memory.h"
#include "core/size.h"
#include "core/status.h"
#include "spectra/tridiagonal.h"

/* A last entry this far above T has no weight that matters: its node is left out. */
#define FAR 1e10

/* Largest row sum of |T|. */
static double norm_of(const rn_jacobi *rule)
{
    double norm = 0.0;
    for (rn_index i = 0; i < rule->n; i++) {
        const double left = i > 0 ? rule->coupling[i - 1] : 0.0;
        const double right = i + 1 < rule->n ? rule->coupling[i] : 0.0;
        norm = fmax(norm, left + fabs(rule->diagonal[i]) + right);
    }
    return norm;
}

/* Last pivot of the leading n x n part of T - x I; *n_below: eigenvalues of it below x. */
static double last_pivot(const rn_jacobi *rule, rn_index n, double x, rn_index *n_below)
{
    double pivot = 1.0;
    *n_below = 0;
    for (rn_index i = 0; i < n; i++) {
        const double b = i > 0 ? rule->coupling[i - 1] : 0.0;
        pivot = rule->diagonal[i] - x - b * (b / pivot);
        const double least = DBL_MIN + DBL_EPSILON * DBL_EPSILON * (fabs(x) + b);
        if (fabs(pivot) < least) pivot = -least;
        *n_below += pivot < 0.0;
    }
    return pivot;
}

/* T, bordered or not, and where in it x stands. */
typedef struct bordered {
    rn_index n;       /* order of the leading part */
    bool has_border;  /* one more row: */
    double coupling;  /* b */
    double last;      /* a */
    rn_index n_below; /* nodes below x */
} bordered;

/* The rule whose nodes decide about x > 0. */
static bordered choose_rule(const rn_jacobi *rule, double norm, double x)
{
    bordered r = {.n = rule->n};
    rn_index n_negative = 0;
    const double at_x = last_pivot(rule, r.n, x, &r.n_below);
    const double at_0 = last_pivot(rule, r.n, 0.0, &n_negative);
    const double b = rule->coupling[r.n - 1];
    const double gap = 1.0 / at_0 - 1.0 / at_x;
    const double square = x / gap; /* of the coupling with nodes at 0 and x */
    r.has_border = true;
    if (n_negative == 0 && gap > 0.0 && square < b * b) {
        r.coupling = sqrt(square);
        r.last = square / at_0;
    } else if (isfinite(b)) {
        r.coupling = b;
        r.last = x + b * (b / at_x);
    } else if (r.n == 1) {
        r.has_border = false;
        r.n = 0;
        return r;
    } else {
        r.n--;
        const double before = rule->coupling[r.n - 1];
        r.coupling = before;
        r.last = x + before * (before / last_pivot(rule, r.n, x, &r.n_below));
    }
    r.has_border = fabs(r.last) <= FAR * (norm + x);
    return r;
}

/* Widens low and high for the rounding of T and of the sums. */
static void widen(const rn_jacobi *rule, double x, double *low, double *high)
{
    const double mixed = sqrt(*high * fmax(0.0, rule->mass - *low));
    const double rounding = fmin(mixed, 4.0 * rule->noise / x * mixed)
                            + DBL_EPSILON * (double)(rule->n + 1) * rule->mass;
    *low = fmax(0.0, *low - rounding);
    *high = fmin(rule->mass, *high + rounding);
}

/* An exhausted rule is the measure; nodes within the noise of x may lie on either side. */
static void count_exact(const rn_jacobi *rule, double x, const double *nodes, const double *share,
                        double *low, double *high)
{
    *low = 0.0;
    *high = 0.0;
    for (rn_index i = rule->n - 1; i >= 0; i--) {
        const double weight = rule->mass * share[i] * share[i];
        if (nodes[i] > x + rule->noise) *low += weight;
        if (nodes[i] >= x - rule->noise) *high += weight;
    }
}

typedef struct cut_job {
    const rn_jacobi *rule;
    double norm;
    const double *cuts;
    double *low, *high;
    double *work; /* [n_threads x 3 (n + 1)] */
} cut_job;

static rn_status decide(const cut_job *job, double x, double *work, double *low, double *high)
{
    const rn_jacobi *rule = job->rule;
    const bool is_exact = rule->coupling[rule->n - 1] <= 0.0;
    const bordered r = is_exact ? (bordered){.n = rule->n} : choose_rule(rule, job->norm, x);
    const rn_index n = r.n + r.has_border;
    double *nodes = work;
    double *off = work + n;
    double *share = work + 2 * n;
    if (n == 0) return RN_OK;
    memcpy(nodes, rule->diagonal, (size_t)r.n * sizeof *nodes);
    memcpy(off, rule->coupling, (size_t)(r.n - 1) * sizeof *off);
    if (r.has_border) {
        off[r.n - 1] = r.coupling;
        nodes[r.n] = r.last;
    }
    memset(share, 0, (size_t)n * sizeof *share);
    share[0] = 1.0;
    RNI_TRY(rni_tridiagonal_values(n, nodes, off, 1, share));
    if (is_exact) {
        count_exact(rule, x, nodes, share, low, high);
    } else {
        /* without its far node, x is a node of T itself: the one next to the count */
        rn_index at = rni_min(r.n_below, n - 1);
        if (!r.has_border && at > 0 && x - nodes[at - 1] < nodes[at] - x) at--;
        *low = 0.0;
        for (rn_index i = n - 1; i > at; i--)
            *low += rule->mass * share[i] * share[i];
        *high = *low + rule->mass * share[at] * share[at];
    }
    widen(rule, x, low, high);
    return RN_OK;
}

static rn_status decide_task(void *user, rn_index task, int thread)
{
    const cut_job *job = user;
    const double x = job->cuts[task];
    job->high[task] = job->rule->mass;
    job->low[task] = x > 0.0 ? 0.0 : job->rule->mass;
    if (!(x > 0.0) || job->rule->n == 0) return RN_OK;
    double *work = job->work + (rn_index)thread * 3 * (job->rule->n + 1);
    return decide(job, x, work, &job->low[task], &job->high[task]);
}

static rn_status check_rule(const rn_jacobi *rule, const char *function)
{
    if (!rule || rule->n < 0 || (rule->n > 0 && (!rule->diagonal || !rule->coupling))
        || !(rule->mass >= 0.0) || !(rule->noise >= 0.0))
        return rni_fail(RN_ERR_ARGUMENT,
                        "%s: a rule with its arrays, a mass and a noise >= 0 is needed", function);
    return RN_OK;
}

rn_status rni_jacobi_above(rni_pool *pool, const rn_jacobi *rule, rn_index n_cuts,
                           const double *cuts, double *low, double *high)
{
    RNI_TRY(check_rule(rule, "rn_jacobi_above"));
    if (n_cuts < 0 || (n_cuts > 0 && (!cuts || !low || !high)))
        return rni_fail(RN_ERR_ARGUMENT, "rn_jacobi_above: cuts, low or high is NULL");
    cut_job job = {.rule = rule, .norm = norm_of(rule), .cuts = cuts};
    job.low = low;
    job.high = high;
    job.work = rni_alloc((rn_index)rni_pool_threads(pool) * 3 * (rule->n + 1), sizeof *job.work);
    if (!job.work)
        return rni_fail(RN_ERR_MEMORY, "rn_jacobi_above: no memory for %" PRId64 " nodes", rule->n);
    const rn_status status = rni_pool_run(pool, n_cuts, decide_task, &job);
    rni_free(job.work);
    return status;
}

rn_status rn_jacobi_above(const rn_jacobi *rule, rn_index n_cuts, const double *cuts, double *low,
                          double *high)
{
    return rni_jacobi_above(NULL, rule, n_cuts, cuts, low, high);
}

rn_status rn_jacobi_gauss(const rn_jacobi *rule, double *nodes, double *weights, double *vectors)
{
    RNI_TRY(check_rule(rule, "rn_jacobi_gauss"));
    if (!nodes || !weights) return rni_fail(RN_ERR_ARGUMENT, "rn_jacobi_gauss: an array is NULL");
    const rn_index n = rule->n;
    if (n == 0) return RN_OK;
    const rn_index n_rows = vectors ? n : 1;
    double *work = rni_alloc(2 * n, sizeof *work);
    if (!work)
        return rni_fail(RN_ERR_MEMORY, "rn_jacobi_gauss: no memory for %" PRId64 " nodes", n);
    double *rows = vectors ? vectors : work + n;
    memset(rows, 0, (size_t)(n * n_rows) * sizeof *rows);
    for (rn_index r = 0; r < n_rows; r++)
        rows[r * n_rows + r] = 1.0;
    memcpy(nodes, rule->diagonal, (size_t)n * sizeof *nodes);
    memcpy(work, rule->coupling, (size_t)(n - 1) * sizeof *work);
    const rn_status status = rni_tridiagonal_values(n, nodes, work, n_rows, rows);
    for (rn_index i = 0; i < n; i++)
        weights[i] = rule->mass * rows[i * n_rows] * rows[i * n_rows];
    rni_free(work);
    return status;
}

rn_status rn_jacobi_weighted(const rn_jacobi *rule, double *diagonal, double *coupling,
                             rn_jacobi *out)
{
    RNI_TRY(check_rule(rule, "rn_jacobi_weighted"));
    const rn_index n = rule->n;
    if (!out || !diagonal || !coupling || (n > 0 && !isfinite(rule->coupling[n - 1])))
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_jacobi_weighted: an array is NULL, or the last coupling of the rule "
                        "is not known");
    rn_jacobi found = {.diagonal = diagonal, .coupling = coupling, .noise = rule->noise};
    found.mass = n > 0 ? rule->mass * fmax(0.0, rule->diagonal[0]) : 0.0;
    const bool is_exact = n > 0 && rule->coupling[n - 1] <= 0.0;
    double pivot = n > 0 ? rule->diagonal[0] : 0.0;
    while (found.n < n && pivot > 0.0) {
        const rn_index i = found.n++;
        const double b = rule->coupling[i];
        diagonal[i] = pivot + b * (b / pivot);
        const double next = i + 1 < n ? rule->diagonal[i + 1] - b * (b / pivot) : 0.0;
        /* the pivot of a mass at 0 comes last, when the rule is exact: it has no part in lambda mu
         */
        const bool is_complete = is_exact && i + 2 >= n;
        coupling[i] = is_complete ? 0.0 : (double)INFINITY;
        if (next > 0.0) coupling[i] = b * sqrt(next / pivot);
        pivot = next;
    }
    *out = found;
    return RN_OK;
}
