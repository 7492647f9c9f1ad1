/*
 * What a run records of the blocks of its network and of the motion of its kernel, against the
 * same numbers made by the public calls beside the run.
 */
#include <math.h>
#include <renorm/blocks.h>
#include <renorm/coherence.h>
#include <renorm/data.h>
#include <renorm/evolution.h>
#include <renorm/folder.h>
#include <renorm/kernel.h>
#include <renorm/propagation.h>
#include <renorm/run.h>
#include <renorm/train.h>
#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "core/memory.h"
#include "remove_tree.h"

enum { N = 12, D = 5, L = 4, WIDTH = 7, C = 1 };

static const char *const base[] = {
    "model.depth=4",
    "model.width=7",
    "model.activation=quick_gelu",
    "data.kind=sphere",
    "data.n_train=12",
    "data.n_test=4",
    "data.dimension=5",
    "steps=4",
    "seed=5",
    "measure.closure_dt=0",
    "measure.snapshots=2",
    "measure.step_budget=false",
    "threads=1",
    "train.learning_rate=0.01",
    "measure.conditions=true",
    "measure.condition_samples=12",
};
#define N_BASE ((rn_index)(sizeof base / sizeof base[0]))

static rn_run *execute(const char *change, const char *folder)
{
    const char *all[N_BASE + 1];
    rn_config *config = NULL;
    rn_run *run = NULL;
    for (rn_index i = 0; i < N_BASE; i++)
        all[i] = base[i];
    all[N_BASE] = change;
    assert_status(rn_config_load(NULL, N_BASE + (change != NULL), all, &config), RN_OK);
    const rn_run_options options = {.folder = folder};
    assert_status(rn_run_execute(config, &options, NULL, &run), RN_OK);
    rn_config_destroy(config);
    return run;
}

/* The same network at its start. */
typedef struct beside {
    rn_data *data;
    rn_model *model;
    rn_loss *loss;
    rn_dynamics *dynamics;
    rn_trainer *trainer;
    rn_kernel *kernel;
    rn_kernel_point point;
    const double *inputs;
    double *v;
    double loss_value;
} beside;

static void start(beside *b)
{
    static const rn_setting of_data[] = {{"n_train", "12"}, {"n_test", "4"}, {"dimension", "5"}};
    static const rn_setting of_model[] = {
        {"depth", "4"}, {"width", "7"}, {"activation", "quick_gelu"}};
    assert_status(rn_data_create("sphere", of_data, 3, 5, &b->data), RN_OK);
    assert_status(rn_model_create("mlp", of_model, 3, RN_SHAPE(D), C, &b->model), RN_OK);
    assert_status(rn_loss_create("squared_error", NULL, 0, &b->loss), RN_OK);
    assert_status(rn_dynamics_create("gradient_descent", NULL, 0, &b->dynamics), RN_OK);
    const rn_data_split train = rn_data_get(b->data, RN_DATA_TRAIN);
    const rn_trainer_desc desc = {
        .model = b->model,
        .loss = b->loss,
        .dynamics = b->dynamics,
        .train = {.n_samples = N, .inputs = train.inputs, .targets = train.targets},
        .n_threads = 1};
    assert_status(rn_trainer_create(&desc, &b->trainer), RN_OK);
    assert_status(rn_trainer_start(b->trainer, 5), RN_OK);
    b->v = rni_alloc(rn_model_n_weights(b->model), sizeof *b->v);
    assert_non_null(b->v);
    assert_status(rn_trainer_velocity(b->trainer, b->v), RN_OK);
    rn_evaluation found;
    assert_status(rn_trainer_evaluate(b->trainer, &desc.train, &found), RN_OK);
    b->loss_value = found.loss;
    const rn_node input = rn_model_input(b->model);
    rn_kernel_desc wanted = rn_kernel_desc_defaults();
    wanted.graph = rn_model_graph(b->model);
    wanted.n_inputs = 1;
    wanted.inputs = &input;
    wanted.output = rn_model_output(b->model);
    assert_status(rn_kernel_create(&wanted, &b->kernel), RN_OK);
    b->inputs = train.inputs;
    b->point = (rn_kernel_point){
        .n_samples = N, .inputs = &b->inputs, .theta = rn_trainer_theta(b->trainer)};
}

static void finish(beside *b)
{
    rn_kernel_destroy(b->kernel);
    rni_free(b->v);
    rn_trainer_destroy(b->trainer);
    rn_dynamics_destroy(b->dynamics);
    rn_loss_destroy(b->loss);
    rn_model_destroy(b->model);
    rn_data_destroy(b->data);
}

/* v = -grad L, so dL/dt = -|v|^2. */
static double rate_of(const beside *b)
{
    double sum = 0.0;
    for (rn_index i = 0; i < rn_model_n_weights(b->model); i++)
        sum += b->v[i] * b->v[i];
    return sum / b->loss_value;
}

