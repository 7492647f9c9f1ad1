/*
 * Building a model from its kind, and drawing its initial parameters.
 */
#include "model/model.h"

#include "core/choice.h"
#include "core/memory.h"
#include "core/rng.h"
#include "core/size.h"

static const rni_section section = {
    .name = "model", .help = "the network", .kinds = rni_model_options};
static const rni_schema schema = {&section, 1};

const char *rn_model_kind(rn_index i)
{
    const rni_option_table *options = rni_model_options(i);
    return options ? options->name : NULL;
}

static rn_node add_parameter(rn_model *model, const char *name, rn_shape shape, double mean,
                             double std, rn_node followed)
{
    if (model->is_again) return rn_graph_parameter_at(model->graph, model->next_parameter++);
    const rn_node node = rn_graph_parameter(model->graph, name, shape);
    if (node == RN_NODE_NONE) return node;
    const rn_index n = model->n_std;
    double *stds = rni_resize(model->std, n, n + 1, sizeof *stds);
    if (stds) model->std = stds;
    double *means = rni_resize(model->mean, n, n + 1, sizeof *means);
    if (means) model->mean = means;
    rn_index *blocks = rni_resize(model->block, n, n + 1, sizeof *blocks);
    if (blocks) model->block = blocks;
    rn_node *nodes = rni_resize(model->followed, n, n + 1, sizeof *nodes);
    if (nodes) model->followed = nodes;
    /* build looks at it */
    model->is_short = model->is_short || !stds || !means || !blocks || !nodes;
    if (model->is_short) return node;
    model->std[n] = std;
    model->mean[n] = mean;
    model->block[n] = model->n_boundaries;
    model->followed[n] = followed;
    model->n_std++;
    return node;
}

rn_node rni_model_weight(rn_model *model, const char *name, rn_shape shape, double std)
{
    return add_parameter(model, name, shape, 0.0, std, RN_NODE_NONE);
}

rn_node rni_model_weight_of(rn_model *model, const char *name, rn_shape shape, double value)
{
    return add_parameter(model, name, shape, value, 0.0, RN_NODE_NONE);
}

rn_node rni_model_statistic(rn_model *model, const char *name, rn_shape shape, double value,
                            rn_node batch, double rate)
{
    if (!model->is_again) model->n_statistics++;
    model->statistics_rate = rate;
    return add_parameter(model, name, shape, value, 0.0, batch);
}

void rni_model_boundary(rn_model *model, rn_node node)
{
    rn_graph_pin(model->graph, node);
    if (model->is_again) {
        if (model->next_boundary < model->n_boundaries)
            model->boundaries[model->next_boundary++] = node;
        return;
    }
    const rn_index n = model->n_boundaries;
    rn_node *grown = rni_resize(model->boundaries, n, n + 1, sizeof *grown);
    model->is_short = model->is_short || !grown;
    if (!grown) return;
    model->boundaries = grown;
    model->boundaries[model->n_boundaries++] = node;
}

void rni_model_share(rn_model *model, rn_index first)
{
    for (rn_index i = first; i < model->n_std; i++)
        model->block[i] = RN_BLOCK_SHARED;
}

/* x [N, sample..] with the sample axis put in front. */
static rn_status input_shape(rn_shape sample, rn_shape *out, rn_index *n_features)
{
    if (sample.rank < 0 || sample.rank >= RN_RANK_MAX)
        return rni_fail(RN_ERR_SHAPE,
                        "rn_model_create: found samples of rank %d, expected 0 to %d; flatten "
                        "some axes",
                        sample.rank, RN_RANK_MAX - 1);
    rn_shape shape = {.rank = sample.rank + 1, .dims = {RN_SAMPLES}};
    rn_index count = 1;
    for (int i = 0; i < sample.rank; i++) {
        if (!rni_size_ok(sample.dims[i]) || !rni_size_mul(count, sample.dims[i], &count)
            || !rni_size_ok(count))
            return rni_fail(RN_ERR_SHAPE,
                            "rn_model_create: found %" PRId64
                            " as dimension %d of a sample, expected a number >= 1 and a sample "
                            "of at most 2^48 numbers",
                            sample.dims[i], i);
        shape.dims[i + 1] = sample.dims[i];
    }
    *out = shape;
    *n_features = count;
    return RN_OK;
}

/* The network from the statistics of the samples given becomes the one that is trained; the one
   that is measured has the same parameters and the running statistics. */
static rn_status build_again(const rni_model_kind *kind, const void *settings, rn_node x,
                             rn_model *model)
{
    model->trained_output = model->output;
    model->is_again = true;
    const rn_status status = kind->build(model, settings, x, &model->output);
    model->is_again = false;
    if (status < 0 || model->is_short) return status;
    RNI_TRY(rn_graph_status(model->graph));
    RNI_ASSERT(model->next_parameter == model->n_std
               && model->next_boundary == model->n_boundaries);
    return RN_OK;
}

static rn_status build(const rni_model_kind *kind, const void *settings, rn_shape shape,
                       rn_model *model)
{
    RNI_TRY(rn_graph_create(&model->graph));
    model->input = rn_graph_input(model->graph, "x", shape);
    const rn_node x =
        rn_graph_reshape(model->graph, model->input, RN_SHAPE(RN_SAMPLES, model->n_features));
    RNI_TRY(rn_graph_status(model->graph));
    RNI_TRY(kind->build(model, settings, x, &model->output));
    if (model->n_statistics > 0 && !model->is_short) RNI_TRY(build_again(kind, settings, x, model));
    rn_graph_name(model->graph, model->output, "f");
    if (model->is_short)
        return rni_fail(RN_ERR_MEMORY, "rn_model_create: no memory for parameters and blocks");
    RNI_TRY(rn_graph_status(model->graph));
    const rn_shape output = rn_graph_shape(model->graph, model->output);
    RNI_ASSERT(output.rank == 2 && output.dims[1] == model->n_outputs);
    (void)output;
    return RN_OK;
}

