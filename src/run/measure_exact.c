/*
 * The exact measurement: M, its full eigendecomposition, M' along the actual velocity, and from
 * them energies, dissipation, flux, velocity, the closure error and the exact budget of the step.
 *
 * Memory: 4 n^2 + P + O(n) doubles beside the eigensolver's own 2 n^2; never n x P.
 */
#include "run/measure_exact.h"

#include <math.h>
#include <renorm/spectra.h>
#include <string.h>

#include "backends/blas.h"
#include "core/memory.h"
#include "core/size.h"
#include "kernel/kernel.h"
#include "run/field.h"
#include "shells/shell_flux.h"

static const rni_option options[] = {
    RNI_MEASURE_OPTIONS(rni_exact_settings),
    {.key = "closure_dt",
     RNI_FIELD(rni_exact_settings, closure_dt),
     .range = RNI_BETWEEN(0, 1),
     .unit = "1/lambda_max",
     .initial = "0.0001",
     .help = "step of the central difference that checks the budget; 0: no check"},
    {.key = "step_budget",
     RNI_FIELD(rni_exact_settings, step_budget),
     .initial = "true",
     .help = "measure the exact budget of the step that follows (doubles the cost)"},
    {.key = "couplings",
     RNI_FIELD(rni_exact_settings, couplings),
     .initial = "true",
     .help = "measure couplings between shells and their log-shift defects"},
    {.key = "conditions",
     RNI_FIELD(rni_exact_settings, conditions),
     .initial = "false",
     .help = "measure, at the start, how the network's blocks pass on changes and resemble others"},
    {.key = "condition_samples",
     RNI_FIELD(rni_exact_settings, condition_samples),
     .range = RNI_BETWEEN(2, 100000),
     .initial = "32",
     .help = "samples looked at for conditions, evenly spaced"},
};
static rn_status check(const void *settings)
{
    const rni_exact_settings *chosen = settings;
    return rni_measure_check_snapshots(chosen->snapshots);
}

static const rni_option_table table = {
    .name = "exact",
    .help = "the whole spectrum, n = samples x outputs up to a few thousand",
    .options = options,
    .n_options = (rn_index)(sizeof options / sizeof options[0]),
    .size = sizeof(rni_exact_settings),
    .check = check};

/* Below this order one thread solves faster than two can be woken. */
#define SMALL_N 256

/* Numbers in the block: 4 matrices, 9 vectors [n], one [P]. */
static bool count_numbers(rn_index n, rn_index n_weights, rn_index *total)
{
    rn_index square = 0;
    rn_index matrices = 0;
    return rni_size_mul(n, n, &square) && rni_size_mul(4, square, &matrices)
           && rni_size_add(matrices, 10 * n + n_weights, total);
}

static rn_status too_many_rows(rn_index n)
{
    return rni_fail(RN_ERR_UNSUPPORTED,
                    "measure.exact: the kernel has %" PRId64 " rows (samples x outputs), "
                    "expected at most %d; use fewer samples",
                    n, RN_SPECTRA_MAX_N);
}

/* Doubles per thread of a projection's rows, vectors [P] of an integrator of order 8, boundaries
   times arrays of a report and two matrices of some 50 shells: generous. */
#define PROJECT_ROWS   128
#define FLOW_VECTORS   20
#define SNAPSHOT_EXTRA 8192

/* Of what the start alone needs and gives back, the C library keeps this much: the largest block it
   does not take straight from the system. Seen with the demo, 8 and 32 condition_samples. */
#define HEAP_KEEPS ((rn_index)32 << 20)

/* What OpenBLAS packs per thread and column of a product, once and for all: a panel of 384 rows. */
#define PANEL_BYTES ((rn_index)3072)

/* The kernel's programs stay planned once used; its factors come and go. */
static rn_status count_kernel(rni_stage *stage, rn_index *kept, rn_index *work)
{
    const rn_index n_samples = stage->train.n_samples;
    const bool scaled = rn_trainer_is_preconditioned(stage->trainer);
    rn_index tangent = 0;
    rn_index plain = 0;
    rn_index apply = 0;
    rn_index unused = 0;
    rn_index tile = 1;
    RNI_TRY(rni_kernel_touched(stage->kernel, n_samples, true, scaled, &tangent, work));
    RNI_TRY(rni_kernel_touched(stage->kernel, n_samples, false, scaled, &plain, &unused));
    RNI_TRY(rni_program_bytes(stage->kernel, RNI_PROGRAM_APPLY, n_samples, 0, 0, &tile, &apply));
    if (stage->change) {
        rn_index change = 0;
        RNI_TRY(
            rni_program_bytes(stage->change, RNI_PROGRAM_APPLY, n_samples, 0, 0, &tile, &change));
        apply += change;
    }
    *kept = tangent + plain + (n_samples <= tile ? apply / stage->n_threads : apply);
    return RN_OK;
}

