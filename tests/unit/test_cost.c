/*
 * The look ahead of a run: counts against what the run then has, the schedule, limits of memory.
 * Times are measured and so are not compared with anything.
 */
#include "check.h"

#include <math.h>
#include <renorm/cost.h>
#include <renorm/run.h>
#include <string.h>

#include "core/memory.h"

/* 60 samples with 3 outputs: 180 rows, factors of several blocks. */
static const char *const small[] = {
    "model.depth=2",   "model.width=24", "data.kind=sphere",
    "data.n_train=60", "data.n_test=7",  "data.dimension=6",
    "steps=5",         "threads=2",      "measure.snapshots=3",
};
#define N_SMALL ((rn_index)(sizeof small / sizeof small[0]))

static rn_config *load(rn_index n_more, const char *const *more)
{
    const char *words[24];
    rn_config *config = NULL;
    memcpy(words, small, sizeof small);
    for (rn_index i = 0; i < n_more; i++)
        words[N_SMALL + i] = more[i];
    assert_status(rn_config_load(NULL, N_SMALL + n_more, words, &config), RN_OK);
    return config;
}

static rn_cost_summary ask(const rn_config *config, const rn_cost_options *options)
{
    rn_cost *cost = NULL;
    rn_cost_summary summary;
    assert_status(rn_cost_create(config, options, NULL, &cost), RN_OK);
    rn_cost_get(cost, &summary);
    rn_cost_destroy(cost);
    return summary;
}

static void counts_are_those_of_the_run(void **state)
{
    (void)state;
    const char *const more[] = {"output.record_every=2"};
    rn_config *config = load(1, more);
    rn_run *run = NULL;
    rn_summary done;
    assert_status(rn_run_execute(config, NULL, NULL, &run), RN_OK);
    rn_run_summary(run, &done);
    rn_cost *cost = NULL;
    rn_cost_summary s;
    assert_status(rn_cost_create(config, NULL, NULL, &cost), RN_OK);
    rn_cost_get(cost, &s);
    assert_int_equal(s.n_samples, done.n_samples);
    assert_int_equal(s.n_outputs, done.n_outputs);
    assert_int_equal(s.n_weights, done.n_weights);
    assert_int_equal(s.n_held_out, done.n_held_out);
    assert_int_equal(s.n_steps, done.n_steps);
    assert_int_equal(s.n_threads, 2);
    assert_int_equal(s.n_snapshots, rn_run_n_snapshots(run));
    assert_int_equal(s.n_rows, rn_run_snapshot(run, 0)->n_modes);
    for (rn_index i = 0; i < s.n_snapshots; i++)
        assert_int_equal(rn_cost_step(cost, i), rn_run_snapshot(run, i)->record.step);
    assert_int_equal(rn_cost_step(cost, s.n_snapshots), -1);
    assert_int_equal(rn_cost_step(cost, -1), -1);
    rn_cost_destroy(cost);
    rn_run_destroy(run);
    rn_config_destroy(config);
}

static void every_parameter_has_its_block(void **state)
{
    (void)state;
    rn_config *config = load(0, NULL);
    const rn_cost_options options = {.only_memory = 1};
    rn_cost *cost = NULL;
    rn_cost_summary s;
    assert_status(rn_cost_create(config, &options, NULL, &cost), RN_OK);
    rn_cost_get(cost, &s);
    rn_index n_weights = 0;
    double flops = 0.0;
    for (rn_index i = 0; rn_cost_block(cost, i); i++) {
        const rn_kernel_block *block = rn_cost_block(cost, i);
        n_weights += block->size;
        flops += block->flops;
        assert_non_null(block->name);
    }
    assert_int_equal(n_weights, s.n_weights);
    assert_close(flops, s.kernel_flops, 1e-12 * s.kernel_flops); /* the same sum, reordered */
    rn_cost_destroy(cost);
    rn_config_destroy(config);
}

