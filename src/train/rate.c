/*
 * Learning rates; see the header.
 */
#include "train/rate.h"

#include <math.h>

#include "core/size.h"

enum { CONSTANT, COSINE, LINEAR, STEPS };
const char *const rni_rate_schedules[] = {"constant", "cosine", "linear", "steps", NULL};

static const double pi = 3.14159265358979323846;

static rn_index find_length(const rni_rate *rate, rn_index n_steps)
{
    return rate->length > 0 ? rate->length : n_steps;
}

bool rni_rate_lacks_length(const rni_rate *rate, rn_index n_steps)
{
    const bool has_end = rate->schedule == COSINE || rate->schedule == LINEAR;
    return has_end && find_length(rate, n_steps) < 1;
}

/* How far the schedule has come, in [0, 1). */
static double progress(const rni_rate *rate, rn_index length, rn_index step)
{
    const rn_index at = rni_min(step, length - 1) - rate->warmup;
    return at > 0 ? (double)at / (double)(length - rate->warmup) : 0.0;
}

static double count_drops(const rni_rate *rate, rn_index step)
{
    double n = 0.0;
    for (rn_index i = 0; i < rate->milestones.count; i++)
        n += rate->milestones.values[i] <= (double)step;
    return n;
}

double rni_rate_at(const rni_rate *rate, double lambda_max, rn_index n_steps, rn_index step)
{
    double eta = rate->relative ? rate->learning_rate / lambda_max : rate->learning_rate;
    const rn_index length = rni_max(1, find_length(rate, n_steps));
    if (step + 1 < rate->warmup) eta *= (double)(step + 1) / (double)rate->warmup;
    if (rate->schedule == COSINE)
        eta *=
            rate->last + (1.0 - rate->last) * 0.5 * (1.0 + cos(pi * progress(rate, length, step)));
    if (rate->schedule == LINEAR)
        eta *= rate->last + (1.0 - rate->last) * (1.0 - progress(rate, length, step));
    if (rate->schedule == STEPS) eta *= pow(rate->drop, count_drops(rate, step));
    return eta;
}