static void gains_and_influence_are_those_of_the_network(void **state)
{
    (void)state;
    enum { SIDE = L + 2, GATES = L + 1 };
    beside b = {0};
    start(&b);
    rn_run *run = execute(NULL, NULL);
    const rn_snapshot *at = rn_run_snapshot(run, 0);
    rn_blocks *blocks = NULL;
    double sigma[GATES * GATES];
    double jacobians[L * WIDTH * WIDTH];
    double norms[2][SIDE] = {{0}};
    double changes[2][SIDE * SIDE] = {{0}};
    const rn_index width[GATES] = {WIDTH, WIDTH, WIDTH, WIDTH, WIDTH};
    for (int i = 0; i < GATES * GATES; i++)
        sigma[i] = (double)NAN;
    assert_status(rn_blocks_create(b.model, &blocks), RN_OK);
    for (int i = 0; i < N; i++) {
        const double *x = b.inputs + (rn_index)i * D;
        assert_status(rn_blocks_jacobians(blocks, b.point.theta, x, jacobians), RN_OK);
        assert_status(rn_propagation_gains(L, width, jacobians, sigma), RN_OK);
        assert_status(rn_blocks_changes(blocks, b.point.theta, x, b.v, norms[1], changes[1]),
                      RN_OK);
        for (int k = 0; k < SIDE; k++)
            norms[0][k] += norms[1][k];
        for (int k = 0; k < SIDE * SIDE; k++)
            changes[0][k] += changes[1][k];
    }
    assert_int_equal(at->n_blocks, L);
    assert_close(at->block_samples, N, 0.0);
    for (int l = 0; l < GATES; l++)
        for (int m = 0; m < GATES; m++)
            if (m > l)
                assert_close(at->gain[l * GATES + m], sigma[l * GATES + m], 1e-12);
            else
                assert_true(isnan(at->gain[l * GATES + m]));
    const double rate = rate_of(&b);
    assert_close(at->loss_decay, rate, 1e-9 * rate);
    double largest = 0.0;
    for (int l = 0; l < L; l++) {
        double row = 0.0;
        for (int m = 0; m < L; m++) {
            const double entry = sqrt(changes[0][(l + 1) * SIDE + m + 1] / norms[0][l + 1]);
            assert_close(at->influence[l * L + m], entry, 1e-12 * entry);
            row += entry / rate;
        }
        assert_close(at->influence_row[l], row, 1e-9 * row);
        largest = fmax(largest, row);
    }
    assert_close(at->influence_largest_row, largest, 1e-9 * largest);
    assert_close(at->influence_uniform, 10.0 / 16.0, 1e-15);
    rn_blocks_destroy(blocks);
    rn_run_destroy(run);
    finish(&b);
}

/* Block kernels from rows of J: row i of J_l is the gradient of output i. */
static void overlaps_are_those_of_the_rows_of_j(void **state)
{
    (void)state;
    beside b = {0};
    start(&b);
    rn_run *run = execute(NULL, NULL);
    const rn_snapshot *at = rn_run_snapshot(run, 0);
    const rn_index n_weights = rn_model_n_weights(b.model);
    double *rows = rni_alloc(N * n_weights, sizeof *rows);
    assert_non_null(rows);
    for (int i = 0; i < N; i++) {
        double unit[N] = {0};
        unit[i] = 1.0;
        assert_status(rn_jacobian_apply_transpose(b.kernel, &b.point, unit, rows + i * n_weights),
                      RN_OK);
    }
    static double kernels[L][N * N];
    double *list[L];
    for (int l = 0; l < L; l++) {
        rn_parameter parameter;
        assert_status(rn_model_parameter(b.model, l + 1, &parameter), RN_OK);
        list[l] = kernels[l];
        for (int i = 0; i < N; i++)
            for (int j = 0; j < N; j++) {
                kernels[l][i * N + j] = 0.0;
                for (rn_index k = parameter.offset; k < parameter.offset + parameter.size; k++)
                    kernels[l][i * N + j] += rows[i * n_weights + k] * rows[j * n_weights + k];
            }
    }
    double overlap[L * L];
    double row[L];
    double distance[L];
    rn_coherence said;
    assert_status(rn_coherence_measure(L, N, C, list, overlap, row, distance, &said), RN_OK);
    for (int i = 0; i < L * L; i++)
        assert_close(at->overlap[i], overlap[i], 1e-11);
    for (int l = 0; l < L; l++) {
        assert_close(at->overlap_row[l], row[l], 1e-11);
        assert_close(at->overlap_at[l], distance[l], 1e-11);
    }
    assert_close(at->overlap_largest_row, said.largest_row, 1e-11);
    assert_close(at->overlap_decay, said.decay_length, 1e-8 * said.decay_length);
    rni_free(rows);
    rn_run_destroy(run);
    finish(&b);
}

