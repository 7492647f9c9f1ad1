/*
 * Loss and gradient over all training samples, or over the batch of a step.
 *
 * Tiles are grouped into at most 16 chunks of consecutive tiles. A task runs the tiles of one chunk
 * in order and adds their gradients into the chunk's vector; the chunks are then added by a
 * pairwise tree, weights cut into fixed blocks. Chunks, tree and blocks depend on shapes only, so
 * the bits do not depend on the number of threads, nor on that of ranks, which share the chunks.
 */
#include <math.h>
#include <string.h>

#include "core/ranks.h"
#include "core/size.h"
#include "train/trainer.h"

/* One pass over some samples. */
typedef struct pass {
    rn_trainer *trainer;
    const rni_objective *objective;
    const rni_tiles *tiles; /* planned for it */
    const rn_batch *batch;
    rn_index n_chunks;
    const double *theta;
    double *gradient;
} pass;

rn_status rni_trainer_bind(const rn_trainer *t, rn_workspace *work, const double *theta,
                           const rn_batch *batch, rn_index first)
{
    const double *inputs = batch->inputs + first * t->n_features;
    const double *targets = batch->targets + first * t->n_outputs;
    rn_status status = rn_workspace_bind(work, t->inputs, inputs);
    if (status == RN_OK) status = rn_workspace_bind(work, t->targets, targets);
    for (rn_index k = 0; k < t->n_parameters && status == RN_OK; k++)
        status = rn_workspace_bind(work, t->parameters[k], theta + t->offsets[k]);
    return status;
}

/* chunk := or += the gradients of the tile just run. */
static void add_tile(const pass *p, const rn_workspace *work, bool is_first, double *chunk)
{
    const rn_trainer *t = p->trainer;
    for (rn_index k = 0; k < t->n_parameters; k++) {
        const double *from = rn_workspace_value(work, p->objective->gradients[k]);
        double *to = chunk + t->offsets[k];
        const rn_index size = t->offsets[k + 1] - t->offsets[k];
        if (is_first)
            memcpy(to, from, (size_t)size * sizeof *to);
        else
            for (rn_index i = 0; i < size; i++)
                to[i] += from[i];
    }
}

/* Runs one tile on theta and writes the sum of its losses. */
static rn_status run_tile(const pass *p, const rni_tile *tile, double *sum)
{
    const rn_trainer *t = p->trainer;
    RNI_TRY(rni_trainer_bind(t, tile->work, p->theta, p->batch, tile->first));
    RNI_TRY(rn_workspace_run(tile->work));
    *sum = *rn_workspace_value(tile->work, p->objective->total);
    return RN_OK;
}

static rn_status run_chunk(void *user, rn_index chunk, int thread)
{
    const pass *p = user;
    const rn_trainer *t = p->trainer;
    const rn_index n_tiles = rni_tiles_count(p->tiles);
    const rn_index first = chunk * n_tiles / p->n_chunks;
    const rn_index end = (chunk + 1) * n_tiles / p->n_chunks;
    for (rn_index i = first; i < end; i++) {
        const rni_tile tile = rni_tiles_get(p->tiles, i, thread);
        RNI_TRY(run_tile(p, &tile, &t->sums[i]));
        add_tile(p, tile.work, i == first, t->chunks + chunk * t->n_weights);
    }
    return RN_OK;
}

/* All chunks, wherever they are computed. */
static rn_status run_chunks(pass *p)
{
    const rn_trainer *t = p->trainer;
    const rn_communicator *ranks = t->desc.ranks;
    const rn_index n_tiles = rni_tiles_count(p->tiles);
    rni_ranks_clear(ranks, p->n_chunks * t->n_weights, t->chunks);
    rni_ranks_clear(ranks, n_tiles, t->sums);
    rn_status status = rni_ranks_run(ranks, t->pool, p->n_chunks, run_chunk, p);
    status = rni_ranks_exchange(ranks, status, p->n_chunks * t->n_weights, t->chunks);
    return rni_ranks_exchange(ranks, status, n_tiles, t->sums);
}

/* Adds the chunks over one block of weights and divides by N. */
static rn_status add_chunks(void *user, rn_index block, int thread)
{
    (void)thread;
    const pass *p = user;
    const rn_trainer *t = p->trainer;
    const rn_index first = block * RNI_GRADIENT_BLOCK;
    const rn_index count = rni_min(RNI_GRADIENT_BLOCK, t->n_weights - first);
    for (rn_index stride = 1; stride < p->n_chunks; stride *= 2)
        for (rn_index c = 0; c + stride < p->n_chunks; c += 2 * stride) {
            double *to = t->chunks + c * t->n_weights + first;
            const double *from = t->chunks + (c + stride) * t->n_weights + first;
            for (rn_index i = 0; i < count; i++)
                to[i] += from[i];
        }
    const double *sum = t->chunks + first;
    const double n_samples = (double)p->batch->n_samples;
    double square = 0.0;
    for (rn_index i = 0; i < count; i++) {
        const double g = sum[i] / n_samples;
        p->gradient[first + i] = g;
        square += g * g;
    }
    t->squares[block] = square;
    return RN_OK;
}

rn_index rni_gradient_chunks(const rni_tiles *tiles)
{
    return tiles ? rni_min(rni_tiles_count(tiles), RNI_GRADIENT_CHUNKS) : 0;
}

