/*
 * Quadratic neurons, one per output: f_c = <x, w_c>^2, as in phase retrieval.
 */
#include <math.h>

#include "model/layer.h"

typedef struct quadratic_settings {
    double std;
} quadratic_settings;

static const rni_option options[] = {
    {.key = "std",
     RNI_FIELD(quadratic_settings, std),
     .range = RNI_ABOVE(0),
     .initial = "1.0",
     .help = "standard deviation of the initial weights over sqrt(numbers per input); at weights 0 "
             "nothing would move"},
};

static const rni_option_table table = RNI_TABLE(
    "quadratic", "the square of a linear map, output by output", options, quadratic_settings);

static rn_status build(rn_model *model, const void *values, rn_node x, rn_node *output)
{
    const quadratic_settings *settings = values;
    const double scale = settings->std / sqrt((double)model->n_features);
    const rn_node w =
        rni_model_weight(model, "weight", RN_SHAPE(model->n_features, model->n_outputs), scale);
    const rn_node z = rn_graph_matmul(model->graph, x, w);
    *output = rn_graph_multiply(model->graph, z, z);
    return RN_OK;
}

const rni_model_kind rni_model_quadratic = {.options = &table, .build = build};
