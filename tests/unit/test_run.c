/*
 * Runs from C: what is measured agrees with itself, with closed forms, and with what was asked.
 */
#include "check.h"

#include <float.h>
#include <math.h>
#include <renorm/run.h>
#include <renorm/selftest.h>
#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "run/field.h"
#include "run/measure.h"

/* A residual gelu network on 8 samples: a run takes some 20 ms. */
static const char *const small[] = {"model.depth=2",
                                    "model.width=8",
                                    "data.kind=sphere",
                                    "data.n_train=8",
                                    "data.n_test=8",
                                    "data.dimension=5",
                                    "train.learning_rate=0.5",
                                    "train.relative=true",
                                    "measure.snapshots=4",
                                    "steps=20",
                                    "threads=1"};
#define N_SMALL  ((rn_index)(sizeof small / sizeof small[0]))
#define MAX_MORE 8

/* The small configuration with changes, NULL-terminated. */
static rn_config *load(const char *const *changes)
{
    const char *all[N_SMALL + MAX_MORE];
    rn_index count = N_SMALL;
    rn_config *config = NULL;
    memcpy(all, small, sizeof small);
    for (; changes && *changes; changes++)
        all[count++] = *changes;
    assert_status(rn_config_load(NULL, count, all, &config), RN_OK);
    return config;
}

static rn_run *execute(const char *const *changes)
{
    rn_run *run = NULL;
    rn_config *config = load(changes);
    assert_status(rn_run_execute(config, NULL, NULL, &run), RN_OK);
    rn_config_destroy(config);
    return run;
}

#define CHANGES(...) ((const char *const[]){__VA_ARGS__, NULL})

/* ---- the schedule ---------------------------------------------------------------------------- */

static void steps_to_measure_are_unique_and_reach_from_first_to_last(void **state)
{
    (void)state;
    for (rn_index n_steps = 0; n_steps <= 300; n_steps++) {
        for (rn_index wanted = 2; wanted <= 25; wanted++) {
            rn_index steps[25] = {0};
            const rn_index found = rni_schedule_log(n_steps, wanted, steps);
            assert_int_equal(found, n_steps + 1 < wanted ? n_steps + 1 : wanted);
            assert_int_equal(steps[0], 0);
            assert_int_equal(steps[found - 1], n_steps);
            for (rn_index i = 1; i < found; i++)
                assert_true(steps[i] > steps[i - 1]);
        }
    }
}

static void steps_to_measure_are_spaced_evenly_in_the_logarithm(void **state)
{
    (void)state;
    rn_index steps[20] = {0};
    assert_int_equal(rni_schedule_log(100000, 20, steps), 20);
    const double ratio = pow(100001.0, 1.0 / 19.0);
    for (rn_index i = 10; i < 20; i++) /* rounding to whole steps is small from here on */
        assert_close((double)(steps[i] + 1) / (double)(steps[i - 1] + 1), ratio, 0.01 * ratio);
}

/* ---- the fields ------------------------------------------------------------------------------ */

/* Numbers that a quantity has in a snapshot of 5 modes, 4 boundaries, 2 scales and 6 blocks. */
static rn_index expected_count(const char *axis)
{
    static const struct {
        const char *axis;
        rn_index count;
    } counts[] = {{"", 1},
                  {"mode", 5},
                  {"boundary", 4},
                  {"shell", 3},
                  {"scale", 2},
                  {"scale edge", 3},
                  {"scale pair", 4},
                  {"block", 6},
                  {"block pair", 36},
                  {"block edge pair", 49}};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        if (strcmp(axis, counts[i].axis) == 0) return counts[i].count;
    fail_msg("axis '%s' is not known here", axis);
    return -1;
}

