/*
 * C4: log-shift invariance of the couplings between shells.
 */
#include <math.h>
#include <stdio.h>

#include "core/memory.h"
#include "verdict/verdict.h"

#define THRESHOLD_SQUARE (RNI_INVARIANCE_THRESHOLD * RNI_INVARIANCE_THRESHOLD)

/* Fewest modes of a shell that can be split into halves, as rn_coupling_options_defaults. */
#define SHELL_MODES 4

/* Couplings need modes this far above the floor, as rn_coupling_options_defaults. */
#define FLOOR_FACTOR 1000.0

static bool is_usable(const rn_snapshot *at)
{
    return isfinite(at->coupling_cross_tilt) && isfinite(at->coupling_cross_tilt_error)
           && at->coupling_split_entries >= RNI_INVARIANCE_ENTRIES;
}

static bool has_kinks(const rn_folder *folder)
{
    for (rn_index i = 0; i < rn_folder_n_snapshots(folder); i++)
        if (rn_folder_snapshot(folder, i)->has_kinks > 0.0) return true;
    return false;
}

/* Shells of a factor 2, counted down from the largest eigenvalue, that hold SHELL_MODES modes. */
static rn_index count_shells(const rn_snapshot *at)
{
    rn_index count = 0;
    rn_index in_shell = 0;
    double edge = at->lambda_max * 0.5;
    for (rn_index u = at->n_modes - 1; u >= 0; u--) {
        if (!(at->lambda[u] > FLOOR_FACTOR * at->lambda_floor)) break;
        while (at->lambda[u] <= edge) {
            edge *= 0.5;
            in_shell = 0;
        }
        count += ++in_shell == SHELL_MODES;
    }
    return count;
}

static rn_index most_shells(const rn_folder *folder)
{
    rn_index most = 0;
    for (rn_index i = 0; i < rn_folder_n_snapshots(folder); i++) {
        const rn_index here = count_shells(rn_folder_snapshot(folder, i));
        if (here > most) most = here;
    }
    return most;
}

static bool has_spectrum(const rn_folder *folder)
{
    const rn_index n = rn_folder_n_snapshots(folder);
    return n > 0 && rn_folder_snapshot(folder, n - 1)->n_modes > 0;
}

/* Why there is no number, and what would give one. */
static void say_missing(const rn_folder *folder, rn_check_line *line)
{
    line->verdict = RN_VERDICT_CANNOT_TELL;
    if (!has_spectrum(folder)) {
        rni_check_say(line->reason, "the run measured no spectrum");
        rni_check_say(line->remedy, "run it again with measure.kind=exact");
        return;
    }
    if (has_kinks(folder)) {
        rni_check_say(line->reason, "the activation has kinks, where the tangent M' misses jumps "
                                    "of the kernel: couplings are not defined");
        rni_check_say(line->remedy, "a twice differentiable activation, such as gelu for relu");
        return;
    }
    const rn_index found = most_shells(folder);
    if (found >= RNI_INVARIANCE_SHELLS) {
        rni_check_say(line->reason, "no couplings were recorded: measure.couplings is false, or "
                                    "the run was made by an earlier version");
        rni_check_say(line->remedy, "run it again with measure.couplings=true");
        return;
    }
    rni_check_say(line->reason,
                  "found %" PRId64 " shell%s of a factor 2 in lambda with at least %d modes, "
                  "expected %d",
                  found, found == 1 ? "" : "s", SHELL_MODES, RNI_INVARIANCE_SHELLS);
    rni_check_say(line->remedy,
                  "more training samples (data.n_train), so that %d shells hold %d "
                  "modes each",
                  RNI_INVARIANCE_SHELLS, SHELL_MODES);
}

/* Numbers, answer and texts of a square; `of` says of what it is made. */
static void judge(rni_square found, rni_square of_one, const char *of, rn_check_line *line)
{
    const rni_invariance told = rni_invariance_judge(found);
    line->value = told.value;
    line->low = told.low;
    line->high = told.high;
    line->threshold = RNI_INVARIANCE_THRESHOLD;
    rni_check_say(
        line->origin,
        "threshold: our choice between residual (0.10) and plain (0.22) nets of depth 16; "
        "interval: square -%g +%g errors, wrong in <= 5 %% of synthetic draws "
        "(docs/calibration.md); %s",
        RNI_INVARIANCE_LOW, told.high_factor, of);
    if (told.answer != 0) {
        line->verdict = told.answer > 0 ? RN_VERDICT_HOLDS : RN_VERDICT_FAILS;
        rni_check_say(line->reason, "the interval lies %s the threshold",
                      told.answer > 0 ? "below" : "above");
        return;
    }
    line->verdict = RN_VERDICT_CANNOT_TELL;
    rni_check_say(line->reason, "the interval holds the threshold");
    const rn_index needed = rni_invariance_runs_needed(of_one);
    if (needed > 0)
        rni_check_say(line->remedy,
                      "about %" PRId64 " runs with other seeds, or more training samples", needed);
    else
        rni_check_say(line->remedy, "the number is too close to the threshold for any number of "
                                    "runs up to 1000; compare architectures instead");
}

