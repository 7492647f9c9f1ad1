/*
 * C3: the kernel evolves in a controlled way. Bursts are seen in one run; that the scatter between
 * seeds shrinks with the width is a statement about several.
 */
#include <math.h>
#include <renorm/evolution.h>
#include <renorm/family.h>

#include "core/memory.h"
#include "verdict/verdict.h"

/* Runs without bursts that are called bursting all the same, at most (docs/calibration.md). */
#define FALSE_ALARMS 0.05

static const char need_widths[] =
    "renorm check over runs of 3 widths or more, the largest at least 4 times the smallest, with "
    "4 seeds or more each; 16 seeds at 5 widths see a fall as the root of the width 4 times in 5";

/* The moments at which the kernel's motion was measured, one after the other in one block. */
typedef struct moments {
    double *time; /* owned, [5 n] */
    double *norm, *size, *turn, *rate;
    rn_index n;
    bool has_kinks;
} moments;

static bool is_usable(const rn_snapshot *at)
{
    return isfinite(at->record.time) && isfinite(at->lambda_max) && at->lambda_max > 0.0
           && isfinite(at->kernel_size) && at->kernel_size > 0.0 && isfinite(at->kernel_turn)
           && at->kernel_turn >= 0.0;
}

static rn_status gather(const rn_folder *folder, moments *m)
{
    const rn_index most = rn_folder_n_snapshots(folder);
    *m = (moments){.time = rni_alloc(5 * most + 1, sizeof *m->time)};
    if (!m->time)
        return rni_fail(RN_ERR_MEMORY, "rn_check_create: no memory for %" PRId64 " moments", most);
    m->norm = m->time + most;
    m->size = m->norm + most;
    m->turn = m->size + most;
    m->rate = m->turn + most;
    for (rn_index i = 0; i < most; i++) {
        const rn_snapshot *at = rn_folder_snapshot(folder, i);
        m->has_kinks |= at->has_kinks > 0.0;
        if (!is_usable(at) || (m->n > 0 && !(at->record.time > m->time[m->n - 1]))) continue;
        m->time[m->n] = at->record.time;
        m->norm[m->n] = at->lambda_max;
        m->size[m->n] = at->kernel_size;
        m->turn[m->n] = at->kernel_turn;
        m->rate[m->n++] = at->loss_decay;
    }
    return RN_OK;
}

static void add_scatter_line(rni_subject *subject)
{
    rn_check_line *line = rni_check_add(subject, "C3", "scatter of the growth with width", "1");
    line->decides = 1;
    rni_check_say(line->reason, "a statement about several runs");
    rni_check_say(line->remedy, "%s", need_widths);
}

static void add_number(rni_subject *subject, const char *quantity, double value, const char *words)
{
    rn_check_line *line = rni_check_add(subject, "C3", quantity, "1");
    line->value = value;
    rni_check_say(line->reason, "%s", words);
}

static void judge(const moments *m, const rn_evolution *found, rn_check_line *line)
{
    rni_check_take(line, &found->no_bursts,
                   "more measurements while the loss falls (measure.snapshots), or a longer run");
    if (!m->has_kinks) return;
    line->verdict = RN_VERDICT_CANNOT_TELL;
    rni_check_say(line->reason, "the activation has kinks: the tangent misses jumps of the kernel, "
                                "which are what bursts would be made of");
    rni_check_say(line->remedy, "a twice differentiable activation, such as gelu for relu");
}