static rn_status bytes(const void *settings, rni_stage *stage, rni_measure_bytes *out)
{
    const rn_index n = stage->n_rows;
    const rn_index size = (rn_index)sizeof(double);
    const rni_exact_settings *chosen = settings;
    rn_index total = 0;
    rn_index programs = 0;
    rn_index factors = 0;
    if (n > RN_SPECTRA_MAX_N || !count_numbers(n, stage->n_weights, &total))
        return too_many_rows(n);
    RNI_TRY(count_kernel(stage, &programs, &factors));
    const rn_index eigen = size * (2 * n * n + 12 * n);
    const rn_index project = size * PROJECT_ROWS * stage->n_threads * n;
    const rn_index panels = PANEL_BYTES * stage->n_threads * n;
    const rn_index flow = chosen->closure_dt > 0.0 ? size * FLOW_VECTORS * stage->n_weights : 0;
    rn_index blocks = 0;
    rn_index held_out = 0;
    rn_index held_out_work = 0;
    RNI_TRY(rni_exact_blocks_bytes(chosen, stage, &blocks));
    RNI_TRY(rni_exact_held_out_bytes(stage, &held_out, &held_out_work));
    *out = (rni_measure_bytes){.kept = size * total + programs + held_out + panels
                                       + rni_min(blocks, HEAP_KEEPS),
                               .matrices = size * 4 * n * n,
                               .work = rni_max(rni_max(rni_max(eigen, factors), blocks),
                                               rni_max(rni_max(project, flow), held_out_work)),
                               .snapshot = size * (2 * n + SNAPSHOT_EXTRA)};
    return RN_OK;
}

static rn_status create(const void *settings, rni_stage *stage, void **out)
{
    const rn_index n = stage->n_rows;
    rn_index total = 0;
    if (n > RN_SPECTRA_MAX_N || !count_numbers(n, stage->n_weights, &total))
        return too_many_rows(n);
    rni_exact *x = rni_alloc_zero(1, sizeof *x);
    double *block = rni_alloc(total, sizeof *block);
    if (!x || !block) {
        rni_free(x);
        rni_free(block);
        return rni_fail(RN_ERR_MEMORY,
                        "measure.exact: no memory for four kernels of %" PRId64 " rows, %.3g GB", n,
                        8e-9 * (double)total);
    }
    *x = (rni_exact){.settings = settings, .stage = stage, .n = n, .block = block};
    double **const matrices[] = {&x->phi0, &x->phi1, &x->kernel0, &x->tangent};
    double **const vectors[] = {&x->lambda0, &x->lambda1, &x->error0, &x->error1, &x->g0,
                                &x->g1,      &x->g01,     &x->jv,     &x->xi,     &x->rows};
    for (size_t i = 0; i < sizeof matrices / sizeof matrices[0]; i++, block += n * n)
        *matrices[i] = block;
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++, block += n)
        *vectors[i] = block;
    x->weights = block;
    *out = x;
    return RN_OK;
}

static void destroy(void *state)
{
    rni_exact *x = state;
    if (!x) return;
    rni_free(x->block);
    rni_free(x);
}

static rni_cadence_rule cadence(const void *settings, const rni_stage *stage)
{
    const rni_exact_settings *chosen = settings;
    return (rni_cadence_rule){.snapshots = chosen->snapshots,
                              .overhead = chosen->overhead,
                              .change = chosen->change,
                              .price = chosen->price > 0.0 ? chosen->price
                                                           : rni_exact_price(chosen, stage)};
}

rn_status rni_exact_project(rni_exact *x, const double *left, double **m, const double *right,
                            double **work)
{
    RNI_TRY(rni_shell_project(x->stage->pool, x->n, left, *m, right, *work));
    double *result = *work;
    *work = *m;
    *m = result;
    return RN_OK;
}

rn_spectra_options rni_exact_solver(const rni_exact *x)
{
    const bool is_small = x->n < SMALL_N;
    return (rn_spectra_options){.n_threads = is_small ? 1 : x->stage->n_threads};
}

rn_status rni_exact_eigen(const rni_exact *x, double *matrix, const double *e, double *values,
                          double *projections)
{
    const rn_spectra_options chosen = rni_exact_solver(x);
    return rn_spectra_vectors(x->n, matrix, x->n, 1, e, x->n, &chosen, values, projections, NULL);
}

/* M0, M', the eigenbasis, and everything projected on it. */
static rn_status measure_spectrum(rni_exact *x, const rni_moment *moment)
{
    const rn_index n = x->n;
    rn_kernel_point point = rni_stage_point(x->stage, moment->theta);
    rn_kernel *kernel = x->stage->kernel;
    point.scale = moment->scale;
    point.scale_tangent = moment->scale_rate;
    RNI_TRY(rn_trainer_error(x->stage->trainer, moment->theta, &x->stage->train, x->error0));
    RNI_TRY(rn_kernel_tangent(kernel, &point, moment->velocity, x->phi0, x->tangent));
    memcpy(x->kernel0, x->phi0, (size_t)(n * n) * sizeof *x->phi0);
    RNI_TRY(rni_exact_eigen(x, x->phi0, x->error0, x->lambda0, x->g0));
    RNI_TRY(rni_exact_project(x, x->phi0, &x->tangent, x->phi0, &x->phi1));
    RNI_TRY(rni_stage_push(x->stage, &point, moment->velocity, x->rows));
    RNI_TRY(rni_gemv(false, n, n, 1.0, x->phi0, n, x->rows, 0.0, x->jv));
    for (rn_index u = 0; u < n; u++)
        x->xi[u] = x->jv[u] + x->lambda0[u] * x->g0[u];
    return RN_OK;
}

