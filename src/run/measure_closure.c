/*
 * Two checks of the exact measurement: the closure error along the flow, and the exact budget of
 * the finite step, every line computed on its own.
 */
#include <math.h>
#include <renorm/spectra.h>
#include <string.h>

#include "backends/blas.h"
#include "core/memory.h"
#include "run/field.h"
#include "run/measure_exact.h"
#include "shells/shell_flux.h"

/* Adds dt times the velocity of theta, and of the root of a preconditioner, whose square moves
   evenly; scale: [P], NULL without one. */
static void go_straight(rni_exact *x, const rni_moment *moment, double dt, double *scale)
{
    for (rn_index p = 0; p < x->stage->n_weights; p++) {
        x->weights[p] = moment->theta[p] + dt * moment->velocity[p];
        if (!scale) continue;
        const double s = moment->scale[p];
        const double rate = moment->scale_rate ? moment->scale_rate[p] : 0.0;
        scale[p] = sqrt(fmax(s * (s + 2.0 * dt * rate), 0.0));
    }
}

/* M := the kernel at the state after dt, x->weights := theta there: along the flow where the
   dynamics follows the gradient, else straight on along its velocity, which is as good for a
   central difference. */
static rn_status move(rni_exact *x, const rni_moment *moment, double dt, double *m)
{
    const rn_index n_weights = x->stage->n_weights;
    rn_kernel_point point = rni_stage_point(x->stage, x->weights);
    double *scale = NULL;
    if (moment->scale) {
        scale = rni_alloc(n_weights, sizeof *scale);
        if (!scale) return rni_fail(RN_ERR_MEMORY, "measure.exact: no memory for the closure");
        point.scale = scale;
    }
    rn_status status = RN_OK;
    if (x->stage->follows_gradient)
        status = rn_flow_step(x->stage->trainer, moment->theta, dt, x->weights);
    else
        go_straight(x, moment, dt, scale);
    if (status == RN_OK) status = rn_kernel_assemble(x->stage->kernel, &point, m);
    rni_free(scale);
    return status;
}

/* sums := A at the state after dt. */
static rn_status energy_above(rni_exact *x, const rni_moment *moment, double dt, double *sums)
{
    const rn_index n = x->n;
    const double n_samples = (double)x->stage->train.n_samples;
    const rn_spectra_options chosen = rni_exact_solver(x);
    rn_trainer *trainer = x->stage->trainer;
    RNI_TRY(move(x, moment, dt, x->phi1));
    RNI_TRY(rn_trainer_error(trainer, x->weights, &x->stage->train, x->error1));
    RNI_TRY(rn_spectra_project(n, x->phi1, n, 1, x->error1, n, &chosen, x->lambda1, x->g1, NULL));
    for (rn_index u = 0; u < n; u++)
        x->rows[u] = x->g1[u] * x->g1[u] / (2.0 * n_samples);
    return rn_shell_sum_above(&x->grid, n, x->lambda1, x->rows, sums);
}

rn_status rni_exact_closure(rni_exact *x, const rni_moment *moment, rn_snapshot *snapshot)
{
    const rn_index m = snapshot->n_boundaries;
    const double dt = x->settings->closure_dt / snapshot->lambda_max;
    rn_shell_closure_report report = {0};
    double *sums = rni_alloc(2 * m, sizeof *sums);
    if (!sums) return rni_fail(RN_ERR_MEMORY, "measure.exact: no memory for the closure");
    rn_status status = energy_above(x, moment, -dt, sums);
    if (status == RN_OK) status = energy_above(x, moment, dt, sums + m);
    if (status == RN_OK)
        status = rn_shell_closure(m, dt, sums, sums + m, snapshot->flux, snapshot->dissipation,
                                  snapshot->drive, rni_writable(&snapshot->closure), &report);
    rni_free(sums);
    if (status == RN_ERR_DOMAIN) return RN_OK; /* nothing dissipates: no error to relate to */
    if (status < 0) return status;
    snapshot->closure_dt = dt;
    snapshot->closure_error = report.worst;
    snapshot->closure_floor = report.floor;
    return RN_OK;
}

/* Whether the step went along the velocity: then tau M' is the change of M along the step. */
static bool is_along_velocity(const rni_exact *x, const rni_moment *moment)
{
    double difference = 0.0;
    double length = 0.0;
    for (rn_index p = 0; p < x->stage->n_weights; p++) {
        const double d = moment->next[p] - moment->theta[p];
        const double off = d - moment->tau * moment->velocity[p];
        difference += off * off;
        length += d * d;
    }
    /* theta + d rounds to eps |theta_p|, which is far below 1e-6 of any step worth measuring */
    return difference <= 1e-12 * length;
}

/* flux := F of the matrix in x->tangent, times `scale`. */
static rn_status flux_of_tangent(rni_exact *x, double scale, double *flux)
{
    const rn_shell_input input = {.n = x->n,
                                  .n_samples = x->stage->train.n_samples,
                                  .lambda = x->lambda0,
                                  .g = x->g0,
                                  .mt = x->tangent};
    const rn_shell_options chosen = rn_shell_options_defaults();
    RNI_TRY(rni_flux("measure.exact", x->stage->pool, &x->grid, &input, &chosen, flux, NULL, NULL));
    for (rn_index i = 0; i < rn_shell_grid_size(&x->grid); i++)
        flux[i] *= scale;
    return RN_OK;
}

