/*
 * A chain of convolutions, each with norm, nonlinearity and pooling; formulas in renorm/model.h.
 */
#include <math.h>
#include <stdio.h>

#include "model/feature_map.h"
#include "model/feature_norm.h"

typedef struct convnet_settings {
    rn_index depth;
    rn_index width;
    rn_index growth;
    rn_index kernel;
    rn_index stride;
    int padding;
    int pooling;
    rn_index pool;
    rni_feature_norm_settings normalisation;
    int activation;
    double gain;
    int head;
    double readout_gain;
    bool bias;
    int channels;
    int parametrisation;
} convnet_settings;

static const char *const paddings[] = {"same", "none", NULL};
enum { PADDING_SAME = 0 };

static const char *const heads[] = {"mean", "flatten", NULL};
enum { HEAD_MEAN = 0 };

static const rni_option options[] = {
    {.key = "depth",
     RNI_FIELD(convnet_settings, depth),
     .range = RNI_BETWEEN(1, 1000),
     .initial = "3",
     .help = "number L of convolutions"},
    {.key = "width",
     RNI_FIELD(convnet_settings, width),
     .range = RNI_BETWEEN(1, 100000),
     .initial = "16",
     .help = "channels of the first convolution"},
    {.key = "growth",
     RNI_FIELD(convnet_settings, growth),
     .range = RNI_BETWEEN(1, 16),
     .initial = "1",
     .help = "channels of a convolution over those of the one before"},
    {.key = "kernel",
     RNI_FIELD(convnet_settings, kernel),
     .range = RNI_BETWEEN(1, 1000),
     .initial = "3",
     .help = "rows and columns k of a window"},
    {.key = "stride",
     RNI_FIELD(convnet_settings, stride),
     .range = RNI_BETWEEN(1, 1000),
     .initial = "1",
     .help = "distance between windows of a convolution"},
    {.key = "padding",
     RNI_FIELD(convnet_settings, padding),
     .choices = paddings,
     .initial = "same",
     .help = "(k - 1)/2 zeros on each side (same; k odd), or none"},
    {.key = "pooling",
     RNI_FIELD(convnet_settings, pooling),
     .choices = rni_poolings,
     .initial = "average",
     .help = "what each window becomes after the nonlinearity; max has kinks"},
    {.key = "pool",
     RNI_FIELD(convnet_settings, pool),
     .range = RNI_BETWEEN(1, 1000),
     .initial = "2",
     .help = "rows and columns of a pooling window, and the distance between windows"},
    RNI_FEATURE_NORM_OPTIONS(convnet_settings, "none"),
    {.key = "activation",
     RNI_FIELD(convnet_settings, activation),
     .choices = rni_activations,
     .initial = "gelu",
     .help = "nonlinearity after every convolution"},
    {.key = "gain",
     RNI_FIELD(convnet_settings, gain),
     .range = RNI_ABOVE(0),
     .initial = "1.5",
     .help = "factor g of convolutions after the first"},
    {.key = "head",
     RNI_FIELD(convnet_settings, head),
     .choices = heads,
     .initial = "mean",
     .help = "read out the mean over all places of each channel, or every number"},
    {.key = "readout_gain",
     RNI_FIELD(convnet_settings, readout_gain),
     .range = RNI_ABOVE(0),
     .initial = "1",
     .help = "factor r of the readout"},
    {.key = "bias",
     RNI_FIELD(convnet_settings, bias),
     .initial = "false",
     .help = "add a trainable constant to every layer, 0 at the start"},
    {.key = "channels",
     RNI_FIELD(convnet_settings, channels),
     .choices = rni_channel_orders,
     .initial = "first",
     .help = "which axis of a sample with three axes counts channels"},
    {.key = "parametrisation",
     RNI_FIELD(convnet_settings, parametrisation),
     .choices = rni_parametrisations,
     .initial = "ntk",
     .help = "factors 1/sqrt(fan-in) in the network (ntk) or in the initial weights (standard)"},
};

static rn_status check(const void *values)
{
    const convnet_settings *settings = values;
    if (settings->padding == PADDING_SAME && settings->kernel % 2 == 0)
        return rni_fail(RN_ERR_CONFIG,
                        "found kernel: %" PRId64 " with padding: same, expected an odd number",
                        settings->kernel);
    return RN_OK;
}

static const rni_option_table table = {
    .name = "convnet",
    .help = "chain of convolutions with norm, nonlinearity and pooling",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .size = sizeof(convnet_settings),
    .check = check};

static rn_status add_layer(rn_model *model, const convnet_settings *settings, rn_index l,
                           rn_index channels, rni_feature_map *image)
{
    char name[32];
    (void)snprintf(name, sizeof name, "conv%" PRId64, l);
    const rni_window window = {
        .size = settings->kernel,
        .stride = settings->stride,
        .padding = settings->padding == PADDING_SAME ? (settings->kernel - 1) / 2 : 0};
    const rni_window pool = {.size = settings->pool, .stride = settings->pool};
    const double fan_in = (double)(window.size * window.size * image->channels);
    const rni_linear_map map = {.name = name,
                                .fan_out = channels,
                                .factor = (l == 1 ? 1.0 : settings->gain) / sqrt(fan_in),
                                .parametrisation = settings->parametrisation,
                                .has_bias = settings->bias};
    RNI_TRY(rni_window_check(name, window, *image, channels));
    rni_feature_map h = rni_feature_map_convolve(model, &map, window, *image);
    (void)snprintf(name, sizeof name, "norm%" PRId64, l);
    RNI_TRY(rni_feature_norm(model, name, &settings->normalisation, &h));
    h.node = rni_layer_activate(model->graph, settings->activation, h.node);
    if (settings->pooling != RNI_POOLING_NONE) {
        (void)snprintf(name, sizeof name, "pooling%" PRId64, l);
        RNI_TRY(rni_window_check(name, pool, h, channels));
        h = rni_feature_map_pool(model, settings->pooling, pool, h);
    }
    *image = rni_feature_map_boundary(model, h);
    return RN_OK;
}

static rn_status build(rn_model *model, const void *values, rn_node x, rn_node *output)
{
    (void)x;
    const convnet_settings *settings = values;
    rni_feature_map h;
    RNI_TRY(rni_feature_map_read(model, settings->channels, &h));
    rn_index channels = settings->width;
    for (rn_index l = 1; l <= settings->depth; l++) {
        RNI_TRY(add_layer(model, settings, l, channels, &h));
        channels = rni_feature_map_grow(channels, settings->growth);
    }
    const bool is_mean = settings->head == HEAD_MEAN;
    const rn_node row =
        is_mean ? rni_feature_map_mean(model, h) : rni_feature_map_flatten(model, h);
    rni_linear_map readout = {.name = "readout",
                              .fan_in = is_mean ? h.channels : h.height * h.width * h.channels,
                              .fan_out = model->n_outputs,
                              .parametrisation = settings->parametrisation,
                              .has_bias = settings->bias};
    readout.factor = settings->readout_gain / sqrt((double)readout.fan_in);
    *output = rni_layer_map(model, &readout, row);
    return RN_OK;
}

const rni_model_kind rni_model_convnet = {.options = &table, .build = build};
