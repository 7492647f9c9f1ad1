/*
 * Claims from C: how lines are judged, files and scales, several at a time, failing memory.
 */
#include "check.h"

#include <math.h>
#include <renorm/claims.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "remove_tree.h"
#include "systems/claim.h"
#include "systems/free_features.h"
#include "systems/kato_modes.h"
#include "systems/phase_flow.h"

/* A system that measures nothing: y = x^2 with the number of its settings. */
typedef struct toy_settings {
    rn_index points;
    double exponent;
} toy_settings;
static const rni_option toy_options[] = {
    {.key = "points", RNI_FIELD(toy_settings, points), .initial = "5", .help = "h"},
    {.key = "exponent", RNI_FIELD(toy_settings, exponent), .initial = "2.0", .help = "h"},
};
static const rni_option_table toy_table = RNI_TABLE("settings", "a toy", toy_options, toy_settings);

static rn_status state_toy(rn_claim *claim, rn_index n, const double *y)
{
    const rni_statement said = {.key = "last",
                                .quantity = "the \"last\", squared",
                                .theory = 25.0,
                                .at_least = 24.0,
                                .at_most = 26.0};
    RNI_TRY(rni_claim_state_median(claim, &said, n, y));
    RNI_TRY(rni_claim_state_mean(claim, &said, n, y));
    return rni_claim_state(claim, &said, y[n - 1], 0.5);
}

static rn_status examine_toy(rn_claim *claim)
{
    const toy_settings *s = rni_claim_settings(claim);
    double x[16];
    double y[16];
    for (rn_index i = 0; i < s->points; i++) {
        RNI_CLAIM_TRY(rni_claim_advance(claim, i, s->points));
        x[i] = 1.0 + (double)i;
        y[i] = pow(x[i], rn_claim_is_mutated(claim) ? 1.0 : s->exponent);
    }
    RNI_TRY(rni_claim_figure(claim, "A figure", "x", "y", true, false));
    RNI_TRY(rni_claim_curve(claim, "y", RN_CLAIM_MEASURED, s->points, x, y));
    RNI_TRY(rni_claim_note(claim, "%d points", (int)s->points));
    return state_toy(claim, s->points, y);
}

static const unsigned char toy_file[] =
    "seeds: 2\nsettings: {points: 5}\nfull: {seeds: 3, settings: {points: 7, exponent: 1.5}}\n"
    "lens: {steps: 3, model: {kind: linear}, data: {kind: sphere, n_train: 4, n_test: 0},\n"
    "  measure: {snapshots: 2}}\n";
static const size_t toy_size = sizeof toy_file - 1;
static const rni_system toy = {
    .about = {.name = "toy", .title = "T", .paper = "P", .claim = "C", .mutation = "M"},
    .options = &toy_table,
    .file = toy_file,
    .file_size = &toy_size,
    .examine = examine_toy};

static rn_claim *empty_claim(void)
{
    rn_claim *claim = rni_alloc_zero(1, sizeof *claim);
    assert_non_null(claim);
    claim->system = &toy;
    return claim;
}

static rn_verdict verdict_of(double value, double error, double at_least, double at_most)
{
    rn_claim *claim = empty_claim();
    const rni_statement said = {
        .key = "k", .quantity = "q", .theory = NAN, .at_least = at_least, .at_most = at_most};
    assert_status(rni_claim_state(claim, &said, value, error), RN_OK);
    const rn_verdict verdict = rn_claim_line_at(claim, 0)->verdict;
    assert_int_equal(verdict, rn_claim_verdict(claim));
    rn_claim_destroy(claim);
    return verdict;
}

static void an_interval_inside_holds_outside_fails_across_cannot_tell(void **state)
{
    (void)state;
    assert_int_equal(verdict_of(1.0, 0.1, 0.8, 1.2), RN_VERDICT_HOLDS);
    assert_int_equal(verdict_of(1.0, 0.0, 1.0, 1.0), RN_VERDICT_HOLDS);
    assert_int_equal(verdict_of(1.0, 0.3, 0.8, 1.2), RN_VERDICT_CANNOT_TELL);
    assert_int_equal(verdict_of(1.0, 0.1, 1.2, 1.3), RN_VERDICT_FAILS);
    assert_int_equal(verdict_of(1.0, 0.1, 0.1, 0.8), RN_VERDICT_FAILS);
    assert_int_equal(verdict_of(1.0, 0.1, -INFINITY, INFINITY), RN_VERDICT_HOLDS);
    assert_int_equal(verdict_of(NAN, 0.1, -INFINITY, INFINITY), RN_VERDICT_CANNOT_TELL);
    assert_int_equal(verdict_of(INFINITY, 0.1, 0.0, 1.0), RN_VERDICT_CANNOT_TELL);
    assert_int_equal(verdict_of(1.0, NAN, -INFINITY, INFINITY), RN_VERDICT_CANNOT_TELL);
}

