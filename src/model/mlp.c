/*
 * Plain and residual multilayer networks; formulas in renorm/model.h.
 */
#include <math.h>
#include <stdio.h>

#include "model/layer.h"

typedef struct mlp_settings {
    rn_index depth;
    rn_index width;
    bool residual;
    int activation;
    double gain;
    double readout_gain;
    int readout;
    bool bias;
    int parametrisation;
} mlp_settings;

static const char *const readouts[] = {"activated", "linear", NULL};
enum { READOUT_ACTIVATED = 0 };

static const rni_option options[] = {
    {.key = "depth",
     RNI_FIELD(mlp_settings, depth),
     .range = RNI_BETWEEN(0, 100000),
     .initial = "8",
     .help = "number of hidden width x width maps, between the first layer and the readout"},
    {.key = "width",
     RNI_FIELD(mlp_settings, width),
     .range = RNI_BETWEEN(1, 1000000),
     .initial = "64",
     .help = "units of every hidden layer"},
    {.key = "residual",
     RNI_FIELD(mlp_settings, residual),
     .initial = "true",
     .help = "hidden maps add to their input (true) or replace it (false)"},
    {.key = "activation",
     RNI_FIELD(mlp_settings, activation),
     .choices = rni_activations,
     .initial = "gelu",
     .help = "nonlinearity in front of every hidden map and an activated readout"},
    {.key = "gain",
     RNI_FIELD(mlp_settings, gain),
     .range = RNI_AT_LEAST(0),
     .initial = "0",
     .help = "factor g of hidden maps; 0: sqrt(2)/sqrt(depth) if residual, else 1.5"},
    {.key = "readout_gain",
     RNI_FIELD(mlp_settings, readout_gain),
     .range = RNI_ABOVE(0),
     .initial = "1",
     .help = "factor r of the readout"},
    {.key = "readout",
     RNI_FIELD(mlp_settings, readout),
     .choices = readouts,
     .initial = "activated",
     .help = "whether the nonlinearity is applied in front of the readout"},
    {.key = "bias",
     RNI_FIELD(mlp_settings, bias),
     .initial = "false",
     .help = "add a trainable constant to every layer, 0 at the start"},
    {.key = "parametrisation",
     RNI_FIELD(mlp_settings, parametrisation),
     .choices = rni_parametrisations,
     .initial = "ntk",
     .help = "factors 1/sqrt(fan-in) in the network (ntk) or in the initial weights (standard)"},
};

static const rni_option_table table =
    RNI_TABLE("mlp", "multilayer network, residual or plain, of any depth", options, mlp_settings);

static double gain_of(const mlp_settings *settings)
{
    if (settings->gain > 0.0) return settings->gain;
    return settings->residual ? sqrt(2.0 / (double)settings->depth) : 1.5;
}

static rn_status build(rn_model *model, const void *values, rn_node x, rn_node *output)
{
    const mlp_settings *settings = values;
    rn_graph *graph = model->graph;
    const double per_unit = 1.0 / sqrt((double)settings->width);
    rni_linear_map map = {.name = "first",
                          .fan_in = model->n_features,
                          .fan_out = settings->width,
                          .factor = 1.0 / sqrt((double)model->n_features),
                          .parametrisation = settings->parametrisation,
                          .has_bias = settings->bias};
    rn_node h = rni_layer_map(model, &map, x);
    rni_model_boundary(model, h);

    char name[32];
    map.name = name;
    map.fan_in = settings->width;
    for (rn_index l = 1; l <= settings->depth; l++) {
        (void)snprintf(name, sizeof name, "hidden%" PRId64, l);
        map.factor = gain_of(settings) * per_unit;
        const rn_node a = rni_layer_activate(graph, settings->activation, h);
        const rn_node branch = rni_layer_map(model, &map, a);
        h = settings->residual ? rn_graph_add(graph, h, branch) : branch;
        rni_model_boundary(model, h);
    }

    map.name = "readout";
    map.fan_out = model->n_outputs;
    map.factor = settings->readout_gain * per_unit;
    if (settings->readout == READOUT_ACTIVATED)
        h = rni_layer_activate(graph, settings->activation, h);
    *output = rni_layer_map(model, &map, h);
    return RN_OK;
}

const rni_model_kind rni_model_mlp = {.options = &table, .build = build};
