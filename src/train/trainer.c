/*
 * Making a trainer.
 */
#include "train/trainer.h"

#include <math.h>
#include <string.h>

#include "core/memory.h"
#include "core/ranks.h"
#include "core/size.h"
#include "sampler/sampler.h"

static rn_status check_numbers(const char *what, const double *values, rn_index n_rows,
                               rn_index n_columns)
{
    for (rn_index i = 0; i < n_rows; i++)
        for (rn_index k = 0; k < n_columns; k++)
            if (!isfinite(values[i * n_columns + k]))
                return rni_fail(RN_ERR_NONFINITE,
                                "rn_trainer_create: found %g in %s of sample %" PRId64
                                ", expected finite numbers",
                                values[i * n_columns + k], what, i);
    return RN_OK;
}

static rn_status check_desc(const rn_trainer_desc *desc, rn_trainer *const *out)
{
    if (!desc || !out || !desc->model || !desc->loss || !desc->dynamics || !desc->train.inputs
        || !desc->train.targets)
        return rni_fail(RN_ERR_ARGUMENT, "rn_trainer_create: model, loss, dynamics, inputs and "
                                         "targets must be given");
    if (desc->n_threads < 1 || desc->n_threads > RNI_POOL_MAX_THREADS)
        return rni_fail(RN_ERR_ARGUMENT, "rn_trainer_create: found %d threads, expected 1 to %d",
                        desc->n_threads, RNI_POOL_MAX_THREADS);
    const rn_index n_samples = desc->train.n_samples;
    const rn_index n_features = rn_model_n_features(desc->model);
    const rn_index n_outputs = rn_model_n_outputs(desc->model);
    rn_index size = 0;
    if (!rni_size_ok(n_samples) || !rni_size_mul(n_samples, rni_max(n_features, n_outputs), &size))
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_trainer_create: found %" PRId64 " samples, expected 1 to 2^48",
                        n_samples);
    RNI_TRY(rni_ranks_check(desc->ranks, "rn_trainer_create"));
    RNI_TRY(check_numbers("the inputs", desc->train.inputs, n_samples, n_features));
    RNI_TRY(check_numbers("the targets", desc->train.targets, n_samples, n_outputs));
    return rn_loss_check_targets(desc->loss, n_samples, n_outputs, desc->train.targets);
}

static rn_index size_of(rn_shape shape)
{
    rn_index size = 1;
    for (int k = 0; k < shape.rank; k++)
        size *= shape.dims[k];
    return size;
}

/* Appends the loss of some outputs and its gradients. */
static rn_status append_objective(rn_trainer *t, rn_node outputs, rn_loss_nodes *nodes,
                                  rni_objective *out)
{
    rn_graph *graph = rn_model_graph(t->desc.model);
    out->gradients = rni_alloc(t->n_parameters + 1, sizeof *out->gradients);
    if (!out->gradients)
        return rni_fail(RN_ERR_MEMORY, "rn_trainer_create: no memory for parameters");
    RNI_TRY(rn_loss_append(t->desc.loss, graph, outputs, t->targets, nodes));
    out->total = rn_graph_sum(graph, nodes->per_sample, 1u, 0);
    const rn_node one = rn_graph_scalar(graph, 1.0);
    RNI_TRY(rn_graph_status(graph));
    return rn_graph_vjp(graph, 1, &out->total, &one, t->n_parameters, t->parameters,
                        out->gradients);
}

/* A running statistic is no part of f's gradient and follows the batch in a step. */
static rn_status append_statistic(rn_trainer *t, const rn_parameter *parameter, rn_index k)
{
    rn_graph *graph = rn_model_graph(t->desc.model);
    const rn_node ones =
        rn_graph_broadcast(graph, rn_graph_scalar(graph, 1.0), RN_SHAPE(RN_SAMPLES));
    const rn_node count = rn_graph_sum(graph, ones, 1u, 0);
    const rn_node off = rn_graph_subtract(graph, parameter->node, parameter->followed);
    t->measured.gradients[k] = t->trained.gradients[k]; /* zeros: training does not see it */
    t->trained.gradients[k] = rn_graph_multiply(graph, off, count);
    for (rn_index i = 0; i < parameter->size; i++)
        t->follows[parameter->offset + i] = true;
    return rn_graph_status(graph);
}