static void the_peak_is_the_sum_of_its_parts(void **state)
{
    (void)state;
    rn_config *config = load(0, NULL);
    const rn_cost_options options = {.only_memory = 1};
    const rn_cost_summary s = ask(config, &options);
    const rn_index n = s.n_rows;
    assert_int_equal(s.matrix_bytes, 4 * n * n * 8);
    assert_true(s.kept_bytes >= s.matrix_bytes);
    assert_true(s.work_bytes >= 2 * n * n * 8);
    const rn_index sum =
        s.base_bytes + s.set_up_bytes + s.kept_bytes + s.work_bytes + s.history_bytes;
    assert_true(s.peak_bytes >= sum);
    assert_true(isnan(s.total_s) && isnan(s.step_s) && isnan(s.snapshot_s));
    rn_config_destroy(config);
}

static void four_times_the_rows_take_sixteen_times_the_matrices(void **state)
{
    (void)state;
    const char *const more[] = {"data.n_train=240"};
    rn_config *config = load(0, NULL);
    rn_config *larger = load(1, more);
    const rn_cost_options options = {.only_memory = 1};
    assert_int_equal(ask(larger, &options).matrix_bytes, 16 * ask(config, &options).matrix_bytes);
    rn_config_destroy(larger);
    rn_config_destroy(config);
}

static void without_a_kernel_there_are_no_blocks_and_no_matrices(void **state)
{
    (void)state;
    const char *const more[] = {"measure.kind=none"};
    const char *const words[] = {"data.kind=sphere", "data.n_train=9", "steps=3", more[0]};
    rn_config *config = NULL;
    rn_cost *cost = NULL;
    rn_cost_summary s;
    assert_status(rn_config_load(NULL, 4, words, &config), RN_OK);
    assert_status(rn_cost_create(config, NULL, NULL, &cost), RN_OK);
    rn_cost_get(cost, &s);
    assert_null(rn_cost_block(cost, 0));
    assert_int_equal(s.matrix_bytes, 0);
    assert_true(s.total_s >= 0.0);
    rn_cost_destroy(cost);
    rn_config_destroy(config);
}

/* ---- limits ---------------------------------------------------------------------------------- */

static rn_run *execute(const rn_config *config, rn_index max_bytes)
{
    const rn_run_options options = {.max_bytes = max_bytes};
    rn_run *run = NULL;
    assert_status(rn_run_execute(config, &options, NULL, &run), RN_OK);
    return run;
}

static void assert_same_run(const rn_run *left, const rn_run *right)
{
    assert_int_equal(rn_run_n_records(left), rn_run_n_records(right));
    for (rn_index i = 0; i < rn_run_n_records(left); i++)
        assert_memory_equal(rn_run_record(left, i), rn_run_record(right, i), sizeof(rn_record));
    assert_int_equal(rn_run_n_snapshots(left), rn_run_n_snapshots(right));
    for (rn_index k = 0; k < rn_run_n_snapshots(left); k++) {
        for (rn_index i = 0; rn_snapshot_field(i); i++) {
            rn_index n_left = 0;
            rn_index n_right = 0;
            const double *a = rn_snapshot_values(rn_run_snapshot(left, k), i, &n_left);
            const double *b = rn_snapshot_values(rn_run_snapshot(right, k), i, &n_right);
            assert_int_equal(n_left, n_right);
            if (n_left > 0) assert_memory_equal(a, b, (size_t)n_left * sizeof *a);
        }
    }
}

/* Wide layers and more rows than three tiles of the kernel: blocks of samples save memory. */
static const char *const wide[] = {
    "model.width=200",     "model.depth=6",        "data.n_train=1200",         "steps=0",
    "measure.snapshots=2", "measure.closure_dt=0", "measure.step_budget=false", "threads=1"};

