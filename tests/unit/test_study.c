/*
 * Studies: what a file expands to, which mistakes it can hold, and what arms share.
 */
#include "check.h"

#include <renorm/data.h>
#include <renorm/study.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run/stage.h"
#include "scratch.h"

#define BASE                                                                                       \
    "base:\n  steps: 2\n  model: {kind: mlp, depth: 3, width: 5}\n"                                \
    "  data: {kind: sphere, n_train: 6, n_test: 3, dimension: 5}\n"

static const char good[] = BASE
    "arms:\n  residual: {model.residual: true}\n  plain: {model.residual: false, model.gain: 1.5}\n"
    "vary:\n  model.depth: [2, 3]\n  train.learning_rate: [0.1, 0.2, 0.3]\n"
    "seeds: 2\nfirst_seed: 7\nreference: plain\nsummarise: [loss, lambda_max, loss]\n";

static rn_study *load(const char *text)
{
    rn_study *study = NULL;
    const char *path = scratch_write("s.yaml", text, (rn_index)strlen(text));
    assert_status(rn_study_load(path, &study), RN_OK);
    return study;
}

static void every_combination_is_one_cell_with_its_settings(void **state)
{
    (void)state;
    rn_study *study = load(good);
    rn_study_shape shape;
    rn_study_shape_get(study, &shape);
    assert_string_equal(shape.name, "s");
    assert_int_equal(shape.n_arms, 2);
    assert_int_equal(shape.n_points, 6);
    assert_int_equal(shape.n_cells, 24);
    assert_int_equal(shape.reference, 1);
    assert_int_equal(shape.n_quantities, 2); /* the third is the first again */
    int seen[2][2][3][2] = {{{{0}}}};
    for (rn_index i = 0; i < shape.n_cells; i++) {
        rn_study_cell cell;
        rn_config *config = NULL;
        char depth[32];
        char rate[48];
        assert_status(rn_study_cell_get(study, i, &cell), RN_OK);
        assert_status(rn_study_config(study, i, &config), RN_OK);
        const char *text = rn_config_text(config);
        (void)snprintf(depth, sizeof depth, "  depth: %s\n", rn_study_value(study, cell.point, 0));
        (void)snprintf(rate, sizeof rate, "learning_rate: %s\n",
                       rn_study_value(study, cell.point, 1));
        assert_non_null(strstr(text, depth));
        assert_non_null(strstr(text, rate));
        assert_non_null(strstr(text, cell.arm == 0 ? "residual: true" : "residual: false"));
        assert_non_null(strstr(text, cell.arm == 0 ? "  gain: 0.0\n" : "  gain: 1.5\n"));
        assert_non_null(strstr(text, cell.seed == 7 ? "seed: 7\n" : "seed: 8\n"));
        const int d = rn_study_value(study, cell.point, 0)[0] - '2';
        const int r = rn_study_value(study, cell.point, 1)[2] - '1';
        seen[cell.arm][d][r][cell.seed - 7]++;
        assert_null(strchr(cell.name, '/'));
        rn_config_destroy(config);
    }
    for (int i = 0; i < 24; i++)
        assert_int_equal(((int *)seen)[i], 1);
    rn_study_cell cell;
    assert_status(rn_study_cell_get(study, 24, &cell), RN_ERR_ARGUMENT);
    assert_null(rn_study_arm(study, 2));
    assert_null(rn_study_key(study, 2));
    assert_null(rn_study_value(study, 6, 0));
    assert_null(rn_study_quantity(study, 2));
    rn_study_destroy(study);
}

static void the_resolved_text_is_the_same_study(void **state)
{
    (void)state;
    rn_study *study = load(good);
    rn_study *again = load(rn_study_text(study));
    assert_string_equal(rn_study_text(study), rn_study_text(again));
    rn_study_shape one;
    rn_study_shape two;
    rn_study_shape_get(study, &one);
    rn_study_shape_get(again, &two);
    assert_int_equal(one.n_cells, two.n_cells);
    for (rn_index i = 0; i < one.n_cells; i++) {
        rn_config *left = NULL;
        rn_config *right = NULL;
        assert_status(rn_study_config(study, i, &left), RN_OK);
        assert_status(rn_study_config(again, i, &right), RN_OK);
        assert_string_equal(rn_config_text(left), rn_config_text(right));
        rn_config_destroy(left);
        rn_config_destroy(right);
    }
    rn_study_destroy(study);
    rn_study_destroy(again);
}

