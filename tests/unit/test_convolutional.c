/*
 * Convolutional and residual networks against forward passes written by hand, image by image and
 * place by place, and the settings that do not fit.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "core/memory.h"
#include "model_values.h"

enum { N = 3, MOST = 4096 };

/* ---- by hand ----------------------------------------------------------------------------- */

/* Channels first here, so that nothing is shared with the library's order. */
typedef struct image {
    int channels, height, width;
    double at[MOST]; /* [channels, height, width] */
} image;

static double *place(image *x, int c, int i, int j)
{
    return &x->at[(c * x->height + i) * x->width + j];
}

static double pixel(const image *x, int c, int i, int j)
{
    if (i < 0 || j < 0 || i >= x->height || j >= x->width) return 0.0;
    return x->at[(c * x->height + i) * x->width + j];
}

typedef struct filter {
    const double *weight; /* [kernel, kernel, channels in, channels out] */
    const double *bias;   /* or NULL */
    int kernel, stride, padding, channels;
    double factor;
} filter;

/* The filter's answer o at a place. */
static double filtered(const image *x, const filter *f, int o, int row, int column)
{
    double sum = 0.0;
    for (int c = 0; c < x->channels; c++)
        for (int a = 0; a < f->kernel; a++)
            for (int b = 0; b < f->kernel; b++)
                sum += f->weight[((a * f->kernel + b) * x->channels + c) * f->channels + o]
                       * pixel(x, c, row + a, column + b);
    return f->factor * sum + (f->bias ? f->bias[o] : 0.0);
}

static image convolve(const image *x, const filter *f)
{
    image y = {.channels = f->channels,
               .height = (x->height + 2 * f->padding - f->kernel) / f->stride + 1,
               .width = (x->width + 2 * f->padding - f->kernel) / f->stride + 1};
    for (int o = 0; o < y.channels; o++)
        for (int i = 0; i < y.height; i++)
            for (int j = 0; j < y.width; j++)
                *place(&y, o, i, j) =
                    filtered(x, f, o, i * f->stride - f->padding, j * f->stride - f->padding);
    return y;
}

static void normalise(image *x, int groups, const double *gain, const double *offset)
{
    const int members = x->channels / groups;
    const int n = members * x->height * x->width;
    for (int g = 0; g < groups; g++) {
        double *z = place(x, g * members, 0, 0); /* a group is contiguous */
        double mean = 0.0;
        double square = 0.0;
        for (int k = 0; k < n; k++)
            mean += z[k] / n;
        for (int k = 0; k < n; k++)
            square += (z[k] - mean) * (z[k] - mean) / n;
        for (int k = 0; k < n; k++) {
            const int c = g * members + k / (x->height * x->width);
            z[k] = (z[k] - mean) / sqrt(square + 1e-5) * gain[c] + offset[c];
        }
    }
}

static void activate(image *x, const char *name)
{
    for (int k = 0; k < x->channels * x->height * x->width; k++)
        x->at[k] = values_activate(name, x->at[k]);
}

static image pool(const image *x, int size, int is_max)
{
    image y = {.channels = x->channels,
               .height = (x->height - size) / size + 1,
               .width = (x->width - size) / size + 1};
    for (int c = 0; c < y.channels; c++)
        for (int i = 0; i < y.height; i++)
            for (int j = 0; j < y.width; j++) {
                double sum = 0.0;
                double most = -INFINITY;
                for (int a = 0; a < size; a++)
                    for (int b = 0; b < size; b++) {
                        const double value = pixel(x, c, i * size + a, j * size + b);
                        sum += value;
                        most = fmax(most, value);
                    }
                *place(&y, c, i, j) = is_max ? most : sum / (size * size);
            }
    return y;
}

/* The images of samples [h, w], [c, h, w] or [h, w, c]. */
static image take(const double *x, int channels, int height, int width, int last)
{
    image y = {.channels = channels, .height = height, .width = width};
    for (int c = 0; c < channels; c++)
        for (int i = 0; i < height; i++)
            for (int j = 0; j < width; j++)
                *place(&y, c, i, j) =
                    last ? x[(i * width + j) * channels + c] : x[(c * height + i) * width + j];
    return y;
}

static double mean_of(const image *x, int c)
{
    double sum = 0.0;
    for (int i = 0; i < x->height; i++)
        for (int j = 0; j < x->width; j++)
            sum += pixel(x, c, i, j);
    return sum / (x->height * x->width);
}

