/*
 * Blocks of residual and plain networks at the start of training, on the data of the architecture
 * study: gains and influence (C1), overlaps of block kernels (C2). Prints the tables of
 * docs/theory/conditions.md and checks what is said of them there. RN_TEST_CASES: seeds.
 */
#include <math.h>
#include <renorm/blocks.h>
#include <renorm/coherence.h>
#include <renorm/data.h>
#include <renorm/family.h>
#include <renorm/kernel.h>
#include <renorm/propagation.h>
#include <renorm/train.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "core/memory.h"

enum { N = 96, D = 8, MAX_SEEDS = 64, MAX_L = 32, MAX_SIDE = MAX_L + 2 };

/* What one network has; `between`: overlap with the blocks of another, drawn independently. */
typedef enum number { GAIN, LARGEST_ROW, MEAN_ROW, BAND, UNIFORM, RATE, N_NUMBERS } number;
typedef enum overlap_number {
    OVERLAP_ROW,
    DECAY,
    WITHIN,
    BETWEEN,
    HALF_LENGTH,
    N_OVERLAPS
} overlap_number;

static rn_model *make_model(int depth, const char *residual)
{
    char text[16];
    rn_model *model = NULL;
    (void)snprintf(text, sizeof text, "%d", depth);
    const rn_setting settings[] = {{"depth", text},
                                   {"width", "48"},
                                   {"activation", "quick_gelu"},
                                   {"residual", residual},
                                   {"gain", "0"}}; /* sqrt(2/depth) residual, 1.5 plain */
    assert_status(rn_model_create("mlp", settings, 5, RN_SHAPE(D), 1, &model), RN_OK);
    return model;
}

static int by_value(const void *left, const void *right)
{
    const double a = *(const double *)left;
    const double b = *(const double *)right;
    return (a > b) - (a < b);
}

/* The value below which a share q of the (sorted in place) values lies. */
static double quantile(int n, double *values, double q)
{
    qsort(values, (size_t)n, sizeof *values, by_value);
    const double place = q * (n - 1);
    const int low = (int)place;
    const int high = low + 1 < n ? low + 1 : low;
    return values[low] + (place - low) * (values[high] - values[low]);
}

/* ---- C1 -------------------------------------------------------------------------------------- */

static double largest_gain(rn_blocks *blocks, const double *theta, const double *inputs)
{
    const rn_index n = rn_blocks_count(blocks);
    double *jacobians = rni_alloc(rn_blocks_jacobian_size(blocks), sizeof *jacobians);
    double sigma[(MAX_L + 1) * (MAX_L + 1)];
    rn_index width[MAX_L + 1];
    double largest = 0.0;
    assert_non_null(jacobians);
    for (rn_index l = 0; l <= n; l++)
        width[l] = rn_blocks_width(blocks, l);
    for (rn_index i = 0; i < (n + 1) * (n + 1); i++)
        sigma[i] = (double)NAN;
    for (rn_index i = 0; i < N; i++) {
        assert_status(rn_blocks_jacobians(blocks, theta, inputs + i * D, jacobians), RN_OK);
        assert_status(rn_propagation_gains(n, width, jacobians, sigma), RN_OK);
    }
    for (rn_index i = 0; i < (n + 1) * (n + 1); i++)
        largest = fmax(largest, sigma[i]);
    rni_free(jacobians);
    return largest;
}

