/*
 * The velocity law of a run: its snapshots as one table of velocities.
 */
#include <renorm/velocity_law.h>

#include <math.h>
#include <stdio.h>

#include "core/memory.h"
#include "verdict/verdict.h"

/* Share of the exact flux that kinks may take (docs/theory/budget.md). */
#define MOST_KINKS 0.1

/* A distance in boundaries of one grid: they stand at whole multiples of the width. */
static rn_index offset_of(const rn_snapshot *at, double s)
{
    return (rn_index)llround((at->s[0] - s) / at->width);
}

/* The lowest and highest boundary of all snapshots. */
typedef struct law_range {
    double low, high, width;
    rn_index n_times;      /* snapshots with velocities */
    rn_index n_boundaries; /* 0: nothing was measured */
    double kinks;          /* largest kink share of a network that has kinks, else 0 */
} law_range;

static bool is_usable(const rn_snapshot *at)
{
    return at->n_modes > 0 && at->n_boundaries > 1 && at->width > 0.0 && isfinite(at->width);
}

static law_range find_range(const rn_folder *folder)
{
    law_range r = {.low = (double)INFINITY, .high = -(double)INFINITY};
    for (rn_index i = 0; i < rn_folder_n_snapshots(folder); i++) {
        const rn_snapshot *at = rn_folder_snapshot(folder, i);
        if (at->has_kinks > 0.0)
            r.kinks = fmax(r.kinks, isfinite(at->kink_share) ? at->kink_share : 0.0);
        if (!is_usable(at) || (r.n_times > 0 && fabs(at->width - r.width) > 1e-9 * r.width))
            continue;
        r.width = at->width;
        r.low = fmin(r.low, at->s[0]);
        r.high = fmax(r.high, at->s[at->n_boundaries - 1]);
        r.n_times++;
    }
    const double count = (r.high - r.low) / r.width;
    /* a grid of more boundaries than doubles have exponents is damaged */
    if (r.n_times > 0 && count < 1e5) r.n_boundaries = (rn_index)llround(count) + 1;
    return r;
}

/* One snapshot's row of the table; what it lacks stays NaN. */
static void fill_row(const rn_snapshot *at, const law_range *r, double *velocity, double *n_eff,
                     double *inertial)
{
    const rn_index shift = offset_of(at, r->low);
    for (rn_index i = 0; i < r->n_boundaries; i++) {
        velocity[i] = n_eff[i] = (double)NAN;
        inertial[i] = 0.0;
    }
    for (rn_index i = 0; i < at->n_boundaries; i++) {
        if (i + shift < 0 || i + shift >= r->n_boundaries) continue;
        velocity[i + shift] = at->velocity[i];
        n_eff[i + shift] = at->n_eff[i];
        const bool is_known = isfinite(at->velocity[i]) && isfinite(at->n_eff[i])
                              && at->n_eff[i] > 0.0 && fabs(at->velocity[i]) > 0.0;
        inertial[i + shift] = is_known && at->inertial[i] > 0.0;
    }
}

/* Fits the law to the snapshots in range. */
static rn_status fit(const rn_folder *folder, const law_range *r, rn_velocity_law *law)
{
    const rn_index cells = r->n_times * r->n_boundaries;
    double *time = rni_alloc(r->n_times + r->n_boundaries + 3 * cells, sizeof *time);
    if (!time) return rni_fail(RN_ERR_MEMORY, "rn_check_create: no memory for velocities");
    double *s = time + r->n_times;
    double *velocity = s + r->n_boundaries;
    double *n_eff = velocity + cells;
    double *inertial = n_eff + cells;
    rn_velocity_table table = {.n_boundaries = r->n_boundaries,
                               .time = time,
                               .s = s,
                               .velocity = velocity,
                               .n_eff = n_eff,
                               .inertial = inertial};
    for (rn_index i = 0; i < r->n_boundaries; i++)
        s[i] = r->low + (double)i * r->width;
    for (rn_index i = 0; i < rn_folder_n_snapshots(folder); i++) {
        const rn_snapshot *at = rn_folder_snapshot(folder, i);
        const rn_index k = table.n_times;
        if (!is_usable(at) || fabs(at->width - r->width) > 1e-9 * r->width) continue;
        if (!isfinite(at->record.time) || (k > 0 && !(at->record.time > time[k - 1]))) continue;
        if (k == 0) table.lambda_max = isfinite(at->lambda_max) ? fmax(at->lambda_max, 0.0) : 0.0;
        time[k] = at->record.time;
        fill_row(at, r, velocity + k * r->n_boundaries, n_eff + k * r->n_boundaries,
                 inertial + k * r->n_boundaries);
        table.n_times++;
    }
    const rn_status status = rn_velocity_law_fit(&table, NULL, law);
    rni_free(time);
    return status;
}