/* ---- chains of convolutions ---------------------------------------------------------------- */

/* Three answers of an image through two convolutions; theta by names. */
typedef struct convnet {
    int channels, height, width, is_last, kernel, stride, padding, pool, is_max, groups, growth;
    int has_bias, is_flat, is_standard;
    const char *activation;
} convnet;

/* sum of what is read out, times the weights of answer o */
static double read_out(const convnet *net, const image *h, const double *readout, int o)
{
    double sum = 0.0;
    for (int c = 0; c < h->channels && !net->is_flat; c++)
        sum += mean_of(h, c) * readout[c * 3 + o];
    for (int k = 0; k < h->channels * h->height * h->width && net->is_flat; k++) {
        const int c = k % h->channels; /* flattened channels last */
        const int at = k / h->channels;
        sum += pixel(h, c, at / h->width, at % h->width) * readout[k * 3 + o];
    }
    return sum;
}

static void convnet_by_hand(const convnet *net, const rn_model *model, const double *theta,
                            const double *x, double *f)
{
    static const char *const names[][4] = {
        {"conv1.weight", "conv1.bias", "norm1.gain", "norm1.offset"},
        {"conv2.weight", "conv2.bias", "norm2.gain", "norm2.offset"}};
    const double gains[] = {1.0, 1.5};
    image h = take(x, net->channels, net->height, net->width, net->is_last);
    filter one = {.kernel = net->kernel, .stride = net->stride, .padding = net->padding};
    one.channels = 4;
    for (int l = 0; l < 2; l++) {
        one.weight = values_parameter(model, theta, names[l][0]);
        if (net->has_bias) one.bias = values_parameter(model, theta, names[l][1]);
        one.factor = gains[l] / sqrt(net->kernel * net->kernel * h.channels);
        if (net->is_standard) one.factor = 1.0;
        h = convolve(&h, &one);
        if (net->groups)
            normalise(&h, net->groups, values_parameter(model, theta, names[l][2]),
                      values_parameter(model, theta, names[l][3]));
        activate(&h, net->activation);
        if (net->pool) h = pool(&h, net->pool, net->is_max);
        one.channels *= net->growth;
    }
    const int fan_in = h.channels * (net->is_flat ? h.height * h.width : 1);
    const double factor = net->is_standard ? 1.0 : 1.0 / sqrt(fan_in);
    for (int o = 0; o < 3; o++) {
        f[o] = factor * read_out(net, &h, values_parameter(model, theta, "readout.weight"), o);
        if (net->has_bias) f[o] += values_parameter(model, theta, "readout.bias")[o];
    }
}

static void check_convnet(const convnet *net, const rn_setting *settings, rn_index n_settings)
{
    const rn_shape shape = net->channels == 1 ? RN_SHAPE(net->height, net->width)
                           : net->is_last     ? RN_SHAPE(net->height, net->width, net->channels)
                                              : RN_SHAPE(net->channels, net->height, net->width);
    rn_model *model = values_model("convnet", settings, n_settings, shape, 3);
    double *theta = values_theta(model);
    const rn_index size = (rn_index)net->channels * net->height * net->width;
    double x[N * MOST];
    double f[N * 3];
    double g[3];
    values_normal(0, N * size, x);
    values_outputs(model, theta, N, x, f);
    for (rn_index i = 0; i < N; i++) {
        convnet_by_hand(net, model, theta, x + i * size, g);
        for (int o = 0; o < 3; o++) /* some hundred terms through two layers */
            assert_close(f[i * 3 + o], g[o], 1e-12 * (1.0 + fabs(g[o])));
    }
    rni_free(theta);
    rn_model_destroy(model);
}

