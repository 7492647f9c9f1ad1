/*
 * The matrix-free measurement: shells of any number of rows from products with M alone.
 *
 * Lanczos from the error e gives nodes theta_i, vectors y_i and masses g_i^2 (Ritz values, Ritz
 * vectors), which stand in a snapshot where an exact one has eigenvalues and projections: sums over
 * them are Gauss quadrature. What they cannot know is said beside them: guaranteed intervals, a
 * calibrated error, and the energy below the lowest node, which is not split. Flux comes from
 * y_i^T M' y_j, products with the tangent, in the formula of the exact one; it has no guarantee,
 * and its error is the difference to what half of the steps give.
 *
 * Memory: (steps + 5) n doubles, 18 gradients, the activations of one point where they fit, and the
 * work spaces of products.
 */
#include <float.h>
#include <math.h>
#include <renorm/lanczos.h>
#include <string.h>

#include "core/memory.h"
#include "core/size.h"
#include "kernel/kernel.h"
#include "run/field.h"
#include "run/measure_free.h"
#include "shells/shell_bounds.h"
#include "shells/shell_flux.h"
#include "train/dynamics.h"

static const rni_option options[] = {
    RNI_MEASURE_OPTIONS(rni_free_settings),
    {.key = "steps",
     RNI_FIELD(rni_free_settings, steps),
     .range = RNI_BETWEEN(1, 10000),
     .initial = "100",
     .help = "most products with the kernel in one measurement: its budget of time and memory"},
    {.key = "accuracy",
     RNI_FIELD(rni_free_settings, accuracy),
     .range = RNI_BETWEEN(0, 1),
     .initial = "0.01",
     .help = "fewer products where the errors of all shells, and what is not resolved, add up to "
             "this share of the loss; 0: always all"},
    {.key = "count_vectors",
     RNI_FIELD(rni_free_settings, count_vectors),
     .range = RNI_BETWEEN(0, 10000),
     .initial = "0",
     .help = "count the eigenvalues in each shell with so many random vectors, each of which costs "
             "as many products as `steps`; 0: do not"},
    {.key = "keep_every",
     RNI_FIELD(rni_free_settings, keep_every),
     .range = RNI_AT_LEAST(0),
     .unit = "s",
     .initial = "60",
     .help = "a measurement that takes longer keeps what it has in the run's folder, and goes on "
             "from there after an interrupt or a crash"},
    {.key = "flux",
     RNI_FIELD(rni_free_settings, flux),
     .initial = "true",
     .help = "measure the flux, by as many products with the kernel's tangent (some four times "
             "the cost)"},
};

static rn_status check(const void *settings)
{
    const rni_free_settings *chosen = settings;
    return rni_measure_check_snapshots(chosen->snapshots);
}

static const rni_option_table table = {
    .name = "matrix_free",
    .help = "any number of rows: Lanczos quadrature with guaranteed intervals",
    .options = options,
    .n_options = (rn_index)(sizeof options / sizeof options[0]),
    .size = sizeof(rni_free_settings),
    .check = check};

/* Gradients as costly as one product with M, and with its tangent: two passes each way. */
#define PRODUCT_GRADIENTS 2.0
#define TANGENT_GRADIENTS 6.0

/* Where the errors are looked at first, and after how much more work again. */
#define FIRST_LOOK 12
#define GROWTH     1.25

/* Gradients [P] that the reverse pass keeps while it adds up tiles (kernel/jacobian.c), and vectors
   [n] beside the basis. */
#define WAVE    8
#define VECTORS 4

/* Doubles of a report and its intervals, some 50 boundaries: generous. */
#define SNAPSHOT_EXTRA 8192

/* ---- memory ---------------------------------------------------------------------------------- */

static rn_index most_steps(const rni_free_settings *settings, rn_index n)
{
    return rni_min(settings->steps, n);
}

static bool count_numbers(rn_index n, rn_index steps, rn_index *total)
{
    rn_index square = 0;
    return rni_size_mul(4 * steps, steps, &square)
           && rni_size_add(square, 2 * n + 5 * steps, total);
}

/* Work spaces of the kernel's programs: both ways from activations, or anew where not all are kept,
   and with the tangent. */