static void a_base_may_stand_in_a_file_beside_the_study(void **state)
{
    (void)state;
    static const char base[] = "steps: 5\nmodel: {depth: 2}\n";
    (void)scratch_write("base.yaml", base, (rn_index)sizeof base - 1);
    rn_study *study = load("base: base.yaml\nseeds: 1\n");
    rn_study_shape shape;
    rn_study_shape_get(study, &shape);
    assert_int_equal(shape.n_cells, 1);
    assert_string_equal(rn_study_arm(study, 0), "base");
    assert_true(shape.n_quantities > 10); /* every number of a measurement */
    assert_non_null(strstr(rn_study_text(study), "  steps: 5\n"));
    rn_study_destroy(study);
}

/* ---- mistakes -------------------------------------------------------------------------------- */

static void every_mistake_is_told_at_once_in_its_place(void **state)
{
    (void)state;
    static const char bad[] = "base: {stepps: 2, model: {dpeth: 3}}\n"
                              "arm: {}\n"
                              "arms:\n"
                              "  a b: {}\n"
                              "  one: {model.residul: true, model.width: -3}\n"
                              "  two: {model.residual: [maybe], model.depth: 3, seed: 4}\n"
                              "vary:\n"
                              "  model.depth: [2, 2]\n"
                              "  model.gain: [-1, {a: 1}]\n"
                              "  model.activation: tanh\n"
                              "seeds: 0\n"
                              "reference: oen\n"
                              "summarise: [los, lambda]\n";
    static const char *const expected[] = {
        "17 mistakes",
        "s.yaml:1:8: stepps: found an unknown section or key",
        "s.yaml:1:27: model.dpeth: found an unknown key",
        "s.yaml:2:1: 'arm': found an unknown key, expected one of: base, arms",
        "did you mean 'arms'?",
        "s.yaml:4:3: arms: found 'a b', expected a name",
        "s.yaml:5:9: model.residul: found an unknown key for kind 'mlp'",
        "s.yaml:5:30: model.width: found '-3', expected an integer",
        "s.yaml:6:9: model.residual: found '[maybe]', expected true or false",
        "s.yaml:6:34: two: found 'model.depth', which vary sets too",
        "s.yaml:6:50: arms.two: found seed, expected other settings",
        "s.yaml:8:20: vary.model.depth: found '2' twice",
        "s.yaml:9:16: model.gain: found '-1'",
        "s.yaml:9:20: vary.model.gain: found a mapping, expected a value",
        "s.yaml:10:21: vary.model.activation: found a single value, expected a list",
        "s.yaml:11:8: seeds: found '0'",
        "s.yaml:12:12: reference: found 'oen', expected the name of an arm; did you mean 'one'?",
        "s.yaml:13:13: summarise: found 'los', expected a number of a measurement",
        "did you mean 'loss'?",
        "s.yaml:13:18: summarise: found 'lambda'",
    };
    rn_study *study = NULL;
    const char *path = scratch_write("s.yaml", bad, (rn_index)sizeof bad - 1);
    assert_status(rn_study_load(path, &study), RN_ERR_CONFIG);
    assert_null(study);
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        assert_message_has(expected[i]);
}

static void refuse(const char *text, rn_status expected, const char *words)
{
    rn_study *study = NULL;
    const char *path = scratch_write("s.yaml", text, (rn_index)strlen(text));
    assert_status(rn_study_load(path, &study), expected);
    assert_message_has(words);
    assert_null(study);
}

static void single_mistakes(void **state)
{
    (void)state;
    refuse("seeds: 3\n", RN_ERR_CONFIG, "base: found nothing, expected a configuration");
    refuse("- 1\n", RN_ERR_CONFIG, "found a list, expected the keys of a study");
    refuse("", RN_ERR_CONFIG, "found nothing");
    refuse("base: nowhere.yaml\n", RN_ERR_CONFIG, "nowhere.yaml");
    refuse(BASE "arms: {}\n", RN_ERR_CONFIG, "expected a mapping that is not empty");
    refuse(BASE "vary: {model.depth: []}\n", RN_ERR_CONFIG, "expected a list of values that");
    refuse(BASE "seeds: \"3\"\n", RN_ERR_CONFIG, "a text in quotes");
    /* a rule of a whole section, which no single key breaks */
    refuse(BASE "arms: {a: {model.kind: mlpp}}\n", RN_ERR_CONFIG, "did you mean 'mlp'?");
    assert_status(rn_study_load(NULL, NULL), RN_ERR_ARGUMENT);
}