/* The grid of the run: chosen once with room, extended where the spectrum outgrows it. */
static rn_status fit_grid(rni_exact *x)
{
    const double lambda_max = x->lambda0[x->n - 1];
    const double floor = rn_spectra_noise_floor(x->n, lambda_max);
    if (!(lambda_max > 0.0) || !(floor < lambda_max))
        return rni_fail(RN_ERR_DOMAIN,
                        "measure.exact: the largest eigenvalue of the kernel is %g: the network "
                        "does not depend on its weights, so there is no spectrum to measure",
                        lambda_max);
    if (x->has_grid) return rn_shell_grid_extend(&x->grid, lambda_max, floor);
    const double reach = exp(x->settings->room);
    RNI_TRY(rn_shell_grid_choose(x->settings->width, reach * lambda_max, floor / reach, &x->grid));
    x->has_grid = true;
    return RN_OK;
}

static void keep_report(const rni_exact *x, const rn_shell_report *r, rn_snapshot *s)
{
    const rn_index m = r->n_boundaries;
    double *count_error = rni_writable(&s->count_error);
    rni_measure_keep_report(r, s);
    rni_snapshot_put(&s->lambda, x->lambda0, x->n);
    rni_snapshot_put(&s->g, x->g0, x->n);
    if (!x->lacks_drive) rni_snapshot_put(&s->drive, r->drive, m);
    rni_snapshot_put(&s->count, r->count, m - 1);
    for (rn_index i = r->first; i + 1 < m; i++)
        count_error[i] = 0.0;
}

rn_status rni_exact_shells(rni_exact *x, const rni_moment *moment, rn_snapshot *snapshot)
{
    const rn_shell_input input = {.n = x->n,
                                  .n_samples = x->stage->train.n_samples,
                                  .lambda = x->lambda0,
                                  .g = x->g0,
                                  .mt = x->lacks_tangent ? NULL : x->tangent,
                                  .xi = x->lacks_drive ? NULL : x->xi};
    const rn_record record = snapshot->record;
    rn_shell_report report = {0};
    rn_coupling_report couplings = {0};
    rni_block_report blocks = {0};
    RNI_TRY(fit_grid(x));
    RNI_TRY(rni_exact_couplings(x, &couplings));
    rn_status status = rni_exact_blocks(x, moment, record.step, &blocks);
    if (status == RN_OK)
        status = rni_shell_measure(x->stage->pool, &x->grid, &input, NULL, &report);
    if (status == RN_OK)
        status =
            rni_snapshot_init(snapshot, x->n, report.n_boundaries, couplings.n_shells, blocks.n);
    if (status == RN_OK) {
        snapshot->record = record;
        keep_report(x, &report, snapshot);
        rni_exact_keep_couplings(x, &couplings, snapshot);
        rni_exact_keep_conditions(x, &blocks, snapshot);
    }
    rni_free(blocks.block);
    rn_coupling_report_clear(&couplings);
    rn_shell_report_clear(&report);
    return status;
}

static rn_status take(void *state, const rni_moment *moment, rn_snapshot *snapshot)
{
    rni_exact *x = state;
    RNI_TRY(measure_spectrum(x, moment));
    RNI_TRY(rni_exact_shells(x, moment, snapshot));
    rn_status status = rni_exact_held_out(x, moment, snapshot);
    if (status == RN_OK && x->settings->closure_dt > 0.0)
        status = rni_exact_closure(x, moment, snapshot);
    if (status == RN_OK && x->settings->step_budget && moment->next)
        status = rni_exact_step(x, moment, snapshot);
    if (status < 0) rni_snapshot_clear(snapshot);
    return status;
}

static rn_index save(const void *state, double *numbers)
{
    const rni_exact *x = state;
    return rni_measure_save_grid(x->has_grid, &x->grid, numbers);
}

static rn_status restore(void *state, rn_index n_numbers, const double *numbers)
{
    rni_exact *x = state;
    return rni_measure_restore_grid("measure.exact", n_numbers, numbers, &x->has_grid, &x->grid);
}

const rni_measure rni_measure_exact = {.options = &table,
                                       .create = create,
                                       .destroy = destroy,
                                       .take = take,
                                       .save = save,
                                       .restore = restore,
                                       .cadence = cadence,
                                       .bytes = bytes};