static void a_limit_makes_smaller_blocks_and_the_same_bits(void **state)
{
    (void)state;
    rn_config *config = load(8, wide);
    rn_cost_options options = {.only_memory = 1};
    const rn_cost_summary free_to = ask(config, &options);
    /* the first limit, from above, that the default blocks do not meet */
    options.max_bytes = free_to.peak_bytes - (free_to.work_bytes / 16);
    const rn_cost_summary limited = ask(config, &options);
    assert_true(limited.factor_bytes < free_to.factor_bytes);
    assert_true(limited.work_bytes < free_to.work_bytes);
    assert_true(limited.peak_bytes <= options.max_bytes);
    rn_run *blocks = execute(config, options.max_bytes);
    rn_run *whole = execute(config, 0);
    assert_same_run(whole, blocks);
    rn_run_destroy(blocks);
    rn_run_destroy(whole);
    rn_config_destroy(config);
}

static void what_cannot_fit_is_refused_with_the_figure_and_what_to_change(void **state)
{
    (void)state;
    const char *const more[] = {"data.n_train=900", "steps=1"};
    rn_config *config = load(2, more);
    const rn_cost_options look = {.only_memory = 1};
    const rn_index peak = ask(config, &look).peak_bytes;
    const rn_index matrices = ask(config, &look).matrix_bytes;
    const rn_cost_options options = {.only_memory = 1, .max_bytes = peak - matrices / 2};
    rn_cost *cost = NULL;
    assert_status(rn_cost_create(config, &options, NULL, &cost), RN_ERR_CONFIG);
    assert_null(cost);
    assert_message_has("kernel matrices of 900 rows");
    assert_message_has("of the 900 training samples");
    assert_message_has("measure.kind=none");
    rn_run *run = NULL;
    const rn_run_options limit = {.max_bytes = 1};
    assert_status(rn_run_execute(config, &limit, NULL, &run), RN_ERR_CONFIG);
    assert_null(run);
    assert_message_has("program, data, network and trainer");
    const rn_run_options negative = {.max_bytes = -1};
    assert_status(rn_run_execute(config, &negative, NULL, &run), RN_ERR_ARGUMENT);
    rn_config_destroy(config);
}

/* ---- refusals -------------------------------------------------------------------------------- */

static int always(void *user)
{
    (void)user;
    return 1;
}

static void an_observer_stops_it_and_wrong_arguments_are_refused(void **state)
{
    (void)state;
    rn_config *config = load(0, NULL);
    const rn_observer observer = {.should_stop = always};
    rn_cost *cost = NULL;
    const rn_index before = rni_memory_bytes();
    assert_status(rn_cost_create(config, NULL, &observer, &cost), RN_INTERRUPTED);
    assert_null(cost);
    assert_int_equal(rni_memory_bytes(), before);
    assert_status(rn_cost_create(NULL, NULL, NULL, &cost), RN_ERR_ARGUMENT);
    assert_status(rn_cost_create(config, NULL, NULL, NULL), RN_ERR_ARGUMENT);
    const rn_cost_options threads = {.n_threads = 257};
    assert_status(rn_cost_create(config, &threads, NULL, &cost), RN_ERR_ARGUMENT);
    rn_cost_destroy(NULL);
    rn_config_destroy(config);
}

static void a_network_that_diverges_at_once_is_said_before_the_run(void **state)
{
    (void)state;
    const char *const more[] = {"train.learning_rate=1e6", "steps=100"};
    rn_config *config = load(2, more);
    rn_cost *cost = NULL;
    assert_status(rn_cost_create(config, NULL, NULL, &cost), RN_ERR_NONFINITE);
    assert_message_has("learning rate");
    rn_config_destroy(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_are_those_of_the_run),
        cmocka_unit_test(every_parameter_has_its_block),
        cmocka_unit_test(the_peak_is_the_sum_of_its_parts),
        cmocka_unit_test(four_times_the_rows_take_sixteen_times_the_matrices),
        cmocka_unit_test(without_a_kernel_there_are_no_blocks_and_no_matrices),
        cmocka_unit_test(a_limit_makes_smaller_blocks_and_the_same_bits),
        cmocka_unit_test(what_cannot_fit_is_refused_with_the_figure_and_what_to_change),
        cmocka_unit_test(an_observer_stops_it_and_wrong_arguments_are_refused),
        cmocka_unit_test(a_network_that_diverges_at_once_is_said_before_the_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
