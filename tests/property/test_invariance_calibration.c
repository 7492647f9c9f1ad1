/*
 * How often the answer about log-shift invariance is wrong, on motions whose defect is known, and
 * how often there is one. `test_invariance_calibration full` prints the tables of
 * docs/calibration.md. RN_TEST_CASES: draws of each kind.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "clopper_pearson.h"
#include "conditions/coupling_verdict.h"
#include "coupling_ensemble.h"

#define T RNI_INVARIANCE_THRESHOLD

static bool is_full;

static int n_draws(void)
{
    return check_cases(is_full ? 1000 : 40);
}

/* Draws of one kind and the answers they got. */
typedef struct tally {
    int n, holds, fails;
} tally;

static rni_square measure(const coupling_sequence *q)
{
    /* the settings of a run */
    rn_coupling_options options = rn_coupling_options_defaults();
    options.n_draws = 0;
    options.n_splits = 16;
    rn_coupling_report report = {0};
    const rn_coupling_input input = {.n = q->n, .lambda = q->lambda, .mt = q->mt};
    assert_status(rn_couplings_measure(&input, &options, &report), RN_OK);
    assert_true(report.grid.n_split_entries >= RNI_INVARIANCE_ENTRIES);
    const rni_square found = {.square = report.grid.cross_tilt.square,
                              .error = report.grid.cross_tilt.error,
                              .n_runs = 1};
    rn_coupling_report_clear(&report);
    return found;
}

/* n_runs runs of n_snapshots each, judged as one. */
static int judge(const coupling_ensemble *kind, uint64_t seed, int n_runs, int n_snapshots)
{
    rni_square runs[16];
    rni_square snapshots[32];
    for (int r = 0; r < n_runs; r++) {
        coupling_sequence q;
        coupling_sequence_start(kind, seed + 100003u * (uint64_t)r, &q);
        for (int k = 0; k < n_snapshots; k++) {
            if (k > 0) coupling_sequence_next(&q);
            snapshots[k] = measure(&q);
        }
        runs[r] = rni_invariance_over_time(n_snapshots, snapshots);
        coupling_sequence_clear(&q);
    }
    return rni_invariance_judge(rni_invariance_over_runs(n_runs, runs)).answer;
}

static tally draw(const coupling_ensemble *kind, int n_runs, int n_snapshots)
{
    tally t = {.n = n_draws()};
    double low[2];
    double high[2];
    for (int i = 0; i < t.n; i++) {
        const int answer = judge(kind, 7919u * check_seed() + (uint64_t)i, n_runs, n_snapshots);
        t.holds += answer > 0;
        t.fails += answer < 0;
    }
    clopper_pearson(t.holds, t.n, &low[0], &high[0]);
    clopper_pearson(t.fails, t.n, &low[1], &high[1]);
    print_message("| %s | %d x %d | %s%d | %.2f | %d x %d | %.3f [%.3f, %.3f] | %.3f [%.3f, %.3f] "
                  "|\n",
                  kind->name, kind->shells, kind->modes, kind->rank ? "" : "full ", kind->rank,
                  kind->defect, n_runs, n_snapshots, (double)t.holds / t.n, low[0], high[0],
                  (double)t.fails / t.n, low[1], high[1]);
    return t;
}

/* A rate of 5 % or less is not refuted: the interval's lower end is at most 5 %. */
static void assert_rare(int k, int n)
{
    double low = 0.0;
    double high = 0.0;
    clopper_pearson(k, n, &low, &high);
    assert_true(low <= 0.05);
    if (n >= 1000) assert_true(high <= 0.05); /* and with 1000 draws it is shown */
}

static const coupling_ensemble kinds[] = {
    {.name = "banded", .shells = 12, .modes = 8, .decay = 0.4},
    {.name = "rank 8", .shells = 12, .modes = 8, .rank = 8, .decay = 0.4},
    {.name = "rank 2", .shells = 12, .modes = 8, .rank = 2, .decay = 0.4},
    {.name = "rank 1", .shells = 12, .modes = 8, .rank = 1, .decay = 0.4},
    {.name = "few shells", .shells = 8, .modes = 8, .decay = 0.4},
    {.name = "few shells, rank 1", .shells = 8, .modes = 8, .rank = 1, .decay = 0.4},
    {.name = "not banded", .shells = 12, .modes = 8},
    {.name = "strongly banded", .shells = 12, .modes = 8, .decay = 2.0},
    {.name = "tilted", .shells = 12, .modes = 8, .decay = 0.4, .tilt = 0.25},
    {.name = "tilted, rank 2", .shells = 12, .modes = 8, .rank = 2, .decay = 0.4, .tilt = -0.5},
    {.name = "8 shells", .shells = 8, .modes = 16, .decay = 0.4},
    {.name = "8 shells, rank 2", .shells = 8, .modes = 16, .rank = 2, .decay = 0.4},
    {.name = "8 shells, rank 1", .shells = 8, .modes = 16, .rank = 1, .decay = 0.4},
    {.name = "20 shells, rank 1", .shells = 20, .modes = 8, .rank = 1, .decay = 0.4},
    {.name = "many modes, rank 8", .shells = 12, .modes = 32, .rank = 8, .decay = 0.4},
    {.name = "many modes, rank 1", .shells = 12, .modes = 32, .rank = 1, .decay = 0.4},
};
#define N_KINDS ((int)(sizeof kinds / sizeof kinds[0]))
#define N_QUICK 4

