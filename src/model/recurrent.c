/*
 * A simple recurrent network (Elman, "Finding structure in time", Cognitive Science 14, 1990): the
 * same two matrices at every step, read out after the last. Formulas in renorm/model.h.
 */
#include <math.h>

#include "model/layer.h"

typedef struct recurrent_settings {
    rn_index steps;
    rn_index width;
    int activation;
    double gain;
    bool bias;
    int parametrisation;
} recurrent_settings;

static const rni_option options[] = {
    {.key = "steps",
     RNI_FIELD(recurrent_settings, steps),
     .range = RNI_BETWEEN(1, 100000),
     .initial = "8",
     .help = "steps T; a sample is read as T equal pieces"},
    {.key = "width",
     RNI_FIELD(recurrent_settings, width),
     .range = RNI_BETWEEN(1, 1000000),
     .initial = "32",
     .help = "units of the state"},
    {.key = "activation",
     RNI_FIELD(recurrent_settings, activation),
     .choices = rni_activations,
     .initial = "tanh",
     .help = "nonlinearity of a step"},
    {.key = "gain",
     RNI_FIELD(recurrent_settings, gain),
     .range = RNI_ABOVE(0),
     .initial = "1",
     .help = "factor g of the map from state to state"},
    {.key = "bias",
     RNI_FIELD(recurrent_settings, bias),
     .initial = "false",
     .help = "add a trainable constant in every step, 0 at the start"},
    {.key = "parametrisation",
     RNI_FIELD(recurrent_settings, parametrisation),
     .choices = rni_parametrisations,
     .initial = "ntk",
     .help = "factors 1/sqrt(fan-in) in the network (ntk) or in the initial weights (standard)"},
};

static const rni_option_table table = RNI_TABLE(
    "recurrent", "small recurrent network with shared weights", options, recurrent_settings);

/* Steps after the first: h_t = act(U h_{t-1} + V x_t + b), all weights shared. */
static rn_node unroll(rn_model *model, const recurrent_settings *settings, rn_node pieces,
                      const rni_linear_map *input, const rni_linear_map *state)
{
    rn_graph *graph = model->graph;
    const rn_node v = rni_layer_weight(model, input);
    const rn_node u = settings->steps > 1 ? rni_layer_weight(model, state) : RN_NODE_NONE;
    const rn_node b = settings->bias
                          ? rni_model_weight(model, "input.bias", RN_SHAPE(settings->width), 0.0)
                          : RN_NODE_NONE;
    rn_node h = RN_NODE_NONE;
    for (rn_index t = 0; t < settings->steps; t++) {
        const rn_node x_t = rn_graph_reshape(graph, rn_graph_slice(graph, pieces, 1, t, 1, 1),
                                             RN_SHAPE(RN_SAMPLES, input->fan_in));
        rn_node z = rni_layer_reuse(model, input, x_t, v);
        if (t > 0) z = rn_graph_add(graph, rni_layer_reuse(model, state, h, u), z);
        if (settings->bias) z = rn_graph_add(graph, z, b);
        h = rni_layer_activate(graph, settings->activation, z);
        rni_model_boundary(model, h);
    }
    rni_model_share(model, 0);
    return h;
}

static rn_status build(rn_model *model, const void *values, rn_node x, rn_node *output)
{
    const recurrent_settings *settings = values;
    if (model->n_features % settings->steps != 0)
        return rni_fail(RN_ERR_CONFIG,
                        "found steps: %" PRId64 " and samples of %" PRId64
                        " numbers, expected steps that divide them",
                        settings->steps, model->n_features);
    const rn_index piece = model->n_features / settings->steps;
    const double per_unit = 1.0 / sqrt((double)settings->width);
    const rni_linear_map input = {.name = "input",
                                  .fan_in = piece,
                                  .fan_out = settings->width,
                                  .factor = 1.0 / sqrt((double)piece),
                                  .parametrisation = settings->parametrisation};
    const rni_linear_map state = {.name = "state",
                                  .fan_in = settings->width,
                                  .fan_out = settings->width,
                                  .factor = settings->gain * per_unit,
                                  .parametrisation = settings->parametrisation};
    const rni_linear_map readout = {.name = "readout",
                                    .fan_in = settings->width,
                                    .fan_out = model->n_outputs,
                                    .factor = per_unit,
                                    .parametrisation = settings->parametrisation};
    const rn_node pieces =
        rn_graph_reshape(model->graph, x, RN_SHAPE(RN_SAMPLES, settings->steps, piece));
    const rn_node h = unroll(model, settings, pieces, &input, &state);
    *output = rni_layer_map(model, &readout, h);
    return RN_OK;
}

const rni_model_kind rni_model_recurrent = {.options = &table, .build = build};