/* flux := F with M' replaced by the derivative of M along the step d, an energy. */
static rn_status step_flux(rni_exact *x, const rni_moment *moment, double *flux)
{
    const rn_kernel_point point = rni_stage_point(x->stage, moment->theta);
    /* optimizers with a preconditioner always go along their velocity */
    if (moment->scale || is_along_velocity(x, moment)) return flux_of_tangent(x, moment->tau, flux);
    for (rn_index p = 0; p < x->stage->n_weights; p++)
        x->weights[p] = moment->next[p] - moment->theta[p];
    RNI_TRY(rn_kernel_tangent(x->stage->kernel, &point, x->weights, NULL, x->tangent));
    RNI_TRY(rni_exact_project(x, x->phi0, &x->tangent, x->phi0, &x->phi1));
    return flux_of_tangent(x, 1.0, flux);
}

/* The part of that flux that comes from the preconditioner alone: M' = (1/N) J P' J^T. */
static rn_status preconditioner_flux(rni_exact *x, const rni_moment *moment, double *flux)
{
    if (!moment->scale_rate) return RN_OK;
    rn_kernel_point point = rni_stage_point(x->stage, moment->theta);
    point.scale = moment->scale;
    point.scale_tangent = moment->scale_rate;
    memset(x->weights, 0, (size_t)x->stage->n_weights * sizeof *x->weights);
    RNI_TRY(rn_kernel_tangent(x->stage->kernel, &point, x->weights, NULL, x->tangent));
    RNI_TRY(rni_exact_project(x, x->phi0, &x->tangent, x->phi0, &x->phi1));
    return flux_of_tangent(x, moment->tau, flux);
}

/* The state after the step: M1 - M0 between the two bases, e1 in both. */
static rn_status measure_next(rni_exact *x, const rni_moment *moment)
{
    const rn_index n = x->n;
    const rn_kernel_point before = rni_stage_point(x->stage, moment->theta);
    rn_kernel_point after = rni_stage_point(x->stage, moment->next);
    after.scale = moment->scale_next;
    rn_kernel *kernel = x->stage->kernel;
    RNI_TRY(rn_trainer_error(x->stage->trainer, moment->next, &x->stage->train, x->error1));
    RNI_TRY(rn_kernel_assemble(kernel, &after, x->phi1));
    for (rn_index i = 0; i < n * n; i++)
        x->kernel0[i] = x->phi1[i] - x->kernel0[i];
    RNI_TRY(rni_exact_eigen(x, x->phi1, x->error1, x->lambda1, x->g1));
    RNI_TRY(rni_exact_project(x, x->phi1, &x->kernel0, x->phi0, &x->tangent));
    RNI_TRY(rni_gemv(false, n, n, 1.0, x->phi0, n, x->error1, 0.0, x->g01));
    for (rn_index p = 0; p < x->stage->n_weights; p++)
        x->weights[p] = moment->next[p] - moment->theta[p];
    RNI_TRY(rni_stage_push(x->stage, &before, x->weights, x->rows));
    return rni_gemv(false, n, n, 1.0, x->phi0, n, x->rows, 0.0, x->jv);
}

static double largest(rn_index count, const double *values)
{
    double found = 0.0;
    for (rn_index i = 0; i < count; i++)
        found = fmax(found, fabs(values[i]));
    return found;
}

rn_status rni_exact_step(rni_exact *x, const rni_moment *moment, rn_snapshot *snapshot)
{
    const rn_index m = snapshot->n_boundaries;
    double *extra = rni_alloc(2 * m, sizeof *extra);
    if (!extra) return rni_fail(RN_ERR_MEMORY, "measure.exact: no memory for the step's budget");
    double *flux = extra;
    double *mismatch = extra + m;
    double share = 0.0;
    rn_status status = step_flux(x, moment, flux);
    if (status == RN_OK)
        status = preconditioner_flux(x, moment, rni_writable(&snapshot->step_preconditioner));
    if (status == RN_OK) status = rni_exact_lines(x, moment, snapshot);
    if (status == RN_OK) status = measure_next(x, moment);
    const rn_shell_step step = {.n = x->n,
                                .n_samples = x->stage->train.n_samples,
                                .tau = moment->tau,
                                .lambda0 = x->lambda0,
                                .lambda1 = x->lambda1,
                                .g0 = x->g0,
                                .g1 = x->g1,
                                .g01 = x->g01,
                                .jd = x->jv,
                                .change = x->kernel0,
                                .flux = flux};
    const rn_shell_step_lines lines = {.change = rni_writable(&snapshot->step_change),
                                       .dissipation = rni_writable(&snapshot->step_dissipation),
                                       .drive = rni_writable(&snapshot->step_drive),
                                       .finite_step = rni_writable(&snapshot->step_finite),
                                       .flux = rni_writable(&snapshot->step_flux),
                                       .remainder = rni_writable(&snapshot->step_remainder),
                                       .mismatch = mismatch};
    if (status == RN_OK) status = rn_shell_step_budget(&x->grid, &step, &lines);
    if (status == RN_OK) status = rn_shell_kink_line(m, snapshot->step_flux, flux, NULL, &share);
    if (status == RN_OK) {
        const double scale =
            fmax(largest(m, snapshot->step_dissipation), largest(m, snapshot->step_change));
        snapshot->step_mismatch = scale > 0.0 ? largest(m, mismatch) / scale : 0.0;
        snapshot->kink_share = share;
    }
    rni_free(extra);
    return status;
}
