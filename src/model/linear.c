/*
 * Linear regression in the given features: f = x W (+ b).
 */
#include "model/layer.h"

typedef struct linear_settings {
    double std;
    bool bias;
} linear_settings;

static const rni_option options[] = {
    {.key = "std",
     RNI_FIELD(linear_settings, std),
     .range = RNI_AT_LEAST(0),
     .initial = "0",
     .help = "standard deviation of the initial weights"},
    {.key = "bias",
     RNI_FIELD(linear_settings, bias),
     .initial = "false",
     .help = "add a trainable constant to every output, 0 at the start"},
};

static const rni_option_table table =
    RNI_TABLE("linear", "linear in the inputs: the kernel never changes", options, linear_settings);

static rn_status build(rn_model *model, const void *values, rn_node x, rn_node *output)
{
    const linear_settings *settings = values;
    rn_graph *graph = model->graph;
    const rn_node w = rni_model_weight(
        model, "weight", RN_SHAPE(model->n_features, model->n_outputs), settings->std);
    *output = rn_graph_matmul(graph, x, w);
    if (settings->bias)
        *output = rn_graph_add(graph, *output,
                               rni_model_weight(model, "bias", RN_SHAPE(model->n_outputs), 0.0));
    return RN_OK;
}

const rni_model_kind rni_model_linear = {.options = &table, .build = build};