/* Of the blocks between the boundaries, as motion theta' = -grad L. */
static void measure_influence(rn_blocks *blocks, const double *theta, const double *inputs,
                              const double *v, double rate, double *numbers)
{
    const rn_index n = rn_blocks_count(blocks);
    const rn_index side = n + 2;
    double norms[MAX_L] = {0};
    static double changes[MAX_L * MAX_L];
    static double one[MAX_SIDE * MAX_SIDE];
    static double matrix[MAX_L * MAX_L];
    double one_norm[MAX_SIDE];
    double rows[MAX_L];
    memset(changes, 0, sizeof changes);
    for (rn_index i = 0; i < N; i++) {
        assert_status(rn_blocks_changes(blocks, theta, inputs + i * D, v, one_norm, one), RN_OK);
        for (rn_index g = 0; g < n; g++) {
            norms[g] += one_norm[g + 1];
            for (rn_index m = 0; m < n; m++)
                changes[g * n + m] += one[(g + 1) * side + m + 1];
        }
    }
    rn_influence said;
    assert_status(rn_propagation_influence(n, norms, changes, rate, 1, matrix, rows, &said), RN_OK);
    numbers[LARGEST_ROW] = said.largest_row;
    numbers[MEAN_ROW] = said.mean_row;
    numbers[BAND] = said.band_share;
    numbers[UNIFORM] = said.uniform_share;
    numbers[RATE] = rate;
}

static void measure_network(int depth, const char *residual, uint64_t seed, double *numbers)
{
    rn_model *model = make_model(depth, residual);
    rn_data *data = NULL;
    rn_loss *loss = NULL;
    rn_dynamics *dynamics = NULL;
    rn_trainer *trainer = NULL;
    rn_blocks *blocks = NULL;
    rn_evaluation found;
    assert_status(rn_data_create("sphere", NULL, 0, seed, &data), RN_OK);
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
    assert_status(rn_trainer_start(trainer, seed), RN_OK);
    const rn_index n_weights = rn_model_n_weights(model);
    double *v = rni_alloc(n_weights, sizeof *v);
    assert_non_null(v);
    assert_status(rn_trainer_velocity(trainer, v), RN_OK);
    assert_status(rn_trainer_evaluate(trainer, &desc.train, &found), RN_OK);
    double square = 0.0;
    for (rn_index i = 0; i < n_weights; i++)
        square += v[i] * v[i];
    assert_status(rn_blocks_create(model, &blocks), RN_OK);
    const double *theta = rn_trainer_theta(trainer);
    numbers[GAIN] = largest_gain(blocks, theta, train.inputs);
    measure_influence(blocks, theta, train.inputs, v, square / found.loss, numbers);
    rn_blocks_destroy(blocks);
    rni_free(v);
    rn_trainer_destroy(trainer);
    rn_dynamics_destroy(dynamics);
    rn_loss_destroy(loss);
    rn_data_destroy(data);
    rn_model_destroy(model);
}

/* The runs of one kind at all depths, for the test of the family. */
typedef struct family {
    rn_index n;
    double depth[3 * MAX_SEEDS];
    double gain[3 * MAX_SEEDS];
    double row[3 * MAX_SEEDS];
} family;

static rn_verdict judge(const char *what, const family *f, const double *y)
{
    rn_finding found;
    assert_status(rn_family_bounded(f->n, f->depth, y, &found), RN_OK);
    print_message("%s: %s; %s\n", what, rn_verdict_name(found.verdict), found.reason);
    return found.verdict;
}

/* Medians of all numbers; the quartiles of the largest row as well. */
static void measure_arm(int depth, const char *residual, int n_seeds, double *median, family *runs)
{
    static double numbers[N_NUMBERS][MAX_SEEDS];
    for (int s = 0; s < n_seeds; s++) {
        double one[N_NUMBERS];
        measure_network(depth, residual, check_seed() + (uint64_t)s, one);
        for (int k = 0; k < N_NUMBERS; k++)
            numbers[k][s] = one[k];
        runs->depth[runs->n] = depth;
        runs->gain[runs->n] = one[GAIN];
        runs->row[runs->n++] = one[LARGEST_ROW];
    }
    for (int k = 0; k < N_NUMBERS; k++)
        median[k] = quantile(n_seeds, numbers[k], 0.5);
    print_message("| %d | %s | %.1f | %.2f [%.2f, %.2f] | %.2f | %.2f | %.2f | %.2f |\n", depth,
                  residual[0] == 't' ? "residual" : "plain", median[GAIN], median[LARGEST_ROW],
                  quantile(n_seeds, numbers[LARGEST_ROW], 0.25),
                  quantile(n_seeds, numbers[LARGEST_ROW], 0.75), median[MEAN_ROW], median[BAND],
                  median[UNIFORM], median[RATE]);
}