static rn_status count_programs(rni_stage *stage, bool flux, bool all_kept, rn_index *bytes)
{
    static const rni_program_kind kinds[] = {
        RNI_PROGRAM_APPLY_KEPT, RNI_PROGRAM_TRANSPOSE_KEPT, RNI_PROGRAM_APPLY,
        RNI_PROGRAM_TRANSPOSE,  RNI_PROGRAM_APPLY_TANGENT,  RNI_PROGRAM_TRANSPOSE_TANGENT};
    *bytes = 0;
    for (int i = 0; i < 6; i++) {
        rn_index tile = 0;
        rn_index one = 0;
        if ((i == 3 && all_kept) || (i >= 4 && !flux)) continue; /* APPLY serves J v as well */
        RNI_TRY(
            rni_program_bytes(stage->kernel, kinds[i], stage->train.n_samples, 0, 0, &tile, &one));
        *bytes += one;
    }
    if (!stage->change) return RN_OK;
    rn_index tile = 0;
    rn_index change = 0;
    RNI_TRY(rni_program_bytes(stage->change, RNI_PROGRAM_APPLY, stage->train.n_samples, 0, 0, &tile,
                              &change));
    *bytes += change;
    return RN_OK;
}

static rn_status bytes(const void *settings, rni_stage *stage, rni_measure_bytes *out)
{
    const rni_free_settings *chosen = settings;
    const rn_index n = stage->n_rows;
    const rn_index steps = most_steps(chosen, n);
    const rn_index size = (rn_index)sizeof(double);
    rn_index total = 0;
    rn_index programs = 0;
    rn_index basis = 0;
    if (!count_numbers(n, steps, &total) || !rni_size_mul(steps + 1 + VECTORS, n, &basis))
        return rni_fail(RN_ERR_UNSUPPORTED, "measure.matrix_free: %" PRId64 " rows are too many",
                        n);
    rn_index per_sample = 0;
    RNI_TRY(rni_keep_bytes(stage->kernel, &per_sample));
    const rn_index all = per_sample * stage->train.n_samples;
    const rn_index kept = rni_min(all, stage->kernel->max_factor_bytes);
    RNI_TRY(count_programs(stage, chosen->flux, kept == all, &programs));
    const rn_index per_weight = chosen->flux ? 2 : 1;
    const rn_index gradients = per_weight * (WAVE + 1) * stage->n_weights;
    /* a file of what is not finished: rows, the image and its sealed copy, between products */
    const rn_index file = 3 * (RNI_UNFINISHED_BYTES / size + n);
    *out = (rni_measure_bytes){.kept = size * total + programs,
                               .work = size * (basis + rni_max(gradients, file)) + kept,
                               .snapshot = size * (2 * steps + SNAPSHOT_EXTRA)};
    return RN_OK;
}

static rn_status create(const void *settings, rni_stage *stage, void **out)
{
    const rn_index n = stage->n_rows;
    const rn_index steps = most_steps(settings, n);
    rn_index total = 0;
    rni_free_measure *x = rni_alloc_zero(1, sizeof *x);
    double *block = count_numbers(n, steps, &total) ? rni_alloc(total, sizeof *block) : NULL;
    if (!x || !block) {
        rni_free(x);
        rni_free(block);
        return rni_fail(RN_ERR_MEMORY, "measure.matrix_free: no memory for %" PRId64 " rows", n);
    }
    *x = (rni_free_measure){.settings = settings, .stage = stage, .n = n, .block = block};
    double **const squares[] = {&x->vectors, &x->inner, &x->tangent, &x->work};
    double **const small[] = {&x->theta, &x->weight, &x->g, &x->xi, &x->along};
    for (size_t i = 0; i < sizeof squares / sizeof squares[0]; i++, block += steps * steps)
        *squares[i] = block;
    for (size_t i = 0; i < sizeof small / sizeof small[0]; i++, block += steps)
        *small[i] = block;
    x->error = block;
    x->rows = block + n;
    *out = x;
    return RN_OK;
}

static void destroy(void *state)
{
    rni_free_measure *x = state;
    if (!x) return;
    rni_free(x->block);
    rni_free(x);
}

