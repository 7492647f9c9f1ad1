/*
 * Conditions C1 to C3 as a part of the exact measurement: how the kernel moves, at every
 * measurement, and what the blocks of the network look like, once at the start.
 */
#include <math.h>
#include <renorm/blocks.h>
#include <string.h>

#include "backends/blas.h"
#include "core/memory.h"
#include "core/size.h"
#include "run/field.h"
#include "run/measure_exact.h"

#define BAND 1 /* half width, blocks */

/* Work space of one look at the blocks. */
typedef struct look {
    rn_blocks *blocks;
    rn_index n;         /* L */
    rn_index n_samples; /* S */
    rn_index n_rows;    /* S K */
    rn_index n_inputs;  /* numbers in one sample */
    rn_index n_targets; /* and in its target */
    double *block;      /* owned: all below */
    double *inputs;     /* [S x n_inputs] evenly spaced samples */
    double *targets;    /* [S x n_targets] */
    double *jacobians;  /* of one sample */
    double *norms;      /* [L + 2] sums over samples, then of one */
    double *changes;    /* [(L + 2)^2] likewise */
    double *inner;      /* [L + L^2] those of the blocks between the boundaries */
    double *kernels;    /* [L + 1] of [n_rows x n_rows], the last one work space */
    double **kernel;    /* owned, [L] */
    rn_index *width;    /* owned, [L + 1] */
} look;

static rn_status no_memory(rn_index n, rn_index n_rows)
{
    return rni_fail(RN_ERR_MEMORY,
                    "measure.exact: no memory to look at %" PRId64
                    " blocks with kernels of %" PRId64 " rows; take fewer condition_samples",
                    n, n_rows);
}

/* Blocks that can be looked at: 0 for networks that are no chain. */
static rn_index count_blocks(const rni_exact_settings *settings, const rni_stage *stage)
{
    const rn_index boundaries = rn_model_n_boundaries(stage->model);
    if (!settings->conditions || boundaries < 2 || stage->train.n_samples < 2) return 0;
    return boundaries - 1;
}

static bool count_look(const look *l, rn_index jacobian_size, rn_index *total)
{
    const rn_index side = l->n + 2;
    rn_index square = 0;
    rn_index kernels = 0;
    rn_index inputs = 0;
    return rni_size_mul(l->n_rows, l->n_rows, &square) && rni_size_mul(l->n + 1, square, &kernels)
           && rni_size_mul(l->n_samples, l->n_inputs + l->n_targets, &inputs)
           && rni_size_add(kernels, inputs + jacobian_size + 3 * (side + side * side), total);
}

static look sizes_of(const rni_exact_settings *settings, const rni_stage *stage)
{
    const rn_index n_samples = rni_min(settings->condition_samples, stage->train.n_samples);
    return (look){.n = count_blocks(settings, stage),
                  .n_samples = n_samples,
                  .n_rows = n_samples * rn_kernel_rows_per_sample(stage->kernel),
                  .n_inputs = rn_model_n_features(stage->model),
                  .n_targets = rn_model_n_outputs(stage->model)};
}

static void destroy_look(look *l)
{
    rn_blocks_destroy(l->blocks);
    rni_free(l->block);
    rni_free(l->kernel);
    rni_free(l->width);
}

/* On failure what was made stays for destroy_look. */
static rn_status create_look(const rni_stage *stage, look *l)
{
    const rn_index side = l->n + 2;
    rn_index total = 0;
    RNI_TRY(rn_blocks_create(stage->model, &l->blocks));
    const rn_index jacobian_size = rn_blocks_jacobian_size(l->blocks);
    if (count_look(l, jacobian_size, &total)) l->block = rni_alloc(total, sizeof *l->block);
    l->kernel = rni_alloc(l->n, sizeof *l->kernel);
    l->width = rni_alloc(l->n + 1, sizeof *l->width);
    if (!l->block || !l->kernel || !l->width) return no_memory(l->n, l->n_rows);
    l->inputs = l->block;
    l->targets = l->inputs + l->n_samples * l->n_inputs;
    l->jacobians = l->targets + l->n_samples * l->n_targets;
    l->norms = l->jacobians + jacobian_size;
    l->changes = l->norms + 2 * side;
    l->inner = l->changes + 2 * side * side;
    l->kernels = l->inner + side + side * side;
    for (rn_index b = 0; b <= l->n; b++) {
        l->width[b] = rn_blocks_width(l->blocks, b);
        if (b < l->n) l->kernel[b] = l->kernels + b * l->n_rows * l->n_rows;
    }
    for (rn_index i = 0; i < l->n_samples; i++) {
        const rn_index from = i * stage->train.n_samples / l->n_samples;
        memcpy(l->inputs + i * l->n_inputs, stage->train.inputs + from * l->n_inputs,
               (size_t)l->n_inputs * sizeof *l->inputs);
        memcpy(l->targets + i * l->n_targets, stage->train.targets + from * l->n_targets,
               (size_t)l->n_targets * sizeof *l->targets);
    }
    return RN_OK;
}

