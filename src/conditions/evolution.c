/*
 * C3: how the kernel moves along a run.
 */
#include <renorm/evolution.h>

#include <math.h>
#include <string.h>

#include "conditions/finding.h"
#include "core/memory.h"
#include "core/size.h"

#define BURST_FACTOR  3.0
#define LEAST_MOMENTS 8 /* a peak needs lows on both sides that are not its own */

static const char caller[] = "rn_evolution_measure";

static rn_status check_input(const rn_evolution_input *in)
{
    if (!rni_size_ok(in->n) || !in->time || !in->norm || !in->size || !in->turn || !in->rate)
        return rni_fail(RN_ERR_ARGUMENT,
                        "%s: n is %" PRId64 " (expected >= 1), or an array is NULL", caller, in->n);
    const double factor = in->burst_factor;
    if (!(factor >= 0.0) || isinf(factor) || (factor > 0.0 && factor <= 1.0))
        return rni_fail(RN_ERR_ARGUMENT, "%s: burst_factor is %g; expected > 1, or 0", caller,
                        factor);
    for (rn_index k = 0; k < in->n; k++) {
        if (!isfinite(in->time[k]) || !isfinite(in->norm[k]) || !isfinite(in->size[k])
            || !isfinite(in->turn[k]))
            return rni_fail(RN_ERR_NONFINITE, "%s: a number of moment %" PRId64 " is not finite",
                            caller, k);
        if (!(in->norm[k] > 0.0 && in->size[k] > 0.0 && in->turn[k] >= 0.0)
            || (k > 0 && !(in->time[k] > in->time[k - 1])))
            return rni_fail(RN_ERR_ARGUMENT,
                            "%s: moment %" PRId64 " has |M| %g, |M|_F %g, |M'|_F %g at time %g; "
                            "expected positive norms and ascending times",
                            caller, k, in->norm[k], in->size[k], in->turn[k], in->time[k]);
    }
    return RN_OK;
}

/* The integral of |M'|_F over time from moments 0, step, 2 step, .. and the last. */
static double path_length(const rn_evolution_input *in, rn_index step)
{
    double sum = 0.0;
    for (rn_index k = 0; k + 1 < in->n;) {
        const rn_index next = rni_min(k + step, in->n - 1);
        sum += 0.5 * (in->turn[k] + in->turn[next]) * (in->time[next] - in->time[k]);
        k = next;
    }
    return sum / in->size[0];
}

/* The smallest r between k and the next larger one in direction d; infinite where there is no
   neighbour. NaN is skipped. */
static double low_beside(rn_index n, const double *r, rn_index k, rn_index d)
{
    double low = (double)INFINITY;
    for (rn_index j = k + d; j >= 0 && j < n; j += d) {
        if (r[j] > r[k]) break;
        if (r[j] < low) low = r[j];
    }
    return low;
}

/* r_k over the larger of the lows on both sides; 0 at the ends and where r is NaN. */
static double prominence(rn_index n, const double *r, rn_index k)
{
    if (isnan(r[k])) return 0.0;
    const double left = low_beside(n, r, k, -1);
    const double right = low_beside(n, r, k, 1);
    return isinf(left) || isinf(right) ? 0.0 : r[k] / fmax(left, right);
}

static rn_finding judge_bursts(const rn_evolution *e, double factor, double largest)
{
    rn_finding f = rni_finding(factor, "prominence of a peak of the relative speed that noise of "
                                       "0.2 nats makes in less than 5 % of runs of up to 40 "
                                       "moments; docs/calibration.md");
    f.value = largest;
    if (e->n_relative < LEAST_MOMENTS) {
        rni_finding_say(&f, "%" PRId64 " moments with a falling loss; at least %d are needed",
                        e->n_relative, LEAST_MOMENTS);
        return f;
    }
    f.verdict = e->n_bursts > 0 ? RN_VERDICT_FAILS : RN_VERDICT_HOLDS;
    rni_finding_say(&f, "%" PRId64 " of %" PRId64 " moments are bursts", e->n_bursts,
                    e->n_relative);
    return f;
}

rn_status rn_evolution_measure(const rn_evolution_input *input, double *relative, double *burst,
                               rn_evolution *out)
{
    if (!input || !out) return rni_fail(RN_ERR_ARGUMENT, "%s: input or out is NULL", caller);
    RNI_TRY(check_input(input));
    const rn_index n = input->n;
    const double factor = input->burst_factor > 1.0 ? input->burst_factor : BURST_FACTOR;
    double *r = rni_alloc(n, sizeof *r);
    if (!r) return rni_fail(RN_ERR_MEMORY, "%s: no memory for %" PRId64 " moments", caller, n);
    rn_evolution e = {.speed = (double)NAN};
    for (rn_index k = 0; k < n; k++) {
        r[k] =
            input->rate[k] > 0.0 ? input->turn[k] / input->size[k] / input->rate[k] : (double)NAN;
        if (!isfinite(r[k])) r[k] = (double)NAN; /* an infinite rate, or one lost to underflow */
        e.growth = fmax(e.growth, input->norm[k] / input->norm[0]);
        e.speed = fmax(e.speed, r[k]);
        e.n_relative += !isnan(r[k]);
    }
    double largest = 0.0;
    for (rn_index k = 0; k < n; k++) {
        const double p = prominence(n, r, k);
        largest = fmax(largest, p);
        e.n_bursts += p >= factor;
        if (burst) burst[k] = p >= factor ? 1.0 : 0.0;
    }
    e.path = path_length(input, 1);
    e.path_error = n >= 3 ? fabs(e.path - path_length(input, 2)) : (double)NAN;
    e.no_bursts = judge_bursts(&e, factor, largest);
    if (relative) memcpy(relative, r, (size_t)n * sizeof *r);
    *out = e;
    rni_free(r);
    return RN_OK;
}