static void every_quantity_has_a_name_of_its_own_and_its_numbers(void **state)
{
    (void)state;
    rn_snapshot snapshot = {0};
    assert_status(rni_snapshot_init(&snapshot, 5, 4, 2, 6), RN_OK);
    for (rn_index i = 0; i < rni_field_count(); i++) {
        const rn_field *field = rn_snapshot_field(i);
        rn_index count = 0;
        const double *values = rn_snapshot_values(&snapshot, i, &count);
        assert_non_null(values);
        assert_int_equal(count, expected_count(field->axis));
        for (rn_index j = 0; j < count; j++)
            assert_true(isnan(values[j]));
        for (rn_index k = 0; k < i; k++)
            assert_string_not_equal(field->name, rn_snapshot_field(k)->name);
    }
    assert_null(rn_snapshot_field(rni_field_count()));
    assert_null(rn_snapshot_field(-1));
    rni_snapshot_clear(&snapshot);
    rni_snapshot_clear(NULL);
}

/* ---- runs ------------------------------------------------------------------------------------ */

static void energies_and_budget_of_every_snapshot_add_up(void **state)
{
    (void)state;
    rn_run *run = execute(NULL);
    assert_int_equal(rn_run_n_snapshots(run), 4);
    assert_int_equal(rn_run_n_records(run), 21);
    for (rn_index k = 0; k < 4; k++) {
        const rn_snapshot *at = rn_run_snapshot(run, k);
        double sum = at->null_energy;
        double squares = 0.0;
        for (rn_index i = 0; i + 1 < at->n_boundaries; i++)
            sum += at->energy[i];
        for (rn_index u = 0; u < at->n_modes; u++)
            squares += at->g[u] * at->g[u];
        /* sums of some 50 terms: well within 1e-12 of the loss */
        assert_close(sum, at->record.loss, 1e-12 * at->record.loss);
        assert_close(squares / 16.0, at->record.loss, 1e-12 * at->record.loss);
        /* dt^2 = 1e-8 times derivatives of order 100 in these units */
        assert_true(at->closure_error > 0.0);
        assert_true(at->closure_error < 1e-6);
        assert_true(at->closure_floor > 0.0);
        assert_close(rn_run_record(run, at->record.step)->loss, at->record.loss, 0.0);
        if (k < 3)
            assert_true(at->step_mismatch < 1e-12);
        else
            assert_true(isnan(at->step_mismatch)); /* no step follows the last */
    }
    assert_null(rn_run_snapshot(run, 4));
    assert_null(rn_run_record(run, 21));
    assert_true(rn_run_record(run, 20)->loss < 0.5 * rn_run_record(run, 0)->loss);
    rn_run_destroy(run);
    rn_run_destroy(NULL);
}

static void boundaries_stay_where_they_were(void **state)
{
    (void)state;
    rn_run *run = execute(CHANGES("measure.room=0"));
    const rn_snapshot *first = rn_run_snapshot(run, 0);
    for (rn_index k = 1; k < rn_run_n_snapshots(run); k++) {
        const rn_snapshot *at = rn_run_snapshot(run, k);
        const double shift = (first->s[0] - at->s[0]) / first->width;
        assert_close(shift, round(shift), 1e-9);
        assert_close(at->width, first->width, 0.0);
        assert_true(at->s[at->n_boundaries - 1] >= log(at->lambda_max) + at->width);
    }
    rn_run_destroy(run);
}

/* f = x W: M does not depend on W, so nothing flows and every mode decays by itself. */
static void a_frozen_kernel_has_no_flux_and_decays_in_closed_form(void **state)
{
    (void)state;
    const char *linear[] = {
        "model.kind=linear",       "data.kind=sphere",    "data.n_train=8", "data.dimension=12",
        "train.learning_rate=0.5", "measure.snapshots=4", "steps=30",       "threads=1"};
    rn_config *config = NULL;
    rn_run *run = NULL;
    assert_status(rn_config_load(NULL, 8, linear, &config), RN_OK);
    assert_status(rn_run_execute(config, NULL, NULL, &run), RN_OK);
    rn_config_destroy(config);
    const rn_snapshot *first = rn_run_snapshot(run, 0);
    const double eta = first->record.learning_rate;
    for (rn_index k = 0; k < rn_run_n_snapshots(run); k++) {
        const rn_snapshot *at = rn_run_snapshot(run, k);
        for (rn_index b = 0; b < at->n_boundaries; b++)
            if (!isnan(at->flux[b])) assert_close(at->flux[b], 0.0, 0.0);
        for (rn_index u = 0; u < at->n_modes; u++) {
            const double decay = pow(1.0 - eta * first->lambda[u], (double)at->record.step);
            /* step * eps * |e| per mode, eigenvalues well separated: 1e-12 of |e| is ample */
            assert_close(fabs(at->g[u]), fabs(first->g[u] * decay),
                         1e-12 * sqrt(16.0 * first->record.loss));
        }
    }
    rn_run_destroy(run);
}

