/*
 * Verdicts about folders whose numbers are chosen: answers, intervals, reasons, what would suffice,
 * families, and failed allocations.
 */
#include "check.h"

#include <math.h>
#include <renorm/check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "remove_tree.h"
#include "synthetic_run.h"

static char root[64];
static int n_made;

static int make_place(void **state)
{
    (void)state;
    (void)snprintf(root, sizeof root, "renorm-check-XXXXXX");
    return mkdtemp(root) ? 0 : -1;
}

static int remove_place(void **state)
{
    (void)state;
    remove_tree(root);
    return 0;
}

static rn_folder *make(synthetic_run chosen)
{
    char name[32];
    (void)snprintf(name, sizeof name, "run%d", n_made++);
    return synthetic_open(&chosen, root, name);
}

static rn_check *check_one(synthetic_run chosen)
{
    rn_check *check = NULL;
    rn_folder *folder = make(chosen);
    const rn_folder *const folders[] = {folder};
    assert_status(rn_check_create(1, folders, &check), RN_OK);
    rn_folder_close(folder);
    assert_int_equal(rn_check_count(check), 1);
    return check;
}

/* The line that decides a condition. */
static const rn_check_line *line_of(const rn_check_subject *subject, const char *condition)
{
    for (rn_index i = 0; i < subject->n_lines; i++)
        if (strcmp(subject->lines[i].condition, condition) == 0) return &subject->lines[i];
    fail_msg("no line of %s", condition);
    return NULL;
}

static void assert_has(const char *text, const char *part)
{
    if (!strstr(text, part)) fail_msg("'%s' has no '%s'", text, part);
}

/* ---- C4 of one run ----------------------------------------------------------------------------
 */

static void an_interval_below_holds_above_fails_around_cannot_tell(void **state)
{
    (void)state;
    static const struct {
        double square, error;
        rn_verdict verdict;
    } cases[] = {
        {0.005, 0.0034, RN_VERDICT_HOLDS},        /* 0.005 + 5 x 0.0034 = 0.0220 < 0.0225 */
        {0.005, 0.0036, RN_VERDICT_CANNOT_TELL},  /* 0.0230 */
        {-0.010, 0.0064, RN_VERDICT_HOLDS},       /* negative by chance */
        {0.0425, 0.0088, RN_VERDICT_FAILS},       /* 0.0425 - 2.25 x 0.0088 = 0.0227 */
        {0.0425, 0.0090, RN_VERDICT_CANNOT_TELL}, /* 0.02225 */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        synthetic_run chosen = synthetic_defaults();
        chosen.square = cases[i].square;
        chosen.error = cases[i].error;
        rn_check *check = check_one(chosen);
        const rn_check_line *line = line_of(rn_check_get(check, 0), "C4");
        assert_int_equal(line->verdict, cases[i].verdict);
        assert_close(line->value, sqrt(fmax(cases[i].square, 0.0)), 1e-12);
        assert_close(line->low, sqrt(fmax(cases[i].square - 2.25 * cases[i].error, 0.0)), 1e-12);
        assert_close(line->high, sqrt(fmax(cases[i].square + 5.0 * cases[i].error, 0.0)), 1e-12);
        assert_close(line->threshold, 0.15, 0.0);
        assert_has(line->origin, "docs/calibration.md");
        assert_has(line->origin, "8 measurements, taken as dependent");
        assert_true((line->remedy[0] != 0) == (line->verdict == RN_VERDICT_CANNOT_TELL));
        rn_check_destroy(check);
    }
}

static void what_is_missing_is_said_with_what_would_suffice(void **state)
{
    (void)state;
    synthetic_run chosen = synthetic_defaults();
    chosen.square = (double)NAN;
    chosen.per_shell = 3.0;
    rn_check *check = check_one(chosen);
    const rn_check_line *line = line_of(rn_check_get(check, 0), "C4");
    assert_int_equal(line->verdict, RN_VERDICT_CANNOT_TELL);
    assert_has(line->reason, "found 0 shells of");
    assert_has(line->reason, "expected 8");
    assert_has(line->remedy, "data.n_train");
    rn_check_destroy(check);

    chosen.per_shell = 6.0;
    check = check_one(chosen);
    line = line_of(rn_check_get(check, 0), "C4");
    assert_has(line->reason, "no couplings were recorded");
    assert_has(line->remedy, "measure.couplings=true");
    rn_check_destroy(check);

    chosen.kinks = 1.0;
    check = check_one(chosen);
    line = line_of(rn_check_get(check, 0), "C4");
    assert_has(line->reason, "kinks");
    assert_has(line->remedy, "gelu");
    rn_check_destroy(check);

    chosen.n_snapshots = 0;
    check = check_one(chosen);
    line = line_of(rn_check_get(check, 0), "C4");
    assert_has(line->reason, "measured no spectrum");
    assert_has(line->remedy, "measure.kind=exact");
    assert_int_equal(rn_check_get(check, 0)->conclusion, RN_CONCLUSION_CANNOT_TELL);
    rn_check_destroy(check);
}