static rni_cadence_rule cadence(const void *settings, const rni_stage *stage)
{
    const rni_free_settings *chosen = settings;
    const double steps = (double)most_steps(chosen, stage->n_rows);
    const double product = PRODUCT_GRADIENTS + (chosen->flux ? TANGENT_GRADIENTS : 0.0);
    const double counted = steps * (product + PRODUCT_GRADIENTS * (double)chosen->count_vectors)
                           * (double)stage->epoch / (double)stage->dynamics->kind->n_gradients;
    return (rni_cadence_rule){.snapshots = chosen->snapshots,
                              .overhead = chosen->overhead,
                              .change = chosen->change,
                              .price = chosen->price > 0.0 ? chosen->price : counted};
}

/* ---- the spectrum ---------------------------------------------------------------------------- */

/* Nodes below this carry all that lies below them, or are rounding. */
static double floor_of(const rn_jacobi *rule, const double *theta, bool is_exhausted)
{
    return is_exhausted ? rule->noise : fmax(rule->noise, theta[0]);
}

/* The grid of the run: chosen once with room, extended where the spectrum outgrows it. */
static rn_status fit_grid(const rni_free_measure *x, double lambda_max, double floor,
                          bool *has_grid, rn_shell_grid *grid)
{
    if (!(lambda_max > 0.0))
        return rni_fail(
            RN_ERR_DOMAIN,
            "measure.matrix_free: the largest eigenvalue of the kernel is %g: the "
            "network does not depend on its weights, so there is no spectrum to measure",
            lambda_max);
    floor = fmin(floor, 0.5 * lambda_max); /* one node: everything is unresolved */
    if (*has_grid) return rn_shell_grid_extend(grid, lambda_max, floor);
    const double reach = exp(x->settings->room);
    RNI_TRY(rn_shell_grid_choose(x->settings->width, reach * lambda_max, floor, grid));
    *has_grid = true;
    return RN_OK;
}

/* Sum of the errors of all shells and of what is not resolved, over the energy, for the steps done
   so far. */
static rn_status look(rni_free_measure *x, const rn_lanczos *lanczos, double *share)
{
    const rn_jacobi rule = rn_lanczos_rule(lanczos, rn_lanczos_n_steps(lanczos));
    const rn_index n_samples = x->stage->train.n_samples;
    bool has_grid = x->has_grid;
    rn_shell_grid grid = x->grid;
    RNI_TRY(rn_jacobi_gauss(&rule, x->theta, x->weight, NULL));
    const double floor = floor_of(&rule, x->theta, rn_lanczos_is_exhausted(lanczos));
    RNI_TRY(fit_grid(x, x->theta[rule.n - 1], floor, &has_grid, &grid));
    const rn_index n_boundaries = rn_shell_grid_size(&grid);
    double *energy = rni_alloc(2 * n_boundaries, sizeof *energy);
    if (!energy) return rni_fail(RN_ERR_MEMORY, "measure.matrix_free: no memory for shells");
    double *error = energy + n_boundaries;
    const rn_status status = rn_shell_estimate(&grid, &rule, n_samples, energy, error);
    const double loss = 0.5 / (double)n_samples * rule.mass;
    *share = 1.0; /* what is in no resolved shell counts in full */
    for (rn_index b = 0; b + 1 < n_boundaries && status == RN_OK; b++)
        if (error[b] < loss) *share += (error[b] - energy[b]) / loss;
    rni_free(energy);
    return status;
}

/* Steps up to `to`, kept now and then. */
static rn_status extend(rni_free_measure *x, rn_lanczos *lanczos, rn_index to)
{
    while (rn_lanczos_n_steps(lanczos) < to && !rn_lanczos_is_exhausted(lanczos)) {
        RNI_TRY(rn_lanczos_extend(lanczos, rn_lanczos_n_steps(lanczos) + 1));
        const rn_status status = rni_free_keep_basis(x, &x->basis, lanczos);
        if (status != RN_OK) return status;
    }
    return RN_OK;
}