static rn_status append_statistics(rn_trainer *t)
{
    rn_loss_nodes unused;
    t->follows = rni_alloc_zero(t->n_weights, sizeof *t->follows);
    if (!t->follows)
        return rni_fail(RN_ERR_MEMORY, "rn_trainer_create: no memory for running statistics");
    RNI_TRY(append_objective(t, rn_model_trained_output(t->desc.model), &unused, &t->trained));
    for (rn_index k = 0; k < t->n_parameters; k++) {
        rn_parameter parameter;
        RNI_TRY(rn_model_parameter(t->desc.model, k, &parameter));
        if (parameter.followed != RN_NODE_NONE) RNI_TRY(append_statistic(t, &parameter, k));
    }
    return RN_OK;
}

/* Appends targets, loss and gradients to the model's graph. */
static rn_status append_loss(rn_trainer *t)
{
    rn_graph *graph = rn_model_graph(t->desc.model);
    t->inputs = rn_model_input(t->desc.model);
    t->outputs = rn_model_output(t->desc.model);
    t->targets = rn_graph_input(graph, "targets", RN_SHAPE(RN_SAMPLES, t->n_outputs));
    RNI_TRY(append_objective(t, t->outputs, &t->loss_nodes, &t->measured));
    return rn_model_n_statistics(t->desc.model) > 0 ? append_statistics(t) : RN_OK;
}

static rn_status list_parameters(rn_trainer *t)
{
    const rn_graph *graph = rn_model_graph(t->desc.model);
    t->n_parameters = rn_model_n_parameters(t->desc.model);
    t->parameters = rni_alloc(t->n_parameters, sizeof *t->parameters);
    t->offsets = rni_alloc(t->n_parameters + 1, sizeof *t->offsets);
    if (!t->parameters || !t->offsets)
        return rni_fail(RN_ERR_MEMORY, "rn_trainer_create: no memory for parameters");
    t->offsets[0] = 0;
    for (rn_index k = 0; k < t->n_parameters; k++) {
        t->parameters[k] = rn_graph_parameter_at(graph, k);
        t->offsets[k + 1] = t->offsets[k] + size_of(rn_graph_shape(graph, t->parameters[k]));
    }
    return RN_OK;
}

rn_index rni_trainer_tile(const rn_trainer *t, rn_index n_samples)
{
    return t->is_coupled ? n_samples : rni_tile_size(n_samples, t->n_weights);
}

rn_status rni_trainer_plan_tiles(rn_trainer *t, const rni_objective *objective, rn_index n_samples,
                                 rn_index tile, rni_tiles **out)
{
    rn_node *wanted = rni_alloc(t->n_parameters + 1, sizeof *wanted);
    if (!wanted) return rni_fail(RN_ERR_MEMORY, "rn_trainer_create: no memory for parameters");
    memcpy(wanted, objective->gradients, (size_t)t->n_parameters * sizeof *wanted);
    wanted[t->n_parameters] = objective->total;
    const rn_status status = rni_tiles_create(rn_model_graph(t->desc.model), n_samples, tile,
                                              t->n_parameters + 1, wanted, t->desc.n_threads, out);
    rni_free(wanted);
    return status;
}

rn_status rni_trainer_plan_step(rn_trainer *t, rn_index n_samples, rni_tiles **out)
{
    if (t->follows) return rni_trainer_plan_tiles(t, &t->trained, n_samples, n_samples, out);
    return rni_trainer_plan_tiles(t, &t->measured, n_samples, rni_trainer_tile(t, n_samples), out);
}

static rn_index count_tiles(const rni_tiles *tiles)
{
    return tiles ? rni_tiles_count(tiles) : 0;
}

/* Vectors of the optimizer beside theta and the gradient. */
static rn_index count_extra(const rn_trainer *t)
{
    const bool has_anchor = t->descent.anchor_every > 0;
    return t->n_slots + (t->batches || has_anchor || t->follows ? 1 : 0)
           + (has_anchor || (t->batches && t->follows) ? 1 : 0);
}