static rn_status create_report(rn_index n, rni_block_report *out)
{
    const rn_index gates = (n + 1) * (n + 1);
    const rn_index total = gates + 2 * n * n + 3 * n;
    double *next = rni_alloc(total, sizeof *next);
    if (!next) return no_memory(n, 0);
    for (rn_index i = 0; i < total; i++)
        next[i] = (double)NAN;
    const double nan = (double)NAN;
    *out = (rni_block_report){.n = n, .block = next};
    out->said = (rn_influence){nan, nan, nan, nan};
    out->coherence = (rn_coherence){nan, nan, nan};
    out->gain = next;
    out->influence = out->gain + gates;
    out->overlap = out->influence + n * n;
    out->influence_row = out->overlap + n * n;
    out->overlap_row = out->influence_row + n;
    out->overlap_at = out->overlap_row + n;
    return RN_OK;
}

/* ---- the three parts ------------------------------------------------------------------------- */

static rn_status measure_gains(look *l, const double *theta, rni_block_report *report)
{
    for (rn_index i = 0; i < l->n_samples; i++) {
        RNI_TRY(rn_blocks_jacobians(l->blocks, theta, l->inputs + i * l->n_inputs, l->jacobians));
        RNI_TRY(rn_propagation_gains(l->n, l->width, l->jacobians, report->gain));
    }
    return RN_OK;
}

/* -(d ln L/dt) of the least-squares energy |g|^2/(2N). */
static double decay_rate(const rni_exact *x)
{
    return -2.0 * rni_dot(x->n, x->g0, x->jv) / rni_dot(x->n, x->g0, x->g0);
}

static rn_status measure_influence(look *l, const rni_moment *moment, double rate,
                                   rni_block_report *report)
{
    const rn_index side = l->n + 2;
    double *norms = l->norms + side;
    double *changes = l->changes + side * side;
    memset(l->norms, 0, (size_t)side * sizeof *norms);
    memset(l->changes, 0, (size_t)(side * side) * sizeof *changes);
    for (rn_index i = 0; i < l->n_samples; i++) {
        RNI_TRY(rn_blocks_changes(l->blocks, moment->theta, l->inputs + i * l->n_inputs,
                                  moment->velocity, norms, changes));
        rni_axpy(side, 1.0, norms, l->norms);
        rni_axpy(side * side, 1.0, changes, l->changes);
    }
    double *inner = l->inner + l->n;
    for (rn_index g = 0; g < l->n; g++) {
        l->inner[g] = l->norms[g + 1];
        memcpy(inner + g * l->n, l->changes + (g + 1) * side + 1, (size_t)l->n * sizeof *inner);
    }
    return rn_propagation_influence(l->n, l->inner, inner, rate, BAND, report->influence,
                                    report->influence_row, &report->said);
}

/* The kernel of every block, from its parameters. */
static rn_status assemble_blocks(const rni_stage *stage, look *l, const double *theta)
{
    const double *inputs[] = {l->inputs, l->targets};
    const rn_kernel_point point = {.n_samples = l->n_samples, .inputs = inputs, .theta = theta};
    const rn_index square = l->n_rows * l->n_rows;
    double *part = l->kernels + l->n * square;
    memset(l->kernels, 0, (size_t)(l->n * square) * sizeof *part);
    for (rn_index p = 0; p < rn_model_n_parameters(stage->model); p++) {
        rn_parameter parameter;
        RNI_TRY(rn_model_parameter(stage->model, p, &parameter));
        if (parameter.block < 1 || parameter.block > l->n) continue;
        RNI_TRY(rn_kernel_assemble_part(stage->kernel, &point, p, NULL, part, NULL));
        rni_axpy(square, 1.0, part, l->kernel[parameter.block - 1]);
    }
    return RN_OK;
}