/* Defects of too few pairs of shells were not calibrated. */
static void too_few_pairs_of_shells_do_not_count(void **state)
{
    (void)state;
    synthetic_run chosen = synthetic_defaults();
    chosen.entries = 32;
    rn_check *check = check_one(chosen);
    assert_int_equal(line_of(rn_check_get(check, 0), "C4")->verdict, RN_VERDICT_CANNOT_TELL);
    assert_true(isnan(line_of(rn_check_get(check, 0), "C4")->value));
    rn_check_destroy(check);
    chosen.entries = 33;
    check = check_one(chosen);
    assert_int_equal(line_of(rn_check_get(check, 0), "C4")->verdict, RN_VERDICT_HOLDS);
    rn_check_destroy(check);
}

/* Runs with the same numbers as one that cannot tell: as many as were said to suffice, do. */
static void as_many_runs_as_said_suffice(void **state)
{
    (void)state;
    rn_folder *folders[64];
    synthetic_run chosen = synthetic_defaults();
    chosen.square = 0.010;
    chosen.error = 0.006;
    rn_check *check = check_one(chosen);
    const char *remedy = line_of(rn_check_get(check, 0), "C4")->remedy;
    assert_has(remedy, "about ");
    const int needed = (int)strtol(remedy + strlen("about "), NULL, 10);
    assert_in_range(needed, 3, 60);
    rn_check_destroy(check);
    for (int i = 0; i < needed; i++) {
        char seed[32];
        (void)snprintf(seed, sizeof seed, "seed=%d", i);
        chosen.settings[0] = seed;
        folders[i] = make(chosen);
    }
    for (int less = 0; less < 2; less++) {
        const int n = needed - less;
        assert_status(rn_check_create(n, (const rn_folder *const *)folders, &check), RN_OK);
        assert_int_equal(rn_check_count(check), n + 1);
        const rn_check_subject *family = rn_check_get(check, n);
        assert_true(family->is_family && family->n_runs == n);
        assert_string_equal(family->name, "all runs");
        assert_int_equal(line_of(family, "C4")->verdict,
                         less ? RN_VERDICT_CANNOT_TELL : RN_VERDICT_HOLDS);
        rn_check_destroy(check);
    }
    for (int i = 0; i < needed; i++)
        rn_folder_close(folders[i]);
}

/* ---- families ---------------------------------------------------------------------------------
 */

static void runs_that_differ_in_more_than_depth_width_and_seed_are_no_family(void **state)
{
    (void)state;
    static const char *const settings[][3] = {
        {"seed=1", "model.residual=true", "model.depth=2"},
        {"seed=2", "model.residual=true", "model.depth=4"},
        {"seed=1", "model.residual=false", "model.width=5"},
        {"seed=3", "measure.snapshots=5", "output.record_every=3"},
        {"seed=2", "model.residual=false", "model.depth=3"},
        {"seed=2", "model.residual=false", "model.activation=tanh"},
    };
    enum { N = 6 };
    rn_folder *folders[N];
    rn_check *check = NULL;
    for (int i = 0; i < N; i++) {
        synthetic_run chosen = synthetic_defaults();
        chosen.square = 0.001 * (1 + i);
        for (int k = 0; k < 3; k++)
            chosen.settings[k] = settings[i][k];
        folders[i] = make(chosen);
    }
    assert_status(rn_check_create(N, (const rn_folder *const *)folders, &check), RN_OK);
    for (int i = 0; i < N; i++)
        rn_folder_close(folders[i]);
    assert_int_equal(rn_check_count(check), N + 2);
    const rn_check_subject *residual = rn_check_get(check, N);
    const rn_check_subject *plain = rn_check_get(check, N + 1);
    assert_int_equal(residual->n_runs, 3);
    assert_int_equal(plain->n_runs, 2);
    assert_has(residual->name, "model.residual=true");
    assert_has(plain->name, "model.residual=false");
    assert_close(line_of(residual, "C4")->value, sqrt((0.001 + 0.002 + 0.004) / 3.0), 1e-12);
    assert_close(line_of(plain, "C4")->value, sqrt((0.003 + 0.005) / 2.0), 1e-12);
    rn_check_destroy(check);
}