static void the_worst_line_that_decides_is_the_verdict(void **state)
{
    (void)state;
    const rni_statement good = {.key = "good", .theory = 1.0, .at_least = 0.5, .at_most = 1.5};
    const rni_statement bad = {.key = "bad", .theory = 1.0, .at_least = 2.0, .at_most = 3.0};
    rni_statement beside = bad;
    rn_claim *claim = empty_claim();
    beside.is_beside = true;
    assert_int_equal(rn_claim_verdict(claim), RN_VERDICT_CANNOT_TELL); /* nothing was said */
    assert_status(rni_claim_state(claim, &beside, 1.0, 0.0), RN_OK);
    assert_int_equal(rn_claim_verdict(claim), RN_VERDICT_CANNOT_TELL);
    assert_status(rni_claim_state(claim, &good, 1.0, 0.0), RN_OK);
    assert_int_equal(rn_claim_verdict(claim), RN_VERDICT_HOLDS);
    assert_status(rni_claim_state(claim, &good, 1.0, 0.6), RN_OK);
    assert_int_equal(rn_claim_verdict(claim), RN_VERDICT_CANNOT_TELL);
    assert_status(rni_claim_state(claim, &good, 1.0, 0.0), RN_OK);
    assert_int_equal(rn_claim_verdict(claim), RN_VERDICT_CANNOT_TELL);
    assert_status(rni_claim_state(claim, &bad, 1.0, 0.0), RN_OK);
    assert_int_equal(rn_claim_verdict(claim), RN_VERDICT_FAILS);
    assert_int_equal(rn_claim_n_lines(claim), 5);
    assert_null(rn_claim_line_at(claim, 5));
    assert_null(rn_claim_line_at(claim, -1));
    rn_claim_destroy(claim);
    rn_claim_destroy(NULL);
}

static void medians_and_means_carry_their_intervals(void **state)
{
    (void)state;
    const double values[] = {3.0, 1.0, 2.0, NAN, 5.0, 4.0, 7.0, 6.0};
    const rni_statement said = {
        .key = "k", .theory = 4.0, .at_least = 0.0, .at_most = 8.0, .method = "m"};
    rn_claim *claim = empty_claim();
    assert_status(rni_claim_state_median(claim, &said, 8, values), RN_OK);
    assert_status(rni_claim_state_median(claim, &said, 3, values), RN_OK);
    assert_status(rni_claim_state_mean(claim, &said, 3, values), RN_OK);
    assert_status(rni_claim_state_mean(claim, &said, 1, values), RN_ERR_ARGUMENT);
    const rn_claim_line *line = rn_claim_line_at(claim, 0);
    assert_close(line->measured, 4.0, 1e-15);
    assert_true(line->low >= 1.0 && line->low < 4.0 && line->high > 4.0 && line->high <= 7.0);
    assert_int_equal(line->n_values, 8);
    line = rn_claim_line_at(claim, 1); /* too few for a bootstrap: least and greatest */
    assert_close(line->low, 1.0, 1e-15);
    assert_close(line->high, 3.0, 1e-15);
    line = rn_claim_line_at(claim, 2); /* 2 +- t(2) 1/sqrt(3) */
    assert_close(line->measured, 2.0, 1e-15);
    assert_close(line->high - 2.0, 4.3027 / sqrt(3.0), 1e-3);
    rn_claim_destroy(claim);
}