static rn_status measure_overlaps(const rni_stage *stage, look *l, const double *theta,
                                  rni_block_report *report)
{
    RNI_TRY(assemble_blocks(stage, l, theta));
    const rn_status status = rn_coherence_measure(
        l->n, l->n_samples, rn_kernel_rows_per_sample(stage->kernel), l->kernel, report->overlap,
        report->overlap_row, report->overlap_at, &report->coherence);
    return status == RN_ERR_DOMAIN ? RN_OK : status; /* a dead block: numbers stay NaN */
}

rn_status rni_exact_blocks(rni_exact *x, const rni_moment *moment, rn_index step,
                           rni_block_report *report)
{
    if (step != 0 || !x->settings->conditions) return RN_OK;
    look l = sizes_of(x->settings, x->stage);
    if (l.n == 0) return RN_OK;
    rn_status status = create_report(l.n, report);
    if (status == RN_OK) status = create_look(x->stage, &l);
    if (status == RN_OK) status = measure_gains(&l, moment->theta, report);
    if (status == RN_OK && rn_blocks_are_separate(l.blocks)) {
        status = measure_influence(&l, moment, decay_rate(x), report);
        if (status == RN_OK) status = measure_overlaps(x->stage, &l, moment->theta, report);
    }
    report->n_samples = l.n_samples;
    destroy_look(&l);
    if (status >= 0) return RN_OK;
    rni_free(report->block);
    *report = (rni_block_report){0};
    return status;
}

rn_status rni_exact_blocks_bytes(const rni_exact_settings *settings, rni_stage *stage,
                                 rn_index *bytes)
{
    look l = sizes_of(settings, stage);
    rn_index total = 0;
    rn_index programs = 0;
    rn_index kernel = 0;
    double flops[2];
    *bytes = 0;
    if (l.n == 0) return RN_OK;
    RNI_TRY(rn_blocks_create(stage->model, &l.blocks));
    rn_status status = rn_blocks_cost(l.blocks, &programs, &flops[0], &flops[1]);
    if (status == RN_OK) status = rn_kernel_bytes(stage->kernel, l.n_samples, 0, &kernel);
    if (status == RN_OK && !count_look(&l, rn_blocks_jacobian_size(l.blocks), &total))
        status = no_memory(l.n, l.n_rows);
    *bytes = total * (rn_index)sizeof(double) + programs + kernel;
    rn_blocks_destroy(l.blocks);
    return status;
}

/* ---- keeping --------------------------------------------------------------------------------- */

void rni_exact_keep_conditions(const rni_exact *x, const rni_block_report *report,
                               rn_snapshot *snapshot)
{
    const rn_index n = report->n;
    snapshot->kernel_size = rni_nrm2(x->n, x->lambda0);
    if (!x->lacks_tangent) snapshot->kernel_turn = rni_nrm2(x->n * x->n, x->tangent);
    snapshot->loss_decay = decay_rate(x);
    if (n == 0) return;
    rni_snapshot_put(&snapshot->gain, report->gain, (n + 1) * (n + 1));
    rni_snapshot_put(&snapshot->influence, report->influence, n * n);
    rni_snapshot_put(&snapshot->influence_row, report->influence_row, n);
    rni_snapshot_put(&snapshot->overlap, report->overlap, n * n);
    rni_snapshot_put(&snapshot->overlap_row, report->overlap_row, n);
    rni_snapshot_put(&snapshot->overlap_at, report->overlap_at, n);
    snapshot->gain_largest = 0.0;
    for (rn_index i = 0; i < (n + 1) * (n + 1); i++)
        snapshot->gain_largest = fmax(snapshot->gain_largest, report->gain[i]);
    snapshot->influence_largest_row = report->said.largest_row;
    snapshot->influence_mean_row = report->said.mean_row;
    snapshot->influence_band = report->said.band_share;
    snapshot->influence_uniform = report->said.uniform_share;
    snapshot->overlap_largest_row = report->coherence.largest_row;
    snapshot->overlap_mean_row = report->coherence.mean_row;
    snapshot->overlap_decay = report->coherence.decay_length;
    snapshot->block_samples = (double)report->n_samples;
}