static double mean_of(const rn_folder *folder, double (*get)(const rn_snapshot *at))
{
    double sum = 0.0;
    double count = 0.0;
    for (rn_index i = 0; i < rn_folder_n_snapshots(folder); i++) {
        const double value = get(rn_folder_snapshot(folder, i));
        if (!isfinite(value)) continue;
        sum += value;
        count += 1.0;
    }
    return count > 0.0 ? sum / count : (double)NAN;
}

static double get_delta(const rn_snapshot *at)
{
    return at->coupling_delta_tilt;
}

static double get_kappa(const rn_snapshot *at)
{
    return at->coupling_kappa;
}

static double get_shifted(const rn_snapshot *at)
{
    return at->coupling_shifted_cross_tilt;
}

static double get_floor(const rn_snapshot *at)
{
    return at->coupling_floor_tilt;
}

/* Numbers beside: what a reader may know from elsewhere, and the sensitivity to the grid. */
static void add_beside(const rn_folder *folder, rni_subject *subject)
{
    rn_check_line *line = rni_check_add(subject, "C4", "Delta, tilt removed", "nat");
    line->value = mean_of(folder, get_delta);
    rni_check_say(line->reason, "scatter of ln K, sampling included; noise alone gives %.2g",
                  mean_of(folder, get_floor));
    line = rni_check_add(subject, "C4", "tilt kappa", "1");
    line->value = mean_of(folder, get_kappa);
    rni_check_say(line->reason, "K grows as lambda^kappa, which a power law allows");
    line = rni_check_add(subject, "C4", "Delta_x, shells shifted by half", "nat");
    line->value = sqrt(fmax(mean_of(folder, get_shifted), 0.0));
    rni_check_say(line->reason, "the same defect on other shells: the difference is arbitrariness "
                                "of the grid");
}

void rni_check_couplings(const rn_folder *folder, rni_subject *subject, rni_run_numbers *numbers)
{
    rn_check_line *line = rni_check_add(subject, "C4", "Delta_x, tilt removed", "nat");
    line->decides = 1;
    rni_square mean = {.n_runs = 1};
    rn_index count = 0;
    for (rn_index i = 0; i < rn_folder_n_snapshots(folder); i++) {
        const rn_snapshot *at = rn_folder_snapshot(folder, i);
        if (!is_usable(at)) continue;
        const rni_square next = {.square = at->coupling_cross_tilt,
                                 .error = at->coupling_cross_tilt_error};
        rni_invariance_add(&mean, count++, next);
    }
    if (count == 0) {
        line->threshold = RNI_INVARIANCE_THRESHOLD;
        say_missing(folder, line);
        return;
    }
    char of[128];
    (void)snprintf(of, sizeof of, "mean over %" PRId64 " measurement%s, taken as dependent", count,
                   count == 1 ? "" : "s");
    judge(mean, mean, of, line);
    numbers->has_couplings = true;
    numbers->invariance = mean;
    add_beside(folder, subject);
}

void rni_check_couplings_of(rn_index n, const rni_run_numbers *const *numbers, rni_subject *subject)
{
    rn_check_line *line = rni_check_add(subject, "C4", "Delta_x, tilt removed, of all runs", "nat");
    line->decides = 1;
    rni_square squares[RN_CHECK_MAX_RUNS];
    rn_index count = 0;
    for (rn_index i = 0; i < n; i++)
        if (numbers[i]->has_couplings) squares[count++] = numbers[i]->invariance;
    line->threshold = RNI_INVARIANCE_THRESHOLD;
    if (count == 0) {
        line->verdict = RN_VERDICT_CANNOT_TELL;
        rni_check_say(line->reason, "no run of the family has couplings");
        rni_check_say(line->remedy, "see the runs");
        return;
    }
    const rni_square pooled = rni_invariance_over_runs(count, squares);
    const rni_square of_one = {
        .square = pooled.square, .error = pooled.error * sqrt((double)count), .n_runs = 1};
    char of[128];
    (void)snprintf(of, sizeof of, "mean of %" PRId64 " runs, taken as independent", count);
    judge(pooled, of_one, of, line);
}