static void full_changes_what_it_names(void **state)
{
    (void)state;
    rn_claim_options options = {0};
    rn_claim *quick = NULL;
    rn_claim *full = NULL;
    assert_status(rni_claim_execute(&toy, &options, NULL, &quick), RN_OK);
    options.scale = RN_CLAIM_FULL;
    assert_status(rni_claim_execute(&toy, &options, NULL, &full), RN_OK);
    assert_int_equal(rn_claim_n_seeds(quick), 2);
    assert_int_equal(rn_claim_n_seeds(full), 3);
    assert_int_equal(rn_claim_scale_of(full), RN_CLAIM_FULL);
    assert_non_null(strstr(rni_text_get(&quick->text), "  points: 5\n  exponent: 2.0\n"));
    assert_non_null(strstr(rni_text_get(&full->text), "  points: 7\n  exponent: 1.5\nlens:\n"));
    assert_int_equal(rn_claim_curve_at(full, 0)->n, 7);
    assert_int_equal(rn_claim_curve_at(full, 0)->figure, 0);
    assert_string_equal(rn_claim_note_at(full, 0), "7 points");
    assert_null(rn_claim_note_at(full, 1));
    assert_null(rn_claim_curve_at(full, 1));
    assert_non_null(rn_claim_figure_at(full, 0));
    assert_null(rn_claim_figure_at(full, 1));
    assert_null(rn_claim_folder(full));
    rn_claim_destroy(quick);
    rn_claim_destroy(full);
}

/* Without and with its lens: the run through the shells leaves a whole folder behind. */
static void the_lens_is_a_run_of_its_own(void **state)
{
    (void)state;
    char scratch[] = "/tmp/renorm-claim-XXXXXX";
    char path[256];
    assert_non_null(mkdtemp(scratch));
    rn_claim_options options = {.parent = scratch};
    rn_claim *claim = NULL;
    rn_folder *seen = NULL;
    assert_status(rni_claim_execute(&toy, &options, NULL, &claim), RN_OK);
    (void)snprintf(path, sizeof path, "%s/toy/lens", scratch);
    assert_status(rn_folder_open(path, &seen), RN_OK);
    assert_int_equal(rn_folder_n_snapshots(seen), 2);
    rn_folder_close(seen);
    rn_claim_destroy(claim);
    options.is_mutated = 1; /* no lens, and a free name beside the first */
    assert_status(rni_claim_execute(&toy, &options, NULL, &claim), RN_OK);
    assert_int_equal(rn_claim_verdict(claim), RN_VERDICT_FAILS);
    (void)snprintf(path, sizeof path, "%s/toy-2/lens", scratch);
    assert_status(rn_folder_open(path, &seen), RN_ERR_IO);
    rn_claim_destroy(claim);
    remove_tree(scratch);
}

static void wrong_arguments_are_refused(void **state)
{
    (void)state;
    rn_claim *claim = NULL;
    rn_claim_outcome outcome;
    const char *const names[] = {"nothing"};
    const rn_claim_options options = {.folder = "/tmp/renorm-claim-none"};
    assert_status(rn_claim_execute("nothing", NULL, NULL, &claim), RN_ERR_ARGUMENT);
    assert_message_has("'nothing'");
    assert_status(rn_claim_execute(NULL, NULL, NULL, &claim), RN_ERR_ARGUMENT);
    assert_status(rn_claims_execute(1, names, &options, 1, NULL, &outcome), RN_ERR_ARGUMENT);
    assert_status(rn_claims_execute(0, NULL, NULL, 1, NULL, &outcome), RN_ERR_ARGUMENT);
    assert_null(claim);
    assert_null(rn_claim_system_at(-1));
    assert_null(rn_claim_system_find("nothing"));
}

static rn_status work_out(const char *folder)
{
    rn_claim *claim = NULL;
    const rn_claim_options options = {.folder = folder, .is_mutated = 1, .scale = RN_CLAIM_FULL};
    const rn_status status = rni_claim_execute(&toy, &options, NULL, &claim);
    rn_claim_destroy(claim);
    return status;
}

static void memory_may_fail_anywhere(void **state)
{
    (void)state;
    char scratch[] = "/tmp/renorm-claim-XXXXXX";
    char folder[512];
    assert_non_null(mkdtemp(scratch));
    const rn_index bytes = rni_memory_bytes();
    rn_status status = RN_ERR_MEMORY;
    long fault = 1;
    for (; status == RN_ERR_MEMORY && fault < 20000; fault++) {
        (void)snprintf(folder, sizeof folder, "%s/%ld", scratch, fault);
        (void)rni_fail_allocation(fault);
        status = work_out(folder);
        (void)rni_fail_allocation(0);
        assert_int_equal(rni_memory_bytes(), bytes);
    }
    assert_status(status, RN_OK);
    assert_true(fault > 50);
    remove_tree(scratch);
}