static int seeds_wanted(int normal)
{
    const int n = check_cases(normal);
    return n > MAX_SEEDS ? MAX_SEEDS : n;
}

static void residual_rows_stay_and_plain_ones_grow_with_depth(void **state)
{
    (void)state;
    const int n_seeds = seeds_wanted(8);
    double residual[3][N_NUMBERS];
    double plain[3][N_NUMBERS];
    static family families[2];
    for (int d = 0; d < 3; d++) {
        measure_arm(4 << d, "true", n_seeds, residual[d], &families[0]);
        measure_arm(4 << d, "false", n_seeds, plain[d], &families[1]);
    }
    for (int d = 0; d < 3; d++) {
        /* what an independent program found was 0.09, 0.12, 0.12; seeds scatter by a factor of 1.5
         */
        assert_true(residual[d][LARGEST_ROW] > 0.06 && residual[d][LARGEST_ROW] < 0.18);
        assert_true(plain[d][LARGEST_ROW] > 3.0 * residual[d][LARGEST_ROW]);
        /* influence is spread over all blocks: the band holds no more than its share */
        assert_close(residual[d][BAND] / residual[d][UNIFORM], 1.0, 0.25);
        assert_close(plain[d][BAND] / plain[d][UNIFORM], 1.0, 0.25);
    }
    assert_true(plain[2][LARGEST_ROW] > 4.0 * plain[0][LARGEST_ROW]);
    /* from depth 4 to 16: 1.2 and 3.9 over 16 seeds */
    assert_true(residual[2][GAIN] < 1.7 * residual[0][GAIN]);
    assert_true(plain[2][GAIN] > 2.0 * plain[0][GAIN]);
    (void)judge("gain, residual", &families[0], families[0].gain);
    (void)judge("gain, plain", &families[1], families[1].gain);
    assert_int_not_equal(judge("rows, residual", &families[0], families[0].row), RN_VERDICT_FAILS);
    assert_int_equal(judge("rows, plain", &families[1], families[1].row), RN_VERDICT_FAILS);
}

/* ---- C2 -------------------------------------------------------------------------------------- */

/* Kernels of the blocks at random weights. */
static void block_kernels(int depth, const char *residual, uint64_t seed, const double *inputs,
                          double *const *out)
{
    rn_model *model = make_model(depth, residual);
    rn_kernel *kernel = NULL;
    const rn_node input = rn_model_input(model);
    rn_kernel_desc desc = rn_kernel_desc_defaults();
    desc.graph = rn_model_graph(model);
    desc.n_inputs = 1;
    desc.inputs = &input;
    desc.output = rn_model_output(model);
    double *theta = rni_alloc(rn_model_n_weights(model), sizeof *theta);
    assert_non_null(theta);
    assert_status(rn_model_initialise(model, seed, theta), RN_OK);
    assert_status(rn_kernel_create(&desc, &kernel), RN_OK);
    const rn_kernel_point point = {.n_samples = N, .inputs = &inputs, .theta = theta};
    for (rn_index l = 0; l < depth; l++) /* parameter 0 is the first map */
        assert_status(rn_kernel_assemble_part(kernel, &point, l + 1, NULL, out[l], NULL), RN_OK);
    rn_kernel_destroy(kernel);
    rni_free(theta);
    rn_model_destroy(model);
}

static double mean_of(const double *overlap, int side, int rows, int first, int columns)
{
    double sum = 0.0;
    int count = 0;
    for (int l = 0; l < rows; l++)
        for (int m = first; m < first + columns; m++)
            if (l != m) {
                sum += overlap[l * side + m];
                count++;
            }
    return sum / count;
}