/* Runs that scatter by more than they say: the scatter counts. sd 0.02 of 4: error of the mean 0.01
 */
static void scatter_between_runs_widens_the_interval(void **state)
{
    (void)state;
    enum { N = 4 };
    static const double off[N] = {-1.0, 1.0, -1.0, 1.0};
    rn_folder *folders[N];
    rn_check *check = NULL;
    for (int i = 0; i < N; i++) {
        synthetic_run chosen = synthetic_defaults();
        char seed[32];
        (void)snprintf(seed, sizeof seed, "seed=%d", i);
        chosen.settings[0] = seed;
        chosen.square = 0.1 + 0.02 * sqrt(0.75) * off[i];
        chosen.error = 1e-4;
        folders[i] = make(chosen);
    }
    assert_status(rn_check_create(N, (const rn_folder *const *)folders, &check), RN_OK);
    const rn_check_line *line = line_of(rn_check_get(check, N), "C4");
    assert_close(line->value, sqrt(0.1), 1e-12);
    assert_close(line->low, sqrt(0.1 - 2.25 * 0.01), 1e-12);
    assert_close(line->high, sqrt(0.1 + 3.0 * 0.01), 1e-12); /* 5 - log2(4) */
    rn_check_destroy(check);
    for (int i = 0; i < N; i++)
        rn_folder_close(folders[i]);
}

/* ---- the rest ---------------------------------------------------------------------------------
 */

static void wording_never_proves_a_negative(void **state)
{
    (void)state;
    synthetic_run chosen = synthetic_defaults();
    chosen.square = 1.0;
    rn_check *check = check_one(chosen);
    const rn_check_subject *subject = rn_check_get(check, 0);
    assert_int_equal(line_of(subject, "C4")->verdict, RN_VERDICT_FAILS);
    assert_int_equal(subject->conclusion, RN_CONCLUSION_CANNOT_TELL);
    assert_has(subject->sentence, "C4 fails");
    assert_has(subject->sentence, "sufficient, not necessary");
    rn_check_destroy(check);
}

static void wrong_arguments_are_refused(void **state)
{
    (void)state;
    rn_check *check = NULL;
    const rn_folder *const nothing[] = {NULL};
    assert_status(rn_check_create(0, nothing, &check), RN_ERR_ARGUMENT);
    assert_status(rn_check_create(1, nothing, &check), RN_ERR_ARGUMENT);
    assert_status(rn_check_create(1, NULL, &check), RN_ERR_ARGUMENT);
    assert_status(rn_check_create(RN_CHECK_MAX_RUNS + 1, nothing, &check), RN_ERR_ARGUMENT);
    assert_null(check);
    assert_null(rn_check_get(NULL, 0));
    rn_check_destroy(NULL);
}

static void every_failed_allocation_leaves_nothing_behind(void **state)
{
    (void)state;
    rn_folder *folder = make(synthetic_defaults());
    const rn_folder *const folders[] = {folder, folder};
    for (long nth = 1;; nth++) {
        rn_check *check = NULL;
        const rn_index before = rni_memory_bytes();
        (void)rni_fail_allocation(nth);
        const rn_status status = rn_check_create(2, folders, &check);
        const bool is_over = rni_fail_allocation(0) < nth;
        assert_status(status, is_over ? RN_OK : RN_ERR_MEMORY);
        if (status < 0) assert_null(check);
        rn_check_destroy(check);
        assert_int_equal(rni_memory_bytes(), before);
        if (!is_over) continue;
        assert_true(nth > 4);
        break;
    }
    rn_folder_close(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_interval_below_holds_above_fails_around_cannot_tell),
        cmocka_unit_test(what_is_missing_is_said_with_what_would_suffice),
        cmocka_unit_test(too_few_pairs_of_shells_do_not_count),
        cmocka_unit_test(as_many_runs_as_said_suffice),
        cmocka_unit_test(runs_that_differ_in_more_than_depth_width_and_seed_are_no_family),
        cmocka_unit_test(scatter_between_runs_widens_the_interval),
        cmocka_unit_test(wording_never_proves_a_negative),
        cmocka_unit_test(wrong_arguments_are_refused),
        cmocka_unit_test(every_failed_allocation_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, make_place, remove_place);
}
