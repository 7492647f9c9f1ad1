/*
 * Residual convolutional networks with full pre-activation (He, Zhang, Ren and Sun, "Identity
 * mappings in deep residual networks", ECCV 2016); formulas in renorm/model.h.
 */
#include <math.h>
#include <stdio.h>

#include "model/feature_map.h"
#include "model/feature_norm.h"

typedef struct resnet_settings {
    rn_index stages;
    rn_index blocks;
    rn_index width;
    rn_index growth;
    rn_index kernel;
    rn_index stem_stride;
    rni_feature_norm_settings normalisation;
    int activation;
    double gain;
    double readout_gain;
    bool bias;
    int channels;
    int parametrisation;
} resnet_settings;

static const rni_option options[] = {
    {.key = "stages",
     RNI_FIELD(resnet_settings, stages),
     .range = RNI_BETWEEN(1, 16),
     .initial = "3",
     .help = "stages; each after the first halves height and width"},
    {.key = "blocks",
     RNI_FIELD(resnet_settings, blocks),
     .range = RNI_BETWEEN(1, 10000),
     .initial = "1",
     .help = "residual blocks of a stage, two convolutions each"},
    {.key = "width",
     RNI_FIELD(resnet_settings, width),
     .range = RNI_BETWEEN(1, 100000),
     .initial = "16",
     .help = "channels of the first stage"},
    {.key = "growth",
     RNI_FIELD(resnet_settings, growth),
     .range = RNI_BETWEEN(1, 16),
     .initial = "2",
     .help = "channels of a stage over those of the one before"},
    {.key = "kernel",
     RNI_FIELD(resnet_settings, kernel),
     .range = RNI_BETWEEN(1, 1000),
     .initial = "3",
     .help = "rows and columns k of a window, odd"},
    {.key = "stem_stride",
     RNI_FIELD(resnet_settings, stem_stride),
     .range = RNI_BETWEEN(1, 1000),
     .initial = "1",
     .help = "distance between windows of the first convolution"},
    RNI_FEATURE_NORM_OPTIONS(resnet_settings, "group"),
    {.key = "activation",
     RNI_FIELD(resnet_settings, activation),
     .choices = rni_activations,
     .initial = "gelu",
     .help = "nonlinearity in front of every convolution but the first, and of the readout"},
    {.key = "gain",
     RNI_FIELD(resnet_settings, gain),
     .range = RNI_AT_LEAST(0),
     .initial = "0",
     .help = "factor g of the second convolution of a block; 0: sqrt(2)/sqrt(number of blocks)"},
    {.key = "readout_gain",
     RNI_FIELD(resnet_settings, readout_gain),
     .range = RNI_ABOVE(0),
     .initial = "1",
     .help = "factor r of the readout"},
    {.key = "bias",
     RNI_FIELD(resnet_settings, bias),
     .initial = "false",
     .help = "add a trainable constant to every layer, 0 at the start"},
    {.key = "channels",
     RNI_FIELD(resnet_settings, channels),
     .choices = rni_channel_orders,
     .initial = "first",
     .help = "which axis of a sample with three axes counts channels"},
    {.key = "parametrisation",
     RNI_FIELD(resnet_settings, parametrisation),
     .choices = rni_parametrisations,
     .initial = "ntk",
     .help = "factors 1/sqrt(fan-in) in the network (ntk) or in the initial weights (standard)"},
};

static rn_status check(const void *values)
{
    const resnet_settings *settings = values;
    if (settings->kernel % 2 == 0)
        return rni_fail(RN_ERR_CONFIG, "found kernel: %" PRId64 ", expected an odd number",
                        settings->kernel);
    return RN_OK;
}

static const rni_option_table table = {.name = "resnet",
                                       .help = "residual convolutional network, pre-activation",
                                       .options = options,
                                       .n_options = sizeof options / sizeof options[0],
                                       .size = sizeof(resnet_settings),
                                       .check = check};

/* act(norm(h)) */
static rn_status prepare(rn_model *model, const resnet_settings *settings, const char *name,
                         rni_feature_map *h)
{
    RNI_TRY(rni_feature_norm(model, name, &settings->normalisation, h));
    h->node = rni_layer_activate(model->graph, settings->activation, h->node);
    return RN_OK;
}