/* The distance at which kernels less their common mean stop resembling each other, in blocks. */
static double half_length(int depth, double *const *centred)
{
    static double mean[N * N];
    memset(mean, 0, sizeof mean);
    for (int l = 0; l < depth; l++) {
        double norm = 0.0;
        for (int i = 0; i < N * N; i++)
            norm += centred[l][i] * centred[l][i];
        for (int i = 0; i < N * N; i++) {
            centred[l][i] /= sqrt(norm);
            mean[i] += centred[l][i] / depth;
        }
    }
    for (int d = 1; d < depth; d++) {
        double sum = 0.0;
        for (int l = 0; l + d < depth; l++)
            for (int i = 0; i < N * N; i++)
                sum += (centred[l][i] - mean[i]) * (centred[l + d][i] - mean[i]);
        if (sum <= 0.0) return d;
    }
    return depth;
}

static void measure_overlaps(int depth, const char *residual, uint64_t seed, double *numbers)
{
    double *kernels[2 * MAX_L];
    static double overlap[4 * MAX_L * MAX_L];
    double rows[2 * MAX_L];
    double distance[2 * MAX_L];
    rn_coherence said;
    rn_data *data = NULL;
    assert_status(rn_data_create("sphere", NULL, 0, seed, &data), RN_OK);
    const double *inputs = rn_data_get(data, RN_DATA_TRAIN).inputs;
    for (int l = 0; l < 2 * depth; l++) {
        kernels[l] = rni_alloc((rn_index)N * N, sizeof(double));
        assert_non_null(kernels[l]);
    }
    block_kernels(depth, residual, seed, inputs, kernels);
    block_kernels(depth, residual, seed + 1000, inputs, kernels + depth);
    assert_status(rn_coherence_measure(depth, N, 1, kernels, overlap, rows, distance, &said),
                  RN_OK);
    numbers[OVERLAP_ROW] = said.largest_row;
    numbers[DECAY] = said.decay_length;
    numbers[WITHIN] = mean_of(overlap, depth, depth, 0, depth);
    assert_status(
        rn_coherence_measure(2 * (rn_index)depth, N, 1, kernels, overlap, rows, distance, &said),
        RN_OK);
    numbers[BETWEEN] = mean_of(overlap, 2 * depth, depth, depth, depth);
    numbers[HALF_LENGTH] = half_length(depth, kernels);
    for (int l = 0; l < 2 * depth; l++)
        rni_free(kernels[l]);
    rn_data_destroy(data);
}

static void overlap_arm(int depth, const char *residual, int n_seeds, double *median)
{
    static double numbers[N_OVERLAPS][MAX_SEEDS];
    for (int s = 0; s < n_seeds; s++) {
        double one[N_OVERLAPS];
        measure_overlaps(depth, residual, check_seed() + (uint64_t)s, one);
        for (int k = 0; k < N_OVERLAPS; k++)
            numbers[k][s] = one[k];
    }
    for (int k = 0; k < N_OVERLAPS; k++)
        median[k] = quantile(n_seeds, numbers[k], 0.5);
    print_message("| %d | %s | %.1f | %.0f | %.2f | %.2f | %.2f | %.0f |\n", depth,
                  residual[0] == 't' ? "residual" : "plain", median[OVERLAP_ROW], median[DECAY],
                  median[WITHIN], median[BETWEEN], (1.0 - median[WITHIN]) / (1.0 - median[BETWEEN]),
                  median[HALF_LENGTH]);
}

static void overlaps_separate_neither_depths_nor_architectures(void **state)
{
    (void)state;
    static const double theory[] = {3.9, 7.7, 15.0, 31.0};
    const int n_seeds = seeds_wanted(8);
    for (int d = 0; d < 4; d++) {
        double residual[N_OVERLAPS];
        double plain[N_OVERLAPS];
        overlap_arm(4 << d, "true", n_seeds, residual);
        overlap_arm(4 << d, "false", n_seeds, plain);
        assert_close(residual[OVERLAP_ROW] / theory[d], 1.0, 0.03); /* two digits, few seeds */
        /* blocks of one network resemble each other far more than those of two */
        assert_true(residual[WITHIN] > residual[BETWEEN] + 0.1);
        assert_true(plain[WITHIN] > plain[BETWEEN] + 0.1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(residual_rows_stay_and_plain_ones_grow_with_depth),
        cmocka_unit_test(overlaps_separate_neither_depths_nor_architectures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