static void the_closure_error_falls_as_the_square_of_dt(void **state)
{
    (void)state;
    double errors[3] = {0};
    static const char *const steps[] = {"measure.closure_dt=0.04", "measure.closure_dt=0.02",
                                        "measure.closure_dt=0.01"};
    for (int i = 0; i < 3; i++) {
        rn_run *run = execute(CHANGES(steps[i]));
        errors[i] = rn_run_snapshot(run, 1)->closure_error;
        rn_run_destroy(run);
    }
    assert_close(errors[0] / errors[1], 4.0, 0.1); /* next order: a correction of 4e-4 */
    assert_close(errors[1] / errors[2], 4.0, 0.1);
}

static void the_kernel_remainder_of_a_step_falls_with_its_square(void **state)
{
    (void)state;
    double worst[2] = {0};
    static const char *const rates[] = {"train.learning_rate=0.02", "train.learning_rate=0.01"};
    for (int i = 0; i < 2; i++) {
        rn_run *run = execute(CHANGES(rates[i], "steps=1", "measure.snapshots=2"));
        const rn_snapshot *at = rn_run_snapshot(run, 0);
        for (rn_index b = 0; b < at->n_boundaries; b++)
            worst[i] = fmax(worst[i], fabs(at->step_remainder[b]));
        rn_run_destroy(run);
    }
    assert_close(worst[0] / worst[1], 4.0, 0.2);
}

static void kinks_are_reported(void **state)
{
    (void)state;
    rn_summary summary;
    rn_run *smooth = execute(NULL);
    rn_run_summary(smooth, &summary);
    assert_false(summary.has_kinks);
    /* one step of descent is long here, so some remainder is there without kinks as well */
    rn_run_destroy(smooth);
    rn_run *kinked = execute(CHANGES("model.activation=relu"));
    rn_run_summary(kinked, &summary);
    assert_true(summary.has_kinks);
    assert_true(rn_run_snapshot(kinked, 0)->kink_share > 0.0);
    rn_run_destroy(kinked);
}

static void flow_closes_its_steps_as_well(void **state)
{
    (void)state;
    const char *flow[] = {"model.depth=2",
                          "model.width=8",
                          "data.kind=sphere",
                          "data.n_train=8",
                          "train.kind=gradient_flow",
                          "train.interval=0.5",
                          "measure.snapshots=4",
                          "steps=6",
                          "threads=1"};
    rn_config *config = NULL;
    rn_run *run = NULL;
    assert_status(rn_config_load(NULL, 9, flow, &config), RN_OK);
    assert_status(rn_run_execute(config, NULL, NULL, &run), RN_OK);
    rn_config_destroy(config);
    for (rn_index k = 0; k + 1 < rn_run_n_snapshots(run); k++) {
        const rn_snapshot *at = rn_run_snapshot(run, k);
        assert_true(at->step_mismatch < 1e-12);
        assert_true(at->closure_error < 1e-6);
    }
    rn_run_destroy(run);
}

/* Largest difference between the flux along the whole step and tau times the flux along the
   velocity at its start, relative to the latter, at the first measurement. */
