#include "forecast/curve.h"

#include <math.h>
#include <renorm/fit.h>
#include <stdio.h>

#include "core/memory.h"
#include "core/status.h"

/* Points handed to a fit: at most so many, evenly in ln t. */
enum { MOST_POINTS = 120 };
/* The first of them, as a share of the last time; the line's first. */
#define POWER_REACH 0.05
#define LINE_REACH  0.31622776601683794

typedef struct curve_points {
    rn_index n;
    double time[MOST_POINTS + 1];
    double loss[MOST_POINTS + 1];
} curve_points;

static void gather(const rni_history *h, rn_index last, double reach, curve_points *p)
{
    const double end = h->records[last].time;
    const double spacing = -log(reach) / MOST_POINTS;
    double next = end * reach * (1.0 - 1e-12);
    p->n = 0;
    for (rn_index i = 0; i <= last && p->n <= MOST_POINTS; i++) {
        const rn_record *at = &h->records[i];
        if (!(at->time >= next) || !(at->time > 0.0) || !(at->loss > 0.0) || !isfinite(at->loss))
            continue;
        p->time[p->n] = at->time;
        p->loss[p->n++] = at->loss;
        next = at->time * exp(spacing);
    }
}

static void say(char *reason, const char *why)
{
    (void)snprintf(reason, RN_FORECAST_TEXT, "%s", why);
}

static rn_status tell_power(const curve_points *p, rn_index n_times, const double *times,
                            double *loss, char *reason)
{
    rn_fit_result fit;
    const rn_fit_options squares = {.norm = RN_FIT_SQUARES};
    const rn_fit_input input = {.n = p->n, .n_variables = 1, .x = {p->time}, .y = p->loss};
    const rn_status status = rn_fit_log_law(&input, &squares, &fit);
    if (status == RN_ERR_MEMORY) return status;
    if (status < 0) {
        say(reason, rn_last_message());
        return RN_OK;
    }
    if (!(fit.exponent[0].value > 0.0)) {
        say(reason, "the loss does not fall");
        return RN_OK;
    }
    for (rn_index k = 0; k < n_times; k++)
        loss[k] = fit.floor.value + fit.scale[0].value * pow(times[k], -fit.exponent[0].value);
    return RN_OK;
}

static void tell_line(const curve_points *p, rn_index n_times, const double *times, double *loss,
                      char *reason)
{
    double x = 0.0;
    double y = 0.0;
    double xx = 0.0;
    double xy = 0.0;
    if (p->n < 4) {
        say(reason, "the last half decade of time has fewer than 4 records");
        return;
    }
    for (rn_index i = 0; i < p->n; i++) {
        x += log(p->time[i]) / (double)p->n;
        y += log(p->loss[i]) / (double)p->n;
    }
    for (rn_index i = 0; i < p->n; i++) {
        xx += (log(p->time[i]) - x) * (log(p->time[i]) - x);
        xy += (log(p->time[i]) - x) * (log(p->loss[i]) - y);
    }
    for (rn_index k = 0; k < n_times; k++)
        loss[k] = exp(y + xy / xx * (log(times[k]) - x));
}

rn_status rni_curve_tell(const rni_history *h, rn_index last, rn_forecast_method method,
                         rn_index n_times, const double *times, double *loss, char *reason)
{
    curve_points *p = rni_alloc(1, sizeof *p);
    rn_status status = RN_OK;
    if (!p) return rni_fail(RN_ERR_MEMORY, "rn_forecast_create: no memory for a curve");
    reason[0] = 0;
    for (rn_index k = 0; k < n_times; k++)
        loss[k] = (double)NAN;
    gather(h, last, method == RN_FORECAST_LINE ? LINE_REACH : POWER_REACH, p);
    if (method == RN_FORECAST_LINE)
        tell_line(p, n_times, times, loss, reason);
    else
        status = tell_power(p, n_times, times, loss, reason);
    rni_free(p);
    return status;
}