static void too_many_cells_are_refused_before_any_is_made(void **state)
{
    (void)state;
    char text[8192] = BASE "vary:\n";
    /* 10^30 combinations: more than 64 bits count */
    static const char *const keys[] = {
        "model.width", "model.depth",        "model.gain",  "model.readout_gain",
        "steps",       "data.n_train",       "data.n_test", "train.learning_rate",
        "threads",     "output.record_every"};
    for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++) {
        size_t used = strlen(text);
        (void)snprintf(text + used, sizeof text - used, "  %s: [1", keys[k]);
        for (int i = 2; i <= 100; i++) {
            used = strlen(text);
            (void)snprintf(text + used, sizeof text - used, ",%d", i);
        }
        used = strlen(text);
        (void)snprintf(text + used, sizeof text - used, "]\n");
    }
    refuse(text, RN_ERR_CONFIG, "found more than 100000 cells");
}

/* ---- what arms share ------------------------------------------------------------------------- */

/* The stage of a cell before its first step. */
static void make_stage(const rn_study *study, rn_index i, rn_config **config, rni_stage *stage)
{
    rn_study_cell cell;
    assert_status(rn_study_cell_get(study, i, &cell), RN_OK);
    assert_status(rn_study_config(study, i, config), RN_OK);
    assert_status(rni_stage_create(*config, (uint64_t)cell.seed, 1, stage), RN_OK);
}

static bool same(const double *left, const double *right, rn_index n)
{
    return memcmp(left, right, (size_t)n * sizeof *left) == 0;
}

static void arms_of_a_seed_share_samples_and_initial_draws(void **state)
{
    (void)state;
    enum { N_TRAIN = 6, D = 5, WIDTH = 5 };
    rn_study *study = load(BASE "arms: {residual: {model.residual: true},"
                                " plain: {model.residual: false, model.gain: 1.5}}\n"
                                "vary: {model.depth: [2, 4]}\nseeds: 2\n");
    rn_config *configs[8];
    rni_stage stages[8];
    for (rn_index i = 0; i < 8; i++)
        make_stage(study, i, &configs[i], &stages[i]);
    for (rn_index i = 0; i < 8; i++)
        for (rn_index k = 0; k < 8; k++) {
            const bool is_same_seed = i / 4 == k / 4;
            const bool is_same_depth = i / 2 % 2 == k / 2 % 2;
            const double *left = rn_trainer_theta(stages[i].trainer);
            const double *right = rn_trainer_theta(stages[k].trainer);
            assert_int_equal(
                same(stages[i].train.inputs, stages[k].train.inputs, (rn_index)N_TRAIN * D),
                is_same_seed);
            assert_int_equal(same(stages[i].train.targets, stages[k].train.targets, N_TRAIN),
                             is_same_seed);
            /* the first map and two hidden ones stand in every network */
            assert_int_equal(same(left, right, (rn_index)D * WIDTH + 2L * WIDTH * WIDTH),
                             is_same_seed);
            if (is_same_depth)
                assert_int_equal(same(left, right, stages[i].n_weights), is_same_seed);
        }
    for (int i = 0; i < 8; i++) {
        rni_stage_clear(&stages[i]);
        rn_config_destroy(configs[i]);
    }
    rn_study_destroy(study);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_combination_is_one_cell_with_its_settings),
        cmocka_unit_test(the_resolved_text_is_the_same_study),
        cmocka_unit_test(a_base_may_stand_in_a_file_beside_the_study),
        cmocka_unit_test(every_mistake_is_told_at_once_in_its_place),
        cmocka_unit_test(single_mistakes),
        cmocka_unit_test(too_many_cells_are_refused_before_any_is_made),
        cmocka_unit_test(arms_of_a_seed_share_samples_and_initial_draws),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