rn_status rni_model_build(const rni_option_table *options, const void *settings, rn_shape sample,
                          rn_index n_outputs, rn_model **out)
{
    const rni_model_kind *kind = NULL;
    for (rn_index i = 0; rni_models[i]; i++)
        if (rni_models[i]->options == options) kind = rni_models[i];
    if (!kind || !settings || !out)
        return rni_fail(RN_ERR_ARGUMENT, "rn_model_create: not the options of a model, or NULL");
    if (!rni_size_ok(n_outputs))
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_model_create: found %" PRId64 " outputs, expected 1 to 2^48",
                        n_outputs);
    rn_shape shape = RN_SHAPE_SCALAR;
    rn_index n_features = 0;
    RNI_TRY(input_shape(sample, &shape, &n_features));

    rn_model *model = rni_alloc_zero(1, sizeof *model);
    if (!model) return rni_fail(RN_ERR_MEMORY, "rn_model_create: no memory for a model");
    model->n_features = n_features;
    model->n_outputs = n_outputs;
    model->trained_output = RN_NODE_NONE;
    const rn_status status = build(kind, settings, shape, model);
    if (status < 0) {
        rn_model_destroy(model);
        return rni_fail_within(status, "model '%s'", options->name);
    }
    *out = model;
    return RN_OK;
}

rn_status rn_model_create(const char *kind, const rn_setting *settings, rn_index n_settings,
                          rn_shape sample, rn_index n_outputs, rn_model **out)
{
    rni_choice choice = {0};
    RNI_TRY(rni_choice_make(&schema, "rn_model_create", kind, settings, n_settings, &choice));
    const rn_status status = rni_model_build(choice.table, choice.settings, sample, n_outputs, out);
    rni_choice_clear(&choice);
    return status;
}

void rn_model_destroy(rn_model *model)
{
    if (!model) return;
    rn_graph_destroy(model->graph);
    rni_free(model->std);
    rni_free(model->mean);
    rni_free(model->block);
    rni_free(model->followed);
    rni_free(model->boundaries);
    rni_free(model);
}

rn_graph *rn_model_graph(const rn_model *model)
{
    return model->graph;
}

rn_node rn_model_input(const rn_model *model)
{
    return model->input;
}

rn_node rn_model_output(const rn_model *model)
{
    return model->output;
}

rn_node rn_model_trained_output(const rn_model *model)
{
    return model->n_statistics > 0 ? model->trained_output : model->output;
}

rn_index rn_model_n_statistics(const rn_model *model)
{
    return model->n_statistics;
}

double rn_model_statistics_rate(const rn_model *model)
{
    return model->statistics_rate;
}

rn_index rn_model_n_outputs(const rn_model *model)
{
    return model->n_outputs;
}

rn_index rn_model_n_features(const rn_model *model)
{
    return model->n_features;
}

rn_index rn_model_n_weights(const rn_model *model)
{
    return rn_graph_n_weights(model->graph);
}

rn_index rn_model_n_parameters(const rn_model *model)
{
    return model->n_std;
}

static rn_index size_of(const rn_graph *graph, rn_node node)
{
    const rn_shape shape = rn_graph_shape(graph, node);
    rn_index size = 1;
    for (int k = 0; k < shape.rank; k++)
        size *= shape.dims[k];
    return size;
}

rn_status rn_model_parameter(const rn_model *model, rn_index i, rn_parameter *out)
{
    if (!model || !out || i < 0 || i >= model->n_std)
        return rni_fail(RN_ERR_ARGUMENT, "rn_model_parameter: no parameter %" PRId64 ", or NULL",
                        i);
    rn_index offset = 0;
    for (rn_index k = 0; k < i; k++)
        offset += size_of(model->graph, rn_graph_parameter_at(model->graph, k));
    const rn_node node = rn_graph_parameter_at(model->graph, i);
    *out = (rn_parameter){.name = rn_graph_node_name(model->graph, node),
                          .node = node,
                          .offset = offset,
                          .size = size_of(model->graph, node),
                          .mean = model->mean[i],
                          .std = model->std[i],
                          .block = model->block[i],
                          .followed = model->followed[i]};
    return RN_OK;
}

rn_index rn_model_n_boundaries(const rn_model *model)
{
    return model->n_boundaries;
}

rn_node rn_model_boundary(const rn_model *model, rn_index l)
{
    return l >= 0 && l < model->n_boundaries ? model->boundaries[l] : RN_NODE_NONE;
}

rn_status rn_model_initialise(const rn_model *model, uint64_t seed, double *theta)
{
    if (!model || !theta)
        return rni_fail(RN_ERR_ARGUMENT, "rn_model_initialise: model or theta is NULL");
    double *values = theta;
    for (rn_index i = 0; i < model->n_std; i++) {
        const rn_index size = size_of(model->graph, rn_graph_parameter_at(model->graph, i));
        const rni_stream stream = {.seed = seed, .purpose = RNI_RNG_INIT, .part = (uint32_t)i};
        rni_rng_fill_normal(stream, 0, size, values);
        for (rn_index k = 0; k < size; k++)
            values[k] = model->mean[i] + model->std[i] * values[k];
        values += size;
    }
    return RN_OK;
}