static void chains_of_convolutions_equal_their_formula(void **state)
{
    (void)state;
    const convnet plain = {.channels = 1,
                           .height = 9,
                           .width = 7,
                           .kernel = 3,
                           .stride = 1,
                           .padding = 1,
                           .pool = 2,
                           .growth = 2,
                           .has_bias = 1,
                           .activation = "gelu"};
    const rn_setting plain_settings[] = {
        {"depth", "2"}, {"width", "4"}, {"growth", "2"}, {"bias", "true"}};
    check_convnet(&plain, plain_settings, 4);
    const convnet grouped = {.channels = 3,
                             .height = 8,
                             .width = 9,
                             .kernel = 2,
                             .stride = 2,
                             .growth = 1,
                             .groups = 2,
                             .is_flat = 1,
                             .is_standard = 1,
                             .activation = "silu"};
    const rn_setting grouped_settings[] = {{"depth", "2"},
                                           {"width", "4"},
                                           {"kernel", "2"},
                                           {"stride", "2"},
                                           {"padding", "none"},
                                           {"pooling", "none"},
                                           {"norm", "group"},
                                           {"groups", "2"},
                                           {"head", "flatten"},
                                           {"activation", "silu"},
                                           {"parametrisation", "standard"}};
    check_convnet(&grouped, grouped_settings, 11);
    const convnet pooled = {.channels = 2,
                            .height = 12,
                            .width = 13,
                            .is_last = 1,
                            .kernel = 5,
                            .stride = 1,
                            .padding = 2,
                            .pool = 3,
                            .is_max = 1,
                            .growth = 1,
                            .groups = 1,
                            .activation = "relu"};
    const rn_setting pooled_settings[] = {
        {"depth", "2"}, {"width", "4"},    {"kernel", "5"},      {"pooling", "max"},
        {"pool", "3"},  {"norm", "layer"}, {"channels", "last"}, {"activation", "relu"}};
    check_convnet(&pooled, pooled_settings, 8);
}

/* ---- residual networks --------------------------------------------------------------------- */

static void prepare(const rn_model *model, const double *theta, const char *block, const char *norm,
                    image *x)
{
    char gain[64];
    char offset[64];
    (void)snprintf(gain, sizeof gain, "%s%s.gain", block, norm);
    (void)snprintf(offset, sizeof offset, "%s%s.offset", block, norm);
    normalise(x, 2, values_parameter(model, theta, gain), values_parameter(model, theta, offset));
    activate(x, "gelu");
}

static const double *weight(const rn_model *model, const double *theta, const char *block,
                            const char *part)
{
    char name[64];
    (void)snprintf(name, sizeof name, "%s.%s.weight", block, part);
    return values_parameter(model, theta, name);
}

static image block_by_hand(const rn_model *model, const double *theta, const char *name, int stride,
                           int channels, const image *h)
{
    image a = *h;
    prepare(model, theta, name, ".norm1", &a);
    image shortcut = *h;
    const filter narrow = {.kernel = 1,
                           .stride = stride,
                           .channels = channels,
                           .factor = 1.0 / sqrt(h->channels),
                           .weight = stride != 1 ? weight(model, theta, name, "shortcut") : NULL};
    if (stride != 1) shortcut = convolve(&a, &narrow);
    filter wide = {.kernel = 3,
                   .stride = stride,
                   .padding = 1,
                   .channels = channels,
                   .factor = sqrt(2.0 / (9.0 * h->channels)),
                   .weight = weight(model, theta, name, "conv1")};
    image b = convolve(&a, &wide);
    prepare(model, theta, name, ".norm2", &b);
    wide.stride = 1;
    wide.factor = sqrt(2.0 / 4.0) / sqrt(9.0 * channels); /* 4 blocks */
    wide.weight = weight(model, theta, name, "conv2");
    b = convolve(&b, &wide);
    for (int k = 0; k < b.channels * b.height * b.width; k++)
        b.at[k] += shortcut.at[k];
    return b;
}

static void residual_networks_equal_their_formula(void **state)
{
    (void)state;
    enum { SIDE = 9, SIZE = 2 * SIDE * SIDE };
    const rn_setting settings[] = {
        {"stages", "2"}, {"blocks", "2"}, {"width", "4"}, {"groups", "2"}, {"stem_stride", "2"}};
    rn_model *model = values_model("resnet", settings, 5, RN_SHAPE(2, SIDE, SIDE), 3);
    double *theta = values_theta(model);
    double x[N * SIZE];
    double f[N * 3];
    values_normal(0, (rn_index)N * SIZE, x);
    values_outputs(model, theta, N, x, f);
    const filter stem = {.kernel = 3,
                         .stride = 2,
                         .padding = 1,
                         .channels = 4,
                         .factor = 1.0 / sqrt(18.0),
                         .weight = values_parameter(model, theta, "stem.weight")};
    for (rn_index n = 0; n < N; n++) {
        image h = take(x + n * SIZE, 2, SIDE, SIDE, 0);
        h = convolve(&h, &stem);
        h = block_by_hand(model, theta, "block1", 1, 4, &h);
        h = block_by_hand(model, theta, "block2", 1, 4, &h);
        h = block_by_hand(model, theta, "block3", 2, 8, &h);
        h = block_by_hand(model, theta, "block4", 1, 8, &h);
        prepare(model, theta, "", "norm", &h);
        const double *readout = values_parameter(model, theta, "readout.weight");
        for (int o = 0; o < 3; o++) {
            double sum = 0.0;
            for (int c = 0; c < 8; c++)
                sum += mean_of(&h, c) * readout[c * 3 + o] / sqrt(8.0);
            assert_close(f[n * 3 + o], sum, 1e-11 * (1.0 + fabs(sum))); /* norms divide */
        }
    }
    rni_free(theta);
    rn_model_destroy(model);
}