static rn_status run_pass(pass *p, double *loss, double *norm)
{
    rn_trainer *t = p->trainer;
    p->n_chunks = rni_gradient_chunks(p->tiles);
    RNI_TRY(run_chunks(p));
    RNI_TRY(rni_pool_run(t->pool, t->n_blocks, add_chunks, p));
    *loss = rni_tree_sum(t->sums, rni_tiles_count(p->tiles)) / (double)p->batch->n_samples;
    *norm = sqrt(rni_tree_sum(t->squares, t->n_blocks));
    if (isfinite(*loss) && isfinite(*norm)) return RN_OK;
    return rni_fail(RN_ERR_NONFINITE,
                    "rn_trainer: the loss is %g and its gradient has norm %g, expected finite "
                    "numbers",
                    *loss, *norm);
}

rn_status rni_trainer_gradient_at(rn_trainer *trainer, const double *theta, double *loss,
                                  double *gradient, double *norm)
{
    pass p = {.trainer = trainer,
              .objective = &trainer->measured,
              .tiles = trainer->tiles,
              .batch = &trainer->desc.train,
              .theta = theta};
    p.gradient = gradient;
    return run_pass(&p, loss, norm);
}

/* An objective on the batch of the present step, in the tiles [2] planned for it. */
static rn_status run_batch(rn_trainer *trainer, const rni_objective *objective,
                           rni_tiles *const *tiles, const double *theta, double *loss,
                           double *gradient)
{
    double norm = 0.0;
    rn_batch batch = {0};
    int which = 0;
    RNI_TRY(rni_trainer_draw(trainer, &batch, &which));
    pass p = {.trainer = trainer,
              .objective = objective,
              .tiles = tiles[which],
              .batch = &batch,
              .theta = theta};
    p.gradient = gradient;
    return run_pass(&p, loss, &norm);
}

rn_status rni_trainer_batch_gradient(rn_trainer *trainer, const double *theta, double *loss,
                                     double *gradient)
{
    double norm = 0.0;
    const rni_objective *objective = trainer->follows ? &trainer->trained : &trainer->measured;
    if (!trainer->batches && !trainer->follows)
        return rni_trainer_gradient_at(trainer, theta, loss, gradient, &norm);
    return run_batch(trainer, objective, trainer->batch_tiles, theta, loss, gradient);
}

rn_status rni_trainer_measured_gradient(rn_trainer *trainer, const double **gradient)
{
    double loss = 0.0;
    if (!trainer->batches) {
        RNI_TRY(rni_trainer_refresh(trainer));
        *gradient = trainer->gradient;
        return RN_OK;
    }
    *gradient = trainer->on_batch;
    return run_batch(trainer, &trainer->measured, trainer->measured_tiles, trainer->theta, &loss,
                     trainer->on_batch);
}

rn_status rni_trainer_refresh(rn_trainer *trainer)
{
    if (trainer->has_gradient) return RN_OK;
    RNI_TRY(rni_trainer_gradient_at(trainer, trainer->theta, &trainer->loss, trainer->gradient,
                                    &trainer->gradient_norm));
    trainer->has_gradient = true;
    return RN_OK;
}

rn_status rn_trainer_gradient(rn_trainer *trainer, double *loss, double *gradient,
                              double *gradient_norm)
{
    if (!trainer) return rni_fail(RN_ERR_ARGUMENT, "rn_trainer_gradient: trainer is NULL");
    RNI_TRY(rni_trainer_refresh(trainer));
    if (loss) *loss = trainer->loss;
    if (gradient_norm) *gradient_norm = trainer->gradient_norm;
    if (gradient)
        memcpy(gradient, trainer->gradient, (size_t)trainer->n_weights * sizeof *gradient);
    return RN_OK;
}

/* ---- single samples ---------------------------------------------------------------------------
 */

/* A tile is one sample here; p->gradient is [N x P]. */
static rn_status run_sample(void *user, rn_index i, int thread)
{
    const pass *p = user;
    const rn_trainer *t = p->trainer;
    const rni_tile tile = rni_tiles_get(p->tiles, i, thread);
    double unused = 0.0;
    RNI_TRY(run_tile(p, &tile, &unused));
    add_tile(p, tile.work, true, p->gradient + i * t->n_weights);
    return RN_OK;
}

rn_status rn_trainer_sample_gradients(rn_trainer *trainer, const double *theta,
                                      const rn_batch *batch, double *gradients)
{
    static const char name[] = "rn_trainer_sample_gradients";
    rni_tiles *tiles = NULL;
    RNI_TRY(rni_trainer_check_batch(name, trainer, batch));
    if (!gradients || !batch) return rni_fail(RN_ERR_ARGUMENT, "%s: NULL argument", name);
    if (trainer->is_coupled)
        return rni_fail(RN_ERR_UNSUPPORTED,
                        "%s: the network mixes samples, so that no gradient belongs to one", name);
    const rni_objective *measured = &trainer->measured;
    RNI_TRY(rni_trainer_plan_tiles(trainer, measured, batch->n_samples, 1, &tiles));
    pass p = {.trainer = trainer, .objective = measured, .tiles = tiles, .batch = batch};
    p.theta = theta ? theta : trainer->theta;
    p.gradient = gradients;
    const rn_status status = rni_pool_run(trainer->pool, batch->n_samples, run_sample, &p);
    rni_tiles_destroy(tiles);
    return status;
}
