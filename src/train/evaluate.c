/*
 * Outputs, residuals, loss and accuracy on any samples.
 */
#include <math.h>
#include <string.h>

#include "core/memory.h"
#include "core/size.h"
#include "train/trainer.h"

/* One pass over a batch. */
typedef struct pass {
    const rn_trainer *trainer;
    const rni_tiles *tiles;
    const rn_batch *batch;
    const double *theta;
    double *sums;     /* [tiles] or NULL */
    double *hits;     /* [tiles] or NULL: samples answered right */
    double *outputs;  /* [N x C] or NULL */
    double *residual; /* [N x C] or NULL */
    double *error;    /* [N x C] or NULL */
} pass;

/* Samples whose largest output, the first of equals, stands at the label. */
static double count_hits(rn_index n_samples, rn_index n_outputs, const double *outputs,
                         const rn_index *labels)
{
    rn_index hits = 0;
    for (rn_index i = 0; i < n_samples; i++) {
        const double *f = outputs + i * n_outputs;
        rn_index best = 0;
        for (rn_index c = 1; c < n_outputs; c++)
            if (f[c] > f[best]) best = c;
        hits += best == labels[i];
    }
    return (double)hits;
}

static rn_status run_tile(void *user, rn_index i, int thread)
{
    const pass *p = user;
    const rn_trainer *t = p->trainer;
    const rni_tile tile = rni_tiles_get(p->tiles, i, thread);
    const rn_index row = tile.first * t->n_outputs;
    const size_t bytes = (size_t)(tile.count * t->n_outputs) * sizeof(double);
    RNI_TRY(rni_trainer_bind(t, tile.work, p->theta, p->batch, tile.first));
    RNI_TRY(rn_workspace_run(tile.work));
    const double *f = rn_workspace_value(tile.work, t->outputs);
    if (p->sums) p->sums[i] = *rn_workspace_value(tile.work, t->measured.total);
    if (p->hits)
        p->hits[i] = count_hits(tile.count, t->n_outputs, f, p->batch->labels + tile.first);
    if (p->outputs) memcpy(p->outputs + row, f, bytes);
    const rn_loss_nodes *nodes = &t->loss_nodes;
    if (p->residual)
        memcpy(p->residual + row, rn_workspace_value(tile.work, nodes->residual), bytes);
    if (p->error) memcpy(p->error + row, rn_workspace_value(tile.work, nodes->error), bytes);
    return RN_OK;
}

/* Plans for that many samples, from the few that are kept or made now. */
static rn_status find_tiles(rn_trainer *t, rn_index n_samples, rni_tiles **out)
{
    for (int k = 0; k < RNI_EVALUATIONS_KEPT; k++)
        if (t->evaluations[k] && rni_tiles_n_samples(t->evaluations[k]) == n_samples) {
            *out = t->evaluations[k];
            return RN_OK;
        }
    /* the error may be the residual itself, and comes last */
    const rn_node wanted[] = {t->outputs, t->loss_nodes.residual, t->measured.total,
                              t->loss_nodes.error};
    const rn_index n_wanted = t->loss_nodes.error == t->loss_nodes.residual ? 3 : 4;
    rni_tiles *made = NULL;
    RNI_TRY(rni_tiles_create(rn_model_graph(t->desc.model), n_samples,
                             rni_trainer_tile(t, n_samples), n_wanted, wanted, t->desc.n_threads,
                             &made));
    rni_tiles_destroy(t->evaluations[t->next_evaluation]);
    t->evaluations[t->next_evaluation] = made;
    t->next_evaluation = (t->next_evaluation + 1) % RNI_EVALUATIONS_KEPT;
    *out = made;
    return RN_OK;
}