static double flux_difference(const char *kind, const char *size)
{
    const char *settings[] = {"model.depth=2",
                              "model.width=8",
                              "data.kind=sphere",
                              "data.n_train=8",
                              "measure.snapshots=2",
                              "steps=1",
                              "threads=1",
                              kind,
                              size};
    rn_config *config = NULL;
    rn_run *run = NULL;
    assert_status(rn_config_load(NULL, 9, settings, &config), RN_OK);
    assert_status(rn_run_execute(config, NULL, NULL, &run), RN_OK);
    rn_config_destroy(config);
    const rn_snapshot *at = rn_run_snapshot(run, 0);
    const double tau = at->record.learning_rate;
    double worst = 0.0;
    double scale = 0.0;
    for (rn_index b = 0; b < at->n_boundaries; b++) {
        if (isnan(at->flux[b])) continue;
        const double along_step = at->step_flux[b] - at->step_remainder[b];
        worst = fmax(worst, fabs(along_step - tau * at->flux[b]));
        scale = fmax(scale, fabs(tau * at->flux[b]));
    }
    rn_run_destroy(run);
    return worst / scale;
}

/* A step of descent goes along the velocity; one of the flow bends away from it by O(tau^2). */
static void the_remainder_refers_to_the_step_actually_taken(void **state)
{
    (void)state;
    /* theta + d rounds to eps, the step is some 1e-2 of theta */
    assert_true(flux_difference("train.kind=gradient_descent", "train.learning_rate=0.1") < 1e-12);
    const double long_step = flux_difference("train.kind=gradient_flow", "train.interval=0.02");
    const double short_step = flux_difference("train.kind=gradient_flow", "train.interval=0.01");
    assert_true(short_step > 1e-6);
    assert_close(long_step / short_step, 2.0, 0.1);
}

static void a_run_of_no_steps_measures_the_start(void **state)
{
    (void)state;
    rn_run *run = execute(CHANGES("steps=0"));
    assert_int_equal(rn_run_n_snapshots(run), 1);
    assert_int_equal(rn_run_n_records(run), 1);
    assert_true(isfinite(rn_run_snapshot(run, 0)->flux[rn_run_snapshot(run, 0)->n_boundaries - 2]));
    rn_run_destroy(run);
}

static void training_alone_is_possible(void **state)
{
    (void)state;
    rn_run *run = NULL;
    const char *changes[] = {"data.kind=sphere",     "measure.kind=none",        "steps=5",
                             "train.relative=false", "train.learning_rate=0.01", "model.width=4"};
    rn_config *config = NULL;
    assert_status(rn_config_load(NULL, 6, changes, &config), RN_OK);
    assert_status(rn_run_execute(config, NULL, NULL, &run), RN_OK);
    rn_config_destroy(config);
    assert_int_equal(rn_run_n_records(run), 6);
    assert_true(isfinite(rn_run_record(run, 5)->held_out_loss));
    assert_int_equal(rn_run_snapshot(run, 0)->n_modes, 0);
    rn_run_destroy(run);
}

/* ---- stopping and failing -------------------------------------------------------------------- */

static int stop_after(void *user)
{
    int *left = user;
    return (*left)-- <= 0;
}

static void a_request_to_stop_keeps_what_was_measured(void **state)
{
    (void)state;
    int left = 5;
    rn_run *run = NULL;
    rn_summary summary;
    rn_config *config = load(NULL);
    const rn_observer observer = {.should_stop = stop_after, .user = &left};
    assert_status(rn_run_execute(config, NULL, &observer, &run), RN_INTERRUPTED);
    assert_message_has("stopped after step 6 of 20");
    rn_run_summary(run, &summary);
    assert_true(summary.is_interrupted);
    assert_int_equal(summary.n_steps, 6);
    assert_int_equal(rn_run_n_records(run), 6);
    assert_true(rn_run_n_snapshots(run) >= 2);
    rn_run_destroy(run);
    rn_config_destroy(config);
}

