/*
 * C1, bounded propagation, and C2, incoherent blocks. One run gives numbers of its start; that they
 * stay bounded is a statement about runs of several depths.
 */
#include <math.h>
#include <renorm/family.h>
#include <stdlib.h>

#include "core/memory.h"
#include "verdict/verdict.h"

static const char gain_name[] = "largest gain between blocks";
static const char row_name[] = "largest row sum of the influence";
static const char need_family[] =
    "renorm check over runs of 3 depths or more, the largest at least 4 times the smallest, with "
    "4 seeds or more each (renorm study makes them)";

static double setting_of(const rn_folder *folder, const char *key)
{
    const char *text = rn_folder_find_setting(folder, key);
    const double value = text ? strtod(text, NULL) : 0.0;
    return value >= 1.0 && isfinite(value) ? value : (double)NAN;
}

/* A number that a family test takes: positive and finite, else NaN. */
static double usable(double value)
{
    return value > 0.0 && isfinite(value) ? value : (double)NAN;
}

/* A line of one run: its number, and that it cannot tell. */
static void add_open(rni_subject *subject, const char *quantity, double value)
{
    rn_check_line *line = rni_check_add(subject, "C1", quantity, "1");
    line->decides = 1;
    line->value = value;
    if (isnan(value)) {
        rni_check_say(line->reason, "not measured: the network declares no blocks, or "
                                    "measure.conditions is false");
        rni_check_say(line->remedy, "a network that is a chain of blocks (an mlp, convnet, "
                                    "resnet or transformer of 2 or more), with measure.kind=exact "
                                    "and measure.conditions=true");
        return;
    }
    rni_check_say(line->reason, "of one run; whether it stays bounded as the depth grows needs "
                                "several");
    rni_check_say(line->remedy, "%s", need_family);
}

void rni_check_propagation(const rn_folder *folder, rni_subject *subject, rni_run_numbers *numbers)
{
    const double nan = (double)NAN;
    const rn_snapshot none = {.gain_largest = nan,
                              .influence_largest_row = nan,
                              .influence_band = nan,
                              .overlap_largest_row = nan};
    const rn_snapshot *at =
        rn_folder_n_snapshots(folder) > 0 ? rn_folder_snapshot(folder, 0) : &none;
    numbers->depth = setting_of(folder, "model.depth");
    numbers->width = setting_of(folder, "model.width");
    numbers->gain = usable(at->gain_largest);
    numbers->influence = at->has_kinks > 0.0 ? nan : usable(at->influence_largest_row);
    add_open(subject, gain_name, numbers->gain);
    add_open(subject, row_name, usable(at->influence_largest_row));
    if (at->has_kinks > 0.0)
        rni_check_say(subject->lines[subject->shown.n_lines - 1].reason,
                      "the activation has kinks: the tangent sees a part of the influence only");
    if (isfinite(at->influence_band)) {
        rn_check_line *line = rni_check_add(subject, "C1", "share of neighbouring blocks", "1");
        line->value = at->influence_band;
        rni_check_say(line->reason, "of all influence; equal entries would give %.2g",
                      at->influence_uniform);
    }
    if (isfinite(at->overlap_largest_row)) {
        rn_check_line *line = rni_check_add(subject, "C2", "largest row sum of the overlaps", "1");
        line->value = at->overlap_largest_row;
        rni_check_say(line->reason,
                      "so many blocks act alike, of %" PRId64 "; a number without a verdict, since "
                      "no definition tried tells networks apart",
                      at->n_blocks);
    }
}

/* Of the runs of the family those with the commonest value of `other`, the larger of ties: a growth
   with one setting is not mixed with that of another. */
static double commonest(rn_index n, const rni_run_numbers *const *numbers,
                        double (*other)(const rni_run_numbers *of))
{
    double best = (double)NAN;
    rn_index most = 0;
    for (rn_index i = 0; i < n; i++) {
        const double here = other(numbers[i]);
        rn_index count = 0;
        for (rn_index k = 0; k < n; k++)
            count += fabs(other(numbers[k]) - here) < 0.5;
        if (count > most || (count == most && here > best)) {
            most = count;
            best = here;
        }
    }
    return best;
}

rn_index rni_check_gather(rn_index n, const rni_run_numbers *const *numbers,
                          const rni_family_axes *axes, double *x, double *y)
{
    const double other = commonest(n, numbers, axes->other);
    rn_index count = 0;
    for (rn_index i = 0; i < n; i++) {
        const bool is_other = isnan(other) || fabs(axes->other(numbers[i]) - other) < 0.5;
        if (!is_other || isnan(axes->along(numbers[i])) || isnan(axes->value(numbers[i]))) continue;
        x[count] = axes->along(numbers[i]);
        y[count++] = axes->value(numbers[i]);
    }
    return count;
}

static double depth_of(const rni_run_numbers *of)
{
    return of->depth;
}

static double width_of(const rni_run_numbers *of)
{
    return of->width;
}

static double gain_of(const rni_run_numbers *of)
{
    return of->gain;
}

static double influence_of(const rni_run_numbers *of)
{
    return of->influence;
}

rn_status rni_check_propagation_of(rn_index n, const rni_run_numbers *const *numbers,
                                   rni_subject *subject)
{
    static const struct {
        const char *quantity;
        rni_family_axes axes;
    } parts[] = {
        {"growth of the largest gain with depth", {depth_of, width_of, gain_of}},
        {"growth of the influence with depth", {depth_of, width_of, influence_of}},
    };
    double *x = rni_alloc(2 * n, sizeof *x);
    if (!x) return rni_fail(RN_ERR_MEMORY, "rn_check_create: no memory for %" PRId64 " runs", n);
    rn_status status = RN_OK;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0] && status == RN_OK; i++) {
        rn_finding found = {0};
        const rn_index count = rni_check_gather(n, numbers, &parts[i].axes, x, x + n);
        status = rn_family_bounded(count, x, x + n, &found);
        if (status < 0) break;
        rn_check_line *line = rni_check_add(subject, "C1", parts[i].quantity, "1");
        line->decides = 1;
        rni_check_take(line, &found, isnan(found.value) ? need_family : "see the reason");
    }
    rni_free(x);
    return status;
}
