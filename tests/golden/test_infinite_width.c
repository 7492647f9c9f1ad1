/*
 * Kernels of random networks against their infinite-width limit.
 *
 * Published recursions (Jacot 2018; Arora 2019), evaluated to 30 digits elsewhere: with h hidden
 * layers, unit inputs at cosine r, kernel T_h(r). A draw of width w scatters by O(1/sqrt w) about
 * a mean that is off by O(1/w).
 */
#include <math.h>
#include <renorm/kernel.h>
#include <renorm/model.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "core/memory.h"

#define N_COSINES 5
static const double cosines[N_COSINES] = {1.0, 0.9, 0.5, 0.0, -0.5};

/* T_1, T_2, T_3 at the cosines above; relu with factor 2/width, erf with weight variance 1. */
static const double relu_limit[3][N_COSINES] = {
    {2.0, 1.68032873503, 0.942331114378, 0.318309886184, -0.0576688856224},
    {3.0, 2.36881366272, 1.35147956112, 0.685708636283, 0.343862246273},
    {4.0, 2.98569318737, 1.73784467922, 1.0603881068, 0.742249322561}};
static const double erf_limit[3][N_COSINES] = {
    {1.03396908913, 0.887130358674, 0.441425974978, 0.0, -0.441425974978},
    {1.09860621347, 0.925999644931, 0.442979959032, 0.0, -0.442979959032},
    {1.18161635146, 0.985969230307, 0.461789588435, 0.0, -0.461789588435}};

/* Mean, scatter of one draw and error of the mean over many draws. */
typedef struct draws {
    double mean[N_COSINES];
    double deviation[N_COSINES];
    double error[N_COSINES];
} draws;

static void add_draw(rn_kernel *kernel, const double *x, const double *theta, draws *sums)
{
    const double *const inputs[] = {x};
    const rn_kernel_point point = {.n_samples = N_COSINES, .inputs = inputs, .theta = theta};
    double m[N_COSINES * N_COSINES];
    assert_status(rn_kernel_assemble(kernel, &point, m), RN_OK);
    for (rn_index i = 0; i < N_COSINES; i++) {
        const double entry = N_COSINES * m[i]; /* J J^T between sample 0 and sample i */
        sums->mean[i] += entry;
        sums->deviation[i] += entry * entry;
    }
}

static draws draw_kernels(const char *activation, int hidden, int width, int n_draws)
{
    char depth_text[16];
    char width_text[16];
    (void)snprintf(depth_text, sizeof depth_text, "%d", hidden - 1);
    (void)snprintf(width_text, sizeof width_text, "%d", width);
    const char *gain = strcmp(activation, "relu") == 0 ? "1.4142135623730951" : "1";
    const rn_setting settings[] = {{"depth", depth_text},      {"width", width_text},
                                   {"activation", activation}, {"gain", gain},
                                   {"readout_gain", gain},     {"residual", "false"}};
    rn_model *model = NULL;
    assert_status(rn_model_create("mlp", settings, 6, RN_SHAPE(2), 1, &model), RN_OK);
    const rn_node input = rn_model_input(model);
    rn_kernel_desc desc = rn_kernel_desc_defaults();
    desc.graph = rn_model_graph(model);
    desc.n_inputs = 1;
    desc.inputs = &input;
    desc.output = rn_model_output(model);
    rn_kernel *kernel = NULL;
    assert_status(rn_kernel_create(&desc, &kernel), RN_OK);

    double x[2 * N_COSINES]; /* |x|^2 = 2 = D: unit inputs after the factor 1/sqrt(D) */
    for (rn_index i = 0; i < N_COSINES; i++) {
        x[2 * i] = sqrt(2.0) * cosines[i];
        x[2 * i + 1] = sqrt(2.0) * sqrt(1.0 - cosines[i] * cosines[i]);
    }
    double *theta = rni_alloc(rn_model_n_weights(model), sizeof *theta);
    assert_non_null(theta);
    draws d = {0};
    for (int k = 0; k < n_draws; k++) {
        assert_status(rn_model_initialise(model, check_seed() + (uint64_t)k, theta), RN_OK);
        add_draw(kernel, x, theta, &d);
    }
    for (int i = 0; i < N_COSINES; i++) {
        d.mean[i] /= n_draws;
        d.deviation[i] = sqrt(d.deviation[i] / n_draws - d.mean[i] * d.mean[i]);
        d.error[i] = d.deviation[i] / sqrt(n_draws);
    }
    rni_free(theta);
    rn_kernel_destroy(kernel);
    rn_model_destroy(model);
    return d;
}

static void report(const char *activation, int hidden, int width, const draws *d,
                   const double *limit)
{
    for (int i = 0; i < N_COSINES; i++)
        print_message("%s h %d w %4d r %4.1f: limit %9.6f, mean off %9.6f +- %.6f, one draw %.4f\n",
                      activation, hidden, width, cosines[i], limit[i], d->mean[i] - limit[i],
                      d->error[i], d->deviation[i]);
}

#define N_DRAWS 600

/* One hidden layer: the mean over draws is the limit at every width; only sampling is left. */
static void one_layer_has_the_limit_as_its_mean(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        const char *activation = k == 0 ? "relu" : "erf";
        const double *limit = k == 0 ? relu_limit[0] : erf_limit[0];
        const draws d = draw_kernels(activation, 1, 64, N_DRAWS);
        report(activation, 1, 64, &d, limit);
        for (int i = 0; i < N_COSINES; i++) /* 4.5 errors: once in 1e5 */
            assert_close(d.mean[i], limit[i], 4.5 * d.error[i]);
    }
}

/* Deeper: the mean is off by O(1/w), with a constant of the order of layers times kernel. */
static void check_rates(const char *activation, int hidden, const double *limit)
{
    const draws narrow = draw_kernels(activation, hidden, 8, N_DRAWS);
    const draws middle = draw_kernels(activation, hidden, 32, N_DRAWS);
    const draws wide = draw_kernels(activation, hidden, 128, N_DRAWS);
    report(activation, hidden, 8, &narrow, limit);
    report(activation, hidden, 128, &wide, limit);
    for (int i = 0; i < N_COSINES; i++) {
        assert_close(wide.mean[i], limit[i], hidden * limit[0] / 128.0 + 4.5 * wide.error[i]);
        const double off = fabs(narrow.mean[i] - limit[i]);
        assert_close(middle.mean[i], limit[i],
                     1.5 * off / 4.0 + 4.5 * (middle.error[i] + narrow.error[i] / 4.0));
        /* One draw scatters by 1/sqrt(w): a factor 2 from 32 to 128. The scatter itself is known to
           1/sqrt(2 draws) times its kurtosis, about 6 % here, and has corrections of O(1/w). */
        assert_close(middle.deviation[i] / wide.deviation[i], 2.0, 0.5);
    }
}

static void deeper_nets_approach_the_limit_as_one_over_width(void **state)
{
    (void)state;
    for (int hidden = 2; hidden <= 3; hidden++) {
        check_rates("relu", hidden, relu_limit[hidden - 1]);
        check_rates("erf", hidden, erf_limit[hidden - 1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_layer_has_the_limit_as_its_mean),
        cmocka_unit_test(deeper_nets_approach_the_limit_as_one_over_width),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