/* gain s(k^2 c) conv(x) */
static rni_feature_map convolve(rn_model *model, const resnet_settings *settings, const char *name,
                                rni_window window, double gain, rn_index channels,
                                rni_feature_map x)
{
    const double fan_in = (double)(window.size * window.size * x.channels);
    const rni_linear_map map = {.name = name,
                                .fan_out = channels,
                                .factor = gain / sqrt(fan_in),
                                .parametrisation = settings->parametrisation,
                                .has_bias = settings->bias};
    return rni_feature_map_convolve(model, &map, window, x);
}

static rni_window window_of(const resnet_settings *settings, rn_index stride)
{
    return (rni_window){
        .size = settings->kernel, .stride = stride, .padding = (settings->kernel - 1) / 2};
}

static rn_status add_block(rn_model *model, const resnet_settings *settings, rn_index number,
                           rn_index stride, rn_index channels, rni_feature_map *h)
{
    char block[32];
    char name[RNI_NAME_SIZE];
    (void)snprintf(block, sizeof block, "block%" PRId64, number);
    const double n_blocks = (double)(settings->stages * settings->blocks);
    const double gain = settings->gain > 0.0 ? settings->gain : sqrt(2.0 / n_blocks);
    rni_feature_map a = *h;
    RNI_TRY(rni_window_check(block, window_of(settings, stride), a, channels));
    RNI_TRY(prepare(model, settings, rni_layer_name(block, "norm1", name), &a));
    rni_feature_map shortcut = *h;
    if (stride != 1 || channels != h->channels)
        shortcut = convolve(model, settings, rni_layer_name(block, "shortcut", name),
                            (rni_window){.size = 1, .stride = 1}, 1.0, channels,
                            rni_feature_map_thin(model, stride, a));
    rni_feature_map b = convolve(model, settings, rni_layer_name(block, "conv1", name),
                                 window_of(settings, stride), sqrt(2.0), channels, a);
    RNI_TRY(prepare(model, settings, rni_layer_name(block, "norm2", name), &b));
    b = convolve(model, settings, rni_layer_name(block, "conv2", name), window_of(settings, 1),
                 gain, channels, b);
    b.node = rn_graph_add(model->graph, shortcut.node, b.node);
    *h = rni_feature_map_boundary(model, b);
    return RN_OK;
}

/* The blocks of one stage, numbered on from those before. */
static rn_status add_stage(rn_model *model, const resnet_settings *settings, rn_index stage,
                           rn_index channels, rni_feature_map *h)
{
    for (rn_index i = 0; i < settings->blocks; i++)
        RNI_TRY(add_block(model, settings, stage * settings->blocks + i + 1,
                          stage > 0 && i == 0 ? 2 : 1, channels, h));
    return RN_OK;
}

static rn_status add_stem(rn_model *model, const resnet_settings *settings, rni_feature_map *h)
{
    const rni_window window = window_of(settings, settings->stem_stride);
    RNI_TRY(rni_window_check("stem", window, *h, settings->width));
    *h = convolve(model, settings, "stem", window, 1.0, settings->width, *h);
    *h = rni_feature_map_boundary(model, *h);
    return RN_OK;
}

static rn_status build(rn_model *model, const void *values, rn_node x, rn_node *output)
{
    (void)x;
    const resnet_settings *settings = values;
    rni_feature_map h;
    RNI_TRY(rni_feature_map_read(model, settings->channels, &h));
    RNI_TRY(add_stem(model, settings, &h));
    for (rn_index stage = 0; stage < settings->stages; stage++) {
        const rn_index channels =
            stage == 0 ? settings->width : rni_feature_map_grow(h.channels, settings->growth);
        RNI_TRY(add_stage(model, settings, stage, channels, &h));
    }
    RNI_TRY(prepare(model, settings, "norm", &h));
    const rni_linear_map readout = {.name = "readout",
                                    .fan_in = h.channels,
                                    .fan_out = model->n_outputs,
                                    .factor = settings->readout_gain / sqrt((double)h.channels),
                                    .parametrisation = settings->parametrisation,
                                    .has_bias = settings->bias};
    *output = rni_layer_map(model, &readout, rni_feature_map_mean(model, h));
    return RN_OK;
}

const rni_model_kind rni_model_resnet = {.options = &table, .build = build};