static void wrong_answers_are_rare(void **state)
{
    (void)state;
    print_message("| kind | shells x modes | rank | defect | runs x snapshots | holds | fails |\n"
                  "|---|---|---|---|---|---|---|\n");
    for (int k = 0; k < (is_full ? N_KINDS : N_QUICK); k++) {
        coupling_ensemble kind = kinds[k];
        const tally none = draw(&kind, 1, 1);
        assert_rare(none.fails, none.n); /* false alarms */
        kind.defect = T;                 /* at the threshold either answer is wrong */
        const tally edge = draw(&kind, 1, 1);
        assert_rare(edge.fails, edge.n);
        assert_rare(edge.holds, edge.n);
        kind.defect = 2.0 * T; /* and here one of them */
        const tally large = draw(&kind, 1, 1);
        assert_rare(large.holds, large.n);
    }
}

/* Snapshots that repeat the noise in part or whole must not make an answer surer than it is. */
static void snapshots_of_one_run_do_not_add_up_to_certainty(void **state)
{
    (void)state;
    static const double persistence[] = {0.0, 0.9, 1.0};
    for (int i = is_full ? 0 : 2; i < 3; i++)
        for (int rank = is_full ? 0 : 2; rank <= 2; rank += 2) {
            const coupling_ensemble kind = {.name = i == 0   ? "fresh noise"
                                                    : i == 1 ? "persistent noise"
                                                             : "the same noise",
                                            .shells = 10,
                                            .modes = 8,
                                            .rank = rank,
                                            .decay = 0.4,
                                            .defect = T,
                                            .persistence = persistence[i]};
            const tally t = draw(&kind, 1, is_full ? 8 : 3);
            assert_rare(t.fails, t.n);
            assert_rare(t.holds, t.n);
        }
}

/* Runs are independent: there the interval shrinks, and must not shrink too far. */
static void answers_of_several_runs_are_wrong_as_rarely(void **state)
{
    (void)state;
    for (int runs = is_full ? 2 : 4; runs <= (is_full ? 16 : 4); runs *= 2)
        for (int rank = 1; rank <= (is_full ? 2 : 1); rank++) {
            const coupling_ensemble kind = {.name = "several runs",
                                            .shells = 8,
                                            .modes = 8,
                                            .rank = rank,
                                            .decay = 0.4,
                                            .defect = T};
            const tally t = draw(&kind, runs, 1);
            assert_rare(t.fails, t.n);
            assert_rare(t.holds, t.n);
        }
}

static void more_modes_shells_and_runs_tell_more(void **state)
{
    (void)state;
    coupling_ensemble kind = {.name = "power", .shells = 12, .modes = 8, .decay = 0.4};
    const tally full_rank = draw(&kind, 1, 1);
    assert_true(full_rank.holds > 0.3 * full_rank.n);
    kind.defect = 0.4;
    const tally far = draw(&kind, 1, 1);
    assert_true(far.fails > 0.9 * far.n);
    kind = (coupling_ensemble){
        .name = "broken at one scale", .shells = 12, .modes = 8, .decay = 0.4, .broken = 1.5};
    const tally broken = draw(&kind, 4, 1);
    assert_true(broken.fails > 0.9 * broken.n);
}

static void draw_power(int shells, int modes, int rank, int runs)
{
    coupling_ensemble kind = {
        .name = "no defect", .shells = shells, .modes = modes, .rank = rank, .decay = 0.4};
    (void)draw(&kind, runs, 1);
    kind.name = "large defect";
    kind.defect = 0.4;
    (void)draw(&kind, runs, 1);
}

/* Printed for docs/calibration.md; nothing to assert. */
static void the_table_of_power_is_printed(void **state)
{
    (void)state;
    static const int ranks[] = {0, 1, 2, 8};
    for (int i = 0; is_full && i < 4; i++) {
        for (int runs = 1; runs <= 16; runs *= 4)
            draw_power(12, 8, ranks[i], runs);
        draw_power(12, 32, ranks[i], 1);
    }
    for (int shells = 8; is_full && shells <= 24; shells += 8)
        draw_power(shells, 8, 2, 1);
}

static void intervals_of_shares_are_those_of_the_tables(void **state)
{
    (void)state;
    double low = 0.0;
    double high = 0.0;
    clopper_pearson(1, 10, &low, &high); /* Clopper and Pearson's own example of small n */
    assert_close(low, 0.00253, 1e-5);
    assert_close(high, 0.44502, 1e-5);
    clopper_pearson(0, 100, &low, &high);
    assert_close(low, 0.0, 0.0);
    assert_close(high, 1.0 - pow(0.025, 0.01), 1e-9);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intervals_of_shares_are_those_of_the_tables),
        cmocka_unit_test(wrong_answers_are_rare),
        cmocka_unit_test(snapshots_of_one_run_do_not_add_up_to_certainty),
        cmocka_unit_test(answers_of_several_runs_are_wrong_as_rarely),
        cmocka_unit_test(more_modes_shells_and_runs_tell_more),
        cmocka_unit_test(the_table_of_power_is_printed),
    };
    is_full = argc > 1 && strcmp(argv[1], "full") == 0;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
