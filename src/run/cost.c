/*
 * The public face of a look ahead: builds what the run would build, counts, and times.
 */
#include <renorm/cost.h>

#include <math.h>
#include <renorm/info.h>

#include "core/memory.h"
#include "core/size.h"
#include "core/status.h"
#include "run/cost.h"
#include "run/process.h"
#include "train/dynamics.h"

struct rn_cost {
    rn_cost_summary summary;
    rni_stage stage;         /* owns the names of blocks */
    rn_kernel_block *blocks; /* [n_blocks], owned */
    rn_index n_blocks;
    rni_cadence cadence;
};

rn_index rni_cost_record_every(const rni_output_settings *output, const rni_stage *stage)
{
    return output->record_every > 0 ? output->record_every : stage->epoch;
}

int rni_cost_threads(const rni_run_settings *top, int asked)
{
    if (asked) return asked;
    if (top->threads) return (int)top->threads;
    rn_info info;
    rn_info_get(&info);
    return info.processors < RNI_POOL_MAX_THREADS ? info.processors : RNI_POOL_MAX_THREADS;
}

static rn_status describe_blocks(rn_cost *cost)
{
    const rn_kernel *kernel = cost->stage.kernel;
    const rn_index n = rn_graph_n_parameters(rn_model_graph(cost->stage.model));
    cost->blocks = rni_alloc(n, sizeof *cost->blocks);
    if (!cost->blocks)
        return rni_fail(RN_ERR_MEMORY, "rn_cost_create: no memory for %" PRId64 " blocks", n);
    for (rn_index i = 0; i < n; i++)
        RNI_TRY(rn_kernel_describe(kernel, cost->stage.train.n_samples, i, &cost->blocks[i]));
    cost->n_blocks = n;
    return RN_OK;
}

static rn_status make_cadence(const rni_cost_input *input, rn_cost *cost)
{
    const rni_cadence_rule rule = input->measure->cadence(input->measure_settings, input->stage);
    RNI_TRY(rni_cadence_create(&rule, input->top->steps, 0, input->stage->dynamics->kind->is_flow,
                               &cost->cadence));
    cost->summary.n_snapshots = rni_cadence_most(&cost->cadence);
    cost->summary.n_scheduled = cost->cadence.n_steps;
    cost->summary.is_adaptive = rule.snapshots == 0;
    cost->summary.price = rule.snapshots == 0 ? rule.price : (double)NAN;
    return RN_OK;
}

static void note_sizes(const rni_cost_input *input, rn_cost *cost)
{
    const rni_stage *stage = &cost->stage;
    rn_cost_summary *s = &cost->summary;
    s->n_samples = stage->train.n_samples;
    s->n_outputs = rn_model_n_outputs(stage->model);
    s->n_rows = stage->n_rows;
    s->n_weights = stage->n_weights;
    s->n_held_out = stage->held_out.n_samples;
    s->n_threads = stage->n_threads;
    s->is_coupled = rn_kernel_is_coupled(stage->kernel);
    s->n_steps = input->top->steps;
    s->is_matrix_free = input->measure->is_matrix_free;
    s->kernel_flops =
        s->is_matrix_free ? 0.0 : rn_kernel_flops(stage->kernel, stage->train.n_samples);
}

static rn_status look(const rn_config *config, const rn_cost_options *options,
                      const rn_observer *observer, rn_cost *cost)
{
    const rni_settings *settings = rni_config_settings(config);
    const double missing = (double)NAN;
    rn_cost_summary *s = &cost->summary;
    rni_cost_input input = {.stage = &cost->stage,
                            .top = rni_settings_get(settings, ""),
                            .output = rni_settings_get(settings, "output"),
                            .measure = rni_measure_find(rni_settings_table(settings, "measure")),
                            .measure_settings = rni_settings_get(settings, "measure")};
    const int n_threads = rni_cost_threads(input.top, options->n_threads);
    const double start = rni_process_seconds();
    input.base = rni_cost_look();
    RNI_TRY(rni_stage_create(config, (uint64_t)input.top->seed, n_threads, &cost->stage));
    *s = (rn_cost_summary){.set_up_s = missing,
                           .step_s = missing,
                           .train_s = missing,
                           .snapshot_s = missing,
                           .measure_s = missing,
                           .total_s = missing,
                           .overhead = missing};
    note_sizes(&input, cost);
    RNI_TRY(make_cadence(&input, cost));
    input.n_snapshots = s->n_snapshots;
    if (input.measure->bytes && !input.measure->is_matrix_free) RNI_TRY(describe_blocks(cost));
    RNI_TRY(rni_cost_memory(&input, options->max_bytes, s));
    if (options->only_memory) return RN_OK;
    s->set_up_s = rni_process_seconds() - start;
    return rni_cost_time(&input, observer, s);
}

rn_status rn_cost_create(const rn_config *config, const rn_cost_options *options,
                         const rn_observer *observer, rn_cost **out)
{
    const rn_cost_options chosen = options ? *options : (rn_cost_options){0};
    if (!config || !out || chosen.n_threads < 0 || chosen.n_threads > RNI_POOL_MAX_THREADS
        || chosen.max_bytes < 0)
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_cost_create: a NULL argument, or %d threads, or a limit of %" PRId64
                        " bytes",
                        chosen.n_threads, chosen.max_bytes);
    rn_cost *cost = rni_alloc_zero(1, sizeof *cost);
    if (!cost) return rni_fail(RN_ERR_MEMORY, "rn_cost_create: no memory");
    const rn_status status = look(config, &chosen, observer, cost);
    if (status != RN_OK) {
        rn_cost_destroy(cost);
        return status;
    }
    *out = cost;
    return RN_OK;
}

void rn_cost_destroy(rn_cost *cost)
{
    if (!cost) return;
    rni_stage_clear(&cost->stage);
    rni_free(cost->blocks);
    rni_cadence_clear(&cost->cadence);
    rni_free(cost);
}

void rn_cost_get(const rn_cost *cost, rn_cost_summary *summary)
{
    *summary = cost->summary;
}

const rn_kernel_block *rn_cost_block(const rn_cost *cost, rn_index i)
{
    return i >= 0 && i < cost->n_blocks ? &cost->blocks[i] : NULL;
}

rn_index rn_cost_step(const rn_cost *cost, rn_index i)
{
    return i >= 0 && i < cost->cadence.n_steps ? cost->cadence.steps[i] : -1;
}