static void divergence_is_said_with_its_step(void **state)
{
    (void)state;
    rn_run *run = NULL;
    rn_config *config = load(CHANGES("train.learning_rate=50", "steps=500"));
    assert_status(rn_run_execute(config, NULL, NULL, &run), RN_ERR_NONFINITE);
    assert_message_has("step");
    assert_null(run);
    rn_config_destroy(config);
}

static void all_mistakes_are_listed_at_once(void **state)
{
    (void)state;
    const char *wrong[] = {"model.depht=3", "model.width=4.5", "train.learning_rate=fast",
                           "data.kind=fashion", "seed=-1"};
    rn_config *config = NULL;
    assert_status(rn_config_load(NULL, 5, wrong, &config), RN_ERR_CONFIG);
    assert_message_has("'depth'");
    assert_message_has("4.5");
    assert_message_has("fast");
    assert_message_has("fashion_mnist");
    assert_message_has("seed");
    assert_null(config);
    assert_status(rn_config_load("no/such/file.yaml", 0, NULL, &config), RN_ERR_IO);
    assert_message_has("no/such/file.yaml");
    assert_status(rn_config_load(NULL, 1, NULL, &config), RN_ERR_ARGUMENT);
    assert_status(rn_run_execute(NULL, NULL, NULL, NULL), RN_ERR_ARGUMENT);
}

static void every_topic_explains_its_options(void **state)
{
    (void)state;
    assert_true(rn_topic_count() > 8);
    for (rn_index i = 0; i < rn_topic_count(); i++) {
        rn_topic topic;
        assert_status(rn_topic_get(i, &topic), RN_OK);
        assert_true(strlen(topic.help) > 3);
        for (rn_index j = 0; j < topic.n_options; j++) {
            rn_option option;
            assert_status(rn_topic_option(i, j, &option), RN_OK);
            assert_true(strlen(option.help) > 3);
            assert_true(strlen(option.accepts) > 3);
        }
        rn_option option;
        assert_status(rn_topic_option(i, topic.n_options, &option), RN_ERR_ARGUMENT);
    }
    rn_topic topic;
    assert_status(rn_topic_get(rn_topic_count(), &topic), RN_ERR_ARGUMENT);
}

static void the_selftest_passes_for_several_seeds(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        rn_check checks[RN_SELFTEST_MAX];
        rn_index n_checks = 0;
        assert_status(rn_selftest(seed, checks, &n_checks), RN_OK);
        assert_int_equal(n_checks, 12);
        for (rn_index i = 0; i < n_checks; i++) {
            if (!checks[i].passed)
                print_error("seed %d: %s: %g > %g\n", (int)seed, checks[i].name, checks[i].value,
                            checks[i].limit);
            assert_true(checks[i].passed);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_to_measure_are_unique_and_reach_from_first_to_last),
        cmocka_unit_test(steps_to_measure_are_spaced_evenly_in_the_logarithm),
        cmocka_unit_test(every_quantity_has_a_name_of_its_own_and_its_numbers),
        cmocka_unit_test(energies_and_budget_of_every_snapshot_add_up),
        cmocka_unit_test(boundaries_stay_where_they_were),
        cmocka_unit_test(a_frozen_kernel_has_no_flux_and_decays_in_closed_form),
        cmocka_unit_test(the_closure_error_falls_as_the_square_of_dt),
        cmocka_unit_test(the_kernel_remainder_of_a_step_falls_with_its_square),
        cmocka_unit_test(kinks_are_reported),
        cmocka_unit_test(flow_closes_its_steps_as_well),
        cmocka_unit_test(the_remainder_refers_to_the_step_actually_taken),
        cmocka_unit_test(a_run_of_no_steps_measures_the_start),
        cmocka_unit_test(training_alone_is_possible),
        cmocka_unit_test(a_request_to_stop_keeps_what_was_measured),
        cmocka_unit_test(divergence_is_said_with_its_step),
        cmocka_unit_test(all_mistakes_are_listed_at_once),
        cmocka_unit_test(every_topic_explains_its_options),
        cmocka_unit_test(the_selftest_passes_for_several_seeds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
