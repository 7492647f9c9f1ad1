/*
 * Displacement at log-spaced lags. Level l sees every 2^l-th state and keeps the last p of those in
 * a ring; a new one is compared with those p/2 + 1 .. p places back (1 .. p on level 0).
 *
 * State: the number of states seen, then for each level the p sums, the p counts and the ring
 * [p x n]; place k of a ring holds the level's state number k modulo p.
 */
#include <math.h>
#include <renorm/streaming.h>

#include "core/memory.h"
#include "core/size.h"
#include "core/status.h"

struct rn_stream_lags {
    rn_index n, p, n_levels;
    double *state; /* owned */
};

static rn_index level_size(rn_index n, rn_index p)
{
    return p * (n + 2);
}

rn_status rn_stream_lags_create(rn_index n, rn_index per_level, rn_index n_levels,
                                rn_stream_lags **out)
{
    if (n < 1 || n > RN_STREAM_MAX_N || per_level < 2 || per_level > 256 || per_level % 2 != 0
        || n_levels < 1 || n_levels > 40 || !out)
        return rni_fail(
            RN_ERR_ARGUMENT,
            "rn_stream_lags_create: found %" PRId64 " dimensions, %" PRId64
            " lags a level, %" PRId64
            " levels; expected 1 .. %d, an even number 2 .. 256, 1 .. 40, and an output",
            n, per_level, n_levels, RN_STREAM_MAX_N);
    rn_stream_lags *lags = rni_alloc_zero(1, sizeof *lags);
    double *state = rni_alloc_zero(1 + n_levels * level_size(n, per_level), sizeof *state);
    if (!lags || !state) {
        rni_free(lags);
        rni_free(state);
        return rni_fail(RN_ERR_MEMORY, "rn_stream_lags_create: no memory");
    }
    *lags = (rn_stream_lags){.n = n, .p = per_level, .n_levels = n_levels, .state = state};
    *out = lags;
    return RN_OK;
}

void rn_stream_lags_destroy(rn_stream_lags *lags)
{
    if (!lags) return;
    rni_free(lags->state);
    rni_free(lags);
}

static double squared_distance(rn_index n, const double *x, const double *y)
{
    double sum = 0.0;
    for (rn_index i = 0; i < n; i++)
        sum += (x[i] - y[i]) * (x[i] - y[i]);
    return sum;
}

static void add_to_level(const rn_stream_lags *lags, rn_index level, rn_index number,
                         const double *x)
{
    const rn_index n = lags->n;
    const rn_index p = lags->p;
    double *const sums = lags->state + 1 + level * level_size(n, p);
    double *const counts = sums + p;
    double *const ring = counts + p;
    for (rn_index back = level == 0 ? 1 : p / 2 + 1; back <= rni_min(p, number); back++) {
        sums[back - 1] += squared_distance(n, x, ring + (number - back) % p * n);
        counts[back - 1] += 1.0;
    }
    for (rn_index i = 0; i < n; i++)
        ring[number % p * n + i] = x[i];
}

void rn_stream_lags_add(rn_stream_lags *lags, const double *x)
{
    rn_index number = (rn_index)lags->state[0];
    lags->state[0] += 1.0;
    for (rn_index level = 0; level < lags->n_levels; level++) {
        add_to_level(lags, level, number, x);
        if (number % 2 != 0) return;
        number /= 2;
    }
}

rn_index rn_stream_lags_size(const rn_stream_lags *lags)
{
    return lags->p + (lags->n_levels - 1) * (lags->p / 2);
}

/* Level and places back of lag i. */
static rn_index place(const rn_stream_lags *lags, rn_index i, rn_index *back)
{
    const rn_index half = lags->p / 2;
    if (i < lags->p) {
        *back = i + 1;
        return 0;
    }
    *back = half + 1 + (i - lags->p) % half;
    return 1 + (i - lags->p) / half;
}

rn_index rn_stream_lags_lag(const rn_stream_lags *lags, rn_index i)
{
    rn_index back = 0;
    const rn_index level = place(lags, i, &back);
    return back << level;
}

rn_index rn_stream_lags_count(const rn_stream_lags *lags, rn_index i)
{
    rn_index back = 0;
    const rn_index level = place(lags, i, &back);
    return (rn_index)lags->state[1 + level * level_size(lags->n, lags->p) + lags->p + back - 1];
}

double rn_stream_lags_displacement(const rn_stream_lags *lags, rn_index i)
{
    rn_index back = 0;
    const rn_index level = place(lags, i, &back);
    const double *const sums = lags->state + 1 + level * level_size(lags->n, lags->p);
    const double count = sums[lags->p + back - 1];
    return count > 0.0 ? sums[back - 1] / count : (double)NAN;
}

double *rn_stream_lags_state(rn_stream_lags *lags, rn_index *n_doubles)
{
    if (n_doubles) *n_doubles = 1 + lags->n_levels * level_size(lags->n, lags->p);
    return lags->state;
}