static void add_beside(const rn_velocity_law *law, rni_subject *subject)
{
    rn_check_line *line = rni_check_add(subject, "law", "exponent a of lambda", "1");
    line->value = law->a.value;
    line->low = law->a.low;
    line->high = law->a.high;
    rni_check_say(line->reason, "w = %s e^(%.3g + a s) t^gamma", law->sign < 0 ? "-" : "+",
                  law->ln_c0);
    line = rni_check_add(subject, "law", "exponent gamma of t", "1");
    line->value = law->gamma.value;
    line->low = law->gamma.low;
    line->high = law->gamma.high;
    line = rni_check_add(subject, "law", "prefactor ln|c0|", "1");
    line->value = law->ln_c0;
    line = rni_check_add(subject, "law", "collapse error", "nat");
    line->value = law->collapse;
    rni_check_say(line->reason, "scatter of ln|t w| at equal lambda t; with times shuffled %.2g",
                  law->collapse_shuffled);
    line = rni_check_add(subject, "law", "decades of t", "1");
    line->value = law->decades_time;
    line = rni_check_add(subject, "law", "decades of lambda", "1");
    line->value = law->decades_lambda;
}

static void say_no_table(const law_range *r, rn_check_line *line)
{
    if (r->kinks > MOST_KINKS) {
        rni_check_say(line->reason,
                      "the activation has kinks, and the tangent misses %.0f %% of the exact flux: "
                      "flux and velocity are not known",
                      100.0 * r->kinks);
        rni_check_say(line->remedy, "a twice differentiable activation, such as gelu for relu");
        return;
    }
    rni_check_say(line->reason, "the run measured no velocities");
    rni_check_say(line->remedy, "run it again with measure.kind=exact");
}

rn_status rni_check_law(const rn_folder *folder, rni_subject *subject, rni_run_numbers *numbers)
{
    const law_range r = find_range(folder);
    rn_velocity_law law = {0};
    rn_check_line *line = rni_check_add(subject, "law", "gamma - (a - 1)", "1");
    line->decides = 1;
    line->threshold = 0.0;
    if (r.n_boundaries == 0 || r.kinks > MOST_KINKS) {
        say_no_table(&r, line);
        return RN_OK;
    }
    const rn_status status = fit(folder, &r, &law);
    if (status == RN_ERR_MEMORY) return status;
    if (status < 0) { /* a table that no run writes: the folder was changed */
        rni_check_say(line->reason, "the velocities cannot be fitted: %s", rn_last_message());
        rni_check_say(line->remedy, "run it again");
        return RN_OK;
    }
    line->verdict = numbers->law = law.verdict;
    line->value = law.gap.value;
    line->low = law.gap.low;
    line->high = law.gap.high;
    char *told = law.verdict == RN_VERDICT_CANNOT_TELL ? line->remedy : line->reason;
    (void)rn_velocity_law_explain(&law, NULL, told, RN_CHECK_TEXT);
    if (told == line->remedy) rni_check_say(line->reason, "see what would suffice");
    rni_check_say(line->origin, "0 where t w depends on lambda t alone; range, fit and interval by "
                                "the rules of renorm/velocity_law.h, calibrated on fields with a "
                                "known answer (docs/calibration.md)");
    if (isfinite(law.a.value)) add_beside(&law, subject);
    return RN_OK;
}

void rni_check_law_of(rn_index n, const rni_run_numbers *const *numbers, rni_subject *subject)
{
    rn_index holds = 0;
    rn_index fails = 0;
    for (rn_index i = 0; i < n; i++) {
        holds += numbers[i]->law == RN_VERDICT_HOLDS;
        fails += numbers[i]->law == RN_VERDICT_FAILS;
    }
    rn_check_line *line = rni_check_add(subject, "law", "share of runs with the law", "1");
    line->decides = 1;
    line->value = (double)holds / (double)n;
    line->threshold = 0.5;
    rni_check_say(line->origin, "half of the runs must agree and none contradict: our definition");
    rni_check_say(line->reason,
                  "of %" PRId64 " runs the law holds in %" PRId64 ", fails in %" PRId64
                  ", cannot be told in %" PRId64,
                  n, holds, fails, n - holds - fails);
    if (2 * holds >= n && fails == 0)
        line->verdict = RN_VERDICT_HOLDS;
    else if (2 * fails >= n && holds == 0)
        line->verdict = RN_VERDICT_FAILS;
    else
        rni_check_say(line->remedy, "see the runs");
}