rn_status rni_trainer_check_batch(const char *caller, const rn_trainer *t, const rn_batch *batch)
{
    rn_index size = 0;
    if (!t || !batch || !batch->inputs || !batch->targets)
        return rni_fail(RN_ERR_ARGUMENT, "%s: trainer, inputs and targets must be given", caller);
    if (!rni_size_ok(batch->n_samples)
        || !rni_size_mul(batch->n_samples, rni_max(t->n_features, t->n_outputs), &size))
        return rni_fail(RN_ERR_ARGUMENT, "%s: found %" PRId64 " samples, expected 1 to 2^48",
                        caller, batch->n_samples);
    for (rn_index i = 0; batch->labels && i < batch->n_samples; i++)
        if (batch->labels[i] < 0 || batch->labels[i] >= t->n_outputs)
            return rni_fail(RN_ERR_ARGUMENT,
                            "%s: found label %" PRId64 " of sample %" PRId64
                            ", expected 0 to %" PRId64,
                            caller, batch->labels[i], i, t->n_outputs - 1);
    return RN_OK;
}

rn_status rn_trainer_evaluate(rn_trainer *trainer, const rn_batch *batch, rn_evaluation *out)
{
    RNI_TRY(rni_trainer_check_batch("rn_trainer_evaluate", trainer, batch));
    if (!out) return rni_fail(RN_ERR_ARGUMENT, "rn_trainer_evaluate: out is NULL");
    rni_tiles *tiles = NULL;
    RNI_TRY(find_tiles(trainer, batch->n_samples, &tiles));
    const rn_index n_tiles = rni_tiles_count(tiles);
    double *block = rni_alloc(2 * n_tiles, sizeof *block);
    if (!block) return rni_fail(RN_ERR_MEMORY, "rn_trainer_evaluate: no memory");
    pass p = {.trainer = trainer,
              .tiles = tiles,
              .batch = batch,
              .theta = trainer->theta,
              .sums = block,
              .hits = batch->labels ? block + n_tiles : NULL};
    const rn_status status = rni_pool_run(trainer->pool, n_tiles, run_tile, &p);
    const double n_samples = (double)batch->n_samples;
    rn_evaluation found = {.accuracy = (double)NAN};
    if (status == RN_OK) found.loss = rni_tree_sum(p.sums, n_tiles) / n_samples;
    if (status == RN_OK && p.hits) found.accuracy = rni_tree_sum(p.hits, n_tiles) / n_samples;
    rni_free(block);
    if (status != RN_OK) return status;
    if (!isfinite(found.loss))
        return rni_fail(RN_ERR_NONFINITE,
                        "rn_trainer_evaluate: the loss at step %" PRId64
                        " is %g, expected a finite number",
                        trainer->state.step, found.loss);
    *out = found;
    return RN_OK;
}

/* Fills what is asked for in *p, whose trainer and batch are sound. */
static rn_status look(rn_trainer *trainer, const double *theta, pass *p)
{
    rni_tiles *tiles = NULL;
    RNI_TRY(find_tiles(trainer, p->batch->n_samples, &tiles));
    p->trainer = trainer;
    p->tiles = tiles;
    p->theta = theta ? theta : trainer->theta;
    return rni_pool_run(trainer->pool, rni_tiles_count(tiles), run_tile, p);
}

rn_status rn_trainer_predict(rn_trainer *trainer, const double *theta, const rn_batch *batch,
                             double *outputs, double *residual)
{
    RNI_TRY(rni_trainer_check_batch("rn_trainer_predict", trainer, batch));
    pass p = {.batch = batch};
    p.outputs = outputs;
    p.residual = residual;
    return look(trainer, theta, &p);
}

rn_status rn_trainer_error(rn_trainer *trainer, const double *theta, const rn_batch *batch,
                           double *error)
{
    RNI_TRY(rni_trainer_check_batch("rn_trainer_error", trainer, batch));
    if (!error || !batch) return rni_fail(RN_ERR_ARGUMENT, "rn_trainer_error: NULL argument");
    pass p = {.batch = batch};
    p.error = error;
    return look(trainer, theta, &p);
}

rn_status rn_trainer_loss_nodes(const rn_trainer *trainer, rn_loss_nodes *nodes, rn_node *targets)
{
    if (!trainer || !nodes || !targets)
        return rni_fail(RN_ERR_ARGUMENT, "rn_trainer_loss_nodes: NULL argument");
    *nodes = trainer->loss_nodes;
    *targets = trainer->targets;
    return RN_OK;
}