rn_status rni_check_evolution(const rn_folder *folder, rni_subject *subject,
                              rni_run_numbers *numbers)
{
    moments m;
    rn_evolution found;
    numbers->growth = (double)NAN;
    RNI_TRY(gather(folder, &m));
    rn_check_line *line = rni_check_add(subject, "C3", "largest burst, as a factor", "1");
    line->decides = 1;
    if (m.n == 0) {
        rni_check_say(line->reason, "the run recorded no motion of its kernel");
        rni_check_say(line->remedy, "run it again with measure.kind=exact and "
                                    "measure.conditions=true");
        add_scatter_line(subject);
        rni_free(m.time);
        return RN_OK;
    }
    const rn_evolution_input input = {
        .n = m.n, .time = m.time, .norm = m.norm, .size = m.size, .turn = m.turn, .rate = m.rate};
    const rn_status status = rn_evolution_measure(&input, NULL, NULL, &found);
    rni_free(m.time);
    if (status < 0) return status;
    judge(&m, &found, line);
    numbers->without_bursts = line->verdict;
    add_scatter_line(subject);
    add_number(subject, "growth of the kernel", found.growth,
               "largest eigenvalue, at its highest over that of the start");
    if (m.n >= 2) numbers->growth = found.growth;
    add_number(subject, "relative speed", found.speed,
               "largest share of the kernel that is new by the time the loss has fallen by e");
    add_number(subject, "path length", found.path,
               "how far the kernel travelled, in units of its size at the start");
    if (isfinite(found.path_error)) {
        line = &subject->lines[subject->shown.n_lines - 1];
        line->low = found.path - found.path_error;
        line->high = found.path + found.path_error;
    }
    return RN_OK;
}

/* P(X >= k) of n independent runs that burst with probability p. */
static double at_least(rn_index n, rn_index k, double p)
{
    double below = 0.0;
    for (rn_index i = 0; i < k; i++)
        below +=
            exp(lgamma((double)n + 1.0) - lgamma((double)i + 1.0) - lgamma((double)(n - i) + 1.0)
                + (double)i * log(p) + (double)(n - i) * log1p(-p));
    return fmax(1.0 - below, 0.0);
}

/* Fails where more runs burst than false alarms make once in 40 families; holds where no larger
   share bursts than false alarms may, of at least half of the runs. */
static void add_bursts_of(rn_index n, const rni_run_numbers *const *numbers, rni_subject *subject)
{
    rn_index fails = 0;
    rn_index told = 0;
    for (rn_index i = 0; i < n; i++) {
        fails += numbers[i]->without_bursts == RN_VERDICT_FAILS;
        told += numbers[i]->without_bursts != RN_VERDICT_CANNOT_TELL;
    }
    rn_check_line *line = rni_check_add(subject, "C3", "share of runs with bursts", "1");
    line->decides = 1;
    line->threshold = FALSE_ALARMS;
    rni_check_say(line->origin, "runs without bursts that are called bursting, at most "
                                "(docs/calibration.md); fails where more burst than that makes "
                                "once in 40 families");
    rni_check_say(line->reason,
                  "%" PRId64 " of %" PRId64 " runs burst, of %" PRId64 " it cannot be "
                  "told",
                  fails, n, n - told);
    if (told > 0) line->value = (double)fails / (double)told;
    if (told > 0 && at_least(told, fails, FALSE_ALARMS) <= 0.025)
        line->verdict = RN_VERDICT_FAILS;
    else if (told > 0 && 2 * told >= n && (double)fails <= FALSE_ALARMS * (double)told)
        line->verdict = RN_VERDICT_HOLDS;
    else
        rni_check_say(line->remedy, told > 0 && 2 * told >= n ? "more seeds" : "see the runs");
}

static double depth_of(const rni_run_numbers *of)
{
    return of->depth;
}

static double width_of(const rni_run_numbers *of)
{
    return of->width;
}

static double growth_of(const rni_run_numbers *of)
{
    return of->growth;
}

rn_status rni_check_evolution_of(rn_index n, const rni_run_numbers *const *numbers,
                                 rni_subject *subject)
{
    static const rni_family_axes axes = {width_of, depth_of, growth_of};
    rn_finding found = {0};
    double *x = rni_alloc(2 * n, sizeof *x);
    if (!x) return rni_fail(RN_ERR_MEMORY, "rn_check_create: no memory for %" PRId64 " runs", n);
    const rn_index count = rni_check_gather(n, numbers, &axes, x, x + n);
    const rn_status status = rn_family_shrinking(count, x, x + n, &found);
    rni_free(x);
    if (status < 0) return status;
    add_bursts_of(n, numbers, subject);
    rn_check_line *line = rni_check_add(subject, "C3", "scatter of the growth with width", "1");
    line->decides = 1;
    rni_check_take(line, &found, isnan(found.value) ? need_widths : "see the reason");
    return RN_OK;
}