/* ---- settings ------------------------------------------------------------------------------ */

static void gains_of_norms_start_at_one_and_blocks_are_declared(void **state)
{
    (void)state;
    const rn_setting settings[] = {{"stages", "2"}, {"blocks", "2"}, {"width", "4"}};
    rn_model *model = values_model("resnet", settings, 3, RN_SHAPE(8, 8), 2);
    double *theta = rni_alloc(rn_model_n_weights(model), sizeof *theta);
    assert_non_null(theta);
    assert_status(rn_model_initialise(model, 5, theta), RN_OK);
    for (int c = 0; c < 4; c++) {
        assert_close(values_parameter(model, theta, "block1.norm1.gain")[c], 1.0, 0.0);
        assert_close(values_parameter(model, theta, "block1.norm1.offset")[c], 0.0, 0.0);
    }
    assert_int_equal(rn_model_n_boundaries(model), 5);
    const rn_index widths[] = {256, 256, 256, 128, 128};
    for (rn_index l = 0; l < 5; l++)
        assert_int_equal(rn_graph_shape(rn_model_graph(model), rn_model_boundary(model, l)).dims[1],
                         widths[l]);
    for (rn_index k = 0; k < rn_model_n_parameters(model); k++) {
        rn_parameter parameter;
        assert_status(rn_model_parameter(model, k, &parameter), RN_OK);
        const rn_index block = strncmp(parameter.name, "block", 5) == 0 ? parameter.name[5] - '0'
                               : strcmp(parameter.name, "stem.weight") == 0 ? 0
                                                                            : 5;
        assert_int_equal(parameter.block, block);
    }
    rni_free(theta);
    rn_model_destroy(model);
}

static void expect_refusal(const char *kind, const char *key, const char *value, rn_shape sample,
                           const char *part)
{
    const rn_setting setting = {key, value};
    rn_model *model = NULL;
    assert_status(rn_model_create(kind, &setting, 1, sample, 2, &model), RN_ERR_CONFIG);
    assert_message_has(part);
    assert_null(model);
}

static void images_and_sizes_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    expect_refusal("convnet", "depth", "2", RN_SHAPE(64), "expected images");
    expect_refusal("resnet", "stages", "2", RN_SHAPE(1, 2, 3, 4), "expected images");
    expect_refusal("convnet", "kernel", "4", RN_SHAPE(8, 8), "expected an odd number");
    expect_refusal("resnet", "kernel", "2", RN_SHAPE(8, 8), "expected an odd number");
    expect_refusal("convnet", "depth", "4", RN_SHAPE(8, 8), "pooling4: found an image of 1 x 1");
    expect_refusal("convnet", "padding", "none", RN_SHAPE(2, 2), "room for a window of 3");
    expect_refusal("resnet", "groups", "3", RN_SHAPE(8, 8), "groups that divide them");
    const rn_setting huge[] = {{"stages", "16"}, {"growth", "16"}, {"width", "100000"}};
    rn_model *model = NULL;
    assert_status(rn_model_create("resnet", huge, 3, RN_SHAPE(8, 8), 2, &model), RN_ERR_CONFIG);
    assert_message_has("less width or growth");
    assert_null(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chains_of_convolutions_equal_their_formula),
        cmocka_unit_test(residual_networks_equal_their_formula),
        cmocka_unit_test(gains_of_norms_start_at_one_and_blocks_are_declared),
        cmocka_unit_test(images_and_sizes_that_do_not_fit_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
