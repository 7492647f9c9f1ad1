/*
 * The couplings that a run records: K against its definition, from a kernel built beside the run;
 * what is recorded where they are not defined; threads.
 */
#include <math.h>
#include <renorm/couplings.h>
#include <renorm/data.h>
#include <renorm/folder.h>
#include <renorm/kernel.h>
#include <renorm/shells.h>
#include <renorm/spectra.h>
#include <renorm/train.h>
#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "core/memory.h"
#include "remove_tree.h"

enum { N = 48 };

static const char *const base[] = {
    "model.depth=2",
    "model.width=24",
    "model.activation=gelu",
    "data.kind=sphere",
    "data.n_train=48",
    "data.n_test=4",
    "data.dimension=5",
    "steps=3",
    "seed=5",
    "measure.closure_dt=0",
    "measure.snapshots=2",
    "measure.step_budget=false",
    "threads=1",
    "train.learning_rate=0.01",
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

static double phi[N * N]; /* M, then its eigenvectors as rows */
static double tangent[N * N];

/* M and M' of the same network at its start, along -grad L, by calls that a run does not make. */
static void measure_start(double *lambda)
{
    static const rn_setting of_data[] = {{"n_train", "48"}, {"n_test", "4"}, {"dimension", "5"}};
    static const rn_setting of_model[] = {{"depth", "2"}, {"width", "24"}, {"activation", "gelu"}};
    rn_data *data = NULL;
    rn_model *model = NULL;
    rn_loss *loss = NULL;
    rn_dynamics *dynamics = NULL;
    rn_trainer *trainer = NULL;
    rn_kernel *kernel = NULL;
    assert_status(rn_data_create("sphere", of_data, 3, 5, &data), RN_OK);
    assert_status(rn_model_create("mlp", of_model, 3, RN_SHAPE(5), 1, &model), RN_OK);
    assert_status(rn_loss_create("squared_error", NULL, 0, &loss), RN_OK);
    assert_status(rn_dynamics_create("gradient_descent", NULL, 0, &dynamics), RN_OK);
    const rn_data_split train = rn_data_get(data, RN_DATA_TRAIN);
    const rn_trainer_desc desc = {
        .model = model,
        .loss = loss,
        .dynamics = dynamics,
        .train = {.n_samples = N, .inputs = train.inputs, .targets = train.targets},
        .n_threads = 1};
    assert_status(rn_trainer_create(&desc, &trainer), RN_OK);
    assert_status(rn_trainer_start(trainer, 5), RN_OK);
    double *v = rni_alloc(rn_model_n_weights(model), sizeof *v);
    assert_non_null(v);
    assert_status(rn_trainer_velocity(trainer, v), RN_OK);
    const rn_node input = rn_model_input(model);
    rn_kernel_desc wanted = rn_kernel_desc_defaults();
    wanted.graph = rn_model_graph(model);
    wanted.n_inputs = 1;
    wanted.inputs = &input;
    wanted.output = rn_model_output(model);
    assert_status(rn_kernel_create(&wanted, &kernel), RN_OK);
    const rn_kernel_point point = {
        .n_samples = N, .inputs = &train.inputs, .theta = rn_trainer_theta(trainer)};
    assert_status(rn_kernel_tangent(kernel, &point, v, phi, tangent), RN_OK);
    const rn_spectra_options options = {.n_threads = 1};
    assert_status(rn_spectra_vectors(N, phi, N, 0, NULL, N, &options, lambda, NULL, NULL), RN_OK);
    rn_kernel_destroy(kernel);
    rni_free(v);
    rn_trainer_destroy(trainer);
    rn_dynamics_destroy(dynamics);
    rn_loss_destroy(loss);
    rn_model_destroy(model);
    rn_data_destroy(data);
}

/* phi_u . M' phi_v by plain sums */
static double element(int u, int v)
{
    double sum = 0.0;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
            sum += phi[u * N + i] * tangent[i * N + j] * phi[v * N + j];
    return sum;
}

static int shell_of(const rn_snapshot *at, double lambda)
{
    for (int a = 0; a < at->n_scales; a++)
        if (log(lambda) > at->coupling_s[a] && log(lambda) <= at->coupling_s[a + 1] + 1e-12)
            return a;
    return -1;
}

/* K_ab by its definition, over ordered pairs; how many there are. */
static int plain_k(const rn_snapshot *at, const double *lambda, int a, int b, double *k)
{
    double sum = 0.0;
    int count = 0;
    for (int u = 0; u < N; u++)
        for (int v = 0; v < N; v++) {
            if (u == v || shell_of(at, lambda[u]) != a || shell_of(at, lambda[v]) != b) continue;
            const double m = element(u, v);
            sum += m * m / (lambda[u] * lambda[v]);
            count++;
        }
    *k = sqrt(sum / count);
    return count;
}

/* A run's K is the definition's, with everything but the kernel computed here. Both sides come from
   eigenvectors of one kernel assembled twice, 1e-9 is far above their rounding. */
static void assert_k(const rn_snapshot *at, const double *lambda, int a, int b)
{
    double expected = 0.0;
    const int count = plain_k(at, lambda, a, b, &expected);
    const double k = at->coupling[a * at->n_scales + b];
    const double mirrored = at->coupling[b * at->n_scales + a];
    assert_close(at->coupling_pairs[a * at->n_scales + b], a == b ? count / 2 : count, 0.0);
    assert_memory_equal(&k, &mirrored, sizeof k);
    if (count > 0)
        assert_close(k / expected, 1.0, 1e-9);
    else
        assert_true(isnan(k));
}

static void k_of_a_run_is_the_definitions(void **state)
{
    (void)state;
    double lambda[N];
    rn_run *run = execute(NULL, NULL);
    const rn_snapshot *at = rn_run_snapshot(run, 0);
    measure_start(lambda);
    assert_true(at->n_scales >= 5);
    assert_close(at->has_kinks, 0.0, 0.0);
    assert_close(at->coupling_s[at->n_scales], log(lambda[N - 1]), 1e-10);
    assert_close(at->coupling_s[1] - at->coupling_s[0], log(2.0), 1e-12);
    for (int a = 0; a < at->n_scales; a++) {
        int in_a = 0;
        for (int u = 0; u < N; u++)
            in_a += shell_of(at, lambda[u]) == a;
        assert_close(at->coupling_modes[a], in_a, 0.0);
        for (int b = a; b < at->n_scales; b++)
            assert_k(at, lambda, a, b);
    }
    rn_run_destroy(run);
}

static void numbers_come_back_from_the_folder(void **state)
{
    (void)state;
    char place[] = "renorm-couplings-XXXXXX";
    char path[64];
    rn_folder *folder = NULL;
    assert_non_null(mkdtemp(place));
    (void)snprintf(path, sizeof path, "%s/run", place);
    rn_run *run = execute(NULL, path);
    assert_status(rn_folder_open(path, &folder), RN_OK);
    const rn_snapshot *kept = rn_run_snapshot(run, 1);
    const rn_snapshot *read = rn_folder_snapshot(folder, 1);
    assert_int_equal(read->n_scales, kept->n_scales);
    for (int i = 0; i < kept->n_scales * kept->n_scales; i++)
        assert_memory_equal(&read->coupling[i], &kept->coupling[i], sizeof(double));
    assert_memory_equal(&read->coupling_cross_tilt, &kept->coupling_cross_tilt, sizeof(double));
    assert_true(isfinite(kept->coupling_cross_tilt) && kept->coupling_cross_tilt_error > 0.0);
    assert_true(isfinite(kept->coupling_floor) && isfinite(kept->coupling_shifted_cross_tilt));
    rn_folder_close(folder);
    rn_run_destroy(run);
    remove_tree(place);
}

static void assert_without(const char *change, double kinks)
{
    rn_run *run = execute(change, NULL);
    const rn_snapshot *at = rn_run_snapshot(run, 1);
    assert_int_equal(at->n_scales, 0);
    assert_true(isnan(at->coupling_delta) && isnan(at->coupling_cross_tilt));
    assert_close(at->has_kinks, kinks, 0.0);
    assert_true(isfinite(at->flux[at->n_boundaries - 1])); /* the rest is there */
    rn_run_destroy(run);
}

static void where_they_are_not_defined_nothing_is_recorded_and_the_run_goes_on(void **state)
{
    (void)state;
    assert_without("model.activation=relu", 1.0);
    assert_without("measure.couplings=false", 0.0);
    assert_without("data.n_train=6", 0.0); /* too few shells */
}

/* The eigensolver may round otherwise on more threads; the splits are the same. */
static void threads_change_nothing_but_rounding(void **state)
{
    (void)state;
    rn_run *one = execute("threads=1", NULL);
    rn_run *three = execute("threads=3", NULL);
    const rn_snapshot *a = rn_run_snapshot(one, 1);
    const rn_snapshot *b = rn_run_snapshot(three, 1);
    assert_close(a->coupling_cross_tilt, b->coupling_cross_tilt, 1e-8);
    assert_close(a->coupling_delta_tilt, b->coupling_delta_tilt, 1e-8);
    rn_run_destroy(one);
    rn_run_destroy(three);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(k_of_a_run_is_the_definitions),
        cmocka_unit_test(numbers_come_back_from_the_folder),
        cmocka_unit_test(where_they_are_not_defined_nothing_is_recorded_and_the_run_goes_on),
        cmocka_unit_test(threads_change_nothing_but_rounding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