static void a_moving_kernel_may_lack_memory(void **state)
{
    (void)state;
    const rn_index bytes = rni_memory_bytes();
    rni_kato_modes seen;
    rn_status status = RN_ERR_MEMORY;
    for (long fault = 1; status == RN_ERR_MEMORY && fault < 200; fault++) {
        (void)rni_fail_allocation(fault);
        status = rni_kato_modes_see(4, 0.5, 1, false, &seen);
        (void)rni_fail_allocation(0);
        assert_int_equal(rni_memory_bytes(), bytes);
    }
    assert_status(status, RN_OK);
    assert_true(seen.mismatch < 1e-10);
}

static rn_status move_features(void)
{
    const double eta[] = {0.1, 0.2, 0.1};
    const rni_feature_kernel kernel = {1.0, 2.0, 3.0};
    const rni_free_features_plan plan = {.c = 2,
                                         .per_class = 2,
                                         .d = 2,
                                         .g1 = 1.0,
                                         .g2 = 0.5,
                                         .is_cross_entropy = true,
                                         .kernel = &kernel};
    rni_free_features x = {0};
    double state[2 * 2 + 2 * 4];
    RNI_TRY(rni_free_features_make(&plan, 1, &x));
    memcpy(state, x.state, sizeof state);
    const rn_status status = rni_free_features_descend(&x, 3, eta, state);
    rni_free_features_clear(&x);
    return status;
}

/* Phi Phi has the eigenvalues asked for, on what is the same in a class, in all, and in neither. */
static void a_kernel_at_rest_is_the_one_asked_for(void **state)
{
    enum { N = 6 };
    (void)state;
    const rni_feature_kernel kernel = {.within = 0.25, .class_means = 4.0, .mean = 0.5};
    const rni_free_features_plan plan = {.c = 3, .per_class = 2, .d = 2, .kernel = &kernel};
    const double vectors[3][N] = {{1, -1, 0, 0, 0, 0}, {1, 1, -1, -1, 0, 0}, {1, 1, 1, 1, 1, 1}};
    const double values[3] = {0.25, 4.0, 0.5};
    rni_free_features x = {0};
    assert_status(rni_free_features_make(&plan, 1, &x), RN_OK);
    for (int k = 0; k < 3; k++) {
        double once[N] = {0};
        for (int i = 0; i < N; i++)
            for (int j = 0; j < N; j++)
                once[i] += x.phi[i * N + j] * vectors[k][j];
        for (int i = 0; i < N; i++) {
            double twice = 0.0;
            for (int j = 0; j < N; j++)
                twice += x.phi[i * N + j] * once[j];
            assert_close(twice, values[k] * vectors[k][i], 1e-14);
        }
    }
    rni_free_features_clear(&x);
}

static rn_status descend_on_samples(void)
{
    rni_phase phase;
    double s[4];
    double u[4];
    double deviation = 0.0;
    const rni_phase_descent how = {.batch = 2, .step = 0.01, .end = 0.04, .n_seen = 2};
    RNI_TRY(rni_phase_make(4, 2.0, 1, false, &phase));
    const rn_status status = rni_phase_descend(&phase, &how, 1, s, u, &deviation);
    rni_phase_clear(&phase);
    return status;
}

static void systems_may_lack_memory(void **state)
{
    (void)state;
    rn_status (*const work[])(void) = {move_features, descend_on_samples};
    for (int i = 0; i < 2; i++) {
        const rn_index bytes = rni_memory_bytes();
        rn_status status = RN_ERR_MEMORY;
        for (long fault = 1; status == RN_ERR_MEMORY && fault < 5000; fault++) {
            (void)rni_fail_allocation(fault);
            status = work[i]();
            (void)rni_fail_allocation(0);
            assert_int_equal(rni_memory_bytes(), bytes);
        }
        assert_status(status, RN_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_interval_inside_holds_outside_fails_across_cannot_tell),
        cmocka_unit_test(the_worst_line_that_decides_is_the_verdict),
        cmocka_unit_test(medians_and_means_carry_their_intervals),
        cmocka_unit_test(full_changes_what_it_names),
        cmocka_unit_test(the_lens_is_a_run_of_its_own),
        cmocka_unit_test(a_moving_kernel_may_lack_memory),
        cmocka_unit_test(a_kernel_at_rest_is_the_one_asked_for),
        cmocka_unit_test(systems_may_lack_memory),
        cmocka_unit_test(wrong_arguments_are_refused),
        cmocka_unit_test(memory_may_fail_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