/* How many steps are looked at after these. */
static rn_index next_look(rn_index steps, rn_index most)
{
    return rni_min(most, (rn_index)ceil(GROWTH * (double)steps));
}

/* Steps until the shells stand still, or the budget is spent. */
static rn_status grow(rni_free_measure *x, rn_lanczos *lanczos)
{
    const rn_index most = most_steps(x->settings, x->n);
    rn_index next = x->settings->accuracy > 0.0 ? rni_min(FIRST_LOOK, most) : most;
    /* an earlier attempt has looked after fewer steps than it kept, and went on */
    while (next < rn_lanczos_n_steps(lanczos))
        next = next_look(next, most);
    for (;;) {
        double share = 1.0;
        const rn_status status = extend(x, lanczos, next);
        if (status != RN_OK) return status;
        if (next == most || rn_lanczos_is_exhausted(lanczos)) return RN_OK;
        RNI_TRY(look(x, lanczos, &share));
        if (share <= x->settings->accuracy) return RN_OK;
        next = next_look(next, most);
    }
}

/* ---- the snapshot ---------------------------------------------------------------------------- */

static void keep_report(const rni_free_measure *x, const rn_shell_report *r, rn_snapshot *s)
{
    rni_measure_keep_report(r, s);
    rni_snapshot_put(&s->lambda, x->theta, s->n_modes);
    rni_snapshot_put(&s->g, x->g, s->n_modes);
    rni_snapshot_put(&s->drive, r->drive, r->n_boundaries);
}

/* The error of the flux, and where the flux is above it. */
static void keep_flux_error(const rn_shell_report *r, rn_snapshot *s)
{
    const rn_shell_options chosen = rn_shell_options_defaults();
    double *inertial = rni_writable(&s->inertial);
    rni_snapshot_put(&s->flux_error, r->flux_error, r->n_boundaries);
    for (rn_index b = 0; b < r->n_boundaries; b++)
        inertial[b] = r->n_eff[b] >= chosen.n_eff_min
                      && fabs(r->flux[b]) > chosen.flux_ratio * r->flux_error[b];
}

static void keep_bounds(const rn_shell_bounds *b, rn_snapshot *s)
{
    const rn_index m = b->n_boundaries;
    rni_snapshot_put(&s->energy_low, b->energy_low, m - 1);
    rni_snapshot_put(&s->energy_high, b->energy_high, m - 1);
    rni_snapshot_put(&s->energy_sharp_low, b->energy_sharp_low, m - 1);
    rni_snapshot_put(&s->energy_sharp_high, b->energy_sharp_high, m - 1);
    rni_snapshot_put(&s->energy_spread, b->energy_error, m - 1);
    rni_snapshot_put(&s->spent_low, b->loss_low, m - 1);
    rni_snapshot_put(&s->spent_high, b->loss_high, m - 1);
    rni_snapshot_put(&s->above_low, b->above_low, m);
    rni_snapshot_put(&s->above_high, b->above_high, m);
    rni_snapshot_put(&s->dissipation_low, b->dissipation_low, m);
    rni_snapshot_put(&s->dissipation_high, b->dissipation_high, m);
}

/* The report of the nodes; where mt is known, with an error of flux that half the steps tell. */
static rn_status report_nodes(rni_free_measure *x, const rn_jacobi *rule, double floor,
                              bool has_tangent, rn_snapshot *snapshot)
{
    const rn_index k = rule->n;
    const rn_record record = snapshot->record;
    rn_shell_options chosen = rn_shell_options_defaults();
    rn_shell_report report = {0};
    const rn_shell_input input = {.n = k,
                                  .n_samples = x->stage->train.n_samples,
                                  .lambda = x->theta,
                                  .g = x->g,
                                  .mt = has_tangent ? x->tangent : NULL,
                                  .xi = x->xi};
    chosen.floor_factor = floor / ((double)k * DBL_EPSILON * x->theta[k - 1]);
    RNI_TRY(rni_shell_measure(x->stage->pool, &x->grid, &input, &chosen, &report));
    rn_status status = rni_snapshot_init(snapshot, k, report.n_boundaries, 0, 0);
    if (status == RN_OK) {
        snapshot->record = record;
        keep_report(x, &report, snapshot);
        if (has_tangent) status = rni_free_compare_half(x, rule, &report);
        if (has_tangent) keep_flux_error(&report, snapshot);
    }
    rn_shell_report_clear(&report);
    return status;
}