static rn_status reserve_optimizer(rn_trainer *t)
{
    rn_index size = 0;
    const rn_index n_extra = count_extra(t);
    if (!rni_size_mul(n_extra, t->n_weights, &size)) size = -1;
    t->slots = n_extra > 0 ? rni_alloc_zero(size, sizeof(double)) : NULL;
    if (n_extra > 0 && !t->slots)
        return rni_fail(RN_ERR_MEMORY,
                        "rn_trainer_create: no memory for %" PRId64 " vectors of %" PRId64
                        " weights",
                        n_extra, t->n_weights);
    double *next = t->slots ? t->slots + t->n_slots * t->n_weights : NULL;
    if (n_extra > t->n_slots) t->estimate = next;
    if (n_extra > t->n_slots + 1) {
        if (t->follows)
            t->on_batch = next + t->n_weights;
        else
            t->at_anchor = next + t->n_weights;
    }
    return RN_OK;
}

static rn_status reserve(rn_trainer *t)
{
    rn_index chunk_size = 0;
    t->n_chunks = rni_gradient_chunks(t->tiles);
    t->n_sums = count_tiles(t->tiles);
    for (int k = 0; k < 4; k++) {
        const rni_tiles *tiles = k < 2 ? t->batch_tiles[k] : t->measured_tiles[k - 2];
        t->n_chunks = rni_max(t->n_chunks, rni_gradient_chunks(tiles));
        t->n_sums = rni_max(t->n_sums, count_tiles(tiles));
    }
    t->n_blocks = rni_ceil_div(t->n_weights, RNI_GRADIENT_BLOCK);
    if (!rni_size_mul(t->n_chunks, t->n_weights, &chunk_size)) chunk_size = -1;
    t->chunks = rni_alloc(chunk_size, sizeof(double));
    t->sums = rni_alloc(t->n_sums, sizeof(double));
    t->squares = rni_alloc(t->n_blocks, sizeof(double));
    t->theta = rni_alloc_zero(t->n_weights, sizeof(double));
    t->gradient = rni_alloc(t->n_weights, sizeof(double));
    if (t->chunks && t->sums && t->squares && t->theta && t->gradient) return reserve_optimizer(t);
    return rni_fail(RN_ERR_MEMORY,
                    "rn_trainer_create: no memory for %" PRId64 " vectors of %" PRId64 " weights",
                    t->n_chunks + 2, t->n_weights);
}

/* The optimizer in numbers, and whether it goes with sampler and schedule. */
static rn_status describe(rn_trainer *t)
{
    const rn_dynamics *dynamics = t->desc.dynamics;
    if (dynamics->kind->describe) dynamics->kind->describe(dynamics->choice.settings, &t->descent);
    const bool needs_all = dynamics->kind->is_flow || t->descent.needs_all;
    if (needs_all && t->desc.sampler && !t->desc.sampler->kind->is_full)
        return rni_fail(
            RN_ERR_CONFIG,
            "train.kind: found %s with sampler.kind %s, expected sampler.kind full, or "
            "train.kind sgd, adam, svrg or inertial: it takes all samples in every step",
            dynamics->kind->options->name, t->desc.sampler->kind->options->name);
    if (t->is_coupled && t->desc.sampler && !t->desc.sampler->kind->is_full)
        return rni_fail(RN_ERR_CONFIG,
                        "sampler.kind: found %s with a model whose samples act on each other "
                        "(norm: batch with statistics: samples), expected full: with statistics of "
                        "minibatches the network is another function in every step, and no kernel "
                        "describes it; statistics: running and norm: group keep samples apart",
                        t->desc.sampler->kind->options->name);
    if (t->follows && (dynamics->kind->is_flow || t->descent.anchor_every > 0))
        return rni_fail(RN_ERR_CONFIG,
                        "train.kind: found %s with a model of running statistics (norm: batch), "
                        "expected gradient_descent, sgd or adam, or model.statistics: samples: "
                        "running statistics are defined by steps and the batches of these",
                        dynamics->kind->options->name);
    if (rni_rate_lacks_length(&t->descent.rate, t->desc.n_steps))
        return rni_fail(RN_ERR_CONFIG,
                        "train.schedule: found a schedule without an end, expected schedule_steps, "
                        "or the number of steps of the run, to be given");
    t->n_slots = rni_descent_slots(&t->descent, t->slot_names);
    return RN_OK;
}