static void the_kernels_size_and_turn_are_f_norms(void **state)
{
    (void)state;
    static double m[N * N];
    static double tangent[N * N];
    beside b = {0};
    start(&b);
    rn_run *run = execute(NULL, NULL);
    assert_status(rn_kernel_tangent(b.kernel, &b.point, b.v, m, tangent), RN_OK);
    double sums[2] = {0};
    for (int i = 0; i < N * N; i++) {
        sums[0] += m[i] * m[i];
        sums[1] += tangent[i] * tangent[i];
    }
    const rn_snapshot *at = rn_run_snapshot(run, 0);
    assert_close(at->kernel_size, sqrt(sums[0]), 1e-11 * at->kernel_size);
    assert_close(at->kernel_turn, sqrt(sums[1]), 1e-11 * at->kernel_turn);
    const rn_snapshot *later =
        rn_run_snapshot(run, 1); /* C3 at every measurement, C1 at the start */
    assert_true(later->kernel_turn > 0.0 && later->loss_decay > 0.0);
    assert_int_equal(later->n_blocks, 0);
    assert_true(isnan(later->gain_largest));
    rn_run_destroy(run);
    finish(&b);
}

static void blocks_come_back_from_the_folder(void **state)
{
    (void)state;
    char place[] = "renorm-conditions-XXXXXX";
    char path[64];
    rn_folder *folder = NULL;
    assert_non_null(mkdtemp(place));
    (void)snprintf(path, sizeof path, "%s/run", place);
    rn_run *run = execute(NULL, path);
    assert_status(rn_folder_open(path, &folder), RN_OK);
    const rn_snapshot *kept = rn_run_snapshot(run, 0);
    const rn_snapshot *read = rn_folder_snapshot(folder, 0);
    assert_int_equal(read->n_blocks, L);
    for (int i = 0; i < (L + 1) * (L + 1); i++)
        assert_memory_equal(&read->gain[i], &kept->gain[i], sizeof(double));
    for (int i = 0; i < L * L; i++)
        assert_memory_equal(&read->overlap[i], &kept->overlap[i], sizeof(double));
    assert_memory_equal(&read->influence_band, &kept->influence_band, sizeof(double));
    assert_int_equal(rn_folder_snapshot(folder, 1)->n_blocks, 0);
    rn_folder_close(folder);
    const double influence = kept->influence[1];
    const double gain = kept->gain[1];
    rn_run_destroy(run);
    /* nothing is left to do: everything is read back */
    assert_status(rn_run_resume(path, NULL, NULL, &run), RN_OK);
    read = rn_run_snapshot(run, 0);
    assert_int_equal(read->n_blocks, L);
    assert_memory_equal(&read->influence[1], &influence, sizeof(double));
    assert_memory_equal(&read->gain[1], &gain, sizeof(double));
    rn_run_destroy(run);
    remove_tree(place);
}

static void networks_without_blocks_go_on_without(void **state)
{
    (void)state;
    rn_run *run = execute("measure.conditions=false", NULL);
    assert_int_equal(rn_run_snapshot(run, 0)->n_blocks, 0);
    assert_true(rn_run_snapshot(run, 0)->kernel_turn > 0.0);
    rn_run_destroy(run);
    run = execute("model.depth=0", NULL);
    assert_int_equal(rn_run_snapshot(run, 0)->n_blocks, 0);
    rn_run_destroy(run);
    run = execute("measure.condition_samples=3", NULL);
    assert_close(rn_run_snapshot(run, 0)->block_samples, 3.0, 0.0);
    rn_run_destroy(run);
}

/* Steps of a recurrent network have gains, but share their parameters. */
static void steps_of_a_recurrent_network_have_gains_alone(void **state)
{
    (void)state;
    const char *const all[] = {"model.kind=recurrent",
                               "model.steps=5",
                               "data.kind=sphere",
                               "data.dimension=5",
                               "data.n_train=6",
                               "data.n_test=2",
                               "steps=2",
                               "measure.snapshots=2",
                               "threads=1",
                               "measure.conditions=true"};
    rn_config *config = NULL;
    rn_run *run = NULL;
    assert_status(rn_config_load(NULL, sizeof all / sizeof all[0], all, &config), RN_OK);
    assert_status(rn_run_execute(config, NULL, NULL, &run), RN_OK);
    const rn_snapshot *at = rn_run_snapshot(run, 0);
    assert_int_equal(at->n_blocks, 4);
    assert_true(at->gain_largest > 0.0 && at->gain[1] > 0.0);
    assert_true(isnan(at->influence_largest_row) && isnan(at->overlap[0]));
    rn_run_destroy(run);
    rn_config_destroy(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gains_and_influence_are_those_of_the_network),
        cmocka_unit_test(overlaps_are_those_of_the_rows_of_j),
        cmocka_unit_test(the_kernels_size_and_turn_are_f_norms),
        cmocka_unit_test(blocks_come_back_from_the_folder),
        cmocka_unit_test(networks_without_blocks_go_on_without),
        cmocka_unit_test(steps_of_a_recurrent_network_have_gains_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