/* Nodes, the grid, what drives, and how the kernel moves, in the finished basis. */
static rn_status project(rni_free_measure *x, const rni_moment *moment, const rn_lanczos *lanczos,
                         const rn_jacobi *rule, double *floor)
{
    RNI_TRY(rni_free_nodes(x, rule, rule->n));
    *floor = floor_of(rule, x->theta, rn_lanczos_is_exhausted(lanczos));
    RNI_TRY(fit_grid(x, x->theta[rule->n - 1], *floor, &x->has_grid, &x->grid));
    return rni_free_project(x, moment, lanczos, rule->n);
}

/* Everything that the finished basis tells. */
static rn_status tell(rni_free_measure *x, const rni_moment *moment, const rn_lanczos *lanczos,
                      rn_snapshot *snapshot)
{
    double floor = 0.0;
    rn_shell_bounds bounds = {0};
    const rn_jacobi rule = rn_lanczos_rule(lanczos, rn_lanczos_n_steps(lanczos));
    const rn_status status = project(x, moment, lanczos, &rule, &floor);
    if (status != RN_OK) return status;
    RNI_TRY(report_nodes(x, &rule, floor, x->settings->flux, snapshot));
    RNI_TRY(rni_shell_bounds(x->stage->pool, &x->grid, &rule, x->stage->train.n_samples, &bounds));
    keep_bounds(&bounds, snapshot);
    rn_shell_bounds_clear(&bounds);
    snapshot->loss_decay = -2.0 * x->along[0] / sqrt(rule.mass);
    snapshot->lanczos_steps = (double)rule.n;
    snapshot->lanczos_noise = rule.noise;
    snapshot->has_kinks = x->stage->has_kinks;
    return rni_free_lines(x, moment, lanczos, &rule, snapshot);
}

static rn_status take(void *state, const rni_moment *moment, rn_snapshot *snapshot)
{
    rni_free_measure *x = state;
    rn_kernel_point point = rni_stage_point(x->stage, moment->theta);
    point.scale = moment->scale;
    point.scale_tangent = moment->scale_rate;
    rn_op *op = NULL;
    rn_lanczos *lanczos = NULL;
    RNI_TRY(rn_trainer_error(x->stage->trainer, moment->theta, &x->stage->train, x->error));
    rni_free_keep_begin(x, moment);
    rn_status status = rn_kernel_fixed_operator(x->stage->kernel, &point, &op);
    if (status == RN_OK)
        status = rn_lanczos_create(op, x->error, most_steps(x->settings, x->n), &lanczos);
    if (status == RN_OK) status = rni_free_load_basis(x, &x->basis, lanczos);
    if (status == RN_OK) status = grow(x, lanczos);
    if (status == RN_OK) status = tell(x, moment, lanczos, snapshot);
    const bool counts = status == RN_OK && x->settings->count_vectors > 0;
    if (counts) status = rni_free_keep_all(x, lanczos);
    rn_lanczos_destroy(lanczos);
    if (counts && status == RN_OK)
        status = rni_free_count(x, op, most_steps(x->settings, x->n), snapshot);
    rn_op_destroy(op);
    if (status < 0) rni_snapshot_clear(snapshot);
    return status;
}

static rn_index save(const void *state, double *numbers)
{
    const rni_free_measure *x = state;
    return rni_measure_save_grid(x->has_grid, &x->grid, numbers);
}

static rn_status restore(void *state, rn_index n_numbers, const double *numbers)
{
    rni_free_measure *x = state;
    return rni_measure_restore_grid("measure.matrix_free", n_numbers, numbers, &x->has_grid,
                                    &x->grid);
}

const rni_measure rni_measure_matrix_free = {.options = &table,
                                             .create = create,
                                             .destroy = destroy,
                                             .take = take,
                                             .save = save,
                                             .restore = restore,
                                             .cadence = cadence,
                                             .bytes = bytes,
                                             .is_matrix_free = true};