rn_status rn_trainer_create(const rn_trainer_desc *desc, rn_trainer **out)
{
    RNI_TRY(check_desc(desc, out));
    rn_trainer *t = rni_alloc_zero(1, sizeof *t);
    if (!t) return rni_fail(RN_ERR_MEMORY, "rn_trainer_create: no memory for a trainer");
    t->desc = *desc;
    t->n_weights = rn_model_n_weights(desc->model);
    t->n_features = rn_model_n_features(desc->model);
    t->n_outputs = rn_model_n_outputs(desc->model);
    t->is_coupled =
        rn_graph_rows(rn_model_graph(desc->model), rn_model_output(desc->model)) == RN_ROWS_MIXED;
    rn_status status = list_parameters(t);
    if (status == RN_OK) status = append_loss(t);
    if (status == RN_OK) status = describe(t);
    const rn_index n_samples = desc->train.n_samples;
    if (status == RN_OK)
        status = rni_trainer_plan_tiles(t, &t->measured, n_samples, rni_trainer_tile(t, n_samples),
                                        &t->tiles);
    if (status == RN_OK) status = rni_trainer_prepare_batches(t, t->desc.sampler);
    if (status == RN_OK) status = reserve(t);
    if (status == RN_OK) status = rni_pool_create(desc->n_threads, &t->pool);
    if (status < 0) {
        rn_trainer_destroy(t);
        return status;
    }
    t->desc.loss = NULL; /* borrowed for this call only */
    t->desc.sampler = NULL;
    *out = t;
    return RN_OK;
}

void rn_trainer_destroy(rn_trainer *trainer)
{
    if (!trainer) return;
    rni_pool_destroy(trainer->pool);
    rni_tiles_destroy(trainer->tiles);
    for (int k = 0; k < 2; k++) {
        rni_tiles_destroy(trainer->batch_tiles[k]);
        rni_tiles_destroy(trainer->measured_tiles[k]);
    }
    rn_batches_destroy(trainer->batches);
    rni_free(trainer->indices);
    rni_free(trainer->batch_inputs);
    rni_free(trainer->batch_targets);
    rni_free(trainer->slots);
    for (int k = 0; k < RNI_EVALUATIONS_KEPT; k++)
        rni_tiles_destroy(trainer->evaluations[k]);
    rni_free(trainer->parameters);
    rni_free(trainer->measured.gradients);
    rni_free(trainer->trained.gradients);
    rni_free(trainer->follows);
    rni_free(trainer->offsets);
    rni_free(trainer->chunks);
    rni_free(trainer->sums);
    rni_free(trainer->squares);
    rni_free(trainer->theta);
    rni_free(trainer->gradient);
    rni_free(trainer);
}

rn_index rn_trainer_bytes(const rn_trainer *trainer)
{
    const rn_index batch = trainer->batches ? rn_batches_largest(trainer->batches) : 0;
    const rn_index numbers = (trainer->n_chunks + 2 + count_extra(trainer)) * trainer->n_weights
                             + trainer->n_sums + trainer->n_blocks
                             + batch * (trainer->n_features + trainer->n_outputs + 1);
    rn_index bytes = numbers * (rn_index)sizeof(double) + rni_tiles_bytes(trainer->tiles);
    for (int k = 0; k < 2; k++) {
        if (trainer->batch_tiles[k]) bytes += rni_tiles_bytes(trainer->batch_tiles[k]);
        if (trainer->measured_tiles[k]) bytes += rni_tiles_bytes(trainer->measured_tiles[k]);
    }
    for (int k = 0; k < RNI_EVALUATIONS_KEPT; k++)
        if (trainer->evaluations[k]) bytes += rni_tiles_bytes(trainer->evaluations[k]);
    return bytes;
}
