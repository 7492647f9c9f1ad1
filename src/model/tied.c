/*
 * Two layers with one matrix, used forth and back; formula in renorm/model.h.
 */
#include <math.h>

#include "model/layer.h"

typedef struct tied_settings {
    rn_index width;
    int activation;
    double gain;
    int parametrisation;
} tied_settings;

static const rni_option options[] = {
    {.key = "width",
     RNI_FIELD(tied_settings, width),
     .range = RNI_BETWEEN(1, 1000000),
     .initial = "32",
     .help = "hidden units"},
    {.key = "activation",
     RNI_FIELD(tied_settings, activation),
     .choices = rni_activations,
     .initial = "tanh",
     .help = "nonlinearity of the hidden units"},
    {.key = "gain",
     RNI_FIELD(tied_settings, gain),
     .range = RNI_ABOVE(0),
     .initial = "1",
     .help = "factor g of the way back"},
    {.key = "parametrisation",
     RNI_FIELD(tied_settings, parametrisation),
     .choices = rni_parametrisations,
     .initial = "ntk",
     .help = "factor 1/sqrt(inputs) in the network (ntk) or in the initial weights (standard)"},
};

static const rni_option_table table =
    RNI_TABLE("tied", "two layers sharing one matrix", options, tied_settings);

static rn_status build(rn_model *model, const void *values, rn_node x, rn_node *output)
{
    const tied_settings *settings = values;
    rn_graph *graph = model->graph;
    const rn_index n_features = model->n_features;
    if (model->n_outputs > n_features)
        return rni_fail(RN_ERR_CONFIG,
                        "found %" PRId64 " outputs and samples of %" PRId64
                        " numbers, expected no more outputs than inputs",
                        model->n_outputs, n_features);
    const double per_input = 1.0 / sqrt((double)n_features);
    const double per_unit = settings->gain / sqrt((double)settings->width);
    const bool is_ntk = settings->parametrisation == RNI_PARAMETRISATION_NTK;
    const rni_linear_map forth = {.name = "tied",
                                  .fan_in = n_features,
                                  .fan_out = settings->width,
                                  .factor = per_input,
                                  .parametrisation = settings->parametrisation};
    const rn_node w = rni_layer_weight(model, &forth);
    const rn_node h =
        rni_layer_activate(graph, settings->activation, rni_layer_reuse(model, &forth, x, w));
    rn_node f = rn_graph_matmul_ops(graph, h, 0, w, 1);
    f = rn_graph_scale(graph, f, is_ntk ? per_unit : per_unit / per_input);
    *output =
        model->n_outputs == n_features ? f : rn_graph_slice(graph, f, 1, 0, model->n_outputs, 1);
    return RN_OK;
}

const rni_model_kind rni_model_tied = {.options = &table, .build = build};
