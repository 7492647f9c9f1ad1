/*
 * The couplings of residual and plain networks at the start of training, through the public calls
 * alone. Prints the table of docs/theory/couplings.md and checks its ratios. RN_TEST_CASES: seeds.
 */
#include <math.h>
#include <renorm/couplings.h>
#include <renorm/data.h>
#include <renorm/kernel.h>
#include <renorm/shells.h>
#include <renorm/spectra.h>
#include <renorm/train.h>
#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "core/memory.h"

#define MAX_SEEDS 64
enum { N = 96 };

/* One architecture over its seeds. */
typedef struct arm {
    double delta[MAX_SEEDS];
    double tilt[MAX_SEEDS];
    double kappa[MAX_SEEDS];
    double floor[MAX_SEEDS];
    double shifted[MAX_SEEDS];
    double square[MAX_SEEDS];
    double square_tilt[MAX_SEEDS];
} arm;

static double phi[N * N]; /* M, then its eigenvectors */
static double tangent[N * N];
static double mt[N * N];

/* lambda and mt of a network at its start, along v = -grad L. */
static void measure_network(rn_model *model, const rn_data *data, uint64_t seed, double *lambda)
{
    const rn_data_split train = rn_data_get(data, RN_DATA_TRAIN);
    rn_loss *loss = NULL;
    rn_dynamics *dynamics = NULL;
    rn_trainer *trainer = NULL;
    assert_status(rn_loss_create("squared_error", NULL, 0, &loss), RN_OK);
    assert_status(rn_dynamics_create("gradient_descent", NULL, 0, &dynamics), RN_OK);
    const rn_trainer_desc desc = {
        .model = model,
        .loss = loss,
        .dynamics = dynamics,
        .train = {.n_samples = N, .inputs = train.inputs, .targets = train.targets},
        .n_threads = 1};
    assert_status(rn_trainer_create(&desc, &trainer), RN_OK);
    assert_status(rn_trainer_start(trainer, seed), RN_OK);
    double *v = rni_alloc(rn_model_n_weights(model), sizeof *v);
    assert_non_null(v);
    assert_status(rn_trainer_velocity(trainer, v), RN_OK);

    rn_kernel *kernel = NULL;
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
    assert_status(rn_shell_project(N, phi, tangent, phi, mt), RN_OK);
    rn_kernel_destroy(kernel);
    rni_free(v);
    rn_trainer_destroy(trainer);
    rn_dynamics_destroy(dynamics);
    rn_loss_destroy(loss);
}

static void measure_seed(const rn_setting *settings, rn_index n_settings, int i, arm *out)
{
    const uint64_t seed = check_seed() + (uint64_t)i;
    rn_data *data = NULL;
    rn_model *model = NULL;
    assert_status(rn_data_create("sphere", NULL, 0, seed, &data), RN_OK);
    assert_status(rn_model_create("mlp", settings, n_settings, RN_SHAPE(8), 1, &model), RN_OK);
    double lambda[N];
    measure_network(model, data, seed, lambda);
    const rn_coupling_input input = {.n = N, .lambda = lambda, .mt = mt};
    rn_coupling_report report = {0};
    assert_status(rn_couplings_measure(&input, NULL, &report), RN_OK);
    out->delta[i] = report.grid.delta;
    out->tilt[i] = report.grid.delta_tilt;
    out->kappa[i] = report.grid.kappa;
    out->floor[i] = report.grid.floor;
    out->shifted[i] = report.shifted.delta;
    out->square[i] = report.grid.cross.square;
    out->square_tilt[i] = report.grid.cross_tilt.square;
    rn_coupling_report_clear(&report);
    rn_model_destroy(model);
    rn_data_destroy(data);
}

static int by_value(const void *left, const void *right)
{
    const double a = *(const double *)left;
    const double b = *(const double *)right;
    return (a > b) - (a < b);
}

/* The value below which a share q of the (sorted in place) values lies, linear between them. */
static double quantile(int n, double *values, double q)
{
    qsort(values, (size_t)n, sizeof *values, by_value);
    const double place = q * (n - 1);
    const int low = (int)place;
    const int high = low + 1 < n ? low + 1 : low;
    return values[low] + (place - low) * (values[high] - values[low]);
}

static double mean_root(int n, const double *squares)
{
    double sum = 0.0;
    for (int i = 0; i < n; i++)
        sum += squares[i];
    return sqrt(fmax(sum / n, 0.0));
}

static arm measure_arm(int depth, const char *residual, int n_seeds)
{
    char text[16];
    (void)snprintf(text, sizeof text, "%d", depth);
    const rn_setting settings[] = {{"depth", text},
                                   {"width", "48"},
                                   {"activation", "quick_gelu"},
                                   {"residual", residual},
                                   {"gain", "0"}}; /* sqrt(2/depth) residual, 1.5 plain */
    arm a;
    for (int i = 0; i < n_seeds; i++)
        measure_seed(settings, 5, i, &a);
    print_message("| %d | %s | %.2f [%.2f, %.2f] | %.2f [%.2f, %.2f] | %+.2f | %.2f | %.2f | %.2f "
                  "| %.2f |\n",
                  depth, residual[0] == 't' ? "residual" : "plain", quantile(n_seeds, a.delta, 0.5),
                  quantile(n_seeds, a.delta, 0.25), quantile(n_seeds, a.delta, 0.75),
                  quantile(n_seeds, a.tilt, 0.5), quantile(n_seeds, a.tilt, 0.25),
                  quantile(n_seeds, a.tilt, 0.75), quantile(n_seeds, a.kappa, 0.5),
                  quantile(n_seeds, a.floor, 0.5), quantile(n_seeds, a.shifted, 0.5),
                  mean_root(n_seeds, a.square), mean_root(n_seeds, a.square_tilt));
    return a;
}

static void deep_plain_networks_break_log_shift_invariance_and_residual_ones_do_not(void **state)
{
    (void)state;
    const int n = check_cases(32) < MAX_SEEDS ? check_cases(32) : MAX_SEEDS;
    print_message("| depth | arm | delta | tilt removed | kappa | floor | shifted | cross "
                  "| tilt removed |\n|---|---|---|---|---|---|---|---|---|\n");
    arm shallow[2];
    arm deep[2];
    for (int depth = 4; depth <= 16; depth *= 2)
        for (int plain = 0; plain < 2; plain++) {
            arm a = measure_arm(depth, plain ? "false" : "true", n);
            if (depth == 4) shallow[plain] = a;
            if (depth == 16) deep[plain] = a;
        }
    const double residual = quantile(n, deep[0].delta, 0.5);
    const double plain = quantile(n, deep[1].delta, 0.5);
    assert_true(residual <= 0.25);
    assert_true(plain >= 0.40);
    assert_true(plain / residual >= 2.5);
    assert_true(quantile(n, deep[1].tilt, 0.5) / quantile(n, deep[0].tilt, 0.5) >= 1.6);
    const double ratio = quantile(n, shallow[1].delta, 0.5) / quantile(n, shallow[0].delta, 0.5);
    assert_true(ratio >= 0.7 && ratio <= 1.4);
    /* What decides: the split-half defect, free of sampling. */
    assert_true(mean_root(n, deep[1].square) >= 2.5 * mean_root(n, deep[0].square));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deep_plain_networks_break_log_shift_invariance_and_residual_ones_do_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
